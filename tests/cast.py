"""The people of the tests, each as a Ctx: whose call it is, at which moment, with which key."""

import dataclasses
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from api.demo import Planted
from domain.accounts import identity, rules
from domain.accounts.models import Login, MainAccount, Role, SubAccount
from domain.kernel.context import SYSTEM, Actor, ActorKind, Ctx, Trace
from domain.operators.models import Operator

NOW = datetime(2026, 11, 20, 2, 0, tzinfo=UTC)
"""2026-11-20 10:00 in Shanghai: when every test begins unless it says otherwise."""

PLANTED = datetime(2026, 11, 1, 1, 0, tzinfo=UTC)
"""When the cast was made: 2026-11-01 09:00 in Shanghai."""

PASSWORD = "correct horse battery"


def ctx_of(actor: Actor, *, now: datetime = NOW, key: str | None = None) -> Ctx:
    """A call by `actor`."""
    return Ctx(
        actor=actor,
        now=now,
        idempotency_key=key,
        request_id="test-request",
        address="203.0.113.7",
        trace=Trace(),
    )


PEOPLE = {ActorKind.MAIN, ActorKind.MEMBER, ActorKind.OPERATOR}


@dataclass(frozen=True)
class Cast:
    """Everybody who appears; each method gives that person's Ctx.

    People have just shown their second factor, unless `fresh=False` says otherwise.
    """

    actors: dict[str, Actor]
    enterprises: dict[str, str]
    key_id: str
    key_secret: str
    service_secret: str

    def _as(self, who: str, now: datetime, key: str | None, fresh: bool = True) -> Ctx:
        actor = self.actors[who]
        if fresh and actor.kind in PEOPLE:
            actor = dataclasses.replace(actor, fresh_until=now + timedelta(minutes=10))
        return ctx_of(actor, now=now, key=key)

    def ann(self, *, now: datetime = NOW, key: str | None = None, fresh: bool = True) -> Ctx:
        """Main account of E1, a verified firm with 5,000.00."""
        return self._as("ann", now, key, fresh)

    def dev(self, *, now: datetime = NOW, key: str | None = None, fresh: bool = True) -> Ctx:
        """A developer of E1: may order and look, may not pay."""
        return self._as("dev-chen", now, key, fresh)

    def cfo(self, *, now: datetime = NOW, key: str | None = None, fresh: bool = True) -> Ctx:
        """The finance of E1: may order and pay, may not touch keys."""
        return self._as("cfo-lu", now, key, fresh)

    def eve(self, *, now: datetime = NOW, key: str | None = None, fresh: bool = True) -> Ctx:
        """Main account of E2, the rival."""
        return self._as("eve", now, key, fresh)

    def e3(self, *, now: datetime = NOW, key: str | None = None, fresh: bool = True) -> Ctx:
        """Main account of E3, which is not verified."""
        return self._as("bei", now, key, fresh)

    def e4(self, *, now: datetime = NOW, key: str | None = None, fresh: bool = True) -> Ctx:
        """Main account of E4, a verified person with 100.00."""
        return self._as("man", now, key, fresh)

    def ops(self, *, now: datetime = NOW, key: str | None = None, fresh: bool = True) -> Ctx:
        """An operator of the platform."""
        return self._as("op-tan", now, key, fresh)

    def fin(self, *, now: datetime = NOW, key: str | None = None, fresh: bool = True) -> Ctx:
        """The platform's finance."""
        return self._as("fin-qiu", now, key, fresh)

    def bd(self, *, now: datetime = NOW, key: str | None = None, fresh: bool = True) -> Ctx:
        """A BD of the platform."""
        return self._as("bd-lin", now, key, fresh)

    def gate(self, *, now: datetime = NOW, key: str | None = None) -> Ctx:
        """A gateway with a service key that may check and ingest."""
        return self._as("gate", now, key)

    def anon(self, *, now: datetime = NOW, key: str | None = None) -> Ctx:
        """A stranger."""
        return ctx_of(identity.STRANGER, now=now, key=key)

    def system(self, *, now: datetime = NOW, key: str | None = None) -> Ctx:
        """The house itself."""
        return ctx_of(SYSTEM, now=now, key=key)


async def meet(planted: Planted) -> Cast:
    """Find the actors of a planted cast in the database."""
    actors: dict[str, Actor] = {
        "gate": Actor(
            kind=ActorKind.SERVICE,
            id="svc-test",
            scopes=frozenset({"check", "ingest", "usage:check", "usage:ingest"}),
        )
    }
    for main in await MainAccount.visible_to(SYSTEM):
        name = (await Login.get(id=main.login_id)).email.partition("@")[0]
        actors[name] = Actor(
            kind=ActorKind.MAIN, id=main.id, enterprise_id=main.enterprise_id, scopes=rules.MAIN
        )
    for member in await SubAccount.visible_to(SYSTEM):
        role = await Role.visible_to(SYSTEM).get(id=member.role_id)
        actors[member.name] = Actor(
            kind=ActorKind.MEMBER,
            id=member.id,
            enterprise_id=member.enterprise_id,
            scopes=rules.role_scopes(role.console_scopes),
        )
    for operator in await Operator.all():
        actors[operator.code] = Actor(
            kind=ActorKind.OPERATOR,
            id=operator.id,
            scopes=rules.operator_scopes(operator.role.value),
        )
    return Cast(
        actors=actors,
        enterprises=dict(planted.enterprises),
        key_id=planted.key_id,
        key_secret=planted.key_secret,
        service_secret=planted.service_secret,
    )
