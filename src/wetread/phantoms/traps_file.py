"""One trap, and the small DICOM files that traps are made of."""

from __future__ import annotations

import io
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pydicom import Dataset
from pydicom.dataset import FileMetaDataset
from pydicom.uid import (
    UID,
    CTImageStorage,
    ExplicitVRBigEndian,
    ExplicitVRLittleEndian,
    SecondaryCaptureImageStorage,
    generate_uid,
)

from wetread.shapes import Ints

#: Places at which the displayed picture is checked: (row, column).
PLACES = ((0, 5), (3, 12), (8, 8), (11, 2), (15, 10))
#: Edge of the pictures, pixels.
SIDE = 16
Grey = Callable[[float], float]
#: (row, column) -> grey, or red, green and blue, as displayed.
Shown = dict[tuple[int, int], tuple[int, ...]]


@dataclass(frozen=True)
class Trap:
    """One file and what is to be made of it.

    Args:
        file: Its name.
        trap: What is unusual about it.
        right_reader: What a right reader does.
        content: Its bytes.
        pixels: (row, column) -> grey, or red, green and blue, as displayed.
        rejection: A code of `wetread.errors.REJECTIONS` where the file has to be refused, else empty.
    """

    file: str
    trap: str
    right_reader: str
    content: bytes
    pixels: Shown = field(default_factory=dict)
    rejection: str = ""

    @property
    def pixels_text(self) -> str:
        """The pixels as they stand in the table: ``3,12=207 8,8=10/20/30``."""
        return " ".join(f"{row},{column}={'/'.join(map(str, shown))}" for (row, column), shown in self.pixels.items())


def ramp(low: int = 0, step: int = 16) -> Ints:
    """A picture whose pixels all differ: from ``low`` on in steps, ``row column``."""
    return low + step * np.arange(SIDE * SIDE, dtype=np.int64).reshape(SIDE, SIDE)


def expect(stored: Ints, grey: Grey) -> Shown:
    """The expected grey at `PLACES`: what ``grey`` makes of each stored value, in [0, 255], rounded."""
    return {at: (round(min(max(grey(float(stored[at])), 0.0), 255.0)),) for at in PLACES}


def linear(centre: float, width: float) -> Grey:
    """The default window of PS3.3 section C.11.2.1.2.1."""
    return lambda x: 255 * ((x - (centre - 0.5)) / (width - 1) + 0.5)


def grey_file(
    seed: int, name: str, stored: Ints, *, bits: int = 12, signed: bool = False, ct: bool = False, **elements: Any
) -> Dataset:
    """A grey DICOM object.

    Args:
        seed: Of the pack.
        name: Its identifiers follow from it.
        stored: ``row column``, or ``frame row column``.
        bits: Bits stored; allocated are 8 or 16.
        signed: Two's complement.
        ct: CT image instead of secondary capture.
        elements: By keyword; None leaves an element out.
    """
    header = _new(seed, name, ct)
    header.SamplesPerPixel, header.PhotometricInterpretation = 1, "MONOCHROME2"
    if stored.ndim == 3:
        header.NumberOfFrames = stored.shape[0]
    header.Rows, header.Columns = stored.shape[-2:]
    header.BitsAllocated = 8 if bits <= 8 else 16
    header.BitsStored, header.HighBit, header.PixelRepresentation = bits, bits - 1, int(signed)
    kind = ("i" if signed else "u") + str(header.BitsAllocated // 8)
    return _finish(header, stored.astype(f"<{kind}"), elements)


def colour_file(seed: int, name: str, stored: NDArray[np.uint8], **elements: Any) -> Dataset:
    """A colour DICOM object of 8 bits; ``row column 3``, or ``3 row column`` with PlanarConfiguration 1."""
    header = _new(seed, name, ct=False)
    header.SamplesPerPixel, header.PhotometricInterpretation = 3, "RGB"
    planar = elements.get("PlanarConfiguration", 0)
    header.Rows, header.Columns = stored.shape[1:] if planar else stored.shape[:2]
    header.PlanarConfiguration = planar
    header.BitsAllocated, header.BitsStored, header.HighBit, header.PixelRepresentation = 8, 8, 7, 0
    return _finish(header, stored, elements)


def encode(header: Dataset, syntax: UID = ExplicitVRLittleEndian) -> bytes:
    """The bytes of a file in a transfer syntax that is not compressed, or deflated."""
    header.file_meta.TransferSyntaxUID = syntax
    if syntax == ExplicitVRBigEndian and header.BitsAllocated == 16:
        # Pixels are bytes to pydicom: it does not swap them.
        header.PixelData = np.frombuffer(header.PixelData, "<u2").byteswap().tobytes()
    buffer = io.BytesIO()
    header.save_as(buffer, enforce_file_format=True)
    return buffer.getvalue()


def _new(seed: int, name: str, ct: bool) -> Dataset:
    storage = CTImageStorage if ct else SecondaryCaptureImageStorage
    meta = FileMetaDataset()
    meta.MediaStorageSOPClassUID = storage
    meta.MediaStorageSOPInstanceUID = _uid(seed, name)
    meta.ImplementationClassUID = generate_uid(entropy_srcs=["wetread phantom", "implementation"])
    header = Dataset()
    header.file_meta = meta
    header.SOPClassUID, header.SOPInstanceUID = storage, _uid(seed, name)
    header.StudyInstanceUID, header.SeriesInstanceUID = _uid(seed, name, "study"), _uid(seed, name, "series")
    header.Modality, header.PatientName, header.PatientID = ("CT" if ct else "OT"), "SYNTHETIC^TRAP", f"TRAP-{name}"
    header.BurnedInAnnotation = "NO"
    return header


def _uid(seed: int, name: str, kind: str = "image") -> UID:
    return generate_uid(entropy_srcs=["wetread trap", str(seed), name, kind])


def _finish(header: Dataset, stored: NDArray[Any], elements: dict[str, Any]) -> Dataset:
    data = stored.tobytes()
    header.add_new("PixelData", "OW" if stored.itemsize > 1 else "OB", data + bytes(len(data) % 2))
    for keyword, value in elements.items():
        if value is None:
            delattr(header, keyword)
        else:
            setattr(header, keyword, value)
    return header
