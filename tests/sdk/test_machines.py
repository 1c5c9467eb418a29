"""The machine side in process: tokens, the gateway's check, reports, and what they come to."""

from datetime import timedelta
from decimal import Decimal

import httpx2
import pytest

from console_sdk import AsyncGateway, AsyncTokenSource
from console_sdk.errors import (
    ApiNotGranted,
    KeyDisabled,
    NoEntitlement,
    NotFound,
    SecretRetired,
    ServiceKeyUnknown,
    Throttled,
    TokenExpired,
    TokenInvalid,
    TokenRevoked,
    UnknownApi,
    WrongSecret,
)
from console_sdk.usage import RecordFilter
from tests.cast import NOW, Cast
from tests.fixtures import Moment
from tests.sdk.conftest import Consoles


@pytest.fixture
def source(transport: httpx2.ASGITransport, cast: Cast, moment: Moment) -> AsyncTokenSource:
    return AsyncTokenSource(
        "http://test",
        cast.key_id,
        cast.key_secret,
        transport=transport,
        clock=lambda: moment().timestamp(),
    )


@pytest.fixture
def gateway(transport: httpx2.ASGITransport, cast: Cast, moment: Moment) -> AsyncGateway:
    return AsyncGateway("http://test", cast.service_secret, transport=transport, now=moment)


async def test_keeps_a_token_until_shortly_before_its_end(
    source: AsyncTokenSource, moment: Moment
) -> None:
    first = await source.token()
    moment.now = NOW + timedelta(hours=2, seconds=-61)
    same = await source.token()
    moment.now = NOW + timedelta(hours=2, seconds=-60)
    renewed = await source.token()
    source.forget()

    assert same == first
    assert renewed != first
    assert await source.token() != renewed


async def test_a_wrong_or_retired_secret_is_told_apart(
    transport: httpx2.ASGITransport,
    cast: Cast,
    console_of: Consoles,
    source: AsyncTokenSource,
    moment: Moment,
) -> None:
    with pytest.raises(WrongSecret):
        await AsyncTokenSource("http://test", cast.key_id, "no", transport=transport).token()

    ann = await console_of("ann")
    await ann.keys.rotate(cast.key_id, overlap_seconds=0)
    moment.now += timedelta(seconds=1)
    with pytest.raises(SecretRetired):
        await source.token()


async def test_passes_a_call_and_counts_it(
    source: AsyncTokenSource, gateway: AsyncGateway, console_of: Consoles, cast: Cast
) -> None:
    token = await source.token()
    ann = await console_of("ann")

    verdict = await gateway.authorize(token, "ocr.idcard")
    other = await gateway.authorize(token, "ocr.idcard", address="203.0.113.9")
    calls = [verdict.call("OK", duration_ms=83), other.call("IMAGE_BLUR")]
    recorded = await gateway.record(calls)
    again = await gateway.record(calls)
    (stat,) = await ann.usage.stats("DAY", group_by=["PRODUCT", "KEY"])
    records = [one async for one in ann.usage.records(page_size=1)]
    ok = [one async for one in ann.usage.records(RecordFilter(result_code="OK", since=NOW))]

    assert (verdict.enterprise_id, verdict.key_id) == (cast.enterprises["E1"], cast.key_id)
    assert verdict.sub_account_id is not None
    assert (verdict.limit, verdict.at) == (2, NOW)
    assert (recorded.count("ACCEPTED"), again.count("DUPLICATE")) == (2, 2)
    assert (stat.total, stat.success, stat.failure, stat.billable, stat.free) == (2, 1, 1, 1, 2)
    assert (stat.product_code, stat.key_id, stat.api_code) == ("id-ocr", cast.key_id, None)
    assert (stat.amount, stat.freshness) == (Decimal(0), "REALTIME")
    assert {one.request_id for one in records} == {verdict.request_id, other.request_id}
    assert [(one.duration_ms, one.funding[0].funded_by) for one in ok] == [(83, "FREE")]


async def test_a_call_that_cannot_be_counted_is_answered_by_itself(
    source: AsyncTokenSource, gateway: AsyncGateway
) -> None:
    verdict = await gateway.authorize(await source.token(), "ocr.idcard")
    good = verdict.call("OK")

    recorded = await gateway.record([good, verdict.call("OK", source=" "), good])

    assert [one.status for one in recorded.results] == ["ACCEPTED", "REFUSED", "DUPLICATE"]
    assert recorded.results[1].reason == "source: is empty"


async def test_reports_more_calls_than_one_request_takes(
    source: AsyncTokenSource, gateway: AsyncGateway
) -> None:
    verdict = await gateway.authorize(await source.token(), "ocr.idcard")
    call = verdict.call("IMAGE_BLUR")

    recorded = await gateway.record([call] * 501)

    assert (recorded.count("ACCEPTED"), recorded.count("DUPLICATE")) == (1, 500)


async def test_says_what_stands_in_the_way(
    source: AsyncTokenSource,
    gateway: AsyncGateway,
    transport: httpx2.ASGITransport,
    console_of: Consoles,
    moment: Moment,
) -> None:
    token = await source.token()

    with pytest.raises(TokenInvalid):
        await gateway.authorize("none", "ocr.idcard")
    with pytest.raises(UnknownApi):
        await gateway.authorize(token, "no.such.api")
    with pytest.raises(ApiNotGranted):
        await gateway.authorize(token, "face.compare")
    with pytest.raises(NoEntitlement) as refused:
        await gateway.authorize(token, "liveness.flash")
    with pytest.raises(ServiceKeyUnknown):
        await AsyncGateway("http://test", "cfsv_no", transport=transport).authorize(token, "x")
    for _ in range(2):
        await gateway.authorize(token, "ocr.idcard")
    with pytest.raises(Throttled) as throttled:
        await gateway.authorize(token, "ocr.idcard")
    moment.now += timedelta(hours=2, minutes=2)
    with pytest.raises(TokenExpired):
        await gateway.authorize(token, "ocr.idcard")

    assert "Claim the free quota" in refused.value.remedy
    assert throttled.value.retry_after == 1


async def test_a_disabled_key_and_a_revoked_token_stop(
    source: AsyncTokenSource, gateway: AsyncGateway, console_of: Consoles, cast: Cast
) -> None:
    ann, token = await console_of("ann"), await source.token()
    source.forget()
    kept = await source.token()

    revoked = await ann.keys.revoke_token(token)
    with pytest.raises(TokenRevoked):
        await gateway.authorize(token, "ocr.idcard")
    await gateway.authorize(kept, "ocr.idcard")
    await ann.keys.set_status(cast.key_id, "DISABLED")
    with pytest.raises(KeyDisabled):
        await gateway.authorize(kept, "ocr.idcard")

    assert revoked.key_id == cast.key_id


async def test_bills_what_was_ordered_and_used(
    source: AsyncTokenSource, gateway: AsyncGateway, console_of: Consoles
) -> None:
    ann = await console_of("ann")
    order = await ann.orders.place("id-ocr/pack-10k")
    await ann.orders.pay(order.id)
    await ann.orders.place("id-ocr/payg")
    verdict = await gateway.authorize(await source.token(), "ocr.idcard")
    await gateway.record([verdict.call("OK", quantity=23_345)])

    bill = await ann.bills.get("2026-11")
    usage, bought = bill.lines

    assert (usage.funded.free, usage.funded.pack, usage.funded.postpaid) == (1_000, 10_000, 12_345)
    assert [step.quantity for step in usage.steps] == [10_000, 2_345]
    assert usage.rated == Decimal("705.52500000")
    assert (usage.charged.amount, usage.rounding_off) == ("705.52", Decimal("0.00500000"))
    assert Decimal(usage.replay().total).scaleb(-8) == usage.rated
    assert (bought.kind, bought.order_id, bought.charged.amount) == ("ORDER", order.id, "480.00")
    assert bill.charged.amount == "1185.52"
    assert [one.month async for one in ann.bills.list()] == ["2026-11"]
    with pytest.raises(NotFound):
        await ann.bills.get("2026-01")


async def test_moments_need_an_offset(console_of: Consoles) -> None:
    ann = await console_of("ann")

    with pytest.raises(ValueError, match="offset"):
        await ann.usage.stats(since=NOW.replace(tzinfo=None))
