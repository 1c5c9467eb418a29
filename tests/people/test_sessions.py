"""One's own sessions: listed, and ended one by one or all others."""

from datetime import timedelta

import pytest

from domain.accounts import identity
from domain.accounts.models import Session
from domain.kernel.context import SYSTEM
from domain.kernel.errors import ForbiddenScope, NotFound, Unauthenticated
from domain.kernel.models import AuditRow
from domain.kernel.reading import Window, wanting
from domain.people import commands, queries
from domain.people.rows import SessionRow
from tests.cast import NOW, Cast
from tests.fixtures import Ask, Moment
from tests.people.help import seated

ALL = wanting("id", "address", "current", "createdAt", "lastSeenAt")


async def mine(ctx: object) -> list[SessionRow]:
    return (await queries.sessions(ctx, Window(), ALL)).nodes  # type: ignore[arg-type]


async def test_lists_ones_own_open_sessions_and_says_which_is_this(cast: Cast) -> None:
    phone = await seated(cast, "ann", address="198.51.100.1")
    laptop = await seated(cast, "ann", address="198.51.100.2")
    await seated(cast, "eve")

    found = await mine(laptop)

    assert [(row.address, row.current) for row in found] == [
        ("198.51.100.2", True),
        ("198.51.100.1", False),
    ]
    assert {row.id for row in await mine(phone)} == {row.id for row in found}


async def test_ends_one_and_it_is_refused_at_once(cast: Cast) -> None:
    phone, laptop = await seated(cast, "ann"), await seated(cast, "ann")
    await commands.end_session(laptop, session_id=str(phone.actor.session_id))

    assert len(await mine(laptop)) == 1
    with pytest.raises(NotFound):
        await commands.end_session(laptop, session_id=str(phone.actor.session_id))


async def test_ends_all_others_and_stays(cast: Cast) -> None:
    laptop = await seated(cast, "ann")
    others = [await seated(cast, "ann") for _ in range(3)]
    rival = await seated(cast, "eve")

    assert (await commands.end_other_sessions(laptop)).count == 3

    assert [row.id for row in await mine(laptop)] == [laptop.actor.session_id]
    assert len(await mine(rival)) == 1
    ended = await Session.filter(id__in=[one.actor.session_id for one in others])
    assert all(one.ended_at is not None for one in ended)


@pytest.mark.parametrize("foreign", ["eve", "dev-chen"])
async def test_anothers_session_is_not_found(cast: Cast, foreign: str) -> None:
    ann, other = await seated(cast, "ann"), await seated(cast, foreign)

    with pytest.raises(NotFound):
        await commands.end_session(ann, session_id=str(other.actor.session_id))
    with pytest.raises(NotFound):
        await commands.end_session(ann, session_id="\x00' OR 1=1" * 20)

    assert len(await mine(other)) == 1
    assert await AuditRow.filter(action="end_session", result="NOT_FOUND").count() == 2


async def test_is_for_people_alone(cast: Cast) -> None:
    with pytest.raises(Unauthenticated):
        await commands.end_other_sessions(cast.anon())
    with pytest.raises(ForbiddenScope):
        await commands.end_other_sessions(cast.gate())
    with pytest.raises(ForbiddenScope):
        await commands.end_other_sessions(cast.ann())  # without a session
    assert SYSTEM.session_id is None


async def test_last_seen_is_kept_to_five_minutes(cast: Cast, ask: Ask, moment: Moment) -> None:
    document = "{ sessions { nodes { lastSeenAt createdAt current address } } }"
    seen = []
    for seconds in (0, 299, 300, 301):
        moment.now = NOW + timedelta(seconds=seconds)
        (row,) = (await ask(document, as_="ann"))["data"]["sessions"]["nodes"]
        seen.append(row["lastSeenAt"])

    assert seen[0] == seen[1] == "2026-11-20T02:00:00+00:00"
    assert seen[2] == seen[3] == "2026-11-20T02:05:00+00:00"
    assert row["current"] is True


async def test_a_list_costs_the_same_for_one_and_for_many(cast: Cast, statements: object) -> None:
    ann = await seated(cast, "ann")
    with statements() as one:  # type: ignore[operator]
        await mine(ann)
    for _ in range(15):
        await seated(cast, "ann")
    with statements() as many:  # type: ignore[operator]
        await mine(ann)

    assert one.count == many.count == 2


async def test_ends_over_graphql(cast: Cast, ask: Ask) -> None:
    await seated(cast, "ann")
    end = "mutation { endOtherSessions { ... on EndedSessions { count } ... on Problem { code } } }"

    assert (await ask(end, as_="ann"))["data"]["endOtherSessions"] == {"count": 1}
    one = "mutation($id: ID!) { endSession(id: $id) { ... on ClosedSession { ended } } }"
    (mine_,) = (await ask("{ sessions { nodes { id } } }", as_="ann"))["data"]["sessions"]["nodes"]
    assert (await ask(one, as_="ann", id=mine_["id"]))["data"]["endSession"] == {"ended": True}
    after = await ask("{ viewer { id } }", as_="ann")
    assert after["errors"][0]["extensions"]["code"] == "UNAUTHENTICATED"
    assert identity.SESSION_PREFIX == "cfss"
