"""TIFF -> a TIFF of the tags that decide how pixels look, and of the strips or tiles as they were; all else goes.

Classic and BigTIFF, both byte orders, all pages. Nothing is decoded, so every kind of compression passes.
"""

from __future__ import annotations

import re
import struct
from dataclasses import dataclass

from wetread.images.gate import Refused
from wetread.privacy.segments import scrub_codestream

#: TIFF 6.0: baseline and extension tags without text. Old JPEG (512 and on) is left out: its parts lie anywhere.
_KEPT = frozenset(
    (254, 255, 256, 257, 258, 259, 262, 263, 266, 274, 277, 278, 280, 281, 282, 283, 284, 290, 291, 292, 293, 296, 297,
     301, 317, 318, 319, 320, 321, 322, 323, 332, 334, 336, 338, 339, 340, 341, 342, 347, 529, 530, 531, 532)
)  # fmt: skip
_ORIENTATION, _XMP = 274, 700
#: As Pillow looks for it where tag 274 is missing.
_TURNED = re.compile(rb'tiff:Orientation(?:="|>)([0-9])')
_STRIPS, _STRIP_SIZES, _TILES, _TILE_SIZES, _JPEG_TABLES, _COMPRESSION = 273, 279, 324, 325, 347, 259
_KINDS = {
    269: "text", 270: "text", 271: "text", 272: "text", 285: "text", 305: "text", 306: "time", 315: "text", 316: "text",
    330: "preview", 333: "text", 337: "text", 700: "xmp", 33432: "text", 33723: "iptc", 34377: "iptc", 34665: "exif",
    34675: "colour-profile", 34853: "place",
}  # fmt: skip
#: Bytes per value of the types of TIFF 6.0 section 2, and of BigTIFF (16 to 18).
_SIZES = {1: 1, 2: 1, 3: 2, 4: 4, 5: 8, 6: 1, 7: 1, 8: 2, 9: 4, 10: 8, 11: 4, 12: 8, 13: 4, 16: 8, 17: 8, 18: 8}
_INTEGERS = {1: "B", 3: "H", 4: "I", 16: "Q"}
_MAX_PAGES, _MAX_ENTRIES = 4096, 1000


@dataclass(frozen=True)
class _Entry:
    tag: int
    kind: int
    count: int
    value: bytes


class _Reader:
    """Directories of a TIFF, each entry with its value."""

    def __init__(self, data: bytes) -> None:
        self.data = data
        self.order = "<" if data[:2] == b"II" else ">"
        version = self.unpack("H", 2)
        self.big = version == 43
        if version not in (42, 43) or (self.big and (self.unpack("H", 4), self.unpack("H", 6)) != (8, 0)):
            raise Refused("damaged")
        self.word = "Q" if self.big else "I"
        self.wide = 8 if self.big else 4

    def unpack(self, kind: str, place: int) -> int:
        try:
            return int(struct.unpack_from(self.order + kind, self.data, place)[0])
        except (struct.error, OverflowError) as error:
            raise Refused("truncated") from error

    def slice(self, place: int, size: int) -> bytes:
        if place + size > len(self.data) or size < 0:
            raise Refused("truncated")
        return self.data[place : place + size]

    def directories(self) -> list[list[_Entry]]:
        found: list[list[_Entry]] = []
        seen: set[int] = set()
        place = self.unpack(self.word, 8 if self.big else 4)
        while place:
            if place in seen or len(found) >= _MAX_PAGES:
                raise Refused("damaged")
            seen.add(place)
            entries, place = self._directory(place)
            found.append(entries)
        if not found:
            raise Refused("damaged")
        return found

    def _directory(self, place: int) -> tuple[list[_Entry], int]:
        count = self.unpack("Q" if self.big else "H", place)
        place += 8 if self.big else 2
        if count > _MAX_ENTRIES:
            raise Refused("damaged")
        entries = []
        for _ in range(count):
            tag, kind = self.unpack("H", place), self.unpack("H", place + 2)
            number = self.unpack(self.word, place + 4)
            at = place + 4 + self.wide
            size = _SIZES.get(kind, 0) * number
            where = at if size <= self.wide else self.unpack(self.word, at)
            # What is not kept need not be sound.
            wanted = tag in _KEPT or tag in (_STRIPS, _STRIP_SIZES, _TILES, _TILE_SIZES, _XMP)
            entries.append(_Entry(tag, kind, number, self.slice(where, size) if wanted else b""))
            place = at + self.wide
        return entries, self.unpack(self.word, place)

    def integers(self, entry: _Entry) -> list[int]:
        letter = _INTEGERS.get(entry.kind)
        if letter is None:
            raise Refused("damaged")
        return list(struct.unpack(f"{self.order}{entry.count}{letter}", entry.value))


def strip_tiff(data: bytes) -> bytes:
    """Takes all but the pixels out of a TIFF.

    Raises:
        Refused: ``damaged``, ``truncated``, or ``unsupported`` for the JPEG of TIFF 6.0 before its revision.
    """
    reader = _Reader(data)
    pages = [_page(reader, entries) for entries in reader.directories()]
    return _Writer(reader).write(pages)


def tiff_kinds(data: bytes) -> list[str]:
    """Which kinds of metadata a TIFF holds; see `wetread.privacy.pictures.metadata_kinds`."""
    found = set()
    for entries in _Reader(data).directories():
        tags = {entry.tag for entry in entries} - _KEPT - {_STRIPS, _STRIP_SIZES, _TILES, _TILE_SIZES}
        found |= {_KINDS.get(tag, "other") for tag in tags}
    return sorted(found)


def _page(reader: _Reader, entries: list[_Entry]) -> tuple[list[_Entry], int, list[bytes]]:
    """The entries that stay, the tag of the offsets, and the strips or tiles."""
    by_tag = {entry.tag: entry for entry in entries}
    compression = reader.integers(by_tag[_COMPRESSION])[:1] if _COMPRESSION in by_tag else [1]
    if compression == [6]:
        raise Refused("unsupported")
    offsets, sizes = (_TILES, _TILE_SIZES) if _TILES in by_tag else (_STRIPS, _STRIP_SIZES)
    if offsets not in by_tag or sizes not in by_tag:
        raise Refused("unsupported")  # some writers leave the sizes out; nobody knows where the pixels end then
    places, lengths = reader.integers(by_tag[offsets]), reader.integers(by_tag[sizes])
    if len(places) != len(lengths):
        raise Refused("damaged")
    pieces = [bytearray(reader.slice(place, length)) for place, length in zip(places, lengths, strict=True)]
    kept = [entry for entry in entries if entry.tag in _KEPT]
    if _XMP in by_tag and _ORIENTATION not in by_tag and (turned := _TURNED.search(by_tag[_XMP].value)):
        kept.append(_Entry(_ORIENTATION, 3, 1, struct.pack(f"{reader.order}H", int(turned[1]))))
    if compression in ([7], [33003], [33005], [34712]):
        for piece in pieces:
            scrub_codestream(piece)
        kept = [_scrub_tables(entry) for entry in kept]
    return kept, offsets, [bytes(piece) for piece in pieces]


def _scrub_tables(entry: _Entry) -> _Entry:
    if entry.tag != _JPEG_TABLES:
        return entry
    tables = bytearray(entry.value)
    scrub_codestream(tables)
    return _Entry(entry.tag, entry.kind, entry.count, bytes(tables))


class _Writer:
    """Lays pages out one after the other: directory, values that do not fit into it, then strips or tiles."""

    def __init__(self, reader: _Reader) -> None:
        self.order, self.big, self.wide, self.word = reader.order, reader.big, reader.wide, reader.word
        self.out = bytearray(b"II" if self.order == "<" else b"MM")
        self.out += self._pack("HHH", 43, 8, 0) if self.big else self._pack("H", 42)
        self.link = len(self.out)
        self.out += self._pack(self.word, 0)

    def _pack(self, kinds: str, *values: int) -> bytes:
        try:
            return struct.pack(self.order + kinds, *values)
        except struct.error as error:
            raise Refused("too-large") from error

    def write(self, pages: list[tuple[list[_Entry], int, list[bytes]]]) -> bytes:
        for kept, offsets, pieces in pages:
            self._align()
            struct.pack_into(self.order + self.word, self.out, self.link, len(self.out))
            self._write_page(kept, offsets, pieces)
        return bytes(self.out)

    def _align(self) -> None:
        self.out += bytes(-len(self.out) % 8)

    def _write_page(self, kept: list[_Entry], offsets: int, pieces: list[bytes]) -> None:
        kind, sizes = (16 if self.big else 4), {_STRIPS: _STRIP_SIZES, _TILES: _TILE_SIZES}[offsets]
        lengths = self._pack(f"{len(pieces)}{self.word}", *map(len, pieces))
        entries = [
            *kept,
            _Entry(offsets, kind, len(pieces), bytes(len(lengths))),
            _Entry(sizes, kind, len(pieces), lengths),
        ]
        entries.sort(key=lambda entry: entry.tag)
        start = len(self.out)
        step, head = 4 + 2 * self.wide, 8 if self.big else 2
        self.out += bytes(head + step * len(entries) + self.wide)
        struct.pack_into(f"{self.order}{'Q' if self.big else 'H'}", self.out, start, len(entries))
        where = 0
        for number, entry in enumerate(entries):
            at = start + head + step * number
            struct.pack_into(f"{self.order}HH{self.word}", self.out, at, entry.tag, entry.kind, entry.count)
            place = at + 4 + self.wide
            if len(entry.value) > self.wide:
                self._align()
                struct.pack_into(self.order + self.word, self.out, place, len(self.out))
                place = len(self.out)
                self.out += entry.value
            else:
                self.out[place : place + len(entry.value)] = entry.value
            if entry.tag == offsets:
                where = place
        self.link = start + head + step * len(entries)
        for number, piece in enumerate(pieces):
            self._align()
            struct.pack_into(self.order + self.word, self.out, where + self.wide * number, len(self.out))
            self.out += piece
