"""Net benefit: is deciding by the model better than treating everybody, or nobody?

Whoever treats from probability t on says that a false alarm counts ``t / (1 - t)`` of a case found. In this currency

    net benefit(t) = TP / n - FP / n * t / (1 - t)

is what the model brings per patient; treating nobody brings 0, treating everybody ``prevalence - (1 - prevalence) *
t / (1 - t)``. It is about probabilities, so calibrate them first.

Source: Vickers & Elkin 2006, 10.1177/0272989X06295361.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import ArrayLike, NDArray

from wetread.metrics.counted import CountedStatistic, OfSums, added_up, quotient
from wetread.metrics.inputs import as_column, as_probabilities, as_truth


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
) -> tuple[dict[str, CountedStatistic], dict[str, CountedStatistic]]:
    """Return counted statistics for every threshold: net benefit, and what it gains over the better of all and nobody.

    Args:
        truth: As for :func:`net_benefit`.
        p: As for :func:`net_benefit`.
        thresholds: As for :func:`net_benefit`.
        rows: The row of the counts that each image belongs to; image n is row n if None.

    Returns:
        Two dicts, keys ``"0"``, ``"1"``, ... by number of the threshold.

    Raises:
        ValueError: As for :func:`net_benefit`.
    """
    t = _as_thresholds(thresholds)
    y = as_truth(truth)
    place = np.arange(len(y)) if rows is None else as_column(rows, len(y), "rows")
    gains = added_up(_gains(y, p, t), place)
    base = added_up(np.stack([y, np.ones(len(y))], axis=1).astype(np.float64), place)

    def over_both(odds: float) -> Callable[[NDArray[np.float64]], NDArray[np.float64]]:
        def gain(sums: NDArray[np.float64]) -> NDArray[np.float64]:
            model, positive, n = sums.T
            return quotient(model - np.maximum(positive - (n - positive) * odds, 0.0), n)

        return gain

    blocks = [[gains[:, [number]], base] for number in range(len(t))]
    return (
        {str(n): OfSums(blocks[n], lambda sums: quotient(sums[:, 0], sums[:, 2])) for n in range(len(t))},
        {str(n): OfSums(blocks[n], over_both(odds)) for n, odds in enumerate((t / (1 - t)).tolist())},
    )


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
