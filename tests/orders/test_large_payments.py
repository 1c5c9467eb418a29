"""Paying and recharging much: a person with a second factor just shown, and never a key."""

import dataclasses
from datetime import timedelta
from typing import Any

import httpx2
import pytest

from domain.accounts.models import Role, SubAccount
from domain.kernel.context import SYSTEM, Actor, ActorKind, Ctx
from domain.kernel.errors import PersonRequired, SecondFactorRequired
from domain.kernel.money import Money
from domain.kernel.policy import Policy
from domain.ledger.commands import recharge
from domain.ledger.models import Recharge
from domain.orders.commands import pay_order
from domain.orders.models import OrderStatus
from tests.cast import NOW, Cast, ctx_of
from tests.fixtures import Ask, Moment, show_second_factor
from tests.orders.builders import an_order, everything, trail

COST = 48_000
"""What the order of these tests costs, in fen."""


def under(ctx: Ctx, fen: int) -> Ctx:
    """The same call where payments above `fen` need a second factor."""
    return dataclasses.replace(ctx, policy=Policy(payment_fresh_above_fen=fen))


def a_key(cast: Cast, *, now: Any = NOW) -> Ctx:
    """A key's token for the console, with the scope to pay."""
    scopes = frozenset({"order:pay", "order:read", "account:read"})
    enterprise = cast.enterprises["E1"]
    return ctx_of(Actor(ActorKind.KEY, cast.key_id, enterprise, scopes), now=now)


def test_the_amount_is_ten_thousand_yuan_unless_it_is_set() -> None:
    assert Money(Policy().payment_fresh_above_fen).amount == "10000.00"


async def test_up_to_the_amount_nothing_is_asked_and_a_fen_above_it_is(cast: Cast) -> None:
    order = await an_order(cast.ann())
    before = await everything()

    with pytest.raises(SecondFactorRequired):
        await pay_order(under(cast.ann(fresh=False), COST - 1), order_id=order.id)
    assert await everything() == before
    assert await trail("pay_order") == [("SECOND_FACTOR_REQUIRED", order.id)]
    paid = await pay_order(under(cast.ann(fresh=False), COST), order_id=order.id)
    assert paid.status is OrderStatus.PROVISIONED


async def test_with_a_factor_just_shown_it_is_paid_until_the_factor_is_too_old(cast: Cast) -> None:
    one, other = await an_order(cast.ann()), await an_order(cast.ann())
    ann, end = cast.ann(), NOW + timedelta(minutes=10)

    with pytest.raises(SecondFactorRequired):
        await pay_order(under(dataclasses.replace(ann, now=end), 1), order_id=one.id)
    lately = dataclasses.replace(ann, now=end - timedelta(seconds=1))
    assert (await pay_order(under(lately, 1), order_id=one.id)).status is OrderStatus.PROVISIONED
    assert (await pay_order(under(cast.cfo(), 1), order_id=other.id)).paid_at == NOW


async def test_a_key_pays_up_to_the_amount_and_no_more(cast: Cast) -> None:
    order = await an_order(cast.ann())

    with pytest.raises(PersonRequired):
        await pay_order(under(a_key(cast), COST - 1), order_id=order.id)
    assert await trail("pay_order") == [("PERSON_REQUIRED", order.id)]
    assert (await pay_order(under(a_key(cast), COST), order_id=order.id)).paid_at == NOW


async def test_a_recharge_is_judged_alike(cast: Cast) -> None:
    limit = Money(1_000_000)
    above = Money(limit.fen + 1)

    for who, refusal in (
        (cast.ann(fresh=False), SecondFactorRequired),
        (a_key(cast), PersonRequired),
    ):
        with pytest.raises(refusal):
            await recharge(who, amount=above, provider="SANDBOX")
    assert await Recharge.visible_to(SYSTEM).count() == 0
    for who, amount in ((cast.ann(fresh=False), limit), (a_key(cast), limit), (cast.cfo(), above)):
        assert (await recharge(who, amount=amount, provider="SANDBOX")).amount == amount


RECHARGE = """
mutation($amount: String!, $key: String!) {
  recharge(amount: $amount, idempotencyKey: $key) {
    ... on Recharge { amount { amount } } ... on Problem { code }
  }
}
"""


async def test_over_graphql(cast: Cast, ask: Ask, moment: Moment) -> None:
    async def asked(amount: str, key: str) -> dict[str, Any]:
        answer = await ask(RECHARGE, as_="cfo-lu", amount=amount, key=key)
        found: dict[str, Any] = answer["data"]["recharge"]
        return found

    assert await asked("10000.01", "r-1") == {"amount": {"amount": "10000.01"}}
    await show_second_factor("cfo-lu", NOW)
    assert await asked("10000.01", "r-2") == {"code": "SECOND_FACTOR_REQUIRED"}
    assert await asked("10000.00", "r-3") == {"amount": {"amount": "10000.00"}}


async def test_a_keys_token_for_the_console(cast: Cast, client: httpx2.AsyncClient) -> None:
    app = await SubAccount.visible_to(SYSTEM).get(name="app-onboard")
    await Role.visible_to(SYSTEM).filter(id=app.role_id).update(console_scopes=["order:pay"])
    form = {"grant_type": "client_credentials", "audience": "console"}
    answer = await client.post("/oauth/token", data=form, auth=(cast.key_id, cast.key_secret))
    headers = {"authorization": f"Bearer {answer.json()['access_token']}"}

    async def asked(amount: str) -> Any:
        sent = {"query": RECHARGE, "variables": {"amount": amount, "key": amount}}
        return (await client.post("/graphql", json=sent, headers=headers)).json()["data"][
            "recharge"
        ]

    assert await asked("10000.01") == {"code": "PERSON_REQUIRED"}
    assert await asked("10000.00") == {"amount": {"amount": "10000.00"}}
