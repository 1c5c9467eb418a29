"""The write of usage: counting what gateways and products report."""

from collections import Counter
from collections.abc import Sequence
from typing import Any

import structlog

from domain.entitlements.models import EntitlementKind
from domain.kernel import changes
from domain.kernel.calendar import month_of, open_month
from domain.kernel.command import command
from domain.kernel.context import Ctx
from domain.usage import steps
from domain.usage.errors import TooManyCalls
from domain.usage.funding import Need, fund
from domain.usage.models import FundedBy
from domain.usage.rows import CallAnswer, Recorded
from domain.usage.rules import (
    CALLS_MAX,
    COUNTED_MAX,
    IMPLAUSIBLE,
    LARGE,
    Call,
    Outcome,
    ReportedCall,
    Verdict,
    check,
    kept_text,
    meaning,
    shown_id,
)
from domain.usage.tally import Counted, Tally

log = structlog.get_logger("counterfoil.usage")


@command(needs="usage:ingest", repeatable=False)
async def record_calls(ctx: Ctx, *, calls: list[ReportedCall]) -> Recorded:
    """Count a batch of calls; each gets an answer of its own, in order, and harms no neighbour.

    A call belongs to the enterprise of its key and counts exactly once per (enterprise, source,
    id), however often, at once or shuffled it is reported. It is charged in the month of its own
    time; when that month is closed, in the next open one, at the price of its own time. Then its
    counts stand at the first hour of the month that charges it.

    The enterprises' meters are held while their calls are counted. Inside a batch the earliest
    call draws on packs and quotas first; across batches, whichever arrives first.

    Statements: 17 at most besides BEGIN and COMMIT, whatever the number of calls and enterprises,
    one more for each enterprise in which a source runs out, and one when a quantity is large.
    """
    if len(calls) > CALLS_MAX:
        raise TooManyCalls(most=CALLS_MAX)
    batch = Batch(ctx, calls)
    await batch.find()
    await batch.count()
    await batch.quarantine()
    answers = batch.answers()
    ctx.note("", after=dict(Counter(answer.status.value for answer in answers)))
    return Recorded(results=answers)


class Batch:
    """One run of `record_calls`: what is known of each call, by its place in the batch."""

    def __init__(self, ctx: Ctx, calls: Sequence[ReportedCall]) -> None:
        self.ctx = ctx
        self.calls = calls
        self.verdicts: dict[int, Verdict] = {}
        self.sound: dict[int, Call] = {}
        self.counted: dict[int, Counted] = {}
        for place, reported in enumerate(calls):
            found = check(reported, now=ctx.now, policy=ctx.policy)
            if isinstance(found, Verdict):
                self.verdicts[place] = found
            else:
                self.sound[place] = found

    def answers(self) -> list[CallAnswer]:
        """The answers so far; what has no verdict was accepted."""
        accepted = Verdict(Outcome.ACCEPTED, "")
        made = []
        for place, reported in enumerate(self.calls):
            verdict = self.verdicts.get(place, accepted)
            made.append(
                CallAnswer(
                    id=shown_id(reported.id),
                    status=verdict.outcome,
                    reason=verdict.reason or None,
                )
            )
        return made

    async def find(self) -> None:
        """Find key, API and month of each call, and which were counted before."""
        if not self.sound:
            return
        calls = self.sound.values()
        keys = await steps.known_keys({call.key_id for call in calls})
        apis = await steps.known_apis({call.api for call in calls})
        unknown: Counter[tuple[str, str]] = Counter()
        for place, call in self.sound.items():
            key, api = keys.get(call.key_id), apis.get(call.api)
            if key is None:
                self.verdicts[place] = Verdict(Outcome.QUARANTINED, "data.keyId: unknown key")
            elif api is None:
                self.verdicts[place] = Verdict(Outcome.QUARANTINED, "data.api: unknown API")
            else:
                self.counted[place] = Counted(call, key, api, month_of(call.occurred_at))
        closed = await steps.lock_meters(
            self.ctx, {one.key.enterprise_id for one in self.counted.values()}
        )
        await self._drop_duplicates()
        for one in self.counted.values():
            one.month = open_month(one.own_month, closed[one.key.enterprise_id])
            one.meant = meaning(one.call.result_code, one.api.codes)
            unknown[one.call.api, one.call.result_code] += not one.meant.known
        await self._drop_uncountable()
        for (api_code, code), times in unknown.items():
            if times:
                log.warning("unknown result code", api=api_code, result_code=code, calls=times)

    async def _drop_duplicates(self) -> None:
        if not self.counted:
            return
        pairs = [(one.key.enterprise_id, one.call) for one in self.counted.values()]
        seen = await steps.counted_before(pairs)
        for place, one in list(self.counted.items()):
            identity = (one.key.enterprise_id, one.call.source, one.call.id)
            if identity in seen:
                self.verdicts[place] = Verdict(Outcome.DUPLICATE, "")
                del self.counted[place]
            seen.add(identity)

    async def _drop_uncountable(self) -> None:
        """Set aside what would carry the counters of a month beyond their 64 bits."""
        if all(one.call.quantity <= LARGE for one in self.counted.values()):
            return
        totals = await steps.month_totals(
            {one.key.enterprise_id for one in self.counted.values()},
            {one.month for one in self.counted.values()},
        )
        for place, one in list(self.counted.items()):
            owner = (one.key.enterprise_id, one.month)
            total = totals.get(owner, 0) + one.call.quantity
            if total > COUNTED_MAX:
                self._set_aside(place)
            else:
                totals[owner] = total

    def _set_aside(self, place: int) -> None:
        self.verdicts[place] = IMPLAUSIBLE
        del self.counted[place]

    async def count(self) -> None:
        """Fund the calls in the order of their times, and write records, counts and charges."""
        if not self.counted:
            return
        purse = await steps.open_purse(
            {one.key.enterprise_id for one in self.counted.values()},
            {one.api.product_id for one in self.counted.values()},
            {one.own_month for one in self.counted.values()},
            min(one.call.occurred_at for one in self.counted.values()),
        )
        versions = await steps.versions_of(purse.postpaid_plans())
        for place, one in list(self.counted.items()):
            if not _payable(one, purse, versions):
                self._set_aside(place)
        ordered = sorted(
            self.counted.values(),
            key=lambda one: (one.call.occurred_at, one.call.source, one.call.id),
        )
        taken: dict[str, set[str]] = {}
        for one in ordered:
            _draw(one, purse, taken)
        tally = Tally(self.ctx, versions)
        for one in ordered:
            tally.add(one)
        await tally.write()
        for enterprise_id in await steps.close_purse(self.ctx, purse, taken):
            await changes.mark(self.ctx, "reach", enterprise_id)
        self._alert(ordered)

    def _alert(self, counted: Sequence[Counted]) -> None:
        """Say in the log what nobody paid for: the check at call time let too much through."""
        unfunded: Counter[tuple[str, str]] = Counter()
        for one in counted:
            for line in one.lines:
                if line.funded_by is FundedBy.UNFUNDED:
                    unfunded[one.key.enterprise_id, one.call.api] += line.quantity
        for (enterprise_id, api), quantity in unfunded.items():
            log.error("unfunded usage", enterprise=enterprise_id, api=api, quantity=quantity)

    async def quarantine(self) -> None:
        """Keep what could not be counted; what cannot be kept either is refused."""
        kept: list[tuple[str, str, str, Any]] = []
        for place, verdict in self.verdicts.items():
            if verdict.outcome is Outcome.QUARANTINED:
                reported = self.calls[place]
                event = kept_text(reported.event)
                if isinstance(event, Verdict):
                    self.verdicts[place] = event
                else:
                    kept.append((reported.source, reported.id, verdict.reason, event))
        if kept:
            await steps.keep_quarantined(self.ctx, kept)


def _payable(one: Counted, purse: steps.Purse, versions: steps.Versions) -> bool:
    """Whether the call, if it had to be paid for, is worth what one call can be worth."""
    at = one.call.occurred_at
    return all(
        one.call.quantity <= versions.most(source.plan_id, at)
        for source in purse.of(one.key.enterprise_id, one.api.product_id)
        if source.kind is EntitlementKind.POSTPAID and source.plan_id and source.open_at(at)
    )


def _draw(one: Counted, purse: steps.Purse, taken: dict[str, set[str]]) -> None:
    """Fund one call, and note of which sources it takes, and in which month."""
    call, meant = one.call, one.meant
    if not meant.billable and not meant.uses_quota:
        return
    need = Need(at=call.occurred_at, quantity=call.quantity, free_only=not meant.billable)
    one.lines = fund(need, purse.of(one.key.enterprise_id, one.api.product_id))
    for line in one.lines:
        if line.source is not None:
            line.source.take(call.occurred_at, line.quantity)
            taken.setdefault(line.source.id, set()).add(one.own_month)
