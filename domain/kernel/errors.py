"""The families of refusals, from which every room derives its own."""

from typing import Any, ClassVar

from domain.kernel.words import Phrase, clipped, noun, told_in


class Refusal(Exception):
    """A "no" that the caller can understand and act upon; never a bug.

    A subclass states its code and its texts once; the doors translate it (a typed problem over
    GraphQL, a status over HTTP, an exception class in the SDK, a section in docs/errors.md).
    The texts are format strings over the facts given to the constructor; a fact that is a Phrase
    is told in the language of the text.
    """

    code: ClassVar[str]
    message: ClassVar[str]
    message_zh: ClassVar[str]
    remedy: ClassVar[str]
    remedy_zh: ClassVar[str]

    def __init__(self, **facts: Any) -> None:
        self.facts = facts
        super().__init__(self.text("en"))

    def text(self, language: str) -> str:
        """What happened, in `language` ("zh" or "en")."""
        return self._told(self.message_zh if language == "zh" else self.message, language)

    def advice(self, language: str) -> str:
        """What to do about it, in `language` ("zh" or "en")."""
        return self._told(self.remedy_zh if language == "zh" else self.remedy, language)

    def _told(self, text: str, language: str) -> str:
        facts = {name: told_in(language, fact) for name, fact in self.facts.items()}
        return clipped(text.format(**facts))


class NotFound(Refusal):
    """The thing does not exist, or is not yours: the two answers are the same on purpose."""

    code = "NOT_FOUND"
    message = "No {what} matches {id}."
    message_zh = "未找到与 {id} 对应的{what}。"
    remedy = "Check the id; list what you can see with the matching query."
    remedy_zh = "请核对标识,可用对应的列表查询查看您可见的对象。"

    def __init__(self, *, what: str, id: str) -> None:
        super().__init__(what=noun(what), id=id)


class Forbidden(Refusal):
    """You are known, and you may not do this."""

    code = "FORBIDDEN"
    message = "This is not allowed for you."
    message_zh = "您无权执行此操作。"
    remedy = "Ask the main account of your enterprise."
    remedy_zh = "请联系企业主账号。"


class ForbiddenScope(Forbidden):
    """The action needs a scope that your role does not hold."""

    code = "FORBIDDEN_SCOPE"
    message = "This needs the scope {scope}, which you do not hold."
    message_zh = "此操作需要权限 {scope},您当前没有。"
    remedy = "Ask the main account to add {scope} to your role."
    remedy_zh = "请联系主账号,在您的角色中加入 {scope}。"

    def __init__(self, *, scope: str) -> None:
        super().__init__(scope=scope)


class SecondFactorRequired(Forbidden):
    """What matters most needs a second factor that was shown within the last ten minutes."""

    code = "SECOND_FACTOR_REQUIRED"
    message = "This needs your second factor, shown within the last minutes."
    message_zh = "此操作需要在最近几分钟内完成二次验证。"
    remedy = (
        "Enrol an authenticator with enrolSecondFactor if you have none, confirm its code with "
        "confirmSecondFactor, and send the request again."
    )
    remedy_zh = (
        "如尚未绑定,请先用 enrolSecondFactor 绑定验证器;再用 confirmSecondFactor 提交验证码后重试。"
    )


class PersonRequired(Forbidden):
    """A key acts here where a person must: it has no second factor that could be shown."""

    code = "PERSON_REQUIRED"
    message = "A person must do this: a key has no second factor to show."
    message_zh = "此操作须由人员完成:密钥无法进行二次验证。"
    remedy = "Log in to the console as a person who may do it, and show the second factor there."
    remedy_zh = "请由有权限的人员登录控制台,完成二次验证后操作。"


class Unauthenticated(Refusal):
    """We do not know who asks: no credential came, or the one that came is not valid."""

    code = "UNAUTHENTICATED"
    message = "Please log in: no valid credential came with this request."
    message_zh = "请先登录:请求未携带有效凭证。"
    remedy = "Send `Authorization: Bearer <token>` with a session token from logIn."
    remedy_zh = "请通过 logIn 获取会话令牌,并以 `Authorization: Bearer <令牌>` 发送。"


class Invalid(Refusal):
    """A value that was sent cannot be used; the field and the reason are named."""

    code = "BAD_USER_INPUT"
    message = "{field}: {reason}."
    message_zh = "{field} 的值不可用:{reason}。"
    remedy = "Correct {field} and send the request again."
    remedy_zh = "请修正 {field} 后重试。"

    def __init__(self, *, field: str, reason: Phrase, **facts: Any) -> None:
        self.field = field
        self.reason = reason
        super().__init__(field=field, reason=reason, **facts)


class Conflict(Refusal):
    """The request is sound, but the state of things does not allow it now."""

    code = "CONFLICT"
    message = "The current state does not allow this: {reason}."
    message_zh = "当前状态不允许此操作:{reason}。"
    remedy = "Read the present state, then decide again."
    remedy_zh = "请先查询最新状态,再决定下一步。"


class IllegalTransition(Conflict):
    """A status changes only along the transitions of its state machine."""

    code = "ILLEGAL_TRANSITION"
    message = "{what} {id} is {status} and cannot become {target}."
    message_zh = "{what} {id} 当前状态为 {status},不能变为 {target}。"
    remedy = "Read its present status; the documentation lists the allowed transitions."
    remedy_zh = "请查询其当前状态;文档列出了允许的状态流转。"

    def __init__(self, *, what: str, id: str, status: str, target: str) -> None:
        super().__init__(what=noun(what), id=id, status=status, target=noun(target))


class IdempotencyKeyReused(Conflict):
    """The idempotency key was used before: with another input, or by somebody else."""

    code = "IDEMPOTENCY_KEY_REUSED"
    message = "The idempotency key {key} was used before, with another input or by somebody else."
    message_zh = "幂等键 {key} 已用于另一组参数,或由他人使用。"
    remedy = "Use a new key for a new request; repeat a request with the very same input."
    remedy_zh = "新请求请使用新的幂等键;重试时请保持参数完全一致。"

    def __init__(self, *, key: str) -> None:
        super().__init__(key=key)


class Exhausted(Refusal):
    """A limit, a quota or a balance does not reach."""

    code = "EXHAUSTED"
    message = "A limit is reached: {reason}."
    message_zh = "已达上限:{reason}。"
    remedy = "Wait, or raise the limit."
    remedy_zh = "请稍候,或提升上限。"


class RateLimited(Exhausted):
    """Too many attempts in a short time."""

    code = "RATE_LIMITED"
    message = "Too many attempts; try again in {retry_after} s."
    message_zh = "尝试过于频繁,请在 {retry_after} 秒后重试。"
    remedy = "Wait {retry_after} seconds before the next attempt."
    remedy_zh = "请等待 {retry_after} 秒后再试。"

    def __init__(self, *, retry_after: int) -> None:
        self.retry_after = retry_after
        super().__init__(retry_after=retry_after)
