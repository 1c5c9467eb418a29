"""Reads of keys."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from tortoise.expressions import Q
from tortoise.queryset import QuerySet

from domain.accounts.models import SubAccount
from domain.kernel.context import Ctx
from domain.kernel.errors import Invalid
from domain.kernel.ids import asked_id
from domain.kernel.reading import Page, Wanted, Window, by, fetch, fetch_page
from domain.kernel.words import Phrase, between
from domain.keys import care, models, rules, tokens, upkeep
from domain.keys.errors import TokenInvalid
from domain.keys.models import KeyStatus
from domain.keys.rows import AccessKeyRow, KeyOrder, SecretVersionRow
from domain.keys.tokens import Claims

_VERSION_NEEDS = ("key_id", "retires_at", "status")


@dataclass(frozen=True, slots=True)
class KeyFilter:
    """Which keys are asked for; each that is given narrows further."""

    sub_account_id: str | None = None
    status: KeyStatus | None = None
    expires_within_days: int | None = None
    unused_for_days: int | None = None
    secret_older_than_days: int | None = None


_ORDERS: Final = {
    KeyOrder.NEWEST: ("id",),
    KeyOrder.OLDEST: ("id",),
    KeyOrder.EXPIRY: ("expiry_minute", "id"),
    KeyOrder.LEAST_RECENTLY_USED: ("used_minute", "id"),
}
DAYS_MAX: Final = 3650


async def access_keys(
    ctx: Ctx,
    window: Window,
    wanted: Wanted,
    *,
    only: KeyFilter | None = None,
    order: KeyOrder = KeyOrder.NEWEST,
) -> Page[AccessKeyRow]:
    """The enterprise's keys; deleted ones only when the status asks for them.

    One statement, and one more each for all secrets' tails and all owners when they are asked.
    """
    query = _narrowed(ctx, models.AccessKey.visible_to(ctx.actor), only or KeyFilter())
    page = await fetch_page(
        AccessKeyRow,
        query,
        wanted,
        window,
        newest_first=order is KeyOrder.NEWEST,
        keys=_ORDERS[order],
    )
    await _hang(ctx, page.nodes, wanted)
    return page


def _narrowed(
    ctx: Ctx, query: QuerySet[models.AccessKey], only: KeyFilter
) -> QuerySet[models.AccessKey]:
    if only.sub_account_id is not None:
        query = query.filter(sub_account_id=asked_id(only.sub_account_id))
    if only.status is not None:
        query = query.filter(status=only.status)
    else:
        query = query.exclude(status=KeyStatus.DELETED)
    if only.expires_within_days is not None:
        until = ctx.now + _days(only.expires_within_days, "expiresWithinDays")
        query = query.filter(expires_at__gt=ctx.now, expires_at__lte=until)
    if only.unused_for_days is not None:
        since = ctx.now - _days(only.unused_for_days, "unusedForDays")
        never = Q(last_used_at=None, created_at__lte=since)
        query = query.filter(never | Q(last_used_at__lte=since))
    if only.secret_older_than_days is not None:
        since = ctx.now - _days(only.secret_older_than_days, "secretOlderThanDays")
        query = query.filter(Q(rotated_at__lte=since) | Q(rotated_at=None, created_at__lte=since))
    return query


def _days(days: int, field: str) -> timedelta:
    if not 0 <= days <= DAYS_MAX:
        raise Invalid(field=field, reason=between(0, DAYS_MAX))
    return timedelta(days=days)


async def keys_to_remind(ctx: Ctx, most: int = 500) -> list[str]:
    """The keys of which something is to be said, for the house's reminding job; at most so many."""
    due = upkeep.due_for_reminders(ctx.now, ctx.policy)
    return [str(id_) for id_ in await due.order_by("id").limit(most).values_list("id", flat=True)]


async def access_key(ctx: Ctx, key_id: str, wanted: Wanted) -> AccessKeyRow | None:
    """One key of the enterprise, or none."""
    if not rules.well_formed_key_id(key_id):
        return None
    rows = await fetch(
        AccessKeyRow, models.AccessKey.visible_to(ctx.actor).filter(id=key_id), wanted
    )
    await _hang(ctx, rows, wanted)
    return rows[0] if rows else None


async def keys_of(
    ctx: Ctx, sub_account_ids: Collection[str], wanted: Wanted
) -> dict[str, AccessKeyRow]:
    """The undeleted keys of these sub-accounts, by sub-account. Statements as `access_keys`."""
    query = models.AccessKey.visible_to(ctx.actor).filter(sub_account_id__in=list(sub_account_ids))
    live = query.exclude(status=KeyStatus.DELETED)
    rows = await fetch(AccessKeyRow, live, wanted, also=("sub_account_id",))
    await _hang(ctx, rows, wanted)
    return {str(row.sub_account_id): row for row in rows}


async def token_issuer(ctx: Ctx, name: str) -> tokens.Issuer:
    """Who issues tokens here, with a key that signs at hand; ask before `issue_token`."""
    return await tokens.issuer(name, ctx.now, ctx.policy)


async def claims_of(ctx: Ctx, token: str) -> Claims:
    """What a token says that came as an argument, to revoke it; Invalid when it is none of ours."""
    try:
        return await tokens.signed(token, ctx.now, ctx.policy)
    except TokenInvalid as foreign:
        reason = Phrase("is not an access token of this platform", "不是本平台的访问令牌")
        raise Invalid(field="token", reason=reason) from foreign


async def completed(ctx: Ctx, row: AccessKeyRow, wanted: Wanted) -> AccessKeyRow:
    """A key that a command returned, with what is asked beside its own columns."""
    await _hang(ctx, [row], wanted)
    return row


async def _hang(ctx: Ctx, rows: Sequence[AccessKeyRow], wanted: Wanted) -> None:
    await _hang_versions(ctx, rows, wanted)
    if "warnings" in wanted:
        for row in rows:
            row.warnings = care.warnings(
                ctx.now,
                ctx.policy,
                created_at=row.created_at,
                rotated_at=row.rotated_at,
                expires_at=row.expires_at,
                last_used_at=row.last_used_at,
            )
    if "owner_name" in wanted and rows:
        owners = {row.sub_account_id for row in rows if row.sub_account_id is not None}
        ever = SubAccount.ever_visible_to(ctx.actor).filter(id__in=owners)
        named = await ever.values_list("id", "name", "former_name") if owners else []
        names = {id_: former or name for id_, name, former in named}
        for row in rows:
            row.owner_name = names.get(row.sub_account_id)


async def _hang_versions(ctx: Ctx, rows: Sequence[AccessKeyRow], wanted: Wanted) -> None:
    if "versions" not in wanted or not rows:
        return
    query = models.SecretVersion.visible_to(ctx.actor).filter(key_id__in=[row.id for row in rows])
    versions = await fetch(
        SecretVersionRow, query.order_by("-id"), wanted.of("versions"), also=_VERSION_NEEDS
    )
    for version in versions:
        version.status = rules.secret_status(
            models.SecretStatus(version.status), version.retires_at, ctx.now
        )
    groups = by(versions, "key_id")
    for row in rows:
        row.versions = groups.get(row.id, [])
