"""Writes of trusted documents."""

from collections.abc import Sequence

from domain.kernel import changes
from domain.kernel.command import command
from domain.kernel.context import Ctx
from domain.kernel.errors import Invalid
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
            raise Invalid(field="documents", reason=f"{one.id[:40]!r} or its name is malformed")
        if not rules.may_name(one.id, one.digest):
            raise Invalid(field="documents", reason=f"{one.id[:40]!r} is the id of another text")
    ids = [one.id for one in documents]
    pairs = await TrustedDocument.filter(id__in=ids).values_list("id", "digest")
    known = {str(id): str(digest) for id, digest in pairs}
    for one in documents:
        if known.get(one.id, one.digest) != one.digest:
            raise DocumentIdTaken(id=one.id)
    fresh = [one for one in documents if one.id not in known]
    await TrustedDocument.bulk_create(
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
        for one in fresh
    )
    counts = {"added": len(fresh), "known": len(documents) - len(fresh)}
    ctx.note(name, after={"version": release, **counts})
    await changes.mark(ctx, "operation", "*")
    return RegisteredManifest(id=name, version=release, **counts)
