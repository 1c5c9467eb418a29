"""The events of an enterprise, as one of its people or keys may hear them at each moment."""

from collections.abc import AsyncGenerator, Awaitable, Callable, Sequence

from domain.events import rules
from domain.events.errors import EventForgotten
from domain.events.rules import EventKind
from domain.kernel import feeds
from domain.kernel.context import Ctx
from domain.kernel.feeds import Event, Hub


async def account_events(
    now: Callable[[], Awaitable[Ctx]],
    hub: Hub,
    *,
    kinds: Sequence[EventKind] | None = None,
    after: str | None = None,
) -> AsyncGenerator[Event]:
    """What changes in the actor's enterprise, without end; `now` gives the caller of the moment.

    Each event is told at least once, those of one subject in their order. With `after` first
    comes what was missed since that event. Rights are looked at again before anything is told.
    Raises ForbiddenScope (a kind that was named, or every kind), Unauthenticated, EventForgotten,
    or FellBehind.
    """
    ctx = await now()
    home = ctx.actor.home
    rules.check_asked(ctx.actor, kinds)
    heard = rules.heard(ctx.actor, kinds)
    async with hub.listening(home) as feed:
        told: frozenset[int] = frozenset()
        if after is not None:
            missed = await _missed(home, after)
            told = frozenset(event.number for event in missed)
            for event in missed:
                if event.kind in heard:
                    yield event
        while True:
            events = await feed.take()
            heard = rules.heard((await now()).actor, kinds)
            for event in events:
                if event.kind in heard and event.number not in told:
                    yield event


async def _missed(home: str, after: str) -> list[Event]:
    try:
        return await feeds.missed(home, after)
    except feeds.Forgotten:
        raise EventForgotten(event=after[:40]) from None
