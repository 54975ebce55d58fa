"""Traps of PNG and JPEG: more than 8 bits, transparency, rotation, wrong names."""

from __future__ import annotations

import io

import numpy as np
from PIL import Image

from wetread.phantoms.traps_file import PLACES, SIDE, Shown, Trap, expect, ramp


def picture_traps() -> list[Trap]:
    """Files that people export from viewers and telephones."""
    return [_deep(), _transparent(), _turned(), _misnamed()]


def _deep() -> Trap:
    stored = ramp(0, 257)
    stored.ravel()[:4], stored.ravel()[-4:] = 0, 65535
    return Trap(
        "grey_16_bit.png",
        "PNG of 16 bits",
        "scales the whole range to 0..255; keeping the lower 8 bits gives stripes",
        _save(Image.fromarray(stored.astype(np.uint16)), "PNG"),
        expect(stored, lambda x: 255 * x / 65535),
    )


def _transparent() -> Trap:
    grey = ramp(0, 1).astype(np.uint8)
    opacity = np.full((SIDE, SIDE), 255, dtype=np.uint8)
    opacity[:6] = 0
    image = Image.fromarray(np.stack([grey, opacity], axis=-1))
    shown: Shown = {at: (int(grey[at]) if opacity[at] else 0,) for at in PLACES}
    return Trap(
        "alpha.png",
        "PNG with transparent parts that hide values",
        "lays it on black; hidden values stay hidden",
        _save(image, "PNG"),
        shown,
    )


def _turned() -> Trap:
    # Four even quarters of blocks of 8 x 8, which JPEG keeps nearly exactly.
    stored = np.kron(np.array([[20, 90], [160, 235]], dtype=np.uint8), np.ones((8, 8), dtype=np.uint8))
    exif = Image.Exif()
    exif[0x0112] = 6
    buffer = io.BytesIO()
    Image.fromarray(stored).save(buffer, format="JPEG", quality=95, exif=exif)
    # Orientation 6: the first row of the file is the right edge of the picture (EXIF 2.3, tag 274).
    upright = np.rot90(stored, -1)
    shown: Shown = {at: (int(upright[at]),) for at in ((2, 2), (2, 13), (13, 2), (13, 13))}
    return Trap(
        "rotated.jpg",
        "JPEG that a tag asks to turn by a quarter",
        "turns it clockwise",
        buffer.getvalue(),
        shown,
    )


def _misnamed() -> Trap:
    stored = ramp(0, 1)
    return Trap(
        "picture.dcm",
        "a PNG named .dcm",
        "goes by the content and not by the name",
        _save(Image.fromarray(stored.astype(np.uint8)), "PNG"),
        expect(stored, lambda x: x),
    )


def _save(image: Image.Image, kind: str) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, format=kind)
    return buffer.getvalue()
