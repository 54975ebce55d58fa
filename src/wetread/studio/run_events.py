"""events.jsonl of a run, read while it grows: what came after a number, and how far the run is.

Nothing is parsed twice. Lines after a number are found by halving the file, since numbers grow; how far the run is
comes from the lines that were added since the last look. A line without its end is not there yet.
"""

from __future__ import annotations

import json
import re
import threading
from collections.abc import Mapping
from pathlib import Path
from typing import Any, BinaryIO

from wetread.progress import StepPace

#: Bytes read at a time, and most events in one answer.
PIECE, MOST = 1 << 20, 2000
#: Stretch of the file below which lines are read one by one.
NEAR = 1 << 14
#: Runs whose progress is kept in mind; of others it is read again.
MOST_RUNS = 64

#: Rough shares of the time of a run, and of a check: they move a bar, and tell no time. Measured on the demo.
RUN_PARTS = {
    "read": 3, "group": 1, "check": 6, "features": 5, "train": 62, "refuse": 6, "evaluate": 1, "explain": 7,
    "test explanations": 8, "report": 1,
}  # fmt: skip
CHECK_PARTS = {"read": 25, "group": 3, "check": 66, "fix": 1, "report": 5}

_SEQ = re.compile(rb'\{"seq": (\d+), ')
_STEP = re.compile(rb'"kind": "(step_started|step_finished|run_finished)"')
_ADVANCED = b'"kind": "step_advanced"'


def read_events(path: Path, after: int, most: int = MOST) -> tuple[list[dict[str, Any]], bool]:
    """Events with a larger number.

    Of the many that only say how far a step is, the last one in each stretch that is read stands for all.

    Args:
        path: events.jsonl; it may not exist yet.
        after: Number of the last event that is known; 0 for all.
        most: Events at a time.

    Returns:
        Events in order, and whether there are more.
    """
    found: list[dict[str, Any]] = []
    try:
        with open(path, "rb") as handle:
            handle.seek(_find(handle, after))
            while piece := _whole_lines(handle):
                lines = piece.splitlines()
                for number, line in enumerate(lines):
                    if _ADVANCED in line and number + 1 < len(lines):
                        continue
                    event = _parse(line)
                    if event is not None and event["seq"] > after:
                        found.append(event)
                        if len(found) == most:
                            return found, True
    except OSError:
        pass
    return found, False


def _find(handle: BinaryIO, after: int) -> int:
    """A place in the file, at the start of a line, before which no number is larger than ``after``."""
    low, high = 0, handle.seek(0, 2)
    while after > 0 and high - low > NEAR:
        middle = (low + high) // 2
        handle.seek(middle)
        handle.readline()
        place, line = handle.tell(), handle.readline()
        seq = _seq(line)
        while seq is None and line and place < high:  # half a line that a killed run left
            place, line = handle.tell(), handle.readline()
            seq = _seq(line)
        if seq is None or place >= high or seq > after:
            high = middle
        else:
            low = place
    return low


def _whole_lines(handle: BinaryIO) -> bytes:
    """The next lines that have an end; the file is then at the end of the last of them."""
    start, piece = handle.tell(), b""
    while more := handle.read(PIECE):
        piece += more
        if (end := piece.rfind(b"\n")) >= 0:
            handle.seek(start + end + 1)
            return piece[: end + 1]
    return b""


def _seq(line: bytes) -> int | None:
    found = _SEQ.match(line)
    return int(found[1]) if found and line.endswith(b"\n") else None


def _parse(line: bytes) -> dict[str, Any] | None:
    try:
        event = json.loads(line)
    except ValueError:
        return None
    return event if isinstance(event, dict) and isinstance(event.get("seq"), int) else None


class Progress:
    """How far a run is, from its events.

    Args:
        path: events.jsonl; it may not exist yet.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._place, self._file = 0, 0
        self.pace = StepPace()
        self.finished: dict[str, float] = {}
        self.last = 0

    def update(self) -> None:
        """Reads what was added; all of it where the file is another one now."""
        try:
            with open(self._path, "rb") as handle:
                self._check_file(handle)
                handle.seek(self._place)
                while piece := _whole_lines(handle):
                    self._take(piece)
                    self._place = handle.tell()
        except OSError:
            self._forget()

    def fraction(self, parts: Mapping[str, float]) -> float | None:
        """How much is done, in [0, 1]; None where nothing tells.

        Args:
            parts: Shares of the steps; where none of them was met, the step at work is all there is.
        """
        pace = self.pace
        share = pace.done / pace.total if pace.step and pace.total else 0.0
        if pace.step not in parts and not self.finished.keys() & parts.keys():
            return share if pace.total else None
        done = sum(part for name, part in parts.items() if name in self.finished)
        return min(1.0, (done + parts.get(pace.step, 0.0) * share) / sum(parts.values()))

    def _check_file(self, handle: BinaryIO) -> None:
        # Windows has no inodes worth the name; there a file that became shorter has to do.
        size, file = handle.seek(0, 2), self._path.stat().st_ino
        if size < self._place or file != self._file:
            self._forget()
        self._file = file

    def _forget(self) -> None:
        self._place, self.last, self.pace, self.finished = 0, 0, StepPace(), {}

    def _take(self, piece: bytes) -> None:
        """Takes whole lines; only those that change what is known are parsed."""
        lines = piece.splitlines()
        advanced = None
        for line in lines:
            if _ADVANCED in line:
                advanced = line
            elif _STEP.search(line) and (event := _parse(line)):
                advanced = None
                self._step(event)
        event = _parse(advanced) if advanced else None
        if event is not None and event["step"] == self.pace.step:
            done, total, skipped = event["done"], event["total"], event.get("skipped", 0)
            self.pace.advance(done, total, skipped, event["detail"], event["time"])
        self.last = next((seq for line in reversed(lines) if (seq := _seq(line + b"\n"))), self.last)

    def _step(self, event: dict[str, Any]) -> None:
        if event["kind"] == "step_started":
            if event["step"] in self.finished:
                self.finished = {}  # taken up again after an interruption
            self.pace.begin(event["step"], event["title"], event["total"], event["time"])
        else:
            if event["kind"] == "step_finished":
                self.finished[event["step"]] = event["seconds"]
            self.pace.end()


class ProgressOfRuns:
    """The progress of the runs that were looked at last. Holds nothing that the files do not."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._kept: dict[Path, Progress] = {}

    def look(self, events: Path) -> Progress:
        """How far the run of an events.jsonl is by now; the answer is a copy that stays as it is."""
        with self._lock:
            progress = self._kept.pop(events, None) or Progress(events)
            self._kept[events] = progress
            while len(self._kept) > MOST_RUNS:
                del self._kept[next(iter(self._kept))]
            progress.update()
            return _copy(progress)


def _copy(progress: Progress) -> Progress:
    import copy

    same = copy.copy(progress)
    same.pace, same.finished = copy.copy(progress.pace), dict(progress.finished)
    return same
