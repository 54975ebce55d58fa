"""Held-out predictions as yes-or-no questions: has this image the finding, is it of this class?

One for two classes (the positive one), one per class against the rest for several, one per finding that can be tested.
Calibration, operating points and decision curves ask all of them alike.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from wetread.evaluation.finding_predictions import FindingPredictions
from wetread.evaluation.predictions import Predictions
from wetread.shapes import Bools, Floats, Ints


@dataclass(frozen=True)
class Question:
    """One class or finding against all else.

    Attributes:
        name: Of the class or finding.
        column: Its column in the tables of probabilities.
        rows: The images whose answer is known.
        truth: The answer for each of these, True where the image has it.
        p: The probability that each was given.
        before: The same before calibration; None where it was not kept.
        images: How many images the predictions have, known or not.
    """

    name: str
    column: int
    rows: Ints
    truth: Bools
    p: Floats
    before: Floats | None
    images: int

    @property
    def has(self) -> Bools:
        """One bool per image of the predictions: known to have it."""
        return self.over_all(self.truth)

    @property
    def has_not(self) -> Bools:
        """One bool per image of the predictions: known not to have it."""
        return self.over_all(~self.truth)

    @property
    def fewest(self) -> int:
        """Images on the rarer side."""
        return int(min(self.truth.sum(), (~self.truth).sum()))

    def over_all(self, values: Bools) -> Bools:
        """Values of its rows -> one per image of the predictions, False elsewhere."""
        spread = np.zeros(self.images, dtype=np.bool_)
        spread[self.rows] = values
        return spread


def ask(predictions: Predictions | FindingPredictions, uncalibrated: Floats | None = None) -> list[Question]:
    """The questions that can be tested: some image has it, and some has not.

    Args:
        predictions: Labelled ones.
        uncalibrated: ``image class`` probabilities before calibration, rows as in `predictions`.
    """
    if isinstance(predictions, FindingPredictions):
        names, columns = predictions.findings, list(range(len(predictions.findings)))
        known = predictions.known
        truth = predictions.truth == 1
    else:
        names, positive = predictions.classes, predictions.positive_column
        columns = list(range(len(names))) if positive is None else [positive]
        truth = predictions.truth[:, None] == np.arange(len(names))
        known = np.ones_like(truth)
    asked = []
    for column in columns:
        rows = np.flatnonzero(known[:, column])
        question = Question(
            names[column],
            column,
            rows,
            truth[rows, column],
            predictions.probabilities[rows, column].astype(np.float64),
            None if uncalibrated is None else uncalibrated[rows, column].astype(np.float64),
            len(predictions.images),
        )
        if len(rows) and question.fewest:
            asked.append(question)
    return asked
