"""Everything that follows from the probabilities once they are there: calls, decisions, groups; one part of
numbers.json.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from wetread.dataset.table import Row
from wetread.evaluation.decision import decision_curves
from wetread.evaluation.finding_predictions import FindingPredictions
from wetread.evaluation.operating_points import operating_points, predictive_tables
from wetread.evaluation.predictions import Predictions
from wetread.evaluation.subgroups import subgroups
from wetread.shapes import Floats


def judge(
    predictions: Predictions | FindingPredictions,
    rows: Sequence[Row],
    points: Mapping[str, Floats],
    final: Mapping[str, Sequence[float]],
    asked: Sequence[str] = (),
    *,
    resamples: int = 2000,
    seed: int = 0,
) -> dict[str, Any]:
    """Computes ``operating_points``, ``predictive_values``, ``decision_curves`` and ``subgroups``.

    Args:
        predictions: Labelled ones, calibrated.
        rows: Of the same images in the same order, for the columns that divide them into groups.
        points: Rule -> thresholds per image; the plan's own rule first. Empty for several classes.
        final: Rule -> thresholds of the shipped model.
        asked: Columns to make subgroups of; empty to choose plausible ones.
        resamples: Bootstrap resamples of patients.
        seed: Of the resamples.

    Raises:
        InputError: A column that was asked for is not there, or does not divide the images.
    """
    called = operating_points(predictions, points, final, resamples=resamples, seed=seed)
    return {
        "operating_points": called,
        "predictive_values": predictive_tables(called),
        "decision_curves": decision_curves(predictions, resamples=resamples, seed=seed),
        "subgroups": subgroups(predictions, rows, asked, resamples=resamples, seed=seed),
    }
