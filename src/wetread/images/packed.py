"""Bytes of a packed stretch of a file, a piece at a time: memory stays flat however large the array in it is.

Reading on is cheap. Jumping starts at the last mark before the place that is asked for: a copy of the state of the
decompressor, taken now and then on the way.
"""

from __future__ import annotations

import zlib
from bisect import bisect_right
from dataclasses import dataclass
from typing import Any, BinaryIO, Literal

from wetread.images.gate import Refused

#: Bytes unpacked at once, and packed bytes fetched at once.
_PIECE = 1 << 20
_FETCH = 64 << 10
#: A mark keeps some 100 KB, so there are at most so many of them, at least so many bytes apart.
_MARKS = 200
_MARK_EVERY = 1 << 20
#: Window sizes of `zlib`: no header (RFC 1951), a gzip header (RFC 1952).
_WINDOWS = {"deflate": -15, "gzip": 31}

Packing = Literal["stored", "deflate", "gzip"]


@dataclass(frozen=True)
class _Mark:
    position: int
    fetched: int
    tool: Any


class PackedBytes:
    """Reads a packed stretch of an open file by position.

    Args:
        handle: The file.
        start: Where the packed bytes begin.
        packed: How many there are.
        size: Bytes when unpacked, as stated by the file; no more are ever unpacked.
        packing: ``stored``, ``deflate`` or ``gzip``.
        crc: CRC-32 of the unpacked bytes, where the file states one. It is compared when all bytes were read in order.
    """

    def __init__(
        self, handle: BinaryIO, *, start: int, packed: int, size: int, packing: Packing, crc: int | None = None
    ) -> None:
        self._handle, self._start, self._packed, self._size = handle, start, packed, size
        self._crc, self._summed, self._sum = crc, 0, 0
        self._sound = True
        self._begin, self._piece = 0, b""
        self._window = _WINDOWS.get(packing)
        tool = None if self._window is None else zlib.decompressobj(self._window)
        self._every = max(_MARK_EVERY, size // _MARKS)
        self._marks = [_Mark(0, 0, tool)]
        self._restart(self._marks[0])

    def read(self, position: int, count: int) -> bytes:
        """Bytes from a position on.

        Raises:
            Refused: ``truncated`` where there are fewer, ``damaged`` where they are no sound stream, are more than
                stated, or do not fit their checksum.
        """
        if not self._sound:  # nobody can say which bytes are wrong, so none is given out any more
            raise Refused("damaged")
        if position < 0 or position + count > self._size:
            raise Refused("truncated")
        mark = self._marks[bisect_right(self._marks, position, key=lambda mark: mark.position) - 1]
        if position < self._begin or mark.position > self._begin + len(self._piece):
            self._restart(mark)
        parts = []
        while count:
            end = self._begin + len(self._piece)
            if position < end:
                part = self._piece[position - self._begin : position - self._begin + count]
                parts.append(part)
                position, count = position + len(part), count - len(part)
            elif self._window is None:
                self._begin = self._fetched = position  # stored bytes need not be read one after the other
                self._piece = b""
                self._follow()
            else:
                self._follow()
        return b"".join(parts)

    def _restart(self, mark: _Mark) -> None:
        self._begin, self._piece, self._fetched = mark.position, b"", mark.fetched
        # The mark itself stays as it is, for the next time.
        self._tool = mark.tool.copy() if mark.tool is not None else None

    def _follow(self) -> None:
        """Puts the piece that follows in the place of the current one."""
        self._begin += len(self._piece)
        self._piece = b""
        self._piece = self._fetch(_PIECE) if self._tool is None else self._unpack(min(_PIECE, self._size - self._begin))
        if not self._piece:
            raise Refused("truncated")
        end = self._begin + len(self._piece)
        if self._begin == self._summed:
            self._sum, self._summed = zlib.crc32(self._piece, self._sum), end
            if end == self._size:
                self._check_end()
        if self._tool is not None and end < self._size and end - self._marks[-1].position >= self._every:
            self._marks.append(_Mark(end, self._fetched, self._tool.copy()))

    def _unpack(self, limit: int) -> bytes:
        """The next bytes, at most ``limit`` of them; none at the end."""
        assert self._tool is not None
        try:
            while not self._tool.eof:
                packed = self._tool.unconsumed_tail or self._fetch(_FETCH)
                unpacked: bytes = self._tool.decompress(packed, limit)
                if unpacked or not packed:
                    return unpacked
        except zlib.error as error:
            raise Refused("damaged") from error
        return b""

    def _fetch(self, count: int) -> bytes:
        self._handle.seek(self._start + self._fetched)
        data = self._handle.read(min(count, self._packed - self._fetched))
        self._fetched += len(data)
        return data

    def _check_end(self) -> None:
        """All bytes have come: nothing may follow, and the checksum must fit (that of gzip is compared by zlib)."""
        self._sound = self._crc is None or self._sum == self._crc
        if self._tool is not None:
            self._sound = self._sound and not self._unpack(1) and self._tool.eof
        if not self._sound:
            raise Refused("damaged")
