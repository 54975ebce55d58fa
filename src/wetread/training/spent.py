"""The time that training has taken, over all starts of a run: a time limit is of the run, not of each start."""

from __future__ import annotations

import json
import threading
import time
from pathlib import Path

from wetread.writing import atomic_write


class Spent:
    """Counts on from where an interrupted run stood when it last stored something.

    Args:
        path: File that keeps the seconds; a damaged one, or one of another plan or data set, counts as none.
        key: Of plan and data, as stored folds have it.
    """

    def __init__(self, path: Path, key: str) -> None:
        self.path, self.key = path, key
        self._lock = threading.Lock()
        self._before = self._stored()
        self._begun = time.monotonic()

    def seconds(self) -> float:
        """Seconds of this start and of all before it."""
        return self._before + time.monotonic() - self._begun

    def keep(self) -> None:
        """Stores them; threads may call it at once."""
        with self._lock:
            atomic_write(self.path, json.dumps({"key": self.key, "seconds": round(self.seconds(), 3)}) + "\n")

    def _stored(self) -> float:
        try:
            stored = json.loads(self.path.read_text(encoding="utf-8"))
            return max(0.0, float(stored["seconds"])) if stored["key"] == self.key else 0.0
        except (OSError, ValueError, KeyError, TypeError):
            return 0.0
