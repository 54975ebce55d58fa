"""CSV and TSV tables as people write them -> columns with one meaning each.

Encoding (UTF-8 with or without mark, UTF-16, Windows-1252) and separator are found by looking, and said.
"""

from __future__ import annotations

import csv
import io
from dataclasses import dataclass
from pathlib import Path

from wetread.errors import InputError

SYNONYMS: dict[str, tuple[str, ...]] = {
    "image": ("image", "filepath", "path", "filename", "file", "image_path", "image_index", "img", "file_name"),
    "label": ("label", "class", "diagnosis", "target", "finding", "labels"),
    "patient": ("patient", "patient_id", "patientid", "subject", "subject_id", "participant_id", "case"),
    "split": ("split", "set", "subset", "partition"),
    "mask": ("mask", "mask_path"),
}

SPLIT_NAMES: dict[str, str] = {
    **dict.fromkeys(("train", "training", "trn", "tr"), "train"),
    **dict.fromkeys(("val", "valid", "validation", "dev", "tune", "tuning"), "tune"),
    **dict.fromkeys(("test", "testing", "tst", "holdout", "hold_out"), "test"),
}

MAX_BYTES = 256 << 20


@dataclass(frozen=True)
class LabelsFile:
    """A labels table: its rows as dicts, and which of its columns means what.

    Attributes:
        columns: meaning (image, label, patient, split, mask) -> the column's own name.
        others: Columns without a meaning of ours; kept as candidates for subgroups.
        encoding: As found.
        separator: As found.
    """

    path: Path
    rows: list[dict[str, str]]
    columns: dict[str, str]
    others: list[str]
    encoding: str
    separator: str


def read_labels_file(path: Path) -> LabelsFile:
    """Reads a table of labels.

    Args:
        path: A CSV or TSV file.

    Returns:
        The rows with stripped cells, and the meaning of the columns.

    Raises:
        InputError: The file is missing, empty, no table, or has no image or label column.
    """
    text, encoding = _read_text(path)
    separator = _find_separator(text)
    try:
        records = [[cell.strip() for cell in record] for record in csv.reader(io.StringIO(text), delimiter=separator)]
    except csv.Error as error:
        raise InputError(
            f"{path.name} is not a readable table.", remedy="Save it again as CSV (UTF-8).", file=path, code="bad-table"
        ) from error
    records = [record for record in records if any(record)]
    if len(records) < 2:
        raise InputError(
            f"{path.name} has no rows below its header.",
            remedy="Write one row per image, with an image and a label column.",
            file=path,
            code="empty-table",
        )
    header = records[0]
    columns = recognise_columns(header)
    for needed in ("image", "label"):
        if needed not in columns:
            raise InputError(
                f"{path.name} has no {needed} column; it has: {', '.join(header[:12])}.",
                remedy=f"Name one column {' or '.join(SYNONYMS[needed][:4])}.",
                file=path,
                code=f"no-{needed}-column",
            )
    rows = [dict(zip(header, record + [""] * (len(header) - len(record)), strict=False)) for record in records[1:]]
    known = set(columns.values())
    return LabelsFile(path, rows, columns, [name for name in header if name not in known and name], encoding, separator)


def recognise_columns(header: list[str]) -> dict[str, str]:
    """Finds which column means what; earlier synonyms win.

    Args:
        header: The column names of a table.

    Returns:
        meaning -> column name, for the meanings that are present.
    """
    plain = {name.strip().lower().replace(" ", "_").replace("-", "_"): name for name in reversed(header)}
    found = {}
    for meaning, names in SYNONYMS.items():
        for name in names:
            if name in plain:
                found[meaning] = plain[name]
                break
    return found


def looks_like_labels(path: Path) -> bool:
    """True where a file is a table with an image and a label column."""
    try:
        read_labels_file(path)
    except InputError:
        return False
    return True


def _read_text(path: Path) -> tuple[str, str]:
    try:
        if path.stat().st_size > MAX_BYTES:
            raise InputError(
                f"{path.name} is larger than 256 MB.", remedy="Split the table.", file=path, code="bad-table"
            )
        data = path.read_bytes()
    except OSError as error:
        raise InputError(
            f"The labels file {path} cannot be read.", remedy="Check its name and place.", file=path, code="no-file"
        ) from error
    if data[:2] in (b"\xff\xfe", b"\xfe\xff"):
        encodings = ["utf-16"]
    elif b"\x00" in data[:4096]:
        raise InputError(
            f"{path.name} is not a text table.", remedy="Save it as CSV (UTF-8).", file=path, code="bad-table"
        )
    else:
        # Windows-1252 comes last: it accepts nearly every byte, so it would hide a UTF-8 file.
        encodings = ["utf-8-sig", "cp1252", "latin-1"]
    for encoding in encodings:
        try:
            text = data.decode(encoding)
            # Old Mac programs end lines with a bare carriage return, at which csv stops.
            return text.replace("\r\n", "\n").replace("\r", "\n"), encoding
        except UnicodeDecodeError:
            continue
    raise InputError(
        f"{path.name} is in no known encoding.", remedy="Save it as CSV (UTF-8).", file=path, code="bad-table"
    )


def _find_separator(text: str) -> str:
    first = text.lstrip("\ufeff\r\n").split("\n", 1)[0]
    return max((",", ";", "\t"), key=first.count)
