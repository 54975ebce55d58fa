"""The time that training has taken, over all starts of a run, and whether what is left does for one more division."""

from __future__ import annotations

import json
import math
import threading
import time
from collections import Counter
from pathlib import Path

from wetread.writing import atomic_write

#: How far a division that was begun may pass the limit before it is given up: what it has taken would be lost.
GRACE = 1.1


class Spent:
    """Counts on from where an interrupted run stood when it last stored something.

    A time limit is of the run, not of each start.

    Args:
        path: File that keeps the seconds; a damaged one, or one of another plan or data set, counts as none.
        key: Of plan and data, as stored folds have it.
    """

    def __init__(self, path: Path, key: str) -> None:
        self.path, self.key = path, key
        self._lock = threading.Lock()
        self._before = self._stored()
        self._begun, self._kept = time.monotonic(), -math.inf

    def seconds(self) -> float:
        """Seconds of this start and of all before it."""
        return self._before + time.monotonic() - self._begun

    def keep(self, every: float = 0.0) -> None:
        """Stores them; threads may call it at once.

        Args:
            every: Seconds since it was last done, below which nothing happens.
        """
        with self._lock:
            if time.monotonic() < self._kept + every:
                return
            atomic_write(self.path, json.dumps({"key": self.key, "seconds": round(self.seconds(), 3)}) + "\n")
            self._kept = time.monotonic()

    def _stored(self) -> float:
        try:
            stored = json.loads(self.path.read_text(encoding="utf-8"))
            return max(0.0, float(stored["seconds"])) if stored["key"] == self.key else 0.0
        except (OSError, ValueError, KeyError, TypeError):
            return 0.0


class Room:
    """Whether the time left is enough for a further division, at the pace of the folds before it.

    A division counts only as a whole, so one that cannot end in time is not begun. Several folds may be at work at
    once: each counts as half done, as it is on average when another one ends.

    Args:
        spent: Seconds so far.
        limit: Seconds of the run.
        folds: Of each division.
    """

    def __init__(self, spent: Spent, limit: float, folds: int) -> None:
        self._spent, self._limit, self._folds = spent, limit, folds
        self._lock = threading.Lock()
        self._there: Counter[int] = Counter()
        self._at_work: Counter[int] = Counter()
        self._begun: dict[int, bool] = {}

    def begin(self, repeat: int) -> None:
        """A fold of a division is at work; 0 is the model to ship."""
        with self._lock:
            self._at_work[repeat] += 1

    def end(self, repeat: int) -> None:
        """One that was at work is there."""
        with self._lock:
            self._at_work[repeat] -= 1
        self.fill(repeat)

    def fill(self, repeat: int) -> None:
        """One more fold of a division is there; one that was found, and not computed, was never at work."""
        with self._lock:
            self._there[repeat] += 1

    def has(self, repeat: int) -> bool:
        """Whether a fold of this division is worth computing. Said once for a division, and held to within reason.

        Ask when the first division is there: before, nothing tells the pace.
        """
        with self._lock:
            spent = self._spent.seconds()
            if repeat not in self._begun:
                half = self._at_work.total() / 2
                rest = half + self._folds - self._there[repeat] - self._at_work[repeat]
                self._begun[repeat] = spent + spent / max(1.0, self._there.total() + half) * rest <= self._limit
            return self._begun[repeat] and spent <= GRACE * self._limit
