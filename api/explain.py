"""What the operations of a file cost: how deep and wide they are, and which statements they run."""

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Final

import httpx2
from graphql import (
    DocumentNode,
    GraphQLError,
    OperationDefinitionNode,
    parse,
    print_ast,
    separate_operations,
)
from starlette.requests import Request
from tortoise.transactions import in_transaction

from api.context import RequestContext
from api.execution import seams
from api.execution.limits import Limits, Measure
from api.execution.manifests import BadManifest, members
from api.graphql import GraphQLDoor
from api.root import schema
from api.runtime import Runtime
from api.toll import Toll
from api.watch import Watcher
from domain.kernel.buckets import Bucket
from domain.kernel.context import Actor
from domain.kernel.limits_store import ProcessLimits
from domain.kernel.sql import dialect, run

FILE_MAX: Final = 5_000_000
NO_LIMITS: Final = Limits(text=FILE_MAX, tokens=FILE_MAX, operations=10_000, fragments=10_000)

_PLACEHOLDERS: Final = re.compile(r"\((?:\?|\$\d+)(?:, ?(?:\?|\$\d+)){3,}\)")


class Unusable(Exception):
    """The file cannot be explained; one line that says why."""


@dataclass(frozen=True, slots=True)
class Named:
    """One operation of a file, with the fragments that it uses."""

    name: str
    text: str


@dataclass(slots=True)
class Statement:
    """A statement that an operation ran; `rows` is none where the driver does not say."""

    sql: str
    rows: int | None
    ms: float


@dataclass(slots=True)
class Explained:
    """What is known of one operation; `statements` is none where it was not run."""

    name: str
    kind: str
    depth: int
    fields: int
    aliases: int
    cost: int | None = None
    document_id: str = ""
    statements: list[Statement] | None = None
    errors: list[str] = field(default_factory=list)
    note: str = ""

    def as_json(self) -> dict[str, Any]:
        """The same as JSON values."""
        return asdict(self)


# -- files ---------------------------------------------------------------------------------------


def operations_of(path: Path) -> list[Named]:
    """The operations of a .graphql file, or of a manifest as code generators write it (JSON).

    A manifest is `{"<hash>": "<document>"}`, or Apollo's with a list of `operations` that have a
    `name` and a `body`. Raises Unusable.
    """
    try:
        if path.stat().st_size > FILE_MAX:
            raise Unusable(f"{path}: is larger than {FILE_MAX:,} bytes")
        text = path.read_text(encoding="utf-8")
    except OSError as error:
        raise Unusable(f"{path}: {(error.strerror or 'cannot be read').lower()}") from None
    except UnicodeDecodeError:
        raise Unusable(f"{path}: is not text in UTF-8") from None
    bodies = _bodies(path, text) if path.suffix == ".json" else [text]
    found = [one for body in bodies for one in _separated(path, body)]
    if not found:
        raise Unusable(f"{path}: holds no operation")
    return found


def _bodies(path: Path, text: str) -> list[str]:
    try:
        manifest = json.loads(text, object_pairs_hook=members)
    except BadManifest as bad:
        raise Unusable(f"{path}: {bad}") from None
    except (ValueError, RecursionError) as error:
        raise Unusable(f"{path}: is not JSON ({error})") from None
    entries: Any = manifest
    if isinstance(manifest, dict) and isinstance(manifest.get("operations"), list):
        entries = {
            number: one.get("body") if isinstance(one, dict) else None
            for number, one in enumerate(manifest["operations"])
        }
    if not isinstance(entries, dict) or not all(isinstance(one, str) for one in entries.values()):
        raise Unusable(f"{path}: is no manifest of operations")
    return list(entries.values())


def _separated(path: Path, text: str) -> list[Named]:
    try:
        whole: DocumentNode = parse(text, no_location=True)
    except GraphQLError as error:
        raise Unusable(f"{path}: {error.message}") from None
    except RecursionError:
        raise Unusable(f"{path}: is nested too deeply") from None
    found = separate_operations(whole)
    if len(found) < sum(isinstance(one, OperationDefinitionNode) for one in whole.definitions):
        raise Unusable(f"{path}: has two operations of one name, or without one")
    return [Named(name, print_ast(one)) for name, one in found.items()]


# -- running -------------------------------------------------------------------------------------


class _Recording:
    """Follows one request as the tracer would, and keeps what it saw."""

    def __init__(self) -> None:
        self.id = ""
        self.document_id = ""
        self.cost: int | None = None
        self.statements: list[Statement] = []

    def begin(self, _headers: Mapping[bytes, bytes], _request_id: str) -> "_Recording":
        return self

    def runs(self, kind: str, label: str, name: str, document_id: str) -> None:
        self.document_id = document_id

    def statement(self, text: str, rows: int | None, began_at: float, ended_at: float) -> None:
        self.statements.append(Statement(text, rows, round((ended_at - began_at) * 1000, 2)))

    def ended(self, status: int, codes: Sequence[str], cost: int | None) -> None:
        self.cost = cost


async def explain(
    runtime: Runtime, named: Sequence[Named], actor: Actor, variables: Mapping[str, Any]
) -> list[Explained]:
    """Measure each operation, and run the queries as `actor`; the database is only read.

    `variables` holds the variables of an operation by its name. Each query runs twice, and what
    the second time took is told: the first fills what is held in memory.
    """
    if dialect() == "sqlite":
        await run("PRAGMA query_only = ON")
        try:
            return [await _explained(runtime, one, actor, variables) for one in named]
        finally:
            await run("PRAGMA query_only = OFF")
    async with in_transaction():
        await run("SET TRANSACTION READ ONLY")
        return [await _explained(runtime, one, actor, variables) for one in named]


async def _explained(
    runtime: Runtime, named: Named, actor: Actor, variables: Mapping[str, Any]
) -> Explained:
    document = parse(named.text)
    (tally,) = Measure(document, NO_LIMITS).tallies.values()
    operation: Any = next(one for one in document.definitions if hasattr(one, "operation"))
    kind = operation.operation.value
    found = Explained(named.name, kind, tally.depth, tally.fields, tally.aliases)
    given = variables.get(named.name, {})
    needed = [
        one.variable.name.value
        for one in operation.variable_definitions or ()
        if one.type.kind == "non_null_type" and one.default_value is None
    ]
    missing = [name for name in needed if name not in given]
    if kind != "query":
        found.note = f"not run: a {kind} changes things"
    elif missing:
        found.note = f"not run: needs ${', $'.join(missing)}"
    else:
        await _run(runtime, named, actor, given, found)
    return found


async def _run(
    runtime: Runtime, named: Named, actor: Actor, given: Mapping[str, Any], found: Explained
) -> None:
    async def context(_: Request) -> RequestContext:
        return RequestContext(ctx=runtime.ctx(actor))

    sent, limits = {"query": named.text, "variables": given}, runtime.query_limits
    for _ in range(2):
        seen = _Recording()
        watcher = Watcher(slow_ms=10**9, tracing=seen)
        door = GraphQLDoor(
            schema(), context=context, limits=limits, watcher=watcher, toll=_toll(runtime)
        )
        async with httpx2.AsyncClient(
            transport=httpx2.ASGITransport(app=door), base_url="http://explain"
        ) as client:
            answer = (await client.post("/graphql", json=sent)).json()
    found.statements, found.cost = seen.statements, seen.cost
    found.document_id = seen.document_id
    found.errors = [str(one["message"]) for one in answer.get("errors", ())]


def _toll(runtime: Runtime) -> Toll:
    """What says the cost; its budget is so large that nothing is refused for it."""
    plenty = Bucket(10**9, 10**6)
    core = seams.core(schema())
    return Toll(
        core, runtime.query_limits, ProcessLimits(), plenty, introspection_for_strangers=True
    )


# -- telling -------------------------------------------------------------------------------------


def as_table(found: Sequence[Explained]) -> str:
    """A table for people: a line per operation, and below it its statements."""
    width = max(len(one.name or "(unnamed)") for one in found)
    lines = [f"{'operation':{width}}  kind      depth fields aliases   cost  statements   rows"]
    for one in found:
        ran = one.statements
        count = "-" if ran is None else str(len(ran))
        rows = "-" if ran is None else str(sum(each.rows or 0 for each in ran))
        cost = "-" if one.cost is None else str(one.cost)
        lines.append(
            f"{one.name or '(unnamed)':{width}}  {one.kind:8}  {one.depth:5} {one.fields:6} "
            f"{one.aliases:7} {cost:>6}  {count:>10} {rows:>6}"
        )
        if one.note:
            lines.append(f"    {one.note}")
        lines += [f"    ! {message}" for message in one.errors]
        for each in ran or ():
            told = "?" if each.rows is None else str(each.rows)
            lines.append(f"    {told:>5} rows  {each.ms:7.2f} ms  {_short(each.sql)}")
    return "\n".join(lines)


def _short(sql: str) -> str:
    """A statement on one line, with a long list of placeholders as their number."""
    line = " ".join(sql.split())
    return _PLACEHOLDERS.sub(lambda found: f"(… {found[0].count(',') + 1} values)", line)
