"""The demo: the catalogue and an invented cast, made by the ordinary commands.

The documentation, the demo and the tests all tell of these same people.
"""

import dataclasses
import json
from collections.abc import Callable
from dataclasses import dataclass, field
from importlib.resources import files
from typing import Any, Final

from api.execution import manifests, seams
from api.execution.documents import Documents
from api.jobs.outbox import Ports, deliver_due
from api.root import schema
from domain.accounts import commands as accounts
from domain.accounts import queries as account_reads
from domain.accounts import rules
from domain.accounts.identity import HashedPassword
from domain.accounts.models import EnterpriseKind, Login, MainAccount, SubAccountKind
from domain.entitlements import commands as entitlements
from domain.iam import commands as iam
from domain.iam import queries as iam_reads
from domain.kernel.context import Actor, ActorKind, Ctx, Trace
from domain.kernel.money import Money
from domain.kernel.reading import PAGE_MAX, Window, wanting
from domain.ledger import commands as ledger
from domain.operations import commands as operations
from domain.operators import commands as operators
from domain.operators.models import OperatorRole
from domain.people import commands as people
from domain.pricing import commands as pricing
from domain.verification import commands as verification

CATALOGUE: Final = files("domain.catalog") / "demo" / "catalogue.json"
CONSOLE: Final = files("api") / "static" / "operations" / "console.json"
DEMO_TOTP_SECRET: Final = "DEMODEMODEMODEMODEMODEMODEMODEMO"  # noqa: S105 # of invented people
"""The second factor of everybody in the demo: it says what it is, and protects nothing."""

SAMPLE_PERSON_ID: Final = "11010519491231002X"
"""The specimen number that GB 11643 itself prints."""


@dataclass(frozen=True, slots=True)
class Firm:
    """One customer of the demo."""

    key: str
    name: str
    email: str
    kind: EnterpriseKind
    uscc: str | None
    verified: bool
    cash: str


FIRMS: Final = (
    Firm("E1", "杭州青禾科技", "ann@qinghe.example", EnterpriseKind.ENTERPRISE,
         "91330199MA2DEM017J", verified=True, cash="5000.00"),
    Firm("E2", "云岭银行", "eve@yunling.example", EnterpriseKind.ENTERPRISE,
         "91510199MA6DEM0222", verified=True, cash="20000.00"),
    Firm("E3", "北辰物流", "bei@beichen.example", EnterpriseKind.ENTERPRISE,
         None, verified=False, cash=""),
    Firm("E4", "小满工作室", "man@xiaoman.example", EnterpriseKind.PERSONAL,
         None, verified=True, cash="100.00"),
)  # fmt: skip

STAFF: Final = {
    "bd-lin": OperatorRole.BD,
    "bd-zhou": OperatorRole.BD,
    "mgr-he": OperatorRole.SALES_MANAGER,
    "dir-wei": OperatorRole.DIRECTOR,
    "pm-su": OperatorRole.PRODUCT_MANAGER,
    "op-tan": OperatorRole.OPERATOR,
    "fin-qiu": OperatorRole.FINANCE,
}

MEMBERS: Final = {"dev-chen": "开发", "cfo-lu": "财务"}
APP_ROLE: Final = "开户应用"
APP_GRANTS: Final = ["api:id-ocr/*", "api:flash-liveness/*"]


@dataclass(slots=True)
class Planted:
    """What was made, with the secrets that are shown only now."""

    password: str
    enterprises: dict[str, str] = field(default_factory=dict)
    key_id: str = ""
    key_secret: str = ""
    service_secret: str = ""
    totp_secret: str = ""


def catalogue_document() -> dict[str, Any]:
    """The demo catalogue as it lies in the distribution."""
    document: dict[str, Any] = json.loads(CATALOGUE.read_text(encoding="utf-8"))
    return document


async def planted() -> bool:
    """Whether the cast is there already."""
    return await Login.exists(email=FIRMS[0].email)


async def plant(
    ctx: Ctx,
    password: str,
    hashed: HashedPassword,
    progress: Callable[[str], None] = lambda _: None,
) -> Planted:
    """Make the catalogue and the whole cast, everybody with the same password."""
    made = Planted(password=password)
    await _register_console(ctx)
    progress("catalogue")
    await pricing.import_catalogue(ctx, document=catalogue_document())
    for firm in FIRMS:
        progress(firm.name)
        made.enterprises[firm.key] = await _firm(ctx, firm, hashed)
    progress("staff")
    for code, role in STAFF.items():
        email = f"{code}@counterfoil.example"
        await operators.create_operator(ctx, code=code, role=role, email=email, password=hashed)
    await _team(ctx, made, hashed)
    service = await operators.create_service_key(
        ctx, name="demo-gateway", scopes=["check", "ingest"]
    )
    made.service_secret = service.secret or ""
    for login in await Login.all():
        await people.import_second_factor(ctx, email=login.email, secret=DEMO_TOTP_SECRET)
    made.totp_secret = DEMO_TOTP_SECRET
    return made


def acting_for(ctx: Ctx, main: MainAccount) -> Ctx:
    """The same moment, with the main account of an enterprise acting."""
    actor = Actor(
        kind=ActorKind.MAIN, id=main.id, enterprise_id=main.enterprise_id, scopes=rules.MAIN
    )
    actor = dataclasses.replace(actor, fresh_until=ctx.now + ctx.policy.second_factor_life)
    return dataclasses.replace(ctx, actor=actor, trace=Trace())


async def _register_console(ctx: Ctx) -> None:
    """Trust the pages of the console."""
    documents = Documents(seams.core(schema()))
    listed = manifests.read(CONSOLE.read_text(encoding="utf-8"))
    checked = [one.document for one in manifests.check(documents, listed)]
    ready = [one for one in checked if one is not None]
    await operations.register_operations(ctx, manifest="console", version="1", documents=ready)


async def _firm(ctx: Ctx, firm: Firm, hashed: HashedPassword) -> str:
    await accounts.sign_up(
        ctx, email=firm.email, password=hashed, enterprise=firm.name, kind=firm.kind
    )
    login = await Login.get(email=firm.email)
    main = await MainAccount.visible_to(ctx.actor).get(login_id=login.id)
    if firm.verified:
        await _verify(acting_for(ctx, main), firm)
    if firm.cash:
        await ledger.credit_balance(
            ctx,
            enterprise_id=main.enterprise_id,
            amount=Money.parse(firm.cash),
            reason="demo balance",
        )
    return main.enterprise_id


async def _verify(ctx: Ctx, firm: Firm) -> None:
    """Prove the firm through the sandbox registry and bank, as a customer would."""
    person = firm.kind is EnterpriseKind.PERSONAL
    await verification.submit_verification(
        ctx,
        kind=firm.kind,
        name=firm.name,
        uscc=firm.uscc,
        legal_person=firm.name,
        person_id=SAMPLE_PERSON_ID if person else None,
        bank_account=None if person else "6222020200112233",
    )
    await deliver_due(lambda: ctx, Ports())
    if not person:
        (line, *_) = await account_reads.sandbox_bank_statement(ctx, wanting("amount"))
        await verification.confirm_transfer(ctx, amount_fen=line.amount_fen)


async def _team(ctx: Ctx, made: Planted, hashed: HashedPassword) -> None:
    """The people and the application of E1, with the application's key and free quotas."""
    main = await MainAccount.visible_to(ctx.actor).get(enterprise_id=made.enterprises["E1"])
    ann = acting_for(ctx, main)
    page = await iam_reads.roles(ann, Window(size=PAGE_MAX), wanting("name"))
    roles = {role.name: role.id for role in page.nodes}
    for name, role in MEMBERS.items():
        await iam.create_sub_account(
            ann,
            kind=SubAccountKind.MEMBER,
            name=name,
            role_id=roles[role],
            email=f"{name}@qinghe.example",
            password=hashed,
        )
    role_row = await iam.create_role(ann, name=APP_ROLE, console_scopes=[], api_grants=APP_GRANTS)
    app = await iam.create_sub_account(
        ann, kind=SubAccountKind.APP, name="app-onboard", role_id=role_row.id
    )
    made.key_id, made.key_secret = app.access_key.id, app.secret or ""
    await entitlements.claim_free_quota(ann, product_code="id-ocr")
