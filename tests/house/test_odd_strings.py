"""Every text that the schema takes is given texts that no driver, parser or log expects."""

import json
from collections.abc import Iterator
from datetime import timedelta
from itertools import count
from typing import Any

import httpx2
import pytest
from graphql import (
    GraphQLEnumType,
    GraphQLField,
    GraphQLInputObjectType,
    GraphQLList,
    GraphQLNonNull,
    get_named_type,
    is_leaf_type,
)

from api.guard import scope_of
from api.root import schema
from tests.cast import NOW, PASSWORD, Cast
from tests.fixtures import Moment, email_of, show_second_factor

CORE: Any = schema()._schema
ODD = {
    "nul": "\x00",
    "lone surrogate": "a\ud800",
    "chinese and emoji": "密钥🔑é",
    "controls": "\x1b[31m\x7f\u202e",
    "15 kB": "x" * 15_000,
    "empty": "",
}
PLAIN = {"Int": 1, "BigInt": 1, "Boolean": True, "DateTime": "2027-01-01T00:00:00Z"}
LEAKS = ("INTERNAL", "Traceback", "asyncpg", "sqlite", "tortoise", "psycopg")
STAFF = ("op-tan", "fin-qiu")
SOUND = {"amount": "1.00", "email": "new@firm.example", "password": "rather a long one"}
NUMBERS = count()


def value(type_: Any, text: str) -> Any:
    """A value of a type, with `text` for each text in it."""
    if isinstance(type_, GraphQLNonNull):
        return value(type_.of_type, text)
    if isinstance(type_, GraphQLList):
        return [value(type_.of_type, text)]
    if isinstance(type_, GraphQLEnumType):
        return next(iter(type_.values))
    if isinstance(type_, GraphQLInputObjectType):
        return {name: value(field.type, text) for name, field in type_.fields.items()}
    return PLAIN.get(type_.name, text)


def takes_text(type_: Any) -> bool:
    named = get_named_type(type_)
    if isinstance(named, GraphQLInputObjectType):
        return any(takes_text(field.type) for field in named.fields.values())
    return not isinstance(named, GraphQLEnumType) and named.name not in PLAIN


def fields() -> Iterator[tuple[str, str, GraphQLField]]:
    """(query or mutation, name, field) of every root field that takes a text."""
    for kind, root in (("query", CORE.query_type), ("mutation", CORE.mutation_type)):
        for name, field in root.fields.items():
            if any(takes_text(one.type) for one in field.args.values()):
                yield kind, name, field


def asked(kind: str, name: str, field: GraphQLField) -> str:
    """A document that gives each argument by a variable."""
    given = {one: arg for one, arg in field.args.items() if one not in ("last", "before")}
    declared = ", ".join(f"${one}: {arg.type}" for one, arg in given.items())
    passed = ", ".join(f"{one}: ${one}" for one in given)
    below = "" if is_leaf_type(get_named_type(field.type)) else "{ __typename }"
    return f"{kind}({declared}) {{ {name}({passed}) {below} }}"


def plain(name: str, type_: Any) -> Any:
    """What a caller could well send, so that the odd text beside it is reached."""
    if isinstance(type_.of_type, GraphQLList):
        return []
    if name == "idempotencyKey":
        return f"key-{next(NUMBERS)}"
    return value(type_, SOUND.get(name, "id-ocr"))


def variables(field: GraphQLField, odd: str) -> Iterator[dict[str, Any]]:
    """The odd text in each argument by itself, and in all of them together."""
    texts = {one: arg.type for one, arg in field.args.items() if takes_text(arg.type)}
    texts.pop("before", None)
    for strange in texts:
        needed = {
            one: plain(one, arg.type)
            for one, arg in field.args.items()
            if isinstance(arg.type, GraphQLNonNull)
        }
        yield needed | {strange: value(texts[strange], odd)}
    yield needed | {one: value(type_, odd) for one, type_ in texts.items()}


@pytest.mark.parametrize("odd", ODD)
async def test_an_odd_text_is_answered_and_never_a_bug(
    cast: Cast, client: httpx2.AsyncClient, moment: Moment, odd: str
) -> None:
    """Bound it and refuse it in the command or query that the failing field calls."""
    found, sent = [], 0
    heads = {who: await headers(client, who) for who in ("ann", *STAFF)}
    for kind, name, field in fields():
        staff = scope_of(kind.capitalize(), name).startswith("op.")
        for who in STAFF if staff else ("ann",):
            for given in variables(field, ODD[odd]):
                moment.now += timedelta(seconds=4)  # else the slowing of guesses answers
                body = {"query": asked(kind, name, field), "variables": given}
                answer = await client.post(
                    "/graphql", content=json.dumps(body).encode(), headers=heads[who]
                )
                sent += 1
                if answer.status_code >= 500 or any(one in answer.text for one in LEAKS):
                    found.append((name, given, answer.text[:200]))
    assert found == []
    assert sent > 100


async def headers(client: httpx2.AsyncClient, who: str) -> dict[str, str]:
    """Those of somebody who has logged in and shown the second factor."""
    query = (
        "mutation($e: String!, $p: String!) { logIn(email: $e, password: $p)"
        " { ... on OpenedSession { token } } }"
    )
    body = {"query": query, "variables": {"e": email_of(who), "p": PASSWORD}}
    token = (await client.post("/graphql", json=body)).json()["data"]["logIn"]["token"]
    await show_second_factor(who, NOW + timedelta(days=4000))
    return {"authorization": f"Bearer {token}", "content-type": "application/json"}
