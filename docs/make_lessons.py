"""Runs lessons whole, as a student does: build/lessons/NAME.ipynb with its outputs.

python docs/make_lessons.py          # all of them
python docs/make_lessons.py 1 5      # these
WETREAD_SMALL=1 python docs/make_lessons.py     # shrunken, to look at the form

A lesson that was run before is not run again, unless its text or wetread's version has changed. Ends with 1 where a
lesson failed.
"""

from __future__ import annotations

import hashlib
import os
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import nbformat
from jupyter_client import AsyncKernelManager
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError

import wetread
from wetread.lessons.catalogue import Lesson, list_lessons
from wetread.lessons.hand_out import notebook

OUT = Path("build/lessons")
#: Seconds for one cell, and minutes for the whole course on two cores.
CELL_LIMIT, COURSE_LIMIT = 1200, 90


def run_lesson(lesson: Lesson, out: Path = OUT) -> float | None:
    """Runs one lesson and stores it with its outputs; returns the seconds that took, None where nothing had changed.

    Raises:
        CellExecutionError: A cell of the lesson fails.
    """
    place, mark = out / f"{lesson.path.stem}.ipynb", fingerprint(lesson)
    if place.is_file() and nbformat.read(place, as_version=4).metadata.get("made_from") == mark:
        return None
    made = nbformat.reads(notebook(lesson), as_version=4)
    started = time.perf_counter()
    with tempfile.TemporaryDirectory() as folder:
        # Unix sockets in that folder instead of ports that anybody on the machine could connect to.
        sockets = {"transport": "ipc", "ip": f"{folder}/kernel"} if os.name == "posix" else {}
        kernel = AsyncKernelManager(kernel_name="python3", **sockets)
        client = NotebookClient(made, km=kernel, timeout=CELL_LIMIT, record_timing=False)
        client.execute(cwd=folder, env=os.environ | {"TMPDIR": folder}, cleanup_kc=True)
    seconds = time.perf_counter() - started
    for cell in made.cells:
        if cell.cell_type == "code":
            cell.outputs = [shown for output in cell.outputs if (shown := still_output(output))]
    made.metadata |= {"made_from": mark, "seconds": round(seconds, 1)}
    made.metadata.pop("widgets", None)
    out.mkdir(parents=True, exist_ok=True)
    nbformat.write(made, place)
    return seconds


def still_output(output: Any) -> Any:
    """An output as it can be printed: sliders need a running kernel, and a page with them would ask a server."""
    if "application/vnd.jupyter.widget-view+json" not in output.get("data", {}):
        return output
    return nbformat.v4.new_output("stream", text="(In the notebook, controls appear here.)\n")


def fingerprint(lesson: Lesson) -> str:
    """Changes with the text, its form, its data and the version."""
    settings = [os.environ.get(name, "") for name in ("WETREAD_SMALL", "WETREAD_LESSON_DATA")]
    parts = (lesson.path.read_bytes(), *(one.encode() for one in (wetread.__version__, *settings)))
    return hashlib.sha256(b"\0".join(parts)).hexdigest()


def main(numbers: list[int]) -> int:
    """Runs the lessons of these numbers, or all; prints what each took."""
    failed, spent = [], 0.0
    for lesson in list_lessons():
        if numbers and lesson.number not in numbers:
            continue
        try:
            seconds = run_lesson(lesson)
        except CellExecutionError as error:
            failed.append(lesson.number)
            print(f"{lesson.number:2}  {lesson.title}: failed\n{error}", flush=True)
            continue
        spent += seconds or 0.0
        took = "unchanged" if seconds is None else f"{seconds / 60:.1f} of {lesson.machine_minutes:g} minutes"
        print(f"{lesson.number:2}  {lesson.title}: {took}", flush=True)
    print(f"{spent / 60:.1f} minutes; the course may take {COURSE_LIMIT}.")
    if failed:
        print(f"Failed: {', '.join(map(str, failed))}")
    return 1 if failed or spent > 60 * COURSE_LIMIT else 0


if __name__ == "__main__":
    raise SystemExit(main([int(number) for number in sys.argv[1:]]))
