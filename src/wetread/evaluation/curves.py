"""Points of the curves, from predictions; drawn elsewhere, so that a picture cannot differ from its numbers."""

from __future__ import annotations

from typing import Any

import numpy as np

from wetread.evaluation.predictions import Predictions
from wetread.metrics.calibration import reliability_bins
from wetread.metrics.discrimination import precision_recall_curve, roc_curve
from wetread.shapes import Bools, Floats

MOST_POINTS = 400


def curves(predictions: Predictions) -> list[dict[str, Any]]:
    """ROC, precision-recall and reliability points.

    Args:
        predictions: Labelled ones.

    Returns:
        One entry for the positive class of two, or one per class against the rest.
    """
    columns = range(len(predictions.classes)) if predictions.positive_column is None else [predictions.positive_column]
    found = (
        curves_of_class(predictions.classes[column], predictions.truth == column, predictions.probabilities[:, column])
        for column in columns
    )
    return [one for one in found if one is not None]


def curves_of_class(name: str, truth: Bools, p: Floats, most: int = MOST_POINTS) -> dict[str, Any] | None:
    """The curves of one class or finding; None where all images have it, or none has.

    Args:
        name: Of the class.
        truth: Whether each image has it.
        p: The probability that each image was given.
        most: Points of a curve.
    """
    roc, precision_recall = roc_curve(truth, p), precision_recall_curve(truth, p)
    if roc is None or precision_recall is None:
        return None
    return {
        "class": name,
        "prevalence": round(float(truth.mean()), 6),
        "roc": _points(roc.fpr, roc.tpr, most),
        "precision_recall": _points(precision_recall.recall, precision_recall.precision, most),
        "reliability": [
            {"said": round(point.mean_probability, 6), "n": point.n}
            | {name: round(getattr(point.observed, name), 6) for name in ("value", "low", "high")}
            for point in reliability_bins(truth, p, bins=min(10, max(3, len(p) // 15)))
        ],
    }


def _points(x: Floats, y: Floats, most: int) -> list[list[float]]:
    """Pairs, thinned evenly where there are more than a page can show."""
    chosen = np.unique(np.linspace(0, len(x) - 1, min(len(x), most)).round().astype(int))
    return [[round(float(x[n]), 5), round(float(y[n]), 5)] for n in chosen]
