"""Random numbers that depend on what they are for, and on nothing else.

A generator with a state gives another number to the same picture when batches, threads or an interruption change the
order of the questions. Here a number is a function of (seed, epoch, row, place): Philox4x32-10, the counter-based
generator of Salmon et al. (Parallel random numbers: as easy as 1, 2, 3; SC 2011, 10.1145/2063384.2063405), computed
for all rows of a batch at once. One generator object per row cost more than the pictures did.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

_ROUNDS = 10
_FACTORS = (np.uint64(0xD2511F53), np.uint64(0xCD9E8D57))
_STEPS = (0x9E3779B9, 0xBB67AE85)
_LOW = np.uint64(0xFFFFFFFF)
_HALF = np.uint64(32)


def draw_uniform(seed: int, epoch: int, rows: NDArray[np.int64], count: int) -> NDArray[np.float64]:
    """Even numbers between 0 and 1, both excluded.

    Args:
        seed: Of the fit, 0 to 2^64 - 1.
        epoch: 0 to 2^32 - 1.
        rows: Row number of each image, 0 to 2^32 - 1.
        count: Numbers per image.

    Returns:
        ``image count``; a row is the same whatever stands in the other rows.
    """
    blocks = -(-count // 4)
    rows = np.asarray(rows, dtype=np.uint64)
    counter = np.zeros((4, len(rows), blocks), dtype=np.uint64)
    counter[0] = np.arange(blocks, dtype=np.uint64)
    counter[1] = rows[:, None]
    counter[2] = np.uint64(epoch)
    words = philox(counter, (seed & 0xFFFFFFFF, seed >> 32 & 0xFFFFFFFF))
    ordered = words.transpose(1, 2, 0).reshape(len(rows), 4 * blocks)[:, :count].astype(np.float64)
    return (ordered + 0.5) / 2.0**32


def philox(counter: NDArray[np.uint64], key: tuple[int, int]) -> NDArray[np.uint64]:
    """Philox4x32-10: 32-bit words, held in 64-bit numbers.

    Args:
        counter: ``4 ...``.
        key: Two words.

    Returns:
        ``4 ...``, the words that belong to the counters.
    """
    first, second, third, fourth = counter
    for number in range(_ROUNDS):
        keys = [np.uint64(word + number * step & 0xFFFFFFFF) for word, step in zip(key, _STEPS, strict=True)]
        left, right = first * _FACTORS[0], third * _FACTORS[1]
        first, second = right >> _HALF ^ second ^ keys[0], right & _LOW
        third, fourth = left >> _HALF ^ fourth ^ keys[1], left & _LOW
    return np.stack([first, second, third, fourth])
