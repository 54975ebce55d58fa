"""Which groups are tested, and nested training sets of growing size. A group is a patient with all its images.

All sizes of a draw are tested on the same groups, and each training set holds the next smaller one: what differs
between two sizes is then what the added cases taught, and little else.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from wetread.shapes import Ints

#: One of so many parts of the groups is tested in each draw; after so many draws every group was tested once.
PARTS = 5

#: The smallest training set is this part of the largest one.
SMALLEST_SHARE = 1 / 8

#: Groups that the rarest class should have in the smallest training set,
FEWEST_OF_A_CLASS = 5

#: which is no larger than this part of the largest one: from a short piece of a curve nothing can be forecast.
LARGEST_SHARE = 1 / 4


@dataclass(frozen=True)
class Division:
    """One draw.

    Attributes:
        test: Row numbers that are predicted.
        trains: Row numbers to fit on, for each size; each holds the one before.
    """

    test: Ints
    trains: tuple[Ints, ...]


def strata_of(labels: NDArray[Any], groups: Ints) -> Ints:
    """The stratum of each group, in the order of the group numbers.

    Args:
        labels: Class number per row; or ``row finding`` of 1, 0 and NaN.
        groups: Group number per row, from 0 without gaps.

    Returns:
        For classes the set of labels that a group has; for findings the rarest one that it has. Strata of a single
        group are joined.
    """
    count = int(groups.max()) + 1
    if labels.ndim == 1:
        table = np.zeros((count, int(labels.max()) + 1), dtype=bool)
        table[groups, labels] = True
        _, stratum = np.unique(table, axis=0, return_inverse=True)
        stratum = stratum.ravel()
    else:
        table = np.zeros((count, labels.shape[1]), dtype=bool)
        np.logical_or.at(table, groups, labels == 1)
        by_rarity = np.argsort(table.sum(axis=0), kind="stable")
        first = table[:, by_rarity].argmax(axis=1)
        stratum = np.where(table.any(axis=1), by_rarity[first], labels.shape[1])
    sizes = np.bincount(stratum)
    return np.where(sizes[stratum] > 1, stratum, len(sizes))


def divide(labels: NDArray[Any], groups: Ints, sizes: Sequence[int], draws: int, seed: int) -> list[Division]:
    """Draws test parts and training sets, stratified.

    Args:
        labels: As for `strata_of`.
        groups: As for `strata_of`.
        sizes: Groups in each training set, ascending; the largest leaves one of `PARTS` parts for the test.
        draws: How many; each `PARTS` of them test every group once.
        seed: Of the draws.

    Returns:
        One division per draw.
    """
    random = np.random.default_rng(np.random.SeedSequence([seed, 90_101]))
    strata = strata_of(labels, groups)
    rows_of = _rows_of(groups)
    divisions: list[Division] = []
    while len(divisions) < draws:
        part = _deal(strata, random)
        for number in range(min(PARTS, draws - len(divisions))):
            order = _interleave(strata, np.flatnonzero(part != number), random)
            trains = tuple(_rows(rows_of, order[:size]) for size in sizes)
            divisions.append(Division(_rows(rows_of, np.flatnonzero(part == number)), trains))
    return divisions


def choose_sizes(labels: NDArray[Any], groups: Ints, steps: int = 6) -> tuple[int, ...]:
    """Training sizes in groups, evenly spaced on a logarithmic scale.

    Args:
        labels: As for `strata_of`.
        groups: As for `strata_of`.
        steps: How many sizes.

    Returns:
        Ascending and distinct; the largest is what the test part leaves.
    """
    count = int(groups.max()) + 1
    largest = count - -(-count // PARTS)
    rarest = min(groups_by_side(labels, groups))
    smallest = max(largest * SMALLEST_SHARE, FEWEST_OF_A_CLASS * count / max(rarest, 1), 10.0)
    wanted = np.geomspace(min(smallest, largest * LARGEST_SHARE), largest, steps)
    return tuple(dict.fromkeys(round(float(size)) for size in wanted))


def groups_by_side(labels: NDArray[Any], groups: Ints) -> list[int]:
    """How many groups have each class; for findings, of each in turn how many have it and how many lack it."""
    if labels.ndim == 1:
        sides = [labels == label for label in range(int(labels.max()) + 1)]
    else:
        sides = [labels[:, column] == value for column in range(labels.shape[1]) for value in (1, 0)]
    return [len(np.unique(groups[side])) for side in sides]


def _deal(strata: Ints, random: np.random.Generator) -> Ints:
    """The part of each group: every stratum is spread over all parts, whose sizes differ by one at most."""
    order = np.lexsort((random.random(len(strata)), random.permutation(int(strata.max()) + 1)[strata]))
    part = np.empty(len(strata), dtype=np.int64)
    part[order] = random.permutation(PARTS)[np.arange(len(strata)) % PARTS]
    return part


def _interleave(strata: Ints, chosen: Ints, random: np.random.Generator) -> Ints:
    """An order of some groups in which every beginning holds the strata in proportion."""
    place = np.empty(len(chosen))
    for stratum in np.unique(strata[chosen]):
        own = np.flatnonzero(strata[chosen] == stratum)
        place[own] = (random.permutation(len(own)) + random.random()) / len(own)
    return np.asarray(chosen[np.argsort(place, kind="stable")])


def _rows_of(groups: Ints) -> list[Ints]:
    order = np.argsort(groups, kind="stable")
    return np.split(order, np.cumsum(np.bincount(groups))[:-1])


def _rows(rows_of: list[Ints], chosen: Ints) -> Ints:
    return np.sort(np.concatenate([rows_of[group] for group in chosen]))
