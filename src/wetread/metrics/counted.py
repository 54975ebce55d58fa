"""The numbers of ``discrimination`` and ``confusion`` for many resamples at once.

A resample is written as counts: how often each row was drawn. Every function here looks at the data once (sorts them,
say) and returns a *counted statistic*: a function from a ``resample row`` table of counts to one value per resample,
NaN where that resample leaves the number undefined. A row of ones gives the number of the data themselves; thousands
of rows cost a few matrix operations instead of thousands of Python calls.

    statistic = counted.auroc(truth, score)
    statistic(np.ones((1, len(truth))))  # the AUROC itself, as an array of one

Differences are sums of functions: ``lambda counts: a(counts) - b(counts)`` is a paired comparison. ``minus(a, b)`` is
the same, and quicker where both are :class:`OfSums`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from wetread.metrics.confusion import KappaWeights, disagreement_cost
from wetread.metrics.delong import placements
from wetread.metrics.inputs import as_class_table, as_classes, as_column, as_scores, as_truth, known_pairs
from wetread.metrics.mix import OfSides, Sides, joined_sides, sides_by_label, sides_of

#: ``resample row`` counts -> one value per resample, NaN where it is not defined.
CountedStatistic = Callable[[NDArray[np.float64]], NDArray[np.float64]]


#: Numbers in a row from which on adding rows one by one is worth a call each.
LONG_ROW = 128
#: Cases from which on the AUROC is resampled by its components, and how many pairs of a positive and a negative they
#: must form: then an interval differs by less than 0.001 from the one that ranks every resample anew (a test holds it).
MANY_CASES, MANY_PAIRS = 5000, 250_000


class OfSums:
    """A counted statistic that needs no more of a resample than sums over its rows.

    A bootstrap adds the rows up by patient once, and then all resamples of all such statistics are one matrix product.

    Attributes:
        blocks: What is summed: tables ``row column``. Statistics made of others hold the very same tables, so that a
            mean of fourteen areas and the areas themselves cost fourteen. Rows of the counts beyond a table's add 0.
        finish: ``resample column`` sums, block beside block -> one value per resample, NaN where it is not defined.
        remark: What a report should say of the statistic; empty where it is what its name says.
        sides: What it looks at, see ``mix``; None where it takes all rows for one sample.
    """

    def __init__(
        self,
        blocks: Sequence[NDArray[np.float64]],
        finish: Callable[[NDArray[np.float64]], NDArray[np.float64]],
        remark: str = "",
        sides: Sides | None = None,
    ) -> None:
        self.blocks, self.finish, self.remark, self.sides = tuple(blocks), finish, remark, sides

    @property
    def width(self) -> int:
        """How many columns there are in all blocks."""
        return sum(block.shape[1] for block in self.blocks)

    def __call__(self, counts: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return one value per resample of a ``resample row`` table."""
        return self.finish(np.hstack([counts[:, : len(block)] @ block for block in self.blocks]))


def quotient(above: NDArray[np.float64], below: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return ``above / below``, NaN where ``below`` is 0, without a warning."""
    nowhere = np.full(np.broadcast(above, below).shape, np.nan)
    return np.asarray(np.divide(above, below, out=nowhere, where=below > 0))


def added_up(
    table: NDArray[np.float64], place: NDArray[np.integer[Any]], length: int | None = None
) -> NDArray[np.float64]:
    """Return a table whose row n is the sum of the rows whose place is n."""
    length = int(place.max()) + 1 if length is None else length
    added = np.empty((length, table.shape[1]))
    for number, column in enumerate(table.T):
        added[:, number] = np.bincount(place, weights=column, minlength=length)
    return added


def running_total(table: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return a table with one row more: row n is the sum of the first n rows.

    Row after row where rows are long, since NumPy's own cumulative sum goes down column by column: with 1,000 resamples
    side by side it takes five to eight times as long.
    """
    total = np.zeros((len(table) + 1, table.shape[1]))
    if table.shape[1] < LONG_ROW:
        np.cumsum(table, axis=0, out=total[1:])
        return total
    for number, row in enumerate(table):
        np.add(total[number], row, out=total[number + 1])
    return total


def by_rows(metric: Callable[[NDArray[np.int64]], float | None]) -> CountedStatistic:
    """Turn a function of row numbers (drawn rows repeated) into a counted statistic; slow, one call per resample.

    Args:
        metric: Gets the row numbers of one resample, returns its value, or None or NaN where there is none.
    """

    def statistic(counts: NDArray[np.float64]) -> NDArray[np.float64]:
        rows = np.arange(counts.shape[1])
        values = (metric(np.repeat(rows, drawn)) for drawn in counts.astype(np.int64))
        return np.array([np.nan if value is None else value for value in values], dtype=np.float64)

    return statistic


def once(statistic: CountedStatistic) -> CountedStatistic:
    """Remember the last answer: a mean of fourteen areas and the areas themselves then cost fourteen, not 28."""
    if isinstance(statistic, OfSums):
        return statistic
    last: list[NDArray[np.float64]] = []

    def remembered(counts: NDArray[np.float64]) -> NDArray[np.float64]:
        if not last or last[0] is not counts:
            last[:] = [counts, statistic(counts)]
        return last[1]

    return OfSides(remembered, sides_of(statistic))


def mean_of(statistics: Sequence[CountedStatistic]) -> CountedStatistic:
    """Return the unweighted mean of statistics, NaN in a resample where one of them is."""
    return _joined(statistics, lambda values: np.asarray(np.mean(values, axis=0)))


def minus(a: CountedStatistic, b: CountedStatistic) -> CountedStatistic:
    """Return the difference of two statistics in the same resamples: a paired comparison."""
    return _joined([a, b], lambda values: values[0] - values[1])


def _joined(
    statistics: Sequence[CountedStatistic], join: Callable[[list[NDArray[np.float64]]], NDArray[np.float64]]
) -> CountedStatistic:
    """Return one statistic made of several; of sums only, if they all are."""
    sums = [one for one in statistics if isinstance(one, OfSums)]
    sides = joined_sides(statistics)
    if not sums or len(sums) < len(statistics):
        return OfSides(lambda counts: join([statistic(counts) for statistic in statistics]), sides)
    ends = np.cumsum([one.width for one in sums])
    remarks = {one.remark for one in sums if one.remark}

    def finish(totals: NDArray[np.float64]) -> NDArray[np.float64]:
        return join([one.finish(totals[:, end - one.width : end]) for one, end in zip(sums, ends, strict=True)])

    return OfSums([block for one in sums for block in one.blocks], finish, " and ".join(sorted(remarks)), sides)


def mean_of_columns(values: ArrayLike) -> CountedStatistic:
    """Return the mean over columns of each column's mean over its rows that are known.

    Args:
        values: ``row column``, NaN where there is none.

    Raises:
        ValueError: It is not a table, or has no row.
    """
    table = np.asarray(values, dtype=np.float64)
    if table.ndim != 2 or table.size == 0:
        raise ValueError(f"values must be a table with at least one row, not of shape {table.shape}")
    known = np.isfinite(table)
    half = table.shape[1]
    columns = np.hstack([np.where(known, table, 0.0), known.astype(np.float64)])
    return OfSums([columns], lambda sums: np.asarray(quotient(sums[:, :half], sums[:, half:]).mean(axis=1)))


def auroc(truth: ArrayLike, score: ArrayLike, rows: ArrayLike | None = None) -> CountedStatistic:
    """Return the counted :func:`wetread.metrics.discrimination.auroc`.

    With ``MANY_CASES`` cases that form ``MANY_PAIRS`` pairs or more, it is :func:`auroc_by_components`.

    Args:
        truth: One bool (or 0/1) per case.
        score: One finite number per case.
        rows: The row of the counts that each case belongs to, where they hold other rows as well or several cases
            share one; case n is row n if None.
    """
    y = as_truth(truth)
    s = as_scores(score, len(y))
    place = np.arange(len(y)) if rows is None else as_column(rows, len(y), "rows")
    positives = int(y.sum())
    if len(y) >= MANY_CASES and positives * (len(y) - positives) >= MANY_PAIRS:
        return auroc_by_components(y, s, place)
    return auroc_by_ranks(y, s, place)


def auroc_by_components(truth: ArrayLike, score: ArrayLike, rows: ArrayLike | None = None) -> OfSums:
    """Return the counted AUROC to first order, from DeLong's components; arguments as for :func:`auroc`.

    A pair's outcome (does the positive win?) is the AUROC, plus how much this positive wins above average, plus how
    much this negative loses above average, plus a rest that has mean zero for each positive and each negative. In a
    resample the first three are weighted means; only the rest is left out, and it averages to at most half the inverse
    root of the number of pairs (Hoeffding 1948). In the data themselves nothing is left out.
    """
    y = as_truth(truth)
    s = as_scores(score, len(y))
    place = np.arange(len(y)) if rows is None else as_column(rows, len(y), "rows")
    cases = np.zeros((4, len(y)))
    cases[1, y] = cases[3, ~y] = 1.0
    area = np.nan
    if y.any() and not y.all():
        cases[0, y], cases[2, ~y] = placements(y, s)
        area = float(cases[0, y].mean())
    columns = added_up(cases.T, place)

    def finish(sums: NDArray[np.float64]) -> NDArray[np.float64]:
        wins, losses = quotient(sums[:, 0], sums[:, 1]), quotient(sums[:, 2], sums[:, 3])
        return np.asarray(np.clip(wins + losses - area, 0.0, 1.0))

    return OfSums([columns], finish, "of DeLong's components", (place[y], place[~y]))


def auroc_by_ranks(truth: ArrayLike, score: ArrayLike, rows: ArrayLike | None = None) -> CountedStatistic:
    """Return the counted AUROC exactly: every resample is ranked; arguments as for :func:`auroc`."""
    y = as_truth(truth)
    s = as_scores(score, len(y))
    place = np.arange(len(y)) if rows is None else as_column(rows, len(y), "rows")
    if 2 * y.sum() > len(y):  # turned round, positives are the fewer ones again
        y, s = ~y, -s
    negative = place[~y][np.argsort(s[~y], kind="stable")]
    falling = np.sort(s[~y])
    below, upto = np.searchsorted(falling, s[y], "left"), np.searchsorted(falling, s[y], "right")
    tied, positive_rows = bool((below != upto).any()), place[y]

    def statistic(counts: NDArray[np.float64]) -> NDArray[np.float64]:
        drawn = np.ascontiguousarray(counts.T)
        # Only what lies below each positive is looked up, so that rare findings cost one pass over the negatives.
        passed = running_total(drawn[negative])
        positive = drawn[positive_rows]
        wins = np.einsum("ij,ij->j", positive, passed[below])
        if tied:
            wins = (wins + np.einsum("ij,ij->j", positive, passed[upto])) / 2
        return quotient(wins, positive.sum(axis=0) * passed[-1])

    return OfSides(statistic, (place[y], place[~y]))


def average_precision(truth: ArrayLike, score: ArrayLike, rows: ArrayLike | None = None) -> CountedStatistic:
    """Return the counted :func:`wetread.metrics.discrimination.average_precision`; arguments as for `auroc`."""
    y = as_truth(truth)
    s = as_scores(score, len(y))
    place = np.arange(len(y)) if rows is None else as_column(rows, len(y), "rows")
    order = np.argsort(-s, kind="stable")
    falling, hit = -s[order], y[order]
    # At each positive: all that are called with it, and all positives among them; ties are called together.
    called_to = np.searchsorted(falling, falling[hit], "right")
    found_to = np.searchsorted(falling[hit], falling[hit], "right")
    rows_falling = place[order]

    def statistic(counts: NDArray[np.float64]) -> NDArray[np.float64]:
        drawn = np.ascontiguousarray(counts.T)[rows_falling]
        positive = drawn[hit]
        called, hits = running_total(drawn), running_total(positive)
        area = np.einsum("ij,ij->j", positive, hits[found_to] / np.maximum(called[called_to], 1))
        return quotient(area, np.where(hits[-1] < called[-1], hits[-1], 0))  # None without negatives, as for the data

    return statistic


def rate(successes: ArrayLike, trials: ArrayLike) -> CountedStatistic:
    """Return the counted share of ``trials`` that are ``successes``; both bool per row, a success is also a trial.

    Sensitivity is ``rate(truth & predicted, truth)``, the positive predictive value swaps ``predicted`` in at the end.
    Its one side are the trials: where they are all of one class, the rate does not move with the mix of classes.
    """
    won = as_truth(successes, "successes")
    tried = as_truth(trials, "trials")
    if len(won) != len(tried) or (won & ~tried).any():
        raise ValueError("successes and trials must be of one length, and every success a trial")
    both = np.stack([won, tried], axis=1).astype(np.float64)
    return OfSums([both], lambda sums: quotient(sums[:, 0], sums[:, 1]), sides=(np.flatnonzero(tried),))


def _of_matrices(
    truth: ArrayLike,
    predicted: ArrayLike,
    n_classes: int,
    finish: Callable[[NDArray[np.float64]], NDArray[np.float64]],
    sides: Sides | None = None,
) -> OfSums:
    """Return a statistic from what it does with ``resample truth predicted`` tables."""
    t = as_classes(truth, n_classes)
    p = as_classes(predicted, n_classes, "predicted")
    if len(t) != len(p):
        raise ValueError(f"truth has {len(t)} rows and predicted {len(p)}")
    cell = np.eye(n_classes**2, dtype=np.float64)[t * n_classes + p]
    return OfSums([cell], lambda sums: finish(sums.reshape(-1, n_classes, n_classes)), sides=sides)


def f1(truth: ArrayLike, predicted: ArrayLike) -> CountedStatistic:
    """Return the counted :func:`wetread.metrics.confusion.f1`."""

    def finish(m: NDArray[np.float64]) -> NDArray[np.float64]:
        return quotient(2 * m[:, 1, 1], 2 * m[:, 1, 1] + m[:, 0, 1] + m[:, 1, 0])

    return _of_matrices(as_truth(truth), as_truth(predicted, "predicted"), 2, finish)


def macro_f1(truth: ArrayLike, predicted: ArrayLike, n_classes: int) -> CountedStatistic:
    """Return the counted :func:`wetread.metrics.confusion.macro_f1`."""

    def finish(m: NDArray[np.float64]) -> NDArray[np.float64]:
        hits = np.diagonal(m, axis1=1, axis2=2)
        return np.asarray(quotient(2 * hits, m.sum(axis=1) + m.sum(axis=2)).mean(axis=1))

    return _of_matrices(truth, predicted, n_classes, finish)


def balanced_accuracy(truth: ArrayLike, predicted: ArrayLike, n_classes: int) -> CountedStatistic:
    """Return the counted :func:`wetread.metrics.confusion.balanced_accuracy`."""

    def finish(m: NDArray[np.float64]) -> NDArray[np.float64]:
        return np.asarray(quotient(np.diagonal(m, axis1=1, axis2=2), m.sum(axis=2)).mean(axis=1))

    return _of_matrices(truth, predicted, n_classes, finish, sides_by_label(truth))


def cohen_kappa(
    truth: ArrayLike, predicted: ArrayLike, n_classes: int, weights: KappaWeights = "none"
) -> CountedStatistic:
    """Return the counted :func:`wetread.metrics.confusion.cohen_kappa`."""
    cost = disagreement_cost(n_classes, weights)

    def finish(m: NDArray[np.float64]) -> NDArray[np.float64]:
        expected = np.einsum("bi,ij,bj->b", m.sum(axis=2), cost, m.sum(axis=1))
        return 1 - quotient(np.einsum("bij,ij->b", m, cost) * m.sum(axis=(1, 2)), expected)

    return _of_matrices(truth, predicted, n_classes, finish)


def macro_auroc(truth: ArrayLike, probabilities: ArrayLike) -> CountedStatistic:
    """Return the counted :func:`wetread.metrics.discrimination.macro_auroc`."""
    classes = as_classes(truth)
    table = as_class_table(probabilities, len(classes))
    as_classes(classes, table.shape[1])
    return mean_of([auroc(classes == k, table[:, k]) for k in range(table.shape[1])])


def micro_auroc(truth: ArrayLike, probabilities: ArrayLike) -> CountedStatistic:
    """Return the counted :func:`wetread.metrics.discrimination.micro_auroc`."""
    is_there, score, image = known_pairs(truth, probabilities)
    return auroc(is_there, score, image) if len(score) else lambda counts: np.full(len(counts), np.nan)
