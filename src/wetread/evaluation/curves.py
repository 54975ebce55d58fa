"""Points of the curves, from predictions; drawn elsewhere, so that a picture cannot differ from its numbers."""

from __future__ import annotations

from typing import Any

import numpy as np

from wetread.evaluation.predictions import Predictions
from wetread.metrics.calibration import reliability_bins
from wetread.metrics.discrimination import precision_recall_curve, roc_curve
from wetread.shapes import Floats

MOST_POINTS = 400


def curves(predictions: Predictions) -> list[dict[str, Any]]:
    """ROC, precision-recall and reliability points.

    Args:
        predictions: Labelled ones.

    Returns:
        One entry for the positive class of two, or one per class against the rest.
    """
    columns = range(len(predictions.classes)) if predictions.positive_column is None else [predictions.positive_column]
    found = []
    for column in columns:
        truth, p = predictions.truth == column, predictions.probabilities[:, column]
        roc, precision_recall = roc_curve(truth, p), precision_recall_curve(truth, p)
        if roc is None or precision_recall is None:
            continue
        found.append(
            {
                "class": predictions.classes[column],
                "prevalence": round(float(truth.mean()), 6),
                "roc": _points(roc.fpr, roc.tpr),
                "precision_recall": _points(precision_recall.recall, precision_recall.precision),
                "reliability": [
                    {"said": round(point.mean_probability, 6), "n": point.n}
                    | {name: round(getattr(point.observed, name), 6) for name in ("value", "low", "high")}
                    for point in reliability_bins(truth, p, bins=min(10, max(3, len(p) // 15)))
                ],
            }
        )
    return found


def _points(x: Floats, y: Floats) -> list[list[float]]:
    """Pairs, thinned evenly where there are more than a page can show."""
    chosen = np.unique(np.linspace(0, len(x) - 1, min(len(x), MOST_POINTS)).round().astype(int))
    return [[round(float(x[n]), 5), round(float(y[n]), 5)] for n in chosen]
