"""Grey values -> 0..255: windows, lookup tables, percentiles. Arrays in, arrays out; no file and no DICOM object.

All functions work on a list of values (``value``) rather than on a picture. A 12-bit radiograph has at most 4096
different values, so `map_levels` converts those and looks every pixel up: the same result in a tenth of the time.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from wetread.shapes import Floats, Ints, Picture

#: Tail left out at either end when no window is known, in percent: markers, dead pixels, collimation edges.
TAIL = 0.5
PERCENTILES = f"percentiles {TAIL}-{100 - TAIL}"
#: Up to this many different values are converted once each.
_MAX_LEVELS = 1 << 16
#: Pixels that are looked up at a time.
_PIECE = 1 << 14

Values = NDArray[Any]
Convert = Callable[[Values, Ints | None], Picture]


def map_levels(stored: Values, convert: Convert, *, counted: bool = True) -> Picture:
    """Applies a function of single values to a picture.

    Args:
        stored: ``row column``, any integer or float type.
        convert: Takes values (``value``) and how many pixels have each of them (``value``; None: one each, or not
            counted), and returns 0..255 (``value``, or ``value 3`` for colours). Values that no pixel has may be
            among them.
        counted: It needs the numbers of pixels.

    Returns:
        ``row column`` or ``row column 3``, 0..255.
    """
    if not np.issubdtype(stored.dtype, np.integer):
        mapped = convert(stored.ravel(), None)
        return mapped.reshape(stored.shape + mapped.shape[1:])
    native = stored.astype(stored.dtype.newbyteorder("="), copy=False)
    low, high = int(native.min()), int(native.max())
    if high - low >= _MAX_LEVELS:
        mapped = convert(native.ravel(), None)
        return mapped.reshape(stored.shape + mapped.shape[1:])
    unsigned = np.dtype(f"u{stored.itemsize}")
    if stored.itemsize <= 2:
        # The bits themselves are the place in the table; negative values come from its end, as they do in NumPy.
        index = np.ascontiguousarray(native).view(unsigned)
        places = np.arange(low, high + 1)
        length = high + 1 if low >= 0 else 256**stored.itemsize
    else:
        # Unsigned arithmetic wraps round, so this is right for negative values too and needs no wider copy.
        index = (native.view(unsigned) - unsigned.type(low % 256**stored.itemsize)).astype(np.uint16)
        places = np.arange(high - low + 1)
        length = len(places)
    counts = _count(index, length)[places] if counted else None
    mapped = convert(np.arange(low, high + 1, dtype=np.int64), counts)
    table = np.zeros((length, *mapped.shape[1:]), dtype=mapped.dtype)
    table[places] = mapped
    return look_up_all(index, table)


def look_up_all(index: Values, table: Picture) -> Picture:
    """Looks every pixel up in a table that has an entry for each.

    Args:
        index: ``row column``, entries of the table.
        table: ``entry`` or ``entry 3``.
    """
    # In pieces that stay in the cache: NumPy first widens the index to 8 bytes.
    flat = index.reshape(-1)
    out = np.empty(flat.shape + table.shape[1:], dtype=table.dtype)
    for start in range(0, len(flat), _PIECE):
        piece = slice(start, start + _PIECE)
        np.take(table, flat[piece], axis=0, out=out[piece], mode="clip")
    return out.reshape(index.shape + table.shape[1:])


def _count(index: Values, length: int) -> Ints:
    flat = index.reshape(-1)
    counts = np.zeros(length, dtype=np.int64)
    for start in range(0, len(flat), 4 * _PIECE):
        counts += np.bincount(flat[start : start + 4 * _PIECE], minlength=length)
    return counts


def to_byte(unit: Floats) -> Picture:
    """Maps [0, 1] to 0..255, clipped, halves rounded up; what is no number becomes black."""
    scaled: Picture = np.floor(np.clip(np.nan_to_num(unit, nan=0.0), 0.0, 1.0) * 255.0 + 0.5).astype(np.uint8)
    return scaled


def full_range(values: Values, bits: int) -> Picture:
    """Maps 0 .. 2^bits - 1 to 0..255."""
    return to_byte(np.asarray(values, dtype=np.float64) / float(2**bits - 1))


def spread(values: Values, low: float, high: float) -> Picture:
    """Maps low .. high to 0..255; black where both are the same."""
    if not high > low:
        return np.zeros(np.shape(values), dtype=np.uint8)
    return to_byte((np.asarray(values, dtype=np.float64) - low) / (high - low))


def stretch(values: Values, counts: Ints | None = None, *, leave_out: NDArray[np.bool_] | None = None) -> Picture:
    """Maps the range between two percentiles to 0..255, for values whose range nobody stated.

    Args:
        values: ``value``, any unit; infinite and missing ones become black (or white for plus infinity).
        counts: ``value``, pixels with that value; None: one each.
        leave_out: ``value``, True where a value takes no part in finding the range.

    Returns:
        ``value``, 0..255. A picture of one value is black.
    """
    values = np.asarray(values, dtype=np.float64)
    keep = np.isfinite(values)
    if leave_out is not None:
        keep &= ~leave_out
    if counts is not None:
        keep &= counts > 0
    if not keep.any():
        return np.zeros(values.shape, dtype=np.uint8)
    low, high = _percentiles(values[keep], None if counts is None else counts[keep])
    if high <= low:
        # A few bright pixels on an even ground: the tails hold all there is to see.
        low, high = float(values[keep].min()), float(values[keep].max())
    return spread(values, low, high)


def _percentiles(values: Floats, counts: Ints | None) -> tuple[float, float]:
    """The smallest values that at least 0.5 % and 99.5 % of the pixels do not exceed."""
    if counts is None:
        low, high = np.percentile(values, [TAIL, 100 - TAIL], method="inverted_cdf")
        return float(low), float(high)
    order = np.argsort(values, kind="stable")
    reached = np.cumsum(counts[order])
    targets = reached[-1] * np.array([TAIL, 100 - TAIL]) / 100
    low, high = values[order][np.searchsorted(reached, targets)]
    return float(low), float(high)


def window(values: Values, center: float, width: float, function: str = "LINEAR") -> Picture:
    """Applies a window, PS3.3 sections C.11.2.1.2 (LINEAR) and C.11.2.1.3 (SIGMOID, LINEAR_EXACT).

    Args:
        values: ``value``, after the modality transformation, in its unit (such as Hounsfield units).
        center: Window Center in that unit.
        width: Window Width in that unit; at least 1 for LINEAR, more than 0 otherwise.
        function: VOI LUT Function.

    Returns:
        ``value``, 0..255.
    """
    x = np.asarray(values, dtype=np.float64)
    if function == "SIGMOID":
        # Section C.11.2.1.3.1. The exponent is clipped, since it overflows far outside the window.
        return to_byte(1.0 / (1.0 + np.exp(np.clip(-4.0 * (x - center) / width, -700.0, 700.0))))
    if function == "LINEAR":
        # Section C.11.2.1.2.1: the ramp has width - 1 steps and is centred half a unit lower.
        center, width = center - 0.5, width - 1.0
    # Section C.11.2.1.3.2 is the same without these shifts. A width of 1 is a threshold.
    if width == 0:
        return np.where(x > center, 255, 0).astype(np.uint8)
    return to_byte((x - center) / width + 0.5)


def valid_window(width: float, function: str) -> bool:
    """Tells whether PS3.3 section C.11.2.1.2 and C.11.2.1.3 allow a width for a function."""
    return bool(np.isfinite(width)) and (width >= 1 if function == "LINEAR" else width > 0)


def look_up(values: Values, table: Values, first: int) -> Values:
    """Looks values up, PS3.3 sections C.11.1.1 and C.11.2.1.1.

    Args:
        values: ``value``, input of the table; floats (after a rescale) are rounded.
        table: ``entry``.
        first: The input value that belongs to entry 0. Smaller ones get the first entry, larger ones the last.

    Returns:
        ``value``, entries of the table.
    """
    steps = np.rint(np.nan_to_num(np.asarray(values, dtype=np.float64))) - first
    entries: Values = table[np.clip(steps, 0, len(table) - 1).astype(np.int64)]
    return entries
