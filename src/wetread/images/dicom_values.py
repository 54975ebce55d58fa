"""Values of a DICOM frame for a viewer: the grey pipeline up to the modality transformation, and its windows."""

from __future__ import annotations

from typing import Any, BinaryIO

import numpy as np
from pydicom import Dataset

from wetread.images.aspect import pixel_aspect
from wetread.images.dicom import choose_frame, guarded, open_dicom, show_frame
from wetread.images.dicom_facts import harmless_word
from wetread.images.elements import functional_group, read_integer, read_number, read_table, read_windows
from wetread.images.frame import Frame, load_frame
from wetread.images.gate import check_size
from wetread.images.grey import apply_modality, is_inverted, is_padding
from wetread.images.intensity import Values
from wetread.images.layout import GREY
from wetread.images.values import ValueImage, pack_values, resize_values, usual_window, value_limits
from wetread.images.view import View


def dicom_values(handle: BinaryIO, size: int, frame: int | None = None) -> ValueImage:
    """Reads one frame of an open DICOM file without windowing it.

    Args:
        handle: The file, at its start.
        size: Bytes of the file.
        frame: Its number, from 1; None: the middle one.

    Raises:
        Refused: With the reason.
    """
    return guarded(lambda: _read(handle, size, frame))


def _read(handle: BinaryIO, size: int, number: int | None) -> ValueImage:
    dataset, syntax, element = open_dicom(handle, size)
    index = choose_frame(read_integer(dataset, "NumberOfFrames") or 1, View(), number)
    frame = load_frame(dataset, element, syntax, index)
    modality = harmless_word(dataset, "Modality")
    facts: dict[str, Any] = {"modality": modality}
    if frame.layout.photometric in GREY:
        pixels, more = _grey(frame, dataset, index, modality)
        facts |= more
    else:
        pixels = show_frame(frame, dataset, index, View())[0]
    ratio = pixel_aspect(dataset, index)
    if ratio != 1.0:
        rows, columns = pixels.shape[:2]
        rows, columns = (round(rows * ratio), columns) if ratio > 1 else (rows, round(columns / ratio))
        check_size(columns, rows)
        pixels = resize_values(pixels, rows, columns, smooth=True)
    return ValueImage(pixels, rows=pixels.shape[0], columns=pixels.shape[1], **facts)


def _grey(frame: Frame, dataset: Dataset, index: int, modality: str | None) -> tuple[Values, dict[str, Any]]:
    rescale = functional_group(dataset, index, "PixelValueTransformationSequence")
    raw, cell = frame.raw, frame.cell
    if cell.signed and not frame.layout.real:
        raw = raw.view(f"i{raw.itemsize}")
    values = raw if frame.layout.real else cell.interpret(raw)
    padding = is_padding(raw, values, dataset, cell, size=frame.raw.itemsize)
    inverted = is_inverted(dataset, frame.layout.photometric)
    slope, intercept = 1.0, 0.0
    if rescale.get("ModalityLUTSequence"):
        values = apply_modality(values, rescale, cell, little=bool(dataset.original_encoding[1]))
    else:
        # PS3.3 section C.11.1.1.2, with the tolerance of `wetread.images.grey.apply_modality`.
        slope, intercept = read_number(rescale, "RescaleSlope", 1.0), read_number(rescale, "RescaleIntercept", 0.0)
        slope = slope if slope != 0 and np.isfinite(slope) else 1.0
    values = _cover_padding(values, padding, white=inverted != (slope < 0))
    pixels, slope, intercept = pack_values(values, slope, intercept)
    physical = any(rescale.get(name) not in (None, "", []) for name in ("RescaleSlope", "ModalityLUTSequence"))
    windows = _header_windows(dataset, index)
    plain = frame.layout.stored <= 8 and not cell.signed and not frame.layout.real and not physical
    full = (2**frame.layout.stored - 1) if plain else 0
    window = windows[0][1:] if windows else (full / 2, float(full)) if full else usual_window(pixels, slope, intercept)
    return pixels, {
        "slope": slope,
        "intercept": intercept,
        "unit": "HU" if modality == "CT" and physical else "",
        "window": window,
        "named": windows,
        "limits": value_limits(pixels, slope, intercept),
        "inverted": inverted,
    }


def _cover_padding(values: Values, padding: Values, *, white: bool) -> Values:
    """Padding (PS3.3 section C.7.5.1.1.2) becomes the value that is black: it would stretch the range of the rest."""
    if not padding.any() or padding.all():
        return values
    rest = values[~padding]
    return np.where(padding, rest.max() if white else rest.min(), values)


def _header_windows(dataset: Dataset, index: int) -> tuple[tuple[str, float, float], ...]:
    """The windows of the header, PS3.3 section C.11.2; the range of its table where it has one.

    Their names are left out: WindowCenterWidthExplanation is free text and may hold anything.
    """
    item = functional_group(dataset, index, "FrameVOILUTSequence")
    found = [pair for pair in read_windows(item) if np.isfinite(pair).all() and pair[1] > 0]
    if not found and item.get("VOILUTSequence"):
        table, first, _ = read_table(item.VOILUTSequence[0], signed=True)
        found = [(first + (len(table) - 1) / 2, float(max(1, len(table) - 1)))]
    names = ["As stored"] + [f"As stored {number}" for number in range(2, len(found) + 1)]
    return tuple((name, centre, width) for name, (centre, width) in zip(names, found, strict=False))
