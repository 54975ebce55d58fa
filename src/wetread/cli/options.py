"""The options that several verbs share, each with its help."""

from pathlib import Path
from typing import Annotated

import typer

Data = Annotated[
    Path,
    typer.Argument(
        metavar="DATA",
        help="A folder of class folders, a table beside its images, a .zip, .tm, .npz or IDX file.",
        show_default=False,
    ),
]
Labels = Annotated[
    Path | None,
    typer.Option(
        help="The labels table (CSV, TSV, XLSX), where it is not found by itself.", metavar="FILE", show_default=False
    ),
]
LabelColumn = Annotated[
    str | None,
    typer.Option(
        help="The column that holds the labels, where that is not known by its name.",
        metavar="NAME",
        show_default=False,
    ),
]
Out = Annotated[Path | None, typer.Option(help="Where the results go.", metavar="FOLDER", show_default=False)]
Classes = Annotated[
    list[str] | None,
    typer.Option(help="Keep only these classes: A,B,C. Can be repeated.", metavar="NAMES", show_default=False),
]
Finding = Annotated[
    str | None,
    typer.Option(help="Tell this finding or class from everything else.", metavar="NAME", show_default=False),
]
Laterality = Annotated[
    str | None,
    typer.Option(
        help="Does it matter which side is left? matters, or free, which allows mirrored copies in training.",
        metavar="ANSWER",
        show_default=False,
    ),
]
Window = Annotated[
    str | None,
    typer.Option(
        help="How values become grey: brain, lung, bone, subdural, mediastinum, abdomen, 40/80 (centre/width), "
        "brain+subdural+bone (as colour channels), file, percentiles or full. Chosen from the headers if not given.",
        metavar="NAME",
        show_default=False,
    ),
]
Colour = Annotated[
    list[str] | None,
    typer.Option(
        help="Paint a range of values over the window, such as 'red 50..95' (Hounsfield units in CT). Can be repeated.",
        metavar="RANGE",
        show_default=False,
    ),
]
Frame = Annotated[
    str | None,
    typer.Option(
        help="Of files with several frames: middle, all, or a number from 1.", metavar="FRAME", show_default=False
    ),
]
Together = Annotated[
    str | None,
    typer.Option(
        help="Keep images that share the value of this column, such as site, on one side of every division.",
        metavar="COLUMN",
        show_default=False,
    ),
]
Seed = Annotated[int, typer.Option(help="The same seed repeats the run.")]
Resume = Annotated[bool, typer.Option("--resume", help="Go on with a run that was stopped.")]
Overwrite = Annotated[bool, typer.Option("--overwrite", help="Replace a run that stands in --out.")]
Quiet = Annotated[bool, typer.Option("--quiet", "-q", help="No progress.")]
Json = Annotated[
    bool, typer.Option("--json", help="One JSON object on standard output, everything else on standard error.")
]
