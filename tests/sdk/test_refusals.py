"""Every code is an exception class of its own, under the family of the refusal behind it."""

import importlib
import importlib.util
import pickle
import pkgutil
from datetime import UTC, datetime

import pytest

import domain
from api.errors import problem_response
from api.rest.texts import refusals
from console_sdk import answers, errors
from console_sdk.errors import BY_CODE, Refused
from console_sdk.transport import Reply, retry_after
from console_sdk.values import Money
from domain.kernel import errors as kernel

for room in pkgutil.iter_modules(domain.__path__, "domain."):
    if room.ispkg and importlib.util.find_spec(f"{room.name}.errors"):
        importlib.import_module(f"{room.name}.errors")
importlib.import_module("api.app")  # its doors bring refusals of their own

FAMILIES = {
    kernel.RateLimited: errors.RateLimited,
    kernel.Exhausted: errors.Exhausted,
    kernel.Conflict: errors.Conflict,
    kernel.Invalid: errors.InvalidInput,
    kernel.Forbidden: errors.Forbidden,
    kernel.NotFound: errors.NotFound,
    kernel.Unauthenticated: errors.Unauthenticated,
}
KNOWN = [
    kind
    for kind in refusals()
    if kind.__module__.startswith(("domain.", "api.")) and kind.code not in answers.OURS
]


@pytest.mark.parametrize("kind", KNOWN, ids=lambda kind: kind.__name__)
def test_has_a_class_of_the_same_family(kind: type[kernel.Refusal]) -> None:
    """Remedy: add a class with this code to console_sdk/errors.py, under its family."""
    assert kind.code in BY_CODE
    family = next(FAMILIES[parent] for parent in kind.__mro__ if parent in FAMILIES)

    assert issubclass(BY_CODE[kind.code], family)


def test_knows_no_code_that_nobody_raises() -> None:
    assert set(BY_CODE) == {kind.code for kind in KNOWN}


def problem(code: str, typename: str, **facts: object) -> Refused:
    found = {"__typename": typename, "code": code, "message": "No.", "messageZh": "不行。"}
    found |= {"remedy": "Ask.", "docs": f"/errors/{code}"}
    with pytest.raises(Refused) as refused:
        answers.result_of({"result": found | facts}, "en")
    return refused.value


def test_takes_the_class_by_code_with_its_facts() -> None:
    money = {"required": {"amount": "480.00", "currency": "CNY"}}
    money |= {"available": {"amount": "-1.50", "currency": "CNY"}}

    refused = problem("INSUFFICIENT_BALANCE", "InsufficientBalanceProblem", **money)

    assert isinstance(refused, errors.InsufficientBalance)
    assert (refused.required, refused.available) == (Money.of("480.00"), Money.of("-1.50"))
    assert refused.facts == money
    assert (refused.code, refused.remedy, refused.docs) == (
        "INSUFFICIENT_BALANCE",
        "Ask.",
        "/errors/INSUFFICIENT_BALANCE",
    )
    assert str(refused) == "No. (INSUFFICIENT_BALANCE)"
    assert refused.__notes__ == ["Ask."]


@pytest.mark.parametrize(
    ("typename", "family"),
    [
        ("NotFoundProblem", errors.NotFound),
        ("ForbiddenProblem", errors.Forbidden),
        ("InvalidProblem", errors.InvalidInput),
        ("ConflictProblem", errors.Conflict),
        ("ExhaustedProblem", errors.Exhausted),
        ("SomethingNewProblem", Refused),
    ],
)
def test_takes_the_family_for_a_code_of_tomorrow(typename: str, family: type[Refused]) -> None:
    refused = problem("NEVER_HEARD_OF", typename)

    assert type(refused) is family
    assert refused.code == "NEVER_HEARD_OF"


def test_gives_its_facts_as_values() -> None:
    invalid = problem("USCC_INVALID", "InvalidProblem", field="uscc", reason="too short")
    busy = problem("RATE_LIMITED", "ExhaustedProblem", retryAfterSeconds=7)
    until = "2026-11-21T02:00:00+00:00"
    turning = problem("ROTATION_UNDERWAY", "RotationUnderwayProblem", until=until)
    held = problem("SUB_ACCOUNT_HAS_KEY", "SubAccountHasKeyProblem", key="ck_1")
    scope = problem("FORBIDDEN_SCOPE", "ForbiddenProblem", scope="order:pay")

    assert isinstance(invalid, errors.UsccInvalid)
    assert (invalid.field, invalid.reason) == ("uscc", "too short")
    assert isinstance(busy, errors.RateLimited)
    assert busy.retry_after == 7
    assert isinstance(turning, errors.RotationUnderway)
    assert turning.until == datetime(2026, 11, 21, 2, tzinfo=UTC)
    assert isinstance(held, errors.SubAccountHasKey)
    assert held.key == "ck_1"
    assert isinstance(scope, errors.ForbiddenScope)
    assert scope.scope == "order:pay"


def test_survives_pickling() -> None:
    refused = problem("NOT_FOUND", "NotFoundProblem")

    again = pickle.loads(pickle.dumps(refused))  # noqa: S301  (our own)

    assert type(again) is errors.NotFound
    assert vars(again) == vars(refused)


def reply_of(refusal: kernel.Refusal, status: int | None = None, **headers: str) -> Reply:
    made = problem_response(refusal, status, request_id="req-1", headers=headers)
    return Reply(made.status_code, dict(made.headers), bytes(made.body))


def test_reads_a_problem_of_the_other_doors() -> None:
    refused = answers.of_reply(reply_of(kernel.RateLimited(retry_after=4)))

    assert isinstance(refused, errors.RateLimited)
    assert (refused.retry_after, refused.request_id) == (4, "req-1")
    assert refused.remedy == "Wait 4 seconds before the next attempt."


def test_reads_what_nginx_could_not_pass_on() -> None:
    hidden = {"X-Deny-Status": "402"}

    refused = answers.of_reply(reply_of(kernel.Exhausted(reason="quota"), 403, **hidden))

    assert isinstance(refused, errors.Exhausted)


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        (b'{"error": "invalid_client", "error_description": "no"}', errors.WrongSecret),
        (
            b'{"error": "invalid_client", "error_description": "SECRET_RETIRED: gone"}',
            errors.SecretRetired,
        ),
        (b'{"error": "slow_down_please"}', errors.Unauthenticated),
        (b"<html>401</html>", errors.Unauthenticated),
        (b"[1]", errors.Unauthenticated),
    ],
)
def test_reads_an_error_of_oauth(body: bytes, expected: type[Refused]) -> None:
    assert type(answers.of_reply(Reply(401, {}, body))) is expected


@pytest.mark.parametrize("status", [200, 302, 418, 500, 503])
def test_calls_anything_else_a_failure_of_the_server(status: int) -> None:
    failed = answers.of_reply(Reply(status, {"x-request-id": "req-2"}, b""))

    assert isinstance(failed, errors.ServerFailed)
    assert (failed.status, failed.request_id) == (status, "req-2")
    assert "req-2" in str(failed)


@pytest.mark.parametrize(
    ("told", "seconds"),
    [
        ("", 0),
        ("3", 3),
        ("Fri, 20 Nov 2026 02:00:05 GMT", 5),
        ("Fri, 20 Nov 2026 01:00:00 GMT", 0),
        ("soon", 0),
        ("-3", 0),
    ],
)
def test_reads_retry_after_as_seconds_or_as_a_date(told: str, seconds: float) -> None:
    now = datetime(2026, 11, 20, 2, tzinfo=UTC)

    assert retry_after(Reply(503, {"retry-after": told}, b""), now) == seconds
