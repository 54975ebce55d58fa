"""Values in their unit for a viewer that windows by itself: 16-bit integers with a slope and an intercept, or RGB.

What is refused and which frame is shown is decided as for pictures. Windows are in the unit of the values and exact:
low end = centre - width / 2, high end = centre + width / 2.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from wetread.images.intensity import TAIL, Values

_HALF = 32768
_STEPS = 65535


@dataclass(frozen=True)
class ValueImage:
    """One frame before any window is applied.

    Attributes:
        pixels: ``row column`` int16, value = pixel * slope + intercept; or ``row column 3`` uint8, as displayed.
        slope: As above; 1 for colours.
        intercept: As above; 0 for colours.
        unit: ``HU`` where the values are Hounsfield units, else empty.
        window: Centre and width to begin with, in the unit.
        named: Further windows of the header: name, centre, width.
        limits: Least and greatest value.
        inverted: The lowest value is white.
        rows: Of the original as displayed.
        columns: Of the original as displayed.
        modality: DICOM Modality where it is a known word, else None.
    """

    pixels: NDArray[Any] = field(repr=False)
    slope: float = 1.0
    intercept: float = 0.0
    unit: str = ""
    window: tuple[float, float] = (127.5, 255.0)
    named: tuple[tuple[str, float, float], ...] = ()
    limits: tuple[float, float] = (0.0, 255.0)
    inverted: bool = False
    rows: int = 0
    columns: int = 0
    modality: str | None = None

    def as_dict(self) -> dict[str, Any]:
        """All but the pixels, for the wire."""
        return {key: value for key, value in vars(self).items() if key != "pixels"}

    @classmethod
    def from_parts(cls, values: dict[str, Any], pixels: NDArray[Any]) -> ValueImage:
        """The inverse of `as_dict`, with the pixels."""
        named = tuple((str(name), float(centre), float(width)) for name, centre, width in values["named"])
        window, limits = ((float(pair[0]), float(pair[1])) for pair in (values["window"], values["limits"]))
        return cls(pixels, **{**values, "named": named, "window": window, "limits": limits})


def pack_values(values: Values, slope: float = 1.0, intercept: float = 0.0) -> tuple[NDArray[np.int16], float, float]:
    """Integers or floats -> int16 with the slope and intercept that lead back to the unit.

    Exact for integers that span no more than 65,535; others, and floats, are rounded to so many steps.

    Args:
        values: ``row column``; what is no number becomes the least value.
        slope: Unit of one step of ``values``.
        intercept: Unit of a value of 0.
    """
    if not np.issubdtype(values.dtype, np.integer):
        finite = np.isfinite(values)
        floor = float(values[finite].min()) if finite.any() else 0.0
        values = np.where(finite, values, floor).astype(np.float64)
    low, high = values.min(), values.max()
    whole = np.issubdtype(values.dtype, np.integer)
    if whole and low >= -_HALF and high < _HALF:
        return values.astype(np.int16), slope, intercept
    if whole and int(high) - int(low) <= _STEPS:
        shift = int(low) + _HALF
        return (values.astype(np.int64) - shift).astype(np.int16), slope, intercept + slope * shift
    step = (float(high) - float(low)) / _STEPS or 1.0
    packed = (np.rint((values.astype(np.float64) - float(low)) / step) - _HALF).astype(np.int16)
    return packed, slope * step, intercept + slope * (float(low) + _HALF * step)


def resize_values(pixels: NDArray[Any], rows: int, columns: int, *, smooth: bool = False) -> NDArray[Any]:
    """Another size of ``row column`` (int16) or ``row column 3`` (uint8): by area averaging, or linearly."""
    from PIL import Image  # not in the process that asks: it shows values, it does not resize them

    if pixels.shape[:2] == (rows, columns):
        return pixels
    method = Image.Resampling.BILINEAR if smooth else Image.Resampling.BOX
    if pixels.ndim == 3:
        return np.asarray(Image.fromarray(np.ascontiguousarray(pixels)).resize((columns, rows), method))
    wide = Image.fromarray(pixels.astype(np.float32))
    return np.asarray(np.rint(np.asarray(wide.resize((columns, rows), method)))).astype(np.int16)


def shrink_values(pixels: NDArray[Any], max_side: int | None) -> NDArray[Any]:
    """Area averaging until no side is longer than ``max_side``, as `wetread.images.shrink.shrink`."""
    longest = max(pixels.shape[:2])
    if max_side is None or longest <= max_side:
        return pixels
    rows, columns = (max(1, round(side * max_side / longest)) for side in pixels.shape[:2])
    return resize_values(pixels, rows, columns)


def usual_window(pixels: NDArray[np.int16], slope: float, intercept: float) -> tuple[float, float]:
    """Centre and width of the range between the 0.5th and the 99.5th percentile, in the unit; never of no width."""
    counts = np.bincount(pixels.reshape(-1).view(np.uint16), minlength=2 * _HALF)
    reached = np.cumsum(np.concatenate([counts[_HALF:], counts[:_HALF]]))  # in the order of signed values
    targets = reached[-1] * np.array([TAIL, 100 - TAIL]) / 100
    low, high = (float(place) - _HALF for place in np.searchsorted(reached, targets))
    if high <= low:
        low, high = float(pixels.min()), float(pixels.max())
    ends = sorted((low * slope + intercept, high * slope + intercept))
    return (ends[0] + ends[1]) / 2, max(ends[1] - ends[0], abs(slope))


def value_limits(pixels: NDArray[np.int16], slope: float, intercept: float) -> tuple[float, float]:
    """Least and greatest value in the unit."""
    ends = sorted(float(end) * slope + intercept for end in (pixels.min(), pixels.max()))
    return ends[0], ends[1]
