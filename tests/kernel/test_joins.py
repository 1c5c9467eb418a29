"""What a row refers to is read with it: in one statement, in order, and in one enterprise."""

from collections.abc import Callable
from typing import Any, ClassVar

from tortoise.queryset import QuerySet

from domain.accounts.models import Role, SubAccount
from domain.iam.rows import RoleRow, SubAccountRow
from domain.kernel.context import SYSTEM
from domain.kernel.reading import Row, Window, fetch, fetch_page, wanting
from domain.kernel.sql import run
from domain.orders.models import OrderItem
from domain.pricing.models import Plan
from domain.pricing.rows import PlanRow
from tests.cast import Cast
from tests.orders.builders import an_order

WITH_ROLE = wanting("name", role=wanting("name", "console_scopes", "created_at"))


async def test_a_row_comes_with_what_it_refers_to(
    cast: Cast, statements: Callable[[], Any]
) -> None:
    with statements() as counted:
        rows = await fetch(SubAccountRow, SubAccount.visible_to(cast.ann().actor), WITH_ROLE)

    assert counted.count == 1
    for row in rows:
        account = await SubAccount.visible_to(SYSTEM).get(id=row.id)
        role = await Role.visible_to(SYSTEM).get(id=account.role_id)
        assert row.role.__dict__ == {
            "id": role.id,
            "name": role.name,
            "former_name": role.former_name,
            "console_scopes": role.console_scopes,
            "created_at": role.created_at,
        }


async def test_what_several_refer_to_is_one_row(cast: Cast) -> None:
    mine = SubAccount.visible_to(cast.ann().actor)
    role = await Role.visible_to(cast.ann().actor).first()
    assert role is not None
    await mine.filter().update(role_id=role.id)
    rows = await fetch(SubAccountRow, mine, WITH_ROLE)

    assert len(rows) > 1
    assert all(row.role is rows[0].role for row in rows)


async def test_pages_keep_their_order_and_cut(cast: Cast) -> None:
    query = SubAccount.visible_to(cast.ann().actor)
    everything = [row.id for row in await fetch(SubAccountRow, query.order_by("-id"), WITH_ROLE)]
    assert everything == sorted(everything, reverse=True)

    found, cursor = [], None
    for _ in everything:
        window = Window(size=1, cursor=cursor)
        page = await fetch_page(SubAccountRow, query, WITH_ROLE, window, newest_first=True)
        found += [row.id for row in page.nodes]
        cursor = page.cursors[-1]
    assert found == everything

    own: Any = QuerySet(SubAccount).filter(id__in=everything).order_by("-id")
    assert [row.id for row in await fetch(SubAccountRow, own, WITH_ROLE)] == everything


async def test_nothing_is_joined_across_enterprises(cast: Cast) -> None:
    theirs = await Role.visible_to(cast.eve().actor).first()
    mine = await SubAccount.visible_to(cast.ann().actor).first()
    assert theirs is not None
    assert mine is not None
    await run("UPDATE sub_accounts SET role_id = ? WHERE id = ?", theirs.id, mine.id)

    query = SubAccount.visible_to(cast.ann().actor).filter(id=mine.id)
    (row,) = await fetch(SubAccountRow, query, WITH_ROLE)
    assert row.role is None


async def test_joins_reach_as_far_as_the_rows_say(cast: Cast) -> None:
    class Item(Row):
        table: ClassVar[Any] = OrderItem
        joins: ClassVar[Any] = {"plan": PlanRow}
        id: str
        plan: PlanRow

    await an_order(cast.ann())
    asked = wanting(plan=wanting("code", "self_service", delivery_option=wanting("kind", "online")))
    (row,) = await fetch(Item, OrderItem.visible_to(cast.ann().actor), asked)

    plan = await Plan.get(code=row.plan.code).prefetch_related("delivery_option")
    assert row.plan.self_service is plan.self_service
    assert row.plan.delivery_option.__dict__ == {
        "id": plan.delivery_option.id,
        "kind": plan.delivery_option.kind.value,
        "online": plan.delivery_option.online,
    }


async def test_what_is_not_asked_is_not_joined(cast: Cast, statements: Callable[[], Any]) -> None:
    with statements() as counted:
        rows = await fetch(
            SubAccountRow, SubAccount.visible_to(cast.ann().actor), wanting("name", "status")
        )
    assert "JOIN" not in counted.texts[0]
    assert not hasattr(rows[0], "role")
    assert RoleRow.columns(wanting("name")) == ["former_name", "id", "name"]
