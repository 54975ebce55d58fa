"""Texts inside compressed pictures: comments and application data of JPEG, JPEG-LS and JPEG 2000.

They are overwritten with zeros where they stand, so that every length and offset around them stays true, and no decoder
sees a difference in the pixels. A stand-alone JPEG file, which has no offsets around it, loses them altogether in
`wetread.privacy.pictures`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from wetread.images.gate import Refused

_J2K = b"\xff\x4f\xff\x51"
_JP2 = b"\x00\x00\x00\x0cjP  "
#: A marker in entropy-coded data: not a stuffed byte, not a restart, not a fill byte (ITU-T T.81 section B.1.1).
_MARKER = re.compile(rb"\xff[\x01-\xcf\xd8-\xfe]")
#: The same for JPEG-LS, where a stuffed bit makes every byte behind FF smaller than 80 (T.87 section A.1).
_MARKER_LS = re.compile(rb"\xff[\x80-\xcf\xd8-\xfe]")
_BARE = frozenset((0x01, *range(0xD0, 0xD9)))
#: Frames, tables, scans and restarts; F7 and F8 are those of JPEG-LS.
_NEEDED = frozenset((*range(0xC0, 0xD0), 0xD9, 0xDA, 0xDB, 0xDC, 0xDD, 0xDE, 0xDF, 0xF7, 0xF8)) - {0xC8}
#: Markers of one frame: hundreds of scans at most, and some tables and notes.
_MOST_SEGMENTS = 100_000
#: Boxes of a JP2 file that are needed to decode it; ITU-T T.800 annex I.
_BOXES = (b"jP  ", b"ftyp", b"jp2h", b"jp2c")


def scrub_codestream(data: bytearray) -> int:
    """Overwrites texts in one compressed frame.

    Args:
        data: The frame; changed in place, its length stays.

    Returns:
        How many places were overwritten.

    Raises:
        Refused: ``damaged`` where its markers make no sense, so that nobody knows what is in it.
    """
    if data.startswith(_J2K):
        return _scrub_j2k(data, 0, len(data))
    if data.startswith(_JP2):
        return _scrub_jp2(data)
    if data.startswith(b"\xff\xd8\xff"):
        return _scrub_jpeg(data)
    return 0


def jpeg_segments(data: bytes | bytearray) -> Iterator[tuple[int, int, int]]:
    """The marker segments of a JPEG, in order, those between scans included.

    Yields:
        Marker, position of its FF, position behind the segment. The last is EOI, 0xD9.

    Raises:
        Refused: ``damaged``, or ``truncated`` where it ends before its first scan.
    """
    position, pattern = 2, _MARKER
    for _ in range(_MOST_SEGMENTS):
        while data[position : position + 2] == b"\xff\xff":
            position += 1  # fill bytes
        if position + 2 > len(data):
            raise Refused("truncated")
        if data[position] != 0xFF:
            raise Refused("damaged")
        marker = data[position + 1]
        if marker == 0xD9:
            yield marker, position, position + 2
            return
        if marker in _BARE:
            position += 2
            continue
        if marker == 0xF7:
            pattern = _MARKER_LS
        stop = position + 2 + int.from_bytes(data[position + 2 : position + 4], "big")
        if stop > len(data) or stop < position + 4:
            raise Refused("truncated" if stop > len(data) else "damaged")
        if marker in (0xC4, 0xDB):
            _check_tables(marker, data[position + 4 : stop])
        yield marker, position, stop
        position = stop
        if marker == 0xDA:
            found = pattern.search(data, position)
            if found is None:
                # Cut, or its writer forgot EOI; what no marker begins is no text that a program would show.
                yield 0xD9, len(data), len(data)
                return
            position = found.start()
    raise Refused("damaged")


def _check_tables(marker: int, payload: bytes | bytearray) -> None:
    """Refuses Huffman and quantisation tables that are none (T.81 sections B.2.4.1 and B.2.4.2): texts, perhaps."""
    position = 0
    while position < len(payload):
        if marker == 0xDB:
            sizes = {0: 65, 1: 129}
            position += sizes.get(payload[position] >> 4, len(payload) + 1)
        else:
            position += 17 + sum(payload[position + 1 : position + 17])
    if position != len(payload):
        raise Refused("damaged")


def says_colour(marker: int, payload: bytes | bytearray) -> bool:
    """Whether an application segment tells a decoder what the numbers mean, and holds nothing else.

    JFIF without its thumbnail (T.871), the transform of Adobe, and that of JPEG-LS (``mrfx``).
    """
    return (
        (marker == 0xE0 and payload[:5] == b"JFIF\0" and len(payload) == 14)
        or (marker == 0xEE and payload[:5] == b"Adobe" and len(payload) == 12)
        or (marker == 0xE8 and payload[:4] == b"mrfx" and len(payload) == 5)
    )


def _scrub_jpeg(data: bytearray) -> int:
    places, end = 0, len(data)
    for marker, start, stop in list(jpeg_segments(data)):
        if marker == 0xD9:
            end = stop
        elif is_side_note(marker) and not says_colour(marker, data[start + 4 : stop]):
            places += _zero(data, start + 4, stop)
    return places + _zero(data, end, len(data))


def is_side_note(marker: int) -> bool:
    """True for what no decoder needs: application data, comments and reserved markers (T.81 table B.1)."""
    return marker not in _NEEDED


def _scrub_j2k(data: bytearray, start: int, end: int) -> int:
    """Main header and tile-part headers, T.800 annex A."""
    places, position = 0, start + 2
    while position + 4 <= end:
        marker = int.from_bytes(data[position : position + 2], "big")
        if marker == 0xFFD9:
            return places + _zero(data, position + 2, end)
        length = int.from_bytes(data[position + 2 : position + 4], "big")
        stop = position + 2 + length
        if marker >> 8 != 0xFF or length < 2 or stop > end:
            raise Refused("damaged")
        if marker == 0xFF64:
            places += _zero(data, position + 6, stop)  # behind the length and the kind of comment
        if marker == 0xFF90:  # SOT: the length of the tile-part counts from its marker; 0 means up to EOI
            size = int.from_bytes(data[position + 6 : position + 10], "big")
            after = position + size if size else end - 2
            places += _scrub_tile_header(data, stop, min(after, end))
            stop = after
        position = stop
    return places


def _scrub_tile_header(data: bytearray, position: int, end: int) -> int:
    places = 0
    while position + 4 <= end and data[position : position + 2] != b"\xff\x93":
        stop = position + 2 + int.from_bytes(data[position + 2 : position + 4], "big")
        if data[position] != 0xFF or stop > end or stop < position + 4:
            raise Refused("damaged")
        if data[position + 1] == 0x64:
            places += _zero(data, position + 6, stop)
        position = stop
    return places


def _scrub_jp2(data: bytearray) -> int:
    places, position = 0, 0
    while position + 8 <= len(data):
        size, head = int.from_bytes(data[position : position + 4], "big"), 8
        if size == 1:
            size, head = int.from_bytes(data[position + 8 : position + 16], "big"), 16
        stop = position + size if size else len(data)
        if stop > len(data) or stop < position + head:
            raise Refused("damaged")
        kind = bytes(data[position + 4 : position + 8])
        if kind == b"jp2c":
            places += _scrub_j2k(data, position + head, stop)
        elif kind not in _BOXES:
            places += _zero(data, position + head, stop)
        position = stop
    return places + _zero(data, position, len(data))


def _zero(data: bytearray, start: int, stop: int) -> int:
    """Overwrites a stretch; 1 where something stood there."""
    if start >= stop or not any(data[start:stop]):
        return 0
    data[start:stop] = bytes(stop - start)
    return 1
