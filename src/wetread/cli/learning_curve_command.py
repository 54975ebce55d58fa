"""`wetread learning-curve`: how many more cases?"""

from pathlib import Path
from typing import Annotated

import typer

from wetread.cli.options import Json, Out, Quiet
from wetread.cli.output import say, with_progress
from wetread.errors import InputError


def learning_curve(
    run: Annotated[Path, typer.Argument(help="A finished run folder.", metavar="RUN", show_default=False)],
    draws: Annotated[int, typer.Option(help="Training sets of each size.")] = 20,
    sizes: Annotated[
        str | None,
        typer.Option(
            help="Patients in the training sets: 20,40,80,160. By default six numbers, evenly spaced as a ruler for "
            "ratios is.",
            metavar="NUMBERS",
            show_default=False,
        ),
    ] = None,
    out: Out = None,
    quiet: Quiet = False,
    as_json: Json = False,
) -> None:
    """How many more cases? Trains on fewer of those of a run, and says what up to twice as many would bring."""
    from wetread import steps
    from wetread.outcome import DISCLAIMER

    asked = _read_sizes(sizes)
    found = with_progress(
        lambda listen: steps.draw_learning_curve(run, draws=draws, sizes=asked, out=out, listen=listen), quiet
    )
    if as_json:
        say({**found.content, "page": str(found.page)}, True)
        return
    typer.echo(found.verdict.sentence)
    typer.echo(str(found.page))
    typer.echo(DISCLAIMER, err=True)


def _read_sizes(text: str | None) -> list[int] | None:
    """``20,40`` -> the two numbers."""
    if text is None:
        return None
    parts = [part.strip() for part in text.split(",") if part.strip()]
    if not parts or not all(part.isdecimal() for part in parts):
        raise InputError(f"{text} is no list of sizes.", remedy="Write whole numbers: 20,40,80,160.", code="usage")
    return [int(part) for part in parts]
