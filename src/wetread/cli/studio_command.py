"""`wetread studio`: the same work in the browser."""

from pathlib import Path
from typing import Annotated

import typer

from wetread.cli.output import with_progress


def studio(
    folder: Annotated[
        Path | None,
        typer.Argument(
            metavar="[FOLDER]",
            help="Where the projects lie; by default wetread among your documents.",
            show_default=False,
        ),
    ] = None,
    port: Annotated[
        int, typer.Option(help="Port on 127.0.0.1. 0: the one of last time, or a free one.", min=0, max=65535)
    ] = 0,
    no_browser: Annotated[bool, typer.Option("--no-browser", help="Only print the link.")] = False,
    import_: Annotated[
        Path | None,
        typer.Option(
            "--import",
            help="First make a project of this folder; its class folders become classes.",
            metavar="FOLDER",
            show_default=False,
        ),
    ] = None,
) -> None:
    """Open the studio: projects, training and results in the browser, on this machine only."""
    from wetread.studio.server import serve

    with_progress(
        lambda listen: serve(
            folder, port=port, open_browser=not no_browser, folder=import_, listen=listen, announce=typer.echo
        ),
        quiet=import_ is None,
    )
