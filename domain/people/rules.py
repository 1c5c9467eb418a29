"""What people may type, how their addresses are shown, and how an invitation stands."""

from datetime import datetime
from typing import Final

from domain.kernel.words import Phrase
from domain.people.rows import InvitationStatus

RESET_PREFIX: Final = "cfrs"
INVITATION_PREFIX: Final = "cfiv"
DEVICE_PREFIX: Final = "cfdv"
HANDOVER_PREFIX: Final = "cfmo"
ISSUER: Final = "Counterfoil"
NO_SESSION: Final = Phrase("this call did not come with a session", "此请求未携带会话")


def masked_email(address: str) -> str:
    """An address as it may be shown: `z***@x.com`."""
    name, _, host = address.partition("@")
    return f"{name[:1]}***@{host}"


def masked_name(name: str) -> str:
    """A person's name as operators see it: the first character only."""
    return f"{name[:1]}*"


def clean_code(code: str) -> str:
    """A code as it is compared: without spaces, lower case, of a sensible length."""
    return "".join(code.split()).lower()[:64]


def invitation_status(
    *,
    accepted_at: datetime | None,
    withdrawn_at: datetime | None,
    expires_at: datetime,
    now: datetime,
) -> InvitationStatus:
    """How an invitation stands at `now`."""
    if accepted_at is not None:
        return InvitationStatus.ACCEPTED
    if withdrawn_at is not None:
        return InvitationStatus.WITHDRAWN
    return InvitationStatus.EXPIRED if now >= expires_at else InvitationStatus.OPEN
