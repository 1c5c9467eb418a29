"""The one write path: whatever writes is a command, and a command does what it promises."""

import ast
import importlib
import inspect
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

from domain.kernel.command import COMMANDS, command
from domain.kernel.context import Ctx
from domain.kernel.errors import Conflict, IdempotencyKeyReused
from domain.kernel.models import AuditRow, OutboxRow, Receipt
from domain.kernel.reading import Row
from domain.kernel.sql import run
from tests.cast import Cast

ROOMS = sorted(path for path in Path("domain").glob("*/commands.py"))


@pytest.mark.parametrize("path", ROOMS, ids=str)
def test_every_public_coroutine_in_commands_is_a_command(path: Path) -> None:
    """Decorate it with @command(needs=…), or start its name with an underscore."""
    module = importlib.import_module(f"domain.{path.parent.name}.commands")
    bare = [
        name
        for name, fn in inspect.getmembers(module, inspect.iscoroutinefunction)
        if fn.__module__ == module.__name__ and not name.startswith("_")
        if not hasattr(fn, "needs")
    ]
    assert bare == []


@cache
def _owned_tables() -> set[str]:
    found: set[str] = set()
    for path in Path("domain").glob("*/models.py"):
        for node in ast.parse(path.read_text()).body:
            if isinstance(node, ast.ClassDef) and any(
                isinstance(base, ast.Name) and base.id == "Owned" for base in node.bases
            ):
                found.add(node.name)
    return found


def _past_visible_to(tree: ast.AST, owned: set[str]) -> Iterator[str]:
    """Uses of an owned model's query methods other than visible_to and creating."""
    allowed = {"visible_to", "create", "bulk_create", "_meta", "columns"}
    for node in ast.walk(tree):
        if not isinstance(node, ast.Attribute) or node.attr in allowed:
            continue
        target = node.value
        name = target.id if isinstance(target, ast.Name) else getattr(target, "attr", "")
        if name in owned and node.attr in QUERYING:
            yield f"line {node.lineno}: {name}.{node.attr}"


QUERYING = {
    *("all", "filter", "get", "get_or_none", "first", "exclude", "exists", "annotate"),
    *("select_for_update", "get_or_create", "update_or_create", "raw", "in_bulk", "earliest"),
}
LOCKED = {"domain/ledger/steps.py"}
"""The ledger moves money between books, not for one actor: it names the enterprises it locks."""


@pytest.mark.parametrize(
    "path", sorted(Path("domain").glob("*/*.py")) + sorted(Path("api").rglob("*.py")), ids=str
)
def test_owned_rows_are_reached_through_visible_to_only(path: Path) -> None:
    """Start from `Model.visible_to(ctx.actor)`; it is what keeps tenants apart."""
    if str(path) in LOCKED or path.name == "models.py":
        return
    assert list(_past_visible_to(ast.parse(path.read_text()), _owned_tables())) == []


def test_the_rule_sees_a_violation() -> None:
    tree = ast.parse("rows = models.Order.filter(id=1)\nmore = Order.get(id=1)")

    assert len(list(_past_visible_to(tree, {"Order"}))) == 2


class Note(Row):
    """What the commands below give."""

    id: str


@pytest.fixture
def scratch() -> Iterator[None]:
    """Commands made for a test are not part of the house."""
    known = set(COMMANDS)
    yield
    for name in set(COMMANDS) - known:
        del COMMANDS[name]


@pytest.mark.usefixtures("scratch")
async def test_a_refusal_rolls_back_and_leaves_an_audit_row(cast: Cast) -> None:
    @command(needs="order:create")
    async def write_then_refuse(ctx: Ctx) -> Note:
        await OutboxRow.create(id="out_x", topic="mail", payload={}, available_at=ctx.now)
        ctx.note("thing", after={"secret": "half-done"})
        raise Conflict(reason="changed my mind")

    with pytest.raises(Conflict):
        await write_then_refuse(cast.ann(key="k"))

    row = await AuditRow.get(action="write_then_refuse")
    assert (row.result, row.object_id, row.after) == ("CONFLICT", "thing", None)
    assert (row.actor_id, row.address) == (cast.ann().actor.id, "203.0.113.7")
    assert not await OutboxRow.exists(id="out_x")
    assert not await Receipt.exists(key="k")


@pytest.mark.usefixtures("scratch")
async def test_a_bug_rolls_back_and_is_not_swallowed(cast: Cast) -> None:
    @command(needs="order:create")
    async def write_then_fall(ctx: Ctx) -> Note:
        await OutboxRow.create(id="out_x", topic="mail", payload={}, available_at=ctx.now)
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await write_then_fall(cast.ann())

    assert not await OutboxRow.exists(id="out_x")


@pytest.mark.usefixtures("scratch")
async def test_a_key_belongs_to_one_sender_command_and_input(cast: Cast) -> None:
    @command(needs="order:create")
    async def number(ctx: Ctx, *, of: int) -> Note:
        return Note(id=ctx.ids.new("num"), of=of)

    first = await number(cast.ann(key="k"), of=1)

    assert (await number(cast.ann(key="k"), of=1)).id == first.id
    with pytest.raises(IdempotencyKeyReused):
        await number(cast.dev(key="k"), of=1)
    assert (await number(cast.eve(key="k"), of=2)).id != first.id
    with pytest.raises(IdempotencyKeyReused):
        await number(cast.ann(key="k"), of=2)


@pytest.mark.usefixtures("scratch")
async def test_no_stranger_uses_up_the_key_of_another(cast: Cast) -> None:
    @command(needs="account:sign_up")
    async def number(ctx: Ctx, *, of: int) -> Note:
        return Note(id=ctx.ids.new("num"), of=of)

    first, other = [await number(cast.anon(key="k"), of=one) for one in (1, 2)]

    assert first.id != other.id
    assert (await number(cast.anon(key="k"), of=1)).id == first.id


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE audit_rows SET result = 'OK'",
        "DELETE FROM audit_rows",
        "UPDATE ledger_entries SET amount_fen = 0",
        "DELETE FROM ledger_entries",
        "UPDATE ledger_transactions SET reason = ''",
        "DELETE FROM price_versions",
        "UPDATE price_versions SET list_price = '0'",
    ],
)
async def test_facts_are_never_changed_not_even_by_hand(cast: Cast, statement: str) -> None:
    with pytest.raises(Exception, match="are facts and never change"):
        await run(statement)


async def test_cash_is_never_negative_not_even_by_hand(cast: Cast) -> None:
    with pytest.raises(Exception, match=r"cash must not be negative|cash_floor"):
        await run("UPDATE financial_accounts SET cash_fen = -1")
