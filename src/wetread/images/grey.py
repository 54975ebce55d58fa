"""The grey pipeline of DICOM, PS3.4 section N.2.1: modality LUT, VOI LUT, presentation; each step on single values."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from pydicom import Dataset

from wetread.images.gate import Refused
from wetread.images.intensity import (
    PERCENTILES,
    Values,
    full_range,
    look_up,
    map_levels,
    stretch,
    valid_window,
    window,
)
from wetread.shapes import Ints, Picture


def show_grey(stored: Values, dataset: Dataset, index: int, *, inverted: bool) -> tuple[Picture, str]:
    """Stored values -> picture as displayed.

    Args:
        stored: ``row column``, integers or floats as decoded.
        dataset: The header.
        index: Number of the frame, from 0; frames of enhanced objects can have their own windows.
        inverted: MONOCHROME1: the lowest value is white.

    Returns:
        ``row column``, 0 black .. 255 white, and how the values were mapped.
    """
    rescale = _macro(dataset, index, "PixelValueTransformationSequence")  # PS3.3 section C.7.6.16.2.9
    interest = _macro(dataset, index, "FrameVOILUTSequence")  # PS3.3 section C.7.6.16.2.10
    real = np.issubdtype(stored.dtype, np.floating)
    order = "<" if dataset.file_meta.TransferSyntaxUID.is_little_endian else ">"
    said: list[str] = []

    def convert(values: Values, counts: Ints | None) -> Picture:
        padding = _is_padding(values, dataset)
        physical, transformed = apply_modality(values, rescale, order=order)
        # Only plain unsigned bytes have a range that everybody displays in full.
        plain = 0 if transformed or real else _plain_bits(dataset)
        picture, how = apply_voi(physical, interest, counts, padding, plain_bits=plain, real=real, order=order)
        said.append(how)
        if inverted:
            # PS3.3 section C.7.6.3.1.2, last of all: windows are stated for values before the inversion.
            picture = 255 - picture
        # PS3.3 section C.7.5.1.1.2: padding is no part of the image. It is black after the inversion too: as the
        # lowest value of a MONOCHROME1 image it would glare around the picture.
        return np.where(padding, np.uint8(0), picture)

    picture = map_levels(stored, convert)
    return picture, said[0]


def apply_modality(values: Values, item: Dataset, *, order: str = "<") -> tuple[Values, bool]:
    """Modality transformation, PS3.3 section C.11.1: stored values -> their unit, such as Hounsfield units.

    Args:
        values: ``value``, as stored.
        item: The header, or the item of a functional group.
        order: Byte order of the file, ``<`` little or ``>`` big.

    Returns:
        ``value``, and whether anything was applied.
    """
    if item.get("ModalityLUTSequence"):
        # Section C.11.1: a table or a rescale, never both; the table wins where a file has both.
        table, first, _ = _table(item.ModalityLUTSequence[0], values, order)
        return look_up(values, table, first), True
    slope, intercept = _number(item, "RescaleSlope", 1.0), _number(item, "RescaleIntercept", 0.0)
    if slope == 0:
        slope = 1.0  # section C.11.1.1.2 needs a slope; 0 would erase the picture
    if (slope, intercept) == (1.0, 0.0):
        return values, False
    return np.asarray(values, dtype=np.float64) * slope + intercept, True


def apply_voi(
    values: Values,
    item: Dataset,
    counts: Ints | None = None,
    padding: NDArray[np.bool_] | None = None,
    *,
    plain_bits: int = 0,
    real: bool = False,
    order: str = "<",
) -> tuple[Picture, str]:
    """Values of interest, PS3.3 section C.11.2: values in their unit -> 0..255.

    Args:
        values: ``value``, after `apply_modality`.
        item: The header, or the item of a functional group.
        counts: ``value``, pixels with that value; None: one each.
        padding: ``value``, True where it is no part of the image; None: nowhere.
        plain_bits: Bits of unsigned values of up to 8 bits that were not transformed, else 0.
        real: The pixels are stored as floats.
        order: Byte order of the file, ``<`` little or ``>`` big.

    Returns:
        ``value``, 0..255, and how it was done.
    """
    if item.get("VOILUTSequence"):
        # Section C.11.2: table or window, as alternative views; the first table is the one meant by its maker.
        table, first, bits = _table(item.VOILUTSequence[0], values, order)
        return full_range(look_up(values, table, first), bits), "VOI LUT"
    center, width = _number(item, "WindowCenter", np.nan), _number(item, "WindowWidth", np.nan)
    function = str(item.get("VOILUTFunction") or "LINEAR").strip().upper()
    if function not in ("LINEAR", "LINEAR_EXACT", "SIGMOID"):
        function = "LINEAR"  # section C.11.2.1.3 knows no others
    if function == "LINEAR" and real:
        # Section C.11.2.1.2.1 shifts by half a step, but floats have no steps: 0.5/1 would become a threshold at 0.
        function = "LINEAR_EXACT"
    if np.isfinite(center) and valid_window(width, function):
        suffix = "" if function == "LINEAR" or real else f" {function.lower().replace('_', ' ')}"
        return window(values, center, width, function), f"VOI window {center:g}/{width:g}{suffix}"
    if plain_bits:
        return full_range(values, plain_bits), "as stored"
    return stretch(values, counts, leave_out=padding), PERCENTILES


def _macro(dataset: Dataset, index: int, name: str) -> Dataset:
    """The item that holds for one frame: its own, the shared one, or the header (PS3.3 section C.7.6.16.1.1)."""
    own = dataset.get("PerFrameFunctionalGroupsSequence") or []
    shared = dataset.get("SharedFunctionalGroupsSequence") or []
    for group in (*own[index : index + 1], *shared[:1]):
        if group.get(name):
            item: Dataset = group[name].value[0]
            return item
    return dataset


def _table(item: Dataset, values: Values, order: str) -> tuple[NDArray[np.uint16], int, int]:
    """A lookup table, PS3.3 sections C.11.1.1 and C.11.2.1.1 -> its entries, its first input value, bits of output."""
    count, first, bits = (int(number) for number in item.LUTDescriptor)
    count = count or 65536  # 0 stands for 2^16, which 16 bits cannot hold
    raw: Any = item.LUTData
    if isinstance(raw, bytes):
        packed = len(raw) < 2 * count and bits == 8  # 8-bit entries, two in a word
        entries = np.frombuffer(raw[: len(raw) // 2 * 2], dtype=np.uint8 if packed else f"{order}u2")
    else:
        entries = np.atleast_1d(np.asarray(raw, dtype=np.int64)) & 0xFFFF
    table = entries[:count].astype(np.uint16)
    if len(table) == 0 or not 8 <= bits <= 16:
        raise Refused("damaged")
    # The first input is signed where its input is (section C.11.2.1.1), which pydicom cannot know after a rescale.
    if first >= 32768 and values.min() < 0:
        first -= 65536
    return table, first, max(bits, int(table.max()).bit_length())


def _is_padding(values: Values, dataset: Dataset) -> NDArray[np.bool_]:
    """Where stored values are padding, PS3.3 sections C.7.5.1.1.2 and C.7.6.24 (floats)."""
    kind = "Float" if np.issubdtype(values.dtype, np.floating) else ""
    start = _number(dataset, f"{kind}PixelPaddingValue", np.nan)
    if not np.isfinite(start):
        return np.zeros(values.shape, dtype=bool)
    end = _number(dataset, f"{kind}PixelPaddingRangeLimit", start)
    limits = [start, end]
    if not kind and int(dataset.get("PixelRepresentation") or 0) == 1:
        # Written as an unsigned number by some, though it is meant as the signed value of the pixels.
        limits = [limit - 65536 if limit > 32767 else limit for limit in limits]
    inside: NDArray[np.bool_] = (values >= min(limits)) & (values <= max(limits))
    return inside


def _plain_bits(dataset: Dataset) -> int:
    bits = int(dataset.get("BitsStored") or dataset.BitsAllocated)
    return bits if bits <= 8 and int(dataset.get("PixelRepresentation") or 0) == 0 else 0


def _number(item: Dataset, keyword: str, default: float) -> float:
    """The first value of an element as a number; the default where it is absent, empty or no number."""
    try:
        value = item.get(keyword)
        if value is not None and not isinstance(value, (str, bytes, int, float)):
            value = value[0]
        return default if value is None or value == "" else float(value)
    except (TypeError, ValueError, IndexError):
        return default
