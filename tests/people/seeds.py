"""What makes the lists of people longer."""

from typing import Final

from domain.accounts.models import Role, Session
from domain.kernel import secrets
from domain.people.commands import create_invitation
from domain.people.models import Invitation, SandboxLetter
from tests.cast import NOW, Cast
from tests.seeds import Seed, copied, copies, made, new_name, one


async def _invitations(cast: Cast, count: int) -> None:
    role = await one(Role, enterprise_id=cast.enterprises["E1"])
    await create_invitation(
        cast.ann(),
        email=f"{new_name()}@qinghe.example",
        name=new_name(),
        role_id=role.id,
        link="{code}",
    )
    await copies(await one(Invitation), count - 1, name=new_name)


_letters = made(
    SandboxLetter,
    lambda _: {
        "masked_to": "a***",
        "text": "password_reset",
        "sealed_body": secrets.seal("x"),
        "at": NOW,
    },
)

SEEDS: Final = {
    "Query.sessions": Seed(copied(Session)),
    "Query.invitations": Seed(_invitations),
    "Query.sandboxLetters": Seed(_letters, "op-tan"),
}
