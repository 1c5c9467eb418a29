"""Which right a plan gives, and how much of it."""

from domain.entitlements.models import EntitlementKind
from domain.pricing.models import Metering, PaymentMode

_BY_METERING = {
    Metering.QPS: EntitlementKind.QPS,
    Metering.SEAT: EntitlementKind.SEAT,
    Metering.INSTANCE: EntitlementKind.INSTANCE,
    Metering.DEVICE: EntitlementKind.DEVICE,
}


def kind_of(
    *, payment_mode: PaymentMode, metering: Metering, pack: bool, private: bool
) -> EntitlementKind:
    """The kind of right that an order of such a plan gives."""
    if payment_mode is PaymentMode.POSTPAID:
        return EntitlementKind.POSTPAID
    if pack:
        return EntitlementKind.PACK
    if private:
        return EntitlementKind.DEPLOYMENT
    return _BY_METERING.get(metering, EntitlementKind.TERM)
