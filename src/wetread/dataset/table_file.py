"""A table in a file, text or workbook -> its rows."""

from __future__ import annotations

from pathlib import Path

from wetread.dataset.labels_sheet import is_workbook, read_sheet
from wetread.dataset.labels_text import MAX_BYTES, read_text
from wetread.dataset.raw_table import RawTable
from wetread.errors import InputError


def read_table_file(path: Path, called: str) -> RawTable:
    """Reads a table of any kind that is known here.

    Args:
        path: CSV, TSV or a workbook.
        called: What it is for the user, such as "table of readers".

    Returns:
        Its rows, the header among them.

    Raises:
        InputError: There is no such file, it is too large, or no table.
    """
    data = read_table_bytes(path, called)
    return read_sheet(path.name, data) if is_workbook(data) else read_text(path.name, data)


def read_table_bytes(path: Path, called: str) -> bytes:
    """The content of such a file; its size is asked first, so that one by mistake is not read whole."""
    try:
        if path.stat().st_size > MAX_BYTES:
            raise InputError(f"{path.name} is larger than 256 MB.", remedy="Split it.", file=path, code="bad-table")
        return path.read_bytes()
    except OSError as error:
        raise InputError(
            f"The {called} {path} cannot be read.", remedy="Check its name and place.", file=path, code="no-file"
        ) from error
