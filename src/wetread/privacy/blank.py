"""Rectangles of a picture -> black, for text that is burned into the pixels (PS3.15 section E.3.1).

Compressed pixels are decoded for it and stored plain. That changes no other pixel: the decoded values are stored.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pydicom import Dataset

from wetread.images.dicom_file import PixelElement
from wetread.images.elements import read_integer
from wetread.images.frame import Frame, load_frame
from wetread.images.gate import Refused

#: left, top, width, height in pixels of the stored picture, from its upper left corner.
Rectangle = tuple[int, int, int, int]


@dataclass(frozen=True)
class Blanked:
    """Plain little-endian pixels of all frames, and the elements of the header that describe them."""

    data: bytes
    header: dict[str, Any]


def blank_rectangles(pixels: NDArray[Any], rectangles: Sequence[Rectangle], black: Any) -> None:
    """Overwrites rectangles in place; parts beyond the edge are cut.

    Args:
        pixels: ``row column`` or ``row column channel``.
        rectangles: What to overwrite.
        black: The value, or one per channel.
    """
    for left, top, width, height in rectangles:
        pixels[max(0, top) : max(0, top + height), max(0, left) : max(0, left + width)] = black


def blank_frames(dataset: Dataset, element: PixelElement, syntax: str, rectangles: Sequence[Rectangle]) -> Blanked:
    """Decodes all frames of a DICOM file and overwrites the same rectangles in each.

    Raises:
        Refused: ``unsupported`` for pixels of one bit or of real numbers, and as `load_frame`.
    """
    count = read_integer(dataset, "NumberOfFrames") or 1
    parts = []
    for index in range(count):
        frame = load_frame(dataset, element, syntax, index)
        if frame.layout.real or frame.layout.allocated == 1 or frame.layout.photometric.startswith("YBR_PARTIAL"):
            raise Refused("unsupported")
        raw = np.array(frame.raw)
        blank_rectangles(raw, rectangles, _black(frame))
        parts.append(raw.astype(raw.dtype.newbyteorder("<")).tobytes())
    return Blanked(b"".join(parts), _describe(frame, raw.itemsize * 8))


def _black(frame: Frame) -> Any:
    photometric, cell = frame.layout.photometric, frame.cell
    if photometric.startswith("YBR") and frame.raw.ndim == 3:
        half = 1 << frame.cell.bits - 1
        return (0, half, half)
    if photometric == "PALETTE COLOR" or frame.raw.ndim == 3:
        return 0
    low, high = cell.limits
    value = high if photometric == "MONOCHROME1" else low
    return (value & (1 << cell.bits) - 1) << cell.shift


def _describe(frame: Frame, allocated: int) -> dict[str, Any]:
    layout, cell = frame.layout, frame.cell
    photometric = layout.photometric
    if photometric in ("YBR_RCT", "YBR_ICT"):
        photometric = "RGB"  # undone by the decoder
    elif photometric.startswith("YBR_FULL"):
        photometric = "YBR_FULL"  # every pixel has its own colour now
    described = {
        "Rows": layout.rows,
        "Columns": layout.columns,
        "SamplesPerPixel": layout.samples,
        "PhotometricInterpretation": photometric,
        "BitsAllocated": allocated,
        "BitsStored": cell.bits,
        "HighBit": cell.bits + cell.shift - 1,
        "PixelRepresentation": int(cell.signed),
    }
    if layout.samples > 1:
        described["PlanarConfiguration"] = 0
    return described
