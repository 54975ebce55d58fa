"""What the verbs print: progress, a run, one JSON object."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

from wetread.errors import InputError

if TYPE_CHECKING:
    from wetread.outcome import Run
    from wetread.progress import Listener


#: The environment variable that names a file for progress events: how another program follows a verb that has no run
#: folder of its own.
EVENTS_VARIABLE = "WETREAD_EVENTS"


def with_progress(work: Callable[[Listener], Any], quiet: bool) -> Any:
    """Runs some work and draws its progress on standard error; returns what the work returns."""
    from wetread.progress import silent  # a sixth of what --help costs, together with the run folder
    from wetread.run_folder import EventLog

    with ExitStack() as stack:
        if place := os.environ.get(EVENTS_VARIABLE):
            return work(stack.enter_context(EventLog(Path(place))))
        if quiet:
            return work(silent)
        # Rich costs a tenth of a second: --help and --quiet need none of it.
        from rich.console import Console

        from wetread.cli.console import ProgressView

        return work(stack.enter_context(ProgressView(Console(stderr=True))))


def show_run(work: Callable[[Listener], Run], quiet: bool, as_json: bool) -> None:
    """Does a run, prints its summary (or its path, or one JSON object) and ends with its exit code."""
    found = with_progress(work, quiet)
    if as_json:
        summary = {
            "folder": str(found.folder),
            "gate": found.gate,
            "findings": found.findings,
            "trust": found.lights,
            "numbers": found.numbers,
        }
        say(summary | {"report": str(found.report)}, True)
    elif quiet:
        typer.echo(found.report)
    else:
        from rich.console import Console

        from wetread.cli.console import print_result

        print_result(found, Console())
    raise typer.Exit(found.exit_code)


def prediction_line(row: dict[str, Any]) -> str:
    """What became of one image: its class with probabilities, or why there is none.

    Args:
        row: As `wetread.predict` gives it.
    """
    if row["status"] == "out":
        nearest = f" Nearest training cases: {row['nearest']}." if row["nearest"] else ""
        return f"{row['image']}: refused: {row['reason']}.{nearest}"
    chances = "  ".join(
        f"{name[2:]} {value:.2f}" for name, value in row.items() if name.startswith("p_") and value != ""
    )
    if not chances:
        return f"{row['image']}: not read: {row['reason']}"
    remarks = ["unlike most training pictures"] if row["status"] == "edge" else []
    remarks += [f"unsure: {row['unsure']}"] if row["unsure"] else []
    remark = f"  ({'; '.join(remarks)})" if remarks else ""
    return f"{row['image']}: {row['predicted'] or 'nothing found'}  {chances}{remark}"


def was_read(row: dict[str, Any]) -> bool:
    """Whether there is an answer to an image: a class, nothing found, or a refusal of the model."""
    return row["status"] == "out" or any(name.startswith("p_") and value != "" for name, value in row.items())


def refuse_unread(rows: list[dict[str, Any]], written: str = "") -> None:
    """Ends in a message for a person where not one image could be read.

    Args:
        rows: As `wetread.predict` gives them.
        written: A sentence about the file that was written all the same.

    Raises:
        InputError: Not one row has an answer.
    """
    if any(map(was_read, rows)):
        return
    first = rows[0]
    count = "The image" if len(rows) == 1 else f"None of the {len(rows)} images"
    verb = "could not be read" if len(rows) == 1 else "could be read"
    raise InputError(
        f"{count} {verb}; {first['image']}: {first['reason']}.{' ' + written if written else ''}",
        remedy="Check the path, or export the images as PNG, JPEG, TIFF, BMP or DICOM.",
        file=first["image"],
        code="no-readable-images",
    )


def split_names(given: Sequence[str] | None) -> list[str] | None:
    """``A, B`` and ``C`` of an option given twice -> the three names; None where it was not given."""
    return [name.strip() for text in given for name in text.split(",") if name.strip()] if given else None


def read_box(text: str) -> tuple[int, int, int, int]:
    """``10,20,300,40`` -> left, top, width, height; raises `InputError` for anything else."""
    parts = [part.strip() for part in text.split(",")]
    if len(parts) != 4 or not all(part.isdigit() for part in parts):
        raise InputError(f"{text} is no rectangle.", remedy="Write LEFT,TOP,WIDTH,HEIGHT in pixels.", code="usage")
    left, top, width, height = map(int, parts)
    return left, top, width, height


def say(content: Any, as_json: bool) -> None:
    """Prints a text, or one JSON object."""
    typer.echo(json.dumps(content, ensure_ascii=False) if as_json else content)
