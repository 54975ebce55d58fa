"""Readers and model by the F1 with which they find what others call: both protocols of CheXNet.

The paper (Rajpurkar 2017, arXiv 1711.05225): each reader is scored against each of the other readers *and the model*,
the model against each reader; F1s are averaged. Its project page (stanfordmlgroup.github.io/projects/chexnet): the
truth is the majority of the other readers; the model is scored against the majority of each group of all readers but
one, averaged. Patients are drawn 10,000 times, once for all numbers; a difference whose interval excludes 0 counts as
significant.

F1 = 2 both / (called by one + called by the other), so it does not matter who of two is the truth. Where neither calls
anything it is not defined, and counts as 0, as in the paper; how often that happened is counted. Two are compared on
the images that both have read.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from wetread.readers.resample import draw_counts
from wetread.shapes import Bools, Floats

#: What a tie of an even number of readers is: no truth, so that the image is left out of this comparison; or a vote.
Ties = Literal["leave out", "absent", "present"]

RESAMPLES = 10_000


@dataclass(frozen=True)
class Comparisons:
    """Who is compared with whom, and which comparisons each row of the result is the mean of.

    Attributes:
        first: ``comparison image finding``: 1, 0, NaN.
        second: The same of the other side.
        rows: Per row of the result the numbers of its comparisons.
        ties: ``finding``: images on which a majority was tied, over all groups; zeros in the paper's protocol.
    """

    first: Floats
    second: Floats
    rows: list[list[int]]
    ties: NDArray[np.int64]


@dataclass(frozen=True)
class Scores:
    """F1 of each row of a protocol.

    Attributes:
        values: ``row column``: in the data. Columns are the findings, all of them pooled, and their mean. NaN where a
            row has nobody to be compared with.
        draws: ``resample row column``.
        undefined: ``finding``: how many comparisons of the data had no F1, and count as 0.
        undefined_draws: The share of all F1s in the resamples that were not defined.
        ties: ``finding``: from `Comparisons`.
    """

    values: Floats
    draws: Floats
    undefined: NDArray[np.int64]
    undefined_draws: float
    ties: NDArray[np.int64]


def paper_comparisons(readers: Floats, model: Floats | None) -> Comparisons:
    """The paper's protocol.

    Args:
        readers: ``reader image finding``: 1, 0, NaN not read.
        model: ``image finding``, or None.

    Returns:
        Rows: each reader against the others and the model; with a model also the model against each reader, and then
        each reader against the other readers only.
    """
    n = len(readers)
    everybody = readers if model is None else np.concatenate([readers, model[None]])
    pairs = list(combinations(range(len(everybody)), 2))
    rows = [[k for k, pair in enumerate(pairs) if who in pair] for who in range(len(everybody))]
    if model is not None:
        rows += [[k for k, pair in enumerate(pairs) if who in pair and n not in pair] for who in range(n)]
    first, second = [a for a, _ in pairs], [b for _, b in pairs]
    return Comparisons(everybody[first], everybody[second], rows, np.zeros(readers.shape[2], dtype=np.int64))


def majority_comparisons(readers: Floats, model: Floats | None, ties: Ties = "leave out") -> Comparisons:
    """The project page's protocol.

    Args:
        readers: As for `paper_comparisons`.
        model: As for `paper_comparisons`.
        ties: What a tie among an even number of readers is.

    Returns:
        Rows: each reader against the majority of the others; with a model also the model against the majority of each
        group of all readers but one.
    """
    n = len(readers)
    votes, tied = zip(*(majority(np.delete(readers, out, axis=0), ties) for out in range(n)), strict=True)
    truths, found = np.stack(votes), np.sum(tied, axis=0)
    if model is None:
        return Comparisons(readers, truths, [[who] for who in range(n)], found)
    both = np.concatenate([readers, np.repeat(model[None], n, axis=0)])
    rows = [[who] for who in range(n)] + [list(range(n, 2 * n))]
    return Comparisons(both, np.concatenate([truths, truths]), rows, found)


def majority(readers: Floats, ties: Ties = "leave out") -> tuple[Floats, NDArray[np.int64]]:
    """What more than half of the readers said.

    Images that fewer than two of them read have no majority, unless the group is one reader.

    Args:
        readers: ``reader image finding``: 1, 0, NaN not read.
        ties: What a tie is.

    Returns:
        ``image finding`` 1, 0, NaN; and how many ties there were per finding.
    """
    read = np.isfinite(readers).sum(axis=0)
    yes = np.nansum(readers, axis=0)
    enough = read >= min(2, len(readers))
    vote = np.where(enough, (2 * yes > read).astype(np.float64), np.nan)
    tied = enough & (2 * yes == read)
    vote[tied] = {"leave out": np.nan, "absent": 0.0, "present": 1.0}[ties]
    return vote, tied.sum(axis=0)


def score(
    compared: Comparisons,
    groups: Sequence[str],
    *,
    resamples: int = RESAMPLES,
    seed: int = 0,
    pooled: Sequence[int] | None = None,
) -> Scores:
    """Computes the F1 of every row, in the data and in every resample.

    Args:
        compared: From `paper_comparisons` or `majority_comparisons`.
        groups: The patient of each image.
        resamples: How often patients are drawn.
        seed: Of the draws; two protocols with one seed see the same draws.
        pooled: The findings that are pooled and averaged; all if None.
    """
    known = np.isfinite(compared.first) & np.isfinite(compared.second)
    a, b = np.where(known, compared.first, 0.0), np.where(known, compared.second, 0.0)
    comparisons, images, findings = a.shape
    columns = np.concatenate([a * b, a + b], axis=2).transpose(1, 0, 2).reshape(images, -1)
    chosen = list(range(findings)) if pooled is None else list(pooled)
    comparable = np.asarray(known.any(axis=1))
    weights = _weights(comparable, compared.rows, chosen)

    def rows_of(counts: NDArray[np.float64]) -> tuple[Floats, Bools]:
        sums = (counts @ columns).reshape(len(counts), comparisons, 2 * findings)
        both, called = sums[:, :, :findings], sums[:, :, findings:]
        f1 = _f1(both, called)
        all_f1 = _f1(both[:, :, chosen].sum(axis=2), called[:, :, chosen].sum(axis=2))
        by_row = np.einsum("bcf,rcf->brf", np.concatenate([f1, all_f1[:, :, None]], axis=2), weights)
        mean = by_row[:, :, chosen].mean(axis=2, keepdims=True)
        return np.concatenate([by_row, mean], axis=2), np.asarray(called == 0)

    values, nothing = rows_of(np.ones((1, images)))
    draws, empty = [], 0
    for counts in draw_counts(groups, resamples, seed):
        found, undefined = rows_of(counts)
        draws.append(found)
        empty += int((undefined & comparable).sum())
    share = empty / max(1, resamples * int(comparable.sum()))
    undefined_here = (nothing[0] & comparable).sum(axis=0)
    return Scores(values[0], np.concatenate(draws), undefined_here, share, compared.ties)


def _f1(both: Floats, called: Floats) -> Floats:
    return np.asarray(np.divide(2 * both, called, out=np.zeros_like(called), where=called > 0))


def _weights(comparable: NDArray[np.bool_], rows: Sequence[Sequence[int]], pooled: Sequence[int]) -> Floats:
    """``row comparison column``: each row is the mean of those of its comparisons that share images; else NaN."""
    usable = np.concatenate([comparable, comparable[:, list(pooled)].any(axis=1, keepdims=True)], axis=1)
    weights = np.zeros((len(rows), *usable.shape))
    for number, row in enumerate(rows):
        weights[number, list(row)] = usable[list(row)]
        total = weights[number].sum(axis=0)
        weights[number] = np.where(total > 0, weights[number] / np.maximum(total, 1), np.nan)
    return weights
