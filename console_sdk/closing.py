"""What holds connections and lets go of them: by `close`, or at the end of a `with`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Self

if TYPE_CHECKING:
    from types import TracebackType

    from console_sdk.wires import AsyncWire, Wire


class Closing:
    """Closed by `close` or `with`."""

    _wire: Wire

    def close(self) -> None:
        """Close the connections; a session goes on."""
        self._wire.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        raised: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()


class AsyncClosing:
    """Closed by `await ….close()` or `async with`."""

    _wire: AsyncWire

    async def close(self) -> None:
        """Close the connections; a session goes on."""
        await self._wire.close()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        raised: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self.close()
