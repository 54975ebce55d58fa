"""`wetread data`: public sets and phantoms."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from wetread.cli.options import Json, Quiet
from wetread.cli.output import say, with_progress
from wetread.errors import InputError

if TYPE_CHECKING:
    from wetread.public_sets.public_set import PublicSet

data_app = typer.Typer(help="Public data sets and phantoms.", no_args_is_help=True, rich_markup_mode=None)


@data_app.command("list")
def list_(
    names: Annotated[
        list[str] | None, typer.Argument(metavar="[NAME]...", help="Tell more about these.", show_default=False)
    ] = None,
    long: Annotated[bool, typer.Option("--long", help="Tell more about all of them.")] = False,
    as_json: Json = False,
) -> None:
    """Public sets that can be fetched and phantoms that can be made: task, size, licence, traps."""
    from wetread import steps

    public, phantoms = steps.list_data()
    if as_json:
        from wetread.cli.data_view import as_records

        say(as_records(public, phantoms), True)
        return
    from rich.console import Console

    from wetread.cli.data_view import details, overview

    everything = [*(one.name for one in public), *(one.name for one in phantoms)]
    chosen = names or (everything if long else [])
    Console().print(details(public, phantoms, chosen) if chosen else overview(public, phantoms))


@data_app.command("get")
def get(
    name: Annotated[str, typer.Argument(metavar="NAME", help="As `wetread data list` names it.", show_default=False)],
    out: Annotated[
        Path | None,
        typer.Option(help="Where data sets go; by default your own data folder.", metavar="FOLDER", show_default=False),
    ] = None,
    parts: Annotated[
        int | None,
        typer.Option(help="Only the first archives of a set that comes in several.", metavar="N", show_default=False),
    ] = None,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Accept licence and size without being asked.")] = False,
    quiet: Quiet = False,
    as_json: Json = False,
) -> None:
    """Fetch a public data set: licence first, checked, resumable. Only this and `weights get` use the internet."""
    from wetread import steps

    path = with_progress(
        lambda listen: steps.get_data(name, out, accept=None if yes else _ask, parts=parts, listen=listen), quiet
    )
    say({"path": str(path)} if as_json else str(path), as_json)


def _ask(wanted: "PublicSet") -> bool:
    """Shows licence, size and traps; asks on a terminal, and refuses where nobody can answer."""
    import sys

    typer.echo(f"{wanted.title}: {wanted.size}\nLicence: {wanted.licence}\nCite: {wanted.citation}", err=True)
    for trap in wanted.traps:
        typer.echo(f"Beware: {trap}", err=True)
    if not sys.stdin.isatty():
        raise InputError(
            f"{wanted.name} has a licence that somebody must accept.",
            remedy="Read it above, then repeat the command with --yes.",
            code="not-accepted",
        )
    return typer.confirm("Fetch it?", err=True)


@data_app.command("make", context_settings={"allow_extra_args": True, "ignore_unknown_options": True})
def make(
    context: typer.Context,
    name: Annotated[str, typer.Argument(metavar="NAME", help="As `wetread data list` names it.", show_default=False)],
    out: Annotated[
        Path | None,
        typer.Option("--out", "-o", help="A new folder; by default ./NAME.", metavar="FOLDER", show_default=False),
    ] = None,
    images: Annotated[
        int | None, typer.Option("--images", "--n", help="How many images.", min=1, max=1_000_000, show_default=False)
    ] = None,
    patients: Annotated[
        int | None, typer.Option(help="Of how many patients.", min=1, max=1_000_000, show_default=False)
    ] = None,
    seed: Annotated[int, typer.Option(help="The same seed gives the same files.")] = 2026,
    quiet: Quiet = False,
    as_json: Json = False,
) -> None:
    """Simulated images with known truth, as DICOM with masks.

    Each set has knobs, such as --noise 2 or --lesion-size 0.5; `wetread data list NAME` names them.
    """
    from wetread import steps

    knobs = _read_knobs(context.args)
    path = with_progress(
        lambda listen: steps.make_data(
            name, out, images=images, patients=patients, seed=seed, knobs=knobs, listen=listen
        ),
        quiet,
    )
    say({"folder": str(path)} if as_json else str(path), as_json)


def _read_knobs(words: list[str]) -> dict[str, float]:
    """``--noise 2`` or ``--noise=2`` -> {"noise": 2.0}."""
    parts = [part for word in words for part in (word.split("=", 1) if word.startswith("--") else [word])]
    knobs: dict[str, float] = {}
    for knob, value in zip(parts[::2], [*parts[1::2], ""], strict=False):
        try:
            if not knob.startswith("--"):
                raise ValueError
            knobs[knob.removeprefix("--").replace("-", "_")] = float(value)
        except ValueError:
            raise InputError(
                f"{knob} {value} is no knob with a number.",
                remedy="Write for instance --noise 2; `wetread data list NAME` names the knobs.",
                code="usage",
            ) from None
    return knobs
