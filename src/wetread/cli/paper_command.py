"""`wetread paper`: methods, tables and reporting checklists of a finished run."""

from pathlib import Path
from typing import Annotated

import typer

from wetread.cli.options import Json, Quiet
from wetread.cli.output import say, with_progress


def paper(
    run: Annotated[Path, typer.Argument(metavar="RUN", help="A finished run folder.", show_default=False)],
    small_counts: Annotated[
        bool, typer.Option("--small-counts", help="Show counts of one to four patients, which are masked otherwise.")
    ] = False,
    quiet: Quiet = False,
    as_json: Json = False,
) -> None:
    """Methods, patient flow, tables and CLAIM, TRIPOD+AI and STARD-AI checklists of a run, for a manuscript."""
    from wetread import steps

    folder = with_progress(
        lambda listen: steps.write_paper(run, small_counts=small_counts, listen=listen), quiet or as_json
    )
    if as_json:
        say({"folder": str(folder), "files": sorted(path.name for path in folder.iterdir() if path.is_file())}, True)
    else:
        say(folder / "paper.html", False)
