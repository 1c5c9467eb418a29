"""Signing up, logging in and out."""

import pytest

from domain.accounts import commands, identity
from domain.accounts.errors import WrongCredentials
from domain.accounts.models import Enterprise, EnterpriseKind, Login, MainAccount, Role, Session
from domain.kernel import secrets
from domain.kernel.context import SYSTEM, ActorKind
from domain.kernel.errors import Invalid, Unauthenticated
from domain.kernel.models import AuditRow, OutboxRow
from domain.ledger.models import FinancialAccount
from domain.people import commands as people
from tests.cast import NOW, PASSWORD, Cast, ctx_of
from tests.fixtures import Ask, Moment

SIGN_UP = """
mutation($email: String!, $password: String!, $name: String!) {
  signUp(email: $email, password: $password, enterprise: $name) {
    __typename ... on SignedUp { email } ... on InvalidProblem { field reason }
  }
}
"""
LOG_IN = """
mutation($email: String!, $password: String!) {
  logIn(email: $email, password: $password) {
    __typename ... on OpenedSession { token expiresAt } ... on Problem { code message messageZh }
  }
}
"""


async def test_opens_an_enterprise_with_everything_it_needs(cast: Cast, ask: Ask) -> None:
    answer = await ask(
        SIGN_UP, email=" New@Firm.example ", password="long enough", name="新公司 🙂"
    )

    assert answer["data"]["signUp"] == {"__typename": "SignedUp", "email": "new@firm.example"}
    login = await Login.get(email="new@firm.example")
    main = await MainAccount.visible_to(SYSTEM).get(login_id=login.id)
    enterprise = await Enterprise.get(id=main.enterprise_id)
    money = await FinancialAccount.visible_to(SYSTEM).get(enterprise_id=enterprise.id)
    roles = await Role.visible_to(SYSTEM).filter(enterprise_id=enterprise.id)
    assert (enterprise.name, enterprise.verification.value) == ("新公司 🙂", "UNVERIFIED")
    assert (money.cash_fen, money.credit_limit_fen) == (0, 0)
    assert {role.name for role in roles} == {"管理员", "财务", "开发", "审计"}
    assert login.password_hash.startswith("$argon2id$v=19$m=19456,t=2,p=1$")


async def test_answers_a_taken_address_alike_and_writes_to_its_owner(cast: Cast, ask: Ask) -> None:
    before = await Enterprise.all().count()

    answer = await ask(SIGN_UP, email="ann@qinghe.example", password="long enough", name="Somebody")

    assert answer["data"]["signUp"] == {"__typename": "SignedUp", "email": "ann@qinghe.example"}
    assert await Enterprise.all().count() == before
    mail = await OutboxRow.get(topic="mail")
    assert mail.payload["text"] == "sign_up_taken"
    assert "ann@" not in str(mail.payload)


@pytest.mark.parametrize(
    ("email", "password", "name", "field"),
    [
        ("no-at-sign", "long enough", "X", "email"),
        ("a@b", "long enough", "X", "email"),
        ("a b@c.example", "long enough", "X", "email"),
        ("x" * 260 + "@c.example", "long enough", "X", "email"),
        ("a@c.example", "short", "X", "password"),
        ("a@c.example", "x" * 129, "X", "password"),
        ("a@c.example", "password1", "X", "password"),
        ("a@c.example", "long enough", "", "enterprise"),
        ("a@c.example", "long enough", " \t ", "enterprise"),
        ("a@c.example", "long enough", "x" * 121, "enterprise"),
        ("a@c.example", "long enough", "x\x07y", "enterprise"),
    ],
)
async def test_names_the_field_that_cannot_be_used(
    cast: Cast, ask: Ask, email: str, password: str, name: str, field: str
) -> None:
    before = await Login.all().count()

    answer = await ask(SIGN_UP, email=email, password=password, name=name)

    assert answer["data"]["signUp"]["__typename"] == "InvalidProblem"
    assert answer["data"]["signUp"]["field"] == field
    assert await Login.all().count() == before


async def test_takes_passwords_of_8_and_of_128_characters(cast: Cast) -> None:
    for length in (8, 128):
        hashed = await identity.hashed("ä" * length)
        await commands.sign_up(
            cast.anon(),
            email=f"p{length}@c.example",
            password=hashed,
            enterprise="X",
            kind=EnterpriseKind.ENTERPRISE,
        )
        assert (await identity.prove(f"p{length}@c.example", "ä" * length)).login_id


async def test_a_wrong_password_and_an_unknown_address_are_one_answer(cast: Cast, ask: Ask) -> None:
    wrong = await ask(LOG_IN, email="ann@qinghe.example", password="not hers at all")
    unknown = await ask(LOG_IN, email="nobody@qinghe.example", password="not hers at all")

    assert (wrong["data"], wrong.get("errors")) == (unknown["data"], unknown.get("errors"))
    assert wrong["data"]["logIn"]["code"] == "WRONG_CREDENTIALS"
    assert await Session.all().count() == 0
    assert await AuditRow.filter(action="log_in", result="WRONG_CREDENTIALS").count() == 2


async def test_an_unknown_address_costs_a_hash_as_well(
    cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[bool] = []
    real = secrets._verify

    def watched(password: str, hashed: str | None) -> bool:
        seen.append(hashed is None)
        return real(password, hashed)

    monkeypatch.setattr(secrets, "_verify", watched)
    await identity.prove("nobody@qinghe.example", "whatever it is")
    await identity.prove("ann@qinghe.example", "whatever it is")

    assert seen == [True, False]


async def test_a_session_is_who_one_is_until_it_ends(cast: Cast, ask: Ask, moment: Moment) -> None:
    answer = await ask("{ viewer { id kind enterprise { name } } }", as_="ann")
    assert answer["data"]["viewer"]["kind"] == "MAIN"
    assert answer["data"]["viewer"]["enterprise"] == {"name": "杭州青禾科技"}

    moment.now = NOW + cast.ann().policy.session_ttl
    late = await ask("{ viewer { id } }", as_="ann")
    assert late["errors"][0]["extensions"]["code"] == "UNAUTHENTICATED"


async def test_log_out_ends_the_session_and_no_other(cast: Cast) -> None:
    one = await people.log_in(
        cast.anon(), proof=await identity.prove("ann@qinghe.example", PASSWORD)
    )
    other = await people.log_in(
        cast.anon(), proof=await identity.prove("ann@qinghe.example", PASSWORD)
    )
    actor = await identity.actor_of_session(cast.anon(), one.token)
    await people.log_out(ctx_of(actor))

    with pytest.raises(Unauthenticated):
        await identity.actor_of_session(cast.anon(), one.token)
    assert (await identity.actor_of_session(cast.anon(), other.token)).kind is ActorKind.MAIN


@pytest.mark.parametrize("token", ["", "cfss_", "cfss_" + "a" * 49, "é", "Bearer x", "\x00"])
async def test_a_token_that_is_none_is_refused_without_a_look_up(cast: Cast, token: str) -> None:
    with pytest.raises(Unauthenticated):
        await identity.actor_of_session(cast.anon(), token)


async def test_a_session_token_is_stored_as_a_digest_only(cast: Cast) -> None:
    opened = await people.log_in(
        cast.anon(), proof=await identity.prove("ann@qinghe.example", PASSWORD)
    )

    session = await Session.get(id=opened.id)
    stored = [getattr(session, name) for name in session._meta.db_fields]
    assert opened.token not in str(stored)
    assert len(session.token_digest) == 64


async def test_logging_in_with_a_failed_proof_is_refused(cast: Cast) -> None:
    with pytest.raises(WrongCredentials):
        await people.log_in(cast.anon(), proof=identity.Proof(login_id=None))


async def test_a_bad_email_is_invalid_at_the_command_too(cast: Cast) -> None:
    with pytest.raises(Invalid):
        await commands.sign_up(
            cast.anon(),
            email="no",
            password=await identity.hashed("long enough"),
            enterprise="X",
            kind=EnterpriseKind.ENTERPRISE,
        )
