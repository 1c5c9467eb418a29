"""The catalogue as the gateway's check sees it: held in the process, no ORM.

Budget: no round trip for a call; two statements to load, when a mark says that the catalogue
changed, and for safety a minute after the last load.
"""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final
from weakref import WeakKeyDictionary

from domain.kernel import changes
from domain.kernel.sql import run

KEPT_SECONDS: Final = 60.0

_APIS: Final = (
    "SELECT a.id, a.code, a.method, a.path, p.id AS product_id, p.code AS product_code,"
    " p.free_qps, p.paid_qps, p.sale_status"
    " FROM api_interfaces a JOIN products p ON p.id = a.product_id ORDER BY a.code"
)
_RESULT_CODES: Final = "SELECT api_id, code, billable FROM result_codes"


@dataclass(frozen=True, slots=True)
class ApiFacts:
    """An API as a call needs to know it; `result_codes` says which answers are billed."""

    code: str
    product_id: str
    product_code: str
    method: str
    path: str
    result_codes: Mapping[str, bool]
    free_qps: int | None
    paid_qps: int | None
    sale_status: str


@dataclass(frozen=True, slots=True)
class CatalogIndex:
    """Every API of the catalogue, by code and by route."""

    by_code: Mapping[str, ApiFacts]
    _by_route: Mapping[tuple[str, str], ApiFacts] = field(repr=False)

    def resolve(self, method: str, path: str) -> ApiFacts | None:
        """The API behind a method and a path (without its query), matched to the letter."""
        return self._by_route.get((method, path))


class _Held:
    """The index of this process. A change that comes while it is being loaded voids the load."""

    def __init__(self) -> None:
        self.found: CatalogIndex | None = None
        self.until = 0.0
        self.changes = 0
        self.locks: WeakKeyDictionary[asyncio.AbstractEventLoop, asyncio.Lock] = WeakKeyDictionary()

    def evict(self, topic: str, _target: str) -> None:
        if topic in ("catalogue", "*"):
            forget()


_held = _Held()
changes.listen(_held.evict)


def forget() -> None:
    """Drop what is held; the next call loads anew. For tests that change databases, too."""
    _held.found = None
    _held.changes += 1


async def index() -> CatalogIndex:
    """The catalogue as it is held; concurrent first calls load it once."""
    loop = asyncio.get_running_loop()
    if _held.found is not None and loop.time() < _held.until:
        return _held.found
    async with _held.locks.setdefault(loop, asyncio.Lock()):
        if _held.found is not None and loop.time() < _held.until:
            return _held.found
        before = _held.changes
        found = await _load()
        if _held.changes == before:
            _held.found, _held.until = found, loop.time() + KEPT_SECONDS
        return found


async def _load() -> CatalogIndex:
    codes: dict[str, dict[str, bool]] = {}
    rows = await run(_APIS)
    for one in await run(_RESULT_CODES):
        codes.setdefault(one["api_id"], {})[one["code"]] = bool(one["billable"])
    apis = [
        ApiFacts(
            code=row["code"],
            product_id=row["product_id"],
            product_code=row["product_code"],
            method=row["method"],
            path=row["path"],
            result_codes=codes.get(row["id"], {}),
            free_qps=row["free_qps"],
            paid_qps=row["paid_qps"],
            sale_status=row["sale_status"],
        )
        for row in rows
    ]
    return CatalogIndex(
        by_code={api.code: api for api in apis},
        _by_route={(api.method, api.path): api for api in apis},
    )
