"""What one image file turned into: its pixels, and the facts about it that may be kept and shown."""

from __future__ import annotations

import hashlib
from dataclasses import asdict, dataclass, field
from typing import Any

import numpy as np

from wetread.shapes import Picture


@dataclass(frozen=True)
class ImageFacts:
    """Facts about one image file; none of them names a patient, a date or an identifier.

    Attributes:
        format: ``PNG``, ``JPEG``, ``TIFF``, ``BMP`` or ``DICOM``, by content and not by name.
        width: Columns of the original as displayed, in pixels.
        height: Rows of the original as displayed, in pixels.
        bit_depth: Bits per sample as stored.
        mode: Channels as stored: ``grey``, ``rgb``, ``palette``, ``bilevel``, ``float``, ``grey+alpha``, ``rgba`` ...
        bytes: Size of the file.
        frames: Frames or pages in the file.
        frame_used: The one that was decoded, counted from 1.
        intensity: How stored values became 0..255: ``as stored``, ``VOI window 40/80``, ``percentiles 0.5-99.5`` ...
        photometric: DICOM Photometric Interpretation, else None.
        modality: DICOM Modality, else None.
        transfer_syntax: DICOM Transfer Syntax UID, else None.
        header: Harmless DICOM facts by keyword.
        patient_key: Equal for two DICOM files of one patient; a short hash, never the identifier. Else None.
    """

    format: str
    width: int
    height: int
    bit_depth: int
    mode: str
    bytes: int
    frames: int = 1
    frame_used: int = 1
    intensity: str = "as stored"
    photometric: str | None = None
    modality: str | None = None
    transfer_syntax: str | None = None
    header: dict[str, Any] = field(default_factory=dict)
    patient_key: str | None = None

    def as_dict(self) -> dict[str, Any]:
        """The facts as a dict that JSON can hold."""
        return asdict(self)

    @classmethod
    def from_dict(cls, values: dict[str, Any]) -> ImageFacts:
        """The inverse of `as_dict`."""
        return cls(**values)


@dataclass(frozen=True)
class DecodedImage:
    """One decoded image.

    Attributes:
        pixels: ``row column`` or ``row column 3``, uint8, 0 black .. 255 white as displayed; no side is longer than
            the ``max_side`` that was asked for.
        facts: What the file said about itself.
        file_sha256: SHA-256 of the bytes of the file, as hex.
        pixel_sha256: SHA-256 of the picture before it is shrunk, so that copies in other formats are found.
        cached: It came from the cache; nothing was decoded.
    """

    pixels: Picture
    facts: ImageFacts
    file_sha256: str = ""
    pixel_sha256: str = ""
    cached: bool = False


@dataclass(frozen=True)
class Survey:
    """What the header of one file says about how it wants to be shown; no pixel is decoded for it.

    Attributes:
        format: As in `ImageFacts`.
        frames: Frames or pages.
        bits: Bits per sample as stored.
        grey: One sample per pixel, and no palette.
        modality: DICOM Modality, else None.
        body_part: DICOM Body Part Examined, upper case, else None.
        windows: Window Center and Width of each window in the header, in its order.
        table: The file brings a VOI LUT Sequence.
        physical: The file brings a modality transformation (slope, intercept or table).
    """

    format: str
    frames: int = 1
    bits: int = 8
    grey: bool = True
    modality: str | None = None
    body_part: str | None = None
    windows: tuple[tuple[float, float], ...] = ()
    table: bool = False
    physical: bool = False

    def as_dict(self) -> dict[str, Any]:
        """The survey as a dict that JSON can hold."""
        return asdict(self)

    @classmethod
    def from_dict(cls, values: dict[str, Any]) -> Survey:
        """The inverse of `as_dict`."""
        pairs = tuple((float(center), float(width)) for center, width in values.get("windows", ()))
        return cls(**{**values, "windows": pairs})


def hash_pixels(pixels: Picture) -> str:
    """SHA-256 of a picture, as hex: its shape (so that 2 x 8 differs from 4 x 4), then its values row by row."""
    digest = hashlib.sha256(repr(tuple(int(side) for side in pixels.shape)).encode("ascii"))
    digest.update(np.ascontiguousarray(pixels).data)
    return digest.hexdigest()
