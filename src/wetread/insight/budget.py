"""A time limit, shared fairly: what one part leaves over goes to those after it."""

from __future__ import annotations

import time


class Budget:
    """Seconds for a known number of parts.

    Args:
        seconds: For all of them, from now on.
        parts: How many there are.
    """

    def __init__(self, seconds: float, parts: int) -> None:
        self._end = time.monotonic() + seconds
        self._parts = parts

    def next_deadline(self) -> float:
        """Until when the next part may work, by `time.monotonic`."""
        now = time.monotonic()
        share = max(0.0, self._end - now) / max(1, self._parts)
        self._parts -= 1
        return now + share

    @property
    def is_over(self) -> bool:
        """Whether the time is used up."""
        return time.monotonic() >= self._end
