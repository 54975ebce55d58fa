"""Folds of images that can have several findings: groups whole, each finding in proportion.

Iterative stratification (Sechidis, Tsoumakas & Vlahavas 2011, 10.1007/978-3-642-23808-6_10): the rarest label that is
left is dealt first, each time to the fold that lacks most of it, since a label dealt late can no longer be spread.
Here groups are dealt instead of images, with all their labels at once, the largest first; and absence is a label like
presence, so that findings nearly everybody has, and those that are known of few images, are spread as well.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from wetread.errors import InputError
from wetread.shapes import Floats, Ints

#: Group assignments tried in all: the best of several divisions of a small set, one of a large set.
TRIED = 20_000
MOST_DIVISIONS = 12


def finding_folds(labels: Floats, groups: Ints, folds: int, seed: int) -> list[Ints]:
    """Divides rows into folds that keep groups whole and findings in proportion.

    Args:
        labels: ``image finding``: 1 present, 0 absent, NaN not known.
        groups: Group number per row.
        folds: How many; reduced where there are fewer groups.
        seed: Of the order among equals.

    Returns:
        For each fold the numbers of its rows, ascending. A finding that fewer groups have than there are folds is
        missing from some of them.

    Raises:
        InputError: There is only one group.
    """
    _, group = np.unique(groups, return_inverse=True)
    size = np.bincount(group)
    folds = min(folds, len(size))
    if folds < 2:
        raise InputError(
            "All images belong to one patient (or are copies of one picture), so nothing can be held out.",
            remedy="Collect images of more patients.",
            code="class-too-small",
        )
    marks = np.concatenate([labels == 1, labels == 0, np.ones((len(labels), 1), dtype=np.bool_)], axis=1)
    counts = np.zeros((len(size), marks.shape[1]))
    np.add.at(counts, group, marks)
    random = np.random.default_rng(seed)
    divisions = [_deal(counts, folds, random) for _ in range(max(1, min(MOST_DIVISIONS, TRIED // len(size))))]
    best = min(divisions, key=lambda fold_of: _unevenness(counts, fold_of, folds))
    return [np.flatnonzero(best[group] == number) for number in range(folds)]


def _deal(counts: NDArray[np.float64], folds: int, random: np.random.Generator) -> NDArray[np.int64]:
    """The fold of each group.

    Args:
        counts: ``group label``; the last column counts the images.
        folds: How many.
        random: Decides among equals.
    """
    wanted = np.tile(counts.sum(axis=0) / folds, (folds, 1))
    having = (counts[:, :-1] > 0).sum(axis=0)
    fold_of = np.full(len(counts), -1)
    order = random.permutation(len(counts))
    tie = random.random((len(counts), folds))
    while (left := np.flatnonzero(having > 0)).size:
        label = left[having[left].argmin()]
        mine = order[(fold_of[order] < 0) & (counts[order, label] > 0)]
        for one in mine[np.argsort(-counts[mine, label], kind="stable")]:
            fold_of[one] = _neediest(wanted, int(label), tie[one])
            wanted[fold_of[one]] -= counts[one]
            having -= counts[one, :-1] > 0
    for one in order[fold_of[order] < 0]:  # groups of which nothing is known
        fold_of[one] = _neediest(wanted, -1, tie[one])
        wanted[fold_of[one]] -= counts[one]
    return fold_of


def _neediest(wanted: NDArray[np.float64], label: int, tie: NDArray[np.float64]) -> int:
    """The fold that lacks most of a label; of several the one that lacks most images, then any."""
    return int(np.lexsort((tie, wanted[:, -1].round(9), wanted[:, label].round(9)))[-1])


def _unevenness(counts: NDArray[np.float64], fold_of: NDArray[np.int64], folds: int) -> float:
    """How far the folds are from equal shares, relative to what each label allows."""
    sums = np.zeros((folds, counts.shape[1]))
    np.add.at(sums, fold_of, counts)
    share = sums.mean(axis=0)
    told = share > 0
    return float((((sums - share)[:, told] / share[told]) ** 2).sum())
