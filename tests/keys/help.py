"""What the tests of keys say in one line: rights, roles, tokens, calls."""

import base64
import json
from typing import Any

import httpx2
from tortoise.transactions import in_transaction

from domain.accounts.models import Enterprise, Role, SubAccount
from domain.catalog.models import Product
from domain.entitlements import steps
from domain.entitlements.models import Entitlement, EntitlementKind
from domain.kernel import changes
from domain.kernel.context import SYSTEM, Ctx
from domain.kernel.sql import dialect, run
from tests.cast import Cast

FORM = "application/x-www-form-urlencoded"


async def product_id(code: str) -> str:
    """The id of a product of the demo catalogue."""
    return str((await Product.get(code=code)).id)


async def entitle(
    ctx: Ctx, enterprise_id: str, product: str, kind: EntitlementKind, **more: Any
) -> Entitlement:
    """Give an enterprise a right, as a paid order does."""
    async with in_transaction():
        given = await steps.grant(
            ctx,
            enterprise_id=enterprise_id,
            product_id=await product_id(product),
            kind=kind,
            **{"quantity": None, **more},
        )
    changes.tell(ctx.trace.marks)
    return given


async def change(ctx: Ctx, topic: str, target: str, row: Any, **values: Any) -> None:
    """Change a row and mark it, as the command of the row's own room does."""
    async with in_transaction():
        await row.update_from_dict(values).save()
        await changes.mark(ctx, topic, target)
    changes.tell([(topic, target)])


async def app_of(cast: Cast) -> SubAccount:
    """The sub-account app-onboard."""
    return await SubAccount.visible_to(SYSTEM).get(name="app-onboard")


async def grant_to_app(cast: Cast, grants: list[str]) -> None:
    """Set what the role of app-onboard grants."""
    role = await Role.visible_to(SYSTEM).get(id=(await app_of(cast)).role_id)
    await change(cast.system(), "role", role.enterprise_id, role, api_grants=grants)


async def disable_enterprise(cast: Cast, enterprise_id: str) -> None:
    """Disable an enterprise."""
    row = await Enterprise.get(id=enterprise_id)
    await change(cast.system(), "reach", enterprise_id, row, status="DISABLED")


def basic(name: str, secret: str) -> dict[str, str]:
    """The header of HTTP Basic."""
    return {"authorization": "Basic " + base64.b64encode(f"{name}:{secret}".encode()).decode()}


async def ask_token(
    client: httpx2.AsyncClient, name: str, secret: str, **more: str
) -> httpx2.Response:
    """Ask the token door, by Basic."""
    form = {"grant_type": "client_credentials", **more}
    return await client.post("/oauth/token", data=form, headers=basic(name, secret))


async def token_of(client: httpx2.AsyncClient, name: str, secret: str, **more: str) -> str:
    """A token, which must be given."""
    answer = await ask_token(client, name, secret, **more)
    assert answer.status_code == 200, answer.text
    return str(answer.json()["access_token"])


async def call(
    client: httpx2.AsyncClient,
    cast: Cast,
    token: str | None,
    api: str | None = "ocr.idcard",
    **headers: str,
) -> httpx2.Response:
    """Ask the check as the demo's gateway, for a call of `api`."""
    sent = {"x-service-key": cast.service_secret}
    if token is not None:
        sent["authorization"] = f"Bearer {token}"
    if api is not None:
        sent["x-api"] = api
    sent.update({name.replace("_", "-"): value for name, value in headers.items()})
    return await client.get("/authorize", headers=sent)


def outcome(answer: httpx2.Response) -> tuple[int, str]:
    """The status and the code (empty when the call may go on)."""
    return answer.status_code, answer.json()["code"] if answer.content else ""


def said(part: str) -> dict[str, Any]:
    """A part of a JWT, decoded."""
    found: dict[str, Any] = json.loads(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)))
    return found


def encoded(value: Any) -> str:
    """A value as a part of a JWT."""
    raw = value if isinstance(value, bytes) else json.dumps(value).encode()
    return base64.urlsafe_b64encode(raw).decode().rstrip("=")


ORDER_OF_P256 = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551


def twin(token: str) -> str:
    """The same token with the other signature that proves it: (r, n - s) for (r, s)."""
    data, _, signature = token.rpartition(".")
    raw = base64.urlsafe_b64decode(signature + "==")
    other = ORDER_OF_P256 - int.from_bytes(raw[32:], "big")
    return f"{data}.{encoded(raw[:32] + other.to_bytes(32, 'big'))}"


async def everything_stored() -> str:
    """Every value of every table, as one text."""
    tables = "SELECT tablename AS name FROM pg_tables WHERE schemaname = 'public'"
    if dialect() == "sqlite":
        tables = "SELECT name FROM sqlite_master WHERE type = 'table'"
    return repr([await run(f'SELECT * FROM "{one["name"]}"') for one in await run(tables)])
