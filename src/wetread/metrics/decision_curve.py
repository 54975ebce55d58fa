"""Net benefit: is deciding by the model better than treating everybody, or nobody?

Whoever treats from probability t on says that a false alarm counts ``t / (1 - t)`` of a case found. In this currency

    net benefit(t) = TP / n - FP / n * t / (1 - t)

is what the model brings per patient; treating nobody brings 0, treating everybody ``prevalence - (1 - prevalence) *
t / (1 - t)``. It is about probabilities, so calibrate them first.

Source: Vickers & Elkin 2006, 10.1177/0272989X06295361.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import ArrayLike, NDArray

from wetread.metrics.counted import CountedStatistic, OfSums, added_up, quotient
from wetread.metrics.inputs import as_column, as_probabilities, as_truth
from wetread.metrics.interval import Interval, enclosing
from wetread.metrics.intervals import wilson_by_patient


def net_benefit(truth: ArrayLike, p: ArrayLike, thresholds: ArrayLike) -> NDArray[np.float64]:
    """Return the net benefit of calling ``p >= threshold``, one number per threshold, each at most the prevalence.

    Args:
        truth: One bool (or 0/1) per image.
        p: Calibrated probability of the finding per image.
        thresholds: Probabilities from which one would act, each in (0, 1).

    Raises:
        ValueError: Lengths differ, p is no probability, or a threshold is outside (0, 1).
    """
    gains = _gains(truth, p, _as_thresholds(thresholds))
    return np.asarray(gains.mean(axis=0))


def net_benefit_of_all(prevalence: float, thresholds: ArrayLike) -> NDArray[np.float64]:
    """Return the net benefit of calling everybody, one number per threshold; calling nobody has 0.

    Args:
        prevalence: Share of cases, in [0, 1].
        thresholds: Each in (0, 1).

    Raises:
        ValueError: A threshold is outside (0, 1).
    """
    t = _as_thresholds(thresholds)
    return np.asarray(prevalence - (1 - prevalence) * t / (1 - t))


def counted_net_benefit(
    truth: ArrayLike, p: ArrayLike, thresholds: ArrayLike, rows: ArrayLike | None = None
) -> dict[str, CountedStatistic]:
    """Return the counted net benefit of every threshold.

    Args:
        truth: As for :func:`net_benefit`.
        p: As for :func:`net_benefit`.
        thresholds: As for :func:`net_benefit`.
        rows: The row of the counts that each image belongs to; image n is row n if None.

    Returns:
        Keys ``"0"``, ``"1"``, ... by number of the threshold.

    Raises:
        ValueError: As for :func:`net_benefit`.
    """
    t = _as_thresholds(thresholds)
    y = as_truth(truth)
    place = np.arange(len(y)) if rows is None else as_column(rows, len(y), "rows")
    gains = added_up(_gains(y, p, t), place)
    base = added_up(np.ones((len(y), 1)), place)
    return {str(n): OfSums([gains[:, [n]], base], lambda sums: quotient(sums[:, 0], sums[:, 1])) for n in range(len(t))}


def gain_over_everybody(
    truth: ArrayLike, p: ArrayLike, thresholds: ArrayLike, patients: ArrayLike, level: float = 0.95
) -> list[Interval]:
    """Return for every threshold how much more the model brings than treating everybody, with its interval.

    The two differ in those who are not called: each who is well is worth ``t / (1 - t)``, each who is ill costs 1. A
    study in which nobody was missed has no resample in which somebody was, so nothing is drawn: the interval follows
    from Wilson's of both shares, patients as units, by square and add with their correlation, that of two counts of one
    multinomial (MOVER: Zou & Donner 2008, 10.1002/sim.3095).

    Args:
        truth: As for :func:`net_benefit`.
        p: As for :func:`net_benefit`.
        thresholds: As for :func:`net_benefit`.
        patients: Who each image belongs to.
        level: Confidence level in (0, 1).

    Raises:
        ValueError: As for :func:`net_benefit`, or the level is outside (0, 1).
    """
    t = _as_thresholds(thresholds)
    y = as_truth(truth)
    said = as_probabilities(p, len(y))
    _, patient = np.unique(as_column(patients, len(y), "patients"), return_inverse=True)
    found = []
    for at in t.tolist():
        odds = at / (1 - at)
        spared, missed = (wilson_by_patient(side & (said < at), patient, level) for side in (~y, y))
        assert spared is not None and missed is not None  # as_truth refuses an empty column
        value = odds * spared.value - missed.value
        others = (1 - spared.value) * (1 - missed.value)
        apart = math.sqrt(spared.value * missed.value / others) if others > 0 else 1.0  # who is spared is not missed
        low = value - _added(odds * (spared.value - spared.low), missed.high - missed.value, apart)
        high = value + _added(odds * (spared.high - spared.value), missed.value - missed.low, apart)
        found.append(enclosing(value, low, high, "square and add of Wilson's", spared.n, level))
    return found


def _added(a: float, b: float, apart: float) -> float:
    """Join two distances whose shares are correlated by ``-apart``, so that their difference varies more."""
    return math.sqrt(a**2 + b**2 + 2 * min(apart, 1.0) * a * b)


def _gains(truth: ArrayLike, p: ArrayLike, t: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return an ``image threshold`` table: what calling by the threshold brings for each image."""
    y = as_truth(truth)
    said = as_probabilities(p, len(y))
    called = said[:, None] >= t
    return np.where(y[:, None], called * 1.0, called * (-t / (1 - t)))


def _as_thresholds(thresholds: ArrayLike) -> NDArray[np.float64]:
    t = np.atleast_1d(np.asarray(thresholds, dtype=np.float64))
    if t.ndim != 1 or not ((t > 0) & (t < 1)).all():
        raise ValueError("thresholds must lie between 0 and 1, these two left out")
    return t
