"""The journal of a project: a file of lines that only grows. What was acknowledged is in it, however the server ends.

A line is one JSON object with one of these keys: ``add`` (an item; its ``batch`` says with which others it came),
``reject`` (a file that cannot be used), ``edit`` (classes made on the way), ``change`` (what a user did, as edits),
``undo``, ``redo``, ``table`` (labels for files that may still come). An unfinished last line was never acknowledged and
is ignored; so is any other that is no JSON.
"""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from wetread.errors import OutputError
from wetread.writing import AppendLog, FolderLock

#: Seconds to wait for another process that writes at the same time, such as an import from the terminal.
PATIENCE = 5.0


class Journal:
    """Reads and extends the journal; one thread at a time.

    Args:
        folder: Of the project.
    """

    def __init__(self, folder: Path) -> None:
        self.path = folder / "items.jsonl"
        self._lock = folder / ".journal-lock"
        self._read = 0

    def news(self) -> list[dict[str, Any]]:
        """The lines that were added since the last call, by whomever."""
        try:
            with open(self.path, "rb") as handle:
                handle.seek(self._read)
                data = handle.read()
        except OSError:
            return []
        whole = data[: data.rfind(b"\n") + 1]
        self._read += len(whole)
        return _parse(whole)

    def grown(self) -> bool:
        """Whether there is more to read; costs one look at the folder."""
        try:
            return self.path.stat().st_size != self._read
        except OSError:
            return False

    @contextmanager
    def writing(self) -> Iterator[None]:
        """Keeps other processes from writing; what they wrote before is still to be read with `news`.

        Raises:
            OutputError: Another process keeps writing.
        """
        until = time.monotonic() + PATIENCE
        while True:
            try:
                lock = FolderLock(self._lock)
                break
            except OutputError as error:
                if error.code != "run-busy" or time.monotonic() > until:
                    raise
                time.sleep(0.01)
        try:
            yield
        finally:
            lock.release()

    def append(self, line: dict[str, Any]) -> None:
        """Adds a line and counts it as read; call within `writing`, after `news`.

        Raises:
            OutputError: The disk refuses.
        """
        text = json.dumps(line, ensure_ascii=False, separators=(",", ":"))
        data = text.encode("utf-8", "replace").decode("utf-8")  # a lone surrogate of a file name is no UTF-8
        torn = self.grown()  # the rest of a line that a crash cut: it ends here, so that ours begins a new one
        with AppendLog(self.path) as log:
            log.append(f"\n{data}" if torn else data)
        self._read = self.path.stat().st_size


def _parse(whole: bytes) -> list[dict[str, Any]]:
    texts = whole.splitlines()
    try:
        lines = json.loads(b"[" + b",".join(texts) + b"]")  # all at once: three times as fast
        if len(lines) != len(texts):
            raise ValueError
    except (ValueError, RecursionError):
        lines = [_parse_line(text) for text in texts]
    return [line for line in lines if isinstance(line, dict)]


def _parse_line(text: bytes) -> Any:
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return None
