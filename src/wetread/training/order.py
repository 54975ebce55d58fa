"""In which order an epoch sees its pictures, and how it is cut into batches. No torch here."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from wetread.training.settings import LoopSettings

#: Keeps the stream that draws an order apart from those that draw a picture's augmentation.
_ORDER = 1 << 63


def draw_epoch(labels: NDArray[Any], settings: LoopSettings, seed: int, epoch: int) -> NDArray[np.int64]:
    """The order of an epoch.

    Args:
        labels: Class number per image, or a table of findings.
        settings: Sampling.
        seed: Of the fit.
        epoch: From 0.

    Returns:
        Draw numbers: row + images x repetition, so that a picture drawn twice is augmented in two ways.
    """
    if settings.sampling == "one order":
        epoch = 0
    random = np.random.Generator(np.random.Philox(key=np.array([seed, _ORDER | epoch], dtype=np.uint64)))
    if settings.sampling != "balanced":
        return random.permutation(len(labels))
    classes = np.asarray(labels, dtype=np.float64).reshape(-1)
    members = [np.flatnonzero(classes == value) for value in np.unique(classes[~np.isnan(classes)])]
    drawn = []
    for number, rows in enumerate(members):
        # What does not divide evenly goes to another class in each epoch.
        wanted = (len(labels) + (number + epoch) % len(members)) // len(members)
        turns = range(-(-wanted // len(rows)))
        drawn.append(np.concatenate([random.permutation(rows) + turn * len(labels) for turn in turns])[:wanted])
    return random.permutation(np.concatenate(drawn))


def cut_batches(order: NDArray[np.int64], batch: int) -> list[NDArray[np.int64]]:
    """Divides an epoch evenly: no batch is larger than asked for, and none is a rest of one picture."""
    steps = max(1, -(-len(order) // batch))
    if len(order) // steps < 2:  # batch norm cannot learn from a single picture
        steps = max(1, len(order) // 2)
    return np.array_split(order, steps)
