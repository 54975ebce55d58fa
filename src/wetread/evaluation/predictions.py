"""One row per tested image: truth, probabilities, decision. predictions.csv in and out."""

from __future__ import annotations

import csv
import io
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from wetread.dataset.table import quote_formula, unquote_formula
from wetread.errors import InputError
from wetread.evaluation.per_image import join_rows, read_columns, read_rows, take_rows
from wetread.metrics.inputs import as_probability_table
from wetread.shapes import Bools, Floats, Ints

UNLABELLED = "unlabelled"


@dataclass(frozen=True)
class Predictions:
    """Held-out predictions.

    Attributes:
        classes: Names, in the order of the columns of `probabilities`.
        positive: Name of the positive class of two, else None.
        images: Path of each image, relative to the data folder.
        patients: Patient key of each image; empty strings where patients are not known.
        groups: What is resampled together: patient, joined with copies of the same picture.
        splits: cv, test or unlabelled.
        folds: Test fold in the first repeat, as text; empty outside cross-validation.
        truth: Class number of each image; -1 for unlabelled ones.
        predicted: Class number that was called; -1 where the model refuses an image without a label.
        probabilities: ``image class``, rows add up to 1; NaN where the model refuses an image without a label.
        thresholds: Per image, from which probability of `positive` it was called positive; None for several classes.
        statuses: in, edge or out: whether the model would judge the image at all; empty where it cannot refuse.
    """

    classes: tuple[str, ...]
    positive: str | None
    images: list[str]
    patients: list[str]
    groups: list[str]
    splits: list[str]
    folds: list[str]
    truth: Ints
    predicted: Ints
    probabilities: Floats
    thresholds: Floats | None
    statuses: list[str] = field(default_factory=list)

    @property
    def positive_column(self) -> int | None:
        """The column of the positive class in `probabilities`; None where no class is positive."""
        return None if self.positive is None else self.classes.index(self.positive)

    @property
    def labelled(self) -> Predictions:
        """Only the images whose class is known."""
        return self.take(self.truth >= 0)

    def take(self, chosen: Bools) -> Predictions:
        """Some of the images."""
        return take_rows(self, chosen)

    def followed_by(self, other: Predictions) -> Predictions:
        """These images, then those of another table of the same model."""
        return join_rows(self, other)

    def to_csv(self) -> str:
        """The text of predictions.csv; `status` is empty where nothing was fitted that can refuse.

        An image without a label that the model refuses has no class and no probability, as in use. A tested one that
        the models of the folds would have refused keeps them: it counts in every number.
        """
        buffer = io.StringIO()
        writer = csv.writer(buffer, lineterminator="\n")
        columns = [f"p_{name}" for name in self.classes]
        cut = ["threshold"] if self.thresholds is not None else []
        writer.writerow(["image", "patient", "split", "fold", "truth", "predicted", *columns, *cut, "group", "status"])
        for n, image in enumerate(self.images):
            truth = self.classes[self.truth[n]] if self.truth[n] >= 0 else ""
            predicted = "" if np.isnan(self.probabilities[n]).any() else self.classes[self.predicted[n]]
            # Shortest text that reads back as the same number: what is shown can be recomputed to the last digit.
            numbers = ["" if np.isnan(p) else repr(float(p)) for p in self.probabilities[n]]
            numbers += [] if self.thresholds is None else [repr(float(self.thresholds[n]))]
            cells = [image, self.patients[n], self.splits[n], self.folds[n], truth, predicted]
            status = self.statuses[n] if self.statuses else ""
            writer.writerow([*map(quote_formula, cells), *numbers, self.groups[n], status])
        return buffer.getvalue()


def is_withheld(row: Mapping[str, str]) -> bool:
    """Whether a row of predictions.csv is of an image without a label that the model refuses: nothing is called."""
    return row["split"] == UNLABELLED and row.get("status") == "out"


def refuse_lost_probabilities(path: Path, rows: Sequence[Mapping[str, str]], names: Sequence[str]) -> None:
    """Refuses a table that somebody edited: what is shown of a run would no longer be what its numbers were made of.

    Args:
        path: predictions.csv, for the message.
        rows: Its rows.
        names: Of the classes or findings.

    Raises:
        InputError: An image that was judged has no probability.
    """
    for line, row in enumerate(rows, start=2):
        for name in names if not is_withheld(row) else ():
            try:
                told = math.isfinite(float(row.get(f"p_{name}", "0")))
            except (TypeError, ValueError):
                told = False
            if not told:
                raise InputError(
                    f"Line {line} of {path.name} holds no probability of {name}.",
                    remedy="Repeat the run.",
                    file=path,
                    code="predictions",
                )


def read_predictions(path: Path, classes: tuple[str, ...], positive: str | None) -> Predictions:
    """Reads predictions.csv.

    Args:
        path: The file.
        classes: Names in the order of the columns, from numbers.json or the plan.
        positive: Name of the positive class of two, else None.

    Raises:
        InputError: The file is missing or has other columns.
    """
    try:
        rows = read_rows(path)
        refuse_lost_probabilities(path, rows, classes)
        numbers = {"": -1, **{name: number for number, name in enumerate(classes)}}
        truth = np.array([numbers[unquote_formula(row["truth"])] for row in rows], dtype=np.int64)
        predicted = np.array([numbers[unquote_formula(row["predicted"])] for row in rows], dtype=np.int64)
        cells = [[float(row[f"p_{name}"] or "nan") for name in classes] for row in rows]
        probabilities = np.array(cells, dtype=np.float64).reshape(-1, len(classes))
        judged = ~np.array([is_withheld(row) for row in rows], dtype=np.bool_)
        if judged.any():  # a table that somebody edited may hold anything
            as_probability_table(probabilities[judged], int(judged.sum()), "predictions.csv")
        if (predicted[judged] < 0).any():
            raise ValueError("an image that was judged has no class")
        return Predictions(
            classes=classes,
            positive=positive,
            truth=truth,
            predicted=predicted,
            probabilities=probabilities,
            thresholds=np.array([float(row["threshold"]) for row in rows]) if positive is not None else None,
            **read_columns(rows),
        )
    except (OSError, KeyError, ValueError) as error:
        raise InputError(
            f"{path.name} is missing, or no table of predictions whose probabilities add up to 1.",
            remedy="Repeat the run.",
            file=path,
            code="predictions",
        ) from error
