"""Tables of labels as people write them -> `LabelsTable`: columns with one meaning each, labels with one name each.

CSV, TSV, text and workbooks. Nothing is evaluated, what was assumed is said, and what is wrong with single rows is
collected while the rest is read.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection, Sequence
from pathlib import Path

from wetread.dataset.columns import SPLIT_NAMES, SYNONYMS, choose_columns, explain_choice, recognise_columns
from wetread.dataset.label_names import NOT_AVAILABLE
from wetread.dataset.label_values import Labels, drop_none, is_long, read_label_column, read_marks
from wetread.dataset.labels_sheet import is_workbook, read_sheet
from wetread.dataset.labels_table import LabelsTable, Record
from wetread.dataset.labels_text import SEPARATORS, read_head, read_text
from wetread.dataset.one_hot import find_one_hot, read_one_hot, repeats_labels
from wetread.dataset.raw_table import RawTable, take_header
from wetread.dataset.readings import Gathered, gather
from wetread.dataset.row_problems import Problem, explain, problems_csv, shorten
from wetread.dataset.split_lists import NIH_LISTS, read_split_list, split_of_list
from wetread.dataset.table_file import read_table_bytes
from wetread.errors import InputError

#: What other files need of this reader, its parts included.
__all__ = [
    "NIH_LISTS",
    "SPLIT_NAMES",
    "SYNONYMS",
    "TABLE_SUFFIXES",
    "Gathered",
    "LabelsTable",
    "Problem",
    "Record",
    "explain",
    "gather",
    "looks_like_labels",
    "problems_csv",
    "read_labels",
    "read_labels_file",
    "read_split_list",
    "recognise_columns",
    "split_of_list",
]

#: Endings of files that may hold a table of labels.
TABLE_SUFFIXES = (".csv", ".tsv", ".txt", ".xlsx", ".xlsm", ".xlsb", ".xls", ".ods")

#: Columns without a meaning of ours that are kept; nobody compares more subgroups.
MAX_OTHERS = 200

_AGE = re.compile(r"(\d{3})([YMWD])")
_PER_YEAR = {"Y": 1.0, "M": 12.0, "W": 52.18, "D": 365.25}


def read_labels(name: str, data: bytes, *, label: str | None = None, unlabelled: bool = False) -> LabelsTable:
    """Reads a table of labels.

    Args:
        name: Of its file, for messages.
        data: Its content.
        label: The column that holds the labels, where it is not to be found by its name.
        unlabelled: A table without any label is read as well: of patients and further columns, all labels unknown.

    Returns:
        The table. Rows that cannot be read are among its problems.

    Raises:
        InputError: It is no table, has no image or label column, or not one usable row.
    """
    raw = read_sheet(name, data) if is_workbook(data) else read_text(name, data)
    header = take_header(raw) if raw.rows else []
    if not raw.rows:
        raise _no_rows(name, raw.problems)
    columns = choose_columns(name, header, raw.rows, label)
    labels, one_hot = _read_labels_of_rows(name, header, columns, raw, unlabelled)
    _read_long_table(header, columns, raw, labels)
    taken = {*columns.values(), *one_hot}
    others = [column for column in header if column not in taken]
    table = LabelsTable(name, [], columns, others[:MAX_OTHERS], raw.encoding, raw.separator, one_hot=tuple(one_hot))
    records, problems, notes = _make_records(header, table, raw, labels)
    table.records = records
    table.problems = sorted(raw.problems + labels.problems + problems, key=lambda problem: problem.line)
    if not records:
        raise _no_rows(name, table.problems)
    if len(others) > MAX_OTHERS:
        notes.append(f"Of {len(others)} further columns the first {MAX_OTHERS} were kept.")
    table.multi, table.findings = labels.multi, tuple(sorted(labels.findings))
    if one_hot and "label" not in columns:
        columns["one-hot"] = ", ".join(one_hot)
    table.notes = [_describe(table), *raw.notes, *explain_choice(header, columns), *notes, *labels.notes]
    return table


def read_labels_file(path: Path, *, label: str | None = None) -> LabelsTable:
    """Reads a table of labels from a file; see `read_labels`."""
    data = read_table_bytes(path, "labels file")
    try:
        return read_labels(path.name, data, label=label)
    except InputError as error:
        raise InputError(error.message, remedy=error.remedy, file=path, code=error.code) from error


def looks_like_labels(name: str, data: bytes) -> bool:
    """True where a file is a table with an image column and a label column or one-hot columns.

    Args:
        name: Of the file.
        data: Its content, or at least its first 256 kB where it is a text.
    """
    try:
        raw = read_sheet(name, data, 60) if is_workbook(data) else read_head(name, data)
        if len(raw.rows) < 2:
            return False
        header = take_header(raw)
        columns = choose_columns(name, header, raw.rows)
        return bool(raw.rows) and ("label" in columns or bool(find_one_hot(header, raw.rows)))
    except InputError:
        return False


def _no_rows(name: str, problems: Sequence[Problem]) -> InputError:
    if problems:
        message, remedy = f"{name} has no row that can be used: {explain(problems)}", "Mend these rows."
    else:
        message, remedy = (
            f"{name} has no rows below its header.",
            "Write one row per image, with an image and a label column.",
        )
    return InputError(message, remedy=remedy, file=name, code="empty-table")


def _read_labels_of_rows(
    name: str, header: list[str], columns: dict[str, str], raw: RawTable, unlabelled: bool
) -> tuple[Labels, list[str]]:
    """The labels, and the one-hot columns that say them or say them once more."""
    one_hot = find_one_hot(header, raw.rows)
    marks = read_one_hot(one_hot, header, raw.rows, raw.lines) if one_hot else None
    if "label" in columns:
        place = header.index(columns["label"])
        labels = read_label_column(columns["label"], [row[place] for row in raw.rows])
        if labels.multi:
            drop_none(labels, raw.lines)
        if marks is None or columns["label"] in one_hot or not repeats_labels(marks, labels.rows):
            return labels, []
        labels.notes.append(f"{len(one_hot)} columns with 0 and 1 repeat {columns['label']}; they were left out.")
        return labels, one_hot
    if marks is None and unlabelled:
        return read_label_column("", [""] * len(raw.rows)), []
    if marks is None:
        shown = ", ".join(column[:40] for column in header[:12])
        raise InputError(
            f"{name} has no label column; it has: {shown}.",
            remedy=f"Name one column {' or '.join(SYNONYMS['label'][:4])}, or say which column holds the labels.",
            file=name,
            code="no-label-column",
        )
    return read_marks(marks, raw.lines), one_hot


def _make_records(
    header: list[str], table: LabelsTable, raw: RawTable, labels: Labels
) -> tuple[list[Record], list[Problem], list[str]]:
    """One record per row that names an image. Works column by column: a million rows take seconds, not minutes."""

    def cells(meaning: str, blank: Collection[str] = NOT_AVAILABLE) -> list[str]:
        if meaning not in table.columns:
            return [""] * len(raw.rows)
        place = header.index(table.columns[meaning])
        return _share([row[place] for row in raw.rows], blank)

    images, written_splits = cells("image"), cells("split")
    names = NOT_AVAILABLE - {"na"}  # somebody's initials, and North America
    splits = [SPLIT_NAMES.get(cell.casefold(), "") if cell else "" for cell in written_splits]
    problems = [
        Problem(line, f"the split {shorten(cell)} is not known; read as blank")
        for line, cell, split in zip(raw.lines, written_splits, splits, strict=True)
        if cell and not split
    ]
    problems += [
        Problem(line, "no image is named; the row was left out")
        for line, image in zip(raw.lines, images, strict=True)
        if not image
    ]
    extras, notes = _read_others(header, table.others, raw.rows)
    columns = (
        *(raw.lines, images, labels.rows, labels.known),
        *(cells("patient"), splits, cells("mask"), cells("site", names), cells("reader", names), extras),
        *([one.uncertain for one in labels.unknown], [one.missing for one in labels.unknown]),
    )
    return [Record(*row) for row in zip(*columns, strict=True) if row[1]], problems, notes


def _share(cells: list[str], blank: Collection[str] = ()) -> list[str]:
    """Equal cells become one object, which spares half the memory; those in ``blank``, in any case, become empty.

    What programs write for a missing value would join all unknown patients to one.
    """
    kept = {cell: "" if cell.casefold() in blank else cell for cell in set(cells)}
    return [kept[cell] for cell in cells]


def _read_others(header: list[str], others: list[str], rows: list[list[str]]) -> tuple[list[dict[str, str]], list[str]]:
    """The columns without a meaning of ours, per row."""
    if not others:
        return [{} for _ in rows], []
    columns, notes = [], []
    for column in others:
        place = header.index(column)
        cells = _share([row[place] for row in rows])
        if _holds_dicom_ages(column, cells):
            notes.append(f"Ages such as 058Y in {column} were read as years.")
            years = {cell: _years(cell) for cell in set(cells)}
            cells = [years[cell] for cell in cells]
        columns.append(cells)
    return [dict(zip(others, cells, strict=True)) for cells in zip(*columns, strict=True)], notes


def _holds_dicom_ages(column: str, cells: Sequence[str]) -> bool:
    """True for a column of DICOM age strings (PS3.5, 6.2: three digits and D, W, M or Y), as ChestX-ray14 has it."""
    words = re.split(r"[\W_]+", column.casefold())
    counts = Counter(cells)
    return (
        "age" in words and len(counts) < 2000 and any(counts) and all(_AGE.fullmatch(cell) for cell in counts if cell)
    )


def _years(age: str) -> str:
    match = _AGE.fullmatch(age)
    if match is None:
        return age
    years = int(match[1]) / _PER_YEAR[match[2]]
    return f"{years:.2f}".rstrip("0").rstrip(".")


def _read_long_table(header: list[str], columns: dict[str, str], raw: RawTable, labels: Labels) -> None:
    """Makes a table with one row per finding multi-label."""
    image = header.index(columns["image"])
    reader = header.index(columns["reader"]) if "reader" in columns else None
    said = (
        (row[image], "" if reader is None else row[reader], found)
        for row, found in zip(raw.rows, labels.rows, strict=True)
        if found and row[image]
    )
    if not labels.multi and is_long(said):
        labels.multi = True
        labels.notes.append("Many images have several rows with different labels, so each row was read as one finding.")
        drop_none(labels, raw.lines)


def _describe(table: LabelsTable) -> str:
    meanings = ", ".join(f"{name} = {meaning}" for meaning, name in table.columns.items() if meaning != "one-hot")
    marks = f", {len(table.one_hot)} columns = one finding each" if "one-hot" in table.columns else ""
    if table.encoding == "workbook":
        return f"Read the sheet {table.separator} of {table.name}; columns: {meanings}{marks}."
    separator = SEPARATORS.get(table.separator, table.separator)
    return f"Read {table.name} as {table.encoding}, separated by {separator}; columns: {meanings}{marks}."
