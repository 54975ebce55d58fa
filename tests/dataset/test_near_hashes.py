"""Every near pair is found, as comparing everybody with everybody would, and quickly."""

import numpy as np
import pytest
from fake.effort import least_seconds

from wetread.dataset import near_hashes
from wetread.dataset.near_hashes import near_pairs


def by_comparing_all(hashes, distance):
    found = []
    for a in range(len(hashes)):
        for b in range(a + 1, len(hashes)):
            if all(int(x ^ y).bit_count() <= distance for x, y in zip(hashes[a], hashes[b], strict=True)):
                found.append([a, b])
    return found


def crowded(images, columns, seed, layouts=6):
    """Hashes that differ in a few bits from one of a few layouts."""
    rng = np.random.default_rng(seed)
    hashes = rng.choice(rng.integers(0, 2**64, layouts, dtype=np.uint64), (images, columns))
    for row in range(images):
        for column in range(columns):
            for bit in rng.choice(64, rng.integers(0, 5), replace=False):
                hashes[row, column] ^= np.uint64(1) << np.uint64(bit)
    return hashes


@pytest.mark.parametrize("columns", [1, 2])
@pytest.mark.parametrize("distance", [0, 1, 4, 6])
def test_it_finds_what_comparing_all_finds(columns, distance):
    hashes = crowded(120, columns, seed=distance)
    expected = by_comparing_all(hashes, distance)
    assert near_pairs(hashes, distance).tolist() == expected
    assert expected or columns == 2


def test_copies_are_pairs_among_themselves_and_with_their_neighbours():
    hashes = np.array([[7], [7], [6], [2**63], [7]], dtype=np.uint64)
    assert near_pairs(hashes, 1).tolist() == [[0, 1], [0, 2], [0, 4], [1, 2], [1, 4], [2, 4]]


def test_it_does_not_matter_how_many_pairs_are_compared_at_once(monkeypatch):
    hashes = crowded(120, 1, seed=1)
    expected = near_pairs(hashes, 4).tolist()
    monkeypatch.setattr(near_hashes, "AT_ONCE", 7)
    assert near_pairs(hashes, 4).tolist() == expected


@pytest.mark.parametrize("images", [0, 1])
def test_one_hash_or_none_has_no_pair(images):
    assert near_pairs(np.zeros((images, 2), dtype=np.uint64), 4).shape == (0, 2)


def test_four_bits_wherever_they_lie_are_found_among_many():
    rng = np.random.default_rng(0)
    hashes = rng.integers(0, 2**64, (20_000, 1), dtype=np.uint64)
    for place in range(0, 400, 2):
        flipped = sum(1 << int(bit) for bit in rng.choice(64, 4, replace=False))
        hashes[place + 1] = hashes[place] ^ np.uint64(flipped)
    found = []
    assert least_seconds(lambda: found.append(near_pairs(hashes, 4)), enough=2) < 2  # 0.1 s on a quiet machine
    assert found[0].tolist() == [[place, place + 1] for place in range(0, 400, 2)]
