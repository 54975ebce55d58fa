"""RISE (Petsiuk 2018, arXiv 1806.07421): hide half of the picture at random, many times, and see what helped."""

from __future__ import annotations

import numpy as np
from PIL import Image

from wetread.explanation.heatmap import Heatmap
from wetread.model.classifier import Classifier
from wetread.shapes import Floats, Picture

#: Cells, and by which part of a cell they are moved to the right and down.
Mask = tuple[Floats, float, float]

#: Random pictures per explanation; the paper takes 4000 to 8000 for natural photographs.
MASKS = 768
QUICK_MASKS = 128
#: Cells of a mask per side, as in the paper; each mask is moved by a random part of a cell.
CELLS = 7
#: Cells of the map per side: finer than those of a mask, since these are moved.
GRID = 28
#: Copies in memory at once.
_AT_ONCE = 128


def explain_by_rise(
    classifier: Classifier, picture: Picture, target: int, *, seed: int = 0, quick: bool = False
) -> Heatmap:
    """Correlates the class margin with what is shown.

    The paper sums the masks, weighted by a probability. A margin may be negative and far from zero, so the sum would
    show the masks rather than the picture; the mean is taken off both, which leaves by how much showing a place raises
    the margin, with its sign. Masks come in pairs, each with its own negative, which takes noise out.

    Args:
        classifier: Any.
        picture: Grey or colour.
        target: Column of the class to explain.
        seed: Of the masks.
        quick: `QUICK_MASKS` instead of `MASKS`.

    Returns:
        A map of `GRID` x `GRID` cells in units of the margin; what is hidden fades to the mean grey value.
    """
    side, count = classifier.finest, QUICK_MASKS if quick else MASKS
    small = np.asarray(Image.fromarray(picture).resize((side, side), Image.Resampling.BILINEAR))
    mean = small.reshape(-1, *small.shape[2:]).mean(axis=0)
    difference = (small - mean).astype(np.float32)
    masks = _draw_masks(count, seed)
    margins = np.concatenate(
        [
            classifier.margin([_show(difference, mean, mask) for mask in masks[start : start + _AT_ONCE]], target)
            for start in range(0, count, _AT_ONCE)
        ]
    )
    shown = np.stack([_sized(mask, GRID) for mask in masks]) - 0.5
    values = np.einsum("m,mrc->rc", margins - margins.mean(), shown) / (shown**2).sum(axis=0)
    settings = f"{count} random masks of {CELLS} x {CELLS} cells, hidden parts fade to the mean grey value"
    return Heatmap(values, classifier.classes[target], "rise", settings)


def _draw_masks(count: int, seed: int) -> list[Mask]:
    """Random masks, each followed by its negative."""
    random = np.random.default_rng(seed)
    masks: list[Mask] = []
    for _ in range(count // 2):
        # One cell more than is seen at once, so that moving shows no rim.
        cells = random.integers(0, 2, (CELLS + 1, CELLS + 1)).astype(np.float32)
        right, down = random.random(2)
        masks += [(cells, right, down), (1 - cells, right, down)]
    return masks


def _sized(mask: Mask, side: int) -> Floats:
    """A mask as ``row column`` in [0, 1], 1 where the picture is shown, smooth between cells."""
    cells, right, down = mask
    seen = right, down, right + CELLS, down + CELLS
    return np.asarray(Image.fromarray(cells).resize((side, side), Image.Resampling.BILINEAR, box=seen))


def _show(difference: Floats, mean: Floats, mask: Mask) -> Picture:
    opaque = _sized(mask, len(difference))
    faded = mean + difference * (opaque[..., None] if difference.ndim == 3 else opaque)
    return faded.round().clip(0, 255).astype(np.uint8)
