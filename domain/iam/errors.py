"""Refusals of roles and sub-accounts."""

from collections.abc import Sequence

from domain.iam.rows import HolderRow
from domain.kernel.errors import Conflict

NAMED = 10


class RoleInUse(Conflict):
    """A role that somebody holds is not deleted: its holders would be left without any right."""

    code = "ROLE_IN_USE"
    message = "The role {role} is held by {count} sub-account(s): {names}."
    message_zh = "角色 {role} 正被 {count} 个子账号使用:{names}。"
    remedy = "Give its holders another role with updateSubAccount, then delete it."
    remedy_zh = "请先用 updateSubAccount 为这些子账号更换角色,再删除该角色。"

    def __init__(self, *, role: str, holders: Sequence[HolderRow]) -> None:
        names = ", ".join(holder.name for holder in holders[:NAMED])
        more = "" if len(holders) <= NAMED else ", …"
        super().__init__(role=role, count=len(holders), names=names + more, holders=list(holders))
