"""All pairs of hashes that differ in a few bits, without comparing everybody with everybody.

Of five blocks of a hash, four differing bits leave at least one untouched (the pigeonhole principle; Manku, Jain & Das
Sarma 2007, 10.1145/1242572.1242592). So only hashes that agree in a block are compared. With a second hash that must be
near as well, they must agree in a block of each, which keeps apart the many standard views that share coarse blocks.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise, product

import numpy as np
from numpy.typing import NDArray

Hashes = NDArray[np.uint64]
BITS = 64
#: Pairs compared at once: a few arrays of this length are all the memory that is needed beside the result.
AT_ONCE = 1 << 22


def near_pairs(hashes: Hashes, distance: int) -> NDArray[np.int64]:
    """Finds every pair of rows whose hashes are near.

    Args:
        hashes: ``image hash``, 64 bits each; one column per kind of hash.
        distance: How many bits may differ, in each column.

    Returns:
        ``pair 2``: row numbers, the smaller one first, in ascending order; each pair once.
    """
    # Copies share all their bits: each distinct row is compared once, however often it occurs.
    distinct, place = np.unique(hashes, axis=0, return_inverse=True)
    blocks = _blocks(distance + 1)
    found = [np.zeros((0, 2), dtype=np.int64)]
    for chosen in product(blocks, repeat=distinct.shape[1]):
        key = _key(distinct, chosen)
        order = np.argsort(key, kind="stable")
        for first, second in _pairs_within_runs(key[order]):
            a, b = order[first], order[second]
            near = np.ones(len(a), dtype=bool)
            for column in range(distinct.shape[1]):
                near &= np.bitwise_count(distinct[a, column] ^ distinct[b, column]) <= distance
            if near.any():
                found.append(np.sort(np.stack([a[near], b[near]], axis=1), axis=1))
    pairs = np.unique(np.concatenate(found), axis=0)
    return _of_rows(pairs, place.ravel(), len(distinct))


def _blocks(number: int) -> list[tuple[int, int]]:
    """First bit and width of each block; together they are the whole hash."""
    edges = [BITS * edge // number for edge in range(number + 1)]
    return [(low, high - low) for low, high in pairwise(edges)]


def _key(hashes: Hashes, chosen: tuple[tuple[int, int], ...]) -> Hashes:
    """One block of each column, side by side; folded where they are wider than 64 bits together."""
    key = np.zeros(len(hashes), dtype=np.uint64)
    for column, (first, width) in enumerate(chosen):
        block = (hashes[:, column] >> np.uint64(first)) & np.uint64((1 << width) - 1)
        # Equal blocks keep equal keys under any folding; unequal ones that meet are told apart by their distance.
        key = (key << np.uint64(min(width, BITS - 1))) ^ block
    return key


def _pairs_within_runs(ordered: Hashes) -> Iterator[tuple[NDArray[np.int64], NDArray[np.int64]]]:
    """All pairs of places in a sorted column that hold the same value, a few million at a time."""
    starts = np.flatnonzero(np.append(True, ordered[1:] != ordered[:-1]))
    sizes = np.diff(np.append(starts, len(ordered)))
    # Each place is paired with all later ones of its run.
    later = np.repeat(starts + sizes, sizes) - np.arange(len(ordered)) - 1
    total = np.cumsum(later)
    begin = 0
    while begin < len(ordered):
        before = int(total[begin - 1]) if begin else 0
        end = max(int(np.searchsorted(total, before + AT_ONCE, side="right")), begin + 1)
        counts = later[begin:end]
        first = np.repeat(np.arange(begin, end), counts)
        step = np.arange(len(first)) - np.repeat(np.cumsum(counts) - counts, counts)
        if len(first):
            yield first, first + 1 + step
        begin = end


def _of_rows(pairs: NDArray[np.int64], place: NDArray[np.int64], distinct: int) -> NDArray[np.int64]:
    """Pairs of distinct hashes -> pairs of rows, copies of one hash among them."""
    order = np.argsort(place, kind="stable")
    sizes = np.bincount(place, minlength=distinct)
    starts = np.cumsum(sizes) - sizes
    among = [np.stack([order[a], order[b]], axis=1) for a, b in _pairs_within_runs(place[order].astype(np.uint64))]
    width = sizes[pairs[:, 1]]
    combinations = sizes[pairs[:, 0]] * width
    which = np.repeat(np.arange(len(pairs)), combinations)
    step = np.arange(len(which)) - np.repeat(np.cumsum(combinations) - combinations, combinations)
    a = order[starts[pairs[which, 0]] + step // width[which]]
    b = order[starts[pairs[which, 1]] + step % width[which]]
    rows = np.concatenate([np.stack([a, b], axis=1), *among])
    rows = np.sort(rows, axis=1)
    return rows[np.lexsort((rows[:, 1], rows[:, 0]))]
