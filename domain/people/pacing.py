"""Guessing is slowed: how often a password, a code or an address may be tried, and from where.

What is counted, for a sign-in:

- the account and the address together: five failures, then waits that double from 30 s to 15 min;
- the account from addresses its owner has never signed in from: five failures, then waits up to a
  minute. A stranger can cause no more than that, and never stops the owner at a known address;
- the address by itself: 20 attempts a minute, whatever the account;
- instead of all these, a browser that this account has signed in with before by itself: five
  failures, then waits that double. So nothing that strangers do holds the owner up there.

Unknown accounts are counted and answered like known ones: the same steps, one argon2 each.
See docs/decisions/0019-sign-in-guard.md.
"""

import dataclasses
from dataclasses import dataclass
from typing import Final

from domain.accounts import identity, rules
from domain.accounts.identity import Proof
from domain.kernel import secrets
from domain.kernel.attempts_store import Asked, AttemptsStore, Rule
from domain.kernel.context import Ctx
from domain.kernel.errors import RateLimited
from domain.kernel.policy import Policy
from domain.kernel.sql import run
from domain.people import rules as rules_of_people

DEVICE_MAX: Final = 200
_KNOWN: Final = (
    "SELECT EXISTS (SELECT 1 FROM sessions s WHERE s.login_id = l.id AND s.address = ?) AS known,"
    " l.password_hash FROM logins l WHERE l.email = ?"
)
_MINE: Final = (
    "SELECT l.id, l.password_hash FROM sessions s JOIN logins l ON l.id = s.login_id WHERE s.id = ?"
)


def _growing(policy: Policy, most: int, first: int) -> Rule:
    return Rule(
        free=policy.sign_in_failures, window=policy.sign_in_window_seconds, first=first, most=most
    )


def _slow(policy: Policy) -> Rule:
    return _growing(policy, policy.sign_in_wait_max_seconds, policy.sign_in_wait_seconds)


def _of_address(ctx: Ctx, what: str = "address") -> Asked:
    return Asked(f"{what}:{ctx.address}", Rule(free=ctx.policy.sign_in_per_minute, window=60))


def account_digest(email: str) -> str:
    """The name of an account in the store of attempts; nothing can be read from it."""
    return secrets.digest(f"account:{rules.clean_email(email)}")[:32]


async def prove(
    ctx: Ctx, attempts: AttemptsStore, email: str, password: str, device: str = ""
) -> Proof:
    """Check an e-mail and a password, unless too many attempts failed before.

    `device` is what the browser kept from an earlier sign-in (`Proof.device`), if anything.
    Outside any transaction. An unknown e-mail takes the same steps and the same time.
    """
    account = account_digest(email)
    found = await run(_KNOWN, ctx.address, rules.clean_email(email))
    hashed = str(found[0]["password_hash"]) if found else ""
    if _is_ours(ctx, device, account, hashed):
        name = secrets.digest(device.partition(".")[0])[:32]
        own = asked = [Asked(f"device:{name}", _slow(ctx.policy))]
    else:
        own = [Asked(f"pair:{account}:{ctx.address}", _slow(ctx.policy))]
        if not found or not found[0]["known"]:
            most = ctx.policy.sign_in_stranger_wait_max_seconds
            own.append(Asked(f"account:{account}", _growing(ctx.policy, most, min(5, most))))
        asked = [_of_address(ctx), *own]
    wait = await attempts.take(asked, ctx.now)
    if wait:
        return Proof(login_id=None, wait=wait)
    proof = await identity.prove(email, password)
    if proof.login_id is None:
        return proof
    await attempts.forget([one.name for one in own])
    return dataclasses.replace(proof, device=_new_device(ctx, account, hashed))


def _new_device(ctx: Ctx, account: str, hashed: str) -> str:
    """What a browser keeps: a random name, until when it counts (seconds since 1970), a digest."""
    until = int(ctx.now.timestamp()) + ctx.policy.device_days * 86400
    name = secrets.mint(rules_of_people.DEVICE_PREFIX)
    return f"{name}.{until}.{secrets.digest(_device_text(name, until, account, hashed))}"


def _is_ours(ctx: Ctx, device: str, account: str, hashed: str) -> bool:
    """Whether this account signed in with this browser, and kept its password since.

    The digest is keyed and covers the stored password, so a new password ends all of them.
    """
    name, _, rest = device[:DEVICE_MAX].partition(".")
    until, _, digest = rest.partition(".")
    if not (device.isascii() and until.isdigit()):
        return False
    fits = secrets.matches(_device_text(name, int(until), account, hashed), digest)
    return fits and bool(hashed) and ctx.now.timestamp() < int(until)


def _device_text(name: str, until: int, account: str, hashed: str) -> str:
    return f"device:{name}:{until}:{account}:{hashed}"


async def prove_self(ctx: Ctx, attempts: AttemptsStore, password: str) -> Proof:
    """Check the password of the person whose session this is; guesses are slowed as at sign-in."""
    found = await run(_MINE, ctx.actor.session_id or "")
    login_id = str(found[0]["id"]) if found else None
    asked = Asked(f"self:{login_id}", _slow(ctx.policy))
    wait = await attempts.take([asked], ctx.now)
    if wait:
        return Proof(login_id=None, wait=wait)
    hashed = str(found[0]["password_hash"]) if found else None
    if not await secrets.verify_password(password[: rules.PASSWORD_MAX + 1], hashed):
        return Proof(login_id=None)
    await attempts.forget([asked.name])
    return Proof(login_id=login_id)


@dataclass(frozen=True, slots=True)
class Turn:
    """Leave to try once; `wait` above 0 says that there is none before so many seconds."""

    wait: int = 0

    def check(self) -> None:
        """Raise RateLimited when there is no leave."""
        if self.wait:
            raise RateLimited(retry_after=self.wait)


def _factor(ctx: Ctx) -> Asked:
    return Asked(f"factor:{ctx.actor.id}", _slow(ctx.policy))


async def factor_turn(ctx: Ctx, attempts: AttemptsStore) -> Turn:
    """Leave to name one code of the second factor: five wrong ones, then growing waits."""
    return Turn(await attempts.take([_factor(ctx)], ctx.now))


async def factor_shown(ctx: Ctx, attempts: AttemptsStore) -> None:
    """The code was right: forget the wrong ones."""
    await attempts.forget([_factor(ctx).name])


async def address_turn(ctx: Ctx, attempts: AttemptsStore) -> Turn:
    """Leave for a stranger's request that costs work: 20 a minute for each address."""
    return Turn(await attempts.take([_of_address(ctx, "request")], ctx.now))


async def letter_due(ctx: Ctx, attempts: AttemptsStore, email: str) -> bool:
    """Whether one more letter may go to this address now; nobody is flooded by a stranger."""
    rule = Rule(free=ctx.policy.password_resets_per_hour, window=3600)
    return await attempts.take([Asked(f"letter:{account_digest(email)}", rule)], ctx.now) == 0


async def owner_shown(ctx: Ctx, attempts: AttemptsStore, email_digest: str) -> None:
    """The owner proved to read the account's mail: strangers' failures count no more."""
    names = [f"account:{email_digest}", f"pair:{email_digest}:{ctx.address}"]
    await attempts.forget(names)
