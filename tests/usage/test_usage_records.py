"""The calls one by one: pages, filters, whose they are, and one statement."""

from collections.abc import Callable
from datetime import datetime, timedelta, timezone
from typing import Any

import pytest

from domain.kernel.errors import Invalid
from domain.kernel.reading import Window, wanting
from domain.usage.queries import RecordFilter, usage_records
from tests.cast import NOW, Cast
from tests.usage.build import a_key, call, calls, report

WANTED = wanting("event_id", "funding", "occurred_at", "sub_account_id", "billable")


async def test_pages_go_from_the_last_counted_to_the_first(cast: Cast) -> None:
    for turn in range(5):
        await report(cast, [call(cast.key_id, id=str(turn))])

    seen: list[str] = []
    window = Window(size=2)
    while True:
        page = await usage_records(cast.ann(), window, WANTED)
        seen += [row.event_id for row in page.nodes]
        if not page.has_next:
            break
        window = Window(size=2, cursor=page.cursors[-1])
    assert seen == ["4", "3", "2", "1", "0"]


@pytest.mark.parametrize(
    ("wish", "found"),
    [
        (RecordFilter(), {"a", "b", "c"}),
        (RecordFilter(result_code="NO_CARD"), {"b"}),
        (RecordFilter(billable=True), {"a", "c"}),
        (RecordFilter(request_id="r-1"), {"c"}),
        (RecordFilter(since=NOW), {"a", "c"}),
        (RecordFilter(until=NOW), {"b"}),
        (RecordFilter(api_code="ocr.idcard", product_code="id-ocr"), {"a", "b", "c"}),
        (RecordFilter(api_code="face.compare"), set()),
        (RecordFilter(key_id="ck_other"), set()),
    ],
)
async def test_filters(cast: Cast, wish: RecordFilter, found: set[str]) -> None:
    await report(
        cast,
        [
            call(cast.key_id, id="a"),
            call(cast.key_id, id="b", result_code="NO_CARD", time=NOW - timedelta(hours=1)),
            call(cast.key_id, id="c", request_id="r-1"),
        ],
    )
    page = await usage_records(cast.ann(), Window(), WANTED, wish)
    assert {row.event_id for row in page.nodes} == found


@pytest.mark.parametrize(
    "at",
    [
        datetime(1, 1, 1, tzinfo=timezone(timedelta(hours=14))),
        datetime(9999, 12, 31, 23, 59, tzinfo=timezone(-timedelta(hours=14))),
        datetime(2026, 11, 1),
    ],
)
@pytest.mark.parametrize("end", ["since", "until"])
async def test_moments_that_are_none_are_refused(cast: Cast, at: datetime, end: str) -> None:
    wish: dict[str, Any] = {end: at}
    with pytest.raises(Invalid):
        await usage_records(cast.ann(), Window(), WANTED, RecordFilter(**wish))


@pytest.mark.parametrize("text", ["x" * 121, "x" * 5_000, "a\x00b", "\ud800"])
@pytest.mark.parametrize(
    "name",
    ["product_code", "api_code", "key_id", "sub_account_id", "result_code", "request_id"],
)
async def test_texts_that_no_record_holds_match_none(cast: Cast, name: str, text: str) -> None:
    await report(cast, [call(cast.key_id)])
    wish: dict[str, Any] = {name: text}
    page = await usage_records(cast.ann(), Window(), WANTED, RecordFilter(**wish))
    assert page.nodes == []


async def test_another_firm_sees_none_of_them(cast: Cast) -> None:
    await report(cast, [call(cast.key_id)])
    wish = RecordFilter(key_id=cast.key_id)
    assert (await usage_records(cast.eve(), Window(), WANTED, wish)).nodes == []
    assert (await usage_records(cast.dev(), Window(), WANTED, wish)).nodes != []


async def test_one_statement_for_one_or_a_hundred(
    cast: Cast, statements: Callable[[], Any]
) -> None:
    await report(cast, calls(cast.key_id, 120))
    for size in (1, 100):
        with statements() as counted:
            page = await usage_records(cast.ann(), Window(size=size), WANTED)
        assert (len(page.nodes), counted.count) == (size, 1)


QUERY = """query($filter: UsageRecordFilter, $first: Int) {
  usageRecords(filter: $filter, first: $first) {
    nodes {
      id requestId occurredAt month keyId subAccountId productCode apiCode resultCode quantity
      durationMs billable funding { fundedBy entitlementId quantity }
    }
    pageInfo { hasNextPage }
  }
}"""


async def test_over_graphql(cast: Cast, ask: Callable[..., Any]) -> None:
    theirs = await a_key(cast.enterprises["E2"])
    reported = call(cast.key_id, id="r-9", quantity=2**33, duration_ms=120)
    await report(cast, [reported, call(theirs)])

    answer = await ask(QUERY, as_="dev-chen", filter={"billable": True}, first=10)
    (node,) = answer["data"]["usageRecords"]["nodes"]
    assert (node["requestId"], node["quantity"], node["durationMs"]) == ("r-9", 2**33, 120)
    assert [line["fundedBy"] for line in node["funding"]] == ["FREE", "UNFUNDED"]
    assert node["subAccountId"] is not None

    refused = await ask(QUERY, as_="ann", first=101)
    assert refused["data"]["usageRecords"] is None
    assert refused["errors"][0]["extensions"]["code"] == "BAD_USER_INPUT"
