"""Bytes -> DICOM data set, also without preamble, without file meta information, and deflated.

Only the header is parsed, up to `MAX_HEADER_BYTES`; of the pixels only the place is noted.
"""

from __future__ import annotations

import zlib
from dataclasses import dataclass
from typing import Any, BinaryIO

from pydicom import Dataset, config, dcmread
from pydicom.dataset import FileMetaDataset
from pydicom.uid import ExplicitVRBigEndian, ExplicitVRLittleEndian, ImplicitVRLittleEndian

from wetread.images.gate import MAX_DECODED_BYTES, MAX_HEADER_BYTES, Refused

# Invalid values are common and mostly harmless; pydicom's complaints about them quote the values, which may be names.
config.settings.reading_validation_mode = config.IGNORE

_DEFLATED = "1.2.840.10008.1.2.1.99"
_PIXEL_TAGS = {0x7FE00008: "FloatPixelData", 0x7FE00009: "DoubleFloatPixelData", 0x7FE00010: "PixelData"}
_UNDEFINED = 0xFFFFFFFF
#: Explicit value representations with a length of 32 bits, PS3.5 section 7.1.2.
_PIXEL_VRS = (b"OB", b"OW", b"UN", b"OF", b"OD")


@dataclass(frozen=True)
class PixelElement:
    """Where the pixels of a file lie; nothing of them has been read.

    Attributes:
        handle: The file, or its inflated data set.
        start: Position of the first byte of the value.
        length: Bytes of the value; None where it has no stated length (encapsulated, PS3.5 section A.4).
        keyword: ``PixelData``, ``FloatPixelData`` or ``DoubleFloatPixelData``.
        little: Little-endian.
        words: Stored as words of 16 bits (value representation OW).
    """

    handle: BinaryIO
    start: int
    length: int | None
    keyword: str
    little: bool = True
    words: bool = False

    def read(self, offset: int, count: int) -> bytes:
        """Reads ``count`` bytes from ``offset`` on.

        Raises:
            Refused: ``truncated``.
        """
        self.handle.seek(self.start + offset)
        data = self.handle.read(count)
        if len(data) < count:
            raise Refused("truncated")
        return data


def read_dataset(handle: BinaryIO) -> tuple[Dataset, str, PixelElement | None]:
    """Reads a data set up to its pixels.

    Args:
        handle: The file, at its start.

    Returns:
        The data set, the transfer syntax that the file names (that of the data set, where it names none), and where
        the pixels are (None: the file has none, or ends before them).

    Raises:
        Refused: ``too-large``, ``truncated`` or ``damaged``.
    """
    syntax, start = read_meta(handle)
    if syntax == _DEFLATED:
        # PS3.5 section A.5: what follows the file meta information is one deflate stream, inflated as far as is read.
        handle.seek(start)
        plain: Any = _Inflated(handle.read())
        dataset = _read_header(plain)
        dataset.file_meta = FileMetaDataset()
        dataset.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
        return dataset, syntax, _find_pixels(dataset, plain, None)
    handle.seek(0, 2)
    size = handle.tell()
    handle.seek(0)
    dataset = _read_header(handle)
    return dataset, syntax or str(dataset.file_meta.TransferSyntaxUID), _find_pixels(dataset, handle, size)


def read_meta(handle: BinaryIO) -> tuple[str, int]:
    """Reads the transfer syntax out of the file meta information, PS3.10 section 7.1.

    Returns:
        The UID (empty if the file names none) and the position of the data set behind it.
    """
    handle.seek(128)
    if handle.read(4) != b"DICM":
        handle.seek(0)
    syntax = ""
    while True:
        start = handle.tell()
        head = handle.read(8)
        # Group 0002 is always explicit and little endian.
        if len(head) < 8 or head[:2] != b"\x02\x00":
            return syntax, start
        length = int.from_bytes(head[6:8], "little")
        if head[4:6] in (b"OB", b"UN"):
            length = int.from_bytes(handle.read(4), "little")
        if length > MAX_HEADER_BYTES:
            raise Refused("damaged")
        value = handle.read(length)
        if head[2:4] == b"\x10\x00":
            syntax = value.decode("ascii", "replace").strip(" \0")


def _read_header(handle: BinaryIO) -> Dataset:
    dataset = dcmread(_Budget(handle, MAX_HEADER_BYTES), stop_before_pixels=True, force=True)  # type: ignore[arg-type,unused-ignore]
    if not dataset.file_meta.get("TransferSyntaxUID"):
        # Without file meta information nothing can be compressed; pydicom has found out the rest by trial.
        implicit, little = dataset.original_encoding
        uid = ImplicitVRLittleEndian if implicit else ExplicitVRLittleEndian if little else ExplicitVRBigEndian
        dataset.file_meta.TransferSyntaxUID = uid
    return dataset


def _find_pixels(dataset: Dataset, handle: BinaryIO, size: int | None) -> PixelElement | None:
    """The pixel element, whose tag the handle stands at; None where the file ends here."""
    little = bool(dataset.original_encoding[1])
    order: Any = "little" if little else "big"
    head = handle.read(8)
    tag = int.from_bytes(head[0:2], order) << 16 | int.from_bytes(head[2:4], order)
    if len(head) < 8 or tag not in _PIXEL_TAGS:
        return None
    # Whatever the transfer syntax promises: as the length of an implicit element these letters would be odd.
    if head[4:6] in _PIXEL_VRS and head[6:8] == b"\0\0":
        vr = head[4:6]
        length = int.from_bytes(handle.read(4), order)
    else:
        vr = b"OW"  # PS3.5 section A.1
        length = int.from_bytes(head[4:8], order)
    start = handle.tell()
    if length == _UNDEFINED:
        return PixelElement(handle, start, None, _PIXEL_TAGS[tag], little)
    if size is not None and start + length > size:
        raise Refused("truncated")
    return PixelElement(handle, start, length, _PIXEL_TAGS[tag], little, words=vr == b"OW")


class _Budget:
    """A file of which only so many bytes may be read, for pydicom, which reads whatever length an element claims."""

    def __init__(self, handle: BinaryIO, budget: int) -> None:
        self._handle = handle
        self._left = budget
        self.name = ""  # pydicom asks for it and would keep the path
        self.tell = handle.tell
        self.seek = handle.seek

    def read(self, size: int = -1) -> bytes:
        data = self._handle.read(self._left + 1 if size < 0 else min(size, self._left + 1))
        self._left -= len(data)
        if self._left < 0:
            raise Refused("too-large")
        return data

    def close(self) -> None:
        """The owner closes the file."""


class _Inflated:
    """The data set inside a deflate stream, as a file that can be read and rewound; inflated on demand.

    A bomb therefore costs what is asked for: the header up to its limit, then one frame of a checked size.
    """

    def __init__(self, packed: bytes) -> None:
        # Some writers add the header of zlib (RFC 1950) against PS3.5 section A.5: 0x78, and a multiple of 31.
        zlib_header = packed[:1] == b"\x78" and len(packed) > 1 and int.from_bytes(packed[:2], "big") % 31 == 0
        self._inflater = zlib.decompressobj(zlib.MAX_WBITS if zlib_header else -zlib.MAX_WBITS)
        self._packed = packed
        self._plain = bytearray()
        self._position = 0

    def read(self, size: int = -1) -> bytes:
        end = self._position + size if size >= 0 else MAX_DECODED_BYTES
        try:
            while len(self._plain) < end and not self._inflater.eof and self._packed:
                self._plain += self._inflater.decompress(self._packed, max(1 << 16, end - len(self._plain)))
                self._packed = self._inflater.unconsumed_tail
        except zlib.error as error:
            raise Refused("damaged") from error
        data = bytes(self._plain[self._position : end])
        self._position += len(data)
        return data

    def tell(self) -> int:
        return self._position

    def seek(self, position: int, whence: int = 0) -> int:
        if whence == 2 or (position < 0 and whence == 0):
            raise OSError("the end is not known")  # whoever asks for it wants fragments, which cannot be in here
        self._position = position + (self._position if whence == 1 else 0)
        return self._position
