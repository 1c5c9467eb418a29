"""Reading entitlements: whose, which page, with how many statements, and what is left of them."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from domain.entitlements import queries
from domain.entitlements.models import EntitlementKind
from domain.kernel.reading import Window, wanting
from tests.cast import Cast
from tests.fixtures import Ask, Moment
from tests.usage.build import a_right, calls, report

DECEMBER = datetime(2026, 11, 30, 16, 0, tzinfo=UTC)
"""The first moment of December in Shanghai."""

FULL = wanting("kind", "status", "quantity", "used", "remaining", product=wanting("code"))
PAGE = """
query($first: Int, $after: String, $last: Int, $before: String) {
  entitlements(first: $first, after: $after, last: $last, before: $before) {
    nodes { id kind remaining product { code } }
    pageInfo { hasNextPage hasPreviousPage startCursor endCursor }
  }
}
"""
LEFT = "{ entitlements { nodes { %s } } }"


async def test_shows_the_enterprise_its_own_newest_first(cast: Cast) -> None:
    old = await a_right(cast.enterprises["E2"], EntitlementKind.PACK, 10)
    new = await a_right(cast.enterprises["E2"], EntitlementKind.PACK, 20)

    page = await queries.entitlements(cast.eve(), Window(), FULL)

    assert [row.id for row in page.nodes] == [new.id, old.id]
    assert [row.remaining for row in page.nodes] == [20, 10]
    assert await queries.entitlement(cast.eve(), new.id, FULL) is not None
    assert await queries.entitlement(cast.ann(), new.id, FULL) is None


@pytest.mark.parametrize("count", [1, 50])
async def test_needs_the_one_statement_for_one_and_for_fifty(
    cast: Cast, statements: Callable[[], Any], count: int
) -> None:
    for _ in range(count):
        await a_right(cast.enterprises["E2"], EntitlementKind.PACK, 10)

    with statements() as counted:
        page = await queries.entitlements(cast.eve(), Window(size=50), FULL)

    assert (len(page.nodes), counted.count) == (count, 1)


async def test_selects_only_what_is_asked(cast: Cast, statements: Callable[[], Any]) -> None:
    with statements() as counted:
        await queries.entitlements(cast.ann(), Window(), wanting("kind"))

    (text,) = counted.texts
    assert '"used"' not in text
    assert '"kind"' in text


async def test_pages_forward_and_backward_without_gap_or_repeat(cast: Cast, ask: Ask) -> None:
    owner = cast.enterprises["E2"]
    made = [(await a_right(owner, EntitlementKind.PACK, 10)).id for _ in range(5)][::-1]
    first = (await ask(PAGE, as_="eve", first=2))["data"]["entitlements"]
    after = first["pageInfo"]["endCursor"]
    second = (await ask(PAGE, as_="eve", first=3, after=after))["data"]["entitlements"]
    before = second["pageInfo"]["startCursor"]
    back = (await ask(PAGE, as_="eve", last=1, before=before))["data"]["entitlements"]

    assert [node["id"] for node in first["nodes"] + second["nodes"]] == made
    assert first["pageInfo"]["hasNextPage"] is True
    assert second["pageInfo"]["hasNextPage"] is False
    assert [node["id"] for node in back["nodes"]] == made[1:2]
    assert {node["product"]["code"] for node in first["nodes"]} == {"id-ocr"}


async def test_tells_what_is_left(cast: Cast) -> None:
    owner = cast.enterprises["E1"]
    await report(cast, calls(cast.key_id, 3))
    unlimited = await a_right(owner, EntitlementKind.POSTPAID)
    (free,) = (await queries.entitlements(cast.ann(), Window(size=2), FULL)).nodes[1:]
    row = await queries.entitlement(cast.ann(), unlimited.id, FULL)

    assert (free.quantity, free.used, free.remaining) == (1_000, 3, 997)
    assert row is not None
    assert (row.quantity, row.remaining) == (None, None)


@pytest.mark.parametrize("names", [("used",), ("remaining",), ("used", "remaining")])
async def test_a_monthly_quota_is_whole_again_from_the_first_moment_of_the_month_on(
    cast: Cast, ask: Ask, moment: Moment, names: tuple[str, ...]
) -> None:
    await report(cast, calls(cast.key_id, 3))
    found = []
    for now in (DECEMBER - timedelta(seconds=1), DECEMBER):
        moment.now = now
        answer = await ask(LEFT % " ".join(names), as_="ann")
        (node,) = answer["data"]["entitlements"]["nodes"]
        found.append(node)

    said = [{"used": 3, "remaining": 997}, {"used": 0, "remaining": 1_000}]
    assert found == [{name: one[name] for name in names} for one in said]


async def test_is_denied_on_its_path_to_those_without_the_scope(cast: Cast, ask: Ask) -> None:
    answer = await ask("{ viewer { id } entitlements { nodes { id } } }", as_="fin-qiu")

    assert answer["data"]["entitlements"] is None
    assert answer["errors"][0]["path"] == ["entitlements"]
    assert answer["errors"][0]["extensions"]["code"] == "FORBIDDEN_SCOPE"


async def test_node_gives_a_right_to_its_owner_and_nothing_to_others(cast: Cast, ask: Ask) -> None:
    right = await a_right(cast.enterprises["E2"], EntitlementKind.PACK, 10)
    document = "query($id: ID!) { node(id: $id) { ... on Entitlement { remaining } } }"

    hers = await ask(document, as_="eve", id=right.id)
    rivals = await ask(document, as_="ann", id=right.id)
    assert (hers["data"], "errors" in hers) == ({"node": {"remaining": 10}}, False)
    assert (rivals["data"], "errors" in rivals) == ({"node": None}, False)
