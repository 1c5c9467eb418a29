"""What is read of roles and sub-accounts."""

from collections.abc import Mapping
from datetime import datetime
from typing import ClassVar, Final

from tortoise.models import Model

from domain.accounts import models
from domain.kernel.reading import Row
from domain.keys.models import KeyStatus
from domain.keys.rows import AccessKeyRow

BLAST_DAYS: Final = 30


class HolderRow(Row):
    """A sub-account as far as its role's page names it."""

    table: ClassVar[type[Model]] = models.SubAccount
    id: str
    name: str
    kind: models.SubAccountKind
    status: models.SubAccountStatus
    role_id: str


class RoleRow(Row):
    """A named set of scopes and grants, with who holds it."""

    table: ClassVar[type[Model]] = models.Role
    needs: ClassVar[Mapping[str, tuple[str, ...]]] = {
        "holders": (),
        "holder_count": (),
        "name": ("name", "former_name"),
    }
    id: str
    name: str
    console_scopes: list[str]
    api_grants: list[str]
    allowed_operations: list[str] | None
    created_at: datetime
    former_name: str | None
    holders: list[HolderRow]

    @property
    def holder_count(self) -> int:
        """How many sub-accounts have it."""
        return len(self.holders)


class DeletedRole(Row):
    """A role that is gone."""

    id: str
    name: str


class SubAccountRow(Row):
    """A member or an application, with its role and its key."""

    table: ClassVar[type[Model]] = models.SubAccount
    joins: ClassVar[Mapping[str, type[Row]]] = {"role": RoleRow}
    needs: ClassVar[Mapping[str, tuple[str, ...]]] = {
        "key": (),
        "name": ("name", "former_name"),
    }
    id: str
    kind: models.SubAccountKind
    name: str
    role_id: str
    status: models.SubAccountStatus
    created_at: datetime
    deleted_at: datetime | None
    former_name: str | None
    role: RoleRow
    key: AccessKeyRow | None


class DeletedSubAccount(Row):
    """A sub-account that is gone."""

    id: str
    name: str


class CreatedSubAccount(Row):
    """A sub-account just made and its key, whose secret is shown this once."""

    secrets: ClassVar[frozenset[str]] = frozenset({"secret"})
    id: str
    sub_account: SubAccountRow
    access_key: AccessKeyRow
    secret: str | None

    @property
    def secret_shown(self) -> bool:
        """Whether the secret is in this answer; a repeated request does not get it again."""
        return self.secret is not None


class _Called(Row):
    """Calls of the last 30 days."""

    calls: int

    @property
    def calls_per_hour(self) -> float:
        """The calls of an average hour of the last 30 days."""
        return round(self.calls / (BLAST_DAYS * 24), 2)


class BlastApiRow(_Called):
    """An API that could no longer be called."""

    api_code: str
    product_code: str
    reachable: bool
    calls: int


class BlastCallerRow(_Called):
    """A sub-account, or a main key, that could no longer call."""

    sub_account: HolderRow | None
    key_id: str | None
    key_status: KeyStatus | None
    calls: int


class BlastRow(_Called):
    """What would stop without a role, a sub-account or a key."""

    apis: list[BlastApiRow]
    callers: list[BlastCallerRow]
    calls: int
