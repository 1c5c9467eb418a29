"""Nobody gains what they lack: every way to somebody else's power is shut, also one after another.

Taking power away is not: whoever may write roles or keys may disable, narrow and delete.
"""

import dataclasses
from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from tortoise.transactions import in_transaction

from domain.accounts import identity, rules
from domain.accounts.grants import grants_of
from domain.accounts.models import Role, SubAccount, SubAccountStatus
from domain.iam.commands import (
    create_role,
    create_sub_account,
    set_sub_account_status,
    update_role,
    update_sub_account,
)
from domain.kernel.context import SYSTEM, Actor, ActorKind, Ctx
from domain.kernel.errors import ForbiddenScope, Refusal
from domain.keys.care import KeyChange
from domain.keys.commands import (
    create_access_key,
    issue_token,
    rotate_access_key,
    set_access_key_status,
    update_access_key,
)
from domain.keys.models import AccessKey, Audience, KeyStatus, SecretVersion
from domain.keys.tokens import Issuer
from domain.people.commands import accept_invitation, create_invitation
from domain.people.errors import InvitationClosed
from domain.people.pacing import Turn
from tests.cast import NOW, Cast, ctx_of
from tests.iam.help import APP, a_member, a_role, acting, an_admin, an_app

ACTIVE, DISABLED = KeyStatus.ACTIVE, KeyStatus.DISABLED
LINK = "https://console.example/invitation#{code}"


async def above(cast: Cast, what: str = "grant") -> tuple[str, str]:
    """An application that reaches what no administrator holds: its id, and its key's."""
    role = (
        await a_role(cast, "above", "api:face-compare/*")
        if what == "grant"
        else await a_role(cast, "above", scopes=("order:pay",))
    )
    made = await an_app(cast, "app-above", role.id)
    return made.id, made.access_key.id


async def secrets_kept() -> int:
    return await SecretVersion.visible_to(SYSTEM).count()


async def clerk(cast: Cast) -> Ctx:
    """A member who may write any key and nothing else."""
    role = await a_role(cast, "keys only", scopes=("key:read", "key:rotate_own", "key:write"))
    return await acting(cast, (await a_member(cast, "key-clerk", role.id)).id)


@pytest.mark.parametrize("what", ["grant", "scope"])
@pytest.mark.parametrize("who", [an_admin, clerk], ids=["admin", "clerk"])
async def test_no_secret_of_one_who_reaches_more(
    cast: Cast, who: Callable[[Cast], Awaitable[Ctx]], what: str
) -> None:
    ctx = await who(cast)
    app, key = await above(cast, what)
    kept = await secrets_kept()

    audience = Audience.API if what == "grant" else Audience.CONSOLE
    with pytest.raises(ForbiddenScope):
        await issue_token(ctx, key_id=key, issuer=Issuer("https://c.example"), audience=audience)
    with pytest.raises(ForbiddenScope) as refused:
        await rotate_access_key(ctx, key_id=key)
    assert refused.value.facts["scope"] in ("api:face-compare/*", "order:pay")
    await set_access_key_status(ctx, key_id=key, status=DISABLED)
    with pytest.raises(ForbiddenScope):
        await set_access_key_status(ctx, key_id=key, status=ACTIVE)
    await set_access_key_status(ctx, key_id=key, status=KeyStatus.DELETED)
    with pytest.raises(ForbiddenScope):
        await create_access_key(ctx, name="mine", sub_account_id=app)

    assert await secrets_kept() == kept
    made = await create_access_key(cast.ann(), name="hers", sub_account_id=app)
    assert made.secret is not None


async def test_a_key_of_a_role_is_held_to_the_same(cast: Cast) -> None:
    role = await a_role(cast, "robot", scopes=("iam:read", "iam:write", "key:write"))
    robot = await an_app(cast, "app-robot", role.id)
    _, key = await above(cast)
    actor = Actor(
        kind=ActorKind.KEY,
        id=robot.access_key.id,
        enterprise_id=cast.enterprises["E1"],
        scopes=frozenset(role.console_scopes),
    )

    with pytest.raises(ForbiddenScope):
        await rotate_access_key(
            ctx_of(dataclasses.replace(actor, scopes=actor.scopes | {"key:rotate_own"})), key_id=key
        )
    with pytest.raises(ForbiddenScope):
        await set_sub_account_status_of_above(ctx_of(actor))
    main = dataclasses.replace(
        actor, id=(await create_access_key(cast.ann(), name="m")).id, scopes=rules.MAIN
    )
    assert (await rotate_access_key(ctx_of(main), key_id=key)).secret


async def set_sub_account_status_of_above(ctx: Ctx) -> None:
    app = await SubAccount.visible_to(SYSTEM).get(name="app-above")
    await set_sub_account_status(ctx, sub_account_id=app.id, status=SubAccountStatus.DISABLED)
    await set_sub_account_status(ctx, sub_account_id=app.id, status=SubAccountStatus.ACTIVE)


async def test_ones_own_key_and_those_below_are_still_at_hand(cast: Cast) -> None:
    admin = await an_admin(cast, "api:face-compare/*")
    _, key = await above(cast)
    own = await AccessKey.visible_to(SYSTEM).get(sub_account_id=admin.actor.id)

    assert (await rotate_access_key(admin, key_id=key)).secret
    assert (await rotate_access_key(admin, key_id=own.id)).secret


async def test_a_key_above_is_narrowed_and_never_widened(cast: Cast) -> None:
    admin = await an_admin(cast)
    _, key = await above(cast)
    until = NOW + timedelta(days=10)

    async def change(**given: Any) -> None:
        await update_access_key(admin, key_id=key, change=KeyChange(**given))

    await change(name="renamed")
    await change(expires_at=until, expiry_given=True, allowed_addresses=["10.0.0.0/8", "10.1.0.1"])
    await change(expires_at=until - timedelta(days=1), expiry_given=True)
    await change(allowed_addresses=["10.0.0.0/8"])
    wide: list[dict[str, Any]] = [
        {"expires_at": until, "expiry_given": True},
        {"expires_at": None, "expiry_given": True},
        {"allowed_addresses": ["10.0.0.0/8", "203.0.113.7"]},
        {"allowed_addresses": []},
    ]
    for wider in wide:
        with pytest.raises(ForbiddenScope):
            await change(**wider)
        await update_access_key(cast.ann(), key_id=key, change=KeyChange(**wider))
        await change(expires_at=until - timedelta(days=1), expiry_given=True)
        await change(allowed_addresses=["10.0.0.0/8"])


async def test_a_member_above_is_stopped_and_not_revived(cast: Cast) -> None:
    admin = await an_admin(cast)
    await above(cast)

    with pytest.raises(ForbiddenScope):
        await set_sub_account_status_of_above(admin)

    row = await SubAccount.visible_to(SYSTEM).get(name="app-above")
    assert row.status is SubAccountStatus.DISABLED


async def test_an_own_invitation_does_not_open_a_role_that_grew(cast: Cast) -> None:
    admin = await an_admin(cast)
    role = await a_role(cast, "small", scopes=("order:read",))
    made = await create_invitation(
        admin, email="w@qinghe.example", name="dev-w", role_id=role.id, link=LINK
    )
    await update_role(cast.ann(), role_id=role.id, console_scopes=["order:read", "order:pay"])

    with pytest.raises(InvitationClosed, match="may no longer give"):
        await _accept(cast, made.code)
    await update_role(cast.ann(), role_id=role.id, console_scopes=["order:read"])
    await _accept(cast, made.code)


async def test_a_leavers_invitation_is_closed(cast: Cast) -> None:
    admin = await an_admin(cast)
    role = await a_role(cast, "small", scopes=("order:read",))
    made = await create_invitation(
        admin, email="w@qinghe.example", name="dev-w", role_id=role.id, link=LINK
    )
    await set_sub_account_status(
        cast.ann(), sub_account_id=admin.actor.id, status=SubAccountStatus.DISABLED
    )

    with pytest.raises(InvitationClosed):
        await _accept(cast, made.code)


async def _accept(cast: Cast, code: str | None) -> None:
    hashed = identity.HashedPassword("!")
    await accept_invitation(cast.anon(), code=code or "", password=hashed, turn=Turn())


# -- any sequence --------------------------------------------------------------------------------

SCOPES = ["iam:read", "iam:write", "key:rotate_own", "key:write", "order:pay", "bill:read"]
GRANTS = ["api:id-ocr/*", "api:id-ocr/ocr.idcard", "api:face-compare/*"]
Held = tuple[frozenset[str], frozenset[str]]
_held = st.tuples(
    st.frozensets(st.sampled_from(SCOPES)), st.frozensets(st.sampled_from(GRANTS), max_size=2)
)
_step = st.tuples(
    st.sampled_from(
        [
            "role",
            "widen",
            "make",
            "move",
            "move",
            "rotate",
            "off",
            "on",
            "rotate",
            "stop",
            "start",
            "drop",
            "key",
        ]
    ),
    st.integers(0, 9),
    st.integers(0, 9),
    _held,
)


class Play:
    """One member's random deeds, and what the secrets in that member's hands open."""

    def __init__(self, cast: Cast, me: str) -> None:
        self.cast, self.me, self.known = cast, me, set[str]()

    async def turn(self, deed: str, one: int, other: int, held: Held) -> None:
        """Do one thing as oneself; a refusal is an answer too."""
        ctx = await acting(self.cast, self.me)
        subs = await SubAccount.visible_to(ctx.actor).order_by("id")
        roles = await Role.visible_to(ctx.actor).order_by("id")
        sub, role = subs[one % len(subs)], roles[other % len(roles)]
        keys = await AccessKey.visible_to(ctx.actor).filter(sub_account_id=sub.id).order_by("-id")
        key_id = str(keys[0].id) if keys else ""
        scopes, grants = sorted(held[0]), sorted(held[1])
        status = {"stop": DISABLED, "start": ACTIVE, "drop": KeyStatus.DELETED}
        made: Any = None
        try:
            if deed == "role":
                await create_role(ctx, name=f"r{one}{other}", console_scopes=scopes, api_grants=[])
            elif deed == "widen":
                await update_role(ctx, role_id=role.id, console_scopes=scopes, api_grants=grants)
            elif deed == "make":
                made = await create_sub_account(
                    ctx, kind=APP, name=f"a{one}{other}", role_id=role.id
                )
            elif deed == "move":
                await update_sub_account(ctx, sub_account_id=sub.id, role_id=role.id)
            elif deed in ("off", "on"):
                target = SubAccountStatus.ACTIVE if deed == "on" else SubAccountStatus.DISABLED
                await set_sub_account_status(ctx, sub_account_id=sub.id, status=target)
            elif deed == "rotate":
                made = await rotate_access_key(ctx, key_id=key_id)
            elif deed == "key":
                made = await create_access_key(ctx, name="k", sub_account_id=sub.id)
            else:
                await set_access_key_status(ctx, key_id=key_id, status=status[deed])
        except Refusal:
            return
        if made is not None:
            self.known.add(getattr(made, "access_key", made).id)

    async def reach(self) -> Held:
        """All that this member, and the keys whose secrets it was shown, can do now."""
        scopes, grants = set[str](), set[str]()
        keys = AccessKey.visible_to(SYSTEM).filter(id__in=list(self.known))
        holders = {self.me, *await keys.values_list("sub_account_id", flat=True)}
        for holder in holders:
            owner = await SubAccount.visible_to(SYSTEM).get(id=holder)
            role = await Role.visible_to(SYSTEM).get(id=owner.role_id)
            scopes |= set(role.console_scopes)
            grants |= set(role.api_grants)
        return frozenset(scopes), frozenset(grants)


class _Undone(Exception):
    """Rolls one example back."""


@settings(
    max_examples=40,
    deadline=None,
    suppress_health_check=list(HealthCheck),
    phases=[Phase.explicit, Phase.reuse, Phase.generate],  # a shorter sequence is not worth minutes
)
@given(
    mine=_held,
    others=st.lists(_held, min_size=1, max_size=3),
    deeds=st.lists(_step, min_size=6, max_size=20),
)
async def test_no_sequence_of_deeds_opens_more_than_one_had(
    cast: Cast, mine: Held, others: list[Held], deeds: list[tuple[str, int, int, Held]]
) -> None:
    with pytest.raises(_Undone):
        await _played(cast, mine, others, deeds)


async def _played(
    cast: Cast, mine: Held, others: list[Held], deeds: list[tuple[str, int, int, Held]]
) -> None:
    writes = frozenset({"iam:write", "key:write", "key:rotate_own"})
    async with in_transaction():
        role = await a_role(cast, "mine", *sorted(mine[1]), scopes=tuple(mine[0] | writes))
        play = Play(cast, (await a_member(cast, "me", role.id)).id)
        for number, (scopes, grants) in enumerate(others):
            theirs = await a_role(cast, f"o{number}", *sorted(grants), scopes=tuple(scopes))
            await an_app(cast, f"o{number}", theirs.id)
        for deed in deeds:
            await play.turn(*deed)
        scopes, grants = await play.reach()
        assert scopes <= mine[0] | writes
        assert all(grants_of(mine[1]).give(one) for one in grants)
        raise _Undone
