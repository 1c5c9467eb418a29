"""The main account in other hands: offered, withdrawn, accepted, and by nobody else."""

import asyncio
import dataclasses
import re
from datetime import datetime, timedelta

import httpx2
import pytest

from domain.accounts.errors import WrongCredentials
from domain.accounts.identity import Proof
from domain.accounts.models import Login, MainAccount, Role, Session, SubAccount, SubAccountStatus
from domain.handover.commands import (
    accept_main_account,
    offer_main_account,
    withdraw_main_account_offer,
)
from domain.handover.errors import OfferClosed
from domain.handover.models import MainAccountOffer
from domain.handover.rows import OfferRow
from domain.iam.commands import delete_role, set_sub_account_status
from domain.kernel.attempts_store import ProcessAttempts
from domain.kernel.context import SYSTEM, Ctx
from domain.kernel.errors import (
    ForbiddenScope,
    IllegalTransition,
    Invalid,
    NotFound,
    RateLimited,
    SecondFactorRequired,
    Unauthenticated,
)
from domain.kernel.models import AuditRow
from domain.keys.commands import create_access_key
from domain.keys.models import AccessKey, KeyStatus
from domain.notices.models import Notice
from domain.people import pacing
from tests.cast import NOW, PASSWORD, Cast
from tests.fixtures import Ask
from tests.iam.help import ODD_IDS, a_role, role_id, sub_account_id
from tests.keys.help import ask_token
from tests.people.help import dump, letters, seated

LINK = "https://console.example/main-account#{code}"
LIFE = timedelta(hours=72)


async def offer(cast: Cast, ctx: Ctx | None = None, *, role: str | None = None) -> OfferRow:
    dev = await sub_account_id("dev-chen")
    return await offer_main_account(ctx or cast.ann(), sub_account_id=dev, role_id=role, link=LINK)


async def codes(cast: Cast) -> list[str]:
    found = [re.search(r"#(cfmo_\w+)", one) for one in await letters(cast, "main_account_offer")]
    return [one[1] for one in found if one is not None]


async def member(cast: Cast, who: str = "dev-chen", now: datetime = NOW) -> Ctx:
    """Somebody with a session who has just shown a second factor."""
    ctx = await seated(cast, who, now=now)
    fresh = dataclasses.replace(ctx.actor, fresh_until=now + timedelta(minutes=10))
    return dataclasses.replace(ctx, actor=fresh)


async def accept(ctx: Ctx, code: str, password: str = PASSWORD) -> None:
    proof = await pacing.prove_self(ctx, ProcessAttempts(), password)
    await accept_main_account(ctx, code=code, proof=proof)


async def logins() -> tuple[str, str]:
    """Who stands behind the main account of E1, and who behind dev-chen."""
    row = await SubAccount.visible_to(SYSTEM).get(name="dev-chen")
    main = await MainAccount.visible_to(SYSTEM).get(enterprise_id=row.enterprise_id)
    found = [await Login.get(id=one.login_id) for one in (main, row)]
    return found[0].email.partition("@")[0], found[1].email.partition("@")[0]


async def test_the_two_change_places(cast: Cast, ask: Ask) -> None:
    auditor = await role_id("审计", cast)
    await offer(cast, role=auditor)
    (code,) = await codes(cast)
    await ask("{ viewer { id } }", as_="ann")
    main_key = await create_access_key(cast.ann(), name="main")

    await accept(await member(cast), code)

    assert await logins() == ("dev-chen", "ann")
    row = await SubAccount.visible_to(SYSTEM).get(name="dev-chen")
    assert (row.role_id, row.status) == (auditor, SubAccountStatus.ACTIVE)
    assert not await Session.filter(ended_at=None).exists()
    me = "{ viewer { kind } }"
    stale = await ask(me, as_="ann")
    assert stale["errors"][0]["extensions"]["code"] == "UNAUTHENTICATED"
    assert (await seated(cast, "dev-chen")).actor.scopes >= {"key:main", "account:hand_over"}
    ann = (await seated(cast, "ann")).actor
    assert (ann.kind.value, ann.id) == ("MEMBER", row.id)
    assert ann.scopes.isdisjoint({"key:main", "iam:write", "account:hand_over"})
    key = await AccessKey.visible_to(SYSTEM).get(id=main_key.id)
    assert key.status is KeyStatus.ACTIVE


async def test_both_are_told_and_the_trail_names_what_changed(cast: Cast) -> None:
    made = await offer(cast)
    (code,) = await codes(cast)
    await accept(await member(cast), code)

    assert len(await letters(cast, "main_account_received")) == 1
    assert len(await letters(cast, "main_account_given")) == 1
    notice = await Notice.visible_to(SYSTEM).get(kind="main_account.handed_over")
    assert notice.enterprise_id == cast.enterprises["E1"]
    row = await AuditRow.get(action="accept_main_account", result="OK")
    assert row.object_id == made.id
    assert (row.before["main"], row.before["member"]) == (row.after["member"], row.after["main"])
    assert row.after["sessionsEnded"] >= 1


async def test_the_members_key_does_not_survive_in_other_hands(
    cast: Cast, client: httpx2.AsyncClient
) -> None:
    dev = await sub_account_id("dev-chen")
    was = await AccessKey.visible_to(SYSTEM).get(sub_account_id=dev)
    await offer(cast)
    (code,) = await codes(cast)

    await accept(await member(cast), code)

    await was.refresh_from_db()
    assert was.status is KeyStatus.DELETED
    assert (await ask_token(client, cast.key_id, cast.key_secret)).status_code == 200
    boss = await member(cast)
    assert (await create_access_key(boss, name="new", sub_account_id=dev)).secret


async def test_the_code_is_in_the_letter_alone(cast: Cast) -> None:
    made = await offer(cast)
    (code,) = await codes(cast)

    assert code not in str(vars(made))
    assert code not in await dump()


async def test_a_second_offer_replaces_the_first(cast: Cast) -> None:
    await offer(cast)
    await offer(cast)
    first, second = await codes(cast)

    ctx = await member(cast)
    with pytest.raises(OfferClosed, match="WITHDRAWN"):
        await accept(ctx, first)
    await accept(ctx, second)
    with pytest.raises(OfferClosed, match="ACCEPTED"):
        await accept(await member(cast, "ann"), second)
    assert await logins() == ("dev-chen", "ann")


async def test_72_hours_and_not_a_moment_longer(cast: Cast) -> None:
    await offer(cast)
    (code,) = await codes(cast)
    late = await member(cast, now=NOW + LIFE)
    with pytest.raises(OfferClosed, match="EXPIRED"):
        await accept(late, code)
    assert await logins() == ("ann", "dev-chen")

    await accept(await member(cast, now=NOW + LIFE - timedelta(milliseconds=1)), code)


async def test_accepting_needs_password_second_factor_and_to_be_the_one(cast: Cast) -> None:
    await offer(cast)
    (code,) = await codes(cast)
    ctx = await member(cast)
    bare = dataclasses.replace(ctx, actor=dataclasses.replace(ctx.actor, fresh_until=None))
    with pytest.raises(SecondFactorRequired):
        await accept(bare, code)
    with pytest.raises(WrongCredentials):
        await accept(ctx, code, "not the password")
    with pytest.raises(RateLimited):
        await accept_main_account(ctx, code=code, proof=Proof(login_id=None, wait=9))
    for who in ("cfo-lu", "eve", "ann", "op-tan"):
        with pytest.raises(NotFound):
            await accept(await member(cast, who), code)
    with pytest.raises(Unauthenticated):
        await accept_main_account(cast.anon(), code=code, proof=Proof(login_id="log_x"))
    for odd in ODD_IDS:
        with pytest.raises(NotFound):
            await accept(ctx, odd.encode("utf-8", "replace").decode())

    assert await logins() == ("ann", "dev-chen")
    assert not await Notice.visible_to(SYSTEM).filter(kind="main_account.handed_over").exists()


async def test_only_the_main_account_offers_and_withdraws(cast: Cast) -> None:
    made = await offer(cast)
    for who in (cast.dev(), cast.cfo(), cast.ops(), cast.gate()):
        with pytest.raises(ForbiddenScope):
            await offer(cast, who)
        with pytest.raises(ForbiddenScope):
            await withdraw_main_account_offer(who, offer_id=made.id)
    with pytest.raises(SecondFactorRequired):
        await offer(cast, cast.ann(fresh=False))
    with pytest.raises(NotFound):
        await offer(cast, cast.eve())
    for id in (made.id, *ODD_IDS[:4]):
        with pytest.raises(NotFound):
            await withdraw_main_account_offer(cast.eve(), offer_id=id.replace("\ud800", "?"))

    assert await MainAccountOffer.visible_to(SYSTEM).count() == 1


async def test_an_offer_goes_to_a_working_member_and_a_role_of_ones_own(cast: Cast) -> None:
    async def to(name: str, role: str | None = None) -> None:
        id = await sub_account_id(name)
        await offer_main_account(cast.ann(), sub_account_id=id, role_id=role, link=LINK)

    with pytest.raises(Invalid):
        await to("app-onboard")
    with pytest.raises(NotFound):
        await to("dev-chen", str((await Role.visible_to(cast.eve().actor).first()).id))  # type: ignore[union-attr]
    off = SubAccountStatus.DISABLED
    dev = await sub_account_id("dev-chen")
    await set_sub_account_status(cast.ann(), sub_account_id=dev, status=off)
    with pytest.raises(IllegalTransition):
        await to("dev-chen")


async def test_a_role_that_is_gone_voids_the_offer(cast: Cast) -> None:
    role = await a_role(cast, "for ann")
    await offer(cast, role=role.id)
    (code,) = await codes(cast)
    await delete_role(cast.ann(), role_id=role.id)

    with pytest.raises(OfferClosed, match="role was deleted"):
        await accept(await member(cast), code)
    assert await logins() == ("ann", "dev-chen")


async def test_of_accepting_and_withdrawing_at_once_one_counts(cast: Cast) -> None:
    made = await offer(cast)
    (code,) = await codes(cast)
    ctx = await member(cast)
    proof = await pacing.prove_self(ctx, ProcessAttempts(), PASSWORD)

    found = await asyncio.gather(
        accept_main_account(ctx, code=code, proof=proof),
        withdraw_main_account_offer(cast.ann(), offer_id=made.id),
        accept_main_account(ctx, code=code, proof=proof),
        return_exceptions=True,
    )

    refused = [one for one in found if isinstance(one, OfferClosed)]
    assert len(refused) == 2, found
    taken = not isinstance(found[1], OfferRow)
    assert await logins() == (("dev-chen", "ann") if taken else ("ann", "dev-chen"))


async def test_repeated_with_its_key_one_offer(cast: Cast) -> None:
    ctx = cast.ann(key="o-1")
    first, again = await offer(cast, ctx), await offer(cast, ctx)

    assert first.id == again.id
    assert await MainAccountOffer.visible_to(SYSTEM).count() == 1


async def test_over_graphql(cast: Cast, ask: Ask) -> None:
    offering = """mutation($m: ID!, $r: ID) { offerMainAccount(
      subAccountId: $m, roleId: $r, idempotencyKey: "g") {
      ... on MainAccountOffer { id subAccountId roleId status } ... on Problem { code } } }"""
    taking = """mutation($c: String!, $p: String!) { acceptMainAccount(code: $c, password: $p) {
      ... on TakenMainAccount { enterprise subAccountId } ... on Problem { code } } }"""
    listing = "{ mainAccountOffers { nodes { id status } } }"
    closing = """mutation($id: ID!) { withdrawMainAccountOffer(id: $id) {
      ... on MainAccountOffer { status } ... on Problem { code } } }"""
    dev, role = await sub_account_id("dev-chen"), await role_id("审计", cast)

    made = (await ask(offering, as_="ann", m=dev, r=role))["data"]["offerMainAccount"]
    assert (made["subAccountId"], made["roleId"], made["status"]) == (dev, role, "OPEN")
    shut = (await ask(closing, as_="ann", id=made["id"]))["data"]["withdrawMainAccountOffer"]
    assert shut == {"status": "WITHDRAWN"}
    listed = (await ask(listing, as_="ann"))["data"]["mainAccountOffers"]["nodes"]
    assert listed == [{"id": made["id"], "status": "WITHDRAWN"}]
    assert (await ask(listing, as_="dev-chen"))["data"]["mainAccountOffers"] is None
    assert (await ask(listing, as_="eve"))["data"]["mainAccountOffers"]["nodes"] == []
    await offer(cast)
    code = (await codes(cast))[-1]
    wrong = (await ask(taking, as_="dev-chen", c=code, p="x"))["data"]["acceptMainAccount"]
    assert wrong == {"code": "WRONG_CREDENTIALS"}
    done = (await ask(taking, as_="dev-chen", c=code, p=PASSWORD))["data"]["acceptMainAccount"]
    assert done == {"enterprise": "杭州青禾科技", "subAccountId": dev}
