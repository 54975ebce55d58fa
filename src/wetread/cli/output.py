"""What the verbs print: progress, a run, one JSON object."""

from __future__ import annotations

import json
from collections.abc import Callable
from contextlib import ExitStack
from typing import TYPE_CHECKING, Any

import typer

from wetread.errors import InputError
from wetread.progress import Listener, silent

if TYPE_CHECKING:
    from wetread.outcome import Run


def with_progress(work: Callable[[Listener], Any], quiet: bool) -> Any:
    """Runs some work and draws its progress on standard error; returns what the work returns."""
    if quiet:
        return work(silent)
    # Rich costs a tenth of a second: --help and --quiet need none of it.
    from rich.console import Console

    from wetread.cli.console import ProgressView

    with ExitStack() as stack:
        return work(stack.enter_context(ProgressView(Console(stderr=True))))


def show_run(work: Callable[[Listener], Run], quiet: bool, as_json: bool) -> None:
    """Does a run, prints its summary (or its path, or one JSON object) and ends with its exit code."""
    found = with_progress(work, quiet)
    if as_json:
        summary = {
            "folder": str(found.folder),
            "gate": found.gate,
            "findings": found.findings,
            "numbers": found.numbers,
        }
        say(summary | {"report": str(found.report)}, True)
    elif quiet:
        typer.echo(found.report)
    else:
        from rich.console import Console

        from wetread.cli.console import result_view

        Console().print(result_view(found))
    raise typer.Exit(found.exit_code)


def split_names(text: str | None) -> list[str] | None:
    """``A, B`` -> the two names; None as it is."""
    return [name.strip() for name in text.split(",") if name.strip()] if text else None


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
