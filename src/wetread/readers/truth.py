"""Readers and model against a truth: sensitivity, specificity, AUROC where confidences were given, and differences.

Each number over the images that this reader (and, for a difference, the model too) has read and whose truth is known.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from wetread.evaluation.curves import curves_of_class
from wetread.evaluation.evaluate import as_dicts
from wetread.metrics import counted
from wetread.metrics.bootstrap import patient_bootstrap_many
from wetread.metrics.choice import (
    interval_for_auroc,
    interval_for_mean_proportion,
    interval_for_proportion,
    one_image_per_patient,
)
from wetread.metrics.counted import CountedStatistic
from wetread.metrics.delong import delong_paired
from wetread.metrics.interval import Interval
from wetread.shapes import Bools, Floats

RATES = ("sensitivity", "specificity")


def against_truth(
    names: Sequence[str],
    truth: Floats,
    marks: Floats,
    scores: Floats | None,
    model: Floats | None,
    model_scores: Floats | None,
    groups: Sequence[str],
    *,
    resamples: int = 2000,
    seed: int = 0,
) -> dict[str, Any]:
    """Compares readers and model with the truth of one finding.

    Args:
        names: Of the readers.
        truth: ``image``: 1, 0, NaN not known.
        marks: ``reader image``: 1, 0, NaN not read.
        scores: ``reader image``: rising with the finding, NaN not given; or None.
        model: ``image``: 1, 0, NaN no prediction; or None.
        model_scores: ``image``: probabilities; or None.
        groups: The patient of each image.
        resamples: Of patients.
        seed: Of the resamples.

    Returns:
        ``n`` (images with and without the finding), ``rows`` (name, kind, n, sensitivity, specificity, auroc and
        ``minus``: the model's number minus this reader's), ``average`` of the readers with its own ``minus``, and
        ``roc``, the curve of the model. What is not defined is absent; ``undefined`` says why there is nothing.
    """
    known = np.isfinite(truth)
    counts = {"with": int((truth == 1).sum()), "without": int((truth == 0).sum())}
    if not min(counts.values()):
        side = "with" if not counts["with"] else "without"
        return {"n": counts, "undefined": f"no image {side} the finding has a known truth"}
    y, keys = truth[known] == 1, np.asarray(groups)[known]
    options: dict[str, int] = {"resamples": resamples, "seed": seed}
    called = marks[:, known]
    theirs = None if model is None else model[known]
    rows = []
    for number, name in enumerate(names):
        row: dict[str, Any] = {"name": name, "kind": "reader", **_rates(y, called[number], keys, options)}
        score = None if scores is None else scores[number, known]
        row |= _area(y, score, keys, options)
        if theirs is not None:
            row["minus"] = _minus(y, theirs, called[number], keys, options)
            if score is not None and model_scores is not None:
                row["minus"] |= _area_minus(y, model_scores[known], score, keys, options)
        rows.append(row)
    found: dict[str, Any] = {"n": counts, "rows": rows, "average": _average(y, called, theirs, keys, options)}
    if theirs is not None and model_scores is not None and np.isfinite(theirs).any():
        own: dict[str, Any] = {"name": "model", "kind": "model", **_rates(y, theirs, keys, options)}
        rows.append(own | _area(y, model_scores[known], keys, options))
        there = np.isfinite(model_scores[known])
        curve = curves_of_class("model", y[there], model_scores[known][there])
        if curve is not None:
            found["roc"] = curve["roc"]
    return found


def _rates(y: Bools, called: Floats, keys: NDArray[Any], options: dict[str, int]) -> dict[str, Any]:
    read = np.isfinite(called)
    found = {}
    for name, (successes, trials) in _counts(y, called).items():
        found[name] = (
            interval_for_proportion(successes[read], trials[read], keys[read], y[read], **options)
            if read.any()
            else None
        )
    return {"n": int(read.sum()), **as_dicts(found)}


def _counts(y: Bools, called: Floats) -> dict[str, tuple[Bools, Bools]]:
    """Sensitivity and specificity as (successes, trials); unread images are no trials."""
    read = np.isfinite(called)
    return {"sensitivity": (y & (called == 1), y & read), "specificity": (~y & (called == 0), ~y & read)}


def _area(y: Bools, score: Floats | None, keys: NDArray[Any], options: dict[str, int]) -> dict[str, Any]:
    if score is None or not np.isfinite(score).any():
        return {}
    there = np.isfinite(score)
    return as_dicts({"auroc": interval_for_auroc(y[there], score[there], keys[there], **options)})


def _minus(y: Bools, model: Floats, reader: Floats, keys: NDArray[Any], options: dict[str, int]) -> dict[str, Any]:
    """The model's rates minus the reader's, over the images that both have."""
    both = np.isfinite(model) & np.isfinite(reader)
    if not both.any():
        return {}
    ours, theirs = _counts(y[both], model[both]), _counts(y[both], reader[both])
    statistics = {name: _difference([theirs[name]], ours[name]) for name in RATES}
    return as_dicts(patient_bootstrap_many(statistics, keys[both], y[both], **options))


def _difference(theirs: Sequence[tuple[Bools, Bools]], ours: tuple[Bools, Bools]) -> CountedStatistic:
    """The counted rate of one minus the mean of those of others."""
    a, others = counted.rate(*ours), counted.mean_of([counted.rate(*one) for one in theirs])
    return lambda counts: a(counts) - others(counts)


def _area_minus(y: Bools, model: Floats, reader: Floats, keys: NDArray[Any], options: dict[str, int]) -> dict[str, Any]:
    both = np.isfinite(model) & np.isfinite(reader)
    if not both.any() or not 0 < y[both].sum() < both.sum():
        return {}
    found: Interval | None
    if one_image_per_patient(keys[both]):
        found = delong_paired(y[both], model[both], reader[both])
    else:
        a, b = counted.auroc(y[both], model[both]), counted.auroc(y[both], reader[both])
        statistics = {"it": lambda counts: a(counts) - b(counts)}
        found = patient_bootstrap_many(statistics, keys[both], y[both], **options)["it"]
    return as_dicts({"auroc": found})


def _average(
    y: Bools, called: Floats, model: Floats | None, keys: NDArray[Any], options: dict[str, int]
) -> dict[str, Any]:
    """Mean rates of the readers, by the rule that holds for one of them, and the model's minus these."""
    per_reader = [_counts(y, row) for row in called]
    found: dict[str, Interval | None] = {}
    statistics: dict[str, CountedStatistic] = {}
    for name in RATES:
        rates = [one[name] for one in per_reader if one[name][1].any()]
        if not rates:
            continue
        found[name] = interval_for_mean_proportion(rates, keys, y, **options)
        if model is not None and np.isfinite(model).any():
            statistics[name] = _difference(rates, _counts(y, model)[name])
    minus = as_dicts(patient_bootstrap_many(statistics, keys, y, **options)) if statistics else {}
    return as_dicts(found) | ({"minus": minus} if minus else {})
