"""PostgreSQL as Counterfoil needs it: Tortoise's client, seen by the witness of statements."""

from typing import Any

from tortoise.backends.asyncpg.client import AsyncpgDBClient, TransactionWrapper
from tortoise.backends.base.client import NestedTransactionContext, TransactionContextPooled

from domain.kernel.witness import Witnessed


class WitnessedTransaction(Witnessed, TransactionWrapper):
    """A transaction whose statements are seen."""

    def _in_transaction(self) -> Any:
        return NestedTransactionContext(WitnessedTransaction(self))


class WitnessedPostgres(Witnessed, AsyncpgDBClient):
    """The client whose statements are seen."""

    def _in_transaction(self) -> Any:
        return TransactionContextPooled(WitnessedTransaction(self), self._pool_init_lock)


client_class = WitnessedPostgres
