"""`wetread readers`: readers compared with each other, with a truth, with a model."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from wetread.cli.options import Json, Out, Quiet, Seed
from wetread.cli.output import say, split_names, with_progress
from wetread.errors import InputError

if TYPE_CHECKING:
    from rich.console import RenderableType
    from rich.table import Table

#: So many warnings stand in a terminal; all of them are on the page.
WARNINGS_SHOWN = 6
RATES = ("sensitivity", "specificity")
#: As `steps.compare_readers` names the ways to settle a tie.
TIES = {"leave-out": "leave out", "absent": "absent", "present": "present"}


def readers(
    table: Annotated[
        Path,
        typer.Argument(
            metavar="TABLE",
            help="One column per reader (image, A, B, ...), or one row per reading (image, reader, label).",
            show_default=False,
        ),
    ],
    model: Annotated[
        Path | None,
        typer.Option(help="A run: its held-out predictions are compared too.", metavar="RUN", show_default=False),
    ] = None,
    truth: Annotated[
        str | None,
        typer.Option(
            help="The column with the truth, if its name does not say so.", metavar="COLUMN", show_default=False
        ),
    ] = None,
    people: Annotated[
        Path | None,
        typer.Option(
            "--readers",
            help="A second table with the columns reader and experience, role or years.",
            metavar="FILE",
            show_default=False,
        ),
    ] = None,
    columns: Annotated[
        list[str] | None,
        typer.Option(
            help="The columns of the readers, where they are not found: A,B,C.", metavar="NAMES", show_default=False
        ),
    ] = None,
    label_column: Annotated[
        str | None,
        typer.Option(
            help="With one row per reading: the column with the labels.", metavar="COLUMN", show_default=False
        ),
    ] = None,
    positive: Annotated[
        str | None, typer.Option(help="The label that means: it is there.", metavar="NAME", show_default=False)
    ] = None,
    cut: Annotated[
        float | None,
        typer.Option(
            help="Labels are ordered numbers, and from this one on it is there.", metavar="N", show_default=False
        ),
    ] = None,
    ties: Annotated[
        str,
        typer.Option(help="What a tie of an even number of readers is: leave-out, absent, present.", metavar="RULE"),
    ] = "leave-out",
    out: Out = None,
    anonymous: Annotated[bool, typer.Option("--anonymous", help="Call the readers R1, R2 ...")] = False,
    resamples: Annotated[int, typer.Option(help="How often patients are drawn.", metavar="N")] = 10_000,
    seed: Seed = 0,
    quiet: Quiet = False,
    as_json: Json = False,
) -> None:
    """How readers compare with each other, with the truth, and with a model on the same images."""
    from wetread import steps

    if ties not in TIES:
        raise InputError(f"--ties {ties} is not known.", remedy=f"Choose {', '.join(TIES)}.", code="usage")
    found = with_progress(
        lambda listen: steps.compare_readers(
            table,
            model=model,
            truth=truth,
            people=people,
            columns=split_names(columns),
            label_column=label_column,
            positive=positive,
            cut=cut,
            ties=TIES[ties],
            out=out,
            anonymous=anonymous,
            resamples=resamples,
            seed=seed,
            listen=listen,
        ),
        quiet,
    )
    if as_json:
        say(found, True)
    elif quiet:
        say(found["report"], False)
    else:
        from rich.console import Console

        Console().print(readers_view(found))


def readers_view(found: dict[str, Any]) -> "RenderableType":
    """The result in a terminal: the paper's table, agreement, truth, warnings, where the page is.

    Args:
        found: What `wetread.compare_readers` returned.
    """
    from rich.console import Group
    from rich.padding import Padding
    from rich.text import Text

    from wetread.outcome import counted
    from wetread.readers.words import why_no_agreement
    from wetread.report.readers_page import say_headline

    n = found["n"]
    who = counted(n["patients"], "patient") if found["patients_from"] != "nobody" else "patients not known"
    parts: list[Any] = [Text(), Text(say_headline(found), "bold")]
    parts += [Text(f"{counted(n['readers'], 'reader')}, {counted(n['images'], 'image')}, {who}", "dim"), Text()]
    for told in found["protocols"].values():
        title = f"{told['title']}, {found['shown']}" if len(found["columns"]) > 1 else told["title"]
        parts += [Text(title, "bold"), Padding(_f1_table(told["columns"][found["shown"]]), (0, 0, 1, 2))]
    if found["truth"]:
        several = len(found["truth"]) > 1
        shown = _average_table(found) if several else _truth_table(next(iter(found["truth"].values())))
        parts += [Text("Against the truth", "bold"), Padding(shown, (0, 0, 1, 2))]
    parts += [Text("Agreement", "bold"), Padding(_agreement_table(found), (0, 0, 1, 2))]
    undefined = dict.fromkeys(map(why_no_agreement, found["agreement"].values()))
    parts += [Padding(Text(why, "dim"), (0, 0, 1, 2)) for why in undefined if why and len(found["agreement"]) == 1]
    for warning in found["warnings"][:WARNINGS_SHOWN]:
        parts.append(Padding(Text(f"! {warning}", "yellow"), (0, 0, 0, 2)))
    hidden = len(found["warnings"]) - WARNINGS_SHOWN
    parts += [Text(f"  and {hidden} more on the page", "dim")] if hidden > 0 else []
    parts += [Padding(Text(f"{note}", "dim"), (0, 0, 0, 2)) for note in found["notes"]]
    if found["problems"]:
        rows = counted(len(found["problems"]), "row")
        stand = "it stands" if len(found["problems"]) == 1 else "they stand"
        parts.append(Text(f"  {rows} could not be read as {stand}; see the page.", "yellow"))
    parts += [Text(), Text.assemble(("Page  ", "bold"), (found["report"], "underline")), Text(found["use"], "dim")]
    return Group(*parts)


def _open_table(*names: str) -> "Table":
    from rich.table import Table

    table = Table(box=None, padding=(0, 2, 0, 0), header_style="dim")
    for place, name in enumerate(names):
        table.add_column(name, justify="left" if place == 0 else "right", no_wrap=place > 0)
    return table


def _f1_table(told: dict[str, Any]) -> "Table":
    """Readers, average, model, difference, each with its interval, as in the paper."""
    from rich.text import Text

    from wetread.readers.words import VERDICTS

    table = _open_table("", "F1", "95 % interval", "")
    for row in told["rows"]:
        if row["kind"] == "reader":
            table.add_row(Text(row["name"]), *_cells(row["f1"]), "")
    if "average" in told:
        table.add_row(Text("average of the readers", "bold"), *_cells(told["average"]), "")
    for row in told["rows"]:
        if row["kind"] == "model":
            table.add_row(Text("model", "bold cyan"), *_cells(row["f1"]), "")
    if "difference" in told:
        gap = told["difference"]
        table.add_row(
            Text("difference", "bold"),
            f"{gap['value']:+.3f}",
            f"{gap['low']:+.3f} to {gap['high']:+.3f}" if "low" in gap else "none",
            VERDICTS[gap["significant"]],
        )
    return table


def _truth_table(told: dict[str, Any]) -> "RenderableType":
    from rich.text import Text

    if "undefined" in told:
        return Text(f"cannot be said: {told['undefined']}", "dim")
    areas = any("auroc" in row for row in told["rows"])
    table = _open_table("", "sensitivity", "specificity", *(("AUROC",) if areas else ()))
    table.columns[0].no_wrap, table.columns[0].max_width = True, 22
    measures = (*RATES, *(("auroc",) if areas else ()))
    average = {"name": "average of the readers", "kind": "average", **told["average"]}
    by_kind = {kind: [row for row in told["rows"] if row["kind"] == kind] for kind in ("reader", "model")}
    for row in [*by_kind["reader"], average, *by_kind["model"]]:
        cells = [_short(row[name]) if name in row else "" for name in measures]
        table.add_row(Text(row["name"]), *cells)
    return table


def _agreement_table(found: dict[str, Any]) -> "Table":
    """Numbers over all readers: one per row, or one finding per row where there are several."""
    from rich.text import Text

    if len(found["agreement"]) > 1 or found["labels"]:
        table = _open_table("", "Fleiss' kappa", "Krippendorff's alpha")
        labels = {"all labels": found["labels"]} if found["labels"] else {}
        for name, told in {**labels, **found["agreement"]}.items():
            table.add_row(Text(name), *(_short(told[key]) if key in told else "" for key in ("fleiss", "alpha")))
        return table
    table = _open_table("", "", "95 % interval")
    titles = {"fleiss": "Fleiss' kappa", "alpha": "Krippendorff's alpha", "pabak": "adjusted kappa (PABAK)"}
    told = next(iter(found["agreement"].values()))
    for measure in (key for key in titles if key in told):
        table.add_row(Text(titles[measure]), *_cells(told[measure]))
    return table


def _average_table(found: dict[str, Any]) -> "Table":
    """The readers' mean rates, one finding per row."""
    from rich.text import Text

    table = _open_table("average of the readers", "sensitivity", "specificity")
    for finding, told in found["truth"].items():
        rates = told.get("average", {})
        table.add_row(Text(finding), *(_short(rates[key]) if key in rates else "" for key in RATES))
    return table


def _short(one: dict[str, Any]) -> str:
    from wetread.outcome import say_share

    if "low" not in one:
        return say_share(one["value"])
    value, low, high = (say_share(one[name]) for name in ("value", "low", "high"))
    return f"{value} ({low}-{high})"


def _cells(one: dict[str, Any] | None) -> tuple[str, str]:
    if not one:
        return "", "not defined"
    return f"{one['value']:.3f}", f"{one['low']:.3f} to {one['high']:.3f}" if "low" in one else "none"
