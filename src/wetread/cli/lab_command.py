"""`wetread lab`: a question asked by several runs."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from wetread.cli.options import Json, Out, Quiet
from wetread.cli.output import say, with_progress

if TYPE_CHECKING:
    from rich.console import RenderableType


def lab(
    name: Annotated[
        str | None, typer.Argument(metavar="[NAME]", help="The lab to do; none: list them.", show_default=False)
    ] = None,
    out: Out = None,
    seed: Annotated[int, typer.Option(help="Of data and runs; a class that shares one gets the same numbers.")] = 0,
    small: Annotated[
        bool, typer.Option("--small", help="Everything shrunken, to see that it works; its numbers mean nothing.")
    ] = False,
    data: Annotated[
        Path | None,
        typer.Option(
            help="Original images: experimentN.tm of the RSNA lesson, for hemorrhage-1, -4 and -5.",
            metavar="DATA",
            show_default=False,
        ),
    ] = None,
    quiet: Quiet = False,
    as_json: Json = False,
) -> None:
    """Labs: list them, or do one: several runs and a page that compares them. A second call goes on after a stop."""
    if name is None:
        _list(as_json)
        return
    from wetread.labs.run_lab import run_lab

    found = with_progress(lambda listen: run_lab(name, out, seed=seed, small=small, data=data, listen=listen), quiet)
    if as_json:
        say(found, True)
    elif quiet:
        say(found["page"], False)
    else:
        from rich.console import Console

        Console().print(lab_view(found))


def _list(as_json: bool) -> None:
    from wetread.labs.catalogue import LABS

    if as_json:
        facts = ("name", "title", "question", "minutes", "takes_data")
        say({"labs": [{name: getattr(one, name) for name in facts} for one in LABS.values()]}, True)
        return
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    table = Table(box=None, padding=(0, 2, 0, 0), header_style="dim")
    for column in ("lab", "minutes", "question"):
        table.add_column(column, no_wrap=column == "lab", justify="right" if column == "minutes" else "left")
    for one in LABS.values():
        table.add_row(one.name, f"{one.minutes:g}", Text(one.question))
    console = Console()
    console.print(table)
    console.print(Text("\nwetread lab NAME does one; minutes are the machine's, two quiet cores.", "dim"))


def lab_view(found: dict[str, Any]) -> "RenderableType":
    """The question, what to see, what not to conclude, and where the page is."""
    from rich.console import Group
    from rich.text import Text

    parts: list[RenderableType] = [Text(), Text(found["question"], "bold")]
    for paragraph in found["see"]:
        parts += [Text(), Text(paragraph, "yellow" if paragraph in found["warnings"] else "")]
    parts += [Text(), Text("Not to conclude", "dim")]
    parts += [Text(f"  {one}") for one in found["not"]]
    parts += [Text(), Text.assemble(("Page  ", "bold"), (found["page"], "underline")), Text(found["use"], "dim")]
    return Group(*parts)
