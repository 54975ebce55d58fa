"""How far a picture lies from the training pictures: nearest neighbours in each block, and the cloud as a whole.

Sources: k-th nearest neighbours in feature space, Sun 2022 (arXiv 2204.06507); Mahalanobis distance, Lee 2018 (arXiv
1807.03888); the shrunken covariance, Ledoit & Wolf 2004 (10.1016/S0047-259X(03)00096-4). The features are frozen or
classical, never fine-tuned: those that were trained on one kind of picture go blind to others (arXiv 2603.11269).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from wetread.shapes import Floats, Ints

NEIGHBOURS = 5
#: Pictures compared with all references at once; bounds the memory.
_AT_ONCE = 512
#: Below this all distances are alike: copies of one picture.
_SMALLEST = 1e-3


@dataclass(frozen=True)
class Cloud:
    """The training pictures as one cloud: a centre, up to 40 directions, and how far it reaches along each.

    Attributes:
        centre: ``feature``.
        directions: ``direction feature``, of length one: the principal components.
        precision: ``direction direction``: inverse of the shrunken covariance.
    """

    centre: NDArray[np.float32]
    directions: NDArray[np.float32]
    precision: NDArray[np.float32]

    def distances(self, features: Floats) -> Floats:
        """Mahalanobis distance of each row of ``image feature``."""
        inside = (features - self.centre) @ self.directions.T
        squares = np.einsum("ij,jk,ik->i", inside, self.precision, inside)
        distances: Floats = np.sqrt(np.maximum(squares, 0.0))
        return distances


@dataclass(frozen=True)
class Space:
    """The training pictures that a new one is compared with.

    Attributes:
        references: Block -> ``case feature``, rows of length one, exact in 16 bits.
        rows: Row number of each case in the training data.
        cloud: All blocks as one cloud.
        centre: Of the logarithm of each distance among training pictures that share no patient, ``distance``.
        scale: Its standard deviation, ``distance``.
    """

    references: Mapping[str, NDArray[np.float32]]
    rows: Ints
    cloud: Cloud
    centre: Floats
    scale: Floats

    @property
    def names(self) -> tuple[str, ...]:
        """What each distance is taken in."""
        return (*self.references, "cloud")

    def distances(self, blocks: Mapping[str, NDArray[np.float32]]) -> tuple[Floats, Ints]:
        """How far pictures lie from the training pictures.

        Args:
            blocks: As the references.

        Returns:
            ``image distance``, standardised on training pictures: 0 is usual, 3 is three deviations farther; and
            ``image neighbour`` row numbers of the nearest training cases, nearest first.
        """
        likeness = {name: blocks[name] @ known.T for name, known in self.references.items()}
        raw = [neighbour_distances(one) for one in likeness.values()]
        raw.append(self.cloud.distances(np.hstack(list(blocks.values()))))
        together = np.sum(list(likeness.values()), axis=0)
        order = np.argsort(-together, axis=1, kind="stable")[:, :NEIGHBOURS]
        return (as_logs(np.stack(raw, axis=1)) - self.centre) / self.scale, self.rows[order]


def in_parts(space: Space, blocks: Mapping[str, NDArray[np.float32]]) -> tuple[Floats, Ints]:
    """`Space.distances` for many pictures, a few hundred at a time."""
    count = len(next(iter(blocks.values())))
    parts = [
        space.distances({name: block[start : start + _AT_ONCE] for name, block in blocks.items()})
        for start in range(0, max(count, 1), _AT_ONCE)
    ]
    return np.concatenate([part[0] for part in parts]), np.concatenate([part[1] for part in parts])


def neighbour_distances(likeness: Floats) -> Floats:
    """Mean cosine distance to the five most alike of ``image case``; what is minus infinity does not count."""
    nearest = min(NEIGHBOURS, likeness.shape[1])
    top = np.partition(likeness, likeness.shape[1] - nearest, axis=1)[:, -nearest:]
    counts = np.isfinite(top)
    total = np.where(counts, top, 0.0).sum(axis=1)
    distances: Floats = 1.0 - total / np.maximum(counts.sum(axis=1), 1)
    return distances


def as_logs(distances: Floats) -> Floats:
    """Logarithms of distances, whose distribution has tails short enough for deviations to mean something."""
    logs: Floats = np.log(np.maximum(distances, _SMALLEST))
    return logs
