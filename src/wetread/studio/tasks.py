"""Work that goes on after its request was answered: an archive or a folder that is taken in, phantoms that are made.

How far a task is stands in a small file, so that a page can ask after a restart too: what was running then is over.
Nothing is lost by that: what was taken in stays, and to drop the same again adds only what is missing.
"""

from __future__ import annotations

import json
import secrets
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from wetread.errors import WetreadError
from wetread.writing import atomic_write

#: Seconds between two writings of how far a task is.
_PACE = 0.5
#: Rejected files that a task lists; the project lists them all.
_MOST_LISTED = 200


class Task:
    """One piece of work as it is told to the page. One thread works, any may look.

    Args:
        place: The file of its state.
    """

    def __init__(self, place: Path) -> None:
        self.id = place.stem
        self._place = place
        self._lock = threading.Lock()
        self._written = 0.0
        self.state: dict[str, Any] = {
            "state": "running", "done": 0, "total": None, "added": 0, "duplicates": 0, "rejected": [], "ignored": 0,
            "notes": [], "given": [], "error": None,
        }  # fmt: skip

    def total(self, count: int) -> None:
        """Says of how many files it consists."""
        self._change(total=count)

    def count(self, status: str, rejection: dict[str, str] | None = None) -> None:
        """Counts one file: ``added``, ``duplicate``, ``rejected`` or ``ignored``."""
        with self._lock:
            self.state["done"] += 1
            key = "duplicates" if status == "duplicate" else status
            if key in ("added", "duplicates", "ignored"):
                self.state[key] += 1
            elif rejection and len(self.state["rejected"]) < _MOST_LISTED:
                self.state["rejected"].append(rejection)
        self._write()

    def twice(self, given: dict[str, Any]) -> None:
        """Says of a file that it is here already, in another class: see `wetread.studio.uploads.Received`."""
        with self._lock:
            self.state["given"].append(given)

    def note(self, sentence: str) -> None:
        """Says something about the whole, such as which table was read."""
        with self._lock:
            self.state["notes"].append(sentence)

    def end(self, error: dict[str, Any] | None = None) -> None:
        """It is over, well or not."""
        self._change(state="failed" if error else "done", error=error)
        self._write(now=True)

    def _change(self, **values: Any) -> None:
        with self._lock:
            self.state.update(values)

    def _write(self, *, now: bool = False) -> None:
        with self._lock:
            if not now and time.monotonic() - self._written < _PACE:
                return
            self._written = time.monotonic()
            text = json.dumps(self.state, ensure_ascii=True)
        atomic_write(self._place, text, durable=False)


class Tasks:
    """The tasks of one project.

    Args:
        folder: Where their files lie.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._running: dict[str, tuple[Task, threading.Thread]] = {}

    def start(self, work: Callable[[Task], None]) -> str:
        """Begins a task in a thread of its own.

        Args:
            work: Is given the task, to say how far it is. An error of it becomes the error of the task.

        Returns:
            Its id, 16 hex digits.
        """
        task = Task(self._folder / f"{secrets.token_hex(8)}.json")
        thread = threading.Thread(target=_work, args=(task, work), name="wetread-task", daemon=True)
        self._running[task.id] = (task, thread)
        thread.start()
        return task.id

    def state(self, task_id: str) -> dict[str, Any] | None:
        """How far a task is; None where there is none of that id."""
        running = self._running.get(task_id)
        if running is not None:
            return dict(running[0].state)
        if len(task_id) != 16 or not set(task_id) <= set("0123456789abcdef"):
            return None
        try:
            state = json.loads((self._folder / f"{task_id}.json").read_text(encoding="ascii"))
        except (OSError, ValueError):
            return None
        if not isinstance(state, dict):
            return None
        if state.get("state") == "running":
            error = {
                "message": "The studio was closed while this went on.",
                "remedy": "Drop it again: what is here already is not added twice.",
                "code": "interrupted",
            }
            state |= {"state": "failed", "error": error}
        return state

    @property
    def working(self) -> bool:
        """Whether one is under way."""
        return any(task.state["state"] == "running" for task, _ in list(self._running.values()))

    def wait(self, seconds: float = 60.0) -> None:
        """Waits until all tasks are over; for tests and the terminal."""
        for _, thread in list(self._running.values()):
            thread.join(seconds)


def _work(task: Task, work: Callable[[Task], None]) -> None:
    try:
        work(task)
    except WetreadError as error:
        task.end({"message": error.message, "remedy": error.remedy, "code": error.code})
    except Exception:  # a fault of ours; its text may name a file of a patient
        task.end({"message": "wetread met a fault of its own.", "remedy": "Please report it.", "code": "fault"})
    else:
        task.end()
