"""A table before anybody knows what its columns mean: cells, the line of each row, and the header among them."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass, field
from itertools import pairwise

from wetread.dataset.columns import IMAGE_NAME, find_header, recognise_columns
from wetread.dataset.row_problems import Problem
from wetread.outcome import counted

#: What no cell needs: control characters, the byte order mark and the space of width zero.
CONTROL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u200b\ufeff]")


@dataclass
class RawTable:
    """The rows of a file, blank ones left out.

    Attributes:
        rows: Stripped cells; rows may differ in length. The header is among them until `take_header`.
        lines: The line of each row in its file, from 1.
        encoding: As found; ``workbook`` for spreadsheets.
        separator: As found; the name of the sheet for spreadsheets.
        problems: Rows that could not be read as they stand.
        notes: Sentences about what was assumed.
    """

    rows: list[list[str]]
    lines: list[int]
    encoding: str
    separator: str
    problems: list[Problem] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)


def clean_cells(raw: RawTable, *, dirty: bool) -> None:
    """Strips every cell in place and drops blank rows.

    Args:
        raw: As parsed.
        dirty: Control characters occur somewhere, so each cell is looked at.
    """
    rows, lines = [], []
    for line, cells in zip(raw.lines, raw.rows, strict=True):
        if dirty and any(map(CONTROL.search, cells)):
            cells = [CONTROL.sub("", cell) for cell in cells]
            raw.problems.append(Problem(line, "control characters were taken out"))
        stripped = [cell.strip() for cell in cells]
        if any(stripped):
            rows.append(stripped)
            lines.append(line)
    raw.rows, raw.lines = rows, lines


def take_header(raw: RawTable) -> list[str]:
    """Takes the header off, names its blank and repeated columns, and brings every row to its length.

    Args:
        raw: With at least one row; changed in place. Rows with too many cells leave it, as problems.

    Returns:
        The column names, each once.
    """
    number = find_header(raw.rows)
    if number:
        raw.notes.append(f"The header was found in line {raw.lines[number]}; what stands above it was left out.")
    header = _mend_brackets(raw.rows[number])
    del raw.rows[: number + 1], raw.lines[: number + 1]
    named = len(_trim(header))
    if not any(any(row[named : len(header)]) for row in raw.rows):
        del header[named:]  # separators at the end of every line
    header = _name_columns(_fit_header(header, raw), raw)
    _fit_rows(raw, len(header))
    return header


def _trim(cells: list[str]) -> list[str]:
    """Without blank cells at the end."""
    stop = len(cells)
    while stop and not cells[stop - 1]:
        stop -= 1
    return cells[:stop]


def _mend_brackets(header: list[str]) -> list[str]:
    """``OriginalImage[Width`` and ``Height]``, as ChestX-ray14 writes them, become two whole names."""
    mended = list(header)
    for number, (first, second) in enumerate(pairwise(header)):
        stem, bracket, inside = first.partition("[")
        if bracket and "]" not in inside and second.endswith("]") and "[" not in second:
            mended[number], mended[number + 1] = f"{first}]", f"{stem}[{second}"
    return mended


def _fit_header(header: list[str], raw: RawTable) -> list[str]:
    """Adds the name that is missing where nearly every row has one cell more than the header."""
    width = len(header)
    longer = [row for row in raw.rows if len(row) == width + 1]
    if len(longer) < 0.9 * len(raw.rows) or not any(row[width] for row in longer):
        return header
    column = recognise_columns(header).get("image")
    if column is None:
        return header
    place = header.index(column)
    named = sum(bool(IMAGE_NAME.search(row[place])) for row in longer)
    shifted = sum(bool(IMAGE_NAME.search(row[place + 1])) for row in longer)
    if named == shifted == 0:
        return header
    if named >= shifted:
        raw.notes.append("The header has no name for the last column.")
        return [*header, ""]
    # R writes row names without a name for their column.
    raw.notes.append("The header has no name for the first column, as R writes tables; the names were moved by one.")
    return ["", *header]


def _name_columns(header: list[str], raw: RawTable) -> list[str]:
    blank = [place for place, name in enumerate(header) if not name]
    filled = {place for place in blank if any(row[place : place + 1] > [""] for row in raw.rows)}
    names, seen = [], Counter[str]()
    for place, name in enumerate(header):
        plain = " ".join(CONTROL.sub("", name).split()) or f"column {place + 1}"
        seen[plain] += 1
        names.append(plain if seen[plain] == 1 else f"{plain} ({seen[plain]})")
    repeated = [name for name, count in seen.items() if count > 1]
    if repeated:
        raw.notes.append(f"Several columns are called {', '.join(repeated[:5])}; the first of each keeps its name.")
    if filled:
        called = counted(len(filled), "column has no name; it is", "columns have no name; they are")
        raw.notes.append(f"{called} called by {'its' if len(filled) == 1 else 'their'} place.")
    return names


def _fit_rows(raw: RawTable, width: int) -> None:
    rows, lines = [], []
    for line, row in zip(raw.lines, raw.rows, strict=True):
        if len(row) < width:
            row += [""] * (width - len(row))
        elif len(row) > width:
            filled = len(_trim(row))
            if filled > width:
                # Which cell belongs where nobody can tell: most often a separator inside a cell without quotes.
                what = f"{filled} cells where the header names {width}; the row was left out"
                raw.problems.append(Problem(line, what))
                continue
            del row[width:]
        rows.append(row)
        lines.append(line)
    raw.rows, raw.lines = rows, lines
