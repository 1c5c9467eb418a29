"""Pages are fetched when they are reached, waiting ends in time, and a gateway is less patient."""

import pytest

from console_sdk import Gateway
from console_sdk.errors import Forbidden, Throttled, WaitedTooLong
from tests.sdk.conftest import Staged
from tests.sdk.stage import BUSY, CUT, ORDER, Answer, Clock, Stage, gives


def page(after: str | None, *ids: str) -> Answer:
    info = {"hasNextPage": after is not None, "endCursor": after or ids[-1]}
    return gives({"nodes": [{**ORDER, "id": one} for one in ids], "pageInfo": info})


def test_fetches_a_page_when_it_is_reached(stage: Stage, staged: Staged) -> None:
    stage.plays(page("c2", "ord_1", "ord_2"), BUSY, page(None, "ord_3"))
    orders = staged().orders.list(page_size=2)

    assert stage.asked == []
    assert [next(orders).id, next(orders).id] == ["ord_1", "ord_2"]
    assert len(stage.asked) == 1
    assert [order.id for order in orders] == ["ord_3"]
    assert [asked.variables["after"] for asked in stage.asked] == [None, "c2", "c2"]
    assert {asked.variables["first"] for asked in stage.asked} == {2}


def recharge(status: str, id: str = "rch_1") -> Answer:
    node = {"id": id, "provider": "SANDBOX", "status": status, "settledAt": None}
    node["createdAt"] = "2026-11-20T02:00:00+00:00"
    node |= {"amount": {"amount": "500.00", "currency": "CNY"}}  # type: ignore[dict-item]
    return gives({"nodes": [node], "pageInfo": {"hasNextPage": False, "endCursor": "c"}})


def test_waits_until_it_is_done(stage: Stage, clock: Clock, staged: Staged) -> None:
    stage.plays(recharge("PENDING"), recharge("PENDING"), recharge("PAID"))

    assert staged().balance.wait_for_recharge("rch_1").status == "PAID"
    assert clock.slept == pytest.approx([0.1, 0.15])


def test_waits_no_longer_than_it_was_told(stage: Stage, clock: Clock, staged: Staged) -> None:
    stage.plays(recharge("PENDING"))

    with pytest.raises(WaitedTooLong) as waited:
        staged().balance.wait_for_recharge("rch_1", timeout_seconds=3)

    assert waited.value.last.status == "PENDING"
    assert clock.now - 1000 <= 3


# -- gateway ---------------------------------------------------------------------------------------

PASSED = {
    "X-Request-Id": "req-1",
    "X-Enterprise-Id": "ent_1",
    "X-Key-Id": "ck_1",
    "X-Sub-Account-Id": "",
}


def test_a_gateway_asks_again_when_no_verdict_came(stage: Stage, clock: Clock) -> None:
    stage.plays(BUSY, CUT, Answer(headers=PASSED))

    with Gateway(stage.url, "cfsv_1", clock=clock, sleep=clock.sleep) as gateway:
        verdict = gateway.authorize("token", "ocr.idcard", address="203.0.113.9")

    assert (verdict.request_id, verdict.sub_account_id, verdict.limit) == ("req-1", None, None)
    assert len(stage.asked) == 3
    sent = stage.asked[0].headers
    assert (sent["x-service-key"], sent["x-api"]) == ("cfsv_1", "ocr.idcard")
    assert sent["x-forwarded-for"] == "203.0.113.9"


def test_a_gateway_takes_a_verdict_as_final(stage: Stage, clock: Clock) -> None:
    stage.plays(Answer(429, {"code": "THROTTLED", "detail": "Slow."}, {"Retry-After": "1"}))

    with (
        Gateway(stage.url, "cfsv_1", clock=clock, sleep=clock.sleep) as gateway,
        pytest.raises(Throttled) as refused,
    ):
        gateway.authorize("token", "ocr.idcard")

    assert refused.value.retry_after == 1
    assert len(stage.asked) == 1
    stage.plays(Answer(403, {"code": "CODE_OF_TOMORROW", "detail": "No."}))
    with Gateway(stage.url, "cfsv_1") as gateway, pytest.raises(Forbidden):
        gateway.authorize("token", "ocr.idcard")
