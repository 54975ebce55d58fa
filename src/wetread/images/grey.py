"""The grey pipeline of DICOM, PS3.4 section N.2.1: modality LUT, VOI LUT, presentation; each step on single values.

Real World Value Mapping (PS3.3 section C.7.6.16.2.11) is not used: it gives numbers a meaning for measurements, not
for display, and a file may have several. Nor are Presentation LUT Sequence, overlays (groups 60xx) and the alpha
palette: they belong to other stages than the pixels.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from pydicom import Dataset

from wetread.images.elements import functional_group, read_number, read_table, read_windows
from wetread.images.frame import Frame
from wetread.images.intensity import (
    PERCENTILES,
    Values,
    full_range,
    look_up,
    map_levels,
    spread,
    stretch,
    valid_window,
    window,
)
from wetread.images.layout import Cell
from wetread.images.view import COLOURS, View
from wetread.shapes import Bools, Ints, Picture

_ORDINALS = ("first", "second", "third")
#: Values in their unit, pixels with each, where padding is -> 0..255.
Shade = Callable[[Values, Ints | None, Bools], Picture]


def show_grey(frame: Frame, dataset: Dataset, index: int, view: View) -> tuple[Picture, str]:
    """Stored values -> picture as displayed.

    Args:
        frame: One frame of one sample per pixel.
        dataset: The header.
        index: Number of the frame, from 0; frames of enhanced objects can have their own windows.
        view: What the file's own choice gives way to.

    Returns:
        ``row column``, or ``row column 3`` where the view has colours; 0 black .. 255 white. And how it was done.
    """
    rescale = functional_group(dataset, index, "PixelValueTransformationSequence")  # PS3.3 section C.7.6.16.2.9
    little, cell = bool(dataset.original_encoding[1]), frame.cell
    inverted = is_inverted(dataset, frame.layout.photometric)

    def to_unit(values: Values) -> Values:
        return apply_modality(values, rescale, cell, little=little)

    # Of the bits stored, of which a compressed frame may have more.
    whole = Cell(frame.layout.stored, 0, cell.signed)
    limits = None if frame.layout.real else full_limits(rescale, whole, little=little)
    shade, said, counted = choose_shade(dataset, index, view, frame, limits)

    def convert(raw: Values, counts: Ints | None) -> Picture:
        values = raw if frame.layout.real else cell.interpret(raw)
        padding = is_padding(raw, values, dataset, cell, size=frame.raw.itemsize)
        physical = to_unit(values)
        picture = shade(physical, counts, padding)
        if inverted:
            # PS3.3 section C.7.6.3.1.2, last of all: windows are stated for values before the inversion.
            picture = 255 - picture
        picture = _colour(picture, physical, view)
        # PS3.3 section C.7.5.1.1.2: padding is no part of the image. It is black after the inversion too: as the
        # lowest value of a MONOCHROME1 image it would glare around the picture.
        picture[padding] = 0
        return picture

    raw = frame.raw.view(f"i{frame.raw.itemsize}") if cell.signed and not frame.layout.real else frame.raw
    return map_levels(raw, convert, counted=counted), said


def is_inverted(dataset: Dataset, photometric: str) -> bool:
    """Whether the lowest value is white.

    MONOCHROME1 says so (PS3.3 section C.7.6.3.1.2), and so does Presentation LUT Shape INVERSE (section C.11.6.1.2).
    The two belong together; where a file has one without the other, it counts. IDENTITY beside MONOCHROME1 is a
    contradiction, and the element that every image must have and every viewer obeys wins.
    """
    shape = str(dataset.get("PresentationLUTShape") or "").strip().upper()
    return photometric == "MONOCHROME1" or shape == "INVERSE"


def apply_modality(values: Values, item: Dataset, cell: Cell, *, little: bool = True) -> Values:
    """Modality transformation, PS3.3 section C.11.1: stored values -> their unit, such as Hounsfield units.

    Args:
        values: ``value``, as stored.
        item: The header, or the item of a functional group.
        cell: What the stored bits mean; its sign is that of the first input value of a table.
        little: Byte order of the file.

    Returns:
        ``value``; the very same array where the file brings no transformation.
    """
    if item.get("ModalityLUTSequence"):
        # Section C.11.1: a table or a rescale, never both; the table wins where a file has both.
        table, first, _ = read_table(item.ModalityLUTSequence[0], signed=cell.signed, little=little)
        return look_up(values, table, first)
    slope, intercept = read_number(item, "RescaleSlope", 1.0), read_number(item, "RescaleIntercept", 0.0)
    if slope == 0 or not np.isfinite(slope):
        slope = 1.0  # section C.11.1.1.2 needs a slope; 0 would erase the picture
    if (slope, intercept) == (1.0, 0.0):
        return values
    return np.asarray(values, dtype=np.float64) * slope + intercept


def full_limits(item: Dataset, cell: Cell, *, little: bool = True) -> tuple[float, float]:
    """The smallest and the largest value in their unit that the stored bits allow."""
    if item.get("ModalityLUTSequence"):
        return 0.0, float(2 ** read_table(item.ModalityLUTSequence[0], signed=cell.signed, little=little)[2] - 1)
    ends = apply_modality(np.array(cell.limits, dtype=np.float64), item, cell)
    return float(ends.min()), float(ends.max())


def choose_shade(
    dataset: Dataset, index: int, view: View, frame: Frame, limits: tuple[float, float] | None
) -> tuple[Shade, str, bool]:
    """Decides how values in their unit become 0..255.

    Args:
        dataset: The header.
        index: Number of the frame, from 0.
        view: The choice of the user.
        frame: The frame.
        limits: Of `full_limits`; None for floats.

    Returns:
        The function, what it does in words, and whether it needs to know how many pixels have each value.
    """
    if view.mode == "window":
        names = [f"{window.name} {window.center:g}/{window.width:g}".strip() for window in view.windows]
        if len(names) > 1:
            names = ["+".join(str(window) for window in view.windows)]
        said = f"window{'s' if len(view.windows) > 1 else ''} {names[0]}"
        return _fixed_windows(view), "; ".join([said, *map(str, view.colours)]), False
    if view.mode == "full":
        if limits is None:
            return _least_to_greatest, "minimum to maximum", False
        low, high = limits
        sign = "signed " if frame.cell.signed else ""
        return (lambda values, *_: spread(values, low, high)), f"full range of {sign}{frame.layout.stored} bits", False
    if view.mode == "file" and (own := _own_shade(dataset, index, frame)) is not None:
        return *own, False
    return (lambda values, counts, padding: stretch(values, counts, leave_out=padding)), PERCENTILES, True


def _fixed_windows(view: View) -> Shade:
    """PS3.3 section C.11.2.1.2.1 for each window; several are stacked, and a channel without a window is black."""

    def shade(values: Values, *_: Any) -> Picture:
        channels = [window(values, one.center, one.width) for one in view.windows]
        return channels[0] if len(channels) == 1 else np.stack(channels, axis=-1)

    return shade


def _colour(picture: Picture, values: Values, view: View) -> Picture:
    """Three channels where the view wants them: two windows get a third, ranges of values get their colour."""
    if view.mode != "window":
        return picture
    if len(view.windows) == 2:
        return np.concatenate([picture, np.zeros((*picture.shape[:-1], 1), np.uint8)], axis=-1)
    if view.colours:
        picture = np.stack([picture] * 3, axis=-1)
        for one in view.colours:
            picture[(values >= one.low) & (values <= one.high)] = COLOURS[one.colour]
    return picture


def _least_to_greatest(values: Values, _: Ints | None, padding: Bools) -> Picture:
    kept = values[np.isfinite(values) & ~padding]
    return spread(values, float(kept.min()), float(kept.max())) if len(kept) else np.zeros(values.shape, np.uint8)


def _own_shade(dataset: Dataset, index: int, frame: Frame) -> tuple[Shade, str] | None:
    """What the file asks for: values of interest, PS3.3 section C.11.2. None where it asks for nothing."""
    item = functional_group(dataset, index, "FrameVOILUTSequence")  # PS3.3 section C.7.6.16.2.10
    little = bool(dataset.original_encoding[1])
    rescale = functional_group(dataset, index, "PixelValueTransformationSequence")
    tables = item.get("VOILUTSequence") or []
    if len(tables):
        # Section C.11.2: table or window, as alternative views; the first table is the one meant by its maker. Its
        # first input value is signed where its input can be negative (section C.11.2.1.1).
        signed = not frame.layout.real and full_limits(rescale, frame.cell, little=little)[0] < 0
        table, first, bits = read_table(tables[0], signed=signed, little=little)
        said = "VOI LUT" + _of(0, len(tables))
        return (lambda values, *_: full_range(look_up(values, table, first), bits)), said
    function = str(item.get("VOILUTFunction") or "LINEAR").strip().upper()
    if function not in ("LINEAR", "LINEAR_EXACT", "SIGMOID"):
        function = "LINEAR"  # section C.11.2.1.3 knows no others
    if function == "LINEAR" and frame.layout.real:
        # Section C.11.2.1.2.1 shifts by half a step, but floats have no steps: 0.5/1 would become a threshold at 0.
        function = "LINEAR_EXACT"
    windows = read_windows(item)
    for number, (center, width) in enumerate(windows):
        if np.isfinite(center) and valid_window(width, function):
            suffix = "" if function == "LINEAR" or frame.layout.real else f" {function.lower().replace('_', ' ')}"
            said = f"VOI window {center:g}/{width:g}{suffix}{_of(number, len(windows))}"
            return (lambda values, *_, c=center, w=width: window(values, c, w, function)), said
    # Without any transformation, unsigned bytes have a range that everybody displays in full.
    layout, same = frame.layout, np.arange(1)
    plain = layout.stored <= 8 and not frame.cell.signed and not layout.real
    if plain and apply_modality(same, rescale, frame.cell, little=little) is same:
        return (lambda values, *_: full_range(values, layout.stored)), "as stored"
    return None


def _of(number: int, count: int) -> str:
    # WindowCenterWidthExplanation would name it, but it is free text and may hold anything.
    if count < 2:
        return ""
    ordinal = _ORDINALS[number] if number < len(_ORDINALS) else f"number {number + 1}"
    return f" ({ordinal} of {count})"


def is_padding(raw: Values, values: Values, dataset: Dataset, cell: Cell, *, size: int) -> Bools:
    """Where values are padding, PS3.3 sections C.7.5.1.1.2 and C.7.6.24 (floats).

    Args:
        raw: ``value``, as stored.
        values: ``value``, what these mean.
        dataset: The header.
        cell: What the stored bits mean.
        size: Bytes of one stored value.
    """
    real = np.issubdtype(values.dtype, np.floating)
    kind = "" if not real else "Float" if size == 4 else "DoubleFloat"
    start = read_number(dataset, f"{kind}PixelPaddingValue", np.nan)
    if not np.isfinite(start):
        return np.zeros(values.shape, dtype=bool)
    limits = [start, read_number(dataset, f"{kind}PixelPaddingRangeLimit", start)]
    if real:
        return np.asarray((values >= min(limits)) & (values <= max(limits)))
    if cell.signed:
        # Written as an unsigned number by some, though it is meant as the signed value of the pixels.
        limits = [limit - 65536 if limit > 32767 else limit for limit in limits]
    low, high = cell.limits
    if low <= min(limits) and max(limits) <= high:
        return np.asarray((values >= min(limits)) & (values <= max(limits)))
    # Padding beyond Bits Stored, such as 63536 in 12 bits, is known before those bits are masked.
    whole = np.asarray(raw, dtype=np.int64)
    modulus = 256 ** min(size, 4)
    return np.asarray((whole % modulus >= min(limits) % modulus) & (whole % modulus <= max(limits) % modulus))
