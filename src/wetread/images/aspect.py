"""Pixels that are not square -> a picture with square ones, as it would be displayed."""

from __future__ import annotations

import numpy as np
from PIL import Image
from pydicom import Dataset

from wetread.images.elements import functional_group, read_numbers
from wetread.images.gate import check_size
from wetread.shapes import Picture

#: Within 1 % nobody sees it; beyond 4 it is no pixel but a slip of the pen.
_NEGLIGIBLE, _NONSENSE = 1.01, 4.0
#: In the order of PS3.3 section C.7.6.3.1.7: the aspect ratio is for images without a physical spacing. All four hold
#: the vertical size first, then the horizontal one.
_SPACINGS = ("PixelSpacing", "ImagerPixelSpacing", "NominalScannedPixelSpacing", "PixelAspectRatio")


def pixel_aspect(dataset: Dataset, index: int = 0) -> float:
    """Height of a pixel over its width, PS3.3 sections C.7.6.3.1.7 and 10.7.1.3; 1 where nobody says otherwise.

    Args:
        dataset: The header.
        index: Number of the frame, from 0; enhanced objects state the spacing for each (section C.7.6.16.2.1).
    """
    for item in (functional_group(dataset, index, "PixelMeasuresSequence"), dataset):
        for keyword in _SPACINGS:
            numbers = read_numbers(item, keyword)
            if len(numbers) == 2 and all(0 < number < np.inf for number in numbers):
                ratio = numbers[0] / numbers[1]
                return ratio if _NEGLIGIBLE < max(ratio, 1 / ratio) <= _NONSENSE else 1.0
    return 1.0


def make_square(pixels: Picture, ratio: float) -> Picture:
    """Enlarges a picture along the long side of its pixels, linearly, so that nothing is lost.

    Args:
        pixels: ``row column`` or ``row column 3``.
        ratio: Height of a pixel over its width.

    Raises:
        Refused: ``too-large`` where the enlarged picture would be.
    """
    if ratio == 1.0:
        return pixels
    rows, columns = pixels.shape[:2]
    rows, columns = (round(rows * ratio), columns) if ratio > 1 else (rows, round(columns / ratio))
    check_size(columns, rows)
    larger = Image.fromarray(np.ascontiguousarray(pixels)).resize((columns, rows), Image.Resampling.BILINEAR)
    return np.asarray(larger, dtype=np.uint8)
