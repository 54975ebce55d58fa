"""What a compressed frame says about its own size, read before any decoder sees it.

A DICOM header may say 16 x 16 while the JPEG inside says 65,535 x 65,535: the decoder believes the JPEG.
"""

from __future__ import annotations

from dataclasses import dataclass

from wetread.images.gate import Refused

_JP2_SIGNATURE = b"\x00\x00\x00\x0cjP  "
#: Start-of-frame markers: ITU-T T.81 table B.1 without DHT, JPG and DAC; T.87 section C.1.1 adds SOF55 for JPEG-LS.
_FRAME_MARKERS = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC} | {0xF7}
#: Markers without a length: TEM, RST0-7 and SOI.
_BARE_MARKERS = frozenset({0x01, 0xD8, *range(0xD0, 0xD8)})


@dataclass(frozen=True)
class FrameSize:
    """Size of one compressed frame: rows and columns in pixels, samples per pixel."""

    rows: int
    columns: int
    samples: int


def frame_size(frame: bytes) -> FrameSize | None:
    """Reads the size out of a JPEG, JPEG-LS, JPEG 2000 or HTJ2K frame.

    Returns:
        The size, or None where the bytes begin none of these (such as RLE).

    Raises:
        Refused: ``damaged`` or ``truncated``.
    """
    if frame.startswith(_JP2_SIGNATURE):
        return _j2k_size(frame, skip_jp2_boxes(frame))
    if frame.startswith(b"\xff\x4f"):
        return _j2k_size(frame, 0)
    if frame.startswith(b"\xff\xd8"):
        return _jpeg_size(frame)
    return None


def skip_jp2_boxes(frame: bytes) -> int:
    """Position of the codestream inside a JP2 file, ISO/IEC 15444-1 annex I.4.

    pydicom 3.0 walks these boxes too and never ends at a box of length 0, so such a frame must not reach it.

    Raises:
        Refused: ``damaged`` for a box that cannot be stepped over, ``truncated`` where no codestream follows.
    """
    position = len(_JP2_SIGNATURE) + 4
    while position + 8 <= len(frame):
        if frame[position + 4 : position + 8] == b"jp2c":
            return position + 8
        length = int.from_bytes(frame[position : position + 4], "big")
        if length < 8:  # 0: up to the end of the file; 1: a length of 64 bits, pointless in front of a codestream
            raise Refused("damaged")
        position += length
    raise Refused("truncated")


def _j2k_size(frame: bytes, start: int) -> FrameSize:
    # ISO/IEC 15444-1 section A.5.1: SIZ is the second marker; sizes of the grid less its offsets.
    if len(frame) < start + 42:
        raise Refused("truncated")
    if frame[start : start + 4] != b"\xff\x4f\xff\x51":
        raise Refused("damaged")
    right, bottom, left, top = (int.from_bytes(frame[start + at : start + at + 4], "big") for at in (8, 12, 16, 20))
    return FrameSize(bottom - top, right - left, int.from_bytes(frame[start + 40 : start + 42], "big"))


def _jpeg_size(frame: bytes) -> FrameSize:
    position = 2
    while position + 4 <= len(frame):
        if frame[position] != 0xFF:
            raise Refused("damaged")
        marker = frame[position + 1]
        if marker == 0xFF:  # fill byte, ITU-T T.81 section B.1.1.2
            position += 1
            continue
        if marker in _BARE_MARKERS:
            position += 2
            continue
        length = int.from_bytes(frame[position + 2 : position + 4], "big")
        if length < 2 or marker in (0xD9, 0xDA):  # a scan or the end before any frame header
            raise Refused("damaged")
        if marker in _FRAME_MARKERS:
            header = frame[position + 4 : position + 10]
            if len(header) < 6:
                break
            return FrameSize(int.from_bytes(header[1:3], "big"), int.from_bytes(header[3:5], "big"), header[5])
        position += 2 + length
    raise Refused("truncated")
