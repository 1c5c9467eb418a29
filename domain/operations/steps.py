"""Reads of trusted documents inside somebody else's transaction."""

from collections.abc import Sequence

from domain.kernel.context import Ctx
from domain.kernel.errors import Invalid
from domain.kernel.words import Phrase
from domain.operations import rules
from domain.operations.models import TrustedDocument


async def checked_operations(ctx: Ctx, names: Sequence[str]) -> list[str] | None:
    """Names that a role or key may be limited to; none of them lifts the limit.

    Raises Invalid (field allowedOperations) for a name that no registered document has, or
    OperationNotAllowed for more than the actor may run.
    """
    asked = rules.cleaned_names(names)
    rules.require_within(ctx.actor, asked)
    found = TrustedDocument.filter(name__in=asked)
    known = {str(name) for name in await found.values_list("name", flat=True)} if asked else set()
    for name in asked:
        if name not in known:
            reason = Phrase(
                f"no registered document has the operation {name}", f"已登记的文档中没有操作 {name}"
            )
            raise Invalid(field="allowedOperations", reason=reason)
    return asked or None
