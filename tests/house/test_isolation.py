"""One tenant's data never reach another: the whole schema is walked as everybody else."""

import json
from typing import Any

import pytest
from tortoise import Tortoise

from api.guard import scope_of
from api.jobs.outbox import Ports, deliver_due
from api.root import schema
from api.schema.scopes import PUBLIC
from domain.accounts.models import Login
from domain.kernel.money import Money
from domain.kernel.sql import run
from domain.keys.commands import create_access_key
from domain.ledger.commands import recharge
from domain.orders.commands import pay_order, place_order
from tests.cast import Cast
from tests.fixtures import Ask
from tests.house import walk
from tests.world import World

CORE: Any = schema()._schema
EXEMPT = {"audit_rows", "receipts", "change_marks"}
OUTSIDERS = [None, "eve", "bei", "man", "bd-lin", "pm-su", "op-tan", "fin-qiu", "mgr-he", "dir-wei"]


async def tables() -> dict[str, list[dict[str, Any]]]:
    """All rows of E1 (or of everybody: they are told apart by the caller), by table."""
    names = await _tables_with("enterprise_id")
    return {name: await run(f"SELECT * FROM {name}") for name in names if name not in EXEMPT}


async def _tables_with(column: str) -> list[str]:
    assert Tortoise.apps is not None
    return sorted(
        model._meta.db_table
        for model in Tortoise.apps.get_models_iterable()
        if column in model._meta.fields_db_projection.values()
    )


async def secret_life(cast: Cast) -> None:
    """Give E1 something of everything."""
    order = await place_order(cast.ann(), plan_code="id-ocr/pack-10k", quantity=1)
    await pay_order(cast.ann(), order_id=order.id)
    await place_order(cast.ann(), plan_code="id-ocr/payg", quantity=1)
    await create_access_key(cast.ann(), name="hidden-main-key")
    await recharge(cast.ann(), amount=Money(12_345), provider="SANDBOX")
    await deliver_due(cast.system, Ports())


async def marks_of(cast: Cast) -> set[str]:
    """What would give E1 away: its ids, names, addresses."""
    home = cast.enterprises["E1"]
    found = {
        home,
        "杭州青禾科技",
        "91330199MA2DEM017J",
        "hidden-main-key",
        "app-onboard",
        "dev-chen",
    }
    for rows in (await tables()).values():
        found.update(str(row["id"]) for row in rows if row.get("enterprise_id") == home)
    found.update(
        str(email)
        for email in await Login.all().values_list("email", flat=True)
        if "qinghe" in email
    )
    return found


@pytest.mark.usefixtures("unlimited")
async def test_nobody_else_reads_anything_of_a_tenant(cast: Cast, ask: Ask) -> None:
    await secret_life(cast)
    marks = await marks_of(cast)
    one_of_each = sorted({mark.partition("_")[0]: mark for mark in marks if "_" in mark}.values())
    shown_to_herself = ""
    leaks: list[str] = []
    for ids in one_of_each:
        for name, document in walk.documents(CORE, "query"):
            if "ID" not in str(CORE.query_type.fields[name].args) and ids != one_of_each[0]:
                continue
            mine = await ask(document, as_="ann", ids=ids, key="w")
            assert "data" in mine, (name, mine)
            shown_to_herself += json.dumps(mine, ensure_ascii=False)
            for who in OUTSIDERS:
                if _is_the_desk_of(cast, who, name):
                    continue
                told = await ask(document, as_=who, ids=ids, key="w")
                answer = json.dumps(told, ensure_ascii=False)
                leaks += [f"{who} saw {m} in {name}" for m in marks if _shown(m, answer, ids)]

    assert leaks == []
    seen = {mark for mark in marks if mark in shown_to_herself}
    assert len(seen) > len(one_of_each)


def _is_the_desk_of(cast: Cast, who: str | None, field: str, root: str = "Query") -> bool:
    """Whether this is what an operator is there for, such as the firms to be verified."""
    scope = scope_of(root, field)
    return who is not None and scope.startswith("op.") and cast.actors[who].may(scope)


def _shown(mark: str, answer: str, asked: str) -> bool:
    """Whether the answer tells something that the asker did not say first."""
    return mark in answer and mark != asked


@pytest.mark.usefixtures("unlimited")
async def test_nobody_else_changes_anything_of_a_tenant(cast: Cast, ask: Ask, db: World) -> None:
    await secret_life(cast)
    home = cast.enterprises["E1"]
    marks = sorted({m.partition("_")[0]: m for m in await marks_of(cast) if "_" in m}.values())
    before = _of(home, await tables())

    for who in OUTSIDERS:
        tried = marks if who in (None, "eve") else [home, cast.key_id]
        for number, ids in enumerate(tried):
            for name, document in walk.documents(CORE, "mutation"):
                its_desk = who is not None and _is_the_desk_of(cast, who, name, "Mutation")
                if name not in ("logOut", "signUp", "logIn") and not its_desk:
                    await ask(document, as_=who, ids=ids, key=f"w{number}-{name}")

    assert _of(home, await tables()) == before


def _of(home: str, rows: dict[str, list[dict[str, Any]]]) -> dict[str, list[str]]:
    return {
        name: sorted(str(row) for row in found if row.get("enterprise_id") == home)
        for name, found in rows.items()
    }


@pytest.mark.usefixtures("unlimited")
@pytest.mark.parametrize("who", ["dev-chen", "cfo-lu"])
async def test_a_member_sees_and_does_what_the_role_holds_and_nothing_more(
    cast: Cast, ask: Ask, who: str
) -> None:
    await secret_life(cast)
    held = cast.actors[who].scopes
    for name, document in walk.documents(CORE, "query"):
        answer = await ask(document, as_=who, ids="ord_x", key="m")
        scope = scope_of("Query", name)
        denied = [
            error
            for error in answer.get("errors", [])
            if error["path"] == [name] and error["extensions"]["code"] == "FORBIDDEN_SCOPE"
        ]
        assert bool(denied) == (scope != PUBLIC and scope not in held), name


def test_the_walk_covers_the_schema() -> None:
    asked = " ".join(
        document for kind in ("query", "subscription") for _, document in walk.documents(CORE, kind)
    )
    fields = {
        f"{type_.name}_{name}"
        for type_ in CORE.type_map.values()
        if hasattr(type_, "interfaces") and hasattr(type_, "fields")
        if not type_.name.startswith("__")
        and type_.name not in ("Query", "Mutation", "Subscription", "Node")
        for name in type_.fields
        if not type_.name.endswith("Problem")
    }
    reached = {field for field in fields if f"{field}:" in asked}
    only_by_mutation = {"SignedUp", "OpenedSession", "ClosedSession"}
    missed = {f for f in fields - reached if f.partition("_")[0] not in only_by_mutation}

    assert len(reached) / len(fields - {f for f in fields if f.startswith("Created")}) >= 0.9, (
        missed
    )


def test_the_rule_would_see_a_leak() -> None:
    assert _shown("ent_1", '{"id": "ent_1"}', "ord_2")
    assert not _shown("ent_1", '{"message": "No order matches ent_1."}', "ent_1")
