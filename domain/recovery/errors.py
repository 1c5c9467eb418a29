"""Refusals around lost second factors."""

from datetime import datetime

from domain.kernel.errors import Conflict, Forbidden


class ResetUnderway(Conflict):
    """A person's second factor is reset once at a time."""

    code = "RESET_UNDERWAY"
    message = "A reset of this second factor is under way, until {until:%Y-%m-%d %H:%M} UTC."
    message_zh = "该二次验证的重置正在进行,将于 {until:%Y-%m-%d %H:%M}(UTC)生效。"
    remedy = "Wait until then, or withdraw it with withdrawSecondFactorReset and open another."
    remedy_zh = "请等待其生效,或用 withdrawSecondFactorReset 撤回后重新发起。"

    def __init__(self, *, until: datetime) -> None:
        super().__init__(until=until)


class OwnSecondFactor(Forbidden):
    """Nobody takes away a second factor of their own: whoever stole a session could."""

    code = "OWN_SECOND_FACTOR"
    message = "You cannot reset your own second factor."
    message_zh = "不能重置自己的二次验证。"
    remedy = "Ask another operator; or replace it with enrolSecondFactor while you have it."
    remedy_zh = "请由其他运营人员操作;仍持有时可用 enrolSecondFactor 更换。"
