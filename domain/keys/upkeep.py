"""What happens to keys without their owner: uses written down, reminders, leaks. For commands."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final

from tortoise.expressions import Q
from tortoise.queryset import QuerySet

from domain.events.rules import EventKind, about
from domain.kernel import changes, secrets
from domain.kernel.context import SYSTEM, Ctx
from domain.kernel.errors import Invalid
from domain.kernel.policy import Policy
from domain.kernel.sql import dialect, moment, run
from domain.kernel.words import Phrase, characters
from domain.keys import care, models, rules
from domain.keys.models import KeyStatus
from domain.keys.rows import LeakReport
from domain.keys.uses import Use
from domain.notices import steps as notices

USES_AT_ONCE: Final = 500
SOURCE_MAX: Final = 200
SECRET_MAX: Final = 256

_WRITE_USES = """
WITH used (id, at, address, api, minute) AS (VALUES {values})
UPDATE access_keys
   SET last_used_at = used.at, last_used_address = used.address, last_used_api = used.api,
       used_minute = used.minute
  FROM used
 WHERE access_keys.id = used.id
   AND (access_keys.last_used_at IS NULL OR access_keys.last_used_at < used.at)
"""
_USE = {
    "sqlite": "(?, ?, ?, ?, ?)",
    "postgres": "(?::varchar, ?::timestamptz, ?::varchar, ?::varchar, ?::int)",
}


async def write_uses(uses: Sequence[Use]) -> None:
    """Write last uses unless later ones stand there: 2 statements for each 500 keys.

    The rows are locked in the order of their ids, so that two workers do not wait in a circle.
    """
    for start in range(0, len(uses), USES_AT_ONCE):
        some = uses[start : start + USES_AT_ONCE]
        keys = models.AccessKey.visible_to(SYSTEM).filter(id__in=[use.key_id for use in some])
        await keys.order_by("id").select_for_update().values_list("id", flat=True)
        values: list[object] = []
        for use in some:
            minute = care.minute_of(use.at)
            values += [use.key_id, moment(use.at), use.address[:64], use.api[:60], minute]
        await run(_WRITE_USES.format(values=", ".join([_USE[dialect()]] * len(some))), *values)


# -- reminders -----------------------------------------------------------------------------------


def due_for_reminders(now: datetime, policy: Policy) -> QuerySet[models.AccessKey]:
    """The working keys of which something is to be said that was not said yet."""
    due = Q(
        Q(rotated_at__lte=now - timedelta(days=policy.key_rotation_days))
        | Q(rotated_at=None, created_at__lte=now - timedelta(days=policy.key_rotation_days)),
        age_reminded_at=None,
    )
    for days in care.REMIND_DAYS:
        unsaid = Q(reminded_days=None) | Q(reminded_days__gt=days)
        due |= Q(unsaid, expires_at__gt=now, expires_at__lte=now + timedelta(days=days))
    return models.AccessKey.visible_to(SYSTEM).filter(due, status=KeyStatus.ACTIVE)


async def remind(ctx: Ctx, key: models.AccessKey) -> None:
    """Say what is due of a locked key's row, and remember that it was said."""
    if key.status is not KeyStatus.ACTIVE:
        return
    days = care.days_due(key.expires_at, ctx.now)
    if days is not None and (key.reminded_days is None or days < key.reminded_days):
        key.reminded_days = days
        until = key.expires_at.isoformat()
        await _tell_rotation(
            ctx, key, f"expiry:{until}:{days}", reason="EXPIRY", days=days, expiresAt=until
        )
    since = key.rotated_at or key.created_at
    old = ctx.now - since >= timedelta(days=ctx.policy.key_rotation_days)
    if old and key.age_reminded_at is None:
        key.age_reminded_at = ctx.now
        age = (ctx.now - since).days
        await _tell_rotation(ctx, key, f"age:{since.isoformat()}", reason="AGE", days=age)
    await key.save(update_fields=["reminded_days", "age_reminded_at"])
    ctx.note(key.id, enterprise_id=key.enterprise_id, after={"remindedDays": key.reminded_days})


async def _tell_rotation(ctx: Ctx, key: models.AccessKey, once: str, **facts: str | int) -> None:
    await notices.tell(
        ctx,
        enterprise_id=key.enterprise_id,
        kind="key.rotation_due",
        subject_id=key.id,
        once=once,
        name=key.name,
        **facts,
    )


# -- leaks ---------------------------------------------------------------------------------------


async def take_leak(ctx: Ctx, *, source: str, secret: str | None, key_id: str | None) -> LeakReport:
    """Lock the key that a report is about, if there is one, and tell its owner."""
    found_at = source.strip()
    if not 1 <= len(found_at) <= SOURCE_MAX or not found_at.isprintable():
        raise Invalid(field="source", reason=characters(SOURCE_MAX, printable=True))
    if (secret is None) == (key_id is None):
        reason = Phrase(
            "give the secret or the keyId, and not both", "secret 与 keyId 须且只能给出其一"
        )
        raise Invalid(field="secret", reason=reason)
    report = LeakReport(id=ctx.ids.new("lkr"), received_at=ctx.now)
    ctx.note(report.id, after={"source": found_at, "found": False})
    found = await _leaked_key(secret, key_id, ctx.now)
    if found is not None:
        await _lock(ctx, *found, found_at)
    return report


async def _leaked_key(
    secret: str | None, key_id: str | None, now: datetime
) -> tuple[models.AccessKey, str] | None:
    """The key and the last characters of the secret that leaked, if it can still do harm."""
    tail = ""
    if secret is not None:
        if len(secret) > SECRET_MAX or not secret.isascii():
            return None
        digest = secrets.digest(secret.strip())
        version = await models.SecretVersion.visible_to(SYSTEM).get_or_none(digest=digest)
        if version is None or (version.retires_at is not None and version.retires_at <= now):
            return None
        key_id, tail = version.key_id, version.tail
    if key_id is None or not rules.well_formed_key_id(key_id):
        return None
    visible = models.AccessKey.visible_to(SYSTEM).select_for_update()
    key = await visible.get_or_none(id=key_id)
    return None if key is None else (key, tail)


async def _lock(ctx: Ctx, key: models.AccessKey, tail: str, source: str) -> None:
    if KeyStatus.LOCKED not in rules.MOVES[key.status]:
        ctx.note(
            key.id,
            enterprise_id=key.enterprise_id,
            after={"source": source, "found": True, "status": key.status.value},
        )
        return
    ctx.note(
        key.id,
        enterprise_id=key.enterprise_id,
        before={"status": key.status.value},
        after={"status": KeyStatus.LOCKED.value, "source": source, "tail": tail},
    )
    key.status, key.changed_at = KeyStatus.LOCKED, ctx.now
    await key.save(update_fields=["status", "changed_at"])
    await notices.tell(
        ctx,
        enterprise_id=key.enterprise_id,
        kind="key.locked",
        subject_id=key.id,
        once=f"leak:{ctx.now.isoformat()}",
        name=key.name,
        source=source,
        tail=tail,
    )
    await changes.mark(ctx, "key", key.id, about=about(EventKind.ACCESS_KEY, key))
