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
    marks = _mark_findings(labels, groups)
    return deal_groups(marks, groups, min(folds, len(np.unique(groups))), seed)


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
    marks = _mark_classes(labels, groups)
    return deal_groups(marks, groups, min(folds, *_groups_of_each(labels, groups)), seed)


def hold_out(labels: Ints | Floats, groups: Ints, share: float, seed: int) -> Ints:
    """Sets a share of the rows aside that keeps groups whole and classes or findings in proportion.

    A class or finding of several groups is wanted on both sides, so a rare one gives more than its share.

    Args:
        labels: Class number per row; or ``image finding``: 1 present, 0 absent, NaN not known.
        groups: Group number per row.
        share: Of the rows, in (0, 0.5].
        seed: Of the order among equals.

    Returns:
        The numbers of the rows that are held out, ascending; as near to the share as whole groups allow, and at least
        one group.

    Raises:
        InputError: A class has fewer than two groups, or there is only one group.
    """
    if labels.ndim == 2:
        marks = _mark_findings(labels.astype(np.float64), groups)
    else:
        marks = _mark_classes(labels.astype(np.int64), groups)
    group, counts = _count(marks, groups)
    # A label of a few groups gives at least its smallest one, and keeps as much.
    parts = np.where(counts > 0, counts, np.inf).min(axis=0) / np.maximum(counts.sum(axis=0), 1e-9)
    aside = np.clip(share, np.minimum(parts, 0.5), 1 - np.minimum(parts, 0.5))
    aside[-1] = np.average(aside[:-1], weights=counts[:, :-1].sum(axis=0) + 1e-9)
    random = np.random.default_rng(seed)
    fold_of = _best_division(counts, 2 * np.stack([aside, 1 - aside]), random)
    if not (fold_of == 0).any():  # each group has something that no other has
        fold_of[random.integers(len(counts))] = 0
    return np.flatnonzero(fold_of[group] == 0)


def _mark_findings(labels: Floats, groups: Ints) -> NDArray[np.bool_]:
    """``image label`` of presence and absence of each finding; refused where there is only one group."""
    if len(np.unique(groups)) < 2:
        raise InputError(
            "All images belong to one patient (or are copies of one picture), so nothing can be held out.",
            remedy="Collect images of more patients.",
            code="class-too-small",
        )
    return np.concatenate([labels == 1, labels == 0], axis=1)


def _mark_classes(labels: Ints, groups: Ints) -> NDArray[np.bool_]:
    """``image class``; refused where a class has only one group."""
    if min(_groups_of_each(labels, groups)) < 2:
        raise InputError(
            "A class consists of a single patient (or of copies of one picture), so nothing can be held out.",
            remedy="Collect more patients of that class.",
            code="class-too-small",
        )
    marks: NDArray[np.bool_] = labels[:, None] == np.unique(labels)
    return marks


def _groups_of_each(labels: Ints, groups: Ints) -> list[int]:
    """How many groups each class has."""
    return [len(np.unique(groups[labels == label])) for label in np.unique(labels)]


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
    group, counts = _count(marks, groups)
    best = _best_division(counts, np.ones((folds, counts.shape[1])), np.random.default_rng(seed))
    return [np.flatnonzero(best[group] == number) for number in range(folds)]


def _count(marks: NDArray[np.bool_], groups: Ints) -> tuple[Ints, Floats]:
    """The group of each image, from 0, and ``group label``: images with each label; the last column counts all."""
    _, group = np.unique(groups, return_inverse=True)
    counts = np.zeros((group.max() + 1, marks.shape[1] + 1))
    np.add.at(counts, group, np.concatenate([marks, np.ones((len(marks), 1), dtype=np.bool_)], axis=1))
    return group, counts


def _best_division(counts: Floats, sizes: Floats, random: np.random.Generator) -> Ints:
    """The fold of each group, in the fairest of several divisions."""
    divisions = [_deal(counts, sizes, random) for _ in range(max(1, min(MOST_DIVISIONS, TRIED // len(counts))))]
    return min(divisions, key=lambda fold_of: _unfairness(counts, fold_of, sizes))


def _deal(counts: Floats, sizes: Floats, random: np.random.Generator) -> Ints:
    """The fold of each group.

    Args:
        counts: ``group label``; the last column counts the images.
        sizes: ``fold label``: what each fold is to have, in parts of an even share.
        random: Decides among equals.
    """
    # In parts of an even share. A group with the part c of a label, given to a fold of the size s that lacks the part
    # l of it, brings that fold nearer to its size by s l^2 - s (l - c / s)^2 = 2 l c - c^2 / s; where it goes matters
    # the more, the larger its c. Where all folds are of the size 1, c^2 is the same for all.
    folds = len(sizes)
    worth = counts / np.maximum(counts.sum(axis=0) / folds, 1e-9)
    lacking, overshot = np.ones_like(sizes), (1 / sizes - 1) / 2
    order = random.permutation(len(counts))
    tie = random.random((len(counts), folds))
    fold_of = np.empty(len(counts), dtype=np.int64)
    for one in order[np.argsort(-worth[order].max(axis=1), kind="stable")]:
        gain = (lacking @ worth[one] - overshot @ worth[one] ** 2).round(9)
        fold_of[one] = np.lexsort((tie[one], gain))[-1]
        lacking[fold_of[one]] -= worth[one] / sizes[fold_of[one]]
    return fold_of


def _unfairness(counts: Floats, fold_of: Ints, sizes: Floats) -> tuple[int, float]:
    """How often a label is missing from a fold or from all others, and how far folds are from their sizes.

    These are taken relative to what each label allows.
    """
    sums = np.zeros_like(sizes)
    np.add.at(sums, fold_of, counts)
    there = sums.any(axis=0)
    sums, share = sums[:, there], (sizes * sums.mean(axis=0))[:, there]
    missing = int(np.sum(sums == 0) + np.sum(sums == sums.sum(axis=0)))
    return missing, float((((sums - share) / share) ** 2).sum())
