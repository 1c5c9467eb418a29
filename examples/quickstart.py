"""From sign-up to a bill that both sides agree on, through the client library alone.

Start a server (`make run`), then: .venv/bin/python examples/quickstart.py [URL]
"""

import argparse
import json
import os
import secrets
import sys
import time
from collections.abc import Sequence
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

from console_sdk import Console, ConsoleError, Gateway, MeteredCall, Money, Refused, TokenSource
from console_sdk.errors import TransportFailed
from console_sdk.people import totp
from console_sdk.products import Product
from console_sdk.rating import format_fen, rate_graduated, settle

PRODUCT, API = "id-ocr", "ocr.idcard"
USCC_LETTERS = "0123456789ABCDEFGHJKLMNPQRTUWXY"  # GB 32100: no I, O, S, V, Z


def say(step: str, text: str) -> None:
    print(f"  {step:<14} {text}")


def random_uscc() -> str:
    """A well-formed unified social credit code of a firm that does not exist."""
    body = "91110108MA" + "".join(secrets.choice(USCC_LETTERS) for _ in range(7))
    weighed = sum(USCC_LETTERS.index(c) * pow(3, i, 31) for i, c in enumerate(body))
    return body + USCC_LETTERS[-weighed % 31]


def sign_up(console: Console) -> None:
    """A new firm, logged in."""
    email, password = f"dev-{secrets.token_hex(4)}@quickstart.example", secrets.token_urlsafe(12)
    console.accounts.sign_up(email, password, enterprise="Quickstart Labs")
    console.accounts.log_in(email, password)
    viewer = console.accounts.viewer()
    secret = console.accounts.enrol_second_factor(password).secret  # for an authenticator app
    console.accounts.confirm_second_factor(totp(secret))  # making a main key needs it
    say("signed up", f"{email}; next: {', '.join(viewer.next_steps) if viewer else '-'}")


def verify(console: Console) -> None:
    """The firm proves who it is: registry check, then a small transfer to its account."""
    try:
        console.entitlements.claim_free_quota(PRODUCT)
    except Refused as refused:  # a refusal says what to do about it
        say("refused", f"{refused}")
        say("  remedy", refused.remedy)
    console.verification.submit(
        kind="ENTERPRISE",
        name="Quickstart Labs",
        legal_person="Lin Xiao",
        uscc=random_uscc(),
        bank_account="6222020200112233",
    )
    console.verification.wait(until="TRANSFER_PENDING")
    arrived, *_ = console.verification.sandbox_bank_statement()
    say("bank", f"{arrived.amount} arrived: {arrived.memo}")
    verified = console.verification.confirm_transfer(arrived.amount)
    say("verified", f"{verified.status} as {verified.uscc}")


def shop(console: Console) -> Product:
    """Look around, take what is free, buy a pack, switch on pay-as-you-go."""
    names = [product.name for product in console.products.list()]
    say("catalogue", f"{len(names)} products: {', '.join(names[:4])}, ...")
    free = console.entitlements.claim_free_quota(PRODUCT)
    say("free quota", f"{free.quantity:,} calls of {free.product.name} a month")
    recharge = console.balance.recharge("500.00")
    console.balance.wait_for_recharge(recharge.id)
    say("recharged", f"{console.balance.get().cash} on the account")
    order = console.orders.place(f"{PRODUCT}/pack-10k")
    say("ordered", f"{order.items[0].plan.name} for {order.total}, {order.status}")
    order = console.orders.pay(order.id)
    say("paid", f"{order.status}; {console.balance.get().cash} left")
    payg = console.orders.place(f"{PRODUCT}/payg")
    say("pay as you go", f"{payg.status}")
    return console.products.get(PRODUCT)


def call(console: Console, base_url: str, service_key: str) -> list[MeteredCall]:
    """Call the API as an application does, let the gateway check and report each call."""
    key = console.keys.create("quickstart")
    say("key", f"{key.access_key.id}; its secret is shown this once: {key.secret}")
    token = TokenSource(base_url, key.access_key.id, key.secret or "").token()
    say("token", f"{token[:24]}... (for a short time; TokenSource renews it)")
    calls: list[MeteredCall] = []
    with Gateway(base_url, service_key) as gateway:
        for result in ["OK", "OK", "IMAGE_BLUR", "OK", "OK", "IMAGE_BLUR", "OK", "OK"]:
            verdict = gateway.authorize(token, API)  # raises what stands in the way
            calls.append(verdict.call(result, duration_ms=83))
        verdict = gateway.authorize(token, API)  # a night's batch, reported as one event
        calls.append(verdict.call("OK", quantity=11_200, duration_ms=900_000))
        say("authorized", f"{len(calls)} calls; the last is {verdict.request_id}")
        recorded = gateway.record(calls)
        again = gateway.record(calls)  # nobody knows whether the answer arrived: send it again
        accepted, twice = recorded.count("ACCEPTED"), again.count("DUPLICATE")
        say("recorded", f"{accepted} counted; sent once more, {twice} were known already")
    return calls


def check(console: Console, product: Product, calls: Sequence[MeteredCall]) -> bool:
    """Lay both halves side by side: our own log of calls, and the platform's figures and bill."""
    (figures,) = console.usage.stats("MONTH")
    say(
        "usage",
        f"{figures.total} calls, {figures.success} OK; base units: {figures.free:,} free, "
        f"{figures.pack:,} from the pack, {figures.postpaid:,} pay-as-you-go",
    )
    bill = console.bills.get(figures.month)
    for line in bill.lines:
        what = f"{line.quantity:,} x {line.plan_code}"
        say(f"bill {bill.month}", f"{line.kind}: {what} = {line.rated}, charged {line.charged}")

    # Our half: what our log says we owe, by the prices of the catalogue.
    billed = {code.code for api in product.apis for code in api.result_codes if code.billable}
    tried = sum(one.quantity for one in calls if one.result_code not in billed)
    used = sum(one.quantity for one in calls if one.result_code in billed)
    free = product.free_quota.enterprise if product.free_quota else 0
    plans = {plan.code: plan for plan in product.plans}
    payg, pack = plans[f"{PRODUCT}/payg"].price, plans[f"{PRODUCT}/pack-10k"].price
    assert payg is not None
    assert pack is not None
    assert pack.pack is not None
    ours = used - (free - tried) - pack.pack.quantity  # failures use up free quota, nothing else
    rating = rate_graduated(payg.rating_tiers(), ours)
    charge = settle(rating.total)
    for step in rating.explain():
        say("our half", step)

    # Their half must say the same, and each line of the bill must follow from its own steps.
    total = charge.charged_fen + pack.pack.price.fen
    agreed = figures.postpaid == ours and bill.charged == Money.of(format_fen(total))
    for line in bill.lines:
        replayed = Decimal(line.replay().total).scaleb(-8)
        agreed &= line.kind == "ORDER" or replayed == line.rated
    theirs = f"the bill says {bill.charged}, our log says {format_fen(total)}"
    say("both halves", f"{'agree' if agreed else 'DO NOT AGREE'}: {theirs}")
    return agreed


def service_key(given: str | None) -> str:
    """The demo gateway's own key; a customer never has one."""
    notes = Path("var/demo.json")
    kept = json.loads(notes.read_text())["serviceSecret"] if notes.is_file() else None
    found = given or os.environ.get("QUICKSTART_SERVICE_KEY") or kept
    if not found:
        raise SystemExit(
            "quickstart: no service key: give --service-key, or start here after `make run`"
        )
    return str(found)


def main() -> int:
    """The whole way."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    address = os.environ.get("QUICKSTART_URL", "http://127.0.0.1:8000")
    parser.add_argument("url", nargs="?", default=address, help=f"the server (default {address})")
    parser.add_argument("--service-key", help="the gateway's key (default: the demo's)")
    given = parser.parse_args()
    gateway_key, began = service_key(given.service_key), time.monotonic()
    print(f"\n  Counterfoil at {given.url}, {datetime.now(UTC):%Y-%m-%d %H:%M} UTC\n")
    try:
        with Console(given.url, language="en", retries=2) as console:
            sign_up(console)
            verify(console)
            product = shop(console)
            calls = call(console, given.url, gateway_key)
            agreed = check(console, product, calls)
            console.accounts.log_out()
    except TransportFailed as lost:
        print(f"quickstart: no server answers ({lost}); start one with `make run`", file=sys.stderr)
        return 1
    except Refused as refused:
        print(f"quickstart: {refused} {refused.remedy}", file=sys.stderr)
        return 1
    except ConsoleError as failed:
        print(f"quickstart: {failed}", file=sys.stderr)
        return 1
    verdict = "两联一致,账单无误" if agreed else "两联不一致,请核对账单"
    seconds = time.monotonic() - began
    print(f"\n  用时 {seconds:.1f} 秒:注册、认证、下单、调用、出账全部完成,{verdict}。\n")
    return 0 if agreed else 1


if __name__ == "__main__":
    sys.exit(main())
