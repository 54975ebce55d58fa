"""Colour images: RGB and YBR of any depth -> RGB of 8 bits, PS3.3 section C.7.6.3.1.2."""

from __future__ import annotations

import numpy as np
from PIL import Image

from wetread.images.frame import Frame
from wetread.images.gate import Refused
from wetread.images.intensity import Values
from wetread.shapes import Picture


def show_colour(frame: Frame) -> tuple[Picture, str]:
    """Stored colours -> picture as displayed. No window applies to them.

    Args:
        frame: One frame of three samples per pixel.

    Returns:
        ``row column 3``, RGB, 0..255, and how it was done.

    Raises:
        Refused: ``unsupported`` for floats.
    """
    if frame.layout.real:
        raise Refused("unsupported")
    photometric = frame.layout.photometric
    plain = frame.cell.bits == 8 * frame.raw.itemsize and not frame.cell.signed
    values = frame.raw if plain else frame.cell.interpret(frame.raw)
    # A compressed frame can have more bits than are stored, or fewer. What is there counts.
    bits = min(frame.cell.bits, frame.layout.stored)
    if bits < frame.cell.bits and int(values.max(initial=0)) >= 1 << bits:
        bits = frame.cell.bits
    pixels = reduce_to_bytes(values, bits)
    if photometric.startswith("YBR_PARTIAL"):
        pixels = widen_range(pixels)
    if photometric.startswith(("YBR_FULL", "YBR_PARTIAL")):
        # The matrix of the standard is that of JFIF. YBR_RCT and YBR_ICT were undone by the decoder.
        pixels = np.asarray(Image.fromarray(np.ascontiguousarray(pixels), "YCbCr").convert("RGB"))
    return pixels, "as stored" if bits <= 8 else f"upper 8 of {bits} bits"


def reduce_to_bytes(values: Values, bits: int) -> Picture:
    """Keeps the upper 8 of more bits, all that a screen and a network see; fewer than 8 are spread over them."""
    if bits > 8:
        values = values >> bits - 8
    elif bits < 8:
        values = values.astype(np.int64) * 255 // (2**bits - 1)
    clipped: Picture = np.clip(values, 0, 255).astype(np.uint8)
    return clipped


def widen_range(pixels: Picture) -> Picture:
    """The retired YBR_PARTIAL: black is 16 and white 235, colours reach from 16 to 240.

    Args:
        pixels: ``row column 3``, YCbCr.

    Returns:
        The same in the full range.
    """
    spans = np.array([219, 224, 224])
    wide = (pixels.astype(np.float64) - [16, 128, 128]) * 255 / spans + [0, 128, 128]
    clipped: Picture = np.clip(np.rint(wide), 0, 255).astype(np.uint8)
    return clipped
