"""How the pixels of a DICOM file are laid out: the Image Pixel module (PS3.3 section C.7.6.3), checked and completed.

Headers contradict themselves and their pixels more often than one would think. Where an element is missing or cannot
be true, what is likely is assumed and said; where the bytes tell, they are believed.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import ceil

import numpy as np
from pydicom import Dataset

from wetread.images.codestream import Codestream
from wetread.images.elements import read_integer
from wetread.images.gate import Refused, check_size
from wetread.images.intensity import Values

#: Photometric interpretations by samples per pixel, PS3.3 section C.7.6.3.1.2, retired ones included.
GREY = ("MONOCHROME1", "MONOCHROME2")
_ONE = (*GREY, "PALETTE COLOR")
_THREE = ("RGB", "YBR_FULL", "YBR_FULL_422", "YBR_PARTIAL_422", "YBR_PARTIAL_420", "YBR_RCT", "YBR_ICT")
#: Two pixels share their colour: four samples for two pixels.
_HALVED = ("YBR_FULL_422", "YBR_PARTIAL_422")
_LARGER = 16
_REAL_BITS = {"FloatPixelData": 32, "DoubleFloatPixelData": 64}


@dataclass(frozen=True)
class Layout:
    """What one frame consists of.

    Attributes:
        rows: Rows in pixels.
        columns: Columns in pixels.
        samples: Samples per pixel, 1 or 3.
        frames: Number of Frames.
        photometric: Photometric Interpretation.
        allocated: Bits Allocated.
        stored: Bits Stored.
        high: High Bit.
        signed: Pixel Representation.
        planar: Planar Configuration: one colour after the other.
        real: The pixels are floats.
        assumed: What the header does not say, or says wrongly, and what was taken instead.
    """

    rows: int
    columns: int
    samples: int
    frames: int
    photometric: str
    allocated: int
    stored: int
    high: int
    signed: bool = False
    planar: bool = False
    real: bool = False
    assumed: tuple[str, ...] = ()

    @property
    def frame_bits(self) -> int:
        """Bits of one uncompressed frame."""
        samples = 2 if self.halved else self.samples
        return self.rows * self.columns * samples * self.allocated

    @property
    def halved(self) -> bool:
        """Two neighbouring pixels share their colour when uncompressed."""
        return self.photometric in _HALVED


@dataclass(frozen=True)
class Cell:
    """What the bits of one stored sample mean, PS3.5 section 8.1.1.

    Attributes:
        bits: Bits that belong to the value.
        shift: Bits below them.
        signed: The highest of them is a sign.
    """

    bits: int
    shift: int = 0
    signed: bool = False

    def interpret(self, raw: Values) -> Values:
        """Stored integers -> values; what lies in the other bits, such as an overlay, is masked."""
        if self.bits >= 64:
            return raw.astype(np.int64) if self.signed else raw
        values = np.asarray(raw).astype(np.int64) >> self.shift & (1 << self.bits) - 1
        if self.signed:
            values = (values ^ 1 << self.bits - 1) - (1 << self.bits - 1)
        return values

    @property
    def limits(self) -> tuple[int, int]:
        """The smallest and the largest value that fit."""
        half = 1 << self.bits - 1
        return (-half, half - 1) if self.signed else (0, 2 * half - 1)


def read_layout(
    dataset: Dataset, *, keyword: str = "PixelData", size: int | None = None, head: Codestream | None = None
) -> Layout:
    """Reads and completes the description of the pixels.

    Args:
        dataset: The header.
        keyword: The element that holds the pixels.
        size: Bytes of uncompressed pixel data; None: compressed, or not known.
        head: What a compressed frame says about itself.

    Raises:
        Refused: ``incomplete`` without rows or columns, ``unsupported``, ``too-large`` or ``damaged``.
    """
    notes: list[str] = []
    rows, columns = read_integer(dataset, "Rows"), read_integer(dataset, "Columns")
    if head is not None and (rows, columns) != (head.rows, head.columns):
        # PS3.5 section 8.2: the two shall agree. The decoder obeys the codestream whatever the header says.
        # A slip is one thing; a small header around a huge codestream is damage that would keep a decoder busy.
        if rows and columns and head.rows * head.columns > _LARGER * rows * columns:
            raise Refused("damaged")
        rows, columns = head.rows, head.columns
        notes.append("size taken from the compressed frame")
    if rows is None or columns is None:
        raise Refused("incomplete")
    # Section C.7.6.6.1.1; absent, empty and 0 all mean one frame in practice.
    frames = read_integer(dataset, "NumberOfFrames") or 1
    # Before anything is computed from sizes that may be senseless.
    check_size(columns, rows, frames=frames)
    allocated = _allocated(dataset, keyword, size, rows * columns * frames, head, notes)
    samples, photometric = _colour(dataset, size, rows * columns * frames * allocated, head, notes)
    real = keyword in _REAL_BITS
    stored = allocated if real else _stored(dataset, allocated, head, notes)
    check_size(columns, rows, samples=samples, bits=allocated, frames=frames)
    high = read_integer(dataset, "HighBit")
    return Layout(
        rows,
        columns,
        samples,
        frames,
        photometric,
        allocated,
        stored,
        high=stored - 1 if high is None else high,
        signed=not real and _signed(dataset, notes),
        planar=(read_integer(dataset, "PlanarConfiguration") or 0) == 1,
        real=real,
        assumed=tuple(notes),
    )


def _allocated(
    dataset: Dataset, keyword: str, size: int | None, pixels: int, head: Codestream | None, notes: list[str]
) -> int:
    if keyword in _REAL_BITS:
        return _REAL_BITS[keyword]  # PS3.3 sections C.7.6.24 and C.7.6.25
    bits, stored = read_integer(dataset, "BitsAllocated"), read_integer(dataset, "BitsStored")
    wide = ceil((stored or 8) / 8) * 8
    if bits is None or (stored is not None and stored > bits):
        samples = read_integer(dataset, "SamplesPerPixel") or 1
        fits = size is None or size * 8 >= pixels * samples * wide
        guess = wide if bits is None or fits else bits
        if stored is None and size is not None:
            guess = next((wider for wider in (32, 16, 8) if size * 8 >= pixels * samples * wider), 8)
        if stored is None and head is not None:
            guess = 8 if head.bits <= 8 else 16
        notes.append(f"Bits Allocated {guess}")
        bits = guess
    if head is not None and head.bits > bits:
        bits = ceil(head.bits / 8) * 8
        notes.append(f"Bits Allocated {bits}")
    if bits not in (1, 8, 16, 32, 64):
        raise Refused("unsupported" if 0 < bits <= 64 else "damaged")
    return bits


def _stored(dataset: Dataset, allocated: int, head: Codestream | None, notes: list[str]) -> int:
    stored = read_integer(dataset, "BitsStored")
    believed = head is None or head.bits <= (read_integer(dataset, "BitsAllocated") or allocated)
    if stored is not None and 0 < stored <= allocated and believed:
        return stored
    likely = head.bits if head is not None and head.bits <= allocated else allocated
    notes.append(f"Bits Stored {likely}")
    return likely


def _signed(dataset: Dataset, notes: list[str]) -> bool:
    sign = read_integer(dataset, "PixelRepresentation")
    if sign is not None:
        return sign == 1
    # The value representation of these follows the sign of the pixels (PS3.5 section 6.2, "US or SS").
    kin = ("PixelPaddingValue", "SmallestImagePixelValue", "LargestImagePixelValue")
    signed = any(name in dataset and dataset.get_item(name).VR == "SS" for name in kin)
    notes.append(f"Pixel Representation {'signed' if signed else 'unsigned'}")
    return signed


def _colour(
    dataset: Dataset, size: int | None, bits: int, head: Codestream | None, notes: list[str]
) -> tuple[int, str]:
    """Samples per pixel and photometric interpretation; ``bits`` is what one sample of every pixel needs."""
    text = str(dataset.get("PhotometricInterpretation") or "").upper().replace("\0", " ").strip()
    if text and text not in (*_ONE, *_THREE):
        raise Refused("unsupported")  # CMYK, ARGB, HSV and XYB
    samples = read_integer(dataset, "SamplesPerPixel") or (3 if text in _THREE else 1)
    if head is not None:
        samples = head.samples
    elif size is not None and samples == 3 and size * 8 < bits * (2 if text in _HALVED else 3):
        samples = 1 if size * 8 < bits * 2 else 3
    if samples not in (1, 3):
        raise Refused("unsupported")
    likely = text if text in (_ONE if samples == 1 else _THREE) else ""
    if not likely and samples == 1:
        likely = "PALETTE COLOR" if not text and "RedPaletteColorLookupTableDescriptor" in dataset else "MONOCHROME2"
    elif not likely:
        # A JPEG of three components is YCbCr unless its markers say RGB.
        lossy = head is not None and head.kind == "jpeg" and not head.exact
        likely = "YBR_FULL" if lossy else "RGB"
    likely = _believe_bytes(likely, size, bits, head)
    if likely != text:
        notes.append(f"Photometric Interpretation {likely}")
    return samples, likely


def _believe_bytes(photometric: str, size: int | None, bits: int, head: Codestream | None) -> str:
    """What the bytes say about colours where they contradict the header."""
    if head is not None and head.ybr is not None and photometric in _THREE:
        if not head.ybr:
            return "RGB"
        return photometric if photometric.startswith("YBR") else "YBR_FULL"
    if size is not None and photometric == "YBR_FULL_422" and size * 8 >= bits * 3:
        return "YBR_FULL"  # all samples are there
    if size is not None and photometric == "YBR_FULL" and bits * 2 <= size * 8 < bits * 3:
        return "YBR_FULL_422"
    return photometric
