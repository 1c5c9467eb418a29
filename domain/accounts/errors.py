"""Refusals of the account tree."""

from domain.kernel.errors import Conflict, Exhausted, Forbidden, Invalid, Unauthenticated
from domain.kernel.words import Phrase, noun


class WrongCredentials(Unauthenticated):
    """The e-mail and password do not belong together; which of the two is wrong is not said."""

    code = "WRONG_CREDENTIALS"
    message = "The e-mail or the password is wrong."
    message_zh = "邮箱或密码错误。"
    remedy = "Check both, or sign up first."
    remedy_zh = "请核对邮箱与密码,或先注册。"


class UnverifiedEnterprise(Forbidden):
    """Only a verified enterprise may buy; trying out and reading need no verification."""

    code = "UNVERIFIED_ENTERPRISE"
    message = "The enterprise is not verified yet (it is {verification})."
    message_zh = "企业尚未通过实名认证(当前状态 {verification})。"
    remedy = "Submit the verification with submitVerification, and wait for its result."
    remedy_zh = "请通过 submitVerification 提交实名认证并等待结果。"

    def __init__(self, *, verification: str) -> None:
        super().__init__(verification=verification)


class UsccInvalid(Invalid):
    """A unified social credit code has 18 characters of a fixed alphabet, the last a check."""

    code = "USCC_INVALID"
    message = "{uscc} is not a unified social credit code."
    message_zh = "{uscc} 不是有效的统一社会信用代码。"
    remedy = "Copy the 18 characters from the business licence; I, O, S, V and Z never occur."
    remedy_zh = "请按营业执照填写 18 位代码;其中不含 I、O、S、V、Z。"

    def __init__(self, *, uscc: str) -> None:
        super().__init__(
            field="uscc",
            reason=Phrase("not a unified social credit code", "不是统一社会信用代码"),
            uscc=uscc,
        )


class UsccTaken(Conflict):
    """A firm has one main account; another enterprise has proven to be this firm."""

    code = "USCC_TAKEN"
    message = "Another enterprise is verified as {uscc}."
    message_zh = "{uscc} 已被另一企业认证。"
    remedy = "Ask your colleagues for an invitation, or appeal to the platform's support."
    remedy_zh = "请联系同事邀请您加入,或向平台客服申诉。"

    def __init__(self, *, uscc: str) -> None:
        super().__init__(uscc=uscc)


class NameTaken(Conflict):
    """Names are unique among the roles, or the sub-accounts, of one enterprise."""

    code = "NAME_TAKEN"
    message = "The name {name} is in use."
    message_zh = "名称 {name} 已被使用。"
    remedy = "Choose another name."
    remedy_zh = "请使用其他名称。"

    def __init__(self, *, name: str) -> None:
        super().__init__(name=name)


class LimitReached(Exhausted):
    """An enterprise may have so many of a thing and no more."""

    code = "LIMIT_REACHED"
    message = "There can be at most {limit} {what}."
    message_zh = "{what}数量上限为 {limit}。"
    remedy = "Delete or reuse one that is not needed, or ask the platform for a higher limit."
    remedy_zh = "请删除或复用不再使用的项目,或联系平台提升上限。"

    def __init__(self, *, what: str, limit: int) -> None:
        super().__init__(what=noun(what), limit=limit)
