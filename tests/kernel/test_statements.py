"""Remembered statements say what the ORM says, whatever the values; unknown ones are its own."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from tortoise.expressions import F, Q
from tortoise.queryset import QuerySet

from domain.accounts.models import Role, SubAccount, SubAccountStatus
from domain.catalog.models import Product, SaleStatus
from domain.iam.rows import RoleRow, SubAccountRow
from domain.kernel import statements as remembered
from domain.kernel.narrowing import Narrowing
from domain.kernel.reading import fetch, wanting
from domain.kernel.sql import dialect, run
from domain.orders.models import Order
from tests.cast import NOW, Cast
from tests.world import World

Make = Callable[[Any], Any]
QUERIES: list[tuple[type[Any], Make]] = [
    (Role, lambda q: q.filter(name="用户")),
    (Role, lambda q: q.filter(id__in=["a", "b", "c"]).order_by("-id").limit(3)),
    (Role, lambda q: q.filter(id="same", name="same")),
    (Role, lambda q: q.filter(id__in=["a"]).filter(id__in=("a", "b"))),
    (Role, lambda q: q.filter(Q(name="a") | Q(name="b", id__lt="c")).limit(2)),
    (Role, lambda q: q.filter(~Q(id="a"), name__gte="b")),
    (SubAccount, lambda q: q.exclude(status=SubAccountStatus.DISABLED).order_by("name", "-id")),
    (SubAccount, lambda q: q.filter(status__in=[SubAccountStatus.ACTIVE, "DISABLED"])),
    (Order, lambda q: q.filter(placed_at__gte=NOW - timedelta(days=1), total_fen__gt=1)),
    (Product, lambda q: q.filter(sale_status=SaleStatus.LISTED, position__not=3)),
    (Product, lambda q: q.filter(filing_number=None)),
    (Product, lambda q: q.filter(name_en__icontains="ocr")),
    (Product, lambda q: q.filter(free_qps__lt=F("paid_qps"))),
    (Role, lambda q: q.filter(id__in=[])),
    (Role, lambda q: q.order_by("id").offset(1).limit(2)),
]


async def ids(query: Any) -> list[str]:
    return [str(one) for one in await query.values_list("id", flat=True)]


@pytest.mark.parametrize(("model", "make"), QUERIES)
async def test_finds_what_the_orm_finds(cast: Cast, model: type[Any], make: Make) -> None:
    for _ in range(2):  # the second time the text is remembered
        light = make(Narrowing(model))
        read = await fetch(_row(model), light, wanting("id"))
        assert sorted(row.id for row in read) == sorted(await ids(make(QuerySet(model))))


def _row(model: type[Any]) -> Any:
    return type("Shown", (RoleRow,), {"table": model, "__annotations__": {}})


async def test_one_text_serves_sets_of_each_size_on_postgres(db: World) -> None:
    said = [
        remembered.statement(Role.filter(id__in=["r"] * size), ("id",), dialect())
        for size in (1, 2, 50)
    ]
    if db.kind == "postgres":
        assert {text for text, _ in said} == {
            'SELECT "id" "id" FROM "roles" WHERE "id"=ANY((SELECT $1::text::text[])::text[])'
        }
        assert [values[0].count("r") for _, values in said] == [1, 2, 50]
    else:
        assert [text.count("?") for text, _ in said] == [1, 2, 50]
        assert [len(values) for _, values in said] == [1, 2, 50]


async def test_a_set_of_texts_is_read_once_a_statement_not_once_a_row(db: World) -> None:
    if db.kind != "postgres":
        return
    text, values = remembered.statement(Role.filter(name__in=["a", "b"]), ("id",), dialect())
    told = [str(row["QUERY PLAN"]) for row in await run(f"EXPLAIN {text}", *values)]
    (looks,) = [line for line in told if "Filter:" in line]
    assert "ANY ($0)" in looks, told


async def test_a_query_set_becomes_the_orms_own_at_any_other_use(cast: Cast) -> None:
    everything = SubAccount.filter()
    assert type(everything) is Narrowing

    assert await everything.count() == len(await SubAccount.filter())
    first = await SubAccount.filter().order_by("id").first()
    assert first is not None
    assert (await SubAccount.filter(id=first.id).get()).name == first.name
    assert await SubAccount.filter(id="none").get_or_none() is None
    assert await SubAccount.filter(id=first.id).exists()
    assert await SubAccount.filter(id=first.id).update(name="renamed") == 1
    assert await ids(SubAccount.filter(name="renamed")) == [first.id]
    assert [one.id async for one in SubAccount.filter(id=first.id)] == [first.id]
    assert await SubAccount.filter(id=first.id).select_for_update().first() is not None


async def test_a_chain_leaves_what_it_began_with_as_it_was(cast: Cast) -> None:
    home = cast.enterprises["E1"]
    mine: Any = SubAccount.filter(enterprise_id=home)
    before = await fetch(SubAccountRow, mine, wanting("name"))
    await fetch(SubAccountRow, mine.filter(id="none").order_by("-name").limit(1), wanting("name"))
    assert mine.entries == (("enterprise_id", home),)
    assert [row.name for row in await fetch(SubAccountRow, mine, wanting("name"))] == [
        row.name for row in before
    ]


ODD = ['a"b', "a\\", '","', "{}", "NULL", "", " x ", "中文", "a,b", "\\\"'", "(x)", "\n\t"]


async def test_odd_texts_in_a_set_are_each_found_and_nothing_else(cast: Cast) -> None:
    owner = cast.enterprises["E1"]
    for text in [*ODD, "b", "x"]:
        await Role.create(
            id=cast.ann().ids.new("rol"),
            enterprise_id=owner,
            name=text,
            console_scopes=[],
            api_grants=[],
            created_at=NOW,
        )
    for texts in (ODD, ODD[:1], ODD[2:3], ["none"]):
        rows = await fetch(RoleRow, Role.filter(name__in=texts), wanting("name"))
        assert sorted(row.name for row in rows) == sorted(set(texts) - {"none"})
