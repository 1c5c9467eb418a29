"""What makes the lists of the catalogue and its prices longer."""

from collections.abc import Callable
from typing import Final

from domain.catalog.models import ApiInterface, DeliveryOption, Product, ResultCode
from domain.pricing.models import Plan, PriceVersion
from tests.cast import Cast
from tests.seeds import Seed, copies, new_name, one

OCR: Final = "id-ocr"
COMPONENT: Final = {"metering": "CALL", "unit": "call", "unitPrice": "0.05", "free": 0}


async def _products(cast: Cast, count: int) -> None:
    made = await copies(await one(Product, code=OCR), count)
    ids = [product.id for product in made]
    await _apis_of(ids)
    options = await copies(await one(DeliveryOption), count, product_id=lambda n: ids[n])
    await _plans_of(ids, lambda n: options[n].id)


async def more_apis(cast: Cast, count: int) -> None:
    """More APIs of one product."""
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


SEEDS: Final = {
    "Query.products": Seed(_products),
    "Product.apis": Seed(more_apis),
    "Product.deliveryOptions": Seed(_options),
    "Product.plans": Seed(_plans),
    "ApiInterface.resultCodes": Seed(_result_codes),
}
EMBEDDED: Final = {
    "Price.tiers": _products,
    "Price.components": _products,
    "PriceEstimate.steps": None,
}
