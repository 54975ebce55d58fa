"""Occlusion: hide a patch, ask again, and note how far the answer falls (Zeiler & Fergus 2014). Works for any model."""

from __future__ import annotations

import numpy as np
from PIL import Image, ImageFilter

from wetread.explanation.heatmap import Heatmap
from wetread.model.classifier import Classifier, NearInputs
from wetread.shapes import Picture

#: Positions per side; a patch covers two of them, so neighbouring patches overlap by half: 1/8 of the side wide, in
#: steps of 1/16.
GRID = 16

#: The same for models that look at more pixels than `LARGE`: each of 225 copies would cost them a second.
COARSE_GRID = 8
LARGE = 320


def explain_by_occlusion(
    classifier: Classifier, picture: Picture, target: int, *, blur: bool = False, coarse: bool = False
) -> Heatmap:
    """Hides patches and notes the fall of the class margin.

    Args:
        classifier: Any.
        picture: Grey or colour.
        target: Column of the class to explain.
        blur: Hide by blurring, which keeps the grey level of the place; otherwise by the mean grey value of the
            picture, which in a dark place is itself something bright.
        coarse: `COARSE_GRID` in any case, a fifth of the time.

    Returns:
        A map of `GRID` x `GRID` cells, or of `COARSE_GRID` x `COARSE_GRID`; each is the mean fall over the patches that
        covered it, in units of logit margin.
    """
    side = classifier.finest  # the picture is shrunk first: the model sees no finer detail, and hundreds are made
    grid = COARSE_GRID if coarse or side > LARGE else GRID
    small = np.asarray(Image.fromarray(picture).resize((side, side), Image.Resampling.BILINEAR))
    edges = np.linspace(0, side, grid + 1).round().astype(int)
    fill = _blurred(small, 2 * side / grid) if blur else _flat(small)
    copies, covered = [small], []
    for row in range(grid - 1):
        for column in range(grid - 1):
            place = slice(edges[row], edges[row + 2]), slice(edges[column], edges[column + 2])
            hidden = small.copy()
            hidden[place] = fill[place]
            copies.append(hidden)
            covered.append((row, column))
    margins = classifier.margin(NearInputs(copies, classifier.backbone), target)
    falls = margins[0] - margins[1:]
    sums, counts = np.zeros((grid, grid)), np.zeros((grid, grid))
    for (row, column), fall in zip(covered, falls, strict=True):
        sums[row : row + 2, column : column + 2] += fall
        counts[row : row + 2, column : column + 2] += 1
    patch = f"patches of 1/{grid // 2} of the side, {'blurred' if blur else 'filled with the mean grey value'}"
    name = "occlusion-blur" if blur else "occlusion"
    return Heatmap(sums / counts, classifier.classes[target], name, patch)


def _flat(picture: Picture) -> Picture:
    mean = picture.reshape(-1, *picture.shape[2:]).mean(axis=0).round().astype(np.uint8)
    return np.broadcast_to(mean, picture.shape)


def _blurred(picture: Picture, patch: float) -> Picture:
    """What is left when everything as large as a patch is smoothed out."""
    return np.asarray(Image.fromarray(picture).filter(ImageFilter.GaussianBlur(patch / 2)))
