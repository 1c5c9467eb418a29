"""Writes of entitlements: claiming free quotas."""

from tortoise.exceptions import IntegrityError

from console_sdk.rating import UNITS
from domain.accounts import steps as accounts
from domain.accounts.models import Enterprise, EnterpriseKind, Verification, VerificationCase
from domain.catalog import rules as catalog_rules
from domain.catalog.models import ConsumesOn, Product, QuotaReset
from domain.entitlements import steps
from domain.entitlements.errors import FreeQuotaUsed
from domain.entitlements.models import EntitlementKind, FreeQuotaGrant
from domain.entitlements.rows import EntitlementRow
from domain.kernel.command import command
from domain.kernel.context import Ctx
from domain.kernel.errors import NotFound
from domain.pricing.models import Metering, Plan


@command(needs="quota:claim")
async def claim_free_quota(ctx: Ctx, *, product_code: str) -> EntitlementRow:
    """Grant the free quota of a product to the enterprise; once per verified firm or person.

    Raises UnverifiedEnterprise, NotFound (no such product, or it has no free quota), or
    FreeQuotaUsed when the same verified subject has had it, through whichever account.
    """
    enterprise = await accounts.verified_enterprise(ctx)
    product = await _product(ctx, product_code)
    amount = None if product is None else _amount(product, enterprise)
    if product is None or amount is None:
        raise NotFound(what="free quota", id=catalog_rules.shown(product_code))
    subject = await _subject(ctx, enterprise)
    row = await steps.grant(
        ctx,
        enterprise_id=enterprise.id,
        product_id=product.id,
        kind=EntitlementKind.FREE,
        quantity=amount * await _unit_factor(product),
        monthly=product.free_quota_reset is QuotaReset.MONTHLY,
        consumes_all_calls=product.free_quota_consumes_on is ConsumesOn.ALL_CALLS,
    )
    try:
        await FreeQuotaGrant.create(
            id=ctx.ids.new("fqg"),
            subject_digest=subject,
            product_id=product.id,
            entitlement_id=row.id,
            granted_at=ctx.now,
        )
    except IntegrityError as taken:
        raise FreeQuotaUsed(product=product_code) from taken
    return EntitlementRow.of(row)


async def _product(ctx: Ctx, code: str) -> Product | None:
    if not catalog_rules.known_product(code):
        return None
    return await Product.visible_to(ctx.actor).get_or_none(code=code)


def _amount(product: Product, enterprise: Enterprise) -> int | None:
    found = (
        product.free_quota_personal
        if enterprise.kind is EnterpriseKind.PERSONAL
        else product.free_quota_enterprise
    )
    return None if found is None else int(found)


async def _subject(ctx: Ctx, enterprise: Enterprise) -> str:
    """The digest of the firm or person who proved to stand behind the enterprise."""
    cases = VerificationCase.visible_to(ctx.actor).filter(
        enterprise_id=enterprise.id, status=Verification.VERIFIED
    )
    case = await cases.order_by("-id").first()
    if case is None:
        raise NotFound(what="verification", id=enterprise.id)
    return case.subject_digest


async def _unit_factor(product: Product) -> int:
    """Base units per unit in which the product's quotas are told (its first metered plan's)."""
    metered = (Metering.CALL, Metering.DURATION, Metering.POINT)
    plan = (
        await Plan.filter(product_id=product.id, metering__in=metered).order_by("position").first()
    )
    return 1 if plan is None else UNITS[plan.unit]
