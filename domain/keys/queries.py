"""Reads of keys."""

from collections.abc import Sequence

from domain.kernel.context import Ctx
from domain.kernel.errors import Invalid
from domain.kernel.reading import Page, Wanted, Window, by, fetch, fetch_page
from domain.keys import models, rules, tokens
from domain.keys.errors import TokenInvalid
from domain.keys.models import KeyStatus
from domain.keys.rows import AccessKeyRow, SecretVersionRow
from domain.keys.tokens import Claims

_VERSION_NEEDS = ("key_id", "retires_at", "status")


async def access_keys(
    ctx: Ctx,
    window: Window,
    wanted: Wanted,
    *,
    sub_account_id: str | None = None,
    status: KeyStatus | None = None,
) -> Page[AccessKeyRow]:
    """The enterprise's keys, newest first; deleted ones only when `status` asks for them.

    One statement, and one more for all secrets' tails when they are asked.
    """
    query = models.AccessKey.visible_to(ctx.actor)
    if sub_account_id is not None:
        if len(sub_account_id) > 40 or "\x00" in sub_account_id:
            raise Invalid(field="subAccountId", reason="is not the id of a sub-account")
        query = query.filter(sub_account_id=sub_account_id)
    if status is not None:
        query = query.filter(status=status)
    else:
        query = query.exclude(status=KeyStatus.DELETED)
    page = await fetch_page(AccessKeyRow, query, wanted, window, newest_first=True)
    await _hang_versions(ctx, page.nodes, wanted)
    return page


async def access_key(ctx: Ctx, key_id: str, wanted: Wanted) -> AccessKeyRow | None:
    """One key of the enterprise, or none."""
    if not rules.well_formed_key_id(key_id):
        return None
    rows = await fetch(
        AccessKeyRow, models.AccessKey.visible_to(ctx.actor).filter(id=key_id), wanted
    )
    await _hang_versions(ctx, rows, wanted)
    return rows[0] if rows else None


async def claims_of(ctx: Ctx, token: str) -> Claims:
    """What a token says that came as an argument, to revoke it; Invalid when it is none of ours."""
    try:
        return await tokens.signed(token, ctx.now, ctx.policy)
    except TokenInvalid as foreign:
        raise Invalid(field="token", reason="is not an access token of this platform") from foreign


async def with_versions(ctx: Ctx, row: AccessKeyRow, wanted: Wanted) -> AccessKeyRow:
    """A key that a command returned, with its secrets' tails when they are asked."""
    await _hang_versions(ctx, [row], wanted)
    return row


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
