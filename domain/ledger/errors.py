"""Refusals of the ledger."""

from domain.kernel.errors import Exhausted
from domain.kernel.money import Money


class InsufficientBalance(Exhausted):
    """The prepaid balance does not cover the amount; nothing was taken."""

    code = "INSUFFICIENT_BALANCE"
    message = "This costs {required}, and {available} is available."
    message_zh = "需支付 {required},可用余额为 {available}。"
    remedy = "Recharge the balance with recharge, then try again."
    remedy_zh = "请先通过 recharge 充值后重试。"

    def __init__(self, *, required: Money, available: Money) -> None:
        self.required = required
        self.available = available
        super().__init__(required=required, available=available)
