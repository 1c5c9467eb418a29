"""The check at call time: whether the holder of a token may call this API now.

Budget: warm, 0 statements, no signature and at most 1 round trip to Redis (the rate). Cold: what
`hot` says, and 1 statement for an enterprise's reach.
"""

from dataclasses import dataclass
from datetime import datetime

from domain.entitlements import hot as entitlements
from domain.kernel.buckets import Taken
from domain.kernel.errors import Refusal, Unauthenticated
from domain.kernel.limits_store import LimitsStore
from domain.kernel.policy import Policy
from domain.keys import hot, rules, uses
from domain.keys.errors import UnknownApi
from domain.keys.rules import Api


@dataclass(frozen=True, slots=True)
class Leave:
    """That calls may go on as far as rights go; the rate is asked of each of them."""

    enterprise_id: str
    key_id: str
    sub_account_id: str
    """Empty for a main key."""

    api_code: str
    per_second: int
    until: datetime | None
    """From when on it may be otherwise though nothing changes; None: never."""


async def leave(
    token: str | None, api: Api | None, now: datetime, address: str, *, issuer: str, policy: Policy
) -> Leave:
    """Leave for the holder of a token to call `api` from `address`.

    Effective are the usable entitlements of the enterprise, and for a sub-account's key only what
    its role grants. Raises what stands against it: Unauthenticated, TokenInvalid, TokenExpired,
    TokenRevoked, UnknownApi, or the first of `rules.objections`.
    """
    if token is None:
        raise Unauthenticated()
    claims, key = await hot.bearer(token, now, issuer=issuer, audience="api", policy=policy)
    if api is None:
        raise key.refusal_from(address, now) or UnknownApi()
    reach = entitlements.warm(key.enterprise_id, now)
    if reach is None:
        reach = await entitlements.reach(key.enterprise_id, now)
    judged = rules.judge(key, api, reach, now, address)
    if isinstance(judged, Refusal):
        raise judged
    ends = [claims.expires_at, key.expires_at, reach.until]
    until = min((one for one in ends if one is not None), default=None)
    return Leave(key.enterprise_id, key.id, key.sub_account_id, api.code, judged, until)


async def take(leave: Leave, now: datetime, address: str, limits: LimitsStore) -> Taken:
    """One call of a leave, which takes one from the enterprise's rate for this API."""
    name = f"{leave.enterprise_id}:{leave.api_code}"
    rate = await limits.take(name, leave.per_second, now)
    if rate.allowed:
        uses.note(leave.key_id, now, address, leave.api_code)
    return rate
