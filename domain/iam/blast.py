"""What would stop without a role, a sub-account or a key: read from the roll-ups of usage.

Statements: at most five, and three for what is not held in memory (reach, catalogue), whatever
the number of holders.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final

from domain.accounts.grants import Grants, grants_of
from domain.accounts.models import Role, SubAccount
from domain.accounts.rules import scopes_in
from domain.catalog import hot as catalog
from domain.entitlements import hot as entitlements
from domain.iam import queries
from domain.iam.rows import BLAST_DAYS, BlastApiRow, BlastCallerRow, BlastRow, HolderRow
from domain.kernel.calendar import hour_start
from domain.kernel.context import Ctx
from domain.kernel.errors import Invalid
from domain.kernel.ids import asked_id
from domain.kernel.reading import fetch, wanting
from domain.kernel.words import Phrase
from domain.keys import queries as keys
from domain.keys.models import KeyStatus
from domain.keys.rows import AccessKeyRow
from domain.usage import bulk
from domain.usage.models import UsageHour

_HOLDER: Final = wanting("name", "kind", "status", "role_id")
_KEY: Final = wanting("status", "sub_account_id")


@dataclass(frozen=True, slots=True)
class _Target:
    """What is to go: its callers, what they reach (None: everything), and whose usage counts."""

    holders: Sequence[HolderRow]
    grants: Grants | None
    key: AccessKeyRow | None = None


async def blast_radius(
    ctx: Ctx,
    *,
    role_id: str | None = None,
    sub_account_id: str | None = None,
    key_id: str | None = None,
) -> BlastRow | None:
    """What would stop without the one thing that is named; None when there is no such thing.

    A sub-account's calls are those of all the keys it ever had. Raises Invalid unless exactly
    one is named.
    """
    given = [one for one in (role_id, sub_account_id, key_id) if one is not None]
    if len(given) != 1:
        raise Invalid(
            field="roleId",
            reason=Phrase(
                "give exactly one of roleId, subAccountId and keyId",
                "roleId、subAccountId、keyId 须且只能给出其一",
            ),
        )
    if role_id is not None:
        target = await _of_role(ctx, asked_id(role_id))
    elif sub_account_id is not None:
        target = await _of_sub_account(ctx, asked_id(sub_account_id))
    else:
        target = await _of_key(ctx, key_id or "")
    return None if target is None else await _measured(ctx, target)


async def _of_role(ctx: Ctx, role_id: str) -> _Target | None:
    role = await Role.visible_to(ctx.actor).get_or_none(id=role_id)
    if role is None:
        return None
    return _Target(await queries.holders(ctx, [role.id]), grants_of(scopes_in(role.api_grants)))


async def _of_sub_account(ctx: Ctx, sub_account_id: str) -> _Target | None:
    query = SubAccount.visible_to(ctx.actor).filter(id=sub_account_id)
    found = await fetch(HolderRow, query, _HOLDER)
    if not found:
        return None
    role = await Role.visible_to(ctx.actor).get(id=found[0].role_id)
    return _Target(found, grants_of(scopes_in(role.api_grants)))


async def _of_key(ctx: Ctx, key_id: str) -> _Target | None:
    key = await keys.access_key(ctx, key_id, _KEY)
    if key is None or key.status == KeyStatus.DELETED:
        return None
    if key.sub_account_id is None:
        return _Target([], None, key)
    owner = await _of_sub_account(ctx, key.sub_account_id)
    return None if owner is None else _Target(owner.holders, owner.grants, key)


async def _measured(ctx: Ctx, target: _Target) -> BlastRow:
    used = await _usage(ctx, target)
    by_api: Counter[tuple[str, str]] = Counter()
    by_owner: Counter[str] = Counter()
    for one in used:
        by_api[one["product_code"], one["api_code"]] += one["total"]
        by_owner[one["sub_account_id"]] += one["total"]
    reached = await _reached(ctx, target) if target.holders or target.key else set()
    apis = [
        BlastApiRow(
            product_code=product, api_code=api, reachable=(product, api) in reached,
            calls=by_api[product, api],
        )
        for product, api in {*by_api, *reached}
    ]  # fmt: skip
    apis.sort(key=lambda one: (-one.calls, one.product_code, one.api_code))
    return BlastRow(
        apis=apis,
        callers=await _callers(ctx, target, by_owner),
        calls=sum(by_owner.values()),
    )


async def _usage(ctx: Ctx, target: _Target) -> list[dict[str, Any]]:
    """Calls by API and owner. A key that asks would see its own alone: the house counts for it."""
    since = hour_start(ctx.now - timedelta(days=BLAST_DAYS))
    query = UsageHour.visible_to(ctx.as_system().actor).filter(
        enterprise_id=ctx.actor.home, starts_at__gte=since
    )
    if target.key is not None:
        query = query.filter(key_id=target.key.id)
    else:
        query = query.filter(sub_account_id__in=[one.id for one in target.holders] or [""])
        query = query.exclude(sub_account_id="")
    return await bulk.summed(query, ["product_code", "api_code", "sub_account_id"], ["total"])


async def _reached(ctx: Ctx, target: _Target) -> set[tuple[str, str]]:
    """The APIs that can be called now: entitled, and granted."""
    reach = await entitlements.reach(ctx.actor.home, ctx.now)
    index = await catalog.index()
    return {
        (api.product_code, api.code)
        for api in index.by_code.values()
        if (product := reach.products.get(api.product_id)) is not None and product.callable
        if target.grants is None or target.grants.cover(api.product_code, api.code)
    }


async def _callers(ctx: Ctx, target: _Target, calls: Counter[str]) -> list[BlastCallerRow]:
    if target.key is not None:
        owner = target.holders[0] if target.holders else None
        return [_caller(owner, target.key, calls.total())]
    held = await keys.keys_of(ctx, [one.id for one in target.holders], _KEY)
    return [_caller(one, held.get(one.id), calls[one.id]) for one in target.holders]


def _caller(owner: HolderRow | None, key: AccessKeyRow | None, calls: int) -> BlastCallerRow:
    return BlastCallerRow(
        sub_account=owner,
        key_id=None if key is None else key.id,
        key_status=None if key is None else KeyStatus(key.status),
        calls=calls,
    )
