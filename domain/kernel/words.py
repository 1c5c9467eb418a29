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
