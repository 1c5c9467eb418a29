"""Refusals of entitlements."""

from domain.kernel.errors import Conflict


class FreeQuotaUsed(Conflict):
    """A free quota is granted once per verified firm or person, whichever account asks."""

    code = "FREE_QUOTA_CLAIMED"
    message = "The free quota of {product} was already granted to this verified subject."
    message_zh = "该认证主体已领取过 {product} 的免费额度。"
    remedy = "Use the quota that was granted, or order a plan."
    remedy_zh = "请使用已领取的额度,或购买套餐。"

    def __init__(self, *, product: str) -> None:
        super().__init__(product=product)


class AlreadyEnabled(Conflict):
    """Pay-as-you-go of a product is switched on once; a second switch would change nothing."""

    code = "ALREADY_ENABLED"
    message = "Pay-as-you-go of {product} is already enabled."
    message_zh = "{product} 的按量付费已开通。"
    remedy = "Use it; or terminate it before choosing another pay-as-you-go plan."
    remedy_zh = "可直接使用;如需更换计费方案,请先停用当前方案。"

    def __init__(self, *, product: str) -> None:
        super().__init__(product=product)
