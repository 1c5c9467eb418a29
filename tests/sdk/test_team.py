"""Roles and sub-accounts through the client library, against the real app."""

from datetime import timedelta

import pytest

from console_sdk import AsyncConsole
from console_sdk.errors import (
    Forbidden,
    IllegalTransition,
    LimitReached,
    NameTaken,
    NotFound,
    OfferClosed,
    RoleInUse,
)
from domain.accounts.models import Role
from tests.cast import NOW, PASSWORD, Cast
from tests.fixtures import show_second_factor
from tests.sdk.conftest import Consoles


async def role_of(console: AsyncConsole, name: str) -> str:
    return next(iter([role.id async for role in console.roles.list() if role.name == name]))


async def test_makes_changes_and_deletes_a_role(console_of: Consoles) -> None:
    ann = await console_of("ann")

    made = await ann.roles.create(
        "质检 🐳", console_scopes=["usage:read"], api_grants=["id-ocr.*"], idempotency_key="r-1"
    )
    again = await ann.roles.create(
        "质检 🐳", console_scopes=["usage:read"], api_grants=["id-ocr.*"], idempotency_key="r-1"
    )
    changed = await ann.roles.update(made.id, name="质检组", api_grants=[])
    deleted = await ann.roles.delete(made.id)

    assert (made.api_grants, made.holder_count, made.holders) == (("api:id-ocr/*",), 0, ())
    assert again == made
    assert (changed.name, changed.console_scopes, changed.api_grants) == (
        "质检组",
        ("usage:read",),
        (),
    )
    assert (deleted.id, deleted.name) == (made.id, "质检组")
    with pytest.raises(NotFound):
        await ann.roles.update(made.id, name="gone")


async def test_makes_an_application_moves_it_and_disables_it(console_of: Consoles) -> None:
    ann = await console_of("ann")
    role, other = await role_of(ann, "开户应用"), await role_of(ann, "开发")

    made = await ann.sub_accounts.create("app-new", "APP", role, idempotency_key="s-1")
    again = await ann.sub_accounts.create("app-new", "APP", role, idempotency_key="s-1")
    moved = await ann.sub_accounts.update(made.sub_account.id, name="应用", role_id=other)
    off = await ann.sub_accounts.set_status(made.sub_account.id, "DISABLED")

    assert made.secret is not None
    assert made.secret.startswith("cfsk_")
    assert made.secret not in repr(made)
    assert (again.secret, again.secret_shown) == (None, False)
    assert again.access_key.id == made.access_key.id == made.sub_account.key.id  # type: ignore[union-attr]
    assert (moved.name, moved.role.name) == ("应用", "开发")
    assert off.status == "DISABLED"
    listed = {one.name: one async for one in ann.sub_accounts.list(page_size=2)}
    assert listed["应用"].status == "DISABLED"
    assert {one.name async for one in ann.accounts.sub_accounts()} == set(listed)
    with pytest.raises(IllegalTransition):
        await ann.sub_accounts.set_status(made.sub_account.id, "DISABLED")


async def test_deletes_a_disabled_one_which_stays_listed_apart(console_of: Consoles) -> None:
    ann = await console_of("ann")
    made = await ann.sub_accounts.create("app-x", "APP", await role_of(ann, "开发"))
    with pytest.raises(IllegalTransition):
        await ann.sub_accounts.delete(made.sub_account.id)
    await ann.sub_accounts.set_status(made.sub_account.id, "DISABLED")

    gone = await ann.sub_accounts.delete(made.sub_account.id)

    assert (gone.id, gone.name) == (made.sub_account.id, "app-x")
    assert "app-x" not in {one.name async for one in ann.sub_accounts.list()}
    (kept,) = [one async for one in ann.sub_accounts.list(deleted=True)]
    assert (kept.id, kept.name, kept.key) == (gone.id, "app-x", None)
    assert kept.deleted_at is not None


async def test_an_invited_member_joins_with_a_key(console_of: Consoles) -> None:
    ann, stranger = await console_of("ann"), await console_of()
    made = await ann.accounts.invite("wu@qinghe.example", "dev-wu", await role_of(ann, "开发"))

    joined = await stranger.accounts.accept_invitation(made.invite_code or "", "her own choice")

    assert joined.secret.startswith("cfsk_")
    assert joined.secret not in repr(joined)
    keys = {one.name: one.key async for one in ann.sub_accounts.list()}
    assert keys["dev-wu"].id == joined.key_id  # type: ignore[union-attr]


async def test_a_member_made_so_logs_in(console_of: Consoles) -> None:
    ann = await console_of("ann")
    role = await role_of(ann, "审计")

    await ann.sub_accounts.create(
        "wang", "MEMBER", role, email="wang@qinghe.example", password="rather a long one"
    )
    wang = await console_of()
    await wang.accounts.log_in("wang@qinghe.example", "rather a long one")

    viewer = await wang.accounts.viewer()
    assert viewer is not None
    assert "audit:read" in viewer.scopes
    with pytest.raises(Forbidden) as refused:
        await wang.roles.create("mine")
    assert refused.value.scope == "iam:write"


async def test_a_refusal_names_holders_and_limits(console_of: Consoles, cast: Cast) -> None:
    ann = await console_of("ann")
    role = await role_of(ann, "开户应用")

    with pytest.raises(RoleInUse) as used:
        await ann.roles.delete(role)
    assert used.value.holders == ("app-onboard",)
    with pytest.raises(NameTaken):
        await ann.roles.create("开发")
    held = await Role.visible_to(cast.ann().actor).count()
    await Role.bulk_create(
        Role(
            id=f"rol_fill{number}",
            enterprise_id=cast.enterprises["E1"],
            name=f"fill {number}",
            console_scopes=[],
            api_grants=[],
            created_at=NOW,
        )
        for number in range(held, 50)
    )
    with pytest.raises(LimitReached) as full:
        await ann.roles.create("one more")
    assert full.value.facts["limit"] == 50


async def test_says_what_would_stop(console_of: Consoles, cast: Cast) -> None:
    ann = await console_of("ann")
    role = await role_of(ann, "开户应用")

    of_role = await ann.roles.blast_radius(role)
    of_key = await ann.keys.blast_radius(cast.key_id)
    of_app = await ann.sub_accounts.blast_radius(of_role.callers[0].sub_account.id)  # type: ignore[union-attr]

    assert of_role.callers == of_key.callers == of_app.callers
    assert of_role.callers[0].key_id == cast.key_id
    assert of_key.apis[0].reachable
    with pytest.raises(NotFound):
        await (await console_of("eve")).roles.blast_radius(role)


async def test_offers_the_main_account_and_takes_the_offer_back(
    console_of: Consoles, cast: Cast
) -> None:
    ann = await console_of("ann")
    await show_second_factor("ann", NOW + timedelta(days=4000))
    dev = next(iter([one.id async for one in ann.sub_accounts.list() if one.name == "dev-chen"]))

    made = await ann.accounts.offer_main_account(dev)
    back = await ann.accounts.withdraw_main_account_offer(made.id)

    assert (made.sub_account_id, made.role_id, made.status) == (dev, None, "OPEN")
    assert back.status == "WITHDRAWN"
    assert [one.id async for one in ann.accounts.main_account_offers()] == [made.id]
    with pytest.raises(OfferClosed):
        await ann.accounts.withdraw_main_account_offer(made.id)
    with pytest.raises(NotFound):
        await (await console_of("dev-chen")).accounts.accept_main_account("x", PASSWORD)
