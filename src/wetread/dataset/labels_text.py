"""CSV, TSV and other text tables as programs write them -> rows of cells. Encoding and separator are found by looking.

Follows RFC 4180 where a file does, and goes on where it does not: a quote that is never closed costs one row.
"""

from __future__ import annotations

import codecs
import csv
from collections.abc import Iterator

from wetread.dataset.columns import find_header, recognise_columns
from wetread.dataset.raw_table import CONTROL, RawTable, clean_cells
from wetread.dataset.row_problems import Problem
from wetread.errors import InputError
from wetread.outcome import counted

MAX_BYTES = 256 << 20

#: Separators in the order in which they are preferred. ``|`` also separates labels, so it comes last.
SEPARATORS = {",": "comma", ";": "semicolon", "\t": "tab", "|": "bar"}

#: A record over more lines than this has a quote that is never closed.
MAX_LINES = 200

_SAMPLE = 256 << 10
_SAMPLE_ROWS = 40


def read_text(name: str, data: bytes) -> RawTable:
    """Reads a text table.

    Args:
        name: Of the file, for messages.
        data: Its content.

    Returns:
        Its rows, the header among them.

    Raises:
        InputError: It is too large, or no text.
    """
    if len(data) > MAX_BYTES:
        raise InputError(f"{name} is larger than 256 MB.", remedy="Split the table.", file=name, code="bad-table")
    encoding = find_encoding(name, data)
    # A replaced character is found by its row; a table that is cut in the middle of a character is still read.
    text = data.decode(encoding, errors="replace").rstrip("\x00\x1a")
    del data
    return _parse(text, encoding)


def read_head(name: str, data: bytes) -> RawTable:
    """Reads the first rows of a text table, at a cost that does not grow with it; raises as `read_text` does."""
    head = data[:_SAMPLE]
    encoding = find_encoding(name, head, cut=len(data) > len(head))
    text = head.decode(encoding, errors="ignore").rstrip("\x00\x1a")
    lines = text.splitlines(keepends=True)
    return _parse("".join(lines[:-1] if len(data) > len(head) and len(lines) > 1 else lines), encoding)


def find_encoding(name: str, data: bytes, *, cut: bool = False) -> str:
    """Finds the encoding of a text: UTF-8, UTF-16 with or without mark, else Windows-1252, else Latin-1.

    Args:
        name: Of the file, for the message.
        data: Its content, or its beginning.
        cut: The data may end in the middle of a character.

    Raises:
        InputError: It is no text.
    """
    if data[:2] in (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE):
        return "utf-16"
    head = data[:8192]
    # ASCII letters, separators and digits make every other byte of UTF-16 a zero.
    even, odd = head[0::2], head[1::2]
    for encoding, zeros, others in (("utf-16-le", odd, even), ("utf-16-be", even, odd)):
        if len(zeros) > 8 and zeros.count(0) > 0.5 * len(zeros) and others.count(0) < 0.02 * len(others):
            return encoding
    odd_ones = sum(head.count(bytes([code])) for code in range(32) if code not in (9, 10, 11, 12, 13, 26))
    if odd_ones > 0.05 * len(head) + 1:
        raise InputError(f"{name} is not a text table.", remedy="Save it as CSV (UTF-8).", file=name, code="bad-table")
    try:
        codecs.getincrementaldecoder("utf-8")().decode(data, final=not cut)
    except UnicodeDecodeError:
        # Windows-1252 comes last: it accepts nearly every byte, so it would hide a UTF-8 file.
        return "latin-1" if any(code in data for code in (0x81, 0x8D, 0x8F, 0x90, 0x9D)) else "cp1252"
    return "utf-8-sig" if data[:3] == codecs.BOM_UTF8 else "utf-8"


def _parse(text: str, encoding: str) -> RawTable:
    # Old Mac programs end lines with a bare carriage return.
    lines = text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    dirty = CONTROL.search(text) is not None
    del text
    start, separator = _skip_preamble(lines)
    raw = RawTable([], [], encoding, separator or find_separator(lines[start:]))
    if start:
        above = "above the header (comments or blank)"
        raw.notes.append(f"{counted(start, f'line {above} was', f'lines {above} were')} left out.")
    for line, cells in _records(lines, start, raw):
        raw.lines.append(line)
        raw.rows.append(cells)
    lines.clear()
    clean_cells(raw, dirty=dirty)
    if "\ufffd" in "".join(map("".join, raw.rows[:1000])):
        raw.notes.append("Some characters could not be read; they are shown as \ufffd.")
    return raw


def _skip_preamble(lines: list[str]) -> tuple[int, str]:
    """Leading comments and blank lines, and the line with which spreadsheet programs name the separator."""
    start, separator = 0, ""
    while start < len(lines):
        line = lines[start].strip().lstrip("\ufeff")
        if line[:4].lower() == "sep=" and len(line) <= 5:
            separator = line[4:] or "\t"
        elif line and not line.startswith("#"):
            break
        start += 1
    return (start, separator) if start < len(lines) else (0, separator)


def find_separator(lines: list[str]) -> str:
    """Chooses the separator under which the first lines look most like a table of labels.

    In this order: names of an image and a label column are recognised; rows are as long as the header; it is long.
    """
    sample, room = [], _SAMPLE
    for line in lines[: 4 * _SAMPLE_ROWS]:
        sample.append(line)
        room -= len(line)
        if room < 0:
            break
    best, best_score = ",", (0, False, 0.0, 0)
    for separator in SEPARATORS:
        if separator == "|" and best_score[1]:
            break
        rows = [cells for _, cells in _records(sample, 0, RawTable([], [], "", separator)) if any(cells)]
        score = _score(rows[:_SAMPLE_ROWS])
        if score > best_score:
            best, best_score = separator, score
    return best


def _score(rows: list[list[str]]) -> tuple[int, bool, float, int]:
    if not rows:
        return 0, False, 0.0, 0
    number = find_header(rows)
    header, below = rows[number], rows[number + 1 :]
    width = len(header)
    known = len({"image", "label"} & recognise_columns(header).keys())
    agreement = sum(len(row) == width for row in below) / len(below) if below else 1.0
    return known if width > 1 else 0, width > 1, round(agreement, 1), width


class _Unclosed(Exception):  # noqa: N818 - not an error: it tells the loop below to begin again
    """A quote was opened and not closed within `MAX_LINES` lines."""


class _Feed:
    """Gives lines to the CSV reader and remembers with which of them the present record began."""

    def __init__(self, lines: list[str], position: int) -> None:
        self._lines = lines
        self.begin = self._next = position

    def __iter__(self) -> _Feed:
        return self

    def __next__(self) -> str:
        used = self._next - self.begin
        if self._next == len(self._lines):
            if used:
                raise _Unclosed
            raise StopIteration
        if used == MAX_LINES:
            raise _Unclosed
        self._next += 1
        return self._lines[self._next - 1] + "\n"

    def check_record(self, separator: str) -> None:
        """Raises csv.Error where a quote of one row was closed by a quote of a later one, with rows in between lost."""
        if self._next - self.begin > 1:
            whole = "\n".join(self._lines[self.begin : self._next])
            next(csv.reader([whole], delimiter=separator, skipinitialspace=True, strict=True))

    def end_record(self) -> None:
        self.begin = self._next


def _records(lines: list[str], start: int, raw: RawTable) -> Iterator[tuple[int, list[str]]]:
    """Yields each record with the number of its first line, from 1; notes broken quotes in ``raw.problems``."""
    if not any('"' in line for line in lines):  # twice as fast, and without a limit on the length of a cell
        yield from ((number + 1, lines[number].split(raw.separator)) for number in range(start, len(lines)))
        return
    position = start
    while position < len(lines):
        feed = _Feed(lines, position)
        try:
            for cells in csv.reader(feed, delimiter=raw.separator, skipinitialspace=True):
                feed.check_record(raw.separator)
                yield feed.begin + 1, cells
                feed.end_record()
            return
        except (_Unclosed, csv.Error):
            position = feed.begin + 1
        broken = lines[position - 1]
        if '"' in broken:
            raw.problems.append(Problem(position, "a quotation mark is never closed; it was taken as it stands"))
        yield position, broken.split(raw.separator)
