"""The only file that knows what a run folder holds, and how its files are written and read.

::

    RUN/
      run.json          command, versions, device, seed, fingerprint, seconds per step, status
      fingerprint.json  what was measured of data and machine
      plan.yaml         every decision with its reason
      images.csv        one row per image found
      findings.json     what the checks found
      events.jsonl      progress, one event per line
      history.csv       one row per inner fold and epoch
      predictions.csv   one row per tested image
      numbers.json      every number that any page shows
      trust.json        may it be believed? the lights that head the page
      refusal.json      which pictures it refuses, and what was tried on it; refusal.csv names its reference pictures
      explanations.json which tests its heatmaps pass
      fingerprints.safetensors  of the pixels, so that an external test can be refused that holds the same pictures
      model/            the classifier
      external/         tests of the model on data from elsewhere, a folder like this one each
      look/             what is inside the model
      learning_curve.json, learning_curve.html  how many more cases would help
      paper/            what a manuscript needs
      folds/            what each fold found; kept so that a stopped run goes on
      augmented/        what training showed its network
      heatmaps/ figures/ thumbnails/
      report.html       one page, self-contained
"""

from __future__ import annotations

import csv
import io
import json
import platform
import shutil
import sys
import time
from collections.abc import Iterable, Sequence
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType
from typing import Any

from wetread.errors import InputError, OutputError
from wetread.progress import EpochDone, Event, StepFinished
from wetread.writing import AppendLog, FolderLock, atomic_write, make_folder, sweep_temporaries

RUNNING, FINISHED, STOPPED, FAILED = "running", "finished", "stopped", "failed"

#: What Ctrl-C may leave out of a run that ends all the same, as run.json names it.
DIVISIONS, REFUSAL, CASES, HEATMAP_TESTS = (
    "further divisions", "learning what to refuse", "explaining cases", "testing the heatmaps",
)  # fmt: skip

HISTORY_COLUMNS = (
    "repeat", "fold", "inner", "epoch", "seconds", "learning_rate", "train_loss", "val_loss", "val_auroc",
)  # fmt: skip

#: What tells the rows of the history apart.
_EPOCH = ("repeat", "fold", "inner", "epoch")

#: What run.json tells of the process that wrote it, beside the facts.
_OF_A_SESSION = frozenset(("status", "started", "written", "seconds", "versions", "platform"))

#: Bytes at the end of the event log that hold its last line for certain.
_TAIL = 1 << 16

#: Packages whose versions can change a number.
VERSIONED = ("wetread", "numpy", "scipy", "scikit-learn", "pillow", "pydicom", "torch", "timm", "openvino")


class RunFolder:
    """One run on disk. Made by `create` or `open`; `close` frees its lock.

    Attributes:
        path: Where it lies.
        seconds: Of each step that ended.
        keeps_earlier: An earlier run still lies there as it was: it gives way when the first result is written, so
            that a mistake in the data or the labels costs nobody a finished run.
        resumable: The command that writes it knows --resume.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.keeps_earlier = False
        self.resumable = True
        self.seconds: dict[str, float] = {}
        self._before = 0.0
        self._started = time.time()
        self._facts: dict[str, Any] = {}
        self._events: EventLog | None = None
        self._waiting: list[Event] = []
        self._history: list[EpochDone] = []
        self._lock: FolderLock | None = None

    @staticmethod
    def create(path: Path, *, overwrite: bool = False, resume: bool = False, resumable: bool = True) -> RunFolder:
        """Makes a run folder, or takes up a stopped one.

        Args:
            path: Where.
            overwrite: Replace an earlier run that stands there, as soon as there is something to replace it with.
            resume: Go on with an earlier run that stands there.
            resumable: The command knows --resume, so that a message may name it.

        Raises:
            OutputError: Something stands there and neither flag was given, another process is working in it, or the
                place cannot be written. A run that failed before it had a plan is in nobody's way, nor is a test
                elsewhere that did not finish.
        """
        try:
            is_run = (path / "run.json").is_file()
            occupied = path.exists() and (not path.is_dir() or any(path.iterdir()))
        except OSError as error:
            raise OutputError(
                f"{path} cannot be looked into.",
                remedy="Choose another place with --out FOLDER.",
                file=path,
                code="not-writable",
            ) from error
        if occupied and not is_run:
            raise OutputError(
                f"{path} holds other files, and is not a run folder.",
                remedy="Choose an empty or new folder with --out FOLDER.",
                file=path,
                code="not-a-run-folder",
            )
        if is_run and not overwrite and not resume and not _came_to_nothing(path):
            raise OutputError(
                f"{path} already holds a run.",
                remedy=f"Use {'--resume to go on with it, ' if resumable else ''}--overwrite to replace it, or another "
                "--out FOLDER.",
                file=path,
                code="run-exists",
            )
        make_folder(path)
        folder = RunFolder(path)
        folder.resumable = resumable
        folder._lock = FolderLock(path / "lock")
        if is_run and resume:
            folder._facts = _facts_before(path)
            folder._before = _seconds_before(path)
        elif is_run and _came_to_nothing(path):
            folder._clear()
        elif is_run:
            folder.keeps_earlier = True
            return folder
        sweep_temporaries(path)
        folder._events = EventLog(path / "events.jsonl")
        return folder

    @staticmethod
    def open(path: Path) -> RunFolder:
        """Opens a finished run for reading; raises `InputError` where there is none."""
        if not (path / "run.json").is_file():
            raise InputError(
                f"{path} is not a run folder.",
                remedy="Give the folder that `wetread run` wrote.",
                file=path,
                code="no-run",
            )
        return RunFolder(path)

    def _replace_earlier(self) -> None:
        """Removes the run that stood here before, and writes down what happened since this one began."""
        self.keeps_earlier = False
        self.write_status(RUNNING)  # first: also when killed in the middle, the folder says what it is
        self._clear()
        self._events = EventLog(self.path / "events.jsonl")
        for event in self._waiting:
            self._events(event)
        self._waiting.clear()

    def _clear(self) -> None:
        """Removes everything but the lock and run.json, by which it is known as a run folder."""
        for entry in self.path.iterdir():
            if entry.name in ("lock", "run.json"):
                continue
            try:
                if entry.is_dir() and not entry.is_symlink():
                    shutil.rmtree(entry)
                else:
                    entry.unlink()
            except OSError as error:
                raise OutputError(
                    f"{entry} cannot be removed.", remedy="Choose another --out FOLDER.", file=entry
                ) from error

    def close(self) -> None:
        """Closes the event log and frees the folder for others; may be called twice."""
        if self._events is not None:
            self._events.close()
            self._events = None
        if self._lock is not None:
            self._lock.release()
            self._lock = None

    # What is written ------------------------------------------------------------------------------------------------

    def write_status(self, status: str, **facts: Any) -> None:
        """Writes run.json; facts given before stay. That of an earlier run stays until it gives way.

        The seconds of steps are those of this start, their total that of all starts of the run.
        """
        self._facts.update(facts)
        if self.keeps_earlier:
            return
        described = {
            "status": status,
            **self._facts,
            "started": _iso(self._started),
            "written": _iso(time.time()),
            "seconds": {"total": round(self._before + time.time() - self._started, 2), **self.seconds},
            "versions": versions(),
            "platform": {
                "python": platform.python_version(),
                "system": platform.system(),
                "machine": platform.machine(),
            },
        }
        self.write_json("run.json", described)

    def write_json(self, name: str, content: Any) -> Path:
        """Writes a JSON file, indented, and returns its path."""
        return self._write(name, json.dumps(content, indent=2, ensure_ascii=False) + "\n")

    def write_text(self, name: str, content: str) -> Path:
        """Writes a text file in UTF-8 and returns its path."""
        return self._write(name, content)

    def write_bytes(self, name: str, content: bytes) -> Path:
        """Writes a file of bytes and returns its path."""
        return self._write(name, content)

    def _write(self, name: str, content: bytes | str) -> Path:
        if self.keeps_earlier:
            self._replace_earlier()
        return atomic_write(self.path / name, content)

    def write_table(self, name: str, columns: Sequence[str], rows: Iterable[Sequence[Any]]) -> Path:
        """Writes a CSV file with one line of column names and returns its path."""
        buffer = io.StringIO()
        writer = csv.writer(buffer, lineterminator="\n")
        writer.writerow(columns)
        writer.writerows(rows)
        return self.write_text(name, buffer.getvalue())

    def record(self, event: Event) -> None:
        """A progress listener: keeps every event, the seconds of steps and the history of training."""
        if self._events is None and not self.keeps_earlier:
            return
        if isinstance(event, StepFinished):
            self.seconds[event.step] = round(event.seconds, 3)
        if isinstance(event, EpochDone):
            self._history.append(event)
        if self._events is None:
            self._waiting.append(event)
        else:
            self._events(event)

    def write_history(self) -> None:
        """Writes history.csv: what is there from before an interruption, and what came since."""
        if self.keeps_earlier:
            return
        repeated = {tuple(str(getattr(event, name)) for name in _EPOCH) for event in self._history}
        earlier = [row for row in self.read_history() if tuple(row[name] for name in _EPOCH) not in repeated]
        rows = [[row.get(name, "") for name in HISTORY_COLUMNS] for row in earlier]
        for event in self._history:
            values = event.as_dict()
            rows.append([_short(values[name]) for name in HISTORY_COLUMNS])
        self.write_table("history.csv", HISTORY_COLUMNS, rows)

    # What is read ---------------------------------------------------------------------------------------------------

    def read_json(self, name: str) -> Any:
        """Reads one of our JSON files; raises `InputError` where it is missing or damaged."""
        try:
            return json.loads((self.path / name).read_text(encoding="utf-8"))
        except (OSError, ValueError) as error:
            raise InputError(
                f"{name} is missing from {self.path}, or damaged.",
                remedy="Repeat the run.",
                file=self.path / name,
                code="no-run",
            ) from error

    def find_json(self, name: str) -> Any:
        """Reads one of our JSON files; None where it is missing. Raises `InputError` where it is damaged."""
        return self.read_json(name) if (self.path / name).is_file() else None

    def read_table(self, name: str) -> list[dict[str, str]]:
        """Reads one of our CSV files as dicts; empty where it is missing.

        A cell that begins like a formula is written with an apostrophe before it, for spreadsheets
        (`wetread.dataset.table.quote_formula`). It is taken off here: names that are compared must be the names.
        """
        try:
            with (self.path / name).open(encoding="utf-8", newline="") as handle:
                return [
                    {column: _unquote(cell) if isinstance(cell, str) else cell for column, cell in row.items()}
                    for row in csv.DictReader(handle)
                ]
        except OSError:
            return []

    def read_history(self) -> list[dict[str, str]]:
        """The rows of history.csv; empty where it is missing."""
        return self.read_table("history.csv")

    @property
    def report(self) -> Path:
        """Where the report page lies, or will lie."""
        return self.path / "report.html"


class EventLog:
    """A progress listener that leaves one numbered line per event; `RunFolder` keeps its events in one.

    Args:
        path: The file; what it holds already stays, and the numbers go on from there.

    Raises:
        OutputError: It cannot be written.
    """

    def __init__(self, path: Path) -> None:
        self._log = AppendLog(path)
        if not _ends_a_line(path):
            self._log.append("")  # a killed run left half a line; the next event must not be glued to it
        self._number = _count_lines(path)

    def __call__(self, event: Event) -> None:
        """Takes one event."""
        self._number += 1
        line = {"seq": self._number, "time": round(time.time(), 3), **event.as_dict()}
        self._log.append(json.dumps(line, ensure_ascii=False))

    def close(self) -> None:
        """Closes the file."""
        self._log.close()

    def __enter__(self) -> EventLog:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def versions() -> dict[str, str]:
    """Versions of the packages that can change a number; those that are not installed are left out."""
    # Imported here: it costs a tenth of the start-up of --help.
    from importlib import metadata

    found = {}
    for name in VERSIONED:
        try:
            found[name] = metadata.version(name)
        except metadata.PackageNotFoundError:
            continue
    return found


def command_line() -> list[str]:
    """The command as typed, its program without its place on this machine."""
    return [Path(sys.argv[0]).name, *sys.argv[1:]]


def _iso(moment: float) -> str:
    return datetime.fromtimestamp(moment, UTC).isoformat(timespec="seconds")


def _short(value: Any) -> Any:
    if value is None:
        return ""
    return round(value, 6) if isinstance(value, float) else value


def _unquote(cell: str) -> str:
    """As `wetread.dataset.table.unquote_formula`, which stands above this room; a test holds the two together."""
    return cell[1:] if cell[:1] == "'" and cell[1:2] in tuple("=+@-\t\r") else cell


def _ends_a_line(path: Path) -> bool:
    with open(path, "rb") as handle:
        size = handle.seek(0, 2)
        handle.seek(max(0, size - 1))
        return handle.read() in (b"", b"\n")


def _count_lines(path: Path) -> int:
    try:
        return path.read_bytes().count(b"\n")
    except OSError:
        return 0


def _facts_before(path: Path) -> dict[str, Any]:
    """What run.json tells of data and plan: a run that is taken up and fails again still knows it."""
    try:
        told = RunFolder(path).read_json("run.json")
    except InputError:
        return {}
    return {name: value for name, value in told.items() if name not in _OF_A_SESSION} if isinstance(told, dict) else {}


def _seconds_before(path: Path) -> float:
    """Seconds of all starts of a run so far; one that was killed worked on after it last wrote run.json."""
    try:
        told = RunFolder(path).read_json("run.json")
        total = float(told["seconds"]["total"])
        if told["status"] == RUNNING:
            total += max(0.0, _last_event(path / "events.jsonl") - datetime.fromisoformat(told["written"]).timestamp())
    except (InputError, ValueError, KeyError, TypeError):
        return 0.0
    return max(0.0, total)


def _last_event(path: Path) -> float:
    """When the last event was written down, in seconds since 1970; 0 where none can be read."""
    try:
        with open(path, "rb") as handle:
            handle.seek(max(0, handle.seek(0, 2) - _TAIL))
            lines = handle.read().splitlines()
    except OSError:
        return 0.0
    for line in reversed(lines):
        with suppress(ValueError, KeyError, TypeError):  # the last line of a killed run may be half of one
            return float(json.loads(line)["time"])
    return 0.0


def _came_to_nothing(path: Path) -> bool:
    """Whether what is there is worth nothing, so that the command that is repeated with better data just works.

    That is a run that failed before it had a plan, and a test elsewhere that did not finish: it has nothing to go on
    with.
    """
    try:
        told = RunFolder(path).read_json("run.json")
    except InputError:
        return False
    if not isinstance(told, dict):
        return False
    if told.get("kind") == "external":
        return told.get("status") != FINISHED
    return told.get("status") == FAILED and not any((path / name).exists() for name in ("plan.yaml", "folds"))
