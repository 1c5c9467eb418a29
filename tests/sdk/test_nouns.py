"""Accounts, verification, products and entitlements against the real app, and their refusals."""

from decimal import Decimal

import pytest

from api.jobs.outbox import deliver_due
from api.runtime import Runtime
from console_sdk import AsyncConsole, Money
from console_sdk.errors import (
    FreeQuotaClaimed,
    IdempotencyKeyReused,
    InvalidInput,
    NotFound,
    Unauthenticated,
    UnverifiedEnterprise,
    UsccInvalid,
    WaitedTooLong,
    WrongCredentials,
)
from console_sdk.verification import Verification
from tests.sdk.conftest import Consoles

PACK, PAYG = "id-ocr/pack-10k", "id-ocr/payg"

# -- accounts --------------------------------------------------------------------------------------


async def test_signs_up_logs_in_and_out(console_of: Consoles) -> None:
    console = await console_of()
    assert await console.accounts.viewer() is None

    signed = await console.accounts.sign_up("New@Firm.example", "rather a long one", "New Firm")
    opened = await console.accounts.log_in(signed.email, "rather a long one")
    viewer = await console.accounts.viewer()

    assert console.token == opened.token
    assert opened.token not in repr(opened)
    assert viewer is not None
    assert viewer.enterprise is not None
    assert (viewer.kind, viewer.enterprise.name) == ("MAIN", "New Firm")
    assert viewer.next_steps == ("submitVerification",)
    await console.accounts.log_out()
    assert "not logged in" in repr(console)
    console = await console_of(token=opened.token)
    with pytest.raises(Unauthenticated):
        await console.accounts.viewer()


async def test_refuses_wrong_credentials_and_weak_passwords(console_of: Consoles) -> None:
    console = await console_of(language="zh")

    with pytest.raises(WrongCredentials) as wrong:
        await console.accounts.log_in("ann@qinghe.example", "not this one")
    with pytest.raises(InvalidInput) as weak:
        await console.accounts.sign_up("new@firm.example", "short", "New Firm")

    assert wrong.value.message == wrong.value.message_zh == "邮箱或密码错误。"
    assert wrong.value.remedy == "请核对邮箱与密码,或先注册。"
    assert weak.value.field == "password"
    assert console.token is None


async def test_lists_roles_and_sub_accounts(console_of: Consoles) -> None:
    console = await console_of("ann")

    roles = {role.name async for role in console.accounts.roles(page_size=1)}
    people = {person.name: person async for person in console.accounts.sub_accounts()}

    assert {"开发", "财务", "开户应用"} <= roles
    assert people["app-onboard"].kind == "APP"
    assert people["app-onboard"].role.api_grants == ("api:flash-liveness/*", "api:id-ocr/*")
    assert (await console.accounts.enterprise()).verification == "VERIFIED"


async def test_a_stranger_is_not_told_anything(console_of: Consoles) -> None:
    console = await console_of()

    with pytest.raises(Unauthenticated):
        await console.balance.get()


# -- verification ----------------------------------------------------------------------------------


async def test_verifies_a_firm(console_of: Consoles, runtime: Runtime) -> None:
    console = await console_of("bei")
    assert await console.verification.latest() is None
    with pytest.raises(NotFound):
        await console.verification.wait()

    with pytest.raises(UsccInvalid) as refused:
        await submit(console, "91440399MA5DEM0390")
    submitted = await submit(console, "91440399MA5DEM039J")
    with pytest.raises(WaitedTooLong) as waited:
        await console.verification.wait(timeout_seconds=0)
    await deliver_due(runtime.ctx, runtime.ports)
    pending = await console.verification.wait(until=("TRANSFER_PENDING", "REJECTED"))
    (line,) = await console.verification.sandbox_bank_statement()
    wrong = await console.verification.confirm_transfer(line.amount + Money.of("0.01"))
    verified = await console.verification.confirm_transfer(line.amount)

    assert refused.value.field == "uscc"
    assert (submitted.status, waited.value.last.status) == ("CHECKING", "CHECKING")
    assert (pending.status, wrong.guesses_left) == ("TRANSFER_PENDING", 2)
    assert (verified.status, verified.uscc) == ("VERIFIED", "91440399MA5DEM039J")
    assert await console.verification.wait("VERIFIED") == verified


async def submit(console: AsyncConsole, uscc: str) -> Verification:
    return await console.verification.submit(
        kind="ENTERPRISE",
        name="北辰物流",
        legal_person="北辰",
        uscc=uscc,
        bank_account="6222020200112233",
    )


# -- products --------------------------------------------------------------------------------------


async def test_browses_products(console_of: Consoles) -> None:
    console = await console_of()
    chinese = await console_of(language="zh")

    listed = [product async for product in console.products.list(page_size=10)]
    found = [one.code async for one in console.products.list(text="id-ocr")]
    apis = [one async for one in console.products.list(delivery_kind="API", page_size=100)]
    product = await console.products.get("id-ocr")

    assert len({one.code for one in listed}) == len(listed) > 20
    assert "id-ocr" in found
    assert 0 < len(apis) < len(listed)
    assert product.name == "ID Card OCR"
    assert (await chinese.products.get("id-ocr")).name == "身份证识别"
    assert product.free_quota is not None
    assert product.free_quota.enterprise == 1000
    payg = next(plan for plan in product.plans if plan.code == PAYG)
    assert payg.price is not None
    assert len(payg.price.rating_tiers().rows) == 4
    codes = {code.code: code.billable for code in product.apis[0].result_codes}
    assert (codes["OK"], codes["IMAGE_BLUR"]) == (True, False)


async def test_estimates(console_of: Consoles) -> None:
    console = await console_of()

    estimate = await console.products.estimate(PAYG, 12_000)

    assert estimate.total == Money.of("690.00")
    assert [step.quantity for step in estimate.steps] == [10_000, 2_000]
    assert estimate.rated == Decimal("690.00000000")
    with pytest.raises(NotFound):
        await console.products.estimate("id-ocr/none", 1)
    with pytest.raises(InvalidInput):
        await console.products.estimate(PAYG, -1)
    with pytest.raises(NotFound) as missing:
        await console.products.get("none")
    assert missing.value.message == "No product matches none."


# -- entitlements ----------------------------------------------------------------------------------


async def test_claims_a_free_quota_once(console_of: Consoles) -> None:
    console = await console_of("eve")

    free = await console.entitlements.claim_free_quota("id-ocr", idempotency_key="mine")
    again = await console.entitlements.claim_free_quota("id-ocr", idempotency_key="mine")
    with pytest.raises(FreeQuotaClaimed):
        await console.entitlements.claim_free_quota("id-ocr")
    with pytest.raises(IdempotencyKeyReused):
        await console.entitlements.claim_free_quota("face-compare", idempotency_key="mine")

    assert again == free
    assert (free.kind, free.quantity, free.remaining, free.monthly) == ("FREE", 1000, 1000, True)
    assert [one async for one in console.entitlements.list()] == [free]


async def test_an_unverified_firm_is_told_so(console_of: Consoles) -> None:
    console = await console_of("bei")

    with pytest.raises(UnverifiedEnterprise) as refused:
        await console.entitlements.claim_free_quota("id-ocr")

    assert refused.value.verification == "UNVERIFIED"
    assert "submitVerification" in refused.value.remedy
    with pytest.raises(UnverifiedEnterprise):
        await console.orders.place(PACK)
