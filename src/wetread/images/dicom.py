"""The rules for DICOM, in the order of PS3.4 section N.2: modality, then values of interest, then presentation.

pydicom reads the header; the pixels are read and shown by this room. The functions of pydicom for pixels trust the
header, and in 3.0 their lookup tables index with the type of the pixels or of the table, which overflows for tables
that start below 0 or have 8-bit entries.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, BinaryIO, TypeVar

import numpy as np
from pydicom import Dataset
from pydicom.dataelem import RawDataElement
from pydicom.uid import UID

from wetread.images.aspect import make_square, pixel_aspect
from wetread.images.colour import show_colour
from wetread.images.dicom_facts import harmless_facts, harmless_word, patient_key
from wetread.images.dicom_file import PixelElement, read_dataset
from wetread.images.elements import functional_group, read_integer, read_windows
from wetread.images.facts import ImageFacts, Survey
from wetread.images.frame import Frame, load_frame
from wetread.images.gate import Refused
from wetread.images.grey import show_grey
from wetread.images.layout import GREY, read_layout
from wetread.images.palette import paint
from wetread.images.pictures import merge_equal_channels
from wetread.images.view import View
from wetread.shapes import Picture

_Answer = TypeVar("_Answer")


def decode_dicom(
    handle: BinaryIO, size: int, view: View | None = None, frame: int | None = None
) -> tuple[Picture, ImageFacts]:
    """Decodes one frame of an open DICOM file.

    Args:
        handle: The file, at its start.
        size: Bytes of the file.
        view: How values are shown, and which frame; None: as the file wishes, the middle frame.
        frame: Its number, from 1; None: as the view says (the middle one where it wants all).

    Returns:
        The picture as displayed (``row column``, or ``row column 3`` for colour, 0 black .. 255 white; its pixels are
        square), its facts. ``header["Assumed"]`` says what the header was lacking, ``header["Enlarged"]`` by how much
        rows or columns were stretched.

    Raises:
        Refused: With the reason.
    """
    return guarded(lambda: _decode(handle, size, view or View(), frame))


def survey_dicom(handle: BinaryIO, size: int) -> Survey:
    """Reads what the header of an open DICOM file says about its display, without its pixels.

    Args:
        handle: The file, at its start.
        size: Bytes of the file.

    Raises:
        Refused: With the reason; a file that passes can still have pixels that cannot be decoded.
    """
    return guarded(lambda: _survey(handle, size))


def guarded(work: Callable[[], _Answer]) -> _Answer:
    """Does something with a header; what goes wrong and was not foreseen is `Refused` as ``damaged``."""
    try:
        return work()
    except (Refused, MemoryError, KeyboardInterrupt, SystemExit):
        raise
    except BaseException as error:  # whatever a decoder or pydicom raises; RecursionError of nested sequences
        raise Refused("damaged") from error


def _decode(handle: BinaryIO, size: int, view: View, number: int | None) -> tuple[Picture, ImageFacts]:
    dataset, syntax, element = open_dicom(handle, size)
    frames = read_integer(dataset, "NumberOfFrames") or 1
    index = choose_frame(frames, view, number)
    frame = load_frame(dataset, element, syntax, index)
    layout = frame.layout
    pixels, intensity = show_frame(frame, dataset, index, view)
    ratio = pixel_aspect(dataset, index)
    pixels = make_square(pixels, ratio)
    header = harmless_facts(dataset)
    if layout.assumed:
        header["Assumed"] = list(layout.assumed)
    if ratio != 1.0:
        header["Enlarged"] = f"rows x {ratio:.3g}" if ratio > 1 else f"columns x {1 / ratio:.3g}"
    facts = ImageFacts(
        format="DICOM",
        width=pixels.shape[1],
        height=pixels.shape[0],
        bit_depth=layout.allocated if layout.real else layout.stored,
        mode=_mode(frame),
        bytes=size,
        frames=frames,
        frame_used=index + 1,
        intensity=intensity,
        photometric=layout.photometric,
        modality=header.get("Modality"),
        transfer_syntax=syntax,
        header=header,
        patient_key=patient_key(dataset),
    )
    return np.ascontiguousarray(pixels), facts


def _survey(handle: BinaryIO, size: int) -> Survey:
    dataset, _, element = open_dicom(handle, size)
    layout = read_layout(dataset, keyword=element.keyword, size=element.length)
    index = layout.frames // 2
    interest = functional_group(dataset, index, "FrameVOILUTSequence")
    rescale = functional_group(dataset, index, "PixelValueTransformationSequence")
    part = harmless_word(dataset, "BodyPartExamined")
    return Survey(
        format="DICOM",
        frames=layout.frames,
        bits=layout.allocated if layout.real else layout.stored,
        grey=layout.photometric in GREY,
        modality=harmless_word(dataset, "Modality"),
        body_part=part.upper() if part else None,
        windows=tuple(pair for pair in read_windows(interest) if np.isfinite(pair).all() and pair[1] > 0),
        table=bool(interest.get("VOILUTSequence")),
        physical=any(
            rescale.get(name) not in (None, "", [])
            for name in ("RescaleSlope", "RescaleIntercept", "ModalityLUTSequence")
        ),
    )


def open_dicom(handle: BinaryIO, size: int) -> tuple[Dataset, str, PixelElement]:
    """The header, the UID of the transfer syntax, and where the pixels lie; `Refused` where there are none."""
    dataset, syntax, element = read_dataset(handle)
    if element is not None and element.length != 0:
        return dataset, syntax, element
    if len(dataset) == 0:
        raise Refused("not-an-image")
    # A header that promises an image and then breaks off was cut; a report or a plan never had one, and a header that
    # ends where an element ends was stored without.
    storage = UID(str(dataset.get("SOPClassUID", "")))
    promised = storage.name.endswith("Image Storage") or dataset.get("Rows") is not None
    raise Refused("truncated" if promised and element is None and not _is_whole(dataset, size) else "no-pixels")


def _is_whole(dataset: Dataset, size: int) -> bool:
    """Whether the last element of a header ends where the file ends."""
    last: Any = dataset.get_item(max(dataset.keys()))
    return isinstance(last, RawDataElement) and last.value_tell + last.length == size


def choose_frame(frames: int, view: View, number: int | None) -> int:
    """The frame asked for, else that of the view, else the middle one; counted from 0."""
    if number is None:
        number = int(view.frame) if view.frame.isdecimal() else frames // 2 + 1
    if not 1 <= number <= frames:
        raise Refused("no-frame" if frames > 0 else "damaged")
    return number - 1


def show_frame(frame: Frame, dataset: Dataset, index: int, view: View) -> tuple[Picture, str]:
    """A frame as displayed, 0..255, and how that was done."""
    if frame.layout.photometric in GREY:
        return show_grey(frame, dataset, index, view)
    if frame.layout.photometric == "PALETTE COLOR":
        return merge_equal_channels(paint(frame.raw, frame.cell, dataset)), "palette"
    pixels, intensity = show_colour(frame)
    return merge_equal_channels(pixels), intensity


def _mode(frame: Frame) -> str:
    """The word for `ImageFacts.mode`."""
    if frame.layout.real:
        return "float"
    photometric = frame.layout.photometric
    if photometric in GREY:
        return "grey"
    return {"RGB": "rgb", "PALETTE COLOR": "palette"}.get(photometric, "ybr")
