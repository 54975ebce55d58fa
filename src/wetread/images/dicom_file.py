"""Bytes -> DICOM data set, also without preamble, without file meta information, and deflated.

Only the header is parsed, up to `MAX_HEADER_BYTES`; the bytes of the pixels are attached unread.
"""

from __future__ import annotations

import io
import zlib
from collections.abc import Callable
from typing import Any, BinaryIO

from pydicom import Dataset, config, dcmread
from pydicom.dataelem import DataElement
from pydicom.dataset import FileMetaDataset
from pydicom.uid import ExplicitVRBigEndian, ExplicitVRLittleEndian, ImplicitVRLittleEndian

from wetread.images.gate import MAX_HEADER_BYTES, Refused

# Invalid values are common and mostly harmless; pydicom's complaints about them quote the values, which may be names.
config.settings.reading_validation_mode = config.IGNORE

_DEFLATED = "1.2.840.10008.1.2.1.99"
_PIXEL_TAGS = {0x7FE00008: "FloatPixelData", 0x7FE00009: "DoubleFloatPixelData", 0x7FE00010: "PixelData"}
_UNDEFINED = 0xFFFFFFFF
#: Explicit value representations with a length of 32 bits, PS3.5 section 7.1.2.
_PIXEL_VRS = {b"OB": "OB", b"OW": "OW", b"UN": "OW", b"OF": "OF", b"OD": "OD"}


def read_dataset(handle: BinaryIO, check: Callable[[Dataset], int]) -> tuple[Dataset, str]:
    """Reads a data set and attaches its pixel data.

    Args:
        handle: The file, at its start.
        check: Called with the header before the pixels are read or inflated; refuses it, or returns the bytes that
            its uncompressed pixels need.

    Returns:
        The data set, and the transfer syntax that the file names (a deflated one is inflated already). It has no
        pixel element if the file has none.

    Raises:
        Refused: ``too-large``, ``truncated`` or ``damaged``.
    """
    syntax, start = read_meta(handle)
    handle.seek(0)
    if syntax != _DEFLATED:
        dataset = _read_header(handle)
        if dataset.get("Rows") is not None:
            check(dataset)
        _attach_pixels(dataset, handle)
        return dataset, syntax or str(dataset.file_meta.TransferSyntaxUID)
    # PS3.5 section A.5: what follows the file meta information is one raw deflate stream. The header part of it is
    # inflated first, then as much as that header asks for and no more.
    handle.seek(start)
    packed = handle.read()
    dataset = _read_header(io.BytesIO(_inflate(packed, MAX_HEADER_BYTES)))
    needed = check(dataset) if dataset.get("Rows") is not None else 0
    plain = io.BytesIO(_inflate(packed, MAX_HEADER_BYTES + needed) if needed > 0 else b"")
    if needed > 0:
        dataset = _read_header(plain)
        _attach_pixels(dataset, plain)
    dataset.file_meta = FileMetaDataset()
    dataset.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    return dataset, syntax


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


def _inflate(packed: bytes, cap: int) -> bytes:
    try:
        return zlib.decompressobj(-zlib.MAX_WBITS).decompress(packed, cap)
    except zlib.error:
        try:  # some writers add the header of zlib, against section A.5
            return zlib.decompressobj().decompress(packed, cap)
        except zlib.error as error:
            raise Refused("damaged") from error


def _read_header(handle: BinaryIO) -> Dataset:
    dataset = dcmread(_Budget(handle, MAX_HEADER_BYTES), stop_before_pixels=True, force=True)  # type: ignore[arg-type,unused-ignore]
    if not dataset.file_meta.get("TransferSyntaxUID"):
        # Without file meta information nothing can be compressed; pydicom has found out the rest by trial.
        implicit, little = dataset.original_encoding
        uid = ImplicitVRLittleEndian if implicit else ExplicitVRLittleEndian if little else ExplicitVRBigEndian
        dataset.file_meta.TransferSyntaxUID = uid
    return dataset


def _attach_pixels(dataset: Dataset, handle: BinaryIO) -> None:
    """Adds the pixel element, whose tag the handle stands at; nothing where the file ends here."""
    implicit, little = dataset.original_encoding
    order: Any = "little" if little else "big"
    head = handle.read(8)
    tag = int.from_bytes(head[0:2], order) << 16 | int.from_bytes(head[2:4], order)
    if len(head) < 8 or tag not in _PIXEL_TAGS:
        return
    if implicit or head[4:6] not in _PIXEL_VRS:
        # Also where the transfer syntax promises explicit elements and the file has others.
        vr = {"FloatPixelData": "OF", "DoubleFloatPixelData": "OD"}.get(_PIXEL_TAGS[tag], "OW")
        length = int.from_bytes(head[4:8], order)
    else:
        vr = _PIXEL_VRS[head[4:6]]
        length = int.from_bytes(handle.read(4), order)
    if length == _UNDEFINED:
        # Fragments up to a delimiter (PS3.5 section A.4), which pydicom finds itself when it cuts out a frame.
        data = handle.read()
    else:
        data = handle.read(length)
        if len(data) < length:
            raise Refused("truncated")
    element = DataElement(tag, vr, data, already_converted=True)
    element.is_undefined_length = length == _UNDEFINED
    dataset[tag] = element


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
