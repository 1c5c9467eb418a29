"""What makes the lists of orders longer."""

from typing import Final

from domain.kernel.context import SYSTEM
from domain.orders.commands import place_order
from domain.orders.models import Order, OrderItem
from tests.cast import Cast
from tests.seeds import Seed, copies


async def _orders(cast: Cast, count: int) -> None:
    placed = await place_order(cast.ann(), plan_code="id-ocr/pack-10k", quantity=1)
    order = await Order.visible_to(SYSTEM).get(id=placed.id)
    item = await OrderItem.visible_to(SYSTEM).get(order_id=placed.id)
    made = await copies(order, count - 1)
    await copies(item, count - 1, order_id=lambda n: made[n].id)


async def _items(cast: Cast, count: int) -> None:
    placed = await place_order(cast.ann(), plan_code="id-ocr/pack-10k", quantity=1)
    await copies(await OrderItem.visible_to(SYSTEM).get(order_id=placed.id), count - 1)


SEEDS: Final = {
    "Query.orders": Seed(_orders),
    "Enterprise.orders": Seed(_orders),
    "Order.items": Seed(_items),
}
