"""So much at once, and then so much a second."""


class Allowance:
    """What may still be taken now, of `size` at most; it fills by `per_second`."""

    def __init__(self, size: float, per_second: float, now: float) -> None:
        self._size = size
        self._per_second = per_second
        self._left = float(size)
        self._counted_at = now

    def take(self, amount: float, now: float) -> float:
        """Take it in any case; the seconds until it would have been there, 0 when it was."""
        filled = self._left + (now - self._counted_at) * self._per_second
        self._left = min(self._size, filled) - amount
        self._counted_at = now
        return max(0.0, -self._left / self._per_second)
