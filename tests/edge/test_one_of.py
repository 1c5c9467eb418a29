"""Inputs of which exactly one member is given, and the arguments that they supersede."""

from typing import Any

import pytest

from tests.cast import Cast
from tests.fixtures import Ask

BLAST = "query($s: BlastSubject!) { blastRadius(subject: $s) { calls } }"
LEAK = (
    "mutation($f: LeakedKey, $k: ID) { reportLeakedKey(source: {source}, found: $f, keyId: $k, "
    'idempotencyKey: "k") { __typename ... on InvalidProblem { field reason } } }'
).replace("{source}", '"a page"')


async def test_one_member_is_taken(cast: Cast, ask: Ask) -> None:
    new = await ask(BLAST, as_="ann", s={"keyId": cast.key_id})
    old = await ask(f'{{ blastRadius(keyId: "{cast.key_id}") {{ calls }} }}', as_="ann")
    assert new["data"]["blastRadius"] == old["data"]["blastRadius"] == {"calls": 0}


@pytest.mark.parametrize(
    "given", [{}, {"keyId": "a", "roleId": "b"}, {"keyId": None}, {"keyId": "a", "roleId": None}]
)
async def test_none_or_two_are_refused(ask: Ask, given: dict[str, Any]) -> None:
    literal = ", ".join(f"{k}: {'null' if v is None else repr(v)}" for k, v in given.items())
    literal = literal.replace("'", '"')
    by_variable = await ask(BLAST, as_="ann", s=given)
    by_literal = await ask(f"{{ blastRadius(subject: {{{literal}}}) {{ calls }} }}", as_="ann")
    codes = [one["errors"][0]["extensions"]["code"] for one in (by_variable, by_literal)]
    assert codes == ["BAD_USER_INPUT", "GRAPHQL_VALIDATION_FAILED"]


async def test_old_and_new_do_not_go_together(cast: Cast, ask: Ask) -> None:
    both = await ask(LEAK, as_="op-tan", f={"keyId": cast.key_id}, k=cast.key_id)
    assert both["data"]["reportLeakedKey"]["field"] == "found"


async def test_a_leak_is_reported_either_way(cast: Cast, ask: Ask) -> None:
    new = await ask(LEAK, as_="op-tan", f={"keyId": cast.key_id})
    assert new["data"]["reportLeakedKey"] == {"__typename": "LeakReport"}
    again = await ask(LEAK, as_="op-tan", k=cast.key_id)
    assert again["data"]["reportLeakedKey"] == {"__typename": "LeakReport"}


async def test_one_of_is_seen_by_introspection(ask: Ask) -> None:
    asked = '{ __type(name: "LeakedKey") { isOneOf inputFields { name } } }'
    assert (await ask(asked, as_="ann"))["data"]["__type"]["isOneOf"] is True
