"""What a lab works with: data, tables and runs below one folder, each done once, each written down as a command."""

from __future__ import annotations

import csv
import io
import shlex
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from wetread import steps
from wetread.labs.run_result import RunResult
from wetread.progress import Listener, Notice, silent
from wetread.run_folder import FINISHED, RunFolder
from wetread.writing import atomic_write, remove_folder

#: How an option of a verb is written, where it is not its name with hyphens.
OPTION_NAMES = {"settings": "set", "colour": "colour"}


@dataclass
class Workbench:
    """A lab at work.

    Args:
        out: The folder of the lab.
        seed: Of data and runs.
        small: Everything shrunken.
        data: What the user gave, if anything.
        stages: How many pieces of work there will be, for the estimate.
        minutes: What the whole form takes, for the estimate before the first piece is done.
        listen: Is told about progress.
    """

    out: Path
    seed: int = 0
    small: bool = False
    data: Path | None = None
    stages: int = 1
    minutes: float = 1.0
    listen: Listener = silent
    commands: list[str] = field(default_factory=list)
    _begun: int = 0
    _worked: list[float] = field(default_factory=list)

    def pick(self, whole: Any, small: Any) -> Any:
        """One of two settings, by the form."""
        return small if self.small else whole

    def phantoms(self, name: str, folder: str, images: int, *, seed: int = 0, **knobs: float) -> Path:
        """Makes a set of phantoms below ``data``, or finds it there.

        Args:
            name: As `wetread data make` names it.
            folder: Its folder below ``data``.
            images: How many.
            seed: Added to that of the lab, so that two sets differ.
            knobs: By name.

        Returns:
            Its folder.
        """
        place = self.out / "data" / folder
        number = 2026 + 1000 * self.seed + seed
        options = {"n": images, "seed": number, **knobs}
        self.note("data make", [name], {"out": place, **options})
        if not (place / "labels.csv").is_file():
            with self.stage(f"making {images} phantoms"):
                remove_folder(place)  # half a set, left by an interruption
                steps.make_data(name, place, images=images, seed=number, knobs=knobs, listen=self.listen)
        return place

    def table(self, name: str, rows: Sequence[Mapping[str, Any]]) -> Path:
        """Writes a table of labels below ``tables``; its first row names the columns."""
        buffer = io.StringIO()
        writer = csv.DictWriter(buffer, list(rows[0]), lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)
        return atomic_write(self.out / "tables" / f"{name}.csv", buffer.getvalue())

    def run(self, name: str, about: str, data: Path, **options: Any) -> RunResult:
        """`wetread run`, or what it left here before.

        Args:
            name: The run's folder below that of the lab.
            about: What it is, for a reader.
            data: As for `wetread.run`.
            options: As for `wetread.run`.
        """
        place = self.out / name
        options = {"seed": self.seed, "device": "cpu", **options}
        self.note("run", [data], {"out": place, **options})
        if not _is_finished(place):
            with self.stage(about):
                steps.run(data, out=place, resume=(place / "run.json").is_file(), listen=self.listen, **options)
        return RunResult.read(name, about, place)

    def evaluate(self, name: str, about: str, run: RunResult, data: Path, **options: Any) -> RunResult:
        """`wetread evaluate`: the model of a run on other data, or what that left here before."""
        place = self.out / name
        options = {"seed": self.seed, "other_patients": True, **options}
        self.note("evaluate", [run.folder, data], {"out": place, **options})
        if not _is_finished(place):
            with self.stage(about):
                steps.evaluate(run.folder, data, out=place, overwrite=True, listen=self.listen, **options)
        return RunResult.read(name, about, place)

    def predict(self, name: str, run: RunResult, images: Path) -> list[dict[str, str]]:
        """`wetread predict`: rows of predictions.csv, or those that lie here from before."""
        place = RunFolder(self.out / name)
        self.note("predict", [run.folder, images], {"out": place.path})
        if not (place.path / "predictions.csv").is_file():
            with self.stage(f"predicting {name}"):
                steps.predict(run.folder, images, out=place.path, listen=self.listen)
        return place.read_table("predictions.csv")

    def compare(self, name: str, runs: Sequence[RunResult]) -> dict[str, Any]:
        """`wetread compare`: the runs on the cases that they share."""
        place, folders = self.out / name, [run.folder for run in runs]
        self.note("compare", folders, {"out": place, "seed": self.seed})
        if not (place / "compare.html").is_file():
            with self.stage("comparing runs"):
                steps.compare(folders, out=place, seed=self.seed)
        found: dict[str, Any] = RunFolder(place).read_json("compare.json")
        return found

    def note(self, verb: str, places: Sequence[Any], options: Mapping[str, Any]) -> None:
        """Writes down the command that does the same; each once."""
        command = _command(verb, places, options, self.out)
        if command not in self.commands:
            self.commands.append(command)

    @property
    def done_now(self) -> int:
        """Pieces of work that were not there from before."""
        return len(self._worked)

    def stage(self, about: str) -> Stage:
        """Says what is begun and about how long the rest will take, and times it."""
        self._begun += 1
        left = self.stages - self._begun + 1
        each = sum(self._worked) / len(self._worked) if self._worked else 60 * self.minutes / max(self.stages, 1)
        told = f", about {_say_minutes(each * left)} left" if left > 0 and not (self.small and not self._worked) else ""
        self.listen(Notice(f"{min(self._begun, self.stages)} of {self.stages}: {about}{told}"))
        return Stage(self._worked)


class Stage:
    """Times one piece of work."""

    def __init__(self, worked: list[float]) -> None:
        self._worked = worked

    def __enter__(self) -> None:
        self._started = time.perf_counter()

    def __exit__(self, *ending: object) -> None:
        self._worked.append(time.perf_counter() - self._started)


def read_labels(folder: Path) -> list[dict[str, str]]:
    """Rows of the labels.csv of a set of phantoms."""
    return RunFolder(folder).read_table("labels.csv")


def _is_finished(place: Path) -> bool:
    if not (place / "run.json").is_file():
        return False
    told = RunFolder(place).read_json("run.json")
    return bool(told["status"] == FINISHED) and (place / "numbers.json").is_file()


def _command(verb: str, places: Sequence[Any], options: Mapping[str, Any], root: Path) -> str:
    """The command line that does what a call did, as it is typed inside the lab's folder."""
    words = ["wetread", *verb.split(), *(_word(place, root) for place in places)]
    for name, value in options.items():
        flag = "--" + OPTION_NAMES.get(name, name).replace("_", "-")
        if value is True:
            words.append(flag)
        elif isinstance(value, list | tuple):
            words += [word for one in value for word in (flag, _word(one, root))]
        elif value is not None and value is not False:
            words += [flag, _word(value, root)]
    return shlex.join(words)


def _word(value: Any, root: Path) -> str:
    if isinstance(value, Path):
        if value.is_relative_to(root):
            return value.relative_to(root).as_posix()
        return value.name  # the name will do on a page that may be handed on: folders can tell who works there
    return f"{value:g}" if isinstance(value, float) else str(value)


def _say_minutes(seconds: float) -> str:
    return f"{seconds:.0f} s" if seconds < 90 else f"{seconds / 60:.0f} min"
