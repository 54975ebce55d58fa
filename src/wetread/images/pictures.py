"""The rules for PNG, JPEG, TIFF and BMP: bit depth, palette, alpha, rotation, pages."""

from __future__ import annotations

import io
import struct
from collections.abc import Iterator
from contextlib import contextmanager
from typing import BinaryIO

import numpy as np
from PIL import Image, UnidentifiedImageError

from wetread.images.facts import ImageFacts, Survey
from wetread.images.gate import Refused, check_size
from wetread.images.intensity import PERCENTILES, Values, full_range, map_levels, stretch, window
from wetread.images.view import COLOURS, View
from wetread.shapes import Ints, Picture

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

#: Pixels of the shorter side of a JPEG that is decoded at a part of its size.
_MIN_SIDE = 32


def decode_picture(
    handle: BinaryIO,
    kind: str,
    size: int,
    *,
    view: View | None = None,
    frame: int | None = None,
    max_side: int | None = None,
) -> tuple[Picture, ImageFacts]:
    """Decodes an open PNG, JPEG, TIFF or BMP file.

    Args:
        handle: The file, at its start.
        kind: Its format, from `wetread.images.gate.identify`; no other reader of Pillow is tried.
        size: Bytes of the file.
        view: How values of more than 8 bits become 0..255 (None: ``file``); pictures of bytes stay as they are.
        frame: Page of a TIFF, from 1; None: the one that the view names by number, else the first, since the others
            are often thumbnails and masks.
        max_side: A larger JPEG is decoded at a half, a quarter or an eighth of its size, as far as its longer side
            keeps this many pixels.

    Returns:
        The picture as displayed, and its facts, whose width and height are those of the file.

    Raises:
        Refused: With the reason.
    """
    with _refusals(kind, size):
        return _decode(handle, kind, size, view or View(), frame, max_side)


def picture_values(
    handle: BinaryIO, kind: str, size: int, *, frame: int | None = None, max_side: int | None = None
) -> tuple[Values, int, bool, tuple[int, int]]:
    """Reads an open PNG, JPEG, TIFF or BMP file for a viewer: values of more than 8 bits stay as they are.

    Args:
        handle, kind, size, frame, max_side: As in `decode_picture`.

    Returns:
        ``row column`` of any number type, or ``row column 3`` (0..255), upright; bits per sample; whether the lowest
        value is white; columns and rows of the original as displayed.

    Raises:
        Refused: With the reason.
    """
    with _refusals(kind, size):
        image, bits, _, full, white_is_zero = _load(handle, kind, frame or 1, max_side)
        wide = image.mode in _WIDE_MODES
        pixels = _wide_values(image) if wide else merge_equal_channels(_flatten(image))
        if kind in ("JPEG", "PNG"):
            orientation = _orientation(image)
            pixels = turn(pixels, orientation)
            full = full[::-1] if orientation in (5, 6, 7, 8) else full
        return pixels, bits if wide else 8, white_is_zero, full


def survey_picture(handle: BinaryIO, kind: str, size: int) -> Survey:
    """Reads the header of an open PNG, JPEG, TIFF or BMP file; arguments and errors as in `decode_picture`."""
    with _refusals(kind, size):
        image, bits, frames = _open(handle, kind)
        return Survey(kind, frames=frames, bits=bits, grey=image.mode in ("1", "L", *_WIDE_MODES))


@contextmanager
def _refusals(kind: str, size: int) -> Iterator[None]:
    try:
        yield
    except UnidentifiedImageError as error:
        # Pillow knows the format but not this variant of it (a TIFF of five channels), or its header is broken.
        raise Refused("truncated" if size < 64 else "unsupported" if kind == "TIFF" else "damaged") from error
    except NotImplementedError as error:
        raise Refused("unsupported") from error
    except Image.DecompressionBombError as error:
        raise Refused("too-large") from error
    except EOFError as error:
        raise Refused("truncated") from error
    except (
        OSError, SyntaxError, ValueError, TypeError, KeyError, IndexError, AttributeError, ArithmeticError,
        RecursionError, struct.error,
    ) as error:  # fmt: skip
        # The only text of Pillow that is looked at, and it is not passed on.
        cut = "truncated" in str(error).lower()
        raise Refused("truncated" if cut else "damaged") from error


def _open(handle: BinaryIO, kind: str, frame: int = 1) -> tuple[Image.Image, int, int]:
    """Opens a file without decoding it; returns one page, its bits per sample, and how many pages there are."""
    start = handle.read(32)
    handle.seek(0)
    image: Image.Image = Image.open(handle, formats=[kind])
    # Of an animated PNG the still picture counts, of a JPEG with previews (MPO) the large one.
    frames = max(1, int(getattr(image, "n_frames", 1))) if kind == "TIFF" else 1
    if frame > frames:
        raise Refused("no-frame")
    if frame > 1:
        image.seek(frame - 1)
    if image.mode not in _MODES:
        raise Refused("unsupported")
    check_size(image.width, image.height, bits=8 * _MODES[image.mode][1])
    return image, _bit_depth(image, kind, start), frames


def _decode(
    handle: BinaryIO, kind: str, size: int, view: View, frame: int | None, max_side: int | None
) -> tuple[Picture, ImageFacts]:
    page = frame or (int(view.frame) if view.frame.isdigit() else 1)
    image, bits, frames, full, white_is_zero = _load(handle, kind, page, max_side)
    if image.mode in _WIDE_MODES:
        # Pillow inverts WhiteIsZero (TIFF 6.0, tag 262) up to 8 bits, not beyond.
        pixels, intensity = _show(_wide_values(image), view, bits, inverted=white_is_zero)
    else:
        pixels = merge_equal_channels(_flatten(image))
        intensity = "as stored" if bits <= 8 else f"upper 8 of {bits} bits"
    if kind in ("JPEG", "PNG"):  # Pillow turns a TIFF by itself
        orientation = _orientation(image)
        pixels = turn(pixels, orientation)
        full = full[::-1] if orientation in (5, 6, 7, 8) else full
    facts = ImageFacts(
        format=kind,
        width=full[0],
        height=full[1],
        bit_depth=bits,
        mode=_MODES[image.mode][0],
        bytes=size,
        frames=frames,
        frame_used=page,
        intensity=intensity,
    )
    return np.ascontiguousarray(pixels), facts


def _load(
    handle: BinaryIO, kind: str, page: int, max_side: int | None
) -> tuple[Image.Image, int, int, tuple[int, int], bool]:
    """Decodes one page; returns it, bits per sample, pages, columns and rows as stored, whether 0 is white."""
    image, bits, frames = _open(handle, kind, page)
    full = image.size
    if kind == "JPEG" and max_side is not None:
        _reduce(image, max_side)
    white_is_zero = kind == "TIFF" and image.mode in _WIDE_MODES and _tag(image, _TIFF_PHOTOMETRIC, 1) == 0
    image.load()
    # Pillow may have turned a TIFF.
    return image, bits, frames, image.size if kind == "TIFF" else full, white_is_zero


def _reduce(image: Image.Image, max_side: int) -> bool:
    """Tells libjpeg to compute a smaller picture from fewer of its frequencies; True if it will.

    It rounds sides up, which stretches a picture by less than a pixel; below `_MIN_SIDE` that would be too much.
    """
    wanted = min(max(image.size) // max_side, min(image.size) // _MIN_SIDE)
    scale = next((scale for scale in (8, 4, 2) if scale <= wanted), 1)
    # Pillow divides again and rounds down, which gives the same scale.
    return scale > 1 and image.draft(None, (max(1, image.width // scale), max(1, image.height // scale))) is not None


def _show(values: Values, view: View, bits: int, *, inverted: bool) -> tuple[Picture, str]:
    """Values of more than 8 bits -> 0..255, and how that was done; ``inverted``: the lowest value is white."""
    if view.mode == "window":
        many = "s" if len(view.windows) > 1 else ""
        return _show_windows(values, view, inverted=inverted), f"window{many} {view} of stored values"
    pixels, intensity = None, PERCENTILES
    if view.mode == "full":
        # 32 bits say nothing about the range in use; 16-bit values in a wider type are common.
        bits = bits if bits <= 16 else 16
        if values.min() >= 0 and values.max() < 2**bits:
            pixels = map_levels(values, lambda levels, _: full_range(levels, bits), counted=False)
            intensity = f"full range 0..{2**bits - 1}"
    if pixels is None:
        pixels = map_levels(values, stretch)
    return 255 - pixels if inverted else pixels, intensity


def _show_windows(values: Values, view: View, *, inverted: bool) -> Picture:
    def convert(levels: Values, _: Ints | None) -> Picture:
        channels = [window(levels, one.center, one.width) for one in view.windows]
        if inverted:
            channels = [255 - channel for channel in channels]
        if not view.in_colour:
            return channels[0]
        # Of two windows the third channel stays black; one that is painted on is grey at first.
        channels = channels * 3 if len(channels) == 1 else [*channels, np.zeros_like(channels[0])][:3]
        pixels = np.stack(channels, axis=-1)
        for one in view.colours:
            pixels[(levels >= one.low) & (levels <= one.high)] = COLOURS[one.colour]
        return pixels

    return map_levels(values, convert, counted=False)


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


def find_orientation(data: bytes, kind: str) -> int:
    """The orientation by which `decode_picture` turns a PNG or JPEG, 1 to 8; 1 for none, or a file it would refuse."""
    try:
        with Image.open(io.BytesIO(data), formats=[kind]) as image:
            number = _orientation(image)
    except Exception:
        return 1
    return number if 1 <= number <= 8 else 1


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
