"""What tools ask of a schema: descriptions, specified scalars, dated deprecations, Relay."""

import json
import re
from collections.abc import Iterator
from datetime import date
from typing import Any

import pytest
from graphql import (
    GraphQLEnumType,
    GraphQLInputObjectType,
    GraphQLInterfaceType,
    GraphQLList,
    GraphQLNonNull,
    GraphQLObjectType,
    GraphQLScalarType,
    get_named_type,
    is_specified_scalar_type,
)

from api.execution.seams import core
from api.root import schema
from api.schema import enum_values
from tests.servers import ROOT

CORE = core(schema())
OURS = [type_ for name, type_ in CORE.type_map.items() if not name.startswith("__")]
REASON = re.compile(r"^Since (\d{4}-\d\d-\d\d): use `(\w+)`\. It works until (\d{4}-\d\d-\d\d) ")
TOOLS = ROOT / "tools" / "schema-lint"
LOCKS = sorted(
    path for folder in ("bench", "tools") for path in (ROOT / folder).glob("*/package-lock.json")
)


def members() -> Iterator[tuple[str, Any, set[str]]]:
    """Everything that can carry a description or be deprecated, with its neighbours' names."""
    for type_ in OURS:
        if isinstance(type_, GraphQLEnumType):
            for name, value in type_.values.items():
                yield f"{type_.name}.{name}", value, set(type_.values)
        if isinstance(type_, GraphQLObjectType | GraphQLInterfaceType | GraphQLInputObjectType):
            for name, field in type_.fields.items():
                yield f"{type_.name}.{name}", field, set(type_.fields)
                arguments = getattr(field, "args", {})
                for argument, given in arguments.items():
                    yield f"{type_.name}.{name}({argument})", given, set(arguments)
    for directive in CORE.directives:
        yield f"@{directive.name}", directive, set()
        for argument, given in directive.args.items():
            yield f"@{directive.name}({argument})", given, set(directive.args)


def test_descriptions_are_sentences() -> None:
    texts = [(name, one.description) for name, one, _ in members() if not name.startswith("@")]
    texts += [(one.name, one.description) for one in OURS if one.name[0].isupper()]
    odd = [
        (name, text)
        for name, text in texts
        if not re.match(r"[A-Z0-9`\"]", text) or not re.search(r"[.)]$|\"$", text.strip())
    ]
    assert [one for one in odd if get_named_type(CORE.type_map.get(one[0])) not in SPECIFIED] == []


SPECIFIED = [one for one in OURS if is_specified_scalar_type(one)] + [None]


def test_a_value_without_a_description_stops_the_start(monkeypatch: pytest.MonkeyPatch) -> None:
    some = dict(enum_values.VALUES["UsagePeriod"])
    for texts in ({}, some | {"YEAR": "x"}, {"HOUR": "x"}):
        monkeypatch.setattr(enum_values, "VALUES", {**enum_values.VALUES, "UsagePeriod": texts})
        with pytest.raises(enum_values.UndescribedValue, match="UsagePeriod"):
            enum_values.describe(CORE)


def test_no_line_describes_an_enum_that_is_not_there() -> None:
    enums = {one.name for one in OURS if isinstance(one, GraphQLEnumType)}
    assert set(enum_values.VALUES) == enums


def test_scalars_of_ours_say_where_they_are_specified() -> None:
    """`specified_by_url` in api/schema/scalars: an address that stays."""
    scalars = [one for one in OURS if isinstance(one, GraphQLScalarType)]
    ours = {one.name: one.specified_by_url for one in scalars if not is_specified_scalar_type(one)}
    assert {"BigInt", "Date", "DateTime"} <= set(ours)
    assert [name for name, url in ours.items() if not (url or "").startswith("https://")] == []


def test_deprecations_say_since_when_what_instead_and_until_when() -> None:
    """Use `superseded` of api/resolvers/arguments: a field goes only after a dated deprecation."""
    found = {
        name: (one.deprecation_reason, neighbours)
        for name, one, neighbours in members()
        if getattr(one, "deprecation_reason", None)
    }
    assert {"Query.blastRadius(roleId)", "Mutation.reportLeakedKey(secret)"} <= set(found)
    for name, (reason, neighbours) in found.items():
        said = REASON.match(reason)
        assert said, name
        since, instead, until = said.groups()
        assert (date.fromisoformat(until) - date.fromisoformat(since)).days >= 90, name
        assert instead in neighbours, name


def test_what_is_deprecated_is_not_required() -> None:
    required = [
        name
        for name, one, _ in members()
        if getattr(one, "deprecation_reason", None)
        and isinstance(getattr(one, "type", None), GraphQLNonNull)
        and "(" in name
    ]
    assert required == []


# -- Relay ---------------------------------------------------------------------------------------


def _shape(type_: Any) -> dict[str, str]:
    return {name: str(field.type) for name, field in type_.fields.items()}


CONNECTIONS = [one for one in OURS if one.name.endswith("Connection")]


@pytest.mark.parametrize("connection", CONNECTIONS, ids=lambda one: one.name)
def test_a_connection_has_relays_shape(connection: Any) -> None:
    """No totalCount: to count a list costs as much as to read it all."""
    node = connection.name.removesuffix("Connection")
    edge: Any = CORE.type_map[f"{node}Edge"]

    assert _shape(connection) == {
        "edges": f"[{node}Edge!]!",
        "nodes": f"[{node}!]!",
        "pageInfo": "PageInfo!",
    }
    assert _shape(edge) == {"node": f"{node}!", "cursor": "String!"}


def test_page_info_has_relays_shape() -> None:
    assert _shape(CORE.type_map["PageInfo"]) == {
        "hasNextPage": "Boolean!",
        "hasPreviousPage": "Boolean!",
        "startCursor": "String",
        "endCursor": "String",
    }


def test_a_field_of_a_connection_takes_the_four_arguments() -> None:
    wanted = {"first": "Int", "after": "String", "last": "Int", "before": "String"}
    odd = []
    for type_ in OURS:
        if isinstance(type_, GraphQLObjectType):
            for name, field in type_.fields.items():
                if get_named_type(field.type) in CONNECTIONS:
                    given = {key: str(field.args[key].type) for key in wanted if key in field.args}
                    if given != wanted:
                        odd.append(f"{type_.name}.{name}")
    assert odd == []


def test_what_is_a_node_has_an_id_and_is_found_by_it() -> None:
    node: Any = CORE.type_map["Node"]
    assert _shape(node) == {"id": "ID!"}
    query: Any = CORE.query_type
    assert str(query.fields["node"].type) == "Node"
    assert str(query.fields["node"].args["id"].type) == "ID!"
    for one in CORE.get_possible_types(node):
        assert _shape(one)["id"] == "ID!"


def test_inputs_of_which_one_is_given_are_marked() -> None:
    """`@oneOf`: every member can be left out, none has a default."""
    found = [one for one in OURS if isinstance(one, GraphQLInputObjectType) and one.is_one_of]
    assert {one.name for one in found} == {"BlastSubject", "LeakedKey"}
    for one in found:
        assert all(not isinstance(field.type, GraphQLNonNull) for field in one.fields.values())


def test_lists_hold_no_nulls() -> None:
    odd = [
        f"{type_.name}.{name}"
        for type_ in OURS
        if isinstance(type_, GraphQLObjectType)
        for name, field in type_.fields.items()
        for plain in [field.type.of_type if isinstance(field.type, GraphQLNonNull) else field.type]
        if isinstance(plain, GraphQLList) and not isinstance(plain.of_type, GraphQLNonNull)
    ]
    assert odd == []


# -- the tools themselves ------------------------------------------------------------------------


@pytest.mark.parametrize("path", LOCKS, ids=lambda path: path.parent.name)
def test_a_lock_of_npm_pins_and_hashes_and_names_no_registry(path: Any) -> None:
    """`omit-lockfile-registry-resolved=true` in .npmrc: everybody has a registry of their own."""
    packages = json.loads(path.read_text())["packages"]
    asked = json.loads((path.parent / "package.json").read_text())
    pins = {**asked.get("dependencies", {}), **asked.get("devDependencies", {})}

    assert [name for name, one in packages.items() if "resolved" in one] == []
    assert [name for name, one in packages.items() if name and "integrity" not in one] == []
    assert [name for name, version in pins.items() if not version[0].isdigit()] == []


def test_rules_that_are_not_followed_stand_in_the_decision() -> None:
    """The linters' settings and the decision on the schema name the same rules."""
    text = (TOOLS / "eslint.config.js").read_text(encoding="utf-8")
    off = set(re.findall(r'"@graphql-eslint/([a-z-]+)": "off"', text))
    (decision,) = (ROOT / "docs/decisions").glob("*-schema-tools.md")
    page = decision.read_text(encoding="utf-8")

    assert off
    assert {rule for rule in off if f"`{rule}`" not in page} == set()
