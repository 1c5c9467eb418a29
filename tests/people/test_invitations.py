"""Inviting members by a link that works once."""

import asyncio
import dataclasses
from datetime import timedelta
from typing import Any

import httpx2
import pytest

from domain.accounts import identity
from domain.accounts.errors import LimitReached, NameTaken
from domain.accounts.models import Login, Role, SubAccount
from domain.kernel.context import Ctx
from domain.kernel.errors import (
    ForbiddenScope,
    Invalid,
    NotFound,
    RateLimited,
    Unauthenticated,
)
from domain.kernel.models import AuditRow, OutboxRow
from domain.keys.models import AccessKey
from domain.people import commands
from domain.people.errors import InvitationClosed
from domain.people.models import Invitation
from domain.people.pacing import Turn
from domain.people.rows import AcceptedInvitation, CreatedInvitation
from tests.cast import NOW, Cast
from tests.fixtures import Ask
from tests.keys.help import ask_token
from tests.people.help import dump, letters

WU, CHOSEN = "wu@qinghe.example", "her very own choice"
LINK = "https://console.example/invitation#{code}"


async def role_of(cast: Cast, name: str = "开发", who: str = "ann") -> str:
    actor = cast.actors[who]
    return str((await Role.visible_to(actor).get(name=name)).id)


async def invite(cast: Cast, ctx: Ctx | None = None, /, **changed: Any) -> CreatedInvitation:
    given = {"email": WU, "name": "dev-wu", "role_id": await role_of(cast), "link": LINK}
    return await commands.create_invitation(ctx or cast.ann(), **(given | changed))


async def accept(ctx: Ctx, code: str | None, password: str = CHOSEN) -> AcceptedInvitation:
    hashed = await identity.hashed(password)
    return await commands.accept_invitation(ctx, code=code or "", password=hashed, turn=Turn())


async def members(cast: Cast) -> int:
    return await SubAccount.visible_to(cast.ann().actor).count()


async def test_the_invited_person_chooses_the_password_and_has_the_role(cast: Cast) -> None:
    made = await invite(cast)
    (letter,) = await letters(cast, "invitation")
    assert LINK.format(code=made.code) in letter

    row = await accept(cast.anon(), made.code)

    assert (row.enterprise, row.name) == ("杭州青禾科技", "dev-wu")
    assert (await identity.prove(WU, CHOSEN)).login_id
    member = await SubAccount.visible_to(cast.ann().actor).get(id=row.id)
    assert member.role_id == await role_of(cast)


async def test_a_link_works_once(cast: Cast) -> None:
    made = await invite(cast)
    await accept(cast.anon(), made.code)
    with pytest.raises(InvitationClosed) as refusal:
        await accept(cast.anon(), made.code, "somebody else's")

    assert "ACCEPTED" in str(refusal.value)
    assert (await identity.prove(WU, CHOSEN)).login_id


async def test_of_two_at_once_one_becomes_the_member(cast: Cast) -> None:
    made, before = await invite(cast), await members(cast)
    found = await asyncio.gather(
        *(accept(cast.anon(), made.code) for _ in range(3)), return_exceptions=True
    )

    names = sorted(type(one).__name__ for one in found)
    assert names == ["AcceptedInvitation", "InvitationClosed", "InvitationClosed"]
    assert await members(cast) == before + 1


async def test_seven_days_and_not_a_moment_longer(cast: Cast) -> None:
    made, days = await invite(cast), timedelta(days=7)
    with pytest.raises(InvitationClosed):
        await accept(cast.anon(now=NOW + days), made.code)
    assert not await Login.exists(email=WU)

    await accept(cast.anon(now=NOW + days - timedelta(milliseconds=1)), made.code)


async def test_a_withdrawn_one_is_closed(cast: Cast) -> None:
    made = await invite(cast)
    await commands.withdraw_invitation(cast.ann(), invitation_id=made.id)
    with pytest.raises(InvitationClosed):
        await accept(cast.anon(), made.code)
    with pytest.raises(InvitationClosed):
        await commands.withdraw_invitation(cast.ann(), invitation_id=made.id)


async def test_nobody_grants_more_than_they_have(cast: Cast) -> None:
    admin = cast.dev()
    scopes = admin.actor.scopes | {"iam:write"}
    admin = dataclasses.replace(admin, actor=dataclasses.replace(admin.actor, scopes=scopes))
    with pytest.raises(ForbiddenScope) as refusal:
        await invite(cast, admin, role_id=await role_of(cast, "财务"))

    assert refusal.value.facts["scope"] in {"bill:read", "bill:confirm", "order:pay"}
    assert await Invitation.visible_to(cast.ann().actor).count() == 0
    assert (await invite(cast, admin)).code


async def test_is_refused_to_the_wrong_people_and_nothing_is_written(cast: Cast) -> None:
    made = await invite(cast)
    for who in (cast.dev(), cast.cfo(), cast.ops(), cast.gate()):
        with pytest.raises(ForbiddenScope):
            await invite(cast, who)
        with pytest.raises(ForbiddenScope):
            await commands.withdraw_invitation(who, invitation_id=made.id)
    with pytest.raises(Unauthenticated):
        await invite(cast, cast.anon())
    with pytest.raises(NotFound):  # a role of another enterprise
        await invite(cast, cast.eve())
    with pytest.raises(NotFound):
        await commands.withdraw_invitation(cast.eve(), invitation_id=made.id)
    with pytest.raises(ForbiddenScope):
        await accept(cast.ann(), made.code)

    assert await Invitation.visible_to(cast.ann().actor).count() == 1
    assert await OutboxRow.filter(topic="mail", done_at=None).count() == 1


async def test_names_places_and_addresses_are_checked(cast: Cast) -> None:
    wrong: dict[str, Any]
    for wrong in ({"email": "no"}, {"name": "\x00"}, {"name": "陈" * 61}):
        with pytest.raises(Invalid):
            await invite(cast, **wrong)
    with pytest.raises(NameTaken):
        await invite(cast, name="dev-chen")
    with pytest.raises(NotFound):
        await invite(cast, role_id="\x00" * 99)
    ctx = cast.ann()
    policy = dataclasses.replace(ctx.policy, sub_accounts_max=await members(cast) + 1)
    tight = dataclasses.replace(ctx, policy=policy)
    await invite(cast, tight, name="陈🙂")
    with pytest.raises(LimitReached):
        await invite(cast, tight, name="one-too-many")


async def test_an_address_in_use_is_told_to_its_owner_alone(cast: Cast) -> None:
    made = await invite(cast, email="eve@yunling.example")
    with pytest.raises(NameTaken) as refusal:
        await accept(cast.anon(), made.code)

    assert "e***@yunling.example" in str(refusal.value)
    assert "eve@" not in str(refusal.value)


async def test_a_role_that_was_deleted_closes_it(cast: Cast) -> None:
    role = await role_of(cast, "审计")
    made = await invite(cast, role_id=role)
    await Role.visible_to(cast.ann().actor).filter(id=role).delete()

    with pytest.raises(InvitationClosed):
        await accept(cast.anon(), made.code)


@pytest.mark.parametrize("code", ["", "\x00", "é" * 300, "cfiv_" + "a" * 49])
async def test_a_code_that_is_none_is_not_found(cast: Cast, code: str) -> None:
    with pytest.raises(NotFound):
        await accept(cast.anon(), code)
    with pytest.raises(RateLimited):
        await commands.accept_invitation(
            cast.anon(), code=code, password=await identity.hashed(CHOSEN), turn=Turn(wait=1)
        )


async def test_the_same_key_invites_once_and_shows_the_code_once(cast: Cast) -> None:
    first, again = await invite(cast, cast.ann(key="i")), await invite(cast, cast.ann(key="i"))

    assert (again.id, again.code) == (first.id, None)
    assert len(await letters(cast, "invitation")) == 1


async def test_the_member_joins_with_one_key_whose_secret_is_shown_once(
    cast: Cast, client: httpx2.AsyncClient
) -> None:
    made = await invite(cast)
    joined = await accept(cast.anon(), made.code)

    assert (await ask_token(client, joined.key_id, joined.secret)).status_code == 200
    keys = await AccessKey.visible_to(cast.ann().actor).filter(sub_account_id=joined.id)
    assert [(key.id, key.status.value) for key in keys] == [(joined.key_id, "ACTIVE")]
    assert joined.secret not in await dump()
    row = await AuditRow.get(action="accept_invitation", result="OK")
    assert row.after == {"subAccountId": joined.id, "keyId": joined.key_id}


async def test_nothing_personal_or_secret_is_kept_in_the_open(cast: Cast) -> None:
    made = await invite(cast)
    kept = await dump()

    assert WU not in kept
    assert str(made.code) not in kept
    row = await AuditRow.get(action="create_invitation")
    assert (row.object_id, row.result) == (made.id, "OK")


async def test_over_graphql(cast: Cast, ask: Ask) -> None:
    document = """mutation($role: ID!) {
      createInvitation(email: "wu@qinghe.example", name: "dev-wu", roleId: $role,
        idempotencyKey: "i") { __typename ... on CreatedInvitation {
          inviteCode link invitation { id email status } } ... on Problem { code } } }"""
    accepting = """mutation($c: String!) { acceptInvitation(code: $c, password: "her own choice") {
      __typename ... on Problem { code }
      ... on AcceptedInvitation { enterprise name keyId secret } } }"""

    found = await ask(document, as_="ann", role=await role_of(cast))
    assert "data" in found, found
    made = found["data"]["createInvitation"]
    assert made["link"].endswith(f"/invitation#{made['inviteCode']}")
    assert made["invitation"]["email"] == "w***@qinghe.example"
    assert made["invitation"]["status"] == "OPEN"
    done = (await ask(accepting, c=made["inviteCode"]))["data"]["acceptInvitation"]
    assert (done["enterprise"], done["name"]) == ("杭州青禾科技", "dev-wu")
    assert done["secret"].startswith("cfsk_")
    used = (await ask(accepting, c=made["inviteCode"]))["data"]["acceptInvitation"]
    assert used == {"__typename": "ConflictProblem", "code": "INVITATION_CLOSED"}
    listed = await ask("{ invitations { nodes { status email } } }", as_="ann")
    assert listed["data"]["invitations"]["nodes"] == [
        {"status": "ACCEPTED", "email": "w***@qinghe.example"}
    ]
    hidden = await ask("{ invitations { nodes { status } } }", as_="eve")
    assert hidden["data"]["invitations"]["nodes"] == []
    read = await ask("{ sandboxLetters { to text body } }", as_="ann")
    assert read["data"]["sandboxLetters"] is None
