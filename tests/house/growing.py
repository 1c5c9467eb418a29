"""For every list of the schema, rows that make it longer: copies of one row of its table."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from itertools import count as count_from
from typing import Any, Final

from tortoise.models import Model

from domain.accounts.models import Login, Role, SandboxBankLine, Session, SubAccount, SubAccountKind
from domain.accounts.models import VerificationCase as Case
from domain.billing.models import Bill, BillLine
from domain.catalog.models import ApiInterface, DeliveryOption, Product, ResultCode
from domain.entitlements.models import Entitlement
from domain.handover.models import MainAccountOffer
from domain.kernel import secrets
from domain.kernel.context import SYSTEM
from domain.kernel.money import Money
from domain.keys.commands import create_access_key
from domain.keys.models import AccessKey, SecretStatus, SecretVersion
from domain.ledger.commands import recharge
from domain.ledger.models import LedgerEntry, Recharge
from domain.notices.models import Notice
from domain.operators.models import ServiceKey
from domain.orders.commands import place_order
from domain.orders.models import Order, OrderItem
from domain.people.commands import create_invitation
from domain.people.models import Invitation, SandboxLetter, SecondFactorReset
from domain.pricing.models import Plan, PriceVersion
from domain.usage.models import UsageDay
from tests.cast import NOW, Cast
from tests.usage.build import calls, report

Change = Any
OCR: Final = "id-ocr"
STEP: Final = {
    "lower": 0,
    "upTo": None,
    "quantity": 1,
    "unitFactor": 1,
    "unitPrice": "0.05",
    "amount": "0.05000000",
}
COMPONENT: Final = {"metering": "CALL", "unit": "call", "unitPrice": "0.05", "free": 0}
_numbers = count_from(1)


async def copies(row: Any, count: int, **changes: Change) -> list[Any]:
    """`count` more rows like this one; a change that is a function is given each copy's number.

    Ids are new, and so is every other unique text.
    """
    kind: type[Model] = type(row)
    meta = kind._meta
    made = []
    for number in range(count):
        values = {name: getattr(row, name) for name in meta.db_fields}
        for name in meta.db_fields:
            unique = meta.fields_map[name].unique and isinstance(values[name], str)
            if name == "id" or (unique and name not in changes):
                values[name] = f"{values[name][:12]}-{next(_numbers):05}"
        for name, change in changes.items():
            values[name] = change(number) if callable(change) else change
        made.append(kind(**values))
    await kind.bulk_create(made)
    return made


async def one(kind: Any, **asked: Any) -> Any:
    """The first row of a table, whoever owns it."""
    rows = kind.visible_to(SYSTEM) if hasattr(kind, "visible_to") else kind.all()
    found = await rows.filter(**asked).order_by("id").first()
    assert found is not None, (kind, asked)
    return found


def new_name(_: int = 0) -> str:
    """A name that nothing else has."""
    return f"copy-{next(_numbers):05}"


Grow = Callable[[Cast, int], Awaitable[None]]


@dataclass(frozen=True)
class Seed:
    """What makes a list longer by so many rows, who reads it, and how many rows are many."""

    grow: Grow
    who: str = "ann"
    many: int = 50


# -- people and what they hold -------------------------------------------------------------------


async def _sessions(cast: Cast, count: int) -> None:
    await copies(await one(Session), count)


async def _invitations(cast: Cast, count: int) -> None:
    role = await one(Role, enterprise_id=cast.enterprises["E1"])
    await create_invitation(
        cast.ann(),
        email=f"{new_name()}@qinghe.example",
        name=new_name(),
        role_id=role.id,
        link="{code}",
    )
    await copies(await one(Invitation), count - 1, name=new_name)


async def _offers(cast: Cast, count: int) -> None:
    member = await one(SubAccount, name="dev-chen")
    for _ in range(count):
        await MainAccountOffer.create(
            id=new_name(),
            enterprise_id=cast.enterprises["E1"],
            sub_account_id=member.id,
            digest=new_name(),
            created_at=NOW,
            expires_at=NOW + timedelta(days=3),
        )


async def _resets(cast: Cast, count: int) -> None:
    login = await one(Login)
    for _ in range(count):
        await SecondFactorReset.create(
            id=new_name(),
            login_id=login.id,
            masked_email="a***",
            reason="x",
            opened_by="op-tan",
            opened_at=NOW,
            effective_at=NOW + timedelta(days=3),
        )


async def _letters(cast: Cast, count: int) -> None:
    for _ in range(count):
        await SandboxLetter.create(
            id=new_name(),
            masked_to="a***",
            text="password_reset",
            sealed_body=secrets.seal("x"),
            at=NOW,
        )


async def _bank_lines(cast: Cast, count: int) -> None:
    for _ in range(count):
        await SandboxBankLine.create(
            id=new_name(),
            enterprise_id=cast.enterprises["E1"],
            amount_fen=1,
            memo="x",
            at=NOW,
        )


async def _cases(cast: Cast, count: int) -> None:
    await copies(await one(Case), count)


async def _roles(cast: Cast, count: int) -> None:
    role = await one(Role, enterprise_id=cast.enterprises["E1"])
    made = await copies(role, count, name=new_name)
    await _apps(cast, [role.id for role in made])


async def _sub_accounts(cast: Cast, count: int) -> None:
    app = await one(SubAccount, name="app-onboard")
    await _apps(cast, [app.role_id] * count)


async def _holders(cast: Cast, count: int) -> None:
    await _sub_accounts(cast, count)


async def _apps(cast: Cast, roles: list[str]) -> None:
    """An application of each of these roles, with a key and its secret."""
    app = await one(SubAccount, name="app-onboard")
    key = await one(AccessKey, sub_account_id=app.id)
    made = await copies(
        app,
        len(roles),
        name=new_name,
        kind=SubAccountKind.APP,
        login_id=None,
        role_id=lambda n: roles[n],
    )
    keys = await copies(key, len(roles), sub_account_id=lambda n: made[n].id)
    await _secrets(keys)


async def _secrets(keys: list[Any]) -> None:
    version = await one(SecretVersion)
    await copies(
        version,
        len(keys),
        key_id=lambda n: keys[n].id,
        enterprise_id=lambda n: keys[n].enterprise_id,
    )


# -- keys ----------------------------------------------------------------------------------------


async def _keys(cast: Cast, count: int) -> None:
    made = await create_access_key(cast.ann(), name=new_name())
    keys = await copies(await AccessKey.visible_to(SYSTEM).get(id=made.id), count - 1)
    await _secrets(keys)


async def _versions(cast: Cast, count: int) -> None:
    version = await one(SecretVersion, key_id=cast.key_id)
    await copies(version, count, status=SecretStatus.RETIRED, retires_at=NOW)


async def _service_keys(cast: Cast, count: int) -> None:
    await copies(await one(ServiceKey), count)


async def _notices(cast: Cast, count: int) -> None:
    for _ in range(count):
        await Notice.create(
            id=new_name(),
            enterprise_id=cast.enterprises["E1"],
            kind="KEY_LEAKED",
            subject_id=cast.key_id,
            dedupe_key=new_name(),
            facts={"source": "x"},
            created_at=NOW,
        )


# -- the catalogue -------------------------------------------------------------------------------


async def _products(cast: Cast, count: int) -> None:
    made = await copies(await one(Product, code=OCR), count)
    ids = [product.id for product in made]
    await _apis_of(ids)
    options = await copies(await one(DeliveryOption), count, product_id=lambda n: ids[n])
    await _plans_of(ids, lambda n: options[n].id)


async def _apis(cast: Cast, count: int) -> None:
    await _apis_of([(await one(Product, code=OCR)).id] * count)


async def _apis_of(products: list[str]) -> None:
    made = await copies(await one(ApiInterface), len(products), product_id=lambda n: products[n])
    await copies(await one(ResultCode), len(made), api_id=lambda n: made[n].id)


async def _options(cast: Cast, count: int) -> None:
    product = await one(Product, code=OCR)
    await copies(await one(DeliveryOption, product_id=product.id), count, code=new_name)


async def _plans(cast: Cast, count: int) -> None:
    product = await one(Product, code=OCR)
    plan = await one(Plan, product_id=product.id)
    await _plans_of([product.id] * count, lambda _: plan.delivery_option_id)


async def _plans_of(products: list[str], option: Callable[[int], str]) -> None:
    plan = await one(Plan, code="id-ocr/pack-10k")
    price = await one(PriceVersion, plan_id=plan.id)
    made = await copies(
        plan, len(products), product_id=lambda n: products[n], delivery_option_id=option
    )
    await copies(price, len(made), plan_id=lambda n: made[n].id, components=[COMPONENT])


async def _result_codes(cast: Cast, count: int) -> None:
    api = await one(ApiInterface, code="ocr.idcard")
    await copies(await one(ResultCode, api_id=api.id), count, code=new_name)


# -- money, orders and usage ---------------------------------------------------------------------


async def _entitlements(cast: Cast, count: int) -> None:
    right = await one(Entitlement)
    await copies(right, count, enterprise_id=cast.enterprises["E1"], order_item_id=None)


async def _entries(cast: Cast, count: int) -> None:
    await copies(await one(LedgerEntry, enterprise_id=cast.enterprises["E1"]), count)


async def _recharges(cast: Cast, count: int) -> None:
    await recharge(cast.ann(), amount=Money(1_000), provider="SANDBOX")
    await copies(await one(Recharge), count - 1)


async def _orders(cast: Cast, count: int) -> None:
    placed = await place_order(cast.ann(), plan_code="id-ocr/pack-10k", quantity=1)
    order = await Order.visible_to(SYSTEM).get(id=placed.id)
    item = await OrderItem.visible_to(SYSTEM).get(order_id=placed.id)
    made = await copies(order, count - 1)
    await copies(item, count - 1, order_id=lambda n: made[n].id)


async def _items(cast: Cast, count: int) -> None:
    placed = await place_order(cast.ann(), plan_code="id-ocr/pack-10k", quantity=1)
    await copies(await OrderItem.visible_to(SYSTEM).get(order_id=placed.id), count - 1)


async def _records(cast: Cast, count: int) -> None:
    await report(cast, calls(cast.key_id, count))


async def _days(cast: Cast, count: int) -> None:
    await _records(cast, 1)
    await copies(await one(UsageDay), count - 1, key_id=new_name)


async def _callers(cast: Cast, count: int) -> None:
    await _records(cast, 1)
    await _sub_accounts(cast, count)


async def _reached(cast: Cast, count: int) -> None:
    await _records(cast, 1)
    await _apis(cast, count)


def _month() -> str:
    number = next(_numbers)
    return f"{1000 + number // 12}-{number % 12 + 1:02}"


async def _bills(cast: Cast, count: int) -> None:
    await _lines(cast, 1)
    bill = (await Bill.visible_to(SYSTEM).order_by("-month"))[0]
    made = await copies(bill, count - 1, month=lambda _: _month())
    await copies(await one(BillLine), count - 1, bill_id=lambda n: made[n].id)


async def _lines(cast: Cast, count: int) -> None:
    bill = await Bill.create(
        id=new_name(),
        enterprise_id=cast.enterprises["E1"],
        month=_month(),
        status="CLOSED",
        currency="CNY",
        rated_e8=0,
        charged_fen=0,
        rounding_off_e8=0,
        closed_at=NOW - timedelta(days=1),
    )
    for number in range(count):
        await BillLine.create(
            id=new_name(),
            bill_id=bill.id,
            enterprise_id=bill.enterprise_id,
            position=number + 1,
            kind="USAGE",
            product_code=OCR,
            api_code="ocr.idcard",
            plan_code="id-ocr/payg",
            order_id="",
            quantity=1,
            funded={"free": 0, "pack": 0, "qps": 0, "postpaid": 1, "unfunded": 0},
            rated_e8=0,
            charged_fen=0,
            rounding_off_e8=0,
            steps=[STEP],
        )


SEEDS: Final[Mapping[str, Seed]] = {
    "Query.sessions": Seed(_sessions),
    "Query.invitations": Seed(_invitations),
    "Query.mainAccountOffers": Seed(_offers),
    "Query.secondFactorResets": Seed(_resets, "op-tan"),
    "Query.sandboxLetters": Seed(_letters, "op-tan"),
    "Query.sandboxBankStatement": Seed(_bank_lines, many=20),
    "Query.verificationReviews": Seed(_cases, "op-tan"),
    "Query.roles": Seed(_roles),
    "Query.subAccounts": Seed(_sub_accounts),
    "Query.products": Seed(_products),
    "Query.entitlements": Seed(_entitlements),
    "Query.accessKeys": Seed(_keys),
    "Query.serviceKeys": Seed(_service_keys, "op-tan"),
    "Query.notices": Seed(_notices),
    "Query.ledgerEntries": Seed(_entries),
    "Query.recharges": Seed(_recharges),
    "Query.orders": Seed(_orders),
    "Query.usageStats": Seed(_days),
    "Query.usageRecords": Seed(_records),
    "Query.bills": Seed(_bills),
    "Enterprise.entitlements": Seed(_entitlements),
    "Enterprise.orders": Seed(_orders),
    "Enterprise.usageStats": Seed(_days),
    "Enterprise.bills": Seed(_bills),
    "Product.apis": Seed(_apis),
    "Product.deliveryOptions": Seed(_options),
    "Product.plans": Seed(_plans),
    "ApiInterface.resultCodes": Seed(_result_codes),
    "Order.items": Seed(_items),
    "Bill.lines": Seed(_lines),
    "Role.holders": Seed(_holders),
    "AccessKey.versions": Seed(_versions),
    "BlastRadius.apis": Seed(_reached),
    "BlastRadius.callers": Seed(_callers),
}
"""By Type.field, for every list of objects that somebody can read."""

EMBEDDED: Final[frozenset[str]] = frozenset(
    {
        "Price.tiers",
        "Price.components",
        "PriceEstimate.steps",
        "BillLine.steps",
        "Notice.details",
        "UsageRecord.funding",
        "SimulatedAccess.path",
        "SimulatedAccess.change",
    }
)
"""Lists that are a part of their owner's row, or worked out in memory: no statement is theirs."""
