"""Means over pictures, with intervals from drawing patients; of differences too, so comparisons are paired."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike

from wetread.metrics.interval import Interval, enclosing

LEVEL = 0.95


def mean_over_pictures(values: ArrayLike, patients: Sequence[str], *, resamples: int, seed: int) -> Interval | None:
    """The mean and its percentile interval over resampled patients.

    Where a test was repeated with several draws (of weights, of labels), draws are resampled as well: the next shuffle
    would give another number, and an interval over patients alone would hide that.

    Args:
        values: ``picture``, or ``draw picture``; NaN where nothing can be said of a picture.
        patients: Of each picture.
        resamples: How often.
        seed: Of the draws.

    Returns:
        None where nothing can be said of any picture.
    """
    table = np.atleast_2d(np.asarray(values, dtype=np.float64))
    _, number = np.unique(np.asarray(patients), return_inverse=True)
    known = np.isfinite(table)
    if not known.any():
        return None
    people = int(number.max()) + 1
    sums, counts = np.zeros((len(table), people)), np.zeros((len(table), people))
    for draw, row in enumerate(table):
        np.add.at(sums[draw], number[known[draw]], row[known[draw]])
        np.add.at(counts[draw], number[known[draw]], 1)
    random = np.random.default_rng([seed, 7])
    of_people = random.multinomial(people, np.full(people, 1 / people), size=resamples)
    of_draws = random.multinomial(len(table), np.full(len(table), 1 / len(table)), size=resamples)
    weighed = np.einsum("rd,dp,rp->r", of_draws, counts, of_people)
    with np.errstate(invalid="ignore", divide="ignore"):
        drawn = np.einsum("rd,dp,rp->r", of_draws, sums, of_people) / weighed
    drawn = drawn[weighed > 0]
    low, high = np.quantile(drawn, [(1 - LEVEL) / 2, (1 + LEVEL) / 2])
    n = int((counts.sum(axis=0) > 0).sum())
    also = f" and {len(table)} draws" if len(table) > 1 else ""
    method = f"bootstrap of patients{also}, percentile, {resamples} resamples"
    return enclosing(float(sums.sum() / counts.sum()), float(low), float(high), method, n, LEVEL)
