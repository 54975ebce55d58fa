"""Nearest training cases: not where the model looked, but what it has seen that looks most alike."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from wetread.errors import InputError
from wetread.model.classifier import Classifier
from wetread.model.inputs import Inputs
from wetread.model.refusal_sights import see
from wetread.shapes import Floats, Ints, Picture

#: Cases shown for a picture.
CASES = 5


def nearest_cases(embeddings: Floats, table: Floats, count: int = CASES) -> tuple[Ints, Floats]:
    """Finds the most alike rows of a table.

    Args:
        embeddings: ``image feature``.
        table: ``case feature`` of the training pictures.
        count: How many; all of the table where it has fewer.

    Returns:
        Row numbers of the table, ``image case``, the nearest first, of equals the earlier; and their cosine
        similarities, -1 to 1. A row of zeros is as far from everything as can be without pointing away: 0.
    """
    likeness = _unit(embeddings) @ _unit(table).T
    order = np.argsort(-likeness, axis=1, kind="stable")[:, :count]
    return order, np.take_along_axis(likeness, order, axis=1)


def nearest_training_cases(
    classifier: Classifier, pictures: Sequence[Picture], count: int = CASES
) -> tuple[Ints, Floats]:
    """The same for a model that keeps features of its training pictures, to refuse others.

    Args:
        classifier: With a refusal.
        pictures: Grey or colour.
        count: How many cases.

    Returns:
        Row numbers in the training data, ``image case``, the nearest first, and cosine similarities. Several blocks of
        features count alike.

    Raises:
        InputError: The model keeps none. Code ``no-training-cases``.
    """
    if classifier.refusal is None:
        raise InputError(
            "This model keeps no features of its training pictures.",
            remedy="Train it again with refusal on, or take another method.",
            code="no-training-cases",
        )
    refusal = classifier.refusal
    known = refusal.space.references
    if not len(pictures):
        return np.zeros((0, count), dtype=np.int64), np.zeros((0, count))
    seen = see(Inputs(pictures, classifier.backbone), refusal.sees)
    # Side by side: rows of length one in each block give the mean of the blocks' cosines.
    rows, likeness = nearest_cases(
        np.hstack([seen[name] for name in known]), np.hstack([known[name] for name in known]), count
    )
    return refusal.space.rows[rows], likeness


def _unit(rows: Floats) -> Floats:
    rows = np.asarray(rows, dtype=np.float64)
    length = np.linalg.norm(rows, axis=1, keepdims=True)
    unit: Floats = rows / np.where(length > 0, length, 1.0)
    return unit
