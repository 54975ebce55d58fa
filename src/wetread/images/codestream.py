"""What a compressed frame says about itself, read before any decoder sees it.

A DICOM header may say 16 x 16 while the JPEG inside says 65,535 x 65,535: the decoder believes the JPEG. And a transfer
syntax may promise JPEG 2000 where the bytes are a JPEG. So the bytes are asked, and they are believed.
"""

from __future__ import annotations

from dataclasses import dataclass

from wetread.images.gate import Refused

_JP2_SIGNATURE = b"\x00\x00\x00\x0cjP  "
_J2K_START = b"\xff\x4f\xff\x51"
#: Start-of-frame markers: ITU-T T.81 table B.1 without DHT, JPG and DAC; T.87 section C.1.1 adds SOF55 for JPEG-LS.
_FRAME_MARKERS = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC} | {0xF7}
#: Those of lossless processes, T.81 table B.1: SOF3, SOF7, SOF11, SOF15.
_LOSSLESS_MARKERS = frozenset({0xC3, 0xC7, 0xCB, 0xCF})
#: Markers without a length: TEM, RST0-7 and SOI.
_BARE_MARKERS = frozenset({0x01, 0xD8, *range(0xD0, 0xD8)})
#: Names of components that mean red, green and blue; libjpeg writes the capitals.
_RGB_NAMES = (b"RGB", b"rgb")


@dataclass(frozen=True)
class Codestream:
    """The head of one compressed frame.

    Attributes:
        kind: ``jpeg``, ``jpeg-ls``, ``jpeg2000`` or ``htj2k``.
        rows: Rows in pixels.
        columns: Columns in pixels.
        samples: Samples per pixel.
        bits: Bits per sample (of the first component).
        signed: Samples are signed; only JPEG 2000 can say so.
        exact: Of a lossless process: JPEG lossless, or the reversible wavelet of JPEG 2000.
        ybr: Its colours are YCbCr (True), RGB (False), or it does not say (None).
        start: Where the codestream begins in the frame; behind the boxes of a JP2 file.
    """

    kind: str
    rows: int
    columns: int
    samples: int
    bits: int
    signed: bool = False
    exact: bool = False
    ybr: bool | None = None
    start: int = 0


def begins_codestream(frame: bytes) -> bool:
    """Whether bytes begin a JPEG, JPEG-LS, JPEG 2000 or HTJ2K frame."""
    return frame.startswith((b"\xff\xd8\xff", _J2K_START, _JP2_SIGNATURE))


def read_codestream(frame: bytes) -> Codestream | None:
    """Reads the head of a JPEG, JPEG-LS, JPEG 2000 or HTJ2K frame.

    Returns:
        The head, or None where the bytes begin none of these (such as RLE).

    Raises:
        Refused: ``damaged`` or ``truncated``.
    """
    if frame.startswith(_JP2_SIGNATURE):
        return _read_j2k(frame, skip_jp2_boxes(frame))
    if frame.startswith(b"\xff\x4f"):
        return _read_j2k(frame, 0)
    if frame.startswith(b"\xff\xd8"):
        return _read_jpeg(frame)
    return None


def skip_jp2_boxes(frame: bytes) -> int:
    """Position of the codestream inside a JP2 file, ISO/IEC 15444-1 annex I.4.

    The boxes have no place in DICOM (PS3.5 section A.4.4), and some writers leave them in.

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


def _read_j2k(frame: bytes, start: int) -> Codestream:
    # ISO/IEC 15444-1 section A.5.1: SIZ is the second marker; sizes of the grid less its offsets.
    if len(frame) < start + 43:
        raise Refused("truncated")
    if frame[start : start + 4] != _J2K_START:
        raise Refused("damaged")
    grid = [int.from_bytes(frame[start + at : start + at + 4], "big") for at in range(8, 40, 4)]
    right, bottom, left, top = grid[:4]
    for side, edge, size, offset in zip(grid[:2], grid[2:4], grid[4:6], grid[6:], strict=True):
        # Section B.3: the first tile holds the first pixel. OpenJPH 0.26 never ends where it does not.
        if side <= edge or not offset <= edge < offset + size:
            raise Refused("damaged")
    depth = frame[start + 42]  # table A.11: the upper bit is the sign, the rest is one less than the bits
    markers = _j2k_markers(frame, start + 2)
    coding = markers.get(0x52, b"")  # COD, section A.6.1: the tenth byte names the wavelet, 1 is the reversible one
    return Codestream(
        kind="htj2k" if 0x50 in markers else "jpeg2000",  # CAP, ISO/IEC 15444-15 annex A
        rows=bottom - top,
        columns=right - left,
        samples=int.from_bytes(frame[start + 40 : start + 42], "big"),
        bits=(depth & 0x7F) + 1,
        signed=depth >= 0x80,
        exact=len(coding) > 9 and coding[9] == 1,
        start=start,
    )


def _j2k_markers(frame: bytes, position: int) -> dict[int, bytes]:
    """The marker segments of the main header by the second byte of their marker, section A.2."""
    found: dict[int, bytes] = {}
    while position + 4 <= len(frame) and frame[position] == 0xFF and frame[position + 1] not in (0x90, 0xD9):
        length = int.from_bytes(frame[position + 2 : position + 4], "big")
        if length < 2:
            raise Refused("damaged")
        found.setdefault(frame[position + 1], frame[position + 4 : position + 2 + length])
        position += 2 + length
    return found


def _read_jpeg(frame: bytes) -> Codestream:
    position, jfif = 2, False
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
        body = frame[position + 4 : position + 2 + length]
        if marker in _FRAME_MARKERS:
            if len(body) < 6:
                break
            return _read_frame_header(marker, body, jfif)
        jfif |= marker == 0xE0 and body.startswith(b"JFIF")
        position += 2 + length
    raise Refused("truncated")


def _read_frame_header(marker: int, body: bytes, jfif: bool) -> Codestream:
    # T.81 section B.2.2: precision, lines, samples per line, components; then name, sampling and table of each.
    components = body[6 : 6 + 3 * body[5]]
    names, sampling = components[0::3], components[1::3]
    ybr = None
    if marker != 0xF7 and body[5] == 3:
        # RGB is never subsampled, and JFIF is YCbCr by definition (ITU-T T.871 section 6.1).
        ybr = False if names in _RGB_NAMES else True if jfif or len(set(sampling)) > 1 else None
    return Codestream(
        kind="jpeg-ls" if marker == 0xF7 else "jpeg",
        rows=int.from_bytes(body[1:3], "big"),
        columns=int.from_bytes(body[3:5], "big"),
        samples=body[5],
        bits=body[0],
        exact=marker in _LOSSLESS_MARKERS,
        ybr=ybr,
    )
