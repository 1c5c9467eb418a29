"""Telling an outage of the database, which passes, from a bug, which does not."""

from typing import Final

import asyncpg
from graphql import GraphQLError
from tortoise.exceptions import DBConnectionError

from domain.kernel.errors import Refusal

RETRY_AFTER: Final = 3


class Unavailable(Refusal):
    """The database cannot be reached, or did not answer in time; nothing was changed."""

    code = "SERVICE_UNAVAILABLE"
    message = "The service cannot reach its database just now."
    message_zh = "服务暂时无法连接数据库。"
    remedy = "Repeat the request in a few seconds, with the same idempotency key."
    remedy_zh = "请在数秒后使用相同的幂等键重试。"


_OUTAGES: Final = (
    DBConnectionError,
    ConnectionError,
    asyncpg.PostgresConnectionError,
    asyncpg.InterfaceError,
    asyncpg.InternalClientError,
    asyncpg.exceptions.OperatorInterventionError,
    asyncpg.exceptions.InsufficientResourcesError,
    asyncpg.exceptions.QueryCanceledError,
    asyncpg.exceptions.LockNotAvailableError,
    asyncpg.exceptions.ObjectNotInPrerequisiteStateError,
)
"""Gone (also in the middle of a word), starting, stopping, full, too slow, or locked too long."""

_SQLITE: Final = ("database is locked", "disk I/O error", "database or disk is full")


def is_outage(bug: BaseException) -> bool:
    """Whether `bug`, or what caused it, is the database being away."""
    seen: BaseException | None = bug
    for _ in range(8):
        if seen is None:
            return False
        if isinstance(seen, _OUTAGES) or str(seen).endswith(_SQLITE):
            return True
        inner = seen.original_error if isinstance(seen, GraphQLError) else None
        seen = inner or seen.__cause__ or seen.__context__
    return False
