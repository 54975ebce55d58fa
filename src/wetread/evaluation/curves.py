"""Points of the curves, from predictions; drawn elsewhere, so that a picture cannot differ from its numbers."""

from __future__ import annotations

from typing import Any

import numpy as np

from wetread.evaluation.calibration import reliability_points
from wetread.evaluation.predictions import Predictions
from wetread.evaluation.rates import rates_of
from wetread.metrics.discrimination import precision_recall_curve, roc_curve
from wetread.metrics.proportions import intervals_for_proportions
from wetread.shapes import Bools, Floats

MOST_POINTS = 400
#: Thresholds at which precision gets an interval.
BAND_POINTS = 40


def curves(predictions: Predictions, *, resamples: int = 2000, seed: int = 0) -> list[dict[str, Any]]:
    """ROC, precision-recall and reliability points.

    Args:
        predictions: Labelled ones.
        resamples: Bootstrap resamples of patients.
        seed: Of the resamples.

    Returns:
        One entry for the positive class of two, with the band of its precision, or one per class against the rest.
    """
    columns = range(len(predictions.classes)) if predictions.positive_column is None else [predictions.positive_column]
    found = (
        curves_of_class(
            predictions.classes[column],
            predictions.truth == column,
            predictions.probabilities[:, column],
            groups=np.array(predictions.groups),
        )
        for column in columns
    )
    told = [one for one in found if one is not None]
    if told and (column := predictions.positive_column) is not None:
        told[0]["precision_band"] = precision_band(predictions, column, resamples=resamples, seed=seed)
    return told


def precision_band(predictions: Predictions, column: int, *, resamples: int = 2000, seed: int = 0) -> list[list[float]]:
    """95 % intervals of precision along the precision-recall curve, point by point.

    Each is that of the PPV at one threshold, by the rule of every proportion here (Wilson, or resampled patients); they
    do not hold for all thresholds at once, and recall has an interval of its own.

    Args:
        predictions: Labelled ones.
        column: Of the class; some images have it and some have not.
        resamples: Bootstrap resamples of patients.
        seed: Of the resamples.

    Returns:
        Recall, low and high at up to `BAND_POINTS` thresholds, recall rising.
    """
    truth, p = predictions.truth == column, predictions.probabilities[:, column]
    # Where recall rises: between two such thresholds precision only falls.
    cuts = np.unique(p[truth])[::-1]
    cuts = cuts[np.unique(np.linspace(0, len(cuts) - 1, min(len(cuts), BAND_POINTS)).round().astype(int))]
    rates = {float(cut): rates_of(truth, ~truth, p >= cut)["ppv"] for cut in cuts}
    found = intervals_for_proportions(
        rates, np.array(predictions.groups), predictions.truth, resamples=resamples, seed=seed
    )
    return [
        [round(float(truth[p >= cut].sum() / truth.sum()), 5), round(one.low, 5), round(one.high, 5)]
        for cut, one in found.items()
        if one is not None
    ]


def curves_of_class(
    name: str, truth: Bools, p: Floats, most: int = MOST_POINTS, groups: Any = None
) -> dict[str, Any] | None:
    """The curves of one class or finding; None where all images have it, or none has.

    Args:
        name: Of the class.
        truth: Whether each image has it.
        p: The probability that each image was given.
        most: Points of a curve.
        groups: Who each image belongs to: the bars of the reliability plot then rest on patients.
    """
    roc, precision_recall = roc_curve(truth, p), precision_recall_curve(truth, p)
    if roc is None or precision_recall is None:
        return None
    return {
        "class": name,
        "prevalence": round(float(truth.mean()), 6),
        "roc": _points(roc.fpr, roc.tpr, most),
        "precision_recall": _points(precision_recall.recall, precision_recall.precision, most),
        "reliability": reliability_points(truth, p, groups),
    }


def _points(x: Floats, y: Floats, most: int) -> list[list[float]]:
    """Pairs, thinned evenly where there are more than a page can show."""
    chosen = np.unique(np.linspace(0, len(x) - 1, min(len(x), most)).round().astype(int))
    return [[round(float(x[n]), 5), round(float(y[n]), 5)] for n in chosen]
