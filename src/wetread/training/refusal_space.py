"""Fits a `Space`: the cases to compare with, the cloud, and how far training pictures lie from other patients' ones."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from wetread.model.refusal_space import Cloud, Space, as_logs, neighbour_distances
from wetread.shapes import Floats, Ints

#: Cases a picture is compared with at most: more make the model larger and the answer hardly better.
MOST_CASES = 2000
#: Cases from which the cloud is made at most.
MOST_OF_CLOUD = 300
DIRECTIONS = 40
#: Least standard deviation of a logarithm of distances: identical training pictures have none.
SMALLEST_SCALE = 0.02
#: Parts into which patients are divided to measure the cloud on pictures it was not made from.
PARTS = 5


def fit_space(
    blocks: Mapping[str, NDArray[np.float32]], rows: Ints, groups: Ints, seed: int
) -> tuple[Space, Floats, Ints]:
    """Fits the space, and measures each training picture in it as if its patient were new.

    Args:
        blocks: Block -> ``case feature``, rows of length one.
        rows: Row number of each case.
        groups: Patient of each case, by number.
        seed: Of the cases that are kept where there are too many.

    Returns:
        The space; ``case distance``, standardised, each without the pictures of its own patient; and the positions of
        these cases in `rows`.
    """
    kept = np.arange(len(rows))
    if len(rows) > MOST_CASES:
        kept = np.sort(np.random.default_rng(seed).choice(len(rows), MOST_CASES, replace=False))
    # Rounded as they will be stored: else a training picture would lie elsewhere than where it was measured.
    known = {name: block[kept].astype(np.float16).astype(np.float32) for name, block in blocks.items()}
    own = groups[kept]
    everything = np.hstack(list(known.values()))
    raw = [_to_other_patients(block, own) for block in known.values()]
    part = parts_by_group(own, seed)
    # As many directions in every fit, or the distances of training pictures and new ones could not be compared.
    # Patients count, not pictures: five pictures of a patient span hardly more than one.
    fewest = min(len(np.unique(own[part != number])) for number in range(part.max() + 1))
    directions = max(1, min(DIRECTIONS, fewest // 3))
    raw.append(_cloud_distances(everything, part, directions, seed))
    logs = as_logs(np.stack(raw, axis=1))
    centre, scale = np.median(logs, axis=0), np.maximum(logs.std(axis=0), SMALLEST_SCALE)
    space = Space(known, rows[kept], fit_cloud(_some(everything, seed), directions), centre, scale)
    return space, (logs - centre) / scale, kept


def fit_cloud(features: Floats, directions: int) -> Cloud:
    """Principal components by the smaller of the two products, and the shrunken covariance along them.

    Args:
        features: ``case feature``.
        directions: Components at most.
    """
    centre = features.mean(axis=0)
    centred = (features - centre).astype(np.float64)
    values, vectors = np.linalg.eigh(centred @ centred.T)
    strongest = np.argsort(-values)[:directions]
    long = vectors[:, strongest].T @ centred
    length = np.linalg.norm(long, axis=1, keepdims=True)
    axes = long / np.where(length > 1e-9, length, 1.0)
    precision = np.linalg.inv(shrunken_covariance(centred @ axes.T))
    return Cloud(centre.astype(np.float32), axes.astype(np.float32), precision.astype(np.float32))


def shrunken_covariance(centred: Floats) -> Floats:
    """Covariance drawn towards a multiple of the identity, by as much as its own noise asks for (Ledoit & Wolf 2004).

    Args:
        centred: ``case feature`` with a mean of zero.

    Returns:
        ``feature feature``; never singular.
    """
    n, p = centred.shape
    covariance = centred.T @ centred / n
    mean = np.trace(covariance) / p
    target = mean * np.eye(p)
    apart = ((covariance - target) ** 2).sum() / p
    noise = (((centred**2).sum(axis=1) ** 2).sum() / n - (covariance**2).sum()) / (n * p)
    share = 1.0 if apart <= 1e-18 else min(1.0, max(0.0, noise / apart))
    shrunken: Floats = (1 - share) * covariance + share * target + 1e-9 * np.eye(p)
    return shrunken


def parts_by_group(groups: Ints, seed: int, parts: int = PARTS) -> Ints:
    """A part for each row, 0 to ``parts`` - 1; a patient's rows stay together."""
    names, numbers = np.unique(groups, return_inverse=True)
    order = np.random.default_rng(seed).permutation(len(names))
    divided: Ints = (order % min(parts, len(names)))[numbers]
    return divided


def _to_other_patients(block: Floats, groups: Ints) -> Floats:
    """Distance of each row to its nearest rows of other patients."""
    found = []
    for start in range(0, len(block), 512):
        likeness = block[start : start + 512] @ block.T
        likeness[groups[start : start + 512, None] == groups] = -np.inf
        found.append(neighbour_distances(likeness))
    return np.concatenate(found)


def _cloud_distances(features: Floats, part: Ints, directions: int, seed: int) -> Floats:
    """Distance of each row to the cloud of the other parts."""
    distances = np.zeros(len(features))
    for number in range(part.max() + 1):
        others = part != number
        distances[~others] = fit_cloud(_some(features[others], seed), directions).distances(features[~others])
    return distances


def _some(features: Floats, seed: int) -> Floats:
    if len(features) <= MOST_OF_CLOUD:
        return features
    return features[np.random.default_rng(seed).choice(len(features), MOST_OF_CLOUD, replace=False)]
