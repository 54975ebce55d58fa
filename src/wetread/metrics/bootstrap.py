"""Intervals for anything, drawing patients rather than images.

Images of one patient resemble each other, so they are drawn together or not at all; with four images per patient,
intervals that take images as independent cover about 0.76 of a nominal 0.95. What does not move with how common each
class is (a sensitivity, an AUROC of two classes) is drawn within strata, the set of labels a patient has, so that no
resample lacks a class which the data have. Everything else is drawn from all patients, since in new data the classes
would be mixed a little differently; ``mix`` says which is which.

A statistic that needs only sums (``counted.OfSums``: rates, means, what a confusion matrix says, the AUROC of many
cases by its components) is added up by patient once; all resamples of all such statistics are then one matrix product,
and leaving out a patient is a subtraction. The others get a table of counts with a column per row.

Source: Efron 1987 (BCa: bias-corrected and accelerated percentiles; with strata: Davison & Hinkley 1997, section 5.4).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from functools import partial

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import ndtr, ndtri
from threadpoolctl import threadpool_limits

from wetread.metrics.counted import CountedStatistic, OfSums, added_up
from wetread.metrics.inputs import as_column, check_level
from wetread.metrics.interval import Interval, enclosing
from wetread.metrics.mix import moves_with_mix

#: Below this number of patients the acceleration of BCa is noise.
FEWEST_FOR_BCA = 20
#: Above it, leaving out each patient in turn is slow where sums are not enough, and BCa and percentile bounds agree.
MOST_FOR_BCA = 5000
#: Cells of a table of counts drawn at once, and resamples at least: a matrix product wants more than a few rows.
CELLS_AT_ONCE, RESAMPLES_AT_ONCE = 2**18, 32
#: Cells handed to the statistics at once: long rows are quick to gather and to add up, and 16 MB is little.
CELLS_TOGETHER = 2**21
#: Members from which on counting one resample after the other stays nearer to the processor than all at once.
LONG_ROW = 2048
#: Tables drawn side by side; each has its own random numbers, so how many there are does not change the result.
THREADS = 2


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

    Given strata, those that move with the mix of labels (:func:`wetread.metrics.mix.moves_with_mix`) share resamples of
    all patients, the others resamples within strata. A resample that leaves a statistic undefined, as one without a
    class may, does not count for it.

    The bounds are BCa. They are plain percentiles, and ``method`` says why, with fewer than 20 patients, with more than
    5000 where a statistic needs more than sums, when every resample gives the same value, when the value lies outside
    all resamples, when leaving out a patient changes nothing or leaves the statistic undefined, or when more than a
    tenth of the resamples do.

    Args:
        statistics: Name -> counted statistic (see ``counted``; its ``by_rows`` wraps a plain function of row numbers).
        patients: Who each row belongs to; any kind of key.
        strata: Label of each row, usually the truth; None to draw from all patients for every statistic. For what
            does not move with the mix of labels, patients are drawn within their set of labels; sets that a single
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
    within, everybody = _members(patient, labels), [np.arange(int(patient.max()) + 1)]
    held, moving = {}, dict(statistics)
    if len(within) > 1:
        held = {name: one for name, one in statistics.items() if not moves_with_mix(one, labels)}
        moving = {name: one for name, one in statistics.items() if name not in held}
    found: dict[str, Interval | None] = {}
    for part, members in ((held, within), (moving, everybody)):
        if part:
            found |= _intervals(part, patient, members, resamples=resamples, level=level, seed=seed)
    return {name: found[name] for name in statistics}


def _intervals(
    statistics: Mapping[str, CountedStatistic],
    patient: NDArray[np.intp],
    members: list[NDArray[np.intp]],
    *,
    resamples: int,
    level: float,
    seed: int,
) -> dict[str, Interval | None]:
    """Return the interval of each statistic, patients drawn within the groups of ``members``."""
    n = int(patient.max()) + 1
    sums = _Sums({name: one for name, one in statistics.items() if isinstance(one, OfSums)}, patient)
    others = {name: one for name, one in statistics.items() if not isinstance(one, OfSums)}
    values = _in_pieces(sums, others, [lambda: np.ones((1, n))], patient)
    drawn = _in_pieces(sums, others, _draw(members, n, resamples, seed), patient)
    few = f"fewer than {FEWEST_FOR_BCA} patients" if n < FEWEST_FOR_BCA else ""
    many = f"more than {MOST_FOR_BCA} patients" if n > MOST_FOR_BCA else ""
    left_out = {} if few else sums.without_each()
    if others and not (few or many):
        left_out |= _in_pieces(_Sums({}, patient), others, _leave_one_out(n, len(patient)), patient)

    intervals: dict[str, Interval | None] = {}
    for name in statistics:
        value = float(values[name][0])
        kept = drawn[name][np.isfinite(drawn[name])]
        if not np.isfinite(value) or len(kept) < 2:
            intervals[name] = None
            continue
        shares, why = _bca_shares(value, kept, left_out.get(name), members, level)
        why = few or (many if name in others else "") or why
        if len(kept) < 0.9 * resamples:
            why = f"{resamples - len(kept)} of {resamples} resamples undefined"
        if why:
            shares = np.array([(1 - level) / 2, (1 + level) / 2])
        kind, remark = ("percentile", f" ({why})") if why else ("BCa", "")
        method = f"patient bootstrap {kind}, {resamples} resamples{_of_what(statistics[name])}{remark}"
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


class _Sums:
    """All statistics that need only sums, with their columns added up by patient and set side by side."""

    def __init__(self, statistics: Mapping[str, OfSums], patient: NDArray[np.intp]) -> None:
        self.statistics = statistics
        n = int(patient.max()) + 1
        blocks = {id(block): block for one in statistics.values() for block in one.blocks}
        self.place, width = {}, 0
        for key, block in blocks.items():
            self.place[key] = slice(width, width + block.shape[1])
            width += block.shape[1]
        self.by_patient = np.empty((n, width))
        for key, block in blocks.items():
            self.by_patient[:, self.place[key]] = added_up(block, patient[: len(block)], n)

    def finish(self, totals: NDArray[np.float64]) -> dict[str, NDArray[np.float64]]:
        """Return each statistic from ``resample column`` sums."""
        found = {}
        for name, one in self.statistics.items():
            sums = np.hstack([totals[:, self.place[id(block)]] for block in one.blocks])
            found[name] = np.asarray(one.finish(sums), dtype=np.float64)
        return found

    def without_each(self) -> dict[str, NDArray[np.float64]]:
        """Return each statistic with one patient after the other left out."""
        return self.finish(self.by_patient.sum(axis=0) - self.by_patient)


def _of_what(statistic: CountedStatistic) -> str:
    remark = statistic.remark if isinstance(statistic, OfSums) else ""
    return f" {remark}" if remark else ""


#: Makes a ``resample patient`` table of how often each patient was drawn.
Piece = Callable[[], NDArray[np.float64]]


def _draw(members: list[NDArray[np.intp]], n: int, resamples: int, seed: int) -> list[Piece]:
    """Return what draws the resamples; each piece has its own random numbers, so they can be drawn side by side."""
    at_once = max(RESAMPLES_AT_ONCE, CELLS_AT_ONCE // n)

    def piece(start: int) -> NDArray[np.float64]:
        random = np.random.default_rng([seed, start])
        size = min(at_once, resamples - start)
        counts = np.empty((size, n))
        for group in members:
            m = len(group)
            drawn = random.integers(0, m, size=(size, m))
            if m < LONG_ROW:
                drawn += np.arange(size)[:, None] * m
                counts[:, group] = np.bincount(drawn.ravel(), minlength=size * m).reshape(size, m)
                continue
            for row, one in zip(counts, drawn, strict=True):
                row[group] = np.bincount(one, minlength=m)
        return counts

    return [partial(piece, start) for start in range(0, resamples, at_once)]


def _leave_one_out(n: int, rows: int) -> list[Piece]:
    """Return what makes the tables in which one patient after the other is missing."""
    at_once = max(1, CELLS_AT_ONCE // rows)

    def piece(start: int) -> NDArray[np.float64]:
        size = min(at_once, n - start)
        counts = np.ones((size, n))
        counts[np.arange(size), start + np.arange(size)] = 0
        return counts

    return [partial(piece, start) for start in range(0, n, at_once)]


def _in_pieces(
    sums: _Sums, others: Mapping[str, CountedStatistic], pieces: list[Piece], patient: NDArray[np.intp]
) -> dict[str, NDArray[np.float64]]:
    """Return each statistic in every resample; the rows of a patient all get the patient's count."""
    totals: list[NDArray[np.float64]] = []
    found: dict[str, list[NDArray[np.float64]]] = {name: [] for name in others}

    def tables() -> Iterator[NDArray[np.float64]]:
        for counts, added in _side_by_side(pieces, sums.by_patient):
            totals.append(added)
            yield counts

    for counts in _spread(tables(), patient) if others else tables():
        for name, statistic in others.items():
            found[name].append(np.asarray(statistic(counts), dtype=np.float64))
    return sums.finish(np.concatenate(totals)) | {name: np.concatenate(parts) for name, parts in found.items()}


def _side_by_side(
    pieces: list[Piece], by_patient: NDArray[np.float64]
) -> Iterator[tuple[NDArray[np.float64], NDArray[np.float64]]]:
    """Yield each table and its product with what is summed by patient; large ones by several threads."""

    def work(piece: Piece) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        counts = piece()
        return counts, counts @ by_patient

    if len(pieces) <= THREADS:
        yield from map(work, pieces)
        return
    # Left to itself, the product would wait for threads of its own, which on a busy machine takes ten times as long.
    with threadpool_limits(1, "blas"), ThreadPoolExecutor(THREADS) as threads:
        for first in range(0, len(pieces), THREADS):  # no more tables at once than threads: they are large
            yield from threads.map(work, pieces[first : first + THREADS])


def _spread(pieces: Iterable[NDArray[np.float64]], patient: NDArray[np.intp]) -> Iterator[NDArray[np.float64]]:
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
