"""Rules of the schema: all is listed, described, shown from its row, and denied where due."""

from typing import Any

import pytest
from graphql import (
    GraphQLEnumType,
    GraphQLField,
    GraphQLNonNull,
    GraphQLObjectType,
    GraphQLUnionType,
    Visitor,
    parse,
    visit,
)

from api.guard import DENIED, scope_of
from api.root import errors_text, schema, schema_text
from api.schema.node import Shows
from api.schema.scopes import PARENT, PUBLIC, SCOPES
from console_sdk.values import camel
from domain.accounts import rules
from domain.kernel.command import COMMANDS
from tests.world import World

CORE: Any = schema()._schema
OBJECTS = [
    type_
    for type_ in CORE.type_map.values()
    if isinstance(type_, GraphQLObjectType) and not type_.name.startswith("__")
]
FIELDS = [(type_.name, name, field) for type_ in OBJECTS for name, field in type_.fields.items()]
KNOWN = (
    set(rules.SCOPES)
    | rules.PERSON
    | rules.ANONYMOUS
    | {scope for scopes in rules.OPERATORS.values() for scope in scopes}
    | {"op.operator:write"}
)


@pytest.mark.parametrize(("type_name", "name", "field"), FIELDS, ids=lambda value: str(value)[:40])
def test_every_field_is_in_the_permission_map(
    type_name: str, name: str, field: GraphQLField
) -> None:
    """Add it to api/schema/scopes.py, with the scope it needs, PARENT or PUBLIC."""
    scope = scope_of(type_name, name)

    assert scope != DENIED
    assert scope in {PUBLIC, PARENT} | KNOWN


@pytest.mark.parametrize(("type_name", "name", "field"), FIELDS, ids=lambda value: str(value)[:40])
def test_a_field_that_can_be_denied_can_be_null(
    type_name: str, name: str, field: GraphQLField
) -> None:
    """Otherwise one denied field takes its siblings with it."""
    if type_name != "Mutation" and scope_of(type_name, name) not in (PUBLIC, PARENT):
        assert not isinstance(field.type, GraphQLNonNull)


def test_the_map_names_nothing_that_is_not_there() -> None:
    present = {type_.name: set(type_.fields) | {"*"} for type_ in OBJECTS}
    stale = [
        f"{type_name}.{field}"
        for type_name, fields in SCOPES.items()
        for field in fields
        if field not in present.get(type_name, set())
    ]

    assert stale == []


def test_a_mutation_needs_what_its_command_needs() -> None:
    needs = {camel(name): found.needs for name, found in COMMANDS.items()}

    assert {name: SCOPES["Mutation"][name] for name in CORE.mutation_type.fields} == {
        name: needs[name] for name in CORE.mutation_type.fields
    }


def test_queries_carry_a_scope_or_say_that_they_are_public() -> None:
    assert PARENT not in {scope_of("Query", name) for name in CORE.query_type.fields}


class _Bare(Visitor):
    """Gathers what is defined without a description."""

    def __init__(self) -> None:
        super().__init__()
        self.seen = 0
        self.found: list[str] = []

    def enter(self, node: Any, _key: Any, _parent: Any, _path: Any, above: list[Any]) -> None:
        kind = node.kind
        if kind == "operation_type_definition" or not kind.endswith("_definition"):
            return
        self.seen += 1
        if not getattr(node, "description", None):
            owners = [one for one in above if getattr(one, "name", None)]
            self.found.append(".".join(one.name.value for one in [*owners, node]))


def test_everything_in_schema_graphql_has_a_description() -> None:
    """Types, fields, arguments, values of enums, directives: what is printed is what is read.

    Strawberry prints a bare @oneOf, which is GraphQL's own.
    """
    walk = _Bare()
    visit(parse(schema_text()), walk)

    assert walk.found == ["oneOf"]
    assert walk.seen > 1_000


def test_abbreviations_and_suffixes_stay_out_of_names() -> None:
    odd = [
        type_.name
        for type_ in CORE.type_map.values()
        if type_.name.endswith(("Type", "Enum", "Payload"))
        and type_.name not in {"OrderType"}
        and not type_.name.startswith("__")
    ]
    assert odd == []


def test_every_mutation_answers_with_a_union_of_its_result_and_problems() -> None:
    for name, field in CORE.mutation_type.fields.items():
        inner = field.type.of_type if isinstance(field.type, GraphQLNonNull) else field.type
        assert isinstance(inner, GraphQLUnionType), name
        problems = [one.name for one in inner.types if one.name.endswith("Problem")]
        assert {"NotFoundProblem", "ForbiddenProblem", "InvalidProblem"} <= set(problems), name


def _shown() -> list[type[Shows]]:
    found: list[type[Shows]] = []
    for one in CORE.type_map.values():
        definition = (getattr(one, "extensions", None) or {}).get("strawberry-definition")
        origin = getattr(definition, "origin", None)
        if isinstance(origin, type) and issubclass(origin, Shows) and hasattr(origin, "row"):
            found.append(origin)
    return found


@pytest.mark.parametrize("shown", _shown(), ids=lambda type_: type_.__name__)
def test_a_plain_field_is_an_attribute_of_its_row(shown: Any) -> None:
    """Give the row class the attribute (or property), or the field a resolver."""
    row = shown.row
    known = {name for kind in row.__mro__ for name in vars(kind).get("__annotations__", {})}
    known |= {name for kind in row.__mro__ for name in vars(kind)}
    plain = [f.python_name for f in shown.__strawberry_definition__.fields if f.is_basic_field]

    assert [name for name in plain if name not in known] == []


@pytest.mark.parametrize("shown", _shown(), ids=lambda type_: type_.__name__)
async def test_a_computed_attribute_names_columns_that_exist(db: World, shown: Any) -> None:
    """`needs` of a row lists columns of its table."""
    table = getattr(shown.row, "table", None)
    if table is None:
        return
    columns = set(table._meta.fields_db_projection)

    assert {column for columns_ in shown.row.needs.values() for column in columns_} <= columns


def test_states_are_enums() -> None:
    strings = [
        f"{type_name}.{name}"
        for type_name, name, field in FIELDS
        if name in {"status", "kind", "state"}
        and not isinstance(getattr(field.type, "of_type", field.type), GraphQLEnumType)
    ]
    assert strings == []


def test_every_refusal_tells_its_story_in_both_languages() -> None:
    from api.rest.texts import refusals

    for kind in refusals():
        assert kind.__doc__, kind
        for text in (kind.message, kind.remedy, kind.message_zh, kind.remedy_zh):
            assert text.strip(), kind
        assert any("\u4e00" <= letter <= "\u9fff" for letter in kind.message_zh), kind
        assert kind.code in errors_text()


def test_a_code_belongs_to_one_refusal() -> None:
    from api.rest.texts import refusals

    codes = [kind.code for kind in refusals()]
    assert sorted(codes) == sorted(set(codes))


def test_commands_need_scopes_that_somebody_can_hold() -> None:
    house = {
        "password:issue",
        "mail:keep",
        "verification:check",
        "recharge:settle",
        "order:expire",
        "usage:ingest",
        "key:carry_uses",
        "key:remind",
        "leaks:report",
        "operation:register",
        "second_factor:reset",
    }
    unknown = {
        f"{name}: {found.needs}"
        for name, found in COMMANDS.items()
        if found.needs not in KNOWN | house and not found.needs.endswith((":close", ":check"))
    }
    assert unknown == set()
