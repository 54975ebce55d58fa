"""The rules for PNG, JPEG, TIFF and BMP: bit depth, palette, alpha, rotation.

JPEG is always decoded at full size: `DecodedImage.pixel_sha256` needs every pixel, and the reduced decoding of
libjpeg would give slightly other pixels for other sizes.
"""

from __future__ import annotations

import struct
from typing import BinaryIO

import numpy as np
from PIL import Image, UnidentifiedImageError

from wetread.images.facts import ImageFacts
from wetread.images.gate import Refused, check_size
from wetread.images.intensity import PERCENTILES, Values, map_levels, stretch
from wetread.shapes import Picture

_ORIENTATION = 0x0112
_TIFF_BITS, _TIFF_PHOTOMETRIC = 258, 262
#: Names for the modes of Pillow, and bytes per pixel when loaded.
_MODES: dict[str, tuple[str, int]] = {
    "1": ("bilevel", 1),
    "L": ("grey", 1),
    "LA": ("grey+alpha", 4),
    "La": ("grey+alpha", 4),
    "P": ("palette", 1),
    "PA": ("palette+alpha", 4),
    "RGB": ("rgb", 4),
    "RGBX": ("rgb", 4),
    "RGBA": ("rgba", 4),
    "RGBa": ("rgba", 4),
    "CMYK": ("cmyk", 4),
    "YCbCr": ("ybr", 4),
    "I;16": ("grey", 2),
    "I;16L": ("grey", 2),
    "I;16B": ("grey", 2),
    "I;16N": ("grey", 2),
    "I": ("grey", 4),
    "F": ("float", 4),
}
_WIDE_MODES = ("I;16", "I;16L", "I;16B", "I;16N", "I", "F")


def decode_picture(handle: BinaryIO, kind: str, size: int) -> tuple[Picture, ImageFacts]:
    """Decodes an open PNG, JPEG, TIFF or BMP file.

    Args:
        handle: The file, at its start.
        kind: Its format, from `wetread.images.gate.identify`; no other reader of Pillow is tried.
        size: Bytes of the file.

    Returns:
        The picture as displayed, and its facts. Of several pages the first is taken.

    Raises:
        Refused: With the reason.
    """
    try:
        return _decode(handle, kind, size)
    except UnidentifiedImageError as error:
        # Pillow knows the format but not this variant of it (a TIFF of five channels), or its header is broken.
        raise Refused("truncated" if size < 64 else "unsupported" if kind == "TIFF" else "damaged") from error
    except NotImplementedError as error:
        raise Refused("unsupported") from error
    except Image.DecompressionBombError as error:
        raise Refused("too-large") from error
    except EOFError as error:
        raise Refused("truncated") from error
    except (OSError, SyntaxError, ValueError, TypeError, KeyError, IndexError, AttributeError, struct.error) as error:
        # The only text of Pillow that is looked at, and it is not passed on.
        cut = "truncated" in str(error).lower()
        raise Refused("truncated" if cut else "damaged") from error


def _decode(handle: BinaryIO, kind: str, size: int) -> tuple[Picture, ImageFacts]:
    start = handle.read(32)
    handle.seek(0)
    image = Image.open(handle, formats=[kind])
    if image.mode not in _MODES:
        raise Refused("unsupported")
    name, depth = _MODES[image.mode]
    check_size(image.width, image.height, bits=8 * depth)
    bits = _bit_depth(image, kind, start)
    frames = max(1, int(getattr(image, "n_frames", 1)))
    white_is_zero = kind == "TIFF" and image.mode in _WIDE_MODES and _tag(image, _TIFF_PHOTOMETRIC, 1) == 0
    image.load()
    if image.mode in _WIDE_MODES:
        pixels = map_levels(_wide_values(image), stretch)
        intensity = PERCENTILES
        if white_is_zero:
            # Pillow inverts WhiteIsZero (TIFF 6.0, tag 262) up to 8 bits, not beyond.
            pixels = 255 - pixels
    else:
        pixels = merge_equal_channels(_flatten(image))
        intensity = "as stored" if bits <= 8 else f"upper 8 of {bits} bits"
    if kind in ("JPEG", "PNG"):  # Pillow turns a TIFF by itself
        pixels = turn(pixels, _orientation(image))
    facts = ImageFacts(
        format=kind,
        width=pixels.shape[1],
        height=pixels.shape[0],
        bit_depth=bits,
        mode=name,
        bytes=size,
        frames=frames,
        intensity=intensity,
    )
    return np.ascontiguousarray(pixels), facts


def _wide_values(image: Image.Image) -> Values:
    values = np.asarray(image)
    return values if values.dtype.isnative else values.astype(values.dtype.newbyteorder("="))


def _flatten(image: Image.Image) -> Picture:
    """A loaded picture of up to 8 bits per sample -> ``row column`` or ``row column 3``."""
    if image.mode == "1":
        return np.asarray(image.convert("L"))
    if image.mode in ("L", "RGB", "P") and "transparency" in image.info:
        image = image.convert("LA" if image.mode == "L" else "RGBA")
    elif image.mode == "P":
        image = image.convert("RGB")
    elif image.mode == "La":
        image = image.convert("LA")
    elif image.mode in ("PA", "RGBa"):
        image = image.convert("RGBA")
    elif image.mode in ("CMYK", "YCbCr", "RGBX"):
        image = image.convert("RGB")
    pixels = np.asarray(image, dtype=np.uint8)
    if image.mode in ("LA", "RGBA"):
        return drop_alpha(pixels)
    return pixels


def drop_alpha(pixels: Picture) -> Picture:
    """Lays a picture with alpha on black, the colour around a radiograph.

    An alpha that is the same everywhere means nothing, even if it is 0: it is dropped.

    Args:
        pixels: ``row column 2`` or ``row column 4``; the last channel is alpha, 255 opaque.

    Returns:
        ``row column`` or ``row column 3``.
    """
    colour, alpha = pixels[..., :-1], pixels[..., -1:]
    if alpha.min() != alpha.max():
        colour = ((colour.astype(np.uint16) * alpha + 127) // 255).astype(np.uint8)
    return colour[..., 0] if colour.shape[-1] == 1 else colour


def merge_equal_channels(pixels: Picture) -> Picture:
    """Turns ``row column 3`` with three equal channels into ``row column``; leaves everything else."""
    if pixels.ndim == 2:
        return pixels
    # A sparse look first: most colour pictures are told by a few pixels.
    for step in (61, 1):
        red, green, blue = (pixels[::step, ::step, channel] for channel in range(3))
        if not (np.array_equal(red, green) and np.array_equal(red, blue)):
            return pixels
    return pixels[..., 0]


def turn(pixels: Picture, orientation: int) -> Picture:
    """Turns a picture upright, CIPA DC-008 (EXIF) section 4.6.4, tag 274.

    Args:
        pixels: ``row column`` or ``row column 3`` as stored.
        orientation: 1..8; 1 is upright, 6 needs a quarter turn clockwise. Anything else counts as 1.
    """
    if orientation in (5, 6, 7, 8):
        pixels = pixels.swapaxes(0, 1)
    if orientation in (3, 4, 7, 8):
        pixels = pixels[::-1]
    if orientation in (2, 3, 6, 7):
        pixels = pixels[:, ::-1]
    return pixels


def _orientation(image: Image.Image) -> int:
    try:
        return int(image.getexif().get(_ORIENTATION, 1))
    except Exception:  # a damaged EXIF block must not cost the picture
        return 1


def _bit_depth(image: Image.Image, kind: str, start: bytes) -> int:
    if kind == "TIFF":
        return _tag(image, _TIFF_BITS, 1)
    if kind == "PNG":
        return start[24]  # PNG third edition, section 11.2.1: the byte after width and height
    return {"1": 1}.get(image.mode, 8)


def _tag(image: Image.Image, number: int, default: int) -> int:
    value = getattr(image, "tag_v2", {}).get(number, default)
    return int(value[0] if isinstance(value, tuple) else value)
