"""`wetread compare`: several runs on the same cases."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from wetread.cli.options import Json, Out, Quiet, Seed
from wetread.cli.output import say

if TYPE_CHECKING:
    from rich.console import RenderableType


def compare(
    runs: Annotated[
        list[Path],
        typer.Argument(
            help="Run folders, or folders of external tests; two or more.", metavar="RUN...", show_default=False
        ),
    ],
    out: Out = None,
    shared: Annotated[
        bool,
        typer.Option("--shared", help="Where the runs were tested on different cases, compare on those they share."),
    ] = False,
    margin: Annotated[
        float, typer.Option(help="How much better is worth speaking of, in AUROC.", metavar="DELTA")
    ] = 0.01,
    seed: Seed = 0,
    quiet: Quiet = False,
    as_json: Json = False,
) -> None:
    """Which of several runs is better on the same cases, and can these patients tell?"""
    from wetread import steps

    found = steps.compare(runs, out=out, shared=shared, margin=margin, seed=seed)
    if as_json:
        say(found, True)
    elif quiet:
        say(found["page"], False)
    else:
        from rich.console import Console

        Console().print(comparison_view(found))


def comparison_view(found: dict[str, Any]) -> "RenderableType":
    """Verdicts, each model on the shared cases, and the differences of each pair."""
    from rich.console import Group
    from rich.table import Table
    from rich.text import Text

    from wetread.outcome import counted

    cases = found["cases"]
    who = counted(cases["patients"], "patient") if cases["patients"] else "patients not known"
    parts: list[Any] = [Text(), Text(f"{counted(cases['images'], 'image')}, {who}, the same for all runs", "dim")]
    parts += [Text(note, "yellow") for note in found["notes"]]
    parts.append(Text())
    table = Table(box=None, padding=(0, 2, 0, 0), header_style="dim")
    for name in ("run", "AUROC", "95 % interval", "gate"):
        table.add_column(name, justify="right" if name == "AUROC" else "left")
    gates = {run["name"]: run["gate"] for run in found["runs"]}
    for name in found["order"]:
        area = found["models"][name].get("auroc")
        told = (f"{area['value']:.3f}", f"{area['low']:.3f} to {area['high']:.3f}") if area else ("", "not defined")
        table.add_row(Text(name), *told, gates[name])
    parts.append(table)
    for pair in found["pairs"]:
        parts += [Text(), Text(f"{pair['verdict']}.", "bold"), _pair_table(pair, found["margin"])]
    parts += [Text(), Text.assemble(("Page  ", "bold"), (found["page"], "underline")), Text(found["use"], "dim")]
    return Group(*parts)


def _pair_table(pair: dict[str, Any], margin: float) -> "RenderableType":
    from rich.table import Table
    from rich.text import Text

    from wetread.report.compare_page import say_chance

    table = Table(box=None, padding=(0, 2, 0, 0), header_style="dim")
    table.add_column(Text(f"{pair['second']} minus {pair['first']}"))
    better = [f"{pair[side]} by > {margin:g}" for side in ("first", "second")]
    for title in ("difference", "95 % interval", "p", "all counted", *better):
        table.add_column(Text(title), justify="right", no_wrap=title == "95 % interval")
    for name, one in pair["differences"].items():
        chances = [one["better_by_margin"][side] for side in ("first", "second")]
        table.add_row(
            name,
            f"{one['value']:+.3f}",
            f"{one['low']:+.3f} to {one['high']:+.3f}",
            f"{one['p']:.3f}",
            f"{one['p_holm']:.3f}",
            *("" if chance is None else say_chance(chance) for chance in chances),
        )
    return table
