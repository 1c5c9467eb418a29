"""Roles: named sets of console scopes and API grants."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Final

from console_sdk.answers import PROBLEM
from console_sdk.blast import BlastRadius, RoleHolder, blast
from console_sdk.transport import Call
from console_sdk.values import Page, page_of, reader

if TYPE_CHECKING:
    from console_sdk.wires import AsyncWire, Wire


@dataclass(frozen=True, slots=True)
class Role:
    """A named set of console scopes and API grants, and who has it."""

    id: str
    name: str
    console_scopes: tuple[str, ...]
    api_grants: tuple[str, ...]
    allowed_operations: tuple[str, ...] | None
    created_at: datetime
    holder_count: int
    holders: tuple[RoleHolder, ...]


@dataclass(frozen=True, slots=True)
class DeletedRole:
    """A role that is gone."""

    id: str
    name: str


ROLE_FIELDS: Final = """
fragment RoleFields on Role {
  id name consoleScopes apiGrants allowedOperations createdAt
  holderCount holders { id name kind status }
}
"""
CREATE_ROLE: Final = (
    """mutation CreateRole(
  $name: String!, $consoleScopes: [String!]!, $apiGrants: [String!]!, $idempotencyKey: String!
) {
  result: createRole(
    name: $name, consoleScopes: $consoleScopes, apiGrants: $apiGrants,
    idempotencyKey: $idempotencyKey
  ) { ...RoleFields ...ProblemFields ... on LimitReachedProblem { limit } }
}"""
    + ROLE_FIELDS
    + PROBLEM
)
UPDATE_ROLE: Final = (
    """mutation UpdateRole(
  $id: ID!, $name: String, $consoleScopes: [String!], $apiGrants: [String!],
  $allowedOperations: [String!]
) {
  result: updateRole(
    id: $id, name: $name, consoleScopes: $consoleScopes, apiGrants: $apiGrants,
    allowedOperations: $allowedOperations
  ) { ...RoleFields ...ProblemFields }
}"""
    + ROLE_FIELDS
    + PROBLEM
)
DELETE_ROLE: Final = (
    """mutation DeleteRole($id: ID!) {
  result: deleteRole(id: $id) {
    ... on DeletedRole { id name }
    ...ProblemFields
    ... on RoleInUseProblem { count holders { id name kind status } }
  }
}"""
    + PROBLEM
)
ROLES: Final = (
    """query Roles($first: Int!, $after: String) {
  result: roles(first: $first, after: $after) {
    nodes { ...RoleFields } pageInfo { hasNextPage endCursor }
  }
}"""
    + ROLE_FIELDS
)


def _create(name: str, scopes: Sequence[str], grants: Sequence[str]) -> Call[Role]:
    """A new role."""
    asked = {"name": name, "consoleScopes": list(scopes), "apiGrants": list(grants)}
    return Call(CREATE_ROLE, reader(Role), asked, keyed=True)


def _update(
    role_id: str,
    name: str | None,
    scopes: Sequence[str] | None,
    grants: Sequence[str] | None,
    operations: Sequence[str] | None,
) -> Call[Role]:
    """What is changed of a role."""
    asked = {
        "id": role_id,
        "name": name,
        "consoleScopes": None if scopes is None else list(scopes),
        "apiGrants": None if grants is None else list(grants),
        "allowedOperations": None if operations is None else list(operations),
    }
    return Call(UPDATE_ROLE, reader(Role), asked)


def _delete(role_id: str) -> Call[DeletedRole]:
    """The end of a role."""
    return Call(DELETE_ROLE, reader(DeletedRole), {"id": role_id})


def list_of(page_size: int, after: str | None) -> Call[Page[Role]]:
    """A page of roles."""
    return Call(ROLES, page_of(reader(Role)), {"first": page_size, "after": after})


class Roles:
    """`console.roles`."""

    def __init__(self, wire: Wire) -> None:
        self._wire = wire

    def create(
        self,
        name: str,
        *,
        console_scopes: Sequence[str] = (),
        api_grants: Sequence[str] = (),
        idempotency_key: str | None = None,
    ) -> Role:
        """Make a role; raises ForbiddenScope for what you lack yourself, or LimitReached."""
        return self._wire.call(_create(name, console_scopes, api_grants), idempotency_key)

    def update(
        self,
        role_id: str,
        *,
        name: str | None = None,
        console_scopes: Sequence[str] | None = None,
        api_grants: Sequence[str] | None = None,
        allowed_operations: Sequence[str] | None = None,
    ) -> Role:
        """Change what is given; its holders and their live tokens obey from the next call on.

        With `allowed_operations` they call these registered operations alone; an empty list
        lifts that.
        """
        return self._wire.call(
            _update(role_id, name, console_scopes, api_grants, allowed_operations)
        )

    def delete(self, role_id: str) -> DeletedRole:
        """Delete a role; raises RoleInUse, which names its holders."""
        return self._wire.call(_delete(role_id))

    def list(self, *, page_size: int = 50) -> Iterator[Role]:
        """All roles, the oldest first."""
        return self._wire.pages(lambda after: list_of(page_size, after))

    def blast_radius(self, role_id: str) -> BlastRadius:
        """What would stop without a role; raises NotFound."""
        return self._wire.call(blast(roleId=role_id))


class AsyncRoles:
    """`console.roles` of an AsyncConsole; see Roles."""

    def __init__(self, wire: AsyncWire) -> None:
        self._wire = wire

    async def create(
        self,
        name: str,
        *,
        console_scopes: Sequence[str] = (),
        api_grants: Sequence[str] = (),
        idempotency_key: str | None = None,
    ) -> Role:
        """Make a role; raises ForbiddenScope for what you lack yourself, or LimitReached."""
        return await self._wire.call(_create(name, console_scopes, api_grants), idempotency_key)

    async def update(
        self,
        role_id: str,
        *,
        name: str | None = None,
        console_scopes: Sequence[str] | None = None,
        api_grants: Sequence[str] | None = None,
        allowed_operations: Sequence[str] | None = None,
    ) -> Role:
        """Change what is given; its holders and their live tokens obey from the next call on.

        With `allowed_operations` they call these registered operations alone; an empty list
        lifts that.
        """
        return await self._wire.call(
            _update(role_id, name, console_scopes, api_grants, allowed_operations)
        )

    async def delete(self, role_id: str) -> DeletedRole:
        """Delete a role; raises RoleInUse, which names its holders."""
        return await self._wire.call(_delete(role_id))

    def list(self, *, page_size: int = 50) -> AsyncIterator[Role]:
        """All roles, the oldest first."""
        return self._wire.pages(lambda after: list_of(page_size, after))

    async def blast_radius(self, role_id: str) -> BlastRadius:
        """What would stop without a role; raises NotFound."""
        return await self._wire.call(blast(roleId=role_id))
