"""What a lab reads from one run: held-out predictions, their matrix, and shares with intervals over patients."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from wetread.labs.parts import Part, as_cell, one_matrix
from wetread.metrics.choice import interval_for_auroc, interval_for_proportion
from wetread.metrics.confusion import confusion_matrix
from wetread.metrics.interval import Interval
from wetread.metrics.intervals import wilson
from wetread.run_folder import RunFolder
from wetread.shapes import Floats


@dataclass(frozen=True)
class RunResult:
    """A finished run, or a finished test of a model on other data.

    Attributes:
        name: Its folder below that of the lab.
        about: What it is, for a reader.
        folder: Where it lies.
        numbers: Of numbers.json.
        rows: Of predictions.csv, those with a label.
    """

    name: str
    about: str
    folder: Path
    numbers: dict[str, Any] = field(repr=False)
    rows: list[dict[str, str]] = field(repr=False)

    @staticmethod
    def read(name: str, about: str, folder: Path) -> RunResult:
        """Reads a finished run; raises `InputError` where a file is missing."""
        place = RunFolder.open(folder)
        rows = [row for row in place.read_table("predictions.csv") if row["truth"]]
        return RunResult(name, about, folder, place.read_json("numbers.json"), rows)

    @property
    def classes(self) -> list[str]:
        """Class names in the order of the matrix."""
        return list(self.numbers["classes"])

    @property
    def positive(self) -> str | None:
        """The class of two that sensitivity speaks of."""
        found = self.numbers.get("positive")
        return None if found is None else str(found)

    @property
    def auroc(self) -> dict[str, float] | None:
        """The headline with its interval."""
        return as_cell(self.numbers["headline"])

    @property
    def images(self) -> int:
        """How many images were tested."""
        return len(self.rows)

    @property
    def gate(self) -> str:
        """green, amber or red."""
        return str(self.numbers["gate"])

    @property
    def groups(self) -> NDArray[np.str_]:
        """Patient (or picture with its copies) of each row."""
        return np.array([row.get("group") or row.get("patient") or row["image"] for row in self.rows])

    @property
    def truth(self) -> NDArray[np.int64]:
        """Class number of each row."""
        return np.array([self.classes.index(row["truth"]) for row in self.rows], dtype=np.int64)

    @property
    def probabilities(self) -> Floats:
        """``image class``, as held out."""
        return np.array([[float(row[f"p_{name}"]) for name in self.classes] for row in self.rows])

    def called(self, chosen: bool = False) -> NDArray[np.int64]:
        """Class number per row: the likeliest one, or at the threshold that was chosen inside the training part."""
        if chosen:
            return np.array([self.classes.index(row["predicted"]) for row in self.rows], dtype=np.int64)
        return np.asarray(self.probabilities.argmax(axis=1))

    def matrix(self, chosen: bool = False) -> list[list[int]]:
        """Images, ``truth called``."""
        counts: list[list[int]] = confusion_matrix(self.truth, self.called(chosen), len(self.classes)).tolist()
        return counts

    def rates(self, chosen: bool = False) -> dict[str, Interval | None]:
        """Accuracy and the share of each class that was found, with patients as units."""
        truth, called, groups = self.truth, self.called(chosen), self.groups
        found = {"accuracy": interval_for_proportion(called == truth, np.ones(len(truth), bool), groups)}
        for number, name in enumerate(self.classes):
            of_class = truth == number
            found[_rate_name(name, self.classes, self.positive)] = interval_for_proportion(
                of_class & (called == number), of_class, groups
            )
        return found

    def accuracy(self, chosen: bool = False) -> dict[str, float]:
        """Share called right, as a cell."""
        found = as_cell(self.rates(chosen)["accuracy"])
        assert found is not None  # a finished run has tested images
        return found

    def shown_matrix(self, title: str, note: str, chosen: bool = False) -> Part:
        """The matrix and its rates, for the page; the positive class first."""
        order = _order(self.classes, self.positive)
        counts = self.matrix(chosen)
        return one_matrix(
            title,
            [self.classes[at] for at in order],
            [[counts[row][column] for column in order] for row in order],
            self.rates(chosen),
            note,
        )

    def auroc_against(self, truth: Mapping[str, bool]) -> dict[str, float] | None:
        """The same predictions judged by other labels.

        Args:
            truth: Image -> is it of the positive class?
        """
        score = self.probabilities[:, self.classes.index(str(self.positive))]
        labels = np.array([truth[row["image"]] for row in self.rows])
        return as_cell(interval_for_auroc(labels, score, self.groups))


def rates_of(
    counts: Sequence[Sequence[int]], classes: Sequence[str], positive: str | None = None
) -> dict[str, Interval | None]:
    """Accuracy and the share of each class found of a published matrix: Wilson, each image its own case.

    Args:
        counts: Images, ``truth called``.
        classes: Names of rows and columns.
        positive: The class of two that sensitivity speaks of.
    """
    right = [counts[at][at] for at in range(len(classes))]
    found = {"accuracy": wilson(sum(right), sum(map(sum, counts)))}
    for at, name in enumerate(classes):
        found[_rate_name(name, classes, positive)] = wilson(right[at], sum(counts[at]))
    return found


def _rate_name(name: str, classes: Sequence[str], positive: str | None) -> str:
    if len(classes) != 2 or positive is None:
        return f"{name} found"
    return "sensitivity" if name == positive else "specificity"


def _order(classes: Sequence[str], positive: str | None) -> list[int]:
    return sorted(range(len(classes)), key=lambda at: (classes[at] != positive, at))
