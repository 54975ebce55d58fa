"""The child process that opens workbooks: ``python -m wetread.dataset.workbook``. XLSX, XLSM, XLSB, XLS and ODS.

In: the file on standard input. Out: one JSON object on standard output, ``{"status": "read", "sheets": [...], "sheet":
..., "rows": [[...]], "filled": n}`` or ``{"status": "password" | "damaged" | "too-large"}``. It is a process of its
own because the parser keeps a sheet as a full rectangle: two cells in opposite corners ask for all memory there is.
"""

from __future__ import annotations

import contextlib
import datetime
import importlib
import io
import json
import os
import sys
from collections.abc import Sequence
from typing import Any

from wetread.dataset.columns import find_header, recognise_columns

MAX_MEMORY_BYTES = 4 << 30
MAX_CELLS = 30_000_000


def main() -> None:
    """Reads one workbook. The first argument, if any, is the number of rows that are wanted."""
    reply = os.fdopen(os.dup(1), "wb")
    _limit_memory()
    most = int(sys.argv[1]) if len(sys.argv) > 1 else None
    try:
        answer = read_workbook(sys.stdin.buffer.read(), most)
    except MemoryError:
        answer = {"status": "too-large"}
    except BaseException as error:  # a panic of the parser is one; its text is not passed on, it may hold cells
        answer = {"status": "password" if type(error).__name__ == "PasswordError" else "damaged"}
    reply.write(json.dumps(answer).encode("ascii"))
    reply.close()
    os._exit(0)


def read_workbook(data: bytes, most: int | None = None) -> dict[str, Any]:
    """Reads the first sheet that has an image and a label column, else one of them, else anything.

    Args:
        data: The file.
        most: Rows wanted; all if None.

    Returns:
        The answer as above. The rows begin with the sheet's first row, so that their numbers are those on the screen.
    """
    calamine = importlib.import_module("python_calamine")
    with calamine.CalamineWorkbook.from_filelike(io.BytesIO(data)) as workbook:
        visible = [
            sheet.name for sheet in workbook.sheets_metadata if sheet.visible == calamine.SheetVisibleEnum.Visible
        ]
        names = visible or list(workbook.sheet_names)
        chosen, most_known = None, -1
        for name in names:
            sheet = workbook.get_sheet_by_name(name)
            if sheet.end is None:
                continue
            if (sheet.end[0] + 1) * (sheet.end[1] + 1) > MAX_CELLS:
                return {"status": "too-large"}
            head = [[as_text(cell) for cell in row] for row in sheet.to_python(skip_empty_area=False, nrows=20)]
            known = len({"image", "label"} & recognise_columns(head[find_header(head)]).keys())
            if known > most_known:
                chosen, most_known = sheet, known
            if known == 2:
                break
        if chosen is None:
            return {"status": "read", "sheets": names, "sheet": names[0] if names else "", "rows": [], "filled": 0}
        rows = [[as_text(cell) for cell in row] for row in chosen.to_python(skip_empty_area=False, nrows=most)]
        filled = _fill_merged(rows, chosen.merged_cell_ranges or [])
    return {"status": "read", "sheets": names, "sheet": chosen.name, "rows": rows, "filled": filled}


def as_text(cell: Any) -> str:
    """A cell as a person reads it: whole numbers without a point, dates in ISO 8601.

    Formulas are never computed: what comes here is the value that the program stored with them.
    """
    if isinstance(cell, bool):
        return "TRUE" if cell else "FALSE"
    if isinstance(cell, float):
        return str(int(cell)) if cell.is_integer() and abs(cell) < 1e15 else repr(cell)
    if isinstance(cell, datetime.datetime):
        return (cell.date() if cell.time() == datetime.time() else cell).isoformat()
    if isinstance(cell, (datetime.date, datetime.time)):
        return cell.isoformat()
    return str(cell)


def _fill_merged(rows: list[list[str]], ranges: Sequence[tuple[tuple[int, int], tuple[int, int]]]) -> int:
    """Writes what stands in cells merged over several rows into each of them: a patient beside all his images."""
    filled = 0
    for (top, left), (bottom, _) in ranges:
        # The first rows may hold a title over several lines.
        if bottom > top and top < len(rows) and left < len(rows[top]) and rows[top][left]:
            for row in rows[top + 1 : bottom + 1]:
                row[left] = rows[top][left]
                filled += 1
    return filled


def _limit_memory() -> None:
    with contextlib.suppress(ImportError, OSError, ValueError):  # Windows has no resource module
        resource = importlib.import_module("resource")
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
        resource.setrlimit(resource.RLIMIT_AS, (MAX_MEMORY_BYTES, MAX_MEMORY_BYTES))


if __name__ == "__main__":
    main()
