"""Checks of identity by the outside world: the business registry, and a person's face."""

from dataclasses import dataclass
from typing import Protocol


class PortDown(Exception):
    """The outside world did not answer; the message is repeated later."""


@dataclass(frozen=True, slots=True)
class Subject:
    """Whom to look up; held in memory only for the time of the look-up."""

    name: str
    legal_person: str
    uscc: str | None
    person_id: str | None


class Registry(Protocol):
    """A source that knows firms and people."""

    async def check(self, subject: Subject) -> bool | None:
        """True: the data match; False: they differ; None: it cannot tell. Raises PortDown."""
        ...

    async def face(self, name: str) -> bool:
        """Whether the person of this name was recognised. Raises PortDown."""
        ...


class SandboxRegistry:
    """Stands in for the registries in development, and misbehaves on request.

    A name that ends in -MISMATCH differs, -UNKNOWN cannot be told, -DOWN is never answered, and
    -NOFACE fails the face check; every other name is taken as it is.
    """

    name = "SANDBOX"

    async def check(self, subject: Subject) -> bool | None:
        if subject.name.endswith("-DOWN"):
            raise PortDown("the sandbox registry is down for this name")
        if subject.name.endswith("-UNKNOWN"):
            return None
        return not subject.name.endswith("-MISMATCH")

    async def face(self, name: str) -> bool:
        return not name.endswith("-NOFACE")
