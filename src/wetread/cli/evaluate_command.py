"""`wetread evaluate`: a model on data from elsewhere."""

from pathlib import Path
from typing import Annotated

import typer

from wetread.cli.options import Data, Finding, Json, LabelColumn, Labels, Out, Overwrite, Quiet, Seed
from wetread.cli.output import show_run
from wetread.errors import InputError


def evaluate(
    model: Annotated[Path, typer.Argument(help="A run folder or a model folder.", metavar="MODEL", show_default=False)],
    data: Data,
    labels: Labels = None,
    label_column: LabelColumn = None,
    finding: Finding = None,
    names: Annotated[
        list[str] | None,
        typer.Option(
            "--map",
            help="What the data call a class, and what the model calls it, such as 'normal=no effusion'. Can be "
            "repeated.",
            metavar="NAME=NAME",
            show_default=False,
        ),
    ] = None,
    out: Out = None,
    without_overlap: Annotated[
        bool,
        typer.Option(
            "--without-overlap", help="Leave out what the model knows, instead of stopping; said on the page."
        ),
    ] = False,
    other_patients: Annotated[
        bool,
        typer.Option("--other-patients", help="Patient numbers that occur in both sets name different people."),
    ] = False,
    seed: Seed = 0,
    overwrite: Overwrite = False,
    quiet: Quiet = False,
    as_json: Json = False,
) -> None:
    """An external test: a trained model on labelled data from elsewhere, beside its numbers at home."""
    from wetread import steps

    told = read_names(names or ())
    show_run(
        lambda listen: steps.evaluate(
            model,
            data,
            labels=labels,
            label_column=label_column,
            finding=finding,
            names=told,
            out=out,
            without_overlap=without_overlap,
            other_patients=other_patients,
            seed=seed,
            overwrite=overwrite,
            listen=listen,
        ),
        quiet,
        as_json,
    )


def read_names(texts: list[str] | tuple[str, ...]) -> dict[str, str]:
    """``normal=no effusion`` -> name in the data and name of the model; raises `InputError` for anything else."""
    found = {}
    for text in texts:
        theirs, mark, ours = (part.strip() for part in text.partition("="))
        if not (theirs and mark and ours):
            raise InputError(
                f"{text} is no pair of names.", remedy='Write --map "NAME IN THE DATA=NAME OF THE MODEL".', code="usage"
            )
        found[theirs] = ours
    return found
