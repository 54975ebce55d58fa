"""Picture -> classical features: what computer vision measured before networks learnt to.

HOG (Dalal & Triggs 2005), uniform local binary patterns (Ojala 2002), a grey-value histogram and a small thumbnail.
With an L2 logistic regression on top this is a strong baseline on a few hundred radiographs, and it costs
milliseconds.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from wetread.shapes import Floats, Picture

SIDE = 128
THUMBNAIL = 12
_LBP_GRID = 3


def classical_features(pictures: Sequence[Picture]) -> NDArray[np.float32]:
    """Measures pictures.

    Args:
        pictures: Of any size, grey or colour (turned grey).

    Returns:
        ``image feature`` array; the same number of features whatever the size of the pictures.
    """
    return np.stack([_measure(picture) for picture in pictures])


def _measure(picture: Picture) -> NDArray[np.float32]:
    # scikit-image costs a third of a second to import, which `wetread check` need not pay.
    from skimage.feature import hog

    image = Image.fromarray(picture).convert("L").resize((SIDE, SIDE), Image.Resampling.BILINEAR)
    grey = np.asarray(image, dtype=np.uint8)
    blocks = (
        hog(grey, orientations=9, pixels_per_cell=(16, 16), cells_per_block=(2, 2), block_norm="L2-Hys"),
        _texture(grey),
        _histogram(grey),
        np.asarray(image.resize((THUMBNAIL, THUMBNAIL), Image.Resampling.BOX), dtype=np.float32).ravel() / 255.0,
    )
    return np.concatenate(blocks).astype(np.float32)


def _texture(grey: Picture) -> Floats:
    from skimage.feature import local_binary_pattern

    patterns = local_binary_pattern(grey, P=8, R=1, method="uniform").astype(np.int64)
    edges = np.linspace(0, SIDE, _LBP_GRID + 1).astype(int)
    cells = [
        np.bincount(patterns[top:bottom, left:right].ravel(), minlength=10) / ((bottom - top) * (right - left))
        for top, bottom in zip(edges[:-1], edges[1:], strict=True)
        for left, right in zip(edges[:-1], edges[1:], strict=True)
    ]
    # Square roots compare histograms by the Hellinger distance rather than by their largest bins.
    roots: Floats = np.sqrt(np.concatenate(cells))
    return roots


def _histogram(grey: Picture) -> Floats:
    counts: Floats = np.bincount(grey.ravel() // 8, minlength=32) / grey.size
    roots: Floats = np.sqrt(counts)
    return roots
