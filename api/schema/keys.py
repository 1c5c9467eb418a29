"""The words of keys."""

from datetime import datetime
from typing import Annotated, ClassVar

import strawberry

from api.execution.weights import holds
from api.schema.node import Node, Shows
from api.schema.problems import Answer, Problem, Usual
from domain.kernel.reading import Row
from domain.keys import care, errors, models, rows
from domain.operators import rows as operators

KeyStatus = models.KeyStatus
strawberry.enum(KeyStatus, name="AccessKeyStatus", description="Whether a key works.")
SecretStatus = models.SecretStatus
strawberry.enum(SecretStatus, description="The life of one secret of a key.")


TokenAudience = models.Audience
strawberry.enum(
    TokenAudience,
    name="TokenAudience",
    description="The door that a token is meant for. API: the products' APIs. CONSOLE: this API.",
)
KeyWarning = care.KeyWarning
strawberry.enum(KeyWarning, name="AccessKeyWarning", description="What is not right with a key.")
KeyOrder = rows.KeyOrder
strawberry.enum(
    KeyOrder,
    name="AccessKeyOrder",
    description="In which order keys are listed. EXPIRY: the next to expire first, then those "
    "that never do. LEAST_RECENTLY_USED: those never used first.",
)


@strawberry.type(description="One secret of a key; the secret itself is never shown again.")
class SecretVersion(Shows):
    row: ClassVar[type[Row]] = rows.SecretVersionRow
    tail: str = strawberry.field(description="Its last four characters, to tell it by.")
    status: SecretStatus = strawberry.field(
        description="CURRENT, RETIRING while it works beside the new one, or RETIRED."
    )
    created_at: datetime = strawberry.field(description="When it was made.")
    retires_at: datetime | None = strawberry.field(
        description="From when it no longer works; none for the current one."
    )


@strawberry.type(description="What a program proves itself with; its id is public.")
class AccessKey(Node, Shows):
    row: ClassVar[type[Row]] = rows.AccessKeyRow
    name: str = strawberry.field(description="What it is for, in your words.")
    status: KeyStatus = strawberry.field(description="Whether it works.")
    main: bool = strawberry.field(
        description="Whether it is a main key, which reaches all that the enterprise may use."
    )
    sub_account_id: strawberry.ID | None = strawberry.field(
        description="The sub-account whose key it is; none for a main key."
    )
    created_at: datetime = strawberry.field(description="When it was made.")
    changed_at: datetime = strawberry.field(description="When its status last changed.")
    owner_name: str | None = strawberry.field(
        description="The name of the sub-account whose key it is; none for a main key."
    )
    secret_since: datetime = strawberry.field(
        description="When its current secret was made; from 90 days on it should be rotated."
    )
    expires_at: datetime | None = strawberry.field(
        description="From when it no longer works; none if it does not expire."
    )
    allowed_addresses: list[str] | None = strawberry.field(
        description="The addresses and networks that it may be used from; none for everywhere."
    )
    allowed_operations: list[str] | None = strawberry.field(
        description="The registered operations that alone it may call here; none for all."
    )
    last_used_at: datetime | None = strawberry.field(
        description="When it was last used, known within 5 minutes; none if never."
    )
    last_used_address: str | None = strawberry.field(description="From where it was last used.")
    last_used_api: str | None = strawberry.field(
        description="For which API; `oauth.token` for a token asked, `console` for this API."
    )
    warnings: list[KeyWarning] = strawberry.field(
        description="What is not right with it: expired or expiring, its secret old, unused."
    )
    versions: list[SecretVersion] = strawberry.field(
        directives=holds(4), description="Its secrets, the newest first; at most two of them work."
    )


@strawberry.type(description="A key with a secret just made. The secret is shown this once.")
class CreatedAccessKey(Shows):
    row: ClassVar[type[Row]] = rows.CreatedKey
    access_key: AccessKey = strawberry.field(description="The key.")
    secret: str | None = strawberry.field(
        description="The secret; none when the request is repeated with its idempotency key."
    )
    secret_shown: bool = strawberry.field(
        description="Whether the secret is in this answer. If it was lost, rotate the key."
    )


@strawberry.type(description="A token just made for a key. The token is shown this once.")
class IssuedToken(Shows):
    row: ClassVar[type[Row]] = rows.IssuedToken
    id: strawberry.ID = strawberry.field(description="The token's own id (its `jti`).")
    key_id: strawberry.ID = strawberry.field(description="The key that it acts for.")
    audience: TokenAudience = strawberry.field(description="The door that it is meant for.")
    issued_at: datetime = strawberry.field(description="From when it works.")
    expires_at: datetime = strawberry.field(description="When it ends by itself.")
    token: str | None = strawberry.field(
        description="The token; none when the request is repeated with its idempotency key."
    )
    token_shown: bool = strawberry.field(
        description="Whether the token is in this answer. If it was lost, ask for another."
    )


@strawberry.type(description="A token that was ended before its time.")
class RevokedToken(Shows):
    row: ClassVar[type[Row]] = rows.RevokedTokenRow
    id: strawberry.ID = strawberry.field(description="The token's own id (its `jti`).")
    key_id: strawberry.ID = strawberry.field(description="The key that it was issued to.")
    revoked_at: datetime = strawberry.field(description="When it was revoked.")
    expires_at: datetime = strawberry.field(description="When it would have expired.")


@strawberry.type(description="How a gateway or a product's back end proves itself.")
class ServiceKey(Shows):
    row: ClassVar[type[Row]] = operators.ServiceKeyRow
    id: strawberry.ID = strawberry.field(description="Opaque, and unique over all types.")
    name: str = strawberry.field(description="Whose it is.")
    scopes: list[str] = strawberry.field(
        description="What it opens: `check` the gateway's check, `ingest` the door of usage."
    )
    active: bool = strawberry.field(description="Whether it works.")
    created_at: datetime = strawberry.field(description="When it was made.")


@strawberry.type(description="A service key just made. Its secret is shown this once.")
class CreatedServiceKey(Shows):
    row: ClassVar[type[Row]] = operators.CreatedServiceKey
    service_key: ServiceKey = strawberry.field(description="The service key.")
    secret: str | None = strawberry.field(
        description="The secret; none when the request is repeated with its idempotency key."
    )
    secret_shown: bool = strawberry.field(description="Whether the secret is in this answer.")


@strawberry.type(description="That a report was taken. Whether a key was found is not told.")
class LeakReport(Shows):
    row: ClassVar[type[Row]] = rows.LeakReport
    id: strawberry.ID = strawberry.field(description="The report's id, as the audit trail has it.")
    received_at: datetime = strawberry.field(description="When it was taken.")


@strawberry.type(description="There is no room for one more main key; nothing was made.")
class TooManyMainKeysProblem(Problem):
    most: int = strawberry.field(description="How many main keys an enterprise may have.")


@strawberry.type(description="The sub-account has a key already; nothing was made.")
class SubAccountHasKeyProblem(Problem):
    key: strawberry.ID = strawberry.field(description="The key that it has.")


@strawberry.type(description="Two secrets of the key work already; nothing was made.")
class RotationUnderwayProblem(Problem):
    until: datetime = strawberry.field(description="Until when the older secret works.")


CreateAccessKeyResult = Annotated[
    CreatedAccessKey | TooManyMainKeysProblem | SubAccountHasKeyProblem | Usual,
    strawberry.union("CreateAccessKeyResult", description="The key, or why there is none."),
]
RotateAccessKeyResult = Annotated[
    CreatedAccessKey | RotationUnderwayProblem | Usual,
    strawberry.union("RotateAccessKeyResult", description="The new secret, or why not."),
]
SetAccessKeyStatusResult = Annotated[
    AccessKey | Usual,
    strawberry.union("SetAccessKeyStatusResult", description="The key as it is now, or why not."),
]
UpdateAccessKeyResult = Annotated[
    AccessKey | Usual,
    strawberry.union("UpdateAccessKeyResult", description="The key as it is now, or why not."),
]
ReportLeakedKeyResult = Annotated[
    LeakReport | Usual,
    strawberry.union("ReportLeakedKeyResult", description="That it was taken, or why not."),
]
IssueTokenResult = Annotated[
    IssuedToken | Usual,
    strawberry.union("IssueTokenResult", description="The token, or why there is none."),
]
RevokeTokenResult = Annotated[
    RevokedToken | Usual,
    strawberry.union("RevokeTokenResult", description="That it is revoked, or why it is not."),
]
CreateServiceKeyResult = Annotated[
    CreatedServiceKey | Usual,
    strawberry.union("CreateServiceKeyResult", description="The key, or why there is none."),
]
SetServiceKeyActiveResult = Annotated[
    ServiceKey | Usual,
    strawberry.union("SetServiceKeyActiveResult", description="The key as it is now, or why not."),
]

ANSWERS = (
    Answer(errors.TooManyMainKeys, TooManyMainKeysProblem, most="most"),
    Answer(errors.SubAccountHasKey, SubAccountHasKeyProblem, key="key"),
    Answer(errors.RotationUnderway, RotationUnderwayProblem, until="until"),
)
