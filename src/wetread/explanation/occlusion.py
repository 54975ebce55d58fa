"""Occlusion: hide a patch, ask again, and note how far the answer falls (Zeiler & Fergus 2014). Works for any model."""

from __future__ import annotations

import numpy as np
from PIL import Image

from wetread.explanation.heatmap import Heatmap
from wetread.model.classifier import Classifier
from wetread.shapes import Picture

#: Positions per side; a patch covers two of them, so neighbouring patches overlap by half: 1/8 of the side wide, in
#: steps of 1/16.
GRID = 16
#: The picture is shrunk to this side first: no model here sees finer detail, and 225 copies are made.
SIDE = 128


def explain_by_occlusion(classifier: Classifier, picture: Picture, target: int) -> Heatmap:
    """Hides patches by the mean of their surroundings and notes the fall of the class margin.

    Args:
        classifier: Any.
        picture: Grey or colour.
        target: Column of the class to explain.

    Returns:
        A map of `GRID` x `GRID` cells; each is the mean fall over the patches that covered it, in units of
        logit margin.
    """
    image = Image.fromarray(picture).resize((SIDE, SIDE), Image.Resampling.BILINEAR)
    small = np.asarray(image)
    edges = np.linspace(0, SIDE, GRID + 1).round().astype(int)
    fill = small.reshape(-1, *small.shape[2:]).mean(axis=0).round().astype(np.uint8)
    copies, covered = [small], []
    for row in range(GRID - 1):
        for column in range(GRID - 1):
            hidden = small.copy()
            hidden[edges[row] : edges[row + 2], edges[column] : edges[column + 2]] = fill
            copies.append(hidden)
            covered.append((row, column))
    margins = classifier.margin(copies, target)
    falls = margins[0] - margins[1:]
    sums, counts = np.zeros((GRID, GRID)), np.zeros((GRID, GRID))
    for (row, column), fall in zip(covered, falls, strict=True):
        sums[row : row + 2, column : column + 2] += fall
        counts[row : row + 2, column : column + 2] += 1
    patch = f"patches of 1/{GRID // 2} of the side, filled with the mean grey value"
    return Heatmap(sums / counts, classifier.classes[target], "occlusion", patch)
