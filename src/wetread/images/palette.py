"""Palettes: stored values -> colours, PS3.3 sections C.7.6.3.1.5, C.7.6.3.1.6 and C.7.9.2 (segmented)."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from pydicom import Dataset

from wetread.images.gate import Refused
from wetread.images.intensity import Values, look_up
from wetread.images.layout import Cell
from wetread.shapes import Picture

_COLOURS = ("Red", "Green", "Blue")
_MAX_ENTRIES = 1 << 16


def paint(raw: Values, cell: Cell, dataset: Dataset) -> Picture:
    """Looks stored values up in the palette of a file.

    Args:
        raw: ``row column``, unsigned integers as stored.
        cell: What their bits mean.
        dataset: The header.

    Returns:
        ``row column 3``, RGB.

    Raises:
        Refused: ``damaged`` where the palette is missing or senseless, ``unsupported`` beyond 16 bits.
    """
    if raw.itemsize > 2:
        raise Refused("unsupported")
    little = bool(dataset.original_encoding[1])
    tables = [read_palette(dataset, colour, little=little) for colour in _COLOURS]
    # Some writers put 8-bit colours into 16-bit entries, though section C.7.6.3.1.6 asks for the full range.
    shift = 8 if max(int(entries.max(initial=0)) for _, entries in tables) > 255 else 0
    levels = cell.interpret(np.arange(int(raw.max(initial=0)) + 1))
    colours = np.empty((len(levels), 3), dtype=np.uint8)
    for channel, (first, entries) in enumerate(tables):
        if first >= 32768 and cell.signed:  # section C.7.6.3.1.5: signed as the pixels are
            first -= 65536
        colours[:, channel] = look_up(levels, entries, first) >> shift
    return colours[raw]


def read_palette(dataset: Dataset, colour: str, *, little: bool = True) -> tuple[int, NDArray[np.uint16]]:
    """One colour of a palette.

    Args:
        dataset: The header.
        colour: ``Red``, ``Green`` or ``Blue``.
        little: Byte order of the file.

    Returns:
        The stored value of the first entry, and the entries (``entry``).

    Raises:
        Refused: ``damaged``.
    """
    descriptor = dataset.get(f"{colour}PaletteColorLookupTableDescriptor")
    if descriptor is None or len(descriptor) != 3:
        raise Refused("damaged")
    count, first, bits = (int(number) for number in descriptor)
    count = count or _MAX_ENTRIES  # 0 stands for 2^16, which 16 bits cannot hold
    data = dataset.get(f"{colour}PaletteColorLookupTableData")
    if data is None:
        segments = _words(dataset.get(f"Segmented{colour}PaletteColorLookupTableData"), bits, little)
        return first, np.asarray(expand_segments(segments.tolist(), bits), dtype=np.uint16)
    if bits == 8 and len(data) >= 2 * count:
        bits = 16  # 8-bit entries in a word each, against section C.7.6.3.1.6
    entries = _words(data, bits, little)[:count]
    if len(entries) == 0:
        raise Refused("damaged")
    return first, entries


def _words(data: Any, bits: int, little: bool) -> NDArray[np.uint16]:
    if bits not in (8, 16) or not data:
        raise Refused("damaged")
    if not isinstance(data, bytes):  # numbers, where the value representation is US
        return np.atleast_1d(np.asarray(data)).astype(np.uint16)
    if bits == 16:
        return np.frombuffer(data[: len(data) // 2 * 2], "<u2" if little else ">u2").astype(np.uint16)
    if not little and len(data) % 2 == 0:  # two entries in a word (PS3.5 section 7.3)
        data = np.frombuffer(data, "u2").byteswap().tobytes()
    return np.frombuffer(data, np.uint8).astype(np.uint16)


def expand_segments(segments: list[int], bits: int = 16) -> list[int]:
    """A segmented palette -> its entries, PS3.3 section C.7.9.2.

    Args:
        segments: Opcode, length and values of each segment, as 8- or 16-bit numbers.
        bits: Bits per entry, 8 or 16.

    Raises:
        Refused: ``damaged``.
    """
    entries: list[int] = []
    position = 0
    # A lone number at the end pads the table to an even length.
    while position + 2 <= len(segments) and len(entries) <= _MAX_ENTRIES:
        position = _expand(segments, position, entries, bits)
    if not 0 < len(entries) <= _MAX_ENTRIES:
        raise Refused("damaged")
    return entries


def _expand(segments: list[int], position: int, entries: list[int], bits: int) -> int:
    """Appends what one segment stands for, and returns the position of the next."""
    opcode, length = segments[position : position + 2]
    start = position + 2
    if opcode == 0 and start + length <= len(segments):  # C.7.9.2.1: the entries themselves
        entries += segments[start : start + length]
        return start + length
    if opcode == 1 and entries and start < len(segments):  # C.7.9.2.2: a straight line from the last entry to this one
        entries += np.rint(np.linspace(entries[-1], segments[start], length + 1)[1:]).astype(int).tolist()
        return start + 1
    end = start + 32 // bits
    if opcode == 2 and end <= len(segments):
        # C.7.9.2.3: so many segments again, from a place given in bytes by 32 bits, the least significant first.
        offset = sum(number << bits * place for place, number in enumerate(segments[start:end])) // (bits // 8)
        for _ in range(length):
            # No segment of this kind inside one: that could go round for ever.
            if offset + 2 > position or segments[offset] == 2 or len(entries) > _MAX_ENTRIES:
                raise Refused("damaged")
            offset = _expand(segments, offset, entries, bits)
        return end
    raise Refused("damaged")
