"""`wetread weights`: pretrained weights, listed, fetched and imported."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from wetread.cli.options import Json, Quiet
from wetread.cli.output import say, with_progress
from wetread.errors import InputError

if TYPE_CHECKING:
    from wetread.weights.get import Offer
    from wetread.weights.stored import StoredWeights

weights_app = typer.Typer(
    help="Pretrained weights: what is here, fetch, import.", no_args_is_help=True, rich_markup_mode=None
)


@weights_app.command("list")
def list_(
    long: Annotated[bool, typer.Option("--long", help="Licence, citation, origin and what for.")] = False,
    as_json: Json = False,
) -> None:
    """Weights on this computer, and those that can be fetched by name: network, size, licence."""
    from wetread import steps

    shelf = steps.list_weights()
    if as_json:
        say(shelf.as_dict(), True)
        return
    from rich.console import Console

    from wetread.cli.weights_view import details, overview

    Console().print(details(shelf) if long else overview(shelf))


@weights_app.command("get")
def get(
    name: Annotated[
        str,
        typer.Argument(
            metavar="NAME",
            help="As `wetread weights list` names it; or a model of timm with its tag, such as resnet34.a1_in1k.",
            show_default=False,
        ),
    ],
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Accept licence and size without being asked.")] = False,
    quiet: Quiet = False,
    as_json: Json = False,
) -> None:
    """Fetch weights: licence and size first, hash checked, resumable."""
    from wetread import steps

    stored = with_progress(lambda listen: steps.get_weights(name, accept=_show if yes else _ask, listen=listen), quiet)
    _tell(stored, as_json)


@weights_app.command("import")
def import_(
    path: Annotated[
        Path,
        typer.Argument(
            metavar="PATH",
            help="A .safetensors, .pt, .pth or .bin file; a folder or .zip with one; a Teachable Machine export.",
            show_default=False,
        ),
    ],
    name: Annotated[str | None, typer.Option(help="What to call them.", metavar="NAME", show_default=False)] = None,
    network: Annotated[
        str | None,
        typer.Option(
            help="The architecture, as timm calls it, where nothing beside the file says so.",
            metavar="NETWORK",
            show_default=False,
        ),
    ] = None,
    licence: Annotated[
        str | None, typer.Option(help="Their licence, for the record.", metavar="TEXT", show_default=False)
    ] = None,
    quiet: Quiet = False,
    as_json: Json = False,
) -> None:
    """Take weights from a file, folder or .zip. Needs no internet; no code of a file is run."""
    from wetread import steps

    stored = with_progress(
        lambda listen: steps.import_weights(path, name=name, network=network, licence=licence, listen=listen), quiet
    )
    _tell(stored, as_json)


def _tell(stored: "StoredWeights", as_json: bool) -> None:
    if as_json:
        say(stored.as_dict(), True)
    else:
        say(f"{stored.name}: {stored.network}, {stored.path.parent}", False)


def _show(offer: "Offer") -> bool:
    """Shows licence, size and source; whoever says --yes has accepted them, and still sees them."""
    lines = [f"{offer.title}: {offer.size}", f"Licence: {offer.licence}", f"From: {offer.source}"]
    lines += [f"Read: {offer.page}"] + ([f"Cite: {offer.cite}"] if offer.cite else [])
    lines += [f"Beware: {offer.restricted}"] if offer.restricted else []
    typer.echo("\n".join(lines), err=True)
    return True


def _ask(offer: "Offer") -> bool:
    """Shows the same and asks on a terminal; refuses where nobody can answer."""
    import sys

    _show(offer)
    if not sys.stdin.isatty():
        raise InputError(
            f"{offer.name} has a licence that somebody must accept.",
            remedy="Read it above, then repeat the command with --yes.",
            code="not-accepted",
        )
    return typer.confirm("Fetch it?", err=True)
