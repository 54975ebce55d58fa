"""How far several readers agree beyond chance, with readings missing where somebody did not read.

Conventions: ``ratings`` is an ``image reader`` table of class numbers 0, 1, ...; -1 means not read. Results lie in
[-1, 1], 1 is perfect, and are NaN where they are not defined: nobody shares an image with anybody, or everybody always
says the same, so that nothing is left to chance. Every number is a counted statistic (see ``counted``), which
:func:`wetread.metrics.bootstrap.patient_bootstrap_many` gives its interval; a row of ones asks for the number itself.

Sources: Fleiss 1971, 10.1037/h0031619 (kappa of several readers); Krippendorff 2011, repository.upenn.edu/asc_papers/43
(alpha); Cohen 1960 and 1968 (kappa of two); Byrt, Bishop & Carlin 1993, 10.1016/0895-4356(93)90018-V (kappa adjusted
for prevalence and bias; for several classes Brennan & Prediger 1981).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from wetread.metrics.confusion import KappaWeights, disagreement_cost
from wetread.metrics.counted import CountedStatistic, quotient

#: nominal: all disagreements alike; ordinal: by ranks; interval: squared difference of the values (quadratic weights).
AlphaMetric = Literal["nominal", "ordinal", "interval"]


def counted_fleiss_kappa(ratings: ArrayLike, n_classes: int) -> CountedStatistic:
    """Return the counted kappa of two or more readers, who count alike (Fleiss 1971).

    Args:
        ratings: ``image reader``, class numbers, -1 for not read. An image that somebody has not read is left out.
        n_classes: How many classes there are.

    Raises:
        ValueError: Not a table of at least two readers, or a class number out of range.
    """
    table = _as_ratings(ratings, n_classes)
    readers = table.shape[1]
    said = _class_counts(table, n_classes)
    complete = np.asarray((table >= 0).all(axis=1), dtype=np.float64)
    agreeing = (said * (said - 1)).sum(axis=1) / (readers * (readers - 1))
    columns = np.column_stack([complete, agreeing * complete, said / readers * complete[:, None]])

    def statistic(counts: NDArray[np.float64]) -> NDArray[np.float64]:
        sums = counts @ columns
        shares = quotient(sums[:, 2:], sums[:, :1])
        by_chance = (shares**2).sum(axis=1)
        return _beyond(quotient(sums[:, 1], sums[:, 0]), by_chance)

    return statistic


def counted_krippendorff_alpha(
    ratings: ArrayLike, n_classes: int, metric: AlphaMetric = "nominal", values: ArrayLike | None = None
) -> CountedStatistic:
    """Return the counted alpha: 1 - observed over expected disagreement (Krippendorff 2011).

    Args:
        ratings: ``image reader``, class numbers, -1 for not read. Every image with two readings or more counts.
        n_classes: How many classes there are; in rising order where the metric is not nominal.
        metric: nominal, ordinal or interval.
        values: The number that each class stands for, for the interval metric; 0, 1, 2 ... if None.

    Raises:
        ValueError: Not a table of at least two readers, a class number out of range, or an unknown metric.
    """
    if metric not in ("nominal", "ordinal", "interval"):
        raise ValueError(f"metric must be nominal, ordinal or interval, not {metric!r}")
    table = _as_ratings(ratings, n_classes)
    level = np.arange(n_classes, dtype=np.float64) if values is None else np.asarray(values, dtype=np.float64)
    if level.shape != (n_classes,) or not np.isfinite(level).all():
        raise ValueError(f"values must hold {n_classes} finite numbers, one per class")
    pairs = _pairs_by_image(table, n_classes, lambda read: np.maximum(read - 1, 1))

    def statistic(counts: NDArray[np.float64]) -> NDArray[np.float64]:
        together = (counts @ pairs).reshape(-1, n_classes, n_classes)
        by_class = together.sum(axis=2)
        if metric == "nominal":
            cost = disagreement_cost(n_classes, "none")[None]
        else:
            # The rank metric adds up all readings between two classes, half of those in them: a difference of midranks.
            place = np.cumsum(by_class, axis=1) - by_class / 2 if metric == "ordinal" else level[None]
            cost = (place[:, :, None] - place[:, None, :]) ** 2
        observed = (together * cost).sum(axis=(1, 2))
        expected = (by_class[:, :, None] * by_class[:, None, :] * cost).sum(axis=(1, 2))
        return 1 - quotient(observed * (by_class.sum(axis=1) - 1), expected)

    return statistic


def counted_adjusted_kappa(ratings: ArrayLike, n_classes: int) -> CountedStatistic:
    """Return the counted kappa that one would get if every class were equally common and no reader leant to one.

    (k p - 1) / (k - 1) with p the share of agreeing pairs of readers; for two classes 2 p - 1 (Byrt 1993). Kappa itself
    falls towards 0 where nearly every image is normal, however rarely the readers differ.

    Args:
        ratings: ``image reader``, class numbers, -1 for not read. Every pair of readers that share an image counts.
        n_classes: How many classes there are, two or more.

    Raises:
        ValueError: Not a table of at least two readers, or a class number out of range.
    """
    table = _as_ratings(ratings, n_classes)
    pairs = _pairs_by_image(table, n_classes, np.ones_like)
    same = pairs[:, :: n_classes + 1].sum(axis=1)
    columns = np.column_stack([same, pairs.sum(axis=1)])

    def statistic(counts: NDArray[np.float64]) -> NDArray[np.float64]:
        sums = counts @ columns
        return (n_classes * quotient(sums[:, 0], sums[:, 1]) - 1) / (n_classes - 1)

    return statistic


def counted_pair_kappa(ratings: ArrayLike, n_classes: int, weights: KappaWeights = "none") -> CountedStatistic:
    """Return the counted :func:`wetread.metrics.confusion.cohen_kappa` over the images that both have read.

    Args:
        ratings: ``image reader`` with two columns, class numbers, -1 for not read.
        n_classes: How many classes there are.
        weights: none, or for ordered classes linear or quadratic.

    Raises:
        ValueError: Not two readers, a class number out of range, or unknown weights.
    """
    table = _as_ratings(ratings, n_classes)
    if table.shape[1] != 2:
        raise ValueError(f"needs two readers, not {table.shape[1]}")
    cost = disagreement_cost(n_classes, weights)
    both = (table >= 0).all(axis=1)
    cells = np.zeros((len(table), n_classes**2))
    cells[both, table[both, 0] * n_classes + table[both, 1]] = 1

    def statistic(counts: NDArray[np.float64]) -> NDArray[np.float64]:
        m = (counts @ cells).reshape(-1, n_classes, n_classes)
        expected = np.einsum("bi,ij,bj->b", m.sum(axis=2), cost, m.sum(axis=1))
        return 1 - quotient(np.einsum("bij,ij->b", m, cost) * m.sum(axis=(1, 2)), expected)

    return statistic


def _as_ratings(ratings: ArrayLike, n_classes: int) -> NDArray[np.int64]:
    table = np.asarray(ratings)
    if table.ndim != 2 or table.shape[0] < 1 or table.shape[1] < 2 or table.dtype.kind not in "iu":
        raise ValueError(f"ratings must be an image reader table of integers with two readers, not {table.shape}")
    if n_classes < 2 or table.min() < -1 or table.max() >= n_classes:
        raise ValueError(f"ratings must lie between -1 (not read) and {n_classes - 1}")
    return table.astype(np.int64)


def _class_counts(table: NDArray[np.int64], n_classes: int) -> NDArray[np.float64]:
    """Return ``image class``: how many readers said so."""
    return np.stack([(table == k).sum(axis=1) for k in range(n_classes)], axis=1).astype(np.float64)


def _pairs_by_image(
    table: NDArray[np.int64], n_classes: int, share: Callable[[NDArray[np.float64]], NDArray[np.float64]]
) -> NDArray[np.float64]:
    """Return ``image class*class``: ordered pairs of readings, each divided by ``share`` of the readings there."""
    said = _class_counts(table, n_classes)
    pairs = said[:, :, None] * said[:, None, :]
    pairs[:, np.arange(n_classes), np.arange(n_classes)] -= said  # nobody is compared with himself
    weight = share(said.sum(axis=1))
    return np.asarray((pairs / weight[:, None, None]).reshape(len(table), -1))


def _beyond(observed: NDArray[np.float64], by_chance: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return (observed - chance) / (1 - chance), NaN where chance explains everything."""
    left = 1 - by_chance
    return quotient(observed - by_chance, np.where(left > 1e-12, left, 0))
