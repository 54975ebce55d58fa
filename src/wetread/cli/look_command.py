"""`wetread look`: what is inside a model?"""

from pathlib import Path
from typing import Annotated

import typer

from wetread.cli.options import Json, Out, Quiet, Seed
from wetread.cli.output import say, split_names, with_progress


def look(
    model: Annotated[Path, typer.Argument(help="A run folder or a model folder.", metavar="MODEL", show_default=False)],
    images: Annotated[
        list[Path] | None,
        typer.Option(
            help="Pictures whose maps are shown: a file or a folder. Can be repeated. By default some of the run's.",
            metavar="PLACE",
            show_default=False,
        ),
    ] = None,
    layers: Annotated[
        list[str] | None,
        typer.Option(
            help="Layers to look at: all, or A,B,C. By default at most six.", metavar="NAMES", show_default=False
        ),
    ] = None,
    channels: Annotated[int, typer.Option(help="Most channels per layer.")] = 12,
    time_limit: Annotated[
        str, typer.Option(help="Time for drawing what channels want to see: minutes, or 90s, 2h.", metavar="TIME")
    ] = "5min",
    out: Out = None,
    seed: Seed = 0,
    quiet: Quiet = False,
    as_json: Json = False,
) -> None:
    """Look inside a model: what classes, channels and filters want to see, maps of real pictures, all as points."""
    from wetread import steps
    from wetread.outcome import DISCLAIMER

    found = with_progress(
        lambda listen: steps.look_inside(
            model,
            images=images or None,
            layers=split_names(layers),
            channels=channels,
            time_limit=time_limit,
            out=out,
            seed=seed,
            listen=listen,
        ),
        quiet,
    )
    if as_json:
        say(found, True)
        return
    if not quiet:
        for sentence in found["left_out"]:
            typer.echo(sentence, err=True)
        typer.echo(DISCLAIMER, err=True)
    typer.echo(found["page"])
