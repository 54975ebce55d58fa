"""Every number of numbers.json: value, interval, method and n, from a predictions table.

Which interval where (Wilson, DeLong on the logit scale, bootstrap of patients) is decided in one place,
``metrics.choice``: closed formulas for one image per patient, resampled patients otherwise. An average precision has a
formula of its own, ``metrics.average_precision``.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from wetread.evaluation.calibration import FEWEST_IMAGES, calibration_of
from wetread.evaluation.curves import curves
from wetread.evaluation.predictions import Predictions
from wetread.evaluation.rates import as_dicts, rates_of
from wetread.metrics import counted, counted_calibration
from wetread.metrics.average_precision import (
    Question,
    interval_for_average_precision,
    interval_for_mean_precision,
)
from wetread.metrics.bootstrap import patient_bootstrap_many
from wetread.metrics.choice import interval_for_proportion, wilson_if_certain
from wetread.metrics.confusion import confusion_matrix
from wetread.metrics.inputs import known_pairs
from wetread.metrics.interval import Interval
from wetread.metrics.table_auroc import auroc_of_table
from wetread.shapes import Floats

__all__ = ["FEWEST_FOR_CALIBRATION", "as_dicts", "evaluate", "ladder_row", "paired_gain", "rates_of"]

FEWEST_FOR_CALIBRATION = FEWEST_IMAGES


def evaluate(
    predictions: Predictions, uncalibrated: Floats | None = None, *, resamples: int = 2000, seed: int = 0
) -> dict[str, Any]:
    """Computes the numbers of one model on labelled images.

    Args:
        predictions: Labelled ones, at least two classes among them.
        uncalibrated: ``image class`` probabilities before calibration, to show what it did; None if not kept.
        resamples: Bootstrap resamples of patients.
        seed: Of the resamples.

    Returns:
        ``metrics``, ``per_class``, ``confusion``, ``calibration`` and ``curves``, as they stand in numbers.json.
        What cannot be computed is absent.
    """
    options = {"resamples": resamples, "seed": seed}
    return {
        "metrics": as_dicts(_metrics(predictions, options)),
        "per_class": _per_class(predictions, options),
        "confusion": {
            "classes": list(predictions.classes),
            "rows": "truth",
            "columns": "called",
            "matrix": confusion_matrix(predictions.truth, predictions.predicted, len(predictions.classes)).tolist(),
        },
        "calibration": calibration_of(predictions, uncalibrated, **options),
        "curves": curves(predictions, **options),
    }


def _metrics(predictions: Predictions, options: dict[str, int]) -> dict[str, Interval | None]:
    truth, predicted, table, groups = _columns(predictions)
    classes, positive = len(predictions.classes), predictions.positive_column
    found: dict[str, Interval | None] = {
        "auroc": auroc_of_table(truth, table, groups, positive, **options),
        "accuracy": interval_for_proportion(
            truth == predicted, np.ones(len(truth), dtype=bool), groups, truth, **options
        ),
    }
    statistics = {
        "balanced_accuracy": counted.balanced_accuracy(truth, predicted, classes),
        "macro_f1": counted.macro_f1(truth, predicted, classes),
        "kappa": counted.cohen_kappa(truth, predicted, classes),
    }
    if positive is None:
        found["auprc"] = interval_for_mean_precision(
            [Question(truth == k, table[:, k], groups) for k in range(classes)]
        )
        statistics["auroc_micro"] = counted.micro_auroc(truth, table)
        is_there, score, image = known_pairs(truth, table)
        found["auprc_micro"] = interval_for_average_precision(is_there, score, groups[image])
        statistics["brier"] = counted_calibration.brier(truth, table)
    else:
        is_positive, called = truth == positive, predicted == positive
        p = table[:, positive]
        for name, (successes, trials) in rates_of(is_positive, ~is_positive, called).items():
            found[name] = interval_for_proportion(successes, trials, groups, truth, **options)
        found["auprc"] = interval_for_average_precision(is_positive, p, groups)
        statistics["f1"] = counted.f1(is_positive, called)
        statistics["brier"] = counted_calibration.brier(is_positive, p)
    found |= patient_bootstrap_many(statistics, groups, truth, **options)
    return {name: _not_too_sure(interval, name, truth, groups) for name, interval in found.items()}


def _not_too_sure(interval: Interval | None, name: str, truth: Any, groups: Any) -> Interval | None:
    """Gives a perfect score the lower bound that its rarest class allows.

    Every resample of perfect results is perfect, and a bootstrap would claim to be certain of ten cases. Each patient
    of the rarest class counts once, as in a proportion. Kappa has no such bound and is left out.
    """
    if interval is None or interval.value != 1.0 or interval.low < interval.high:
        return interval
    if name == "kappa":
        return None
    return wilson_if_certain(interval, min(len(set(groups[truth == label].tolist())) for label in set(truth.tolist())))


def _per_class(predictions: Predictions, options: dict[str, int]) -> dict[str, dict[str, Any]]:
    truth, predicted, table, groups = _columns(predictions)
    present = [column for column in range(table.shape[1]) if (truth == column).any()]
    found = {}
    for column in present:
        name, is_class, called = predictions.classes[column], truth == column, predicted == column
        two = np.stack([1 - table[:, column], table[:, column]], axis=1)
        numbers: dict[str, Interval | None] = {"auroc": auroc_of_table(is_class.astype(int), two, groups, 1, **options)}
        numbers["auprc"] = interval_for_average_precision(is_class, table[:, column], groups)
        for rate, (successes, trials) in rates_of(is_class, ~is_class, called).items():
            numbers[rate] = interval_for_proportion(successes, trials, groups, truth, **options)
        found[name] = {"images": int(is_class.sum()), "called": int(called.sum()), **as_dicts(numbers)}
    return found


def ladder_row(predictions: Predictions, seconds: float | None, *, resamples: int, seed: int) -> dict[str, Any]:
    """AUROC and accuracy of one rung with intervals, and its seconds, for the ladder."""
    truth, predicted, table, groups = _columns(predictions)
    numbers = {
        "auroc": auroc_of_table(truth, table, groups, predictions.positive_column, resamples=resamples, seed=seed),
        "accuracy": interval_for_proportion(
            truth == predicted, np.ones(len(truth), dtype=bool), groups, truth, resamples=resamples, seed=seed
        ),
    }
    return {**as_dicts(numbers), "seconds": None if seconds is None else round(seconds, 3)}


def paired_gain(better: Predictions, than: Predictions, *, resamples: int, seed: int) -> dict[str, Any] | None:
    """AUROC of one model minus that of another on the same images, by resampled patients."""
    truth, _, first, groups = _columns(better)
    second = than.probabilities
    positive = better.positive_column
    if positive is None:
        a, b = counted.macro_auroc(truth, first), counted.macro_auroc(truth, second)
    else:
        a = counted.auroc(truth == positive, first[:, positive])
        b = counted.auroc(truth == positive, second[:, positive])
    found = patient_bootstrap_many({"gain": counted.minus(a, b)}, groups, truth, resamples=resamples, seed=seed)["gain"]
    return as_dicts({"gain": found}).get("gain")


def _columns(predictions: Predictions) -> tuple[Any, Any, Floats, Any]:
    return predictions.truth, predictions.predicted, predictions.probabilities, np.array(predictions.groups)
