"""Two or more models on the same cases: how far apart they are, and whether these patients can tell.

Per pair and number: the difference (second minus first) with its interval, a p value, the p value that allows for all
pairs and numbers asked (Holm), and how often either is better by more than a margin in resampled patients.

With one image per patient the AUROC of two classes is compared by DeLong's paired test and calls by McNemar's exact
test. Both take images as independent. Where patients have several images, and for everything else, patients are drawn
with all their images, the same ones for both models (paired bootstrap), and p belongs to the interval.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import combinations
from typing import Any

import numpy as np
from numpy.typing import NDArray

from wetread.evaluation.evaluate import as_dicts, ladder_row
from wetread.evaluation.finding_predictions import FindingPredictions
from wetread.evaluation.findings import ladder_row_of_findings, testable
from wetread.evaluation.predictions import Predictions
from wetread.metrics import counted, counted_calibration
from wetread.metrics.bootstrap import patient_bootstrap_many
from wetread.metrics.choice import one_image_per_patient
from wetread.metrics.counted import CountedStatistic
from wetread.metrics.delong import delong_paired
from wetread.metrics.holm import holm, p_from_interval
from wetread.metrics.interval import Interval
from wetread.metrics.mcnemar import mcnemar
from wetread.metrics.mix import sides_of
from wetread.outcome import counted as say_count
from wetread.outcome import say_share
from wetread.shapes import Bools

#: A difference that hardly anybody would change a model for.
MARGIN = 0.01
#: Chance of a false alarm over all pairs and numbers.
LEVEL = 0.05
#: Less is better.
LOW_IS_GOOD = ("brier",)

SEVERAL_IMAGES = (
    "Patients have several images, which are no independent trials: McNemar's and DeLong's tests do not hold, so "
    "patients are resampled."
)


def compare_all(
    models: Mapping[str, Predictions | FindingPredictions],
    *,
    margin: float = MARGIN,
    resamples: int = 2000,
    seed: int = 0,
) -> dict[str, Any]:
    """Compares every pair of models.

    Args:
        models: Name -> labelled predictions for the same images in the same order, with the same truth and groups.
        margin: How much better is worth speaking of, in AUROC, shares and Brier score.
        resamples: Bootstrap resamples of patients.
        seed: Of the resamples.

    Returns:
        ``models`` (each alone on these cases), ``pairs`` and ``tests``, how many p values Holm's rule was applied to.

    Raises:
        ValueError: The predictions are not for the same images, or fewer than two models are given.
    """
    names = list(models)
    if len(names) < 2 or len({tuple(one.images) for one in models.values()}) != 1:
        raise ValueError("a comparison needs two models or more and the same images for all")
    options = {"resamples": resamples, "seed": seed}
    alone = {name: _alone(one, options) for name, one in models.items()}
    pairs: list[dict[str, Any]] = [
        {"first": a, "second": b, "differences": _compare(models[a], models[b], margin, options)}
        for a, b in combinations(names, 2)
    ]
    told = [one for pair in pairs for one in pair["differences"].values()]
    for one, adjusted in zip(told, holm([one["p"] for one in told]), strict=True):
        one["p_holm"] = round(adjusted, 6)
    n = _count(next(iter(models.values())))
    for pair in pairs:
        pair["verdict"] = say_verdict(pair, n)
    return {"models": alone, "pairs": pairs, "tests": len(told), "n": n, "margin": margin, "level": LEVEL}


def say_verdict(pair: Mapping[str, Any], n: Mapping[str, Any]) -> str:
    """``B is better by 0.03 (0.01 to 0.05)``, or that these cases cannot tell; by the AUROC, in plain words.

    Args:
        pair: An entry of ``pairs``, with Holm's p values.
        n: How many images and patients.
    """
    found = pair["differences"]["auroc"]
    value = found["value"]
    cases = say_count(n["patients"], "patient") if n.get("patients") else say_count(n["images"], "image")
    low, high = sorted((found["low"], found["high"]))
    if value == 0 or low <= 0 <= high or found["p"] >= LEVEL:
        told = f"AUROC difference {_signed(value)}, {_signed(low)} to {_signed(high)}"
        apart = f"{pair['first']} and {pair['second']} cannot be told apart with these {cases} ({told})"
        return apart + _say_calls(pair)
    better, sign = (pair["second"], 1) if value > 0 else (pair["first"], -1)
    low, high = sorted((sign * low, sign * high))
    size = f"by {say_share(abs(value))} AUROC ({say_share(low)} to {say_share(high)})"
    if found["p_holm"] >= LEVEL:
        return f"{better} looks better {size}, which is not enough once all comparisons made here are counted"
    return f"{better} is better {size}"


def _say_calls(pair: Mapping[str, Any]) -> str:
    """What the thresholds make of models whose rankings cannot be told apart; empty where they make no difference."""
    found = pair["differences"].get("accuracy")
    if found is None or found["p_holm"] >= LEVEL or found["low"] <= 0 <= found["high"]:
        return ""
    better, sign = (pair["second"], 1) if found["value"] > 0 else (pair["first"], -1)
    low, high = sorted((sign * found["low"], sign * found["high"]))
    return (
        f"; at its own threshold {better} is right more often, by {abs(found['value']):.2f} ({low:.2f} to {high:.2f})"
    )


def _signed(value: float) -> str:
    text = f"{abs(value):.2f}"
    if float(text) == 0 and round(abs(value), 3):
        text = f"{abs(value):.3f}"
    return text if float(text) == 0 else f"{'+' if value > 0 else '−'}{text}"


def _alone(predictions: Predictions | FindingPredictions, options: dict[str, int]) -> dict[str, Any]:
    """Each model on these cases, whatever its own report said about others."""
    if isinstance(predictions, FindingPredictions):
        row = ladder_row_of_findings(predictions, None, **options)
    else:
        row = ladder_row(predictions, None, **options)
        brier = patient_bootstrap_many(
            {"brier": _brier(predictions)}, np.array(predictions.groups), predictions.truth, **options
        )
        row |= as_dicts(brier)
    return {name: value for name, value in row.items() if name != "seconds"}


def _count(predictions: Predictions | FindingPredictions) -> dict[str, Any]:
    known = all(predictions.patients)
    return {
        "images": len(predictions.images),
        "patients": len(set(predictions.patients)) if known else None,
        "groups": len(set(predictions.groups)),
    }


class _Kept:
    """A statistic that remembers what it said of every resample of patients.

    Only resamples draw somebody twice: the data as they are, and the data without one patient, never do. It moves with
    the mix of classes if the statistic does.
    """

    def __init__(self, statistic: CountedStatistic) -> None:
        self._statistic, self.sides = statistic, sides_of(statistic)
        self._said: list[NDArray[np.float64]] = []

    def __call__(self, counts: NDArray[np.float64]) -> NDArray[np.float64]:
        values = self._statistic(counts)
        self._said.append(values[counts.max(axis=1) > 1])
        return values

    def share_above(self, bound: float) -> float | None:
        """How many of the resamples lie above a bound, as a share; None where it is defined in none."""
        values = np.concatenate(self._said)
        values = values[np.isfinite(values)]
        return float(np.mean(values > bound)) if len(values) else None


def _compare(
    first: Predictions | FindingPredictions,
    second: Predictions | FindingPredictions,
    margin: float,
    options: dict[str, int],
) -> dict[str, dict[str, Any]]:
    """Name of the number -> difference, p and chances of being better; what is not defined is absent."""
    single: dict[str, tuple[Interval | None, float]] = {}
    extra: dict[str, dict[str, Any]] = {}
    alone = one_image_per_patient(np.array(first.groups))
    strata = None
    if isinstance(first, FindingPredictions) and isinstance(second, FindingPredictions):
        statistics = _of_findings(first, second)
    else:
        assert isinstance(first, Predictions) and isinstance(second, Predictions)
        statistics, strata = _of_classes(first, second), first.truth
        if alone:
            single, extra = _closed_forms(first, second)
    kept = {name: _Kept(one) for name, one in statistics.items()}
    found = patient_bootstrap_many(kept, np.array(first.groups), strata, **options)
    differences = {}
    for name, drawn in found.items():
        interval, p = single.get(name, (None, None))
        interval = interval or drawn
        if interval is None:
            continue
        p = p_from_interval(interval) if p is None else p
        differences[name] = {
            **{key: value for key, value in as_dicts({name: interval})[name].items() if key != "p_value"},
            "p": round(p, 6),
            "better_by_margin": _chances(kept[name], name, margin),
            **extra.get(name, {}),
        }
        if not alone and name in ("auroc", "accuracy", "sensitivity", "specificity"):
            differences[name]["why"] = SEVERAL_IMAGES
    return differences


def _chances(kept: _Kept, name: str, margin: float) -> dict[str, float | None]:
    """In what share of resamples each of the two is better by more than the margin."""
    above, not_below = kept.share_above(margin), kept.share_above(-margin)
    below = None if not_below is None else 1 - not_below
    first, second = (above, below) if name in LOW_IS_GOOD else (below, above)
    return {"first": first and round(first, 4), "second": second and round(second, 4)}


def _closed_forms(
    first: Predictions, second: Predictions
) -> tuple[dict[str, tuple[Interval | None, float]], dict[str, dict[str, Any]]]:
    """DeLong's paired test and McNemar's, where each patient has one image."""
    single: dict[str, tuple[Interval | None, float]] = {}
    extra: dict[str, dict[str, Any]] = {}
    column = first.positive_column
    if column is not None:
        told = delong_paired(first.truth == column, second.probabilities[:, column], first.probabilities[:, column])
        if told is not None:
            single["auroc"] = told, told.p_value
    for name, chosen in _rates(first).items():
        if not chosen.any():
            continue
        right = [(one.predicted == one.truth)[chosen] for one in (first, second)]
        test = mcnemar(*right)
        single[name] = None, test.p_exact
        extra[name] = {
            "mcnemar": {
                "only_first": test.only_first,
                "only_second": test.only_second,
                "p_exact": round(test.p_exact, 6),
                "p_mid": round(test.p_mid, 6),
            }
        }
    return single, extra


def _rates(predictions: Predictions) -> dict[str, Bools]:
    """Which images count for the share that was called right: all; of two classes also either class alone."""
    chosen: dict[str, Bools] = {"accuracy": np.ones(len(predictions.truth), dtype=np.bool_)}
    if predictions.positive_column is not None:
        is_positive = predictions.truth == predictions.positive_column
        chosen |= {"sensitivity": is_positive, "specificity": ~is_positive}
    return chosen


def _of_classes(first: Predictions, second: Predictions) -> dict[str, CountedStatistic]:
    statistics = {"auroc": counted.minus(_area(second), _area(first))}
    for name, chosen in _rates(first).items():
        if chosen.any():
            right = [counted.rate((one.predicted == one.truth) & chosen, chosen) for one in (first, second)]
            statistics[name] = counted.minus(right[1], right[0])
    statistics["brier"] = counted.minus(_brier(second), _brier(first))
    return statistics


def _area(predictions: Predictions) -> CountedStatistic:
    """The AUROC of the positive class; of several classes the mean of each one that is there against the rest."""
    column, truth, table = predictions.positive_column, predictions.truth, predictions.probabilities
    columns = sorted(set(truth.tolist())) if column is None else [column]
    return counted.mean_of([counted.auroc(truth == one, table[:, one]) for one in columns])


def _brier(predictions: Predictions) -> CountedStatistic:
    column = predictions.positive_column
    if column is None:
        return counted_calibration.brier(predictions.truth, predictions.probabilities)
    return counted_calibration.brier(predictions.truth == column, predictions.probabilities[:, column])


def _of_findings(first: FindingPredictions, second: FindingPredictions) -> dict[str, CountedStatistic]:
    """Means over the findings that some image has and some image lacks."""
    columns = testable(first)

    def areas(one: FindingPredictions) -> CountedStatistic:
        parts = []
        for column in columns:
            truth, p, known = one.of_finding(column)
            parts.append(counted.auroc(truth, p, np.flatnonzero(known)))
        return counted.mean_of(parts)

    def right(one: FindingPredictions) -> CountedStatistic:
        was_right = np.where(one.known, one.called == (one.truth == 1), np.nan)
        return counted.mean_of_columns(was_right[:, columns])

    def squares(one: FindingPredictions) -> CountedStatistic:
        return counted.mean_of_columns(((one.probabilities - one.truth) ** 2)[:, columns])

    return {
        "auroc": counted.minus(areas(second), areas(first)),
        "accuracy": counted.minus(right(second), right(first)),
        "brier": counted.minus(squares(second), squares(first)),
    }


def order_by_auroc(models: Mapping[str, Mapping[str, Any]]) -> list[str]:
    """Names, highest AUROC first; on the same cases only."""
    names: Sequence[str] = list(models)
    return sorted(names, key=lambda name: -models[name].get("auroc", {"value": 0.0})["value"])
