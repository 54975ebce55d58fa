"""What is refused before anything is decoded: no plain file, no known format, or larger than the limits.

Everything here reads a few bytes and allocates nothing, so that a bomb is refused in milliseconds.
"""

from __future__ import annotations

import os
import stat
import zlib
from io import BufferedReader
from pathlib import Path
from typing import BinaryIO, Literal

from wetread.errors import REJECTIONS

#: Pixels of one frame. The largest radiographs (stitched spines, tomosynthesis) stay below 60 megapixels.
MAX_PIXELS = 100_000_000
#: Bytes of all frames of one file when decoded.
MAX_DECODED_BYTES = 2 << 30
#: Bytes in front of the pixels.
MAX_HEADER_BYTES = 64 << 20
#: Bytes of a file.
MAX_FILE_BYTES = 2 << 30

#: Bytes that may be asked for without a look at how many there are.
_LARGE_READ = 1 << 20

FORMATS = ("PNG", "JPEG", "TIFF", "BMP", "DICOM")

#: First bytes of each picture format. BigTIFF has 43 where TIFF has 42.
_MAGIC: dict[bytes, str] = {
    b"\x89PNG\r\n\x1a\n": "PNG",
    b"\xff\xd8\xff": "JPEG",
    b"II\x2a\x00": "TIFF",
    b"MM\x00\x2a": "TIFF",
    b"II\x2b\x00": "TIFF",
    b"MM\x00\x2b": "TIFF",
}
#: Lengths of the header that follows the 14 bytes of a BMP file header. "BM" alone would also match a text.
_BMP_HEADERS = (12, 40, 52, 56, 64, 108, 124)
#: Value representations that can stand in the first element of a data set, PS3.5 section 6.2.
_FIRST_VRS = (b"UL", b"CS", b"UI", b"OB", b"DA", b"TM", b"SH", b"LO", b"SQ", b"UN", b"IS", b"DT", b"AE", b"PN", b"ST")


class Refused(Exception):  # noqa: N818 - a verdict on a file rather than an error of ours
    """One file is refused; ``code`` is a key of `wetread.errors.REJECTIONS`. The path is added by `decode_image`."""

    def __init__(self, code: str) -> None:
        assert code in REJECTIONS, code
        super().__init__(code)
        self.code = code


class PlainFile(BufferedReader):
    """A file that makes room for no more bytes than it has: a damaged length of 4 GB would cost that much memory."""

    def read(self, size: int | None = -1, /) -> bytes:
        """As any file; what is asked for beyond its end is not there."""
        if size is not None and size > _LARGE_READ:
            size = min(size, max(0, os.fstat(self.fileno()).st_size - self.tell()))
        return super().read(size)


def open_plain_file(path: Path) -> PlainFile:
    """Opens a regular file; a FIFO, socket, device or folder is refused without being opened, since it could block.

    Raises:
        Refused: ``unreadable``, ``not-a-file``, ``empty-file`` or ``too-large``.
    """
    try:
        _check_status(path.stat())
        # Not blocking, in case a FIFO took the place of the file in between.
        flags = os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0) | getattr(os, "O_CLOEXEC", 0)
        number = os.open(path, flags)
    except (OSError, ValueError) as error:  # ValueError: a NUL in the path
        raise Refused("unreadable") from error
    handle = PlainFile(os.fdopen(number, "rb", buffering=0))
    try:
        _check_status(os.fstat(number))
    except Refused:
        handle.close()
        raise
    return handle


def _check_status(status: os.stat_result) -> None:
    if not stat.S_ISREG(status.st_mode):
        raise Refused("not-a-file")
    if status.st_size == 0:
        raise Refused("empty-file")
    if status.st_size > MAX_FILE_BYTES:
        raise Refused("too-large")


def identify(handle: BinaryIO) -> str:
    """Names the format of an open file by its content, and rewinds it.

    Returns:
        One of `FORMATS`.

    Raises:
        Refused: ``not-an-image``, or ``volume`` for NIfTI.
    """
    handle.seek(0)
    start = handle.read(1024)
    handle.seek(0)
    # First, since the 128 bytes before it are free and may look like a TIFF (PS3.10 section 7.1).
    if start[128:132] == b"DICM":
        return "DICOM"
    for magic, name in _MAGIC.items():
        if start.startswith(magic):
            return name
    if start[:2] == b"BM" and int.from_bytes(start[14:18], "little") in _BMP_HEADERS:
        return "BMP"
    if looks_like_bare_dicom(start):
        return "DICOM"
    raise Refused("volume" if looks_like_nifti(start) else "not-an-image")


def looks_like_nifti(start: bytes) -> bool:
    """Tells whether a file that begins with these bytes (at least 1000) is a NIfTI volume, packed with gzip or not.

    Source: NIfTI-1.1 header, field ``magic`` at byte 344; NIfTI-2, the same at byte 4.
    """
    start = gunzip_start(start, 352)
    return start[344:348] in (b"n+1\0", b"ni1\0") or start[4:8] in (b"n+2\0", b"ni2\0")


def gunzip_start(start: bytes, count: int) -> bytes:
    """The first bytes of a file whose beginning is given, unpacked where it is packed with gzip."""
    if not start.startswith(b"\x1f\x8b"):
        return start[:count]
    try:
        return zlib.decompressobj(31).decompress(start, count)
    except zlib.error:
        return b""


def looks_like_bare_dicom(start: bytes) -> bool:
    """Tells whether bytes begin a data set without preamble: an element of group 0002 or 0008 with a sane length.

    Such files break PS3.10 section 7.1, but old archives and some exports are full of them.
    """
    if start[:4] == b"DICM":
        start = start[4:]
    if len(start) < 8:
        return False
    orders: tuple[Literal["little", "big"], ...] = ("little", "big")
    for order in orders:
        group = int.from_bytes(start[0:2], order)
        if group in (0x0002, 0x0008):
            # PS3.5 section 7.1: explicit elements carry two letters, implicit ones a length of four bytes. Values of
            # the first element (group length, character set, image type) are short.
            return start[4:6] in _FIRST_VRS or int.from_bytes(start[4:8], order) <= 1024
    return False


def check_size(width: int, height: int, *, samples: int = 1, bits: int = 8, frames: int = 1) -> None:
    """Refuses sizes that make no sense or would need too much memory.

    Args:
        width: Columns of one frame.
        height: Rows of one frame.
        samples: Values per pixel.
        bits: Bits per value.
        frames: Frames in the file.

    Raises:
        Refused: ``damaged`` for zero or negative sizes, ``too-large`` above the limits.
    """
    if min(width, height, samples, bits, frames) < 1 or samples > 4 or bits > 64:
        raise Refused("damaged")
    if width * height > MAX_PIXELS or width * height * samples * frames * bits > MAX_DECODED_BYTES * 8:
        raise Refused("too-large")
