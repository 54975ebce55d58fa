"""A workbook (XLSX, XLSM, XLSB, XLS, ODS) -> rows of cells, by way of a child process that may die."""

from __future__ import annotations

import io
import json
import os
import re
import subprocess
import sys
import zipfile
from typing import Any

from wetread.dataset.raw_table import CONTROL, RawTable, clean_cells
from wetread.errors import InputError

#: Unpacked size of all parts of one workbook: a zip of kilobytes can hold terabytes.
MAX_UNPACKED_BYTES = 512 << 20
#: The compound file of XLS, and of encrypted XLSX.
_OLE2 = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
#: An encrypted package (MS-OFFCRYPTO 1.3.3), and in XLS a FilePass record after the first BOF (MS-XLS 2.4.117), with
#: a WriteProtect record perhaps between them. The parser takes both for no workbook at all.
_PROTECTED = re.compile(
    re.escape("EncryptedPackage".encode("utf-16-le")) + rb"|\x09\x08\x10\x00.{16}(?:\x86\x00\x00\x00)?\x2f\x00",
    re.DOTALL,
)
_PARTS = ("xl/", "content.xml")

_SECONDS = 300.0
_COMMAND = (sys.executable, "-P", "-m", "wetread.dataset.workbook")

_REFUSALS = {
    "password": ("is protected by a password", "Open it, take the password off, and save it again."),
    "damaged": ("is damaged or no workbook", "Open it in a spreadsheet program and save it as CSV (UTF-8)."),
    "too-large": ("is too large for a table of labels", "Save the sheet with the labels as CSV (UTF-8)."),
    "too-slow": ("could not be read within the time limit", "Save the sheet with the labels as CSV (UTF-8)."),
}


def is_workbook(data: bytes) -> bool:
    """Looks at the content, never at the name."""
    if data[:8] == _OLE2:
        return True
    if data[:4] != b"PK\x03\x04":
        return False
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as packed:
            return any(name.startswith(_PARTS) for name in packed.namelist())
    except (zipfile.BadZipFile, ValueError, OSError, NotImplementedError):
        # Cut off in the middle: the first entries still tell what it was meant to be.
        return b"[Content_Types].xml" in data[:4096] or b"opendocument.spreadsheet" in data[:4096]


def read_sheet(name: str, data: bytes, most: int | None = None) -> RawTable:
    """Reads the first visible sheet that has an image and a label column, else the first that is not empty.

    Args:
        name: Of the file, for messages.
        data: Its content.
        most: Rows wanted; all if None.

    Returns:
        Its rows, the header among them; ``separator`` is the name of the sheet.

    Raises:
        InputError: It is protected, damaged or too large.
    """
    _check_package(name, data)
    answer = _ask_child(name, data, most)
    if answer["status"] != "read":
        raise _refuse(name, answer["status"])
    rows = answer["rows"]
    raw = RawTable(rows, list(range(1, len(rows) + 1)), "workbook", answer["sheet"])
    others = [sheet for sheet in answer["sheets"] if sheet != answer["sheet"]]
    if others:
        raw.notes.append(f"The other sheets of {name} were left out: {', '.join(others[:10])}.")
    if answer["filled"]:
        raw.notes.append(f"Cells merged over several rows were read as standing in each of them ({answer['filled']}).")
    clean_cells(raw, dirty=any(CONTROL.search(cell) for row in rows for cell in row))
    return raw


def _check_package(name: str, data: bytes) -> None:
    if data[:8] == _OLE2:
        if _PROTECTED.search(data):
            raise _refuse(name, "password")
        return
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as packed:
            if sum(entry.file_size for entry in packed.infolist()) > MAX_UNPACKED_BYTES:
                raise _refuse(name, "too-large")
    except (zipfile.BadZipFile, ValueError, OSError, NotImplementedError) as error:
        raise _refuse(name, "damaged") from error


def _ask_child(name: str, data: bytes, most: int | None) -> dict[str, Any]:
    flags = 0 if os.name == "posix" else subprocess.CREATE_NO_WINDOW  # type: ignore[attr-defined,unused-ignore]
    try:
        child = subprocess.run(  # noqa: S603 - our own interpreter
            [*_COMMAND, *([str(most)] if most else [])],
            input=data,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            timeout=_SECONDS,
            check=False,
            creationflags=flags,
        )
        answer = json.loads(child.stdout)
    except subprocess.TimeoutExpired as error:
        raise _refuse(name, "too-slow") from error
    except ValueError as error:  # it was killed, by the limit on its memory or by the parser itself
        raise _refuse(name, "too-large" if child.returncode < 0 else "damaged") from error
    assert isinstance(answer, dict)
    return answer


def _refuse(name: str, status: str) -> InputError:
    what, remedy = _REFUSALS[status]
    code = "protected-workbook" if status == "password" else "bad-table"
    return InputError(f"{name} {what}.", remedy=remedy, file=name, code=code)
