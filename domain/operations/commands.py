"""Writes of trusted documents."""

from collections.abc import Sequence
from datetime import datetime

from domain.kernel import changes
from domain.kernel.command import command
from domain.kernel.context import Ctx
from domain.operations import rules
from domain.operations.errors import DocumentIdTaken
from domain.operations.models import TrustedDocument
from domain.operations.rows import RegisteredManifest
from domain.operations.rules import NewDocument


@command(needs="operation:register", repeatable=False)
async def register_operations(
    ctx: Ctx, *, manifest: str, version: str, documents: Sequence[NewDocument]
) -> RegisteredManifest:
    """Trust these documents; all or none. What is registered already stays as it is.

    Raises Invalid (manifest, version, a malformed id or name), or DocumentIdTaken.
    """
    name = rules.checked_label(manifest, "manifest", 60)
    release = rules.checked_label(version, "version", 40)
    for one in documents:
        if not rules.is_id(one.id) or not rules.is_name(one.name):
            raise rules.bad_document(one.id, "or its name is malformed", "或其名称格式不正确")
        if not rules.may_name(one.id, one.digest):
            raise rules.bad_document(one.id, "is the id of another text", "是另一段文本的标识")
    known = await _registered(documents)
    fresh = [one for one in documents if one.id not in known]
    await TrustedDocument.bulk_create(
        (
            TrustedDocument(
                id=one.id,
                digest=one.digest,
                name=one.name,
                kind=one.kind,
                text=one.text,
                manifest=name,
                version=release,
                registered_at=ctx.now,
            )
            for one in sorted(fresh, key=lambda one: one.id)
        ),
        ignore_conflicts=True,  # of a release that registers at the same moment
    )
    at = await _registered(fresh)
    added = sum(at[one.id] == ctx.now for one in fresh)
    counts = {"added": added, "known": len(documents) - added}
    ctx.note(name, after={"version": release, **counts})
    await changes.mark(ctx, "operation", "*")
    return RegisteredManifest(id=name, version=release, **counts)


async def _registered(documents: Sequence[NewDocument]) -> dict[str, datetime]:
    """Since when those of the documents are trusted that are; DocumentIdTaken by another text."""
    rows = TrustedDocument.filter(id__in=[one.id for one in documents])
    found = {
        str(id): (digest, at)
        for id, digest, at in await rows.values_list("id", "digest", "registered_at")
    }
    for one in documents:
        if one.id in found and found[one.id][0] != one.digest:
            raise DocumentIdTaken(id=one.id)
    return {id: at for id, (_, at) in found.items()}
