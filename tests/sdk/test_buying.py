"""Orders, balance and keys against the real app, and GraphQL that is not wrapped."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from api.jobs.outbox import deliver_due
from api.runtime import Runtime
from console_sdk import Money
from console_sdk.errors import (
    AlreadyEnabled,
    Forbidden,
    ForbiddenScope,
    IllegalTransition,
    InsufficientBalance,
    InvalidInput,
    NotFound,
    PersonRequired,
    RotationUnderway,
    SubAccountHasKey,
    TooManyMainKeys,
)
from tests.cast import PASSWORD, Cast
from tests.sdk.conftest import Consoles

PACK, PAYG = "id-ocr/pack-10k", "id-ocr/payg"

# -- orders and balance ----------------------------------------------------------------------------


async def test_orders_pays_and_cancels(console_of: Consoles) -> None:
    console = await console_of("ann")
    before = await console.balance.get()

    order = await console.orders.place(PACK, 2)
    paid = await console.orders.pay(order.id)
    other = await console.orders.place(PACK)
    cancelled = await console.orders.cancel(other.id)
    payg = await console.orders.place(PAYG)

    assert (order.status, order.total, order.paid_at) == (
        "PENDING_PAYMENT",
        Money.of("960.00"),
        None,
    )
    assert (order.items[0].plan.code, order.items[0].quantity) == (PACK, 2)
    assert (paid.status, payg.status, cancelled.status) == (
        "PROVISIONED",
        "PROVISIONED",
        "CANCELLED",
    )
    assert (await console.balance.get()).cash == before.cash - Money.of("960.00")
    assert await console.orders.get(order.id) == paid
    assert [one.id async for one in console.orders.list(page_size=2)] == [
        payg.id,
        other.id,
        order.id,
    ]
    with pytest.raises(AlreadyEnabled):
        await console.orders.place(PAYG)
    with pytest.raises(IllegalTransition):
        await console.orders.cancel(order.id)


async def test_a_balance_may_not_reach(console_of: Consoles) -> None:
    console = await console_of("man")
    order = await console.orders.place(PACK)

    with pytest.raises(InsufficientBalance) as refused:
        await console.orders.pay(order.id)

    assert refused.value.required == Money.of("480.00")
    assert refused.value.available == Money.of("100.00")
    assert refused.value.facts["required"] == {"amount": "480.00", "currency": "CNY"}


async def test_what_is_not_yours_is_not_found(console_of: Consoles) -> None:
    ann, eve = await console_of("ann"), await console_of("eve")
    order = await ann.orders.place(PACK)

    with pytest.raises(NotFound):
        await eve.orders.get(order.id)
    with pytest.raises(NotFound):
        await eve.orders.pay(order.id)
    with pytest.raises(InvalidInput):
        await ann.orders.place(PACK, 0)


async def test_a_member_may_do_what_the_role_says(console_of: Consoles) -> None:
    dev = await console_of("dev-chen")
    order = await dev.orders.place(PACK)

    with pytest.raises(ForbiddenScope) as refused:
        await dev.orders.pay(order.id)
    with pytest.raises(Forbidden):
        await dev.balance.get()

    assert refused.value.scope == "order:pay"


async def test_recharges(console_of: Consoles, runtime: Runtime) -> None:
    console = await console_of("man")

    recharge = await console.balance.recharge("400.00", idempotency_key="r1")
    assert await console.balance.recharge(Decimal(400), idempotency_key="r1") == recharge
    await deliver_due(runtime.ctx, runtime.ports)
    paid = await console.balance.wait_for_recharge(recharge.id)
    entries = [entry async for entry in console.balance.entries(page_size=1)]

    assert (recharge.status, paid.status) == ("PENDING", "PAID")
    assert (await console.balance.get()).available == Money.of("500.00")
    assert [entry.amount for entry in entries] == [Money.of("400.00"), Money.of("100.00")]
    assert [one.id async for one in console.balance.recharges()] == [recharge.id]
    with pytest.raises(InvalidInput):
        await console.balance.recharge("-1.00")
    with pytest.raises(NotFound):
        await console.balance.wait_for_recharge("rch_none")


# -- keys ------------------------------------------------------------------------------------------


async def test_gets_a_token_without_the_secret(console_of: Consoles) -> None:
    console = await console_of("ann")
    key_id = (await console.keys.create("batch")).access_key.id

    made = await console.keys.issue_token(key_id, audience="CONSOLE", idempotency_key="t1")
    again = await console.keys.issue_token(key_id, audience="CONSOLE", idempotency_key="t1")
    program = await console_of(token=made.token)

    assert made.token is not None
    assert made.token not in repr(made)
    assert (again.id, again.token, again.token_shown) == (made.id, None, False)
    assert made.expires_at - made.issued_at == timedelta(hours=2)
    viewer = await program.accounts.viewer()
    assert viewer is not None
    assert viewer.kind == "KEY"
    with pytest.raises(PersonRequired):
        await program.keys.issue_token(key_id)


async def test_makes_rotates_and_ends_a_key(console_of: Consoles) -> None:
    console = await console_of("ann")

    made = await console.keys.create("batch", idempotency_key="k1")
    again = await console.keys.create("batch", idempotency_key="k1")
    rotated = await console.keys.rotate(made.access_key.id, overlap_seconds=60)
    with pytest.raises(RotationUnderway) as underway:
        await console.keys.rotate(made.access_key.id)
    with pytest.raises(IllegalTransition):
        await console.keys.set_status(made.access_key.id, "DELETED")
    disabled = await console.keys.set_status(made.access_key.id, "DISABLED")
    deleted = await console.keys.set_status(made.access_key.id, "DELETED")

    assert made.secret is not None
    assert made.secret not in repr(made)
    assert (again.access_key.id, again.secret, again.secret_shown) == (
        made.access_key.id,
        None,
        False,
    )
    assert [one.status for one in rotated.access_key.versions] == ["CURRENT", "RETIRING"]
    assert underway.value.until == datetime(2026, 11, 20, 2, 1, tzinfo=UTC)
    assert (disabled.status, deleted.status) == ("DISABLED", "DELETED")
    names = {one.name async for one in console.keys.list()}
    assert names == {"app-onboard", "cfo-lu", "dev-chen"}
    assert [one.id async for one in console.keys.list(status="DELETED")] == [made.access_key.id]


async def test_keys_have_limits(console_of: Consoles, cast: Cast) -> None:
    console = await console_of("ann")
    people = {person.name: person.id async for person in console.accounts.sub_accounts()}

    with pytest.raises(SubAccountHasKey) as held:
        await console.keys.create("second", sub_account_id=people["app-onboard"])
    for number in range(5):
        await console.keys.create(f"main {number}")
    with pytest.raises(TooManyMainKeys) as full:
        await console.keys.create("one too many")
    with pytest.raises(NotFound):
        await (await console_of("eve")).keys.rotate(cast.key_id)

    assert held.value.key == cast.key_id
    assert full.value.facts["most"] == 5


# -- what is not wrapped ---------------------------------------------------------------------------


async def test_asks_anything_else_over_graphql(console_of: Consoles) -> None:
    console = await console_of("ann")

    found = await console.graphql(
        "query($c: String!) { product(code: $c) { code } }", {"c": "id-ocr"}
    )
    problem = await console.graphql(
        'mutation($k: String!) { payOrder(orderId: "none", idempotencyKey: $k) '
        "{ ... on Problem { code } } }",
        {"k": "p1"},
        repeatable=True,
    )

    assert found == {"product": {"code": "id-ocr"}}
    assert problem == {"payOrder": {"code": "NOT_FOUND"}}
    with pytest.raises(InvalidInput) as refused:
        await console.graphql("{ nothing }")
    assert "nothing" in refused.value.message
    assert refused.value.request_id


async def test_a_field_that_is_denied_raises(console_of: Consoles) -> None:
    dev = await console_of("dev-chen")

    with pytest.raises(ForbiddenScope) as refused:
        await dev.graphql("{ viewer { id } financialAccount { id } }")

    assert refused.value.facts["path"] == ["financialAccount"]


async def test_two_consoles_share_no_session(console_of: Consoles) -> None:
    ann, eve = await console_of("ann"), await console_of("eve")

    assert (await ann.accounts.enterprise()).name == "杭州青禾科技"
    assert (await eve.accounts.enterprise()).name == "云岭银行"
    assert PASSWORD not in repr(ann)
