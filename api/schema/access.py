"""The words of a simulated call, and of the message centre."""

from datetime import datetime
from typing import ClassVar

import strawberry

from api.execution.weights import holds
from api.schema.node import Node, Shows
from domain.kernel.reading import Row
from domain.keys import simulation
from domain.notices.rows import NoticeFact as NoticeFactRow
from domain.notices.rows import NoticeRow

AccessPart = simulation.AccessPart
strawberry.enum(AccessPart, description="What a call must get past, down to the secret.")
AccessAction = simulation.AccessAction
strawberry.enum(AccessAction, description="A change that turns an answer.")


@strawberry.type(description="One part on the way of a call, and whether it lets the call pass.")
class AccessStep(Shows):
    row: ClassVar[type[Row]] = simulation.AccessStep
    part: AccessPart = strawberry.field(description="Which part.")
    subject_id: strawberry.ID | None = strawberry.field(
        description="The product, enterprise, role, sub-account or key."
    )
    allowed: bool = strawberry.field(description="Whether it lets the call pass.")
    code: str | None = strawberry.field(description="Why not, as /authorize would say it.")
    message: str | None = strawberry.field(description="Why not, in English.")
    message_zh: str | None = strawberry.field(description="Why not, in Chinese.")


@strawberry.type(description="One change.")
class AccessChange(Shows):
    row: ClassVar[type[Row]] = simulation.AccessChange
    action: AccessAction = strawberry.field(description="What to do.")
    target_id: strawberry.ID | None = strawberry.field(description="To what.")
    value: str | None = strawberry.field(
        description="The grant, address, product or API that it is about."
    )


@strawberry.type(description="The answer that a call would get, and why.")
class SimulatedAccess(Shows):
    row: ClassVar[type[Row]] = simulation.SimulatedAccess
    allowed: bool = strawberry.field(
        description="Whether it would be let in, if the rate of the moment allows."
    )
    code: str | None = strawberry.field(description="Why not; none when it would.")
    decided_by: AccessPart | None = strawberry.field(
        description="The part that decides against it; none when it would be let in."
    )
    at: datetime = strawberry.field(description="The moment that was judged.")
    address: str = strawberry.field(description="The caller's address that was judged.")
    calls_per_second: int | None = strawberry.field(
        description="How many calls a second the enterprise may make to this API."
    )
    path: list[AccessStep] = strawberry.field(
        directives=holds(6),
        description="Every part: catalogue, enterprise, role, sub-account, key, secret; a main "
        "key has no role and no sub-account.",
    )
    change: list[AccessChange] = strawberry.field(
        directives=holds(6),
        description="The fewest changes that turn the answer; all of them are needed.",
    )


@strawberry.type(description="One thing to be known, as text.")
class NoticeFact(Shows):
    row: ClassVar[type[Row]] = NoticeFactRow
    name: str = strawberry.field(description="Its name, such as `days`.")
    value: str = strawberry.field(description="The thing itself.")


@strawberry.type(description="Something that the enterprise should know, said once.")
class Notice(Node, Shows):
    row: ClassVar[type[Row]] = NoticeRow
    topic: str = strawberry.field(description="What it is about, such as `key.rotation_due`.")
    subject_id: strawberry.ID = strawberry.field(description="The thing that it is about.")
    details: list[NoticeFact] = strawberry.field(
        directives=holds(6), description="What is to be known, by name."
    )
    created_at: datetime = strawberry.field(description="When it was said.")
