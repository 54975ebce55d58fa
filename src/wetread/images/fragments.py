"""Encapsulated pixel data -> the bytes of one compressed frame, PS3.5 section A.4.

Only the lengths of the fragments and the frame asked for are read, so that one frame of a thousand costs no more than
one of one.
"""

from __future__ import annotations

from typing import BinaryIO

from wetread.images.codestream import begins_codestream
from wetread.images.gate import Refused

_ITEM, _END = b"\xfe\xff\x00\xe0", b"\xfe\xff\xdd\xe0"
_UNDEFINED = 0xFFFFFFFF
#: One frame has one fragment in practice. Fragments of no bytes would otherwise keep the loop busy for minutes.
_MAX_FRAGMENTS = 100_000

#: Position in the file, and length in bytes.
Span = tuple[int, int]


def read_frame(handle: BinaryIO, start: int, frames: int, index: int, extended: bytes = b"") -> bytes:
    """Reads one compressed frame.

    Args:
        handle: The file.
        start: Position of the first item, which is the Basic Offset Table.
        frames: Number of Frames.
        index: Number of the frame, from 0.
        extended: Value of Extended Offset Table, if any.

    Raises:
        Refused: ``truncated`` or ``damaged``.
    """
    table, fragments = _list_fragments(handle, start)
    parts = []
    for position, length in _choose(handle, fragments, frames, index, extended or table, 8 if extended else 4):
        handle.seek(position)
        parts.append(handle.read(length))
        if len(parts[-1]) < length:
            raise Refused("truncated")
    return b"".join(parts)


def _list_fragments(handle: BinaryIO, start: int) -> tuple[bytes, list[Span]]:
    handle.seek(0, 2)
    size = handle.tell()
    spans: list[Span] = []
    position = start
    while position + 8 <= size and len(spans) <= _MAX_FRAGMENTS:
        handle.seek(position)
        head = handle.read(8)
        # Section A.4: items are little-endian. What is no item ends them too: some writers forget the delimiter.
        length = int.from_bytes(head[4:8], "little")
        if head[:4] != _ITEM:
            if not spans:
                raise Refused("damaged")
            break
        if length == _UNDEFINED:
            raise Refused("damaged")
        spans.append((position + 8, length))
        position += 8 + length
    if len(spans) > _MAX_FRAGMENTS:
        raise Refused("damaged")
    if len(spans) < 2:
        raise Refused("truncated")
    handle.seek(spans[0][0])
    # A table of offsets holds numbers of 4 bytes; a codestream here is the first fragment of a file without a table.
    table = handle.read(min(spans[0][1], 4 * _MAX_FRAGMENTS))
    return (b"", spans) if begins_codestream(table) else (table, spans[1:])


def _choose(handle: BinaryIO, fragments: list[Span], frames: int, index: int, table: bytes, width: int) -> list[Span]:
    """The fragments of one frame. What is certain comes first; tables of offsets are wrong too often to be that."""
    if frames == 1:
        return fragments
    if len(fragments) == frames:
        return fragments[index : index + 1]
    if len(fragments) < frames:
        raise Refused("truncated")
    # Offsets count from the item tag of the first fragment, section A.4 and PS3.3 section C.7.6.3.1.8.
    offsets = [int.from_bytes(table[at : at + width], "little") for at in range(0, len(table) - width + 1, width)]
    places = {position - fragments[0][0]: number for number, (position, _) in enumerate(fragments)}
    starts = [places[offset] for offset in offsets if offset in places]
    if len(starts) != frames or starts != sorted(set(starts)):
        starts = [number for number, span in enumerate(fragments) if _begins_frame(handle, span)]
    if len(starts) < frames:
        raise Refused("damaged")
    starts.append(len(fragments))
    return fragments[starts[index] : starts[index + 1]]


def _begins_frame(handle: BinaryIO, span: Span) -> bool:
    handle.seek(span[0])
    return begins_codestream(handle.read(min(span[1], 16)))
