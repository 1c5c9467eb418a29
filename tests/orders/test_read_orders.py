"""Reading orders: whose, which page, and with how many statements."""

from collections.abc import Callable
from typing import Any

import pytest

from domain.kernel.errors import Invalid
from domain.kernel.reading import Window, wanting
from domain.orders import queries
from tests.cast import Cast
from tests.fixtures import Ask
from tests.orders.builders import an_order
from tests.world import World

FULL = wanting(
    "id",
    "status",
    "total",
    items=wanting("quantity", plan=wanting("code"), product=wanting("code")),
)
PAGE = """
query($first: Int, $after: String, $last: Int, $before: String) {
  orders(first: $first, after: $after, last: $last, before: $before) {
    nodes { id total { amount } items { plan { code } product { code nameZh } } }
    edges { cursor node { status } }
    pageInfo { hasNextPage hasPreviousPage startCursor endCursor }
  }
}
"""


async def test_shows_the_enterprise_its_own_orders_newest_first(cast: Cast) -> None:
    mine = [(await an_order(cast.ann())).id for _ in range(3)]
    await an_order(cast.eve())

    page = await queries.orders(cast.dev(), Window(), FULL)

    assert [row.id for row in page.nodes] == mine[::-1]
    assert {item.plan.code for row in page.nodes for item in row.items} == {"id-ocr/pack-10k"}


async def test_shows_one_order_to_its_owner_only(cast: Cast) -> None:
    order = await an_order(cast.ann())

    assert await queries.order(cast.ann(), order.id, FULL) is not None
    assert await queries.order(cast.eve(), order.id, FULL) is None
    assert await queries.order(cast.eve(), "ord_that_is_not_there", FULL) is None


@pytest.mark.parametrize("count", [1, 50])
async def test_needs_the_same_two_statements_for_one_order_and_for_fifty(
    cast: Cast, statements: Callable[[], Any], count: int
) -> None:
    for _ in range(count):
        await an_order(cast.ann())

    with statements() as counted:
        page = await queries.orders(cast.ann(), Window(size=50), FULL)

    assert len(page.nodes) == count
    assert counted.count == 2


async def test_selects_only_what_is_asked(cast: Cast, statements: Callable[[], Any]) -> None:
    await an_order(cast.ann())

    with statements() as counted:
        await queries.orders(cast.ann(), Window(), wanting("status"))

    (text,) = counted.texts
    assert "total_fen" not in text
    assert '"status"' in text


async def test_pages_forward_and_backward_without_gap_or_repeat(cast: Cast, ask: Ask) -> None:
    made = [(await an_order(cast.ann())).id for _ in range(5)][::-1]
    first = (await ask(PAGE, as_="ann", first=2))["data"]["orders"]
    second = await ask(PAGE, as_="ann", first=2, after=first["pageInfo"]["endCursor"])
    second = second["data"]["orders"]
    third = await ask(PAGE, as_="ann", first=2, after=second["pageInfo"]["endCursor"])
    third = third["data"]["orders"]
    back = await ask(PAGE, as_="ann", last=2, before=third["pageInfo"]["startCursor"])
    back = back["data"]["orders"]

    ids = [node["id"] for page in (first, second, third) for node in page["nodes"]]
    assert ids == made
    assert [page["pageInfo"]["hasNextPage"] for page in (first, second, third)] == [
        True,
        True,
        False,
    ]
    assert [node["id"] for node in back["nodes"]] == made[2:4]
    assert back["pageInfo"]["hasPreviousPage"] is True


@pytest.mark.parametrize(
    ("window", "field"),
    [
        ((0, None, None, None), "first"),
        ((101, None, None, None), "first"),
        ((-1, None, None, None), "first"),
        ((None, None, 101, None), "last"),
        ((1, None, 1, None), "first"),
        ((1, "a", None, "b"), "after"),
        ((1, None, None, "b"), "before"),
        ((None, "a", 1, None), "after"),
    ],
)
def test_refuses_a_window_that_makes_no_sense(window: tuple[Any, ...], field: str) -> None:
    with pytest.raises(Invalid) as refusal:
        Window.of(*window)

    assert refusal.value.field == field


@pytest.mark.parametrize("cursor", ["nonsense", "WyJhIl0x", "W10", "WzFd", "é", "[" * 90])
async def test_refuses_a_damaged_cursor(cast: Cast, ask: Ask, cursor: str) -> None:
    answer = await ask(PAGE, as_="ann", first=2, after=cursor)

    (error,) = answer["errors"]
    assert error["extensions"]["code"] == "BAD_USER_INPUT"
    assert error["path"] == ["orders"]


async def test_a_cursor_of_another_list_is_refused(cast: Cast, ask: Ask) -> None:
    """Else it would look as if the list ended there."""
    await an_order(cast.ann())
    found = await ask("{ roles { edges { cursor } } orders { edges { cursor } } }", as_="ann")
    cursors = {name: found["data"][name]["edges"][0]["cursor"] for name in ("roles", "orders")}

    for name in ("roles", "orders", "bills", "subAccounts", "ledgerEntries"):
        for owner, cursor in cursors.items():
            text = f'{{ {name}(after: "{cursor}") {{ nodes {{ id }} }} }}'
            answer = await ask(text, as_="ann")
            assert ("errors" in answer) == (owner != name), (owner, name)


async def test_is_denied_on_its_path_to_those_without_the_scope(cast: Cast, ask: Ask) -> None:
    answer = await ask("{ viewer { id } orders { nodes { id } } }", as_="fin-qiu")

    assert answer["data"]["orders"] is None
    assert answer["data"]["viewer"]["id"]
    assert answer["errors"][0]["path"] == ["orders"]
    assert answer["errors"][0]["extensions"]["code"] == "FORBIDDEN_SCOPE"


async def test_node_gives_an_order_to_its_owner_and_nothing_to_others(
    cast: Cast, db: World, ask: Ask
) -> None:
    order = await an_order(cast.ann())
    document = "query($id: ID!) { node(id: $id) { __typename id ... on Order { status } } }"

    mine = await ask(document, as_="ann", id=order.id)
    hers = await ask(document, as_="eve", id=order.id)
    nobodys = await ask(document, as_="eve", id="ord_00000000000000000000000000")

    assert mine["data"]["node"]["status"] == "PENDING_PAYMENT"
    for answer in (hers, nobodys):
        assert (answer["data"], "errors" in answer) == ({"node": None}, False)
