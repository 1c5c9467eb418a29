"""What the door says of its own when it refuses: in English or Chinese, and with a remedy."""

from typing import Any
from urllib.parse import quote

import httpx2
import orjson
import pytest

from api.execution.limits import Limits
from domain.kernel.words import HEAD, TAIL
from tests.execution import toy
from tests.execution.test_limits import BOUNDARIES, SMALL
from tests.execution.toy import GRAPHQL, HELLO, JSON_TYPE
from tests.fixtures import Ask

BAD = "BAD_USER_INPUT"
BROWSER = "text/html,application/xhtml+xml,*/*;q=0.8"
MUCH = "name description fields{name description args{name type{name kind}} type{name kind}}"
COMPLEX = "QUERY_TOO_COMPLEX"
TWO = "query A{__typename} query B{__typename}"


def post(query: Any = "{__typename}", **members: Any) -> dict[str, Any]:
    return {"content": orjson.dumps({"query": query, **members})}


def get(**parameters: str) -> dict[str, Any]:
    return {"method": "GET", "params": parameters}


def raw(content: bytes, **headers: str) -> dict[str, Any]:
    return {
        "content": content,
        "headers": {name.replace("_", "-"): value for name, value in headers.items()},
    }


def persisted(**members: Any) -> dict[str, Any]:
    return post("{__typename}", extensions={"persistedQuery": members})


SAID: dict[str, tuple[dict[str, Any], int, str]] = {
    "another method": ({"method": "PUT"}, 405, BAD),
    "a mutation by GET": (get(query="mutation{logOut{__typename}}"), 405, BAD),
    "another answer": (raw(HELLO, accept="text/plain"), 406, BAD),
    "another body": (raw(HELLO, content_type="text/plain"), 415, BAD),
    "a packed body": (raw(HELLO, content_encoding="gzip"), 415, BAD),
    "a body too large": (raw(b" " * 1_000_001), 413, BAD),
    "no JSON": (raw(b"{"), 400, BAD),
    "a batch": (raw(b"[" + HELLO + b"]"), 400, BAD),
    "no object": (raw(b"1"), 400, BAD),
    "no query": (raw(b"{}"), 400, BAD),
    "no name": (post(operationName=1), 400, BAD),
    "no variables": (post(variables=[]), 400, BAD),
    "no extensions": (post(extensions=[]), 400, BAD),
    "no id": (post(documentId=1), 400, BAD),
    "a parameter twice": ({"method": "GET", "url": "/graphql?query=a&query=b"}, 400, BAD),
    "a parameter without JSON": (get(query="{a}", variables="{"), 400, BAD),
    "a URL that is none": ({"method": "GET", "url": "/graphql?query=%ff"}, 400, BAD),
    "a subscription alone": (post("subscription{accountEvents{__typename}}"), 400, BAD),
    "several operations": (post(TWO), 400, BAD),
    "an operation that is not there": (post(TWO, operationName="C"), 400, BAD),
    "query and id": (post(documentId="x"), 400, BAD),
    "a hash without version": (persisted(sha256Hash="0" * 64), 400, BAD),
    "the hash of another": (persisted(version=1, sha256Hash="0" * 64), 400, BAD),
    "an unknown id": (raw(b'{"documentId":"x"}'), 400, "PERSISTED_QUERY_NOT_FOUND"),
    "a long text": (post("#" * 20_001), 400, COMPLEX),
    "many tokens": (post("{" + "a " * 2_000 + "}"), 400, COMPLEX),
    "a dear query": (
        post("{products(first:100){nodes{apis{code} plans{price{tiers{upTo}}}}}}"),
        400,
        COMPLEX,
    ),
    "much introspection": (
        post("{" + "".join(f"a{i}:__schema{{types{{{MUCH}}}}}" for i in range(20)) + "}"),
        400,
        COMPLEX,
    ),
    "a long list": (post("{hello(a:[" + "1 " * 251 + "])}"), 400, BAD),
    "a deep object": (post("{hello(a:" + "{a:" * 51 + "1" + "}" * 51 + ")}"), 400, BAD),
    "NUL in a text": (post('{hello(a:"\\u0000")}'), 400, BAD),
    "a long list in a variable": (post(variables={"v": [0] * 251}), 400, BAD),
    "an object in a variable": (post(variables={"v": {str(i): 0 for i in range(251)}}), 400, BAD),
    "NUL in a variable": (post(variables={"v": "\0"}), 400, BAD),
    "many values": (post(variables={"v": [[0] * 250] * 41}), 400, BAD),
    "a page too large": (post("{products(first:101){nodes{code}}}"), 200, BAD),
    "two ends of a page": (post("{products(first:1,last:1){nodes{code}}}"), 200, BAD),
    "a foreign cursor": (post('{products(after:"x"){nodes{code}}}'), 200, BAD),
}
LIBRARY: dict[str, tuple[dict[str, Any], int, str]] = {
    "a syntax error": (post("{"), 400, "GRAPHQL_PARSE_FAILED"),
    "an unknown field": (post("{nothing}"), 400, "GRAPHQL_VALIDATION_FAILED"),
    "a variable that is missing": (post("query($c:ID!){node(id:$c){id}}"), 400, BAD),
}
"""What graphql-core says keeps its words, which are those of the specification's reference."""


async def asked(http: httpx2.AsyncClient, request: dict[str, Any], language: str) -> Any:
    """The status and the one error of an answer in a language."""
    usual = {"accept": GRAPHQL, "content-type": JSON_TYPE, "accept-language": language}
    given: dict[str, Any] = {"method": "POST", "url": "/graphql", **request}
    given["headers"] = usual | request.get("headers", {})
    answer = await http.request(**given)
    (error,) = answer.json()["errors"]
    return answer.status_code, error


def is_chinese(text: str) -> bool:
    return any("\u4e00" <= letter <= "\u9fff" for letter in text) and text.endswith("。")


def the_same(error: dict[str, Any]) -> dict[str, Any]:
    """What an error says in no language."""
    facts = {k: v for k, v in error["extensions"].items() if k not in ("remedy", "requestId")}
    return {"facts": facts, "at": error.get("locations"), "path": error.get("path")}


@pytest.mark.parametrize("name", SAID)
async def test_each_caller_is_told_in_their_language_what_to_do(
    client: httpx2.AsyncClient, name: str
) -> None:
    request, status, code = SAID[name]
    english = await asked(client, request, "en")
    chinese = await asked(client, request, "zh-CN,zh;q=0.9")

    for answered, error in (english, chinese):
        assert (answered, error["extensions"]["code"]) == (status, code)
        assert error["extensions"]["docs"] == f"/errors/{code}"
    assert english[1]["message"].isascii()
    assert english[1]["extensions"]["remedy"].isascii()
    assert is_chinese(chinese[1]["message"])
    assert is_chinese(chinese[1]["extensions"]["remedy"])
    assert the_same(english[1]) == the_same(chinese[1])
    again = await asked(client, request, "en")  # what is remembered of a document is told anew
    assert again[1]["message"] == english[1]["message"]


@pytest.mark.parametrize("name", LIBRARY)
async def test_the_librarys_words_stay_and_come_with_a_remedy(
    client: httpx2.AsyncClient, name: str
) -> None:
    request, status, code = LIBRARY[name]
    english = await asked(client, request, "en")
    chinese = await asked(client, request, "zh")

    assert (english[0], chinese[0]) == (status, status)
    assert english[1]["message"] == chinese[1]["message"]
    assert the_same(english[1]) == the_same(chinese[1])
    assert chinese[1]["extensions"]["code"] == code
    assert english[1]["extensions"]["remedy"].isascii()
    assert is_chinese(chinese[1]["extensions"]["remedy"])
    assert (await client.get(english[1]["extensions"]["docs"])).status_code == 200


async def chinese(request: Any) -> toy.Context:
    return toy.Context(language="zh")


@pytest.mark.parametrize("name", BOUNDARIES)
async def test_every_limit_has_a_name_in_chinese(name: str) -> None:
    _, body = await toy.post(toy.door(chinese, limits=SMALL), BOUNDARIES[name][1])
    error = body["errors"][0]
    assert is_chinese(error["message"])
    assert f"{error['extensions']['found']:,}" in error["message"]
    assert not any(word in error["message"] for word in Limits.__dataclass_fields__)


async def test_a_reason_is_told_in_the_language_of_its_sentence(
    client: httpx2.AsyncClient,
) -> None:
    said = [
        (await asked(client, post("{products(last:0){nodes{code}}}"), language))[1]["message"]
        for language in ("en", "zh")
    ]
    assert said == ["last: must be from 1 to 100.", "last 的值不可用:须为 1 到 100。"]


async def test_a_problem_tells_its_reason_in_the_callers_language(
    client: httpx2.AsyncClient,
) -> None:
    query = (
        'mutation{signUp(email:"no",password:"fourteen letters",enterprise:"x")'
        "{...on InvalidProblem{field reason message messageZh}}}"
    )
    found = [
        (
            await client.post("/graphql", json={"query": query}, headers={"accept-language": one})
        ).json()["data"]["signUp"]
        for one in ("en", "zh")
    ]
    assert [one["reason"] for one in found] == ["is not an e-mail address", "不是电子邮箱地址"]
    assert {one["message"] for one in found} == {"email: is not an e-mail address."}
    assert {one["messageZh"] for one in found} == {"email 的值不可用:不是电子邮箱地址。"}


async def test_a_thing_that_is_not_there_is_named_in_both_languages(ask: Ask) -> None:
    query = (
        'mutation{cancelOrder(orderId:"ord_x",idempotencyKey:"k")'
        "{...on NotFoundProblem{message messageZh}}}"
    )
    assert (await ask(query, as_="ann"))["data"]["cancelOrder"] == {
        "message": "No order matches ord_x.",
        "messageZh": "未找到与 ord_x 对应的订单。",
    }


@pytest.mark.parametrize(
    "variables",
    [{"s": {"x" * 900_000: 1}}, {"s": "y" * 900_000}, {"s": {"key": ["z" * 900_000]}}],
)
async def test_a_long_text_of_the_caller_is_not_sent_back(
    client: httpx2.AsyncClient, variables: dict[str, Any]
) -> None:
    query = "query($s:BlastSubject){blastRadius(subject:$s){__typename}}"
    answer = await client.post("/graphql", json={"query": query, "variables": variables})
    message = answer.json()["errors"][0]["message"]
    assert len(answer.content) < 2_000
    assert len(message) <= HEAD + 1 + TAIL


async def test_a_long_id_is_not_sent_back_by_a_refusal(client: httpx2.AsyncClient) -> None:
    query = "query($c:String!){product(code:$c){code} products(after:$c){nodes{code}}}"
    answer = await client.post("/graphql", json={"query": query, "variables": {"c": "x" * 90_000}})
    assert len(answer.content) < 2_000


async def test_what_is_wrong_stands_at_the_end_of_a_message_that_was_cut(
    client: httpx2.AsyncClient,
) -> None:
    name = "x" * 19_000
    _, error = await asked(client, post("{" + name + "}"), "en")
    assert error["message"] == f"Cannot query field '{'x' * (HEAD - 20)}…{error['message'][251:]}"
    assert error["message"].endswith("xxx' on type 'Query'.")
    assert error["locations"] == [{"line": 1, "column": 2}]


@pytest.mark.parametrize("name", ["query", "%71uery", "quer%79", "%71%75%65%72%79"])
async def test_a_browser_that_asks_gets_the_answer_however_the_name_is_written(
    client: httpx2.AsyncClient, name: str
) -> None:
    answer = await client.get(
        f"/graphql?{name}={quote('{__typename}')}", headers={"accept": BROWSER}
    )
    assert answer.headers["content-type"].startswith(JSON_TYPE)
    assert answer.json()["data"] == {"__typename": "Query"}


@pytest.mark.parametrize("parameters", ["", "?subquery=1", "?next=%26query%3Da", "?%2571uery=a"])
async def test_a_browser_that_asks_nothing_gets_the_page(
    client: httpx2.AsyncClient, parameters: str
) -> None:
    answer = await client.get(f"/graphql{parameters}", headers={"accept": BROWSER})
    assert answer.headers["content-type"].startswith("text/html")
