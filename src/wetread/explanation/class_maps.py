"""Maps of all methods that weigh the last feature maps by gradients: what they share, and how branches are added up."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import torch
from torch import Tensor

from wetread.explanation.subject import Subject
from wetread.shapes import Floats, Ints, Picture

#: Pictures at once.
BATCH = 16

#: Maps and the gradient of the margin by them, both ``image map row column`` -> ``image row column``.
Weigh = Callable[[Tensor, Tensor], Tensor]


def weigh_maps(subject: Subject, pictures: Sequence[Picture], targets: Ints, weigh: Weigh) -> list[Floats]:
    """Pictures -> one map each; only what stands behind the last maps is run backwards.

    Args:
        subject: With places.
        pictures: Of any size.
        targets: Class number per picture.
        weigh: The method.

    Returns:
        ``row column`` per picture, at the resolution of the finest branch.
    """
    found: list[Floats] = []
    for start in range(0, len(pictures), BATCH):
        found += _one_batch(subject, pictures[start : start + BATCH], targets[start : start + BATCH], weigh)
    return found


def _one_batch(subject: Subject, pictures: Sequence[Picture], targets: Ints, weigh: Weigh) -> list[Floats]:
    logits, leaves = [], []
    with torch.enable_grad():
        for branch in subject.branches:
            split = branch.split_pictures(pictures)
            if split is None:
                # Without places, but it says which class comes second.
                with torch.no_grad():
                    logits.append(branch.logits(branch.batch(pictures)))
                continue
            maps, finish = split
            leaves.append(maps.detach().requires_grad_(True))
            logits.append(finish(leaves[-1]))
        margins = subject.margins(logits, subject.held_logits(pictures), torch.from_numpy(targets))
        # Not by backward(): that would add to the gradients of weights that other threads share.
        gradients = torch.autograd.grad(margins.sum(), leaves)
    with torch.no_grad():
        weighed = [weigh(maps, gradient).cpu().numpy() for maps, gradient in zip(leaves, gradients, strict=True)]
    return list(add_up(weighed))


def add_up(maps: Sequence[Floats], *, shares: bool = True) -> Floats:
    """Maps of several branches, each ``image row column``, added up at the finest resolution among them.

    Args:
        maps: One for each branch.
        shares: Their cells add up to something, so a cell that is divided gives each of its parts a share.
    """
    rows = max(one.shape[1] for one in maps)
    columns = max(one.shape[2] for one in maps)
    total = np.zeros((len(maps[0]), rows, columns))
    for one in maps:
        down, along = _overlap(one.shape[1], rows), _overlap(one.shape[2], columns)
        if not shares:
            down, along = (part / part.sum(axis=1, keepdims=True) for part in (down, along))
        total += down @ one @ along.T
    return total


def _overlap(cells: int, finer: int) -> Floats:
    """``finer cell``: which part of each cell lies in each of the finer ones; columns add up to 1."""
    ends, edges = np.arange(1, finer + 1)[:, None] / finer * cells, np.arange(cells)[None]
    overlap: Floats = np.clip(np.minimum(ends, edges + 1) - np.maximum(ends - cells / finer, edges), 0, None)
    return overlap
