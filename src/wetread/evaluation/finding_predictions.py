"""Predictions of images that can have several findings, one row per tested image. predictions.csv in and out."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from wetread.dataset.table import quote_formula
from wetread.errors import InputError
from wetread.evaluation.per_image import join_rows, read_columns, read_rows, take_rows
from wetread.evaluation.predictions import UNLABELLED, is_withheld, refuse_lost_probabilities
from wetread.shapes import Bools, Floats

#: From which probability on a finding is called where no threshold could be chosen.
USUAL_THRESHOLD = 0.5


@dataclass(frozen=True)
class FindingPredictions:
    """Held-out predictions of several findings, each with its own probability.

    Attributes:
        findings: Names, in the order of the columns.
        images: Path of each image, relative to the data folder.
        patients: Patient key of each image; empty strings where patients are not known.
        groups: What is resampled together: patient, joined with copies of the same picture.
        splits: cv, test or unlabelled.
        folds: Test fold in the first repeat, as text; empty outside cross-validation.
        truth: ``image finding``: 1 present, 0 absent, NaN not known.
        probabilities: ``image finding``, each in [0, 1]; rows add up to anything. NaN where the model refuses an image
            without a label.
        thresholds: ``image finding``, from which probability on each was called; None where none was chosen.
        statuses: in, edge or out: whether the model would judge the image at all; empty where it cannot refuse.
    """

    findings: tuple[str, ...]
    images: list[str]
    patients: list[str]
    groups: list[str]
    splits: list[str]
    folds: list[str]
    truth: Floats
    probabilities: Floats
    thresholds: Floats | None = None
    statuses: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        shape = (len(self.images), len(self.findings))
        tables = [self.truth, self.probabilities, *([] if self.thresholds is None else [self.thresholds])]
        if any(table.shape != shape for table in tables):
            raise ValueError(f"tables must have {shape[0]} images and {shape[1]} findings")

    @property
    def called(self) -> Bools:
        """``image finding``: what was called present."""
        cut = USUAL_THRESHOLD if self.thresholds is None else self.thresholds
        return np.asarray(self.probabilities >= cut)

    @property
    def known(self) -> Bools:
        """``image finding``: where the truth is known."""
        return np.isfinite(self.truth)

    @property
    def labelled(self) -> FindingPredictions:
        """Only the images that were tested; of some the truth of every finding may still be unknown."""
        return self.take(np.array([split != UNLABELLED for split in self.splits], dtype=np.bool_))

    def of_finding(self, column: int) -> tuple[Bools, Floats, Bools]:
        """Truth and probability of one finding where its truth is known, and where that is (one bool per image)."""
        known = self.known[:, column]
        return self.truth[known, column] == 1, self.probabilities[known, column].astype(np.float64), known

    def with_probabilities(self, probabilities: Floats, thresholds: Floats | None = None) -> FindingPredictions:
        """What another model says of the same images."""
        return replace(self, probabilities=probabilities, thresholds=thresholds)

    def take(self, chosen: Bools) -> FindingPredictions:
        """Some of the images."""
        return take_rows(self, chosen)

    def followed_by(self, other: FindingPredictions) -> FindingPredictions:
        """These images, then those of another table of the same model."""
        return join_rows(self, other)

    def to_csv(self) -> str:
        """The text of predictions.csv: for each finding ``truth_``, ``p_``, ``called_`` and ``threshold_``.

        Truth is 1, 0 or blank where it is not known; probability and call are blank where the model refuses an image
        without a label.
        """
        buffer = io.StringIO()
        writer = csv.writer(buffer, lineterminator="\n")
        kinds = ("truth", "p", "called", *(("threshold",) if self.thresholds is not None else ()))
        columns = [f"{kind}_{name}" for name in self.findings for kind in kinds]
        writer.writerow(["image", "patient", "split", "fold", *columns, "group", "status"])
        called = self.called
        for n, image in enumerate(self.images):
            numbers: list[str] = []
            for column in range(len(self.findings)):
                truth, p = self.truth[n, column], self.probabilities[n, column]
                numbers.append("" if np.isnan(truth) else str(int(truth)))
                # Shortest text that reads back as the same number: what is shown can be recomputed to the last digit.
                numbers += ["", ""] if np.isnan(p) else [repr(float(p)), str(int(called[n, column]))]
                if self.thresholds is not None:
                    numbers.append(repr(float(self.thresholds[n, column])))
            cells = map(quote_formula, (image, self.patients[n], self.splits[n], self.folds[n]))
            writer.writerow([*cells, *numbers, self.groups[n], self.statuses[n] if self.statuses else ""])
        return buffer.getvalue()


def read_finding_predictions(path: Path, findings: Sequence[str]) -> FindingPredictions:
    """Reads predictions.csv of a run with several findings.

    Args:
        path: The file.
        findings: Names in the order of the columns, from numbers.json or the plan.

    Raises:
        InputError: The file is missing or has other columns.
    """
    try:
        rows = read_rows(path)
        refuse_lost_probabilities(path, rows, findings)

        def table(kind: str) -> NDArray[np.float64]:
            cells = [[float(row[f"{kind}_{name}"] or "nan") for name in findings] for row in rows]
            return np.array(cells, dtype=np.float64).reshape(len(rows), len(findings))

        probabilities = table("p")
        told = probabilities[[not is_withheld(row) for row in rows]] if rows else probabilities
        if not ((told >= 0) & (told <= 1)).all():  # a table that somebody edited may hold anything
            raise ValueError("no probabilities")
        cut = bool(rows) and f"threshold_{findings[0]}" in rows[0]
        return FindingPredictions(
            findings=tuple(findings),
            truth=table("truth"),
            probabilities=probabilities,
            thresholds=table("threshold") if cut else None,
            **read_columns(rows),
        )
    except (OSError, KeyError, ValueError, IndexError) as error:
        raise InputError(
            f"{path.name} is missing or not a table of predictions of these findings.",
            remedy="Repeat the run.",
            file=path,
            code="predictions",
        ) from error
