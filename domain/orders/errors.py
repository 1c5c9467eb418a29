"""Refusals of orders."""

from domain.kernel.errors import Conflict, Exhausted


class NotOnSale(Conflict):
    """The product cannot be ordered now: it is not listed, or its sale has ended."""

    code = "NOT_ON_SALE"
    message = "{product} is {sale_status} and cannot be ordered."
    message_zh = "{product} 当前状态为 {sale_status},不可订购。"
    remedy = "Read the product's announcement (product.retirement), or choose another product."
    remedy_zh = "请查看产品公告(product.retirement),或选择其他产品。"

    def __init__(self, *, product: str, sale_status: str) -> None:
        super().__init__(product=product, sale_status=sale_status)


class PlanLimitReached(Exhausted):
    """Of some plans an enterprise may hold so many at once: in use, and ordered but not paid."""

    code = "PLAN_LIMIT_REACHED"
    message = "You hold {held} of {plan}; {asked} more would be above the limit of {most}."
    message_zh = "您已持有 {plan} 共 {held} 份,再订购 {asked} 份将超过上限 {most}。"
    remedy = "Order less, cancel an unpaid order of the plan, or choose a larger plan."
    remedy_zh = "请减少数量、取消该方案的未支付订单,或选择更大的方案。"

    def __init__(self, *, plan: str, held: int, asked: int, most: int) -> None:
        super().__init__(plan=plan, held=held, asked=asked, most=most)


class OrderExpired(Conflict):
    """An unpaid order keeps its prices for a while and then ends."""

    code = "ORDER_EXPIRED"
    message = "Order {order} was to be paid by {pay_until}."
    message_zh = "订单 {order} 的支付期限为 {pay_until},已过期。"
    remedy = "Place the order again; the prices of today will count."
    remedy_zh = "请重新下单,将按当前价格计费。"

    def __init__(self, *, order: str, pay_until: str) -> None:
        super().__init__(order=order, pay_until=pay_until)


class AmountAboveLimit(Conflict):
    """A personal account may order up to a set amount; beyond it a verified firm is asked."""

    code = "AMOUNT_ABOVE_LIMIT"
    message = "A personal account may order up to {limit}; this order is {total}."
    message_zh = "个人账号单笔订单上限为 {limit},本单为 {total}。"
    remedy = "Order less, or verify as an enterprise."
    remedy_zh = "请减少数量,或完成企业认证。"

    def __init__(self, *, limit: str, total: str) -> None:
        super().__init__(limit=limit, total=total)
