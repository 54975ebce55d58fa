"""Interval for an average precision, or for a mean of several: a formula, patients as units.

How much each image pulls at the average precision follows from its derivative by the weight of that image (influence
function; the resulting variance is the infinitesimal jackknife: Jaeckel 1972, Efron 1982, chapter 6). Pulls are added
up by patient, so that images of one patient may resemble each other and how many patients have the finding is left to
chance. The interval is taken on the logit scale and turned back, as Boyd, Eng & Page 2013 advise
(10.1007/978-3-642-40994-3_29) after trying it against bootstraps; with the quantile of Student's t, since ten patients
with the finding do not show how far they spread. It needs no resamples, only two sorts.

Coverage in simulated studies: ``bench/coverage.py`` and docs/intervals.md. BCa resamples, used before, were too short.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import expit, logit, stdtrit

from wetread.metrics.inputs import as_column, as_scores, as_truth, check_level
from wetread.metrics.interval import Interval, enclosing
from wetread.metrics.intervals import wilson


class Question(NamedTuple):
    """One finding, or one class against the rest.

    Attributes:
        truth: One bool (or 0/1) per image.
        score: One finite number per image.
        patients: Who each image belongs to; the same keys in every question of a mean.
    """

    truth: ArrayLike
    score: ArrayLike
    patients: ArrayLike


def interval_for_average_precision(
    truth: ArrayLike, score: ArrayLike, patients: ArrayLike, level: float = 0.95
) -> Interval | None:
    """Return :func:`wetread.metrics.discrimination.average_precision` with its interval.

    Args:
        truth: One bool (or 0/1) per image.
        score: One finite number per image.
        patients: Who each image belongs to.
        level: Confidence level in (0, 1).

    Returns:
        The interval within [0, 1], whose ``n`` is the number of patients; None when a class is absent.

    Raises:
        ValueError: Lengths differ, a score is not finite, or the level is outside (0, 1).
    """
    return interval_for_mean_precision([Question(truth, score, patients)], level)


def interval_for_mean_precision(questions: Sequence[Question], level: float = 0.95) -> Interval | None:
    """Return the unweighted mean of several average precisions with its interval.

    A patient pulls at all of them at once, so one variance holds how findings go together. The degrees of freedom are
    the patients on the rarer side less one, of several questions their harmonic mean, weighted by variance: the mean is
    known no better than what it hangs on most. A single patient on a side shows no spread at all; that question then
    has the variance of one trial. Where there is no variance to go by (perfect rankings), or but one patient to ask,
    each patient with the finding counts once, as in a proportion.

    Args:
        questions: At least one.
        level: Confidence level in (0, 1).

    Returns:
        The interval within [0, 1], whose ``n`` is the number of patients; None when a question lacks a class.

    Raises:
        ValueError: No question, lengths differ, a score is not finite, or the level is outside (0, 1).
    """
    check_level(level)
    if not questions:
        raise ValueError("a mean needs at least one question")
    truths = [as_truth(one.truth) for one in questions]
    scores = [as_scores(one.score, len(y)) for one, y in zip(questions, truths, strict=True)]
    keys = [as_column(one.patients, len(y), "patients") for one, y in zip(questions, truths, strict=True)]
    if any(y.all() or not y.any() for y in truths):
        return None
    _, everybody = np.unique(np.concatenate(keys), return_inverse=True)
    n = int(everybody.max()) + 1
    values, rarer, alone = [], [], []
    together, beyond = np.zeros(n), 0.0
    ends = np.cumsum([len(y) for y in truths])
    for y, s, patient in zip(truths, scores, np.split(everybody, ends[:-1]), strict=True):
        value, pull = precision_and_pull(y, s)
        by_patient = np.bincount(patient, weights=pull, minlength=n)
        people = len(np.unique(patient))
        variance = people / max(people - 1, 1) * float(by_patient @ by_patient)
        values.append(value)
        rarer.append(min(len(np.unique(patient[y])), len(np.unique(patient[~y]))))
        if rarer[-1] == 1:
            beyond += max(value * (1 - value) - variance, 0.0)
            variance = max(variance, value * (1 - value))
        alone.append(variance)
        together += by_patient
    mean, of_each = float(np.mean(values)), np.array(alone)
    variance = (n / max(n - 1, 1) * float(together @ together) + beyond) / len(questions) ** 2
    if not 0 < mean < 1 or variance < 1e-14 or (len(questions) == 1 and rarer[0] == 1):
        return _each_patient_once(mean, min(len(np.unique(k[y])) for k, y in zip(keys, truths, strict=True)), n, level)
    freedom = float(of_each.sum() / np.sum(of_each / np.maximum(np.array(rarer) - 1, 1)))
    half = float(stdtrit(freedom, (1 + level) / 2)) * math.sqrt(variance) / (mean * (1 - mean))
    low, high = expit(logit(mean) - half), expit(logit(mean) + half)
    return enclosing(mean, low, high, "influence of patients, logit scale, Student's t", n, level)


def precision_and_pull(y: NDArray[np.bool_], s: NDArray[np.float64]) -> tuple[float, NDArray[np.float64]]:
    """Return the average precision, and per image its derivative by the weight of that image.

    An image pulls in two ways: a positive one brings its own precision, and every image changes the precision at all
    positives that are called no sooner than itself. The pulls add up to 0. Both classes must be present.
    """
    order = np.argsort(-s, kind="stable")
    falling, hit = -s[order], y[order].astype(np.float64)
    first, last = np.searchsorted(falling, falling, "left"), np.searchsorted(falling, falling, "right")  # of its ties
    called, hits = last.astype(np.float64), np.cumsum(hit)[last - 1]
    value = float(hit @ (hits / called) / hit.sum())
    by_a_hit, by_a_call = (
        np.cumsum(share[::-1])[::-1][first] for share in (hit / called, hit * hits / called**2)
    )  # over the positives that are called with it or later
    pull = np.empty(len(y))
    pull[order] = (hit * (hits / called - value + by_a_hit) - by_a_call) / hit.sum()
    return value, pull


def _each_patient_once(value: float, patients: int, n: int, level: float) -> Interval:
    bounds = wilson(value * patients, patients, level)
    assert bounds is not None  # there is a patient with the finding
    return enclosing(
        value, bounds.low, bounds.high, "Wilson, each patient counted once (no variance to go by)", n, level
    )
