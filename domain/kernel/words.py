"""Texts for people: in both languages at once, and never longer than somebody would read."""

from typing import Any, Final

HEAD: Final = 250
TAIL: Final = 350
"""Characters kept of a text that is cut; what is wrong with a value often stands at the end."""


class Phrase(str):
    """A text in English that knows its Chinese, for whoever learns the language later.

    It is the English text wherever a `str` is expected; what is made of it knows English only.
    """

    __slots__ = ("zh",)
    zh: str

    def __new__(cls, english: str, chinese: str) -> "Phrase":
        made = super().__new__(cls, english)
        made.zh = chinese
        return made


def told_in(language: str, text: Any) -> Any:
    """A Phrase in `language` ("zh" or "en"); anything else as it is."""
    if not isinstance(text, Phrase):
        return text
    return text.zh if language == "zh" else str(text)


def clipped(text: str) -> str:
    """The text, without the middle of one that quotes a caller at length."""
    if len(text) <= HEAD + TAIL:
        return text
    return f"{text[:HEAD]}…{text[-TAIL:]}"


def untranslated(text: str) -> Phrase:
    """Words for whoever writes programs or catalogues, which are English alone."""
    return Phrase(text, text)


# -- the things that refusals speak of ------------------------------------------------------------

NOUNS: Final = {
    "access key": "访问密钥",
    "door": "接口",
    "enterprise": "企业",
    "free quota": "免费额度",
    "invitation": "邀请",
    "log-in": "登录账号",
    "main account": "主账号",
    "offer": "转让邀约",
    "order": "订单",
    "pending transfer": "待核对的打款",
    "plan": "资费方案",
    "recharge": "充值",
    "reset": "重置申请",
    "role": "角色",
    "roles": "角色",
    "service key": "服务密钥",
    "session": "会话",
    "sub-account": "子账号",
    "sub-accounts": "子账号",
    "token": "令牌",
    "verification": "认证",
    "verification attempts a day": "每日认证次数",
}


def noun(english: str) -> Phrase:
    """What a thing is called in both languages."""
    return Phrase(english, NOUNS.get(english, english))


# -- reasons that many values share --------------------------------------------------------------


def between(low: int, high: int) -> Phrase:
    """A number outside its bounds, which both are allowed."""
    return Phrase(f"must be from {low} to {high}", f"须为 {low} 到 {high}")


def characters(most: int, *, least: int = 1, printable: bool = False) -> Phrase:
    """A text that is too short or too long."""
    kind, kind_zh = ("printable ", "可见") if printable else ("", "")
    return Phrase(
        f"must have {least} to {most} {kind}characters",
        f"长度须为 {least} 到 {most} 个{kind_zh}字符",
    )


def entries(most: int) -> Phrase:
    """A list that is too long."""
    return Phrase(f"must have at most {most} entries", f"最多 {most} 项")
