"""Each limit at its boundary, and the attacks that a limit must survive itself."""

from typing import Any

import pytest
from graphql import parse

from api.execution.inputs import check_variables
from api.execution.limits import CEILING, Limits, Measure
from tests.execution import toy

SMALL = Limits(
    text=20_000,
    tokens=2_000,
    operations=2,
    fragments=2,
    depth=3,
    root_fields=3,
    aliases=2,
    directives=2,
    selections=10,
    repeats=2,
    comparisons=10,
    list_size=3,
    input_depth=3,
)

ON = "@include(if: true)"
BOUNDARIES = {
    "operations": ("query A{hello} query B{hello}", "query A{hello} query B{hello} query C{hello}"),
    "fragments": (
        "{...A ...B} fragment A on Query{hello} fragment B on Query{hello}",
        "{...A ...B ...C} fragment A on Query{hello} fragment B on Query{hello} "
        "fragment C on Query{hello}",
    ),
    "depth": ("{thing{child{id}}}", "{thing{child{child{id}}}}"),
    "depth, through a fragment": (
        "{thing{...F}} fragment F on Thing{child{id}}",
        "{thing{...F}} fragment F on Thing{child{child{id}}}",
    ),
    "root_fields": ("{hello missing said}", "{hello missing said bug}"),
    "root_fields, through a fragment": (
        "{hello ...F} fragment F on Query{missing said}",
        "{...F ...on Query{...F}} fragment F on Query{missing said}",
    ),
    "aliases": ("{a:hello b:hello}", "{a:hello b:hello c:said}"),
    "aliases, through fragments": (
        "{thing{...F}} fragment F on Thing{a:id b:id}",
        "{thing{...F child{...F}}} fragment F on Thing{a:id b:id}",
    ),
    "directives": (f"{{hello {ON} said {ON}}}", f"{{hello {ON} said {ON} missing {ON}}}"),
    "directives, on spreads": (
        f"{{...F {ON}}} fragment F on Query{{hello {ON}}}",
        f"{{...F {ON} ...F}} fragment F on Query{{hello {ON}}}",
    ),
    "selections": (
        "{thing{id fullName line1 renamed child{id fullName line1 renamed}}}",
        "{thing{id fullName line1 renamed child{id fullName line1 renamed __typename}}}",
    ),
    "selections, through fragments": (
        "{thing{...F child{...F id line1}}} fragment F on Thing{id fullName}",
        "{thing{...F child{...F id line1 renamed}}} fragment F on Thing{id fullName}",
    ),
    "selections, inline": (
        "{thing{" + "...{" * 8 + "id" + "}" * 8 + "}}",
        "{thing{" + "...{" * 9 + "id" + "}" * 9 + "}}",
    ),
    "repeats": ("{thing{id fullName id}}", "{thing{id fullName id id}}"),
    "repeats, through inline fragments": (
        "{thing{id ...{id ...{fullName}}}}",
        "{thing{id ...{id ...{id}}}}",
    ),
    "repeats, through fragments": (
        "{thing{...A ...A ...B}} fragment A on Thing{id} fragment B on Thing{id}",
        "{thing{id ...A ...B}} fragment A on Thing{id} fragment B on Thing{id}",
    ),
    "comparisons": (
        "{thing{child{id line1}} thing{child{id line1}}}",
        "{thing{child{id ...A}} thing{child{...A line1}}} fragment A on Thing{line1}",
    ),
    "comparisons, of spreads in fragments": (
        "{thing{...A ...B}} fragment A on Thing{id} fragment B on Thing{line1}",
        "{thing{...A ...B ...B}} fragment A on Thing{...B} fragment B on Thing{line1}",
    ),
    "repeats, under repeated parents": (
        "{thing{id} thing{id fullName child{id}}}",
        "{thing{id} thing{id fullName id}}",
    ),
}


@pytest.mark.parametrize("name", BOUNDARIES)
async def test_what_is_allowed_passes_and_one_more_is_refused(name: str) -> None:
    limit = name.split(",")[0]
    allowed, too_much = BOUNDARIES[name]
    door = toy.door(limits=SMALL)

    status, body = await toy.post(
        door, allowed, operationName="A" if "query A" in allowed else None
    )
    assert (status, "data" in body) == (200, True), body

    status, body = await toy.post(door, too_much)
    assert status == 400
    told = body["errors"][0]["extensions"]
    assert (told["code"], told["limit"]) == ("QUERY_TOO_COMPLEX", limit)
    assert told["allowed"] == getattr(SMALL, limit)
    assert told["found"] > told["allowed"]
    assert f"{told['found']:,}" in body["errors"][0]["message"]


async def test_the_text_and_its_tokens_are_limited() -> None:
    door = toy.door()
    for query, limit in (
        ("{hello}" + "#" * (20_000 - 7), None),
        ("{hello}" + "#" * (20_000 - 6), "text"),
        ("query(" + "$a:Int " * 331 + "){hello}", "GRAPHQL_VALIDATION_FAILED"),
        ("{" + "hello " * 1_999 + "}", "tokens"),
    ):
        _, body = await toy.post(door, query)
        told = body.get("errors", [{"extensions": {}}])[0]["extensions"]
        assert told.get("limit", told.get("code")) == limit


async def test_the_numbers_are_those_of_the_promises() -> None:
    found = Limits()
    assert (found.text, found.tokens, found.depth, found.aliases) == (20_000, 2_000, 12, 30)
    assert (found.root_fields, found.directives) == (20, 50)
    assert (found.operations, found.fragments, found.list_size) == (10, 100, 250)


async def test_introspection_stands_apart_from_depth() -> None:
    deep = "{__schema{types{fields{type{ofType{ofType{ofType{ofType{name}}}}}}}}}"
    spread = "{thing{id} __schema{types{...F}}} fragment F on __Type{ofType{ofType{ofType{name}}}}"
    for query in (deep, spread):
        _, body = await toy.post(toy.door(limits=Limits(depth=3)), query)
        assert "errors" not in body


@pytest.mark.parametrize(
    "query",
    [
        "{count(numbers:[%s])}",
        "query($n:[Int]!=[%s]){count(numbers:$n)}",
        "{echo(value:{a:[%s]})}",
        "{hello @include(if:[%s])}",
    ],
)
async def test_list_literals_are_input(query: str) -> None:
    for size in (3, 4):
        found = Measure(parse(query % ("1," * size)), SMALL).errors
        codes = [(error.extensions or {})["code"] for error in found]
        assert codes == (["BAD_USER_INPUT"] if size > 3 else [])


@pytest.mark.parametrize(
    ("value", "problem"),
    [
        ([1] * 250, None),
        ([1] * 251, "251"),
        ({"a": [[], [1] * 251]}, "251"),
        ({f"k{i}": i for i in range(250)}, None),
        ({f"k{i}": i for i in range(251)}, "251"),
        ([[1] * 250] * 39, None),
        ([[1] * 250] * 40, "10,000"),
        ("a\0b", "NUL"),
        ([["\0"]], "NUL"),
        (None, None),
    ],
)
async def test_variables_are_checked_before_any_field_sees_them(
    value: Any, problem: str | None
) -> None:
    status, body = await toy.post(
        toy.door(),
        "query($v:JSON!){echo(value:$v)}",
        variables={"v": value},
    )
    if value is None:
        assert status == 400
    elif problem is None:
        assert body == {"data": {"echo": value}}
    else:
        assert status == 400
        assert body["errors"][0]["extensions"]["code"] == "BAD_USER_INPUT"
        assert problem in body["errors"][0]["message"]


def nested(levels: int) -> Any:
    """A list in a list in a list."""
    value: Any = 1
    for _ in range(levels):
        value = [value]
    return value


async def test_nesting_in_input_is_bounded() -> None:
    assert check_variables({"v": nested(50)}, Limits()) is None
    assert check_variables({"v": nested(51)}, Limits()) is not None
    for levels, refused in ((50, False), (51, True), (190, True)):
        literal = str(nested(levels)).replace(" ", "")
        assert bool(Measure(parse(f"{{echo(value:{literal})}}"), Limits()).errors) is refused


async def test_all_variables_together_are_bounded_also_those_that_nobody_declared() -> None:
    assert check_variables({f"v{i}": 1 for i in range(10_000)}, Limits()) is None
    assert check_variables({f"v{i}": 1 for i in range(10_001)}, Limits()) is not None
    assert check_variables({f"v{i}": [1] * 250 for i in range(40)}, Limits()) is not None


async def test_a_literal_object_is_bounded() -> None:
    for members, refused in ((250, False), (251, True)):
        literal = ",".join(f"k{i}:1" for i in range(members))
        assert bool(Measure(parse(f"{{echo(value:{{{literal}}})}}"), Limits()).errors) is refused


async def test_a_literal_nul_is_refused() -> None:
    status, body = await toy.post(toy.door(), r'{hello(name:"a\u0000b")}')
    assert (status, body["errors"][0]["extensions"]["code"]) == (400, "BAD_USER_INPUT")


# -- attacks -------------------------------------------------------------------------------------


def bomb(levels: int, body: str, last: str) -> str:
    """Fragments that each spread the next one twice: 2 ** levels when written out."""
    parts = [
        f"fragment f{i} on Thing{{{body.replace('F', f'...f{i + 1}')}}}" for i in range(levels)
    ]
    return "{thing{...f0}}" + "".join(parts) + f"fragment f{levels} on Thing{{{last}}}"


@pytest.mark.parametrize(
    ("body", "last", "limit"),
    [
        ("F F", "a:id", "aliases"),
        ("F F", "id", "selections"),
        ("F F", f"id {ON}", "directives"),
        ("child{F} x:child{F}", "id", "depth"),
        ("child{F} child{F}", "id", "depth"),
    ],
)
async def test_an_exponential_bomb_costs_as_much_as_its_text(
    body: str, last: str, limit: str
) -> None:
    shallow, deep = (Measure(parse(bomb(n, body, last)), Limits()) for n in (20, 40))
    assert limit in {(error.extensions or {})["limit"] for error in deep.errors}
    assert deep.visits < 500
    assert deep.visits < 2.2 * shallow.visits
    found = {(e.extensions or {})["limit"]: (e.extensions or {})["found"] for e in deep.errors}
    assert found.get("selections", CEILING) == CEILING


INLINE = "...{" + "child{id}" * 30 + "}"
MANY = {
    "inline": "{thing{things{" + INLINE * 16 + "}}}",
    "inline, in a fragment that nobody spreads": "{hello} fragment F on Thing{" + INLINE * 16 + "}",
    "under parents": "{thing{" + ("things{" + "child{id}" * 30 + "}") * 16 + "}}",
    "in fragments": "{thing{things{"
    + "".join(f"...f{i} " for i in range(60))
    + "}}}"
    + "".join(f"fragment f{i} on Thing{{{'id ' * 22}}}" for i in range(60)),
}


@pytest.mark.parametrize("name", MANY)
async def test_no_spelling_hides_repeats_from_the_count(name: str) -> None:
    """Validation would compare each of them with each other."""
    found = Measure(parse(MANY[name]), Limits(selections=CEILING))
    (error,) = found.errors
    assert (error.extensions or {})["limit"] == "repeats"
    assert found.visits < 5_000


SAME = "".join(f"fragment f{i:x} on Thing{{id}}" for i in range(26))
MERGED = {
    "spreads below repeated fields": "{thing{"
    + ("things{" + "".join(f"...f{i:x}" for i in range(26)) + "}") * 28
    + "}}"
    + SAME,
    "leaves that stand together": "{thing{" + "".join(f"a{i} " for i in range(64)) * 29 + "}}",
    "spreads of spreads": "{thing{"
    + "".join(f"...g{i:x}" for i in range(20))
    + "}}"
    + "".join(
        f"fragment g{i:x} on Thing{{" + "".join(f"...f{j:x}" for j in range(26)) + "}"
        for i in range(20)
    )
    + SAME,
}


@pytest.mark.parametrize("name", MERGED)
async def test_what_validation_would_compare_too_often_is_refused_before_it(name: str) -> None:
    found = Measure(parse(MERGED[name]), Limits(selections=CEILING))
    (error,) = found.errors
    assert (error.extensions or {})["limit"] == "comparisons"
    assert found.visits < 5_000


async def test_fragments_as_pages_use_them_are_compared_seldom() -> None:
    """Thirty components that each say what they need, some of them the same."""
    parts = [f"fragment f{i} on Thing{{id fullName line1 a{i}}}" for i in range(30)]
    page = "{thing{" + "".join(f"...f{i} " for i in range(30)) + "}}" + "".join(parts)
    found = Measure(parse(page), Limits())
    assert found.errors == []
    assert found.comparisons < Limits().comparisons / 3


async def test_what_hides_repeats_behind_endless_spreads_is_refused() -> None:
    """Cycles and empty fragments would let the look for repeats go on for ever."""
    cycle = "{thing{...A}} fragment A on Thing{" + "".join(f"x{i}:id " for i in range(30))
    empty = "".join(f"...e{i} " for i in range(99))
    spreads = "{" + "".join(f"child{i}{{...F}}" for i in range(250)) + "} fragment F on Thing{"
    spreads += empty + "}" + "".join(f"fragment e{i} on Thing{{...F}}" for i in range(99))
    for query in (cycle + "child{...A}}", spreads):
        found = Measure(parse(query), Limits(root_fields=1_000, selections=CEILING))
        (error,) = found.errors
        assert (error.extensions or {})["limit"] == "repeats"
        assert found.visits < 25_000


async def test_a_bomb_of_spreads_with_nothing_inside_is_harmless() -> None:
    empty = bomb(40, "F F", "__typename @skip(if: true)").replace("@skip(if: true)", "")
    found = Measure(parse(empty), Limits(selections=CEILING))
    assert found.visits < 500
    assert found.errors == []


@pytest.mark.parametrize(
    "cycle",
    [
        "{thing{...A}} fragment A on Thing{...A}",
        "{thing{...A}} fragment A on Thing{child{...B}} fragment B on Thing{child{...A}}",
        "{thing{...A ...B}} fragment A on Thing{...B ...C} fragment B on Thing{...A ...C} "
        "fragment C on Thing{...A ...B ...C id}",
        "{thing{...Nowhere}}",
    ],
)
async def test_cycles_and_unknown_fragments_end(cycle: str) -> None:
    assert Measure(parse(cycle), Limits()).visits < 60
    status, body = await toy.post(toy.door(), cycle)
    assert status == 400
    assert body["errors"][0]["extensions"]["code"] == "GRAPHQL_VALIDATION_FAILED"


async def test_deep_nesting_is_refused_without_recursion() -> None:
    for levels in (150, 600):
        status, body = await toy.post(toy.door(), "{thing" + "{child" * levels + "}" * levels + "}")
        assert status == 400
        assert body["errors"][0]["extensions"]["code"] in (
            "QUERY_TOO_COMPLEX",
            "GRAPHQL_PARSE_FAILED",
        )
    chain = "{thing{...f0}}" + "".join(
        f"fragment f{i} on Thing{{child{{child{{child{{...f{i + 1}}}}}}}}}" for i in range(55)
    )
    status, body = await toy.post(toy.door(), chain + "fragment f55 on Thing{id}")
    assert body["errors"][0]["extensions"] | {"requestId": ""} == {
        "code": "QUERY_TOO_COMPLEX",
        "limit": "depth",
        "found": 2 + 55 * 3,
        "allowed": 12,
        "remedy": "Ask for less at once: smaller pages, fewer fields, or several queries.",
        "docs": "/errors/QUERY_TOO_COMPLEX",
        "requestId": "",
    }
