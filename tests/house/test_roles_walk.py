"""Within one enterprise: nothing above a role's scopes is seen or done, whoever holds the role."""

from collections.abc import Awaitable, Callable, Iterator, Mapping
from datetime import timedelta
from typing import Any

import httpx2
import pytest

from api.guard import scope_of
from api.root import schema
from api.schema.scopes import PARENT, PUBLIC
from domain.accounts import identity, rules
from domain.accounts.models import SubAccountKind
from domain.iam.commands import create_role, create_sub_account
from domain.keys.commands import create_access_key
from domain.keys.rules import key_scopes
from tests.cast import NOW, PASSWORD, Cast
from tests.fixtures import Ask, Moment
from tests.house import walk
from tests.house.test_isolation import marks_of, secret_life, tables
from tests.keys.test_console_token import token

CORE: Any = schema()._schema
TYPES: Mapping[str, str] = {
    "Role": "iam:read",
    "SubAccount": "iam:read",
    "Invitation": "iam:read",
    "AccessKey": "key:read",
    "Entitlement": "entitlement:read",
    "Order": "order:read",
    "FinancialAccount": "bill:read",
    "LedgerEntry": "bill:read",
    "Recharge": "bill:read",
    "Bill": "bill:read",
    "UsageStat": "usage:read",
    "UsageRecord": "usage:read",
    "ServiceKey": "op.service_key:write",
    "SandboxLetter": "op.mail:read",
    "VerificationReview": "op.verification:review",
}
"""What each kind of thing needs, by whichever path it is reached."""

READS = sorted(scope for scope in rules.SCOPES if scope.endswith(":read"))
ROLES: Mapping[str, frozenset[str]] = {
    **rules.PRESETS,
    "nothing": frozenset(),
    **{f"only {scope}": frozenset({scope}) for scope in READS},
    "all but reads": rules.MAIN - rules.MAIN_ONLY - rules.PERSON - frozenset(READS),
}

Answer = Callable[..., Awaitable[dict[str, Any]]]
Walkers = Mapping[str, tuple[Answer, frozenset[str]]]


@pytest.fixture
async def persons(cast: Cast, ask: Ask, moment: Moment) -> Walkers:
    """A member of E1 for each role: how to ask as this person, and the scopes held."""
    hashed = await identity.hashed(PASSWORD)
    found: dict[str, tuple[Answer, frozenset[str]]] = {}
    for number, (name, scopes) in enumerate(ROLES.items()):
        role = await create_role(
            cast.ann(), name=f"walk {name}", console_scopes=sorted(scopes), api_grants=[]
        )
        who = f"walker-{number}"
        await create_sub_account(
            cast.ann(),
            kind=SubAccountKind.MEMBER,
            name=who,
            role_id=role.id,
            email=f"{who}@counterfoil.example",
            password=hashed,
        )
        moment.now = NOW + timedelta(minutes=number)

        async def one(document: str, who: str = who, **variables: str) -> dict[str, Any]:
            return dict(await ask(document, as_=who, **variables))

        await one("{ viewer { id } }")
        found[name] = (one, rules.role_scopes(sorted(scopes)))
    return found


@pytest.fixture
async def machines(cast: Cast, client: httpx2.AsyncClient) -> Walkers:
    """An application's key and a main key of E1, with tokens for the console."""
    main = await create_access_key(cast.ann(), name="walking-main")
    found: dict[str, tuple[Answer, frozenset[str]]] = {}
    for name, key_id, secret, scopes in (
        ("app", cast.key_id, cast.key_secret, key_scopes("[]")),
        ("main key", main.access_key.id, main.secret or "", key_scopes(None)),
    ):
        bearer = await token(client, key_id, secret, audience="console")

        async def one(document: str, bearer: str = bearer, **variables: str) -> dict[str, Any]:
            headers = {"authorization": f"Bearer {bearer}"}
            sent = {"query": document, "variables": variables}
            told = await client.post("/graphql", json=sent, headers=headers)
            return dict(told.json())

        found[name] = (one, scopes)
    return found


def seen(value: Any) -> Iterator[tuple[str, str]]:
    """(type, field) of everything in an answer of `walk` that is not null; ("Order", "") for it."""
    if isinstance(value, list):
        for one in value:
            yield from seen(one)
    elif isinstance(value, dict):
        if "__typename" in value:
            yield value["__typename"], ""
        for name, below in value.items():
            type_name, _, field = name.partition("_")
            if below is not None and field and not name.startswith("__"):
                yield type_name, field
            yield from seen(below)


def beyond(answer: Any, held: frozenset[str]) -> set[str]:
    """What an answer shows above the scopes of who asked."""
    found = set()
    for type_name, field in seen(answer.get("data")):
        needed = TYPES.get(type_name, PUBLIC) if not field else scope_of(type_name, field)
        if needed not in (PUBLIC, PARENT) and needed not in held:
            found.add(f"{type_name}.{field} needs {needed}")
    return found


@pytest.mark.usefixtures("unlimited")
async def test_nobody_sees_above_a_role(
    cast: Cast,
    persons: Walkers,
    machines: Walkers,
) -> None:
    await secret_life(cast)
    marks = sorted({m.partition("_")[0]: m for m in await marks_of(cast) if "_" in m}.values())
    shown: set[str] = set()
    for name, (answer, held) in {**persons, **machines}.items():
        for number, ids in enumerate(marks):
            for root, document in walk.documents(CORE, "query"):
                if number and "ID" not in str(CORE.query_type.fields[root].args):
                    continue
                told = await answer(document, ids=ids, key="r")
                assert "data" in told, (name, root, told)
                assert beyond(told, held) == set(), (name, root)
                shown.update(one for one, field in seen(told["data"]) if not field)

    assert {"Role", "SubAccount", "AccessKey", "Order", "Entitlement", "LedgerEntry"} <= shown


@pytest.mark.usefixtures("unlimited")
async def test_nobody_does_above_a_role_and_nothing_is_written(
    cast: Cast,
    persons: Walkers,
    machines: Walkers,
) -> None:
    await secret_life(cast)
    ids = cast.key_id
    before, tried = await tables(), 0
    for name, (answer, held) in {**persons, **machines}.items():
        for root, document in walk.documents(CORE, "mutation"):
            if scope_of("Mutation", root) in held:
                continue
            told = await answer(document, ids=ids, key=f"d {name}-{root}")
            code = _code(told, root)
            assert code in ("FORBIDDEN_SCOPE", "BAD_USER_INPUT"), (name, root, told)
            tried += code == "FORBIDDEN_SCOPE"

    assert tried > 100
    assert await tables() == before


def _code(told: dict[str, Any], root: str) -> str:
    if told.get("errors"):
        return str(told["errors"][0]["extensions"]["code"])
    found = told["data"][root]
    codes = [value for name, value in found.items() if name.endswith("_code")]
    return str(codes[0]) if codes else found["__typename"]


def test_the_rule_would_see_one() -> None:
    answer = {"data": {"node": {"__typename": "Order", "Order_id": "ord_1"}}}
    assert beyond(answer, frozenset()) == {"Order. needs order:read"}
    assert beyond(answer, frozenset({"order:read"})) == set()
