"""Every number of images that can have several findings: each finding alone, and their mean over the same resamples.

The mean over findings (macro) is the headline: each finding counts once, however rare. Its interval comes from drawing
patients with all their findings, so that findings which go together are not taken for independent. All findings pooled
(micro) stand beside it and tell mostly which findings are common (Metrics Reloaded: Maier-Hein 2024,
10.1038/s41592-023-02151-z). A finding whose truth is not known of an image does not count for this image.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from wetread.evaluation.calibration import calibration_of
from wetread.evaluation.curves import curves_of_class
from wetread.evaluation.finding_predictions import FindingPredictions
from wetread.evaluation.rates import RATES, as_dicts, rates_of
from wetread.metrics import counted, counted_calibration, discrimination
from wetread.metrics.average_precision import (
    Question,
    interval_for_average_precision,
    interval_for_mean_precision,
)
from wetread.metrics.bootstrap import patient_bootstrap_many
from wetread.metrics.choice import (
    FEW_PATIENTS,
    exact_if_certain,
    interval_for_auroc,
    one_image_per_patient,
)
from wetread.metrics.counted import CountedStatistic
from wetread.metrics.interval import Interval
from wetread.metrics.proportions import intervals_for_proportions
from wetread.shapes import Bools, Floats

#: Points of a curve that is drawn small, beside many others.
MOST_POINTS = 120


def evaluate_findings(
    predictions: FindingPredictions, uncalibrated: Floats | None = None, *, resamples: int = 2000, seed: int = 0
) -> dict[str, Any]:
    """Computes the numbers of one model on labelled images.

    Args:
        predictions: Labelled ones.
        uncalibrated: ``image finding`` probabilities before calibration, to show what it did; None if not kept.
        resamples: Bootstrap resamples of patients.
        seed: Of the resamples.

    Returns:
        ``metrics`` (means over the findings that can be tested), ``per_class`` (an entry per finding, of one that
        cannot be tested its counts and ``undefined``, the reason), ``calibration`` and ``curves`` by finding, as they
        stand in numbers.json. What cannot be computed is absent.
    """
    columns, groups, names = testable(predictions), np.array(predictions.groups), predictions.findings
    single = {column: _of_finding(predictions, column) for column in columns}
    statistics = {f"{name} {column}": one for column, parts in single.items() for name, one in parts.items()}
    if columns:
        statistics |= _of_all(predictions, columns, single)
    found = patient_bootstrap_many(statistics, groups, resamples=resamples, seed=seed) if statistics else {}
    found |= _precision(predictions, columns)
    rates = _rates(predictions, columns, resamples=resamples, seed=seed)
    return {
        "metrics": as_dicts({name: _mend_mean(found[name], predictions, columns) for name in found if " " not in name}),
        "per_class": {
            name: _count(predictions, column)
            | as_dicts(_intervals(predictions, column, found, rates) if column in single else {})
            for column, name in enumerate(names)
        },
        "calibration": calibration_of(predictions, uncalibrated, resamples=resamples, seed=seed),
        "curves": _curves(predictions, columns, groups),
    }


def _curves(predictions: FindingPredictions, columns: list[int], groups: NDArray[Any]) -> list[dict[str, Any]]:
    found = []
    for n in columns:
        truth, p, known = predictions.of_finding(n)
        found.append(curves_of_class(predictions.findings[n], truth, p, MOST_POINTS, groups[known]))
    return [curve for curve in found if curve is not None]


def testable(predictions: FindingPredictions) -> list[int]:
    """Columns of the findings that some image has and some image has not."""
    truth = predictions.truth
    return [n for n in range(truth.shape[1]) if (truth[:, n] == 1).any() and (truth[:, n] == 0).any()]


def ladder_row_of_findings(
    predictions: FindingPredictions, seconds: float | None, *, resamples: int = 2000, seed: int = 0
) -> dict[str, Any]:
    """Mean AUROC and mean log loss of one rung with intervals, and its seconds, for the ladder."""
    columns = testable(predictions)
    found: dict[str, Interval | None] = {}
    if columns:
        areas = [_area(predictions, column) for column in columns]
        statistics = {
            "auroc": counted.mean_of(areas),
            "log_loss": counted.mean_of_columns(log_losses(predictions)[:, columns]),
        }
        found = patient_bootstrap_many(statistics, np.array(predictions.groups), resamples=resamples, seed=seed)
    mended = {name: _mend_mean(one, predictions, columns) if name == "auroc" else one for name, one in found.items()}
    return {**as_dicts(mended), "seconds": None if seconds is None else round(seconds, 3)}


def paired_gain_of_findings(
    better: FindingPredictions, than: FindingPredictions, *, resamples: int = 2000, seed: int = 0
) -> dict[str, Any] | None:
    """Mean AUROC of one model minus that of another on the same images, by resampled patients.

    Args:
        better: Predictions of the model that should be better.
        than: Those of the other one, for the same images and findings in the same order.
        resamples: Bootstrap resamples of patients.
        seed: Of the resamples.

    Returns:
        The interval of the difference; under ``log_loss`` how much lower the mean log loss is, with its interval
        (positive is better). None where no finding can be tested.

    Raises:
        ValueError: The predictions are not of the same images and findings.
    """
    if better.images != than.images or better.findings != than.findings:
        raise ValueError("a paired comparison needs the same images and findings in the same order")
    columns = testable(better)
    if not columns:
        return None
    a = counted.mean_of([_area(better, column) for column in columns])
    b = counted.mean_of([_area(than, column) for column in columns])
    statistics: dict[str, CountedStatistic] = {
        "gain": counted.minus(a, b),
        "log_loss": counted.mean_of_columns((log_losses(than) - log_losses(better))[:, columns]),
    }
    found = as_dicts(patient_bootstrap_many(statistics, np.array(better.groups), resamples=resamples, seed=seed))
    return {**found["gain"], "log_loss": found.get("log_loss")} if "gain" in found else None


def log_losses(predictions: FindingPredictions) -> Floats:
    """``image finding``: minus the logarithm of the probability given to what was true, in nats; NaN where unknown."""
    nearest = counted_calibration.NEAREST_TO_CERTAIN
    p = np.clip(predictions.probabilities.astype(np.float64), nearest, 1 - nearest)
    losses: Floats = -np.log(np.where(predictions.truth == 1, p, 1 - p))
    return np.where(predictions.known, losses, np.nan)


def macro_auroc_of_findings(truth: ArrayLike, probabilities: ArrayLike) -> float | None:
    """The mean AUROC over the findings that can be tested; None where none can.

    Args:
        truth: ``image finding`` of 1, 0 and NaN.
        probabilities: ``image finding``.
    """
    said, table = np.asarray(truth), np.asarray(probabilities)
    areas = []
    for column in range(said.shape[1]):
        known = np.isfinite(said[:, column])
        area = discrimination.auroc(said[known, column] == 1, table[known, column]) if known.any() else None
        areas += [] if area is None else [area]
    return float(np.mean(areas)) if areas else None


def _area(predictions: FindingPredictions, column: int) -> CountedStatistic:
    truth, p, known = predictions.of_finding(column)
    return counted.auroc(truth, p, np.flatnonzero(known))


def _of_finding(predictions: FindingPredictions, column: int) -> dict[str, CountedStatistic]:
    squares = (predictions.probabilities[:, column] - predictions.truth[:, column]) ** 2
    return {
        "auroc": counted.once(_area(predictions, column)),
        "brier": counted.mean_of_columns(squares[:, None]),
    }


def _rates(
    predictions: FindingPredictions, columns: list[int], *, resamples: int, seed: int
) -> dict[tuple[int, str], Interval | None]:
    """(column, name of the rate) -> its interval, of all findings together."""
    pairs = {
        (column, name): pair
        for column in columns
        for name, pair in rates_of(
            predictions.truth[:, column] == 1, predictions.truth[:, column] == 0, predictions.called[:, column]
        ).items()
    }
    return intervals_for_proportions(pairs, predictions.groups, resamples=resamples, seed=seed)


def _of_all(
    predictions: FindingPredictions, columns: list[int], single: dict[int, dict[str, CountedStatistic]]
) -> dict[str, CountedStatistic]:
    truth, table, known = (one[:, columns] for one in (predictions.truth, predictions.probabilities, predictions.known))
    right = predictions.called[:, columns] == (truth == 1)
    statistics = {
        "auroc": counted.mean_of([single[column]["auroc"] for column in columns]),
        "brier": counted.mean_of_columns((table - truth) ** 2),
        "log_loss": counted.mean_of_columns(log_losses(predictions)[:, columns]),
        "right_decisions": counted.mean_of_columns(np.where(known, right, np.nan)),
    }
    whole = known.all(axis=1)
    if whole.any():
        statistics["all_right"] = counted.rate(whole & right.all(axis=1), whole)
    rows, places = np.nonzero(known)
    statistics["auroc_micro"] = counted.auroc(truth[rows, places] == 1, table[rows, places], rows)
    return statistics


def _precision(predictions: FindingPredictions, columns: list[int]) -> dict[str, Interval | None]:
    """The average precision of each finding, their mean and that of all pairs pooled; formulas, nothing is drawn."""
    if not columns:
        return {}
    _, patient = np.unique(predictions.groups, return_inverse=True)  # numbers are sorted sooner than names
    asked = {}
    for column in columns:
        truth, p, known = predictions.of_finding(column)
        asked[column] = Question(truth, p, patient[known])
    found = {f"auprc {column}": interval_for_average_precision(*one) for column, one in asked.items()}
    pooled = Question(*(np.concatenate(parts) for parts in zip(*asked.values(), strict=True)))
    return found | {
        "auprc": interval_for_mean_precision(list(asked.values())),
        "auprc_micro": interval_for_average_precision(*pooled),
    }


def _count(predictions: FindingPredictions, column: int) -> dict[str, Any]:
    truth, _, known = predictions.of_finding(column)
    positive, n = int(truth.sum()), len(truth)
    counts: dict[str, Any] = {
        "images": positive,
        "positive": positive,
        "negative": n - positive,
        "unknown": len(known) - n,
        "called": int(predictions.called[known, column].sum()),
    }
    if n:
        counts["prevalence"] = round(positive / n, 6)
    if predictions.thresholds is not None and len(known):
        counts["threshold"] = round(float(np.median(predictions.thresholds[:, column])), 6)
    if reason := _why_undefined(truth):
        counts["undefined"] = reason
    return counts


def _why_undefined(truth: Bools) -> str:
    if not len(truth):
        return "not known of any tested image"
    if not truth.any():
        return "no tested image has it"
    return "every tested image has it" if truth.all() else ""


def _intervals(
    predictions: FindingPredictions,
    column: int,
    found: dict[str, Interval | None],
    rates: dict[tuple[int, str], Interval | None],
) -> dict[str, Interval | None]:
    """The numbers of one finding."""
    truth, p, known = predictions.of_finding(column)
    keys = np.array(predictions.groups)[known]
    area = found[f"auroc {column}"]
    if one_image_per_patient(keys) or _rarer(truth, keys) < FEW_PATIENTS:
        area = interval_for_auroc(truth, p, keys)  # a closed formula: nothing is drawn
    elif area is not None:
        area = exact_if_certain(area, area.value, [(truth, keys)])
    numbers = {"auroc": area, "auprc": found[f"auprc {column}"]}
    return numbers | {name: rates[column, name] for name in RATES} | {"brier": found[f"brier {column}"]}


def _rarer(truth: Bools, keys: NDArray[Any]) -> int:
    """Patients on the rarer side."""
    return min(len(set(keys[truth].tolist())), len(set(keys[~truth].tolist())))


def _mend_mean(interval: Interval | None, predictions: FindingPredictions, columns: list[int]) -> Interval | None:
    """A perfect mean gets the bound that its rarest finding allows: a bootstrap would claim to be certain."""
    if interval is None or interval.value != 1.0:
        return interval
    keys = np.array(predictions.groups)
    asked = [(truth, keys[known]) for truth, _, known in (predictions.of_finding(column) for column in columns)]
    return exact_if_certain(interval, 1.0, asked, interval.level)
