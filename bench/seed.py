"""What the pages show: the demo, and enough around it to fill each page."""

import copy
import dataclasses
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from api import demo
from domain.accounts import identity
from domain.accounts.models import MainAccount, SubAccount, SubAccountKind
from domain.catalog.models import Product
from domain.iam import commands as iam
from domain.iam import queries as iam_reads
from domain.kernel.calendar import day_start, month_of
from domain.kernel.context import SYSTEM, Ctx
from domain.kernel.money import Money
from domain.kernel.reading import Window, wanting
from domain.keys.models import AccessKey
from domain.ledger import commands as ledger
from domain.orders import commands as orders
from domain.orders.models import OrderStatus
from domain.people import commands as people
from domain.pricing import commands as pricing
from domain.pricing.models import PaymentMode, Plan
from domain.usage.models import UsageDay
from domain.usage.tally import COUNTERS

PASSWORD: Final = "a password for the benchmark"  # noqa: S105 # of invented people
PRODUCTS: Final = 50
SUB_ACCOUNTS: Final = 20
ORDERS: Final = 24
DAYS: Final = 30
CHARTED: Final = 5


async def seed() -> dict[str, Any]:
    """Fill a migrated, empty database; the facts that contestants and callers need."""
    ctx = Ctx(actor=SYSTEM, now=datetime.now(UTC))
    planted = await demo.plant(ctx, PASSWORD, await identity.hashed(PASSWORD))
    await pricing.import_catalogue(ctx, document=_wide_catalogue())
    owner = planted.enterprises["E1"]
    main = await MainAccount.visible_to(SYSTEM).get(enterprise_id=owner)
    ann = demo.acting_for(ctx, main)
    key_ids = await _team(ann)
    await _orders(ctx, ann, owner)
    since, until = await _usage(owner, ctx.now, key_ids)
    proof = await identity.prove("ann@qinghe.example", PASSWORD)
    opened = await people.log_in(Ctx(actor=identity.STRANGER, now=ctx.now), proof=proof)
    return {
        "token": opened.token,
        "enterprise": owner,
        "from": since.isoformat(),
        "until": until.isoformat(),
        "keyId": planted.key_id,
        "keySecret": planted.key_secret,
        "serviceSecret": planted.service_secret,
    }


def _wide_catalogue() -> dict[str, Any]:
    """The demo's catalogue with copies of its listed products, until the page is full."""
    document = demo.catalogue_document()
    shown = [one for one in document["products"] if one["saleStatus"] == "LISTED"]
    copies = [_copy(one, turn) for turn in (2, 3) for one in shown]
    document["products"].extend(copies[: PRODUCTS - len(shown)])
    return document


def _copy(product: dict[str, Any], turn: int) -> dict[str, Any]:
    made = copy.deepcopy(product)
    made["code"] = f"{product['code']}-{turn}"
    made["filingNo"] = f"{product['filingNo']}-{turn}"
    for api in made["apis"]:
        api["code"] = f"{api['code']}{turn}"
        api["path"] = f"{api['path']}-{turn}"
    return made


async def _team(ann: Ctx) -> list[str]:
    """Applications beside the demo's people until there are twenty, each with its key."""
    page = await iam_reads.roles(ann, Window(size=100), wanting("name"))
    roles = [role.id for role in page.nodes]
    held = await SubAccount.visible_to(ann.actor).count()
    for number in range(held, SUB_ACCOUNTS):
        await iam.create_sub_account(
            ann,
            kind=SubAccountKind.APP,
            name=f"app-{number:02}",
            role_id=roles[number % len(roles)],
        )
    found = await AccessKey.visible_to(ann.actor).order_by("id").values_list("id", flat=True)
    return [str(one) for one in found]


async def _orders(ctx: Ctx, ann: Ctx, owner: str) -> None:
    """Orders of many plans; every third is paid."""
    money = Money.parse("500000.00")
    await ledger.credit_balance(ctx, enterprise_id=owner, amount=money, reason="benchmark")
    prepaid = Plan.filter(payment_mode=PaymentMode.PREPAID, self_service=True)
    offered = await prepaid.order_by("code")
    on_sale = {product.id for product in await Product.filter(sale_status="LISTED")}
    plans = [plan for plan in offered if plan.product_id in on_sale]
    for number in range(ORDERS):
        plan = plans[number % len(plans)]
        late = dataclasses.replace(ann, now=ann.now - timedelta(minutes=ORDERS - number))
        order = await orders.place_order(late, plan_code=plan.code, quantity=plan.min_quantity)
        if number % 3 == 0 and order.status is OrderStatus.PENDING_PAYMENT:
            await orders.pay_order(late, order_id=order.id)


async def _usage(owner: str, now: datetime, key_ids: list[str]) -> tuple[datetime, datetime]:
    """Roll-ups of thirty days for five products, two keys each; the range that covers them."""
    until = day_start(now)
    codes = ["id-ocr", "flash-liveness", "face-compare", "asr-stream", "content-guard"]
    rows: list[UsageDay] = []
    for back in range(DAYS):
        at = until - timedelta(days=back)
        for place, code in enumerate(codes[:CHARTED]):
            for key_id in key_ids[:2]:
                counts = dict.fromkeys(COUNTERS, 0)
                counts["total"] = 1_000 + 37 * back + place
                counts["success"] = counts["total"] - back
                counts["failure"] = back
                counts["billable"] = counts["postpaid"] = counts["success"]
                rows.append(
                    UsageDay(
                        id=f"day_{len(rows):05}",
                        enterprise_id=owner,
                        key_id=key_id,
                        month=month_of(at),
                        starts_at=at,
                        product_code=code,
                        api_code=f"{code}.call",
                        sub_account_id="",
                        **counts,
                    )
                )
    await UsageDay.bulk_create(rows)
    return until - timedelta(days=DAYS - 1), until + timedelta(days=1)
