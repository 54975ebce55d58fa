"""What every simulated data set does alike: sensible numbers, images per patient, drawing in threads, the table."""

from __future__ import annotations

import csv
import io
import os
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TypeVar

import numpy as np

from wetread.errors import InputError
from wetread.phantoms.chest import DEFAULT_SIZE
from wetread.shapes import Bools, Floats
from wetread.writing import atomic_write

Item = TypeVar("Item")
#: How many deals are compared by `deal_evenly`.
DEALS = 300


def check_counts(images: int, patients: int, size: int) -> None:
    """Refuses numbers that do not fit together.

    Raises:
        InputError: Fewer than one or more than three images per patient; size outside 64 to 1024 pixels.
    """
    if not 1 <= patients <= images <= 3 * patients:
        raise InputError(
            "Images must number between one and three per patient.", remedy="Try 200 images, 120 patients."
        )
    if not 64 <= size <= 1024:
        raise InputError("The size must lie between 64 and 1024 pixels.", remedy=f"Try {DEFAULT_SIZE}.")


def image_counts(images: int, patients: int, rng: np.random.Generator) -> list[int]:
    """One to three images for each patient, as many as asked in all."""
    counts = np.ones(patients, dtype=int)
    while counts.sum() < images:
        counts[rng.choice(np.flatnonzero(counts < 3))] += 1
    return [int(count) for count in counts]


def deal_evenly(rng: np.random.Generator, labels: Bools, patient: Sequence[int]) -> tuple[Bools, Floats, Bools]:
    """Deals sex and age to patients and inversion to images so that none of them tells a label.

    Of many random deals the one is kept whose largest difference between images with and without a label is smallest
    (rerandomisation; Morgan & Rubin, Ann Stat 2012; 40: 1263-1282). In a small set one deal alone may tie a trait to a
    label by chance.

    Args:
        rng: The random numbers.
        labels: ``image label``.
        patient: Number of the patient of each image, from 0.

    Returns:
        Female or not for each patient, age in years for each patient, inverted or not for each image.
    """
    of = np.asarray(patient)
    patients, images = int(of.max()) + 1, len(of)
    steps = (np.arange(patients) + 0.5) / patients
    best: tuple[float, tuple[Bools, Floats, Bools]] | None = None
    for _ in range(DEALS):
        female = rng.permutation(np.arange(patients) % 2 == 0)
        place = rng.permutation(steps)
        inverted = rng.permutation(np.arange(images) < round(images / 3))
        # Places lie evenly in [0, 1]: a difference of 0.3 there weighs like one of 0.5 in a share of one half.
        traits = np.stack([female[of], place[of] * 1.7, inverted], axis=1).astype(np.float64)
        uneven = max((_difference(traits, column) for column in labels.T), default=0.0)
        if best is None or uneven < best[0]:
            best = (uneven, (female, 24 + 64 * place, inverted))
    assert best is not None
    return best[1]


def draw_all(
    plan: Sequence[Item],
    make: Callable[[Item], dict[str, str]],
    progress: Callable[[int, int], None] | None,
) -> list[dict[str, str]]:
    """Draws and writes every planned image; returns the rows of the table in the order of the plan."""
    rows = []
    # Threads suffice: NumPy works outside the interpreter lock. Each image has random numbers of its own, so the
    # order in which the threads finish cannot change a byte.
    with ThreadPoolExecutor(max_workers=min(8, os.cpu_count() or 1)) as pool:
        for row in pool.map(make, plan):
            rows.append(row)
            if progress is not None:
                progress(len(rows), len(plan))
    return rows


def write_table(folder: Path, columns: Sequence[str], rows: list[dict[str, str]], readme: str) -> Path:
    """Writes ``README.txt`` and ``labels.csv``; returns the path of the table."""
    atomic_write(folder / "README.txt", readme)
    table = io.StringIO()
    writer = csv.DictWriter(table, columns, lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return atomic_write(folder / "labels.csv", table.getvalue())


def _difference(traits: Floats, label: Bools) -> float:
    """Largest difference of a mean trait between images with and without the label, 0 where all are alike."""
    if label.all() or not label.any():
        return 0.0
    return float(np.abs(traits[label].mean(axis=0) - traits[~label].mean(axis=0)).max())
