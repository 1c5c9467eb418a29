"""What callers read of what went wrong, and what only the log may know."""

from typing import Any

import orjson
import pytest
import structlog
from starlette.responses import Response

from api import errors
from domain.kernel.errors import (
    Conflict,
    Exhausted,
    ForbiddenScope,
    Invalid,
    NotFound,
    RateLimited,
    Refusal,
    Unauthenticated,
)
from domain.kernel.words import Phrase
from tests.execution import toy

MASK = "Something went wrong on our side; quote the request id."


@pytest.fixture
def logged() -> Any:
    """What is logged while the test runs."""
    with structlog.testing.capture_logs() as lines:
        yield lines


async def one_error(query: str, **members: Any) -> dict[str, Any]:
    """The only error that the toy answers `query` with."""
    _, body = await toy.post(toy.door(), query, **members)
    (error,) = body["errors"]
    found: dict[str, Any] = error
    return found


async def test_a_refusal_says_what_to_do(logged: list[Any]) -> None:
    assert await one_error("{missing}") == {
        "message": "No thing matches t9.",
        "locations": [{"line": 1, "column": 2}],
        "path": ["missing"],
        "extensions": {
            "code": "NOT_FOUND",
            "remedy": "Check the id; list what you can see with the matching query.",
            "docs": "/errors/NOT_FOUND",
            "requestId": "req-1",
        },
    }
    assert (await one_error("{throttled}"))["extensions"]["retryAfter"] == 7
    assert logged == []


async def test_a_refusal_speaks_the_callers_language() -> None:
    async def chinese(request: Any) -> toy.Context:
        return toy.Context(language="zh")

    _, body = await toy.post(toy.door(chinese), "{missing bug}")
    told, bug = body["errors"]
    assert told["message"] == "未找到与 t9 对应的thing。"
    assert "列表查询" in told["extensions"]["remedy"]
    assert "请求编号" in bug["message"]
    assert "重试" in bug["extensions"]["remedy"]


@pytest.mark.parametrize("field", ["bug", "asyncBug", "bareError", "overflow"])
async def test_a_bug_is_masked_and_logged_once(field: str, logged: list[Any]) -> None:
    error = await one_error(f"{{{field}}} #" + "x" * 5_000)
    assert error["message"] == MASK
    assert error["path"] == [field]
    assert error["extensions"] == {
        "code": "INTERNAL_SERVER_ERROR",
        "remedy": "Repeat the request; if it fails again, send us the request id.",
        "docs": "/errors/INTERNAL_SERVER_ERROR",
        "requestId": "req-1",
    }
    (line,) = logged
    assert line["request_id"] == "req-1"
    assert line["query"].startswith(f"{{{field}}}")
    assert len(line["query"]) == 1_024
    assert line["error"]
    assert ".py" in line["trace"]
    assert len(line["trace"]) <= 2_500


async def test_nothing_of_ours_reaches_the_answer(logged: list[Any]) -> None:
    async with toy.client(toy.door()) as http:
        answer = await http.post("/graphql", json={"query": "{bug asyncBug bareError overflow}"})
    for word in ("secret", "table", "KeyError", "Traceback", "Int cannot", ".py", "1099511627776"):
        assert word not in answer.text
    assert len(logged) == 4


async def test_at_most_five_errors_and_one_line_per_distinct_bug(logged: list[Any]) -> None:
    query = "{" + " ".join(f"b{i}:bug(number:{i})" for i in range(15)) + "}"
    _, body = await toy.post(toy.door(), query)
    assert len(body["errors"]) == 5
    assert len(body["data"]) == 15
    assert len(logged) == 1


async def test_what_a_resolver_says_with_a_code_is_kept(logged: list[Any]) -> None:
    error = await one_error("{said}")
    assert (error["message"], error["extensions"]["code"]) == ("Too far.", "BAD_USER_INPUT")
    assert logged == []


async def test_an_answer_that_is_no_json_is_masked(logged: list[Any]) -> None:
    status, body = await toy.post(toy.door(), "{surrogate}")
    assert status == 500
    assert body["errors"][0]["message"] == MASK
    assert len(logged) == 1


@pytest.mark.parametrize(
    ("query", "variables", "code"),
    [
        ("{", {}, "GRAPHQL_PARSE_FAILED"),
        ('{hello(name:"\ud7ff', {}, "GRAPHQL_PARSE_FAILED"),
        ("type A{b:C}", {}, "GRAPHQL_VALIDATION_FAILED"),
        ("{nothing}", {}, "GRAPHQL_VALIDATION_FAILED"),
        ("{hello(name:1)}", {}, "GRAPHQL_VALIDATION_FAILED"),
        ("{count(numbers:[2147483648])}", {}, "GRAPHQL_VALIDATION_FAILED"),
        ("query($n:String!){hello(name:$n)}", {}, "BAD_USER_INPUT"),
        ("query($n:String!){hello(name:$n)}", {"n": 1}, "BAD_USER_INPUT"),
        ("query($n:[Int]!){count(numbers:$n)}", {"n": [2**31]}, "BAD_USER_INPUT"),
        ("query($n:String!){hello(name:$n)}", {"n": None}, "BAD_USER_INPUT"),
        ("query($n:String){hello(name:$n)}", {"n": 10**18}, "BAD_USER_INPUT"),
        ("query($n:Boolean){hello @skip(if:$n)}", {}, "GRAPHQL_VALIDATION_FAILED"),
        ("query A{hello} query B{hello}", {}, "BAD_USER_INPUT"),
    ],
)
async def test_the_code_says_where_it_failed(
    query: str, variables: dict[str, Any], code: str, logged: list[Any]
) -> None:
    status, body = await toy.post(toy.door(), query, variables=variables)
    assert status == 400
    assert "data" not in body
    assert {error["extensions"]["code"] for error in body["errors"]} == {code}
    assert all(error["extensions"]["requestId"] == "req-1" for error in body["errors"])
    assert logged == []


@pytest.mark.parametrize("where", ["literal", "variable", "default"])
async def test_scalars_keep_only_what_they_mean_to_say(where: str) -> None:
    async def attempt(value: str) -> tuple[str, str]:
        query, variables = {
            "literal": (f"{{even(value:{value})}}", {}),
            "variable": ("query($v:Even!){even(value:$v)}", {"v": orjson.loads(value)}),
            "default": (f"query($v:Even!={value}){{even(value:$v)}}", {}),
        }[where]
        error = await one_error(query, variables=variables)
        return error["message"], error["extensions"]["code"]

    text, code = await attempt('"two"')
    assert "psycopg" not in text
    assert "Even" in text
    said, _ = await attempt("3")
    assert "Even takes even numbers only." in said
    assert code == ("BAD_USER_INPUT" if where == "variable" else "GRAPHQL_VALIDATION_FAILED")


async def test_an_argument_that_fails_in_execution_is_the_callers(logged: list[Any]) -> None:
    query = 'query($b:Boolean=true,$n:String="x"){hello(name:$n) @include(if:$b)}'
    error = await one_error(query, variables={"n": None})
    assert error["extensions"]["code"] == "BAD_USER_INPUT"
    assert logged == []


async def test_suggestions_are_for_those_we_know() -> None:
    async def stranger(request: Any) -> toy.Context:
        return toy.Context(anonymous=True)

    queries: list[tuple[str, dict[str, Any]]] = [
        ("{helo}", {}),
        ("{hello(nane:1)}", {}),
        ("{thing{...on Thinf{id}}}", {}),
        ("query($v:Strin){hello(name:$v)}", {}),
    ]
    for query, variables in queries:
        _, body = await toy.post(toy.door(), query, variables=variables)
        known = body["errors"][0]["message"]
        _, body = await toy.post(toy.door(stranger), query, variables=variables)
        unknown = body["errors"][0]["message"]
        assert "Did you mean" in known
        assert unknown == known.split(" Did you mean")[0]


# -- doors that are not GraphQL ------------------------------------------------------------------

FAMILIES: list[tuple[Refusal, int]] = [
    (Unauthenticated(), 401),
    (ForbiddenScope(scope="a:b"), 403),
    (NotFound(what="thing", id="1"), 404),
    (Invalid(field="name", reason=Phrase("is empty", "为空")), 400),
    (Conflict(reason="it is closed"), 409),
    (Exhausted(reason="the quota is used"), 402),
    (RateLimited(retry_after=9), 429),
]


@pytest.mark.parametrize(("refusal", "status"), FAMILIES)
async def test_a_problem_for_each_family(refusal: Refusal, status: int) -> None:
    answer = errors.problem_response(refusal, request_id="req-2")
    body = orjson.loads(bytes(answer.body))
    assert answer.status_code == errors.status_of(refusal) == body["status"] == status
    assert answer.media_type == "application/problem+json"
    assert answer.headers["x-request-id"] == body["requestId"] == "req-2"
    assert body["code"] == refusal.code
    assert body["docs"] == body["type"] == f"/errors/{refusal.code}"
    assert (body["detail"], body["remedy"]) == (refusal.text("en"), refusal.advice("en"))
    assert answer.headers.get("www-authenticate") == ("Bearer" if status == 401 else None)
    assert answer.headers.get("retry-after") == ("9" if status == 429 else None)


async def test_a_problem_in_chinese_with_a_status_of_its_own() -> None:
    answer: Response = errors.problem_response(
        NotFound(what="thing", id="1"), 410, "zh", headers={"X-Deny-Status": "404"}
    )
    assert (answer.status_code, answer.headers["x-deny-status"]) == (410, "404")
    assert "未找到" in orjson.loads(bytes(answer.body))["detail"]


async def test_the_status_is_that_of_the_nearest_family() -> None:
    class Narrow(RateLimited):
        """A narrower refusal."""

    assert errors.status_of(Narrow(retry_after=1)) == 429
