"""One frame of a DICOM file -> its stored values, whatever way they are written down.

The bytes decide: a file whose transfer syntax promises a JPEG may hold plain pixels, and the reverse.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pydicom import Dataset
from pydicom.uid import UID

from wetread.images.codecs import decode_codestream, decode_rle, inflate
from wetread.images.codestream import Codestream, begins_codestream, read_codestream
from wetread.images.dicom_file import PixelElement
from wetread.images.elements import read_integer
from wetread.images.fragments import read_frame
from wetread.images.gate import Refused
from wetread.images.intensity import Values
from wetread.images.layout import Cell, Layout, read_layout

_ITEM = b"\xfe\xff\x00\xe0"
_RLE = "1.2.840.10008.1.2.5"
#: Each frame is a deflate stream of its own (PS3.5 sections 8.2.16 and A.4.13).
_DEFLATED_FRAME = "1.2.840.10008.1.2.8.1"
#: Plain pixels in fragments: Encapsulated Uncompressed Explicit VR Little Endian (PS3.6 table A-1).
_PLAIN_FRAGMENTS = "1.2.840.10008.1.2.1.98"
#: JPEG, JPEG-LS, JPEG 2000 and HTJ2K; the numbers from 100 on are video, from 110 on JPEG XL.
_STILL = ("1.2.840.10008.1.2.4.5", "1.2.840.10008.1.2.4.6", "1.2.840.10008.1.2.4.7", "1.2.840.10008.1.2.4.8",
          "1.2.840.10008.1.2.4.9", "1.2.840.10008.1.2.4.20")  # fmt: skip


@dataclass(frozen=True)
class Frame:
    """Stored values of one frame.

    Attributes:
        raw: ``row column`` or ``row column 3``; unsigned integers as stored, or floats.
        cell: What the bits of the integers mean.
        layout: The description of the pixels, completed.
    """

    raw: Values
    cell: Cell
    layout: Layout


def load_frame(dataset: Dataset, element: PixelElement, syntax: str, index: int) -> Frame:
    """Reads and decodes one frame.

    Args:
        dataset: The header.
        element: Where its pixels lie.
        syntax: UID of the transfer syntax.
        index: Number of the frame, from 0; below Number of Frames.

    Raises:
        Refused: With the reason.
    """
    if element.length is None:
        return _load_fragments(dataset, element, syntax, index)
    layout = read_layout(dataset, keyword=element.keyword, size=element.length)
    start = element.read(0, min(16, element.length))
    plain = element.length * 8 >= layout.frame_bits * layout.frames
    if start[:4] == _ITEM and (not plain or UID(syntax).is_encapsulated):
        # Against PS3.5 section A.4, which asks for an undefined length.
        return _load_fragments(dataset, element, syntax, index)
    if begins_codestream(start) and not plain and layout.frames == 1:
        return _decode(dataset, element.read(0, element.length), syntax)
    if not plain:
        raise Refused("truncated")
    return _unpack_element(element, layout, index)


def _load_fragments(dataset: Dataset, element: PixelElement, syntax: str, index: int) -> Frame:
    frames = read_integer(dataset, "NumberOfFrames") or 1
    extended = dataset.get("ExtendedOffsetTable")
    table = extended if isinstance(extended, bytes) else b""
    return _decode(dataset, read_frame(element.handle, element.start, frames, index, table), syntax)


def _decode(dataset: Dataset, frame: bytes, syntax: str) -> Frame:
    """Decodes a compressed frame of whatever kind its bytes are."""
    head = read_codestream(frame)
    if head is not None:
        layout = read_layout(dataset, head=head)  # checks the size before anything is allocated
        raw = decode_codestream(frame, head, syntax)
        if raw.dtype.kind == "i":
            raw = raw.view(f"u{raw.itemsize}")
        return Frame(raw, _codestream_cell(head, layout, raw), replace(layout, planar=False))
    layout = read_layout(dataset)
    if syntax == _RLE and layout.allocated < 8:
        raise Refused("unsupported")
    if syntax == _RLE or _looks_like_rle(frame, layout):
        raw = decode_rle(
            frame, rows=layout.rows, columns=layout.columns, samples=layout.samples, size=layout.allocated // 8
        )
        return Frame(raw, find_cell(layout, raw), layout)
    size = -(-layout.frame_bits // 8)
    if syntax == _DEFLATED_FRAME:
        frame = inflate(frame, size)
    elif syntax != _PLAIN_FRAGMENTS and not size <= len(frame) <= size + 1:
        raise Refused("damaged" if syntax.startswith(_STILL) else "unsupported")
    if len(frame) < size:
        raise Refused("truncated")
    return _shape(np.frombuffer(frame, np.uint8, size), layout, 0, little=True)


def _looks_like_rle(frame: bytes, layout: Layout) -> bool:
    # PS3.5 section G.5: the number of segments, then 15 offsets, the first of which is the length of this header.
    count = layout.samples * layout.allocated // 8
    return frame[:8] == count.to_bytes(4, "little") + (64).to_bytes(4, "little")


def _codestream_cell(head: Codestream, layout: Layout, raw: Values) -> Cell:
    """What decoded values mean; the sign is that of the header, which viewers obey."""
    if head.kind == "jpeg" and head.exact:
        # A lossless JPEG holds the stored bits as they were, an overlay above them included.
        return find_cell(layout, raw)
    # A lossy value may lie beyond Bits Stored, and to mask it would turn white into black. The sign of a signed
    # codestream is its highest bit; that of an unsigned one (whose writer forgot the sign) is the highest bit stored,
    # which a codestream of fewer bits does not contain.
    bits = head.bits if head.signed or head.bits >= layout.stored or layout.samples > 1 else layout.stored
    return Cell(min(bits, 8 * raw.itemsize), 0, layout.signed)


def find_cell(layout: Layout, raw: Values) -> Cell:
    """Where in a stored integer the value lies, PS3.5 section 8.1.1.

    High Bit is one less than Bits Stored in nearly all files. Old ones may have their bits further up, and wrong ones
    say so though they have them at the bottom.

    Args:
        layout: The description of the pixels.
        raw: The integers; looked at only where High Bit is unusual.
    """
    bits = min(layout.stored, 8 * raw.itemsize)
    shift = layout.high + 1 - bits
    if shift <= 0 or layout.high >= 8 * raw.itemsize or raw.dtype.kind == "f":
        return Cell(bits, 0, layout.signed)
    below, above = bool((raw & (1 << shift) - 1).any()), bool((raw >> bits).any())
    return Cell(bits, 0 if below and not above else shift, layout.signed)


def _unpack_element(element: PixelElement, layout: Layout, index: int) -> Frame:
    # PS3.5 section 8.1.1: frames of single bits follow each other without a gap.
    first = index * layout.frame_bits
    offset, last = first // 8, -(-(first + layout.frame_bits) // 8)
    if not element.little and element.words and layout.allocated <= 8:
        # PS3.5 section 7.3: bytes in words are swapped; a frame may begin in the middle of a word.
        even, end = offset - offset % 2, last + last % 2
        assert element.length is not None
        data = element.read(even, min(end, element.length) - even)
        swapped = np.frombuffer(data + bytes(len(data) % 2), "u2").byteswap().view(np.uint8)
        return _shape(swapped[offset - even : last - even], layout, first % 8, little=False)
    data = element.read(offset, last - offset)
    return _shape(np.frombuffer(data, np.uint8), layout, first % 8, little=element.little)


def _shape(data: NDArray[np.uint8], layout: Layout, bit: int, *, little: bool) -> Frame:
    """Bytes of one uncompressed frame -> its values; ``bit`` is the number of the first bit."""
    values: NDArray[Any]
    if layout.allocated == 1:
        values = np.unpackbits(data, bitorder="little")[bit : bit + layout.frame_bits]
    else:
        kind = "f" if layout.real else "u"
        values = data.view(f"{'<' if little else '>'}{kind}{layout.allocated // 8}")
        values = values.astype(values.dtype.newbyteorder("="), copy=False)
    raw = _arrange(values, layout)
    return Frame(raw, find_cell(layout, raw), layout)


def _arrange(values: Values, layout: Layout) -> Values:
    rows, columns = layout.rows, layout.columns
    if layout.samples == 1:
        return values.reshape(rows, columns)
    if layout.halved:
        # PS3.3 section C.7.6.3.1.2: Y1 Y2 CB CR for two pixels.
        pairs = values.reshape(-1, 4)
        return np.stack([pairs[:, [0, 2, 3]], pairs[:, [1, 2, 3]]], axis=1).reshape(rows, columns, 3)
    if layout.planar:  # PS3.3 section C.7.6.3.1.3
        return np.moveaxis(values.reshape(3, rows, columns), 0, -1)
    return values.reshape(rows, columns, 3)
