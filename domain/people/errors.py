"""Refusals around people: codes, invitations, second factors."""

from domain.kernel.errors import Conflict, Invalid
from domain.kernel.words import Phrase


class WrongCode(Invalid):
    """The code is not the one of this moment, or was used before; which of the two is not said."""

    code = "WRONG_CODE"
    message = "The code is wrong, or was used before."
    message_zh = "验证码错误,或已被使用。"
    remedy = "Wait for the next code of your authenticator, or use a recovery code."
    remedy_zh = "请等待验证器生成下一个验证码,或使用恢复码。"

    def __init__(self) -> None:
        super().__init__(
            field="code", reason=Phrase("is wrong, or was used before", "错误或已被使用")
        )


class NoSecondFactor(Conflict):
    """There is no authenticator whose code could be confirmed."""

    code = "NO_SECOND_FACTOR"
    message = "You have not enrolled a second factor."
    message_zh = "您尚未绑定二次验证。"
    remedy = "Enrol one with enrolSecondFactor first."
    remedy_zh = "请先通过 enrolSecondFactor 绑定。"


class ResetCodeInvalid(Invalid):
    """A code that resets a password works once, within half an hour; a newer one replaces it."""

    code = "RESET_CODE_INVALID"
    message = "The code is unknown, used or expired."
    message_zh = "重置码不存在、已使用或已过期。"
    remedy = "Ask for a new code with requestPasswordReset, and use the newest letter."
    remedy_zh = "请通过 requestPasswordReset 重新获取,并使用最新一封邮件中的重置码。"

    def __init__(self) -> None:
        super().__init__(
            field="code", reason=Phrase("is unknown, used or expired", "不存在、已使用或已过期")
        )


class InvitationClosed(Conflict):
    """An invitation is accepted once, within seven days, unless it is withdrawn."""

    code = "INVITATION_CLOSED"
    message = "This invitation is {state}."
    message_zh = "该邀请已失效(状态 {state})。"
    remedy = "Log in if you have accepted it; otherwise ask whoever invited you for a new one."
    remedy_zh = "如已接受邀请请直接登录;否则请联系邀请人重新发送。"

    def __init__(self, *, state: str) -> None:
        super().__init__(state=state)
