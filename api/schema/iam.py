"""The words of roles and sub-accounts."""

from datetime import datetime
from typing import Annotated, ClassVar

import strawberry

from api.execution.weights import holds
from api.schema.accounts import SubAccountKind, SubAccountStatus
from api.schema.keys import AccessKey, KeyStatus
from api.schema.node import Node, Shows
from api.schema.problems import Answer, Problem, Usual
from api.schema.scalars import BigInt
from domain.accounts import errors as accounts
from domain.iam import errors, rows
from domain.kernel.reading import Row
from domain.keys.rows import AccessKeyRow


@strawberry.type(description="A sub-account as far as its role names it.")
class RoleHolder(Shows):
    row: ClassVar[type[Row]] = rows.HolderRow
    id: strawberry.ID = strawberry.field(description="The sub-account's id.")
    name: str = strawberry.field(description="Its name.")
    kind: SubAccountKind = strawberry.field(description="Member or application.")
    status: SubAccountStatus = strawberry.field(description="Whether it works.")


@strawberry.type(description="A named set of console scopes and API grants.")
class Role(Node, Shows):
    row: ClassVar[type[Row]] = rows.RoleRow
    name: str = strawberry.field(description="Its name, unique within the enterprise.")
    console_scopes: list[str] = strawberry.field(description="What it allows in the console.")
    api_grants: list[str] = strawberry.field(
        description='Which APIs it may call: "api:<product>/<api>" or "api:<product>/*".'
    )
    allowed_operations: list[str] | None = strawberry.field(
        description="The registered operations that alone its holders may call; none for all."
    )
    created_at: datetime = strawberry.field(description="When it was made.")
    holder_count: int = strawberry.field(description="How many sub-accounts have it.")
    holders: list[RoleHolder] = strawberry.field(
        directives=holds(20), description="Who has it, by name."
    )


@strawberry.type(description="A role that is gone.")
class DeletedRole(Shows):
    row: ClassVar[type[Row]] = rows.DeletedRole
    id: strawberry.ID = strawberry.field(description="The id that it had.")
    name: str = strawberry.field(description="The name that it had; it is free again.")


def _key(root: strawberry.Parent[rows.SubAccountRow]) -> AccessKeyRow | None:
    return root.key


@strawberry.type(description="A member or an application of an enterprise.")
class SubAccount(Node, Shows):
    row: ClassVar[type[Row]] = rows.SubAccountRow
    kind: SubAccountKind = strawberry.field(description="Member or application.")
    name: str = strawberry.field(description="Its name, unique within the enterprise.")
    role: Role = strawberry.field(description="The one role it has.")
    status: SubAccountStatus = strawberry.field(description="Whether it works.")
    created_at: datetime = strawberry.field(description="When it was made.")
    deleted_at: datetime | None = strawberry.field(
        description="When it was deleted; it is shown for what it did before."
    )
    key = strawberry.field(
        resolver=_key,
        graphql_type=AccessKey | None,
        description="Its one key; none while it has none. Never a secret.",
    )


@strawberry.type(description="A sub-account just made, with its key. The secret is shown once.")
class CreatedSubAccount(Shows):
    row: ClassVar[type[Row]] = rows.CreatedSubAccount
    sub_account: SubAccount = strawberry.field(description="The member or application.")
    access_key: AccessKey = strawberry.field(description="Its key.")
    secret: str | None = strawberry.field(
        description="The key's secret; none when the request is repeated with its idempotency key."
    )
    secret_shown: bool = strawberry.field(
        description="Whether the secret is in this answer. If it was lost, rotate the key."
    )


@strawberry.type(description="A sub-account that is gone.")
class DeletedSubAccount(Shows):
    row: ClassVar[type[Row]] = rows.DeletedSubAccount
    id: strawberry.ID = strawberry.field(
        description="Its id; what it did stays attributed to it, and node still shows it."
    )
    name: str = strawberry.field(description="The name that it had; it is free again.")


@strawberry.type(description="An API that could no longer be called.")
class BlastApi(Shows):
    row: ClassVar[type[Row]] = rows.BlastApiRow
    api_code: str = strawberry.field(description="The API's code.")
    product_code: str = strawberry.field(description="The product's code.")
    reachable: bool = strawberry.field(
        description="Whether it can be called now: granted, and entitled. Otherwise it only was."
    )
    calls: BigInt = strawberry.field(description="Its calls in the last 30 days.")
    calls_per_hour: float = strawberry.field(description="The same for an average hour.")


@strawberry.type(description="A caller that would stop.")
class BlastCaller(Shows):
    row: ClassVar[type[Row]] = rows.BlastCallerRow
    sub_account: RoleHolder | None = strawberry.field(
        description="The member or application; none for a main key."
    )
    key_id: strawberry.ID | None = strawberry.field(description="Its key; none when it has none.")
    key_status: KeyStatus | None = strawberry.field(description="Whether that key works.")
    calls: BigInt = strawberry.field(description="Its calls in the last 30 days.")
    calls_per_hour: float = strawberry.field(description="The same for an average hour.")


@strawberry.type(description="What would stop without a role, a sub-account or a key.")
class BlastRadius(Shows):
    row: ClassVar[type[Row]] = rows.BlastRow
    apis: list[BlastApi] = strawberry.field(
        directives=holds(50),
        description="The APIs that it reaches or called in the last 30 days, the busiest first.",
    )
    callers: list[BlastCaller] = strawberry.field(
        directives=holds(50), description="Who could no longer call."
    )
    calls: BigInt = strawberry.field(description="All calls in the last 30 days.")
    calls_per_hour: float = strawberry.field(description="The same for an average hour.")


@strawberry.type(description="Somebody has the role; it was not deleted.")
class RoleInUseProblem(Problem):
    count: int = strawberry.field(description="How many have it.")
    holders: list[RoleHolder] = strawberry.field(
        directives=holds(20), description="Who has it, by name."
    )


@strawberry.type(description="There is no room for one more; nothing was made.")
class LimitReachedProblem(Problem):
    limit: int = strawberry.field(description="How many there may be.")


CreateRoleResult = Annotated[
    Role | LimitReachedProblem | Usual,
    strawberry.union("CreateRoleResult", description="The role, or why there is none."),
]
UpdateRoleResult = Annotated[
    Role | Usual,
    strawberry.union("UpdateRoleResult", description="The role as it is now, or why not."),
]
DeleteRoleResult = Annotated[
    DeletedRole | RoleInUseProblem | Usual,
    strawberry.union("DeleteRoleResult", description="That it is gone, or who stands in the way."),
]
CreateSubAccountResult = Annotated[
    CreatedSubAccount | LimitReachedProblem | Usual,
    strawberry.union("CreateSubAccountResult", description="The sub-account, or why not."),
]
UpdateSubAccountResult = Annotated[
    SubAccount | Usual,
    strawberry.union("UpdateSubAccountResult", description="It as it is now, or why not."),
]
SetSubAccountStatusResult = Annotated[
    SubAccount | Usual,
    strawberry.union("SetSubAccountStatusResult", description="It as it is now, or why not."),
]
DeleteSubAccountResult = Annotated[
    DeletedSubAccount | Usual,
    strawberry.union("DeleteSubAccountResult", description="That it is gone, or why not."),
]

ANSWERS = (
    Answer(errors.RoleInUse, RoleInUseProblem, count="count", holders="holders"),
    Answer(accounts.LimitReached, LimitReachedProblem, limit="limit"),
)
