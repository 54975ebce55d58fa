"""Compressed frames -> stored values, all by imagecodecs.

What else there is for Python is under the GPL (pylibjpeg-libjpeg), crashes on damaged files (GDCM), knows eight bits
only (Pillow), or is slower with the same values (the plugins of pydicom). Imported by ``frame.py`` alone, so only in
the process that decodes.
"""

from __future__ import annotations

import itertools
import zlib
from typing import Any

import numpy as np
from imagecodecs import (
    Htj2kError,
    JpeglsError,
    htj2k_decode,
    jpeg2k_decode,
    jpeg8_decode,
    jpegls_decode,
    packbits_decode,
)
from numpy.typing import NDArray

from wetread.images.codestream import Codestream
from wetread.images.gate import Refused

_END = b"\xff\xd9"
#: Transfer syntaxes whose HTJ2K frames are lossless (PS3.5 section 10.18).
_HTJ2K_LOSSLESS = ("1.2.840.10008.1.2.4.201", "1.2.840.10008.1.2.4.202")


def decode_codestream(frame: bytes, head: Codestream, syntax: str = "") -> NDArray[Any]:
    """One compressed frame -> its values by row, column and sample.

    Args:
        frame: A JPEG, JPEG-LS, JPEG 2000 or HTJ2K frame; a byte of padding behind it does no harm.
        head: What `read_codestream` read out of it; its size is within the limits.
        syntax: UID of the transfer syntax.

    Returns:
        ``row column`` or ``row column sample`` (RGB where JPEG 2000 transformed it, else as the header says).

    Raises:
        Refused: ``damaged``, for a frame that is not what its head says.
    """
    if head.kind == "jpeg-ls":
        decoded = _decode_jpeg_ls(frame)
    elif head.kind == "jpeg":
        # Twice the same space: nothing is converted, whatever an Adobe or JFIF marker says. Colours are converted
        # later, once, by the Photometric Interpretation (PS3.5 section 8.2.1).
        space = "RGB" if head.samples == 3 else "GRAYSCALE"
        decoded = jpeg8_decode(frame, colorspace=space, outcolorspace=space)
    else:
        decoded = _decode_j2k(frame[head.start :], head, syntax)
    if decoded.shape != ((head.rows, head.columns, head.samples) if head.samples > 1 else (head.rows, head.columns)):
        raise Refused("damaged")
    return decoded


def _decode_jpeg_ls(frame: bytes) -> NDArray[Any]:
    # Without an end marker CharLS counts to the end of its integers before it gives up, which takes a minute. A second
    # marker behind the first does no harm.
    frame += _END
    try:
        return jpegls_decode(frame)
    except JpeglsError:
        # Some writers put zeros between the data and the end marker; CharLS up to 2.4.2 accepts none and 2.4.3 one
        # (team-charls/charls, issues 365 and 437). Data may end with a zero too, so this is the second attempt.
        body = frame.removesuffix(_END).rstrip(b"\0").removesuffix(_END)
        if not body.endswith(b"\0"):
            raise
        return jpegls_decode(body.rstrip(b"\0") + _END)


def _decode_j2k(frame: bytes, head: Codestream, syntax: str) -> NDArray[Any]:
    # OpenJPH is two to three times faster than OpenJPEG, but where a lossy frame overshoots its range (at every hard
    # edge) the value wraps round from white to black in imagecodecs 2026.3.6. Without loss there is no overshoot.
    if head.kind == "htj2k" and head.exact and syntax in _HTJ2K_LOSSLESS:
        try:
            return htj2k_decode(frame)
        except Htj2kError:  # a variant that it does not know, such as subsampled components
            pass
    return jpeg2k_decode(frame, numthreads=1)


def decode_rle(frame: bytes, *, rows: int, columns: int, samples: int, size: int) -> NDArray[Any]:
    """One RLE frame -> its values, PS3.5 annex G.

    Args:
        frame: Header of 64 bytes, then one segment per byte of each sample, most significant byte first.
        rows: Rows in pixels.
        columns: Columns in pixels.
        samples: Samples per pixel.
        size: Bytes per sample, 1, 2 or 4.

    Returns:
        ``row column`` or ``row column sample``, unsigned, little-endian.

    Raises:
        Refused: ``damaged`` or ``truncated``.
    """
    count = samples * size
    if len(frame) < 64:
        raise Refused("truncated")
    # Section G.5: the number of segments, then their offsets.
    header = [int.from_bytes(frame[at : at + 4], "little") for at in range(0, 64, 4)]
    starts = [*header[1 : count + 1], len(frame)]
    if header[0] != count or starts[0] < 64 or starts != sorted(starts):
        raise Refused("damaged")
    # Section G.2: one sample after the other whatever Planar Configuration says, and its highest byte first.
    planes = np.zeros((samples, rows * columns), dtype=f"<u{size}")
    for number, (start, end) in enumerate(itertools.pairwise(starts)):
        plane = planes[number // size]
        if number % size:
            plane <<= 8
        plane |= np.frombuffer(_unpack_bits(frame[start:end], rows * columns), np.uint8, rows * columns)
    values = planes.reshape(samples, rows, columns)
    return values[0] if samples == 1 else np.moveaxis(values, 0, -1)


def _unpack_bits(segment: bytes, length: int) -> bytes | bytearray:
    # Section G.3 is PackBits. Bytes that pad a segment may read like one run more.
    plane = packbits_decode(segment, out=length + 256)
    if len(plane) < length:
        raise Refused("truncated")
    return plane


def inflate(packed: bytes, limit: int) -> bytes:
    """A raw deflate stream (RFC 1951) -> at most ``limit`` bytes.

    Raises:
        Refused: ``damaged``.
    """
    try:
        return zlib.decompressobj(-zlib.MAX_WBITS).decompress(packed, limit)
    except zlib.error as error:
        raise Refused("damaged") from error
