"""Documents called by id or hash, and callers that are limited to them."""

import json
from typing import Any

import httpx2
import pytest

from api.app import create_app
from api.execution.automatic import digest
from api.runtime import Runtime
from domain.kernel.errors import Invalid
from domain.operations.commands import register_operations
from domain.operations.errors import DocumentIdTaken
from domain.operations.models import TrustedDocument
from domain.operations.rules import NewDocument
from tests.cast import Cast
from tests.fixtures import Ask
from tests.racing import at_once

GRAPHQL = "application/graphql-response+json"
VIEWER = "query Viewer{viewer{kind}}"
PRODUCT = "query Product($c:String!){product(code:$c){code}}"
LOG_OUT = "mutation LogOut{logOut{__typename}}"


async def send(client: httpx2.AsyncClient, **body: Any) -> httpx2.Response:
    return await client.post("/graphql", json=body, headers={"accept": GRAPHQL})


def code_of(answer: httpx2.Response) -> str:
    (error,) = answer.json()["errors"]
    return str(error["extensions"]["code"])


@pytest.fixture
async def registered(cast: Cast) -> None:
    """Three documents, under ids of their client's own making."""
    texts = {"v1": ("Viewer", VIEWER), "p1": ("Product", PRODUCT), "m1": ("LogOut", LOG_OUT)}
    await register_operations(
        cast.system(),
        manifest="web",
        version="7",
        documents=[
            NewDocument(id, digest(text), name, text.partition(" ")[0], text)
            for id, (name, text) in texts.items()
        ],
    )


# -- by id ---------------------------------------------------------------------------------------


@pytest.mark.usefixtures("registered")
async def test_a_document_is_called_by_its_id(client: httpx2.AsyncClient) -> None:
    by_id = await send(client, documentId="p1", variables={"c": "id-ocr"})
    by_digest = await send(client, documentId=f"sha256:{digest(VIEWER)}")
    params = {"documentId": "p1", "variables": json.dumps({"c": "id-ocr"})}
    by_get = await client.get("/graphql", params=params, headers={"accept": GRAPHQL})

    assert by_id.json()["data"] == by_get.json()["data"] == {"product": {"code": "id-ocr"}}
    assert by_digest.json()["data"] == {"viewer": None}


@pytest.mark.usefixtures("registered")
async def test_a_registered_operation_is_counted_by_its_name(client: httpx2.AsyncClient) -> None:
    await send(client, query=PRODUCT.replace("Product", "Strangers"), variables={"c": "x"})
    await send(client, documentId="p1", variables={"c": "id-ocr"})
    told = (await client.get("/metrics")).text
    assert 'counterfoil_graphql_operations_total{operation="Product"}' in told
    assert '{operation="Strangers"}' not in told


@pytest.mark.usefixtures("registered")
async def test_an_unknown_id_is_one_typed_error(client: httpx2.AsyncClient) -> None:
    for id in ("p2", "sha256:" + "0" * 64, "sha256:", "'; --", "é" * 100, "x" * 200):
        answer = await send(client, documentId=id)
        assert (answer.status_code, code_of(answer)) == (400, "PERSISTED_QUERY_NOT_FOUND"), id
    for body in (
        {"documentId": "p1", "query": VIEWER},
        {"documentId": ""},
        {"documentId": "x" * 201},
    ):
        answer = await send(client, **body)
        assert (answer.status_code, code_of(answer)) == (400, "BAD_USER_INPUT")


@pytest.mark.usefixtures("registered")
async def test_a_registered_mutation_by_get_is_405(client: httpx2.AsyncClient) -> None:
    answer = await client.get("/graphql", params={"documentId": "m1"})
    assert answer.status_code == 405


@pytest.mark.usefixtures("registered")
async def test_a_registered_document_is_read_once(
    client: httpx2.AsyncClient, statements: Any
) -> None:
    await send(client, documentId="v1")
    with statements() as counted:
        await send(client, documentId="v1")
    assert counted.count == 0


@pytest.mark.usefixtures("registered")
async def test_what_is_registered_now_is_found_at_once(
    client: httpx2.AsyncClient, cast: Cast
) -> None:
    text = "query Later{viewer{kind}}"
    assert code_of(await send(client, documentId="l1")) == "PERSISTED_QUERY_NOT_FOUND"
    again = NewDocument("l1", digest(text), "Later", "query", text)
    for counts in ((1, 0), (0, 1)):
        row = await register_operations(
            cast.system(), manifest="web", version="8", documents=[again]
        )
        assert (row.added, row.known) == counts
    assert (await send(client, documentId="l1")).status_code == 200
    other = NewDocument("l1", digest(VIEWER), "Viewer", "query", VIEWER)
    fresh = NewDocument("l2", digest(VIEWER), "Viewer", "query", VIEWER)
    with pytest.raises(DocumentIdTaken):
        await register_operations(
            cast.system(), manifest="web", version="9", documents=[fresh, other]
        )
    assert not await TrustedDocument.exists(id="l2")


async def test_releases_that_register_at_one_moment_are_one_effect(cast: Cast) -> None:
    """The same documents in another order, and one release that means another text by an id."""
    mine = [NewDocument(f"r{n}", digest(VIEWER), "Viewer", "query", VIEWER) for n in range(40)]
    other = [*mine[1:], NewDocument("r0", digest(PRODUCT), "Product", "query", PRODUCT)]

    ended = await at_once(
        *(
            register_operations(cast.system(), manifest="web", version=str(n), documents=documents)
            for n, documents in enumerate([mine, mine[::-1], mine, other[::-1], mine])
        )
    )

    taken = (await TrustedDocument.get(id="r0")).name == "Product"
    assert ended.count("DOCUMENT_ID_TAKEN") == (4 if taken else 1)
    assert set(ended) == {"OK", "DOCUMENT_ID_TAKEN"}
    assert await TrustedDocument.filter(id__startswith="r").count() == 40


async def test_no_document_takes_the_digest_of_another(cast: Cast) -> None:
    """What `sha256:` names never changes: not even while that text is not registered."""
    taken = NewDocument(f"sha256:{digest(PRODUCT)}", digest(VIEWER), "Viewer", "query", VIEWER)

    with pytest.raises(Invalid, match="another text"):
        await register_operations(cast.system(), manifest="web", version="8", documents=[taken])
    assert not await TrustedDocument.exists(id=taken.id)


# -- who may run what ----------------------------------------------------------------------------

LIMIT_ROLE = """mutation($id:ID!,$names:[String!]){updateRole(id:$id,allowedOperations:$names){
  ... on Role{allowedOperations} ... on Problem{code message}}}"""


async def role_of(cast: Cast, ask: Ask) -> str:
    found = await ask("{subAccounts{nodes{name role{id}}}}", as_="ann")
    nodes = found["data"]["subAccounts"]["nodes"]
    return str(next(one["role"]["id"] for one in nodes if one["name"] == "dev-chen"))


@pytest.mark.usefixtures("registered")
async def test_a_limited_role_runs_its_operations_and_nothing_else(cast: Cast, ask: Ask) -> None:
    assert "errors" not in await ask("{viewer{kind}}", as_="dev-chen")
    role = await role_of(cast, ask)
    limited = await ask(LIMIT_ROLE, as_="ann", id=role, names=["Viewer", "Viewer"])
    assert limited["data"]["updateRole"] == {"allowedOperations": ["Viewer"]}

    assert "errors" not in await ask(VIEWER, as_="dev-chen")
    for text, code in (
        ("{viewer{kind}}", "DOCUMENT_NOT_TRUSTED"),
        ("query Viewer{viewer{id}}", "DOCUMENT_NOT_TRUSTED"),  # a name is not enough
        (LOG_OUT, "OPERATION_NOT_ALLOWED"),
        ("{__schema{queryType{name}}}", "DOCUMENT_NOT_TRUSTED"),
    ):
        (error,) = (await ask(text, as_="dev-chen"))["errors"]
        assert error["extensions"]["code"] == code, text
    assert "errors" not in await ask("{viewer{kind}}", as_="cfo-lu")
    lifted = await ask(LIMIT_ROLE, as_="ann", id=role, names=[])
    assert lifted["data"]["updateRole"] == {"allowedOperations": None}
    assert "errors" not in await ask("{viewer{kind}}", as_="dev-chen")


@pytest.mark.usefixtures("registered")
async def test_a_role_is_limited_to_what_is_registered(cast: Cast, ask: Ask) -> None:
    role = await role_of(cast, ask)
    for names in (["Nowhere"], ["not a name"], [f"A{n}" for n in range(251)]):
        found = await ask(LIMIT_ROLE, as_="ann", id=role, names=names)
        problem = (found.get("data") or {}).get("updateRole") or found["errors"][0]["extensions"]
        assert problem["code"] == "BAD_USER_INPUT"


LIMIT_KEY = """mutation($id:ID!,$names:[String!]){updateAccessKey(id:$id,allowedOperations:$names){
  ... on AccessKey{allowedOperations} ... on Problem{code message}}}"""


@pytest.mark.usefixtures("registered")
async def test_a_limited_key_runs_its_operations_and_nothing_else(
    cast: Cast, ask: Ask, client: httpx2.AsyncClient
) -> None:
    token = await console_token(client, cast)
    headers = {"authorization": f"Bearer {token}", "accept": GRAPHQL}

    async def run(query: str) -> str:
        answer = await client.post("/graphql", json={"query": query}, headers=headers)
        return "OK" if "data" in answer.json() else code_of(answer)

    assert await run("{viewer{kind}}") == "OK"
    for names, codes in (
        (["Viewer"], ["OK", "OPERATION_NOT_ALLOWED", "DOCUMENT_NOT_TRUSTED"]),
        (["LogOut", "Viewer"], ["OK", "OK", "DOCUMENT_NOT_TRUSTED"]),
        ([], ["OK", "OK", "OK"]),
    ):
        changed = await ask(LIMIT_KEY, as_="ann", id=cast.key_id, names=names)
        assert changed["data"]["updateAccessKey"] == {"allowedOperations": names or None}
        assert [await run(text) for text in (VIEWER, LOG_OUT, "{viewer{kind}}")] == codes
        assert await run("{secrets{id}}") == (codes[2] if names else "GRAPHQL_VALIDATION_FAILED")


async def console_token(client: httpx2.AsyncClient, cast: Cast) -> str:
    sent = {"grant_type": "client_credentials", "audience": "console"}
    answer = await client.post("/oauth/token", data=sent, auth=(cast.key_id, cast.key_secret))
    return str(answer.json()["access_token"])


@pytest.mark.usefixtures("registered")
@pytest.mark.parametrize(
    ("whom", "stranger", "member"),
    [("nobody", 200, 200), ("strangers", 403, 200), ("everybody", 403, 403)],
)
async def test_only_trusted_documents_may_be_the_rule(
    runtime: Runtime, client: httpx2.AsyncClient, cast: Cast, whom: str, stranger: int, member: int
) -> None:
    bearer = {"authorization": f"Bearer {await console_token(client, cast)}", "accept": GRAPHQL}
    runtime.settings = runtime.settings.model_copy(update={"trusted_only": whom})
    transport = httpx2.ASGITransport(app=create_app(runtime, connected=True))
    async with httpx2.AsyncClient(transport=transport, base_url="http://test") as strict:
        for headers, status in (({"accept": GRAPHQL}, stranger), (bearer, member)):
            invalid = 403 if status == 403 else 400
            for text, expected in (
                ("{viewer{kind}}", status),
                (VIEWER, 200),
                ("{secrets{id}}", invalid),
                ("{", invalid),
            ):
                sent = {"query": text}
                answer = await strict.post("/graphql", json=sent, headers=headers)
                assert answer.status_code == expected, answer.text
                if expected == 403:
                    assert code_of(answer) == "DOCUMENT_NOT_TRUSTED"
