"""What a query costs its caller: refused when too dear, paid from a budget, and told with it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import lru_cache
from typing import Any, Final, NamedTuple

from graphql import GraphQLError, GraphQLSchema

from api import errors
from api.answers import Answer, RequestContext, refuse, turned_down
from api.execution import introspected
from api.execution.costs import INTROSPECTION_FACTOR, introspection_max, plan_of
from api.execution.documents import Document, Documents, Operation
from api.execution.faults import fault
from api.execution.limits import Limits, too_complex
from api.execution.readings import READINGS, points_of
from api.watch import spent
from domain.kernel.buckets import Bucket, Taken
from domain.kernel.errors import RateLimited, Unauthenticated
from domain.kernel.limits_store import LimitsStore
from domain.kernel.words import Phrase, told_in

LEAST: Final = 1
"""Points that any call costs."""

WHOLE_SCHEMA: Final = 1_000
"""Points for looking at as much of the schema as tools do that want to see all of it."""

STRANGERS_INTROSPECTION: Final = 100
"""Points that a stranger pays at least for any look at the schema; who is logged in pays none."""

LOOKS: Final = Bucket(10 * WHOLE_SCHEMA, WHOLE_SCHEMA // 6)
"""How much of the schema somebody logged in may have answered anew: all of it ten times a minute.

What was answered before is remembered, and may be asked without end.
"""

_introspection_max = lru_cache(maxsize=1)(introspection_max)


@dataclass(slots=True)
class Receipt:
    """The outcome: `refused` is the answer if the query may not run, `facts` what is told of it."""

    refused: Answer | None = None
    facts: dict[str, Any] = field(default_factory=dict)

    def on(self, answer: Answer) -> Answer:
        """The same answer with `extensions.cost`."""
        if self.facts:
            answer.body["extensions"] = {"cost": self.facts}
        return answer


FREE: Final = Receipt()


class Unpaid(NamedTuple):
    """A text was not read, for what reading it takes is not there."""

    points: int
    taken: Taken


class Toll:
    """Asks each caller for the points of a query, and for those of reading a text not known.

    One round trip to Redis at most for each, or none.
    """

    def __init__(
        self,
        schema: GraphQLSchema,
        limits: Limits,
        store: LimitsStore,
        bucket: Bucket,
        *,
        readings: Bucket = READINGS,
        introspection_for_strangers: bool = True,
    ) -> None:
        self._schema = schema
        self._limits = limits
        self._store = store
        self.bucket = bucket
        self._readings = readings
        self._open = introspection_for_strangers
        self._introspection_max = _introspection_max(schema)

    async def pay(
        self,
        document: Document,
        operation: Operation,
        variables: Mapping[str, Any],
        caller: RequestContext,
        media: str,
    ) -> Receipt:
        """Have `caller` pay for one call. Raises Unauthenticated for introspection kept closed."""
        try:
            points, looks = self._points(document, operation, variables, caller)
        except GraphQLError as over:
            return Receipt(turned_down([fault(over, "QUERY_TOO_COMPLEX")], media, caller))
        spent(points)
        if looks and not introspected.is_remembered(self._schema, document, operation, variables):
            looking = await self._store.spend(f"look:{caller.payer}", looks, LOOKS, caller.now)
            if not looking.allowed:
                return Receipt(_over_budget(looks, looking, media, caller))
        taken, receipt = await self.spend(points, caller.payer, caller.now)
        if not taken.allowed:
            receipt.refused = receipt.on(_over_budget(points, taken, media, caller))
        return receipt

    async def read(
        self, documents: Documents, text: str, caller: RequestContext, media: str
    ) -> Document | Answer:
        """The document of `text`, or the answer why it is not read now."""
        found = await self.document(documents, text, caller.payer, caller.now)
        if isinstance(found, Document):
            return found
        return _over_budget(found.points, found.taken, media, caller, _UNREAD, _REMEDY)

    async def document(
        self, documents: Documents, text: str, payer: str, now: datetime
    ) -> Document | Unpaid:
        """The document of `text`: from memory, or read now if `payer` has the points for that.

        They are asked for before anything is read, so a text that is refused then costs as much.
        One round trip for a text that was not read before, else none.
        """
        known = documents.known(text)
        if known is not None:
            return known
        points = points_of(text, documents.limits)
        if points:
            taken = await self._store.spend(f"read:{payer}", points, self._readings, now)
            if not taken.allowed:
                return Unpaid(points, taken)
        return documents.get(text)

    async def spend(self, points: int, payer: str, now: datetime) -> tuple[Taken, Receipt]:
        """Ask for `points` of what `payer` has: whether they are there, and what is told of it."""
        taken = await self._store.spend(f"cost:{payer}", points, self.bucket, now)
        facts = {
            "requested": points,
            "budget": taken.limit,
            "remaining": taken.remaining,
            "restoreRate": self.bucket.per_second,
            "resetAfter": taken.reset_seconds,
        }
        return taken, Receipt(facts=facts)

    def _points(
        self,
        document: Document,
        operation: Operation,
        variables: Mapping[str, Any],
        caller: RequestContext,
    ) -> tuple[int, int]:
        """What the call costs, and what it takes of `LOOKS`.

        Raises GraphQLError when that is too much for any caller.
        """
        plan = plan_of(self._schema, document, operation)
        points = plan.cost(variables)
        if points > self._limits.cost:
            raise too_complex("cost", points, self._limits.cost, operation.node)
        if not plan.introspection:
            return max(LEAST, points), 0
        looked = plan.introspected(variables)
        if looked > self._introspection_max:
            raise too_complex("introspection", looked, self._introspection_max, operation.node)
        looks = WHOLE_SCHEMA * INTROSPECTION_FACTOR * looked // self._introspection_max
        if not caller.anonymous:
            return max(LEAST, points), looks
        if not self._open:
            raise Unauthenticated()
        return points + max(STRANGERS_INTROSPECTION, looks), 0


_OVER: Final = Phrase(
    "This query costs {points} points and {remaining} are left of your budget; "
    "it can be paid in {seconds} s.",
    "本次查询需要 {points} 点,当前剩余 {remaining} 点;请在 {seconds} 秒后重试。",
)
_UNREAD: Final = Phrase(
    "Reading a text that was not sent before costs {points} points here, and {remaining} "
    "are left of your budget for such texts; it can be read in {seconds} s.",
    "首次读取该查询文本需要 {points} 点,读取新文本的额度剩余 {remaining} 点;"
    "请在 {seconds} 秒后重试。",
)
_REMEDY: Final = Phrase(
    "Wait {seconds} seconds. Keep the texts of your operations the same and send what "
    "changes as variables: a text that was read before costs nothing, nor does a registered one.",
    "请等待 {seconds} 秒。请保持操作文本不变,将变化的内容放入变量:"
    "已读取过的文本和已登记的文本不再计费。",
)
"""What to do about it."""


def _over_budget(
    points: int,
    taken: Taken,
    media: str,
    caller: RequestContext,
    said: Phrase = _OVER,
    remedy: Phrase | None = None,
) -> Answer:
    """429, in words of its own; the remedy is that of RATE_LIMITED where none is given."""
    refusal = RateLimited(retry_after=taken.retry_after)
    told = errors.told_of_refusal(refusal, caller)
    seconds = taken.retry_after
    told["message"] = told_in(caller.language, said).format(
        points=points, remaining=taken.remaining, seconds=seconds
    )
    if remedy is not None:
        told["extensions"]["remedy"] = told_in(caller.language, remedy).format(seconds=seconds)
    told["extensions"] |= {"cost": points, "budget": taken.limit, "remaining": taken.remaining}
    headers = errors.headers_of(refusal, 429).items()
    return refuse(429, [told], media, caller, headers)
