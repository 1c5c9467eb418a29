"""Refusals of billing."""

from domain.kernel.errors import Conflict


class PeriodClosed(Conflict):
    """A closed month never changes; what comes late is charged in the next open one."""

    code = "PERIOD_CLOSED"
    message = "The month {month} is closed."
    message_zh = "账期 {month} 已关闭。"
    remedy = "Read the bill; corrections are entries of the next open month."
    remedy_zh = "请查看该月账单;更正将记入下一个未关闭的账期。"

    def __init__(self, *, month: str) -> None:
        super().__init__(month=month)


class PeriodOpen(Conflict):
    """A month is closed on the 2nd of the next one at noon, after the months before it."""

    code = "PERIOD_OPEN"
    message = "The month {month} cannot be closed yet: {reason}."
    message_zh = "账期 {month} 暂不能关闭:{reason}。"
    remedy = "Close the months in their order, from the 2nd of the next month at 12:00 on."
    remedy_zh = "请按月份顺序关账,且不早于次月 2 日 12:00。"

    def __init__(self, *, month: str, reason: str) -> None:
        super().__init__(month=month, reason=reason)
