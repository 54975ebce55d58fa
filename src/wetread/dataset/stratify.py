"""Folds that keep groups whole and every class or finding in proportion.

After iterative stratification (Sechidis, Tsoumakas & Vlahavas 2011, 10.1007/978-3-642-23808-6_10), which deals the
rarest label first, since what is dealt late can no longer be spread. Here groups are dealt instead of images, with all
their labels at once: first those that hold the largest part of some label, each to the fold that it brings nearest to
equal shares. Of findings absence is a label like presence, so that those nearly everybody has, and those that are known
of few images, are spread as well.

No library is asked: scikit-learn's `StratifiedGroupKFold` takes one label per image, takes two seconds to import, and
before 1.8 it did not stratify when it shuffled (issue 32478). A test compares the two.
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
    folds = min(folds, len(np.unique(groups)))
    if folds < 2:
        raise InputError(
            "All images belong to one patient (or are copies of one picture), so nothing can be held out.",
            remedy="Collect images of more patients.",
            code="class-too-small",
        )
    return deal_groups(np.concatenate([labels == 1, labels == 0], axis=1), groups, folds, seed)


def class_folds(labels: Ints, groups: Ints, folds: int, seed: int) -> list[Ints]:
    """Divides rows into folds that keep groups whole and classes in proportion; as `finding_folds`.

    Args:
        labels: Class number per row.
        groups: Group number per row.
        folds: How many; reduced where a class has fewer groups.
        seed: Of the order among equals.

    Raises:
        InputError: A class has fewer than two groups.
    """
    classes = np.unique(labels)
    folds = min(folds, *(len(np.unique(groups[labels == label])) for label in classes))
    if folds < 2:
        raise InputError(
            "A class consists of a single patient (or of copies of one picture), so nothing can be held out.",
            remedy="Collect more patients of that class.",
            code="class-too-small",
        )
    return deal_groups(labels[:, None] == classes, groups, folds, seed)


def deal_groups(marks: NDArray[np.bool_], groups: Ints, folds: int, seed: int) -> list[Ints]:
    """Deals groups several times and takes the fairest division: few labels missing somewhere, then even shares.

    Args:
        marks: ``image label``: which labels an image has.
        groups: Group number per row.
        folds: How many, at most as many as groups.
        seed: Of the order among equals.

    Returns:
        For each fold the numbers of its rows, ascending.
    """
    _, group = np.unique(groups, return_inverse=True)
    counts = np.zeros((group.max() + 1, marks.shape[1] + 1))
    np.add.at(counts, group, np.concatenate([marks, np.ones((len(marks), 1), dtype=np.bool_)], axis=1))
    random = np.random.default_rng(seed)
    divisions = [_deal(counts, folds, random) for _ in range(max(1, min(MOST_DIVISIONS, TRIED // len(counts))))]
    best = min(divisions, key=lambda fold_of: _unfairness(counts, fold_of, folds))
    return [np.flatnonzero(best[group] == number) for number in range(folds)]


def _deal(counts: NDArray[np.float64], folds: int, random: np.random.Generator) -> NDArray[np.int64]:
    """The fold of each group.

    Args:
        counts: ``group label``; the last column counts the images.
        folds: How many.
        random: Decides among equals.
    """
    # In parts of an even share. A group with the part c of a label, given to a fold that lacks l of it, brings that
    # fold nearer to its share by l^2 - (l - c)^2 = 2 l c - c^2; where it goes matters the more, the larger its c.
    worth = counts / np.maximum(counts.sum(axis=0) / folds, 1e-9)
    lacking = np.ones((folds, counts.shape[1]))
    order = random.permutation(len(counts))
    tie = random.random((len(counts), folds))
    fold_of = np.empty(len(counts), dtype=np.int64)
    for one in order[np.argsort(-worth[order].max(axis=1), kind="stable")]:
        gain = (lacking @ worth[one]).round(9)
        fold_of[one] = np.lexsort((tie[one], gain))[-1]
        lacking[fold_of[one]] -= worth[one]
    return fold_of


def _unfairness(counts: NDArray[np.float64], fold_of: NDArray[np.int64], folds: int) -> tuple[int, float]:
    """How often a label is missing from a fold or from all others, and how far folds are from equal shares.

    The shares are taken relative to what each label allows.
    """
    sums = np.zeros((folds, counts.shape[1]))
    np.add.at(sums, fold_of, counts)
    share = sums.mean(axis=0)
    sums, share = sums[:, share > 0], share[share > 0]
    missing = int(np.sum(sums == 0) + np.sum(sums == sums.sum(axis=0)))
    return missing, float((((sums - share) / share) ** 2).sum())
