"""Typed problems: what a mutation answers instead of its result when it is refused."""

from typing import Any, TypeAlias

import strawberry
from strawberry.types.field import StrawberryField

from api.context import Info
from domain.kernel import errors
from domain.kernel.errors import Refusal
from domain.kernel.words import told_in


@strawberry.interface(description="A refusal that the caller can understand and act upon.")
class Problem:
    code: str = strawberry.field(description="The stable code of this kind of refusal.")
    message: str = strawberry.field(description="What happened, in English.")
    message_zh: str = strawberry.field(description="What happened, in Chinese.")
    remedy: str = strawberry.field(
        description="What to do about it, in the language of Accept-Language."
    )
    docs: str = strawberry.field(description="Where this refusal is explained.")


@strawberry.type(description="The thing does not exist, or is not visible to you.")
class NotFoundProblem(Problem):
    pass


@strawberry.type(description="You may not do this.")
class ForbiddenProblem(Problem):
    scope: str | None = strawberry.field(description="The scope that would be needed.")


@strawberry.type(description="A value that was sent cannot be used.")
class InvalidProblem(Problem):
    field: str = strawberry.field(description="The argument or input field at fault.")
    reason: str = strawberry.field(
        description="What is wrong with it, in the language of Accept-Language."
    )


@strawberry.type(description="The present state of things does not allow this.")
class ConflictProblem(Problem):
    pass


@strawberry.type(description="A limit, a quota or a balance does not reach.")
class ExhaustedProblem(Problem):
    retry_after_seconds: int | None = strawberry.field(
        description="After how many seconds another attempt makes sense, where that is known."
    )


Usual: TypeAlias = (
    NotFoundProblem | ForbiddenProblem | InvalidProblem | ConflictProblem | ExhaustedProblem
)


def said(refusal: Refusal, language: str) -> dict[str, str]:
    """The fields that every problem has."""
    return {
        "code": refusal.code,
        "message": refusal.text("en"),
        "message_zh": refusal.text("zh"),
        "remedy": refusal.advice(language),
        "docs": f"/errors/{refusal.code}",
    }


class Answer:
    """Turns one class of refusals into one problem type, with the named facts as its fields.

    Register the particular before the general: the first that a mutation's union names answers.
    """

    def __init__(self, refusal: type[Refusal], problem: type[Problem], **facts: str) -> None:
        self.exception_type = refusal
        self.error_type = problem
        self._facts = facts

    def handle(self, exception: Any, *, field: StrawberryField, info: Info) -> Any:
        language = info.context.language
        facts = {
            name: told_in(language, exception.facts.get(fact)) for name, fact in self._facts.items()
        }
        return self.error_type(**said(exception, language), **facts)


USUAL_ANSWERS = (
    Answer(errors.NotFound, NotFoundProblem),
    Answer(errors.Forbidden, ForbiddenProblem, scope="scope"),
    Answer(errors.Invalid, InvalidProblem, field="field", reason="reason"),
    Answer(errors.Conflict, ConflictProblem),
    Answer(errors.Exhausted, ExhaustedProblem, retry_after_seconds="retry_after"),
)
