"""A table of labels -> the same table with pseudonyms, new file names and shifted dates.

Columns are kept by what they mean; a column without a known meaning is dropped unless the user names it.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, field

from wetread.dataset.columns import SPLIT_NAMES, choose_columns, plain_name
from wetread.dataset.labels_sheet import is_workbook, read_sheet
from wetread.dataset.labels_text import read_text
from wetread.dataset.one_hot import find_one_hot
from wetread.dataset.raw_table import RawTable, take_header
from wetread.dataset.table import quote_formula
from wetread.errors import InputError
from wetread.privacy.dates import shift_written
from wetread.privacy.further_columns import AGE_WORDS, BIRTH_WORDS, DATE_WORDS, PERSONAL, read_age, words_of
from wetread.privacy.kept import is_known_code
from wetread.privacy.pseudonyms import Pseudonyms, plain_key

_SEXES = frozenset(("", "m", "f", "o", "u", "male", "female", "other", "unknown", "man", "woman", "0", "1", "2"))
_VIEWS = frozenset(
    map(plain_name, ("view", "view position", "laterality", "side", "projection", "modality", "body part"))
)
_PATIENT_SEX = frozenset(map(plain_name, ("sex", "gender", "patient sex", "patient gender")))
#: What a name of a class does not look like.
_LONG = 64


@dataclass(frozen=True)
class Renamed:
    """What became of an image that a table names: its new path, and the shift of its dates where it has one."""

    path: str
    days: int | None = None
    key: str = field(default="", repr=False)


@dataclass
class CleanTable:
    """A rewritten table.

    Attributes:
        text: As CSV.
        kept: Columns that stayed, with what they were taken for.
        dropped: Columns that went.
        left_out: Rows whose image was not copied or not found.
        blanked: Cells that did not look like what their column holds.
    """

    text: str
    kept: dict[str, str]
    dropped: list[str]
    left_out: int = 0
    blanked: int = 0


def rewrite_table(
    name: str,
    data: bytes,
    find: Callable[[str], Renamed | None],
    pseudonyms: Pseudonyms,
    *,
    keep_columns: Collection[str] = (),
    keep_dates: bool = False,
    label: str | None = None,
) -> CleanTable:
    """Rewrites a table of labels.

    Args:
        name: Of the file, for messages.
        data: Its content.
        find: What became of the image that a cell names; None where it was not copied.
        pseudonyms: Of the project.
        keep_columns: Columns to take over as they are, where it has them; the user answers for them.
        keep_dates: Dates stay as they are.
        label: The column that holds the labels, where that is not known by its name.

    Raises:
        InputError: It is no table of labels.
    """
    raw, header = _read(name, data)
    columns = choose_columns(name, header, raw.rows, label)
    meanings = _meanings(header, raw.rows, columns, keep_columns)
    kept = [column for column in header if meanings.get(column)]
    table = CleanTable("", {column: meanings[column] for column in kept}, [one for one in header if one not in kept])
    image, patient = header.index(columns["image"]), columns.get("patient")
    who = header.index(patient) if patient else None
    buffer = io.StringIO()
    writer = csv.writer(buffer, lineterminator="\n")
    writer.writerow([quote_formula(column) for column in kept])
    for row in raw.rows:
        found = find(row[image])
        if found is None:
            table.left_out += 1
            continue
        key = plain_key(row[who]) if who is not None else found.key
        # The shift of the file where it has one, so that header and table agree.
        days = found.days if found.days is not None else pseudonyms.days(key or found.path)
        cells = _Cells(pseudonyms, found, find, 0 if keep_dates else days)
        written = []
        for place, column in enumerate(header):
            if column in table.kept:
                cell = cells.rewrite(row[place], meanings[column])
                table.blanked += cell is None
                written.append(quote_formula(cell or ""))
        writer.writerow(written)
    table.text = buffer.getvalue()
    return table


def read_columns(name: str, data: bytes) -> list[str]:
    """The column names of a table; none where it cannot be read."""
    try:
        return _read(name, data)[1]
    except InputError:
        return []


def _read(name: str, data: bytes) -> tuple[RawTable, list[str]]:
    raw = read_sheet(name, data) if is_workbook(data) else read_text(name, data)
    if not raw.rows:
        raise InputError("The table of labels is empty.", remedy="Leave it out.", code="empty-table")
    return raw, take_header(raw)


def _meanings(
    header: Sequence[str], rows: Sequence[Sequence[str]], columns: dict[str, str], keep: Collection[str]
) -> dict[str, str]:
    """Column -> what it is taken for; empty for those that go."""
    known = {column: meaning for meaning, column in columns.items()}
    marks = set(find_one_hot(header, rows))
    found = {}
    for place, column in enumerate(header):
        if column in keep:
            found[column] = "as it is"
        elif column in known:
            found[column] = known[column]
        elif column in marks:
            found[column] = "mark"
        else:
            found[column] = _guess(column, [row[place] for row in rows if row[place]])
    return found


def _guess(column: str, cells: Sequence[str]) -> str:
    words = words_of(column)
    if words & BIRTH_WORDS or not cells:
        return ""
    if column.lower().startswith("mask"):
        return "mask"
    if plain_name(column) in _PATIENT_SEX:
        return "sex"
    if plain_name(column) in _VIEWS:
        return "view"
    if words & AGE_WORDS:
        return "age"
    # By its cells: numbers such as 20200131 would pass for dates in a column of counts.
    return "date" if words & DATE_WORDS and any(shift_written(cell, 0) for cell in cells) else ""


@dataclass(frozen=True)
class _Cells:
    """The cells of one row."""

    pseudonyms: Pseudonyms
    found: Renamed
    find: Callable[[str], Renamed | None]
    days: int

    def rewrite(self, cell: str, meaning: str) -> str | None:
        """A new cell; None where it did not look like what its column holds."""
        if not cell or meaning == "as it is":
            return cell
        if meaning == "image":
            return self.found.path
        if meaning == "mask":
            mask = self.find(cell)
            return mask.path if mask else None
        if meaning == "patient":
            return self.pseudonyms.patient(cell)
        if meaning in ("site", "reader"):
            return f"{meaning[0].upper()}{self.pseudonyms.name(meaning, plain_key(cell), 6)}"
        if meaning == "split":
            return cell if cell.casefold() in SPLIT_NAMES else None
        if meaning in ("label", "mark"):
            return None if len(cell) > _LONG * (meaning == "label") + 12 or PERSONAL.search(cell) else cell
        if meaning == "sex":
            return cell if cell.casefold() in _SEXES else None
        if meaning == "view":
            return cell if is_known_code(cell.upper()) else None
        return read_age(cell) if meaning == "age" else shift_written(cell, self.days)
