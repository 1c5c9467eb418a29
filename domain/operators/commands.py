"""Writes of the platform's side: operators and service keys."""

from collections.abc import Sequence

from tortoise.exceptions import IntegrityError

from domain.accounts import steps as accounts
from domain.accounts.errors import NameTaken
from domain.accounts.identity import HashedPassword
from domain.accounts.rules import check_name
from domain.kernel import changes, secrets
from domain.kernel.command import command
from domain.kernel.context import Ctx
from domain.kernel.errors import NotFound
from domain.kernel.ids import asked_id
from domain.operators import models, rules
from domain.operators.errors import ServiceKeyNameTaken
from domain.operators.rows import CreatedServiceKey, OperatorRow, ServiceKeyRow


@command(needs="op.service_key:write")
async def create_service_key(ctx: Ctx, *, name: str, scopes: Sequence[str]) -> CreatedServiceKey:
    """Make a key for a gateway (`check`) or a product's back end (`ingest`).

    The secret is in this answer only. Raises Invalid, or ServiceKeyNameTaken.
    """
    name = check_name(name, most=rules.NAME_MAX)
    asked = rules.checked_scopes(scopes)
    secret = secrets.mint(rules.SERVICE_PREFIX)
    try:
        key = await models.ServiceKey.create(
            id=ctx.ids.new("svc"),
            name=name,
            digest=secrets.digest(secret),
            scopes=asked,
            created_at=ctx.now,
        )
    except IntegrityError as taken:
        raise ServiceKeyNameTaken(name=name) from taken
    ctx.note(key.id, after={"name": name, "scopes": asked})
    await changes.mark(ctx, "service", key.id)
    return CreatedServiceKey(id=key.id, service_key=ServiceKeyRow.of(key), secret=secret)


@command(needs="op.service_key:write")
async def set_service_key_active(ctx: Ctx, *, service_key_id: str, active: bool) -> ServiceKeyRow:
    """Switch a service key off, or on again; within a second no door takes it. Raises NotFound."""
    name = asked_id(service_key_id)
    key = await models.ServiceKey.select_for_update().get_or_none(id=name)
    if key is None:
        raise NotFound(what="service key", id=name)
    ctx.note(key.id, before={"active": key.active}, after={"active": active})
    key.active = active
    await key.save(update_fields=["active"])
    await changes.mark(ctx, "service", key.id)
    return ServiceKeyRow.of(key)


@command(needs="op.operator:write")
async def create_operator(
    ctx: Ctx, *, code: str, role: models.OperatorRole, email: str, password: HashedPassword
) -> OperatorRow:
    """Add a member of the platform's staff, who logs in with `email`. The house itself does this.

    Raises Invalid for a code or an e-mail that cannot be one, or NameTaken.
    """
    login_id = await accounts.member_login(ctx, email=email, password=password)
    cleaned = check_name(code, field="code", most=40)
    if await models.Operator.exists(code=cleaned):
        raise NameTaken(name=cleaned)
    row = await models.Operator.create(
        id=ctx.ids.new("opr"), code=cleaned, role=role, login_id=login_id, created_at=ctx.now
    )
    ctx.note(row.id, after={"code": cleaned, "role": role.value})
    return OperatorRow.of(row)
