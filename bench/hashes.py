"""Near pairs among as many 64 bit hashes as ChestX-ray14 has images: seconds, memory, and that none is missed.

    python bench/hashes.py [--images 112120]

Three kinds: random hashes; hashes crowded like those of standard views (a few hundred layouts, some bits of each
flipped); and crowded pairs of two hashes, as they are compared in a run. Pairs with up to 4 flipped bits are planted.
"""

from __future__ import annotations

import argparse
import resource
import sys
import time

import numpy as np

from wetread.dataset.near_hashes import near_pairs

DISTANCE = 4
PLANTED = 500


def flip(hashes, bits, rng):
    flipped = hashes.copy()
    for row in range(len(hashes)):
        for bit in rng.choice(64, bits, replace=False):
            flipped[row] ^= np.uint64(1) << np.uint64(bit)
    return flipped


def draw(images, kind, rng):
    columns = 2 if kind == "crowded, two hashes" else 1
    hashes = np.empty((images, columns), dtype=np.uint64)
    for column in range(columns):
        hashes[:, column] = rng.integers(0, 2**64, images, dtype=np.uint64)
        if kind != "random":
            layouts = rng.integers(0, 2**64, 300, dtype=np.uint64)
            # A quarter of the bits differ from the layout.
            noise = hashes[:, column] & rng.integers(0, 2**64, images, dtype=np.uint64)
            hashes[:, column] = rng.choice(layouts, images) ^ noise
    half = np.arange(PLANTED) * 2
    for column in range(columns):
        hashes[half + 1, column] = flip(hashes[half, column], DISTANCE, rng)
    return hashes, half


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--images", type=int, default=112_120)
    images = parser.parse_args().images
    print(f"{'kind':<22}{'seconds':>9}{'peak MiB':>10}{'pairs':>10}{'planted found':>15}")
    for kind in ("random", "crowded", "crowded, two hashes"):
        hashes, half = draw(images, kind, np.random.default_rng(0))
        started = time.perf_counter()
        pairs = near_pairs(hashes, DISTANCE)
        seconds = time.perf_counter() - started
        found = set(map(tuple, pairs.tolist()))
        planted = sum((int(n), int(n) + 1) in found for n in half)
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / (1 << 20 if sys.platform == "darwin" else 1 << 10)
        print(f"{kind:<22}{seconds:>9.2f}{peak:>10.0f}{len(pairs):>10}{planted:>9} / {PLANTED}")


if __name__ == "__main__":
    main()
