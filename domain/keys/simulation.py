"""Whether a call would be let in, which part decides, and what would turn the answer."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from typing import ClassVar, Final

from domain.accounts.grants import normal_grant
from domain.accounts.models import Role, SubAccount
from domain.catalog import hot as catalogue
from domain.entitlements import hot as entitlements
from domain.kernel.context import Ctx
from domain.kernel.errors import Invalid, Refusal
from domain.kernel.reading import Row
from domain.kernel.words import Phrase
from domain.keys import hot, models, rules
from domain.keys.rules import Api, KeyRecord

_LAST: Final = datetime(5000, 1, 1, tzinfo=UTC)
ADDRESS_MAX: Final = 64


class AccessPart(StrEnum):
    """What a call must get past, from the platform down to the secret."""

    CATALOGUE = "CATALOGUE"
    ENTERPRISE = "ENTERPRISE"
    ROLE = "ROLE"
    SUB_ACCOUNT = "SUB_ACCOUNT"
    KEY = "KEY"
    SECRET = "SECRET"  # noqa: S105  (the name of a part)


class AccessAction(StrEnum):
    """A change that turns an answer."""

    CALL_KNOWN_API = "CALL_KNOWN_API"
    CHOOSE_SUCCESSOR = "CHOOSE_SUCCESSOR"
    ASK_PLATFORM = "ASK_PLATFORM"
    GET_ENTITLEMENT = "GET_ENTITLEMENT"
    ADD_QUOTA = "ADD_QUOTA"
    RECHARGE = "RECHARGE"
    ADD_GRANT = "ADD_GRANT"
    REMOVE_GRANT = "REMOVE_GRANT"
    ENABLE_SUB_ACCOUNT = "ENABLE_SUB_ACCOUNT"
    REPLACE_SUB_ACCOUNT = "REPLACE_SUB_ACCOUNT"
    ENABLE_KEY = "ENABLE_KEY"
    DISABLE_KEY = "DISABLE_KEY"
    REPLACE_KEY = "REPLACE_KEY"
    MOVE_EXPIRY = "MOVE_EXPIRY"
    ALLOW_ADDRESS = "ALLOW_ADDRESS"


OF: Final[dict[str, tuple[AccessPart, AccessAction]]] = {
    "UNKNOWN_API": (AccessPart.CATALOGUE, AccessAction.CALL_KNOWN_API),
    "SERVICE_STOPPED": (AccessPart.CATALOGUE, AccessAction.CHOOSE_SUCCESSOR),
    "ENTERPRISE_DISABLED": (AccessPart.ENTERPRISE, AccessAction.ASK_PLATFORM),
    "NO_ENTITLEMENT": (AccessPart.ENTERPRISE, AccessAction.GET_ENTITLEMENT),
    "QUOTA_EXHAUSTED": (AccessPart.ENTERPRISE, AccessAction.ADD_QUOTA),
    "ARREARS": (AccessPart.ENTERPRISE, AccessAction.RECHARGE),
    "API_NOT_GRANTED": (AccessPart.ROLE, AccessAction.ADD_GRANT),
    "SUB_ACCOUNT_DISABLED": (AccessPart.SUB_ACCOUNT, AccessAction.ENABLE_SUB_ACCOUNT),
    "KEY_LOCKED": (AccessPart.KEY, AccessAction.ASK_PLATFORM),
    "KEY_DISABLED": (AccessPart.KEY, AccessAction.ENABLE_KEY),
    "KEY_EXPIRED": (AccessPart.KEY, AccessAction.MOVE_EXPIRY),
    "ADDRESS_NOT_ALLOWED": (AccessPart.KEY, AccessAction.ALLOW_ADDRESS),
}
"""By the code of what stands against a call: the part that says so, and the way past it."""


_WITH_ANOTHER: Final = frozenset({AccessPart.CATALOGUE, AccessPart.ENTERPRISE})
"""The parts that stand in the way of a key put in place of a deleted one, too."""


class AccessStep(Row):
    """One part on the way of a call, and whether it lets the call pass."""

    part: AccessPart
    subject_id: str | None
    allowed: bool
    code: str | None
    message: str | None
    message_zh: str | None


class AccessChange(Row):
    """One change; `value` is the grant, address, product or API that it is about."""

    action: AccessAction
    target_id: str | None
    value: str | None


class SimulatedAccess(Row):
    """The answer that a call would get, and why."""

    always: ClassVar[tuple[str, ...]] = ()
    allowed: bool
    code: str | None
    decided_by: AccessPart | None
    at: datetime
    address: str
    calls_per_second: int | None
    path: list[AccessStep]
    change: list[AccessChange]


async def simulate(
    ctx: Ctx, *, key_id: str, api: str, at: datetime | None = None, address: str | None = None
) -> SimulatedAccess | None:
    """What /authorize would answer at `at`, as things stand now; None for a key that is not seen.

    Judged by the same rules; only the rate of the moment is left out, and nothing is taken from
    it. `at` is now unless given, and not in the past; the address is the asker's unless given.
    """
    at = _checked(at, ctx.now)
    address = ctx.address if address is None else address[:ADDRESS_MAX]
    if not rules.well_formed_key_id(key_id):
        return None
    if not await models.AccessKey.visible_to(ctx.actor).filter(id=key_id).exists():
        return None
    key = await hot.key(key_id, ctx.now)
    if key is None:
        return None
    facts = (await catalogue.index()).by_code.get(api)
    reach = await entitlements.reach_at(key.enterprise_id, at)
    judged = None if facts is None else rules.judge(key, facts, reach, at, address)
    against = list(rules.objections(key, facts, reach, at, address))
    holder = await _holder(ctx, key)
    subjects = _subjects(key, facts, holder.role_id)
    return SimulatedAccess(
        allowed=isinstance(judged, int),
        code=against[0].code if against else None,
        decided_by=OF[against[0].code][0] if against else None,
        at=at,
        address=address,
        calls_per_second=judged if isinstance(judged, int) else None,
        path=list(_path(key, subjects, against, at)),
        change=_changes(key, facts, subjects, against, holder, api, address),
    )


def _checked(at: datetime | None, now: datetime) -> datetime:
    if at is None:
        return now
    if at.tzinfo is None or not now <= at < _LAST:
        raise Invalid(
            field="at",
            reason=Phrase(
                "must be now or in the future, with its zone", "须为当前或将来的时刻,并注明时区"
            ),
        )
    return at.astimezone(UTC)


@dataclass(frozen=True, slots=True)
class _Holder:
    """The role behind a key and what it grants; whether its sub-account was deleted."""

    role_id: str | None = None
    grants: Sequence[str] = ()
    gone: bool = False


async def _holder(ctx: Ctx, key: KeyRecord) -> _Holder:
    """Who has the key; nobody with a role for a main key."""
    if not key.sub_account_id:
        return _Holder()
    owner = await SubAccount.ever_visible_to(ctx.actor).get(id=key.sub_account_id)
    role = await Role.ever_visible_to(ctx.actor).get(id=owner.role_id)
    return _Holder(role.id, role.api_grants, gone=owner.deleted_at is not None)


def _subjects(key: KeyRecord, api: Api | None, role_id: str | None) -> dict[AccessPart, str | None]:
    return {
        AccessPart.CATALOGUE: None if api is None else api.product_id,
        AccessPart.ENTERPRISE: key.enterprise_id,
        AccessPart.ROLE: role_id,
        AccessPart.SUB_ACCOUNT: key.sub_account_id or None,
        AccessPart.KEY: key.id,
        AccessPart.SECRET: key.id,
    }


def _path(
    key: KeyRecord,
    subjects: dict[AccessPart, str | None],
    against: Sequence[Refusal],
    at: datetime,
) -> Iterator[AccessStep]:
    for part, subject in subjects.items():
        if subject is None and part in (AccessPart.ROLE, AccessPart.SUB_ACCOUNT):
            continue  # a main key has neither
        refusal = next((one for one in against if OF[one.code][0] is part), None)
        allowed = refusal is None
        if part is AccessPart.SECRET:
            allowed = any(end is None or at < end for end in key.secrets.values())
        yield AccessStep(
            part=part,
            subject_id=subject,
            allowed=allowed,
            code=None if refusal is None else refusal.code,
            message=None if refusal is None else refusal.text("en"),
            message_zh=None if refusal is None else refusal.text("zh"),
        )


def _changes(
    key: KeyRecord,
    api: Api | None,
    subjects: dict[AccessPart, str | None],
    against: Sequence[Refusal],
    holder: _Holder,
    asked: str,
    address: str,
) -> list[AccessChange]:
    """The fewest changes that turn the answer: one for each thing that stands against the call.

    An allowed call is stopped by taking back the one grant that covers it, or by its key. What
    was deleted stays so: another key takes the place of a deleted one, another sub-account (its
    key comes with it) that of a deleted one.
    """
    if not against and api is not None:
        covering = [
            one
            for one in holder.grants
            if normal_grant(one) in ((api.product_code, api.code), (api.product_code, "*"))
        ]
        if len(covering) == 1:
            return [_change(AccessAction.REMOVE_GRANT, subjects[AccessPart.ROLE], covering[0])]
        return [_change(AccessAction.DISABLE_KEY, key.id, None)]
    product = None if api is None else api.product_code
    values = {
        AccessAction.CALL_KNOWN_API: asked[:60],
        AccessAction.ADD_GRANT: f"api:{product}/{asked}",
        AccessAction.ALLOW_ADDRESS: address,
        AccessAction.GET_ENTITLEMENT: product,
        AccessAction.ADD_QUOTA: product,
        AccessAction.RECHARGE: product,
        AccessAction.CHOOSE_SUCCESSOR: product,
    }
    found = []
    deleted = key.status == models.KeyStatus.DELETED
    if holder.gone:
        sub_account = subjects[AccessPart.SUB_ACCOUNT]
        found.append(_change(AccessAction.REPLACE_SUB_ACCOUNT, sub_account, None))
    elif deleted:
        found.append(_change(AccessAction.REPLACE_KEY, key.id, None))
    for refusal in against:
        part, action = OF[refusal.code]
        if (holder.gone and part not in _WITH_ANOTHER) or (deleted and part is AccessPart.KEY):
            continue
        found.append(_change(action, subjects[part], values.get(action)))
    return found


def _change(action: AccessAction, target: str | None, value: str | None) -> AccessChange:
    return AccessChange(action=action, target_id=target, value=value)
