"""Intervals for anything, drawing patients rather than images.

Images of one patient resemble each other, so they are drawn together or not at all; with four images per patient,
intervals that take images as independent cover about 0.76 of a nominal 0.95. Patients are drawn within strata (the set
of labels a patient has), so that no resample lacks a class which the data have.

Source: Efron 1987 (BCa: bias-corrected and accelerated percentiles; with strata: Davison & Hinkley 1997, section 5.4).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import ndtr, ndtri

from wetread.metrics.counted import CountedStatistic
from wetread.metrics.inputs import as_column, check_level
from wetread.metrics.interval import Interval, enclosing

#: Below this number of patients the acceleration of BCa is noise.
FEWEST_FOR_BCA = 20
#: Above it, leaving out each patient in turn is slow, and BCa and percentile bounds agree.
MOST_FOR_BCA = 5000
#: Cells of a table of counts drawn at once.
CELLS_AT_ONCE = 2**18
#: Cells handed to the statistics at once: long rows are quick to gather and to add up, and 16 MB is little.
CELLS_TOGETHER = 2**21


def patient_bootstrap(
    statistic: CountedStatistic,
    patients: ArrayLike,
    strata: ArrayLike | None = None,
    *,
    resamples: int = 2000,
    level: float = 0.95,
    seed: int = 0,
) -> Interval | None:
    """Return a statistic with its BCa interval over resampled patients; see :func:`patient_bootstrap_many`."""
    options = {"resamples": resamples, "level": level, "seed": seed}
    return patient_bootstrap_many({"it": statistic}, patients, strata, **options)["it"]  # type: ignore[arg-type]


def patient_bootstrap_many(
    statistics: Mapping[str, CountedStatistic],
    patients: ArrayLike,
    strata: ArrayLike | None = None,
    *,
    resamples: int = 2000,
    level: float = 0.95,
    seed: int = 0,
) -> dict[str, Interval | None]:
    """Return several statistics with intervals from the same resamples, so that they can be set side by side.

    The bounds are BCa. They are plain percentiles, and ``method`` says why, with fewer than 20 or more than 5000
    patients, when every resample gives the same value, when the value lies outside all resamples, when leaving out a
    patient changes nothing or leaves the statistic undefined, or when more than a tenth of the resamples do.

    Args:
        statistics: Name -> counted statistic (see ``counted``; its ``by_rows`` wraps a plain function of row numbers).
        patients: Who each row belongs to; any kind of key.
        strata: Label of each row, usually the truth. Patients are drawn within their set of labels; sets that a single
            patient has are pooled, because a stratum of one is drawn every time and feigns certainty.
        resamples: How many resamples to draw.
        level: Confidence level in (0, 1).
        seed: Seed of the draws; the same seed gives the same numbers.

    Returns:
        Name -> interval, whose ``n`` is the number of patients; None where the statistic is undefined in the data.

    Raises:
        ValueError: Lengths differ, no rows, fewer than 2 resamples, or a level outside (0, 1).
    """
    check_level(level)
    keys = np.asarray(patients)
    if keys.ndim != 1 or keys.size == 0 or resamples < 2:
        raise ValueError(f"needs a column of patients and 2 resamples or more, not {keys.shape} and {resamples}")
    _, patient = np.unique(keys, return_inverse=True)
    labels = np.zeros(len(keys)) if strata is None else as_column(strata, len(keys), "strata")
    members = _members(patient, labels)
    n = int(patient.max()) + 1

    values = _in_pieces(statistics, [np.ones((1, n))], patient)
    drawn = _in_pieces(statistics, _draw(members, n, resamples, len(keys), seed), patient)
    reason = ""
    if n < FEWEST_FOR_BCA:
        reason = f"fewer than {FEWEST_FOR_BCA} patients"
    elif n > MOST_FOR_BCA:
        reason = f"more than {MOST_FOR_BCA} patients"
    left_out = {} if reason else _in_pieces(statistics, _leave_one_out(n, len(keys)), patient)

    intervals: dict[str, Interval | None] = {}
    for name in statistics:
        value = float(values[name][0])
        kept = drawn[name][np.isfinite(drawn[name])]
        if not np.isfinite(value) or len(kept) < 2:
            intervals[name] = None
            continue
        shares, why = _bca_shares(value, kept, left_out.get(name), members, level)
        why = reason or why
        if len(kept) < 0.9 * resamples:
            why = f"{resamples - len(kept)} of {resamples} resamples undefined"
        if why:
            shares = np.array([(1 - level) / 2, (1 + level) / 2])
        kind, remark = ("percentile", f" ({why})") if why else ("BCa", "")
        method = f"patient bootstrap {kind}, {resamples} resamples{remark}"
        low, high = np.quantile(kept, shares)
        intervals[name] = enclosing(value, low, high, method, n, level)
    return intervals


def _members(patient: NDArray[np.intp], labels: NDArray[np.generic]) -> list[NDArray[np.intp]]:
    """Return the patient numbers of each stratum: patients with the same set of labels, lone patients pooled."""
    _, label = np.unique(labels, return_inverse=True)
    has = np.zeros((patient.max() + 1, label.max() + 1), dtype=np.bool_)
    has[patient, label] = True
    _, stratum, size = np.unique(has, axis=0, return_inverse=True, return_counts=True)
    stratum = stratum.reshape(-1)
    lone = size[stratum] == 1
    groups = [np.flatnonzero(stratum == k) for k in np.flatnonzero(size > 1)]
    return [*groups, np.flatnonzero(lone)] if lone.any() else groups


def _draw(
    members: list[NDArray[np.intp]], n: int, resamples: int, rows: int, seed: int
) -> Iterator[NDArray[np.float64]]:
    """Yield ``resample patient`` tables of how often each patient was drawn, in pieces."""
    random = np.random.default_rng(seed)
    at_once = max(1, CELLS_AT_ONCE // rows)
    for start in range(0, resamples, at_once):
        size = min(at_once, resamples - start)
        counts = np.empty((size, n))
        for group in members:
            m = len(group)
            cell = random.integers(0, m, size=(size, m)) + np.arange(size)[:, None] * m
            counts[:, group] = np.bincount(cell.ravel(), minlength=size * m).reshape(size, m)
        yield counts


def _leave_one_out(n: int, rows: int) -> Iterator[NDArray[np.float64]]:
    """Yield ``resample patient`` tables in which one patient after the other is missing, in pieces."""
    at_once = max(1, CELLS_AT_ONCE // rows)
    for start in range(0, n, at_once):
        size = min(at_once, n - start)
        counts = np.ones((size, n))
        counts[np.arange(size), start + np.arange(size)] = 0
        yield counts


def _in_pieces(
    statistics: Mapping[str, CountedStatistic],
    pieces: Iterator[NDArray[np.float64]] | list[NDArray[np.float64]],
    patient: NDArray[np.intp],
) -> dict[str, NDArray[np.float64]]:
    """Return each statistic in every resample; the rows of a patient all get the patient's count."""
    found: dict[str, list[NDArray[np.float64]]] = {name: [] for name in statistics}
    for counts in _spread(pieces, patient):
        for name, statistic in statistics.items():
            found[name].append(np.asarray(statistic(counts), dtype=np.float64))
    return {name: np.concatenate(parts) for name, parts in found.items()}


def _spread(
    pieces: Iterator[NDArray[np.float64]] | list[NDArray[np.float64]], patient: NDArray[np.intp]
) -> Iterator[NDArray[np.float64]]:
    """Yield ``resample row`` tables of several pieces; the counts of one row in all resamples lie side by side."""
    waiting: list[NDArray[np.float64]] = []
    for piece in pieces:
        waiting.append(piece)
        if sum(map(len, waiting)) * len(patient) >= CELLS_TOGETHER:
            yield np.ascontiguousarray(np.concatenate(waiting).T)[patient].T
            waiting = []
    if waiting:
        yield np.ascontiguousarray(np.concatenate(waiting).T)[patient].T


def _bca_shares(
    value: float,
    drawn: NDArray[np.float64],
    left_out: NDArray[np.float64] | None,
    members: list[NDArray[np.intp]],
    level: float,
) -> tuple[NDArray[np.float64], str]:
    """Return which quantiles of the resamples bound the interval, or why BCa cannot say."""
    nowhere = np.array([0.0, 1.0])
    if left_out is None:
        return nowhere, ""
    near = np.abs(drawn - value) <= 1e-12 * max(1.0, abs(value))  # equal up to rounding, as counts add up in any order
    if near.all():
        return nowhere, "every resample gives the same value"
    below = float(np.mean(np.where(near, 0.5, drawn < value)))
    if below in (0.0, 1.0):
        return nowhere, "the value lies outside all resamples"
    influence = [(len(group) - 1) * (left_out[group].mean() - left_out[group]) for group in members if len(group) > 1]
    spread = sum(float(np.sum(u**2)) / len(u) ** 2 for u in influence)
    if not np.isfinite(spread) or spread == 0:
        return nowhere, "undefined or unchanged without one patient"
    acceleration = sum(float(np.sum(u**3)) / len(u) ** 3 for u in influence) / (6 * spread**1.5)
    bias = float(ndtri(below))
    z = bias + ndtri(np.array([(1 - level) / 2, (1 + level) / 2]))
    if (acceleration * z >= 1).any():
        return nowhere, "too skewed for BCa"
    return np.asarray(ndtr(bias + z / (1 - acceleration * z))), ""
