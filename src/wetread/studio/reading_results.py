"""What comes out of a reading session: the table for `wetread readers`, and that command in a child process.

The model stands beside the readers with its held-out predictions only; `wetread readers` sees to that. Nothing is shown
before one reader has finished: a result would tell who reads on what to expect.
"""

from __future__ import annotations

import csv
import hashlib
import io
import json
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

from wetread.studio.reading import NOTHING, Reader, Reading
from wetread.writing import atomic_write, remove_folder

COLUMNS = ("image", "patient", "reader", "label", "certainty", "seconds", "experience", "truth")
#: Seconds for the comparison; a thousand cases of twenty readers take about one minute.
SECONDS = 600.0
FAILED = "failed.json"
#: What the command writes last.
PAGE = "readers.html"


class ReadingResults:
    """Makes results beside the server, one at a time each; what was made is on disk.

    Args:
        seconds: Time limit.
    """

    def __init__(self, seconds: float = SECONDS) -> None:
        self._seconds = seconds
        self._working: set[Path] = set()
        self._lock = threading.Lock()

    def tell(self, reading: Reading, run: Path | None) -> dict[str, Any]:
        """The results of a session as of now.

        Args:
            reading: The session.
            run: The folder of its run; None without a model, or where it is gone.

        Returns:
            ``state``: locked (nobody has finished), working, failed (``message``, ``remedy``) or done (``study``: the
            contents of readers.json without names of images). And ``readers``, ``finished``, ``few`` (a sentence where
            there is too little to judge anybody by), ``beside_model``.
        """
        finished = [one for one in reading.readers() if one.is_finished]
        told: dict[str, Any] = {
            "readers": [one.tell() for one in reading.readers()],
            "finished": len(finished),
            "beside_model": run is not None,
        }
        if not finished:
            message = "Results are locked until one reader has finished."
            return told | {"state": "locked", "message": message, "remedy": "Read all cases."}
        told["few"] = reading.few
        text = table_of(reading, finished)
        folder = reading.folder / "results" / _digest(text, run)
        if (folder / PAGE).is_file():
            reading.note_shown()
            return told | {"state": "done", "study": _without_images(_read(folder / "readers.json"))}
        if (folder / FAILED).is_file():
            return told | {"state": "failed", **_read(folder / FAILED)}
        self._start(folder, lambda: make_results(folder, text, reading, run, self._seconds))
        return told | {"state": "working"}

    def page(self, reading: Reading, run: Path | None) -> Path | None:
        """The page readers.html of the results as of now; None where they are not made."""
        finished = [one for one in reading.readers() if one.is_finished]
        if not finished:
            return None
        place = reading.folder / "results" / _digest(table_of(reading, finished), run) / PAGE
        return place if place.is_file() else None

    def again(self, reading: Reading) -> None:
        """Forgets what failed, so that it is tried again."""
        for place in (reading.folder / "results").glob(f"*/{FAILED}"):
            remove_folder(place.parent)

    def _start(self, folder: Path, work: Callable[[], None]) -> None:
        with self._lock:
            if folder in self._working:
                return
            self._working.add(folder)

        def run() -> None:
            try:
                work()
            finally:
                with self._lock:
                    self._working.discard(folder)

        threading.Thread(target=run, name="wetread-readers", daemon=True).start()


def table_of(reading: Reading, readers: list[Reader]) -> str:
    """The answers that count as a table with one row per reading (docs/readers.md)."""
    buffer = io.StringIO()
    writer = csv.writer(buffer, lineterminator="\n")
    writer.writerow(COLUMNS)
    cases = reading.cases
    for reader in readers:
        for name, said in reader.answers().items():
            number = reader.number_of(name)
            assert number is not None  # `Reader.lines` holds known cases only
            case = cases[number]
            writer.writerow(
                [
                    case.image,
                    case.patient,
                    reader.about["nickname"],
                    said["class"] or "",
                    said["confidence"] if said["class"] else "",
                    round(said["ms"] / 1000, 3),
                    reader.about["experience"],
                    # As a reader says it, so that one word means nothing.
                    case.truth if case.truth in reading.options or "|" in case.truth else NOTHING,
                ]
            )
    return buffer.getvalue()


def make_results(folder: Path, text: str, reading: Reading, run: Path | None, seconds: float = SECONDS) -> None:
    """Runs `wetread readers`; leaves readers.json and readers.html, or failed.json, in a folder.

    Args:
        folder: For the results; replaced where it is there.
        text: The table.
        reading: The session.
        run: The folder of its run, or None.
        seconds: Time limit.
    """
    table = folder.parent / f"readings-{folder.name}.csv"
    atomic_write(table, text)
    command = [sys.executable, "-m", "wetread", "readers", str(table), "--out", str(folder), "--json"]
    command += ["--model", str(run)] if run is not None else []
    command += ["--positive", reading.about["positive"]] if reading.about["positive"] else []
    try:
        done = subprocess.run(  # noqa: S603 - our own interpreter
            command, stdin=subprocess.DEVNULL, capture_output=True, timeout=seconds, check=False
        )
        failure = None if done.returncode == 0 else _explain(done.stdout)
    except subprocess.TimeoutExpired:
        failure = {"message": "The comparison took too long.", "remedy": "Read fewer cases.", "code": "timeout"}
    if failure is not None:
        remove_folder(folder)
        atomic_write(folder / FAILED, json.dumps(failure, ensure_ascii=False))


def _explain(output: bytes) -> dict[str, str]:
    """What the command says of itself, without the place of the table."""
    try:
        told = json.loads(output.decode("utf-8").strip().splitlines()[-1])["error"]
        return {key: str(told[key] or "") for key in ("message", "remedy", "code")}
    except (ValueError, KeyError, IndexError, TypeError):
        return {"message": "The comparison stopped.", "remedy": "Try again.", "code": "fault"}


def _without_images(study: dict[str, Any]) -> dict[str, Any]:
    """The study without names of images: readers may look at it while others read."""
    model = study.get("model")
    if model:
        model = model | {"without": len(model.get("without", []))}
    return {**study, "model": model, "problems": len(study.get("problems", []))}


def _digest(text: str, run: Path | None) -> str:
    return hashlib.sha256(f"{run.name if run else ''}\n{text}".encode()).hexdigest()[:12]


def _read(place: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(place.read_text(encoding="utf-8"))
    return found
