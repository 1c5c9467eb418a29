"""Refusals of prices and plans."""

from domain.kernel.errors import Invalid


class PlanNotReconcilable(Invalid):
    """A plan may only meter what both sides can prove: each must hold a log of the calls."""

    code = "PLAN_NOT_RECONCILABLE"
    message = (
        "The plan {plan} cannot be metered by {metering} on the delivery option "
        "{delivery_option}: {reason}."
    )
    message_zh = (
        "计费方案 {plan} 无法在交付形式 {delivery_option} 上按 {metering} 计量:双方无法对账。"
    )
    remedy = (
        "Attach it to an option that logs calls on both sides, or meter it by DEVICE, INSTANCE "
        "or TERM."
    )
    remedy_zh = "请改用双方均记录调用日志的交付形式,或改为按 DEVICE、INSTANCE、TERM 计量。"
