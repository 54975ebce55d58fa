"""One command per verb: parse, call `wetread.steps`, show. Exit codes: see `wetread.errors`."""

from __future__ import annotations

import json
import signal
import sys
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from wetread.errors import WetreadError
from wetread.progress import Listener, silent

if TYPE_CHECKING:
    from wetread.outcome import Run

app = typer.Typer(
    name="wetread",
    help="From a folder of medical images to a classifier, and an honest report of what it is worth.\n\n"
    "Research and teaching only. Not a medical device.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110},
)
data_app = typer.Typer(help="Public data sets and phantoms.", no_args_is_help=True, rich_markup_mode=None)
app.add_typer(data_app, name="data")

Data = Annotated[
    Path,
    typer.Argument(
        metavar="DATA", help="A folder of class folders, a table beside its images, or a .zip.", show_default=False
    ),
]
Labels = Annotated[
    Path | None,
    typer.Option(
        help="The labels table (CSV, TSV), where it is not found by itself.", metavar="FILE", show_default=False
    ),
]
Out = Annotated[Path | None, typer.Option(help="Where the results go.", metavar="FOLDER", show_default=False)]
Classes = Annotated[
    str | None, typer.Option(help="Keep only these classes: A,B,C.", metavar="NAMES", show_default=False)
]
Seed = Annotated[int, typer.Option(help="The same seed repeats the run.")]
Resume = Annotated[bool, typer.Option("--resume", help="Go on with a run that was stopped.")]
Overwrite = Annotated[bool, typer.Option("--overwrite", help="Replace a run that stands in --out.")]
Quiet = Annotated[bool, typer.Option("--quiet", "-q", help="No progress.")]
Json = Annotated[
    bool, typer.Option("--json", help="One JSON object on standard output, everything else on standard error.")
]


@app.command()
def run(
    data: Data,
    labels: Labels = None,
    out: Out = None,
    classes: Classes = None,
    positive: Annotated[
        str | None,
        typer.Option(help="The class of two that sensitivity speaks of.", metavar="NAME", show_default=False),
    ] = None,
    preset: Annotated[
        str, typer.Option(help="quick (seconds), standard (minutes) or best.", metavar="NAME")
    ] = "standard",
    seed: Seed = 0,
    device: Annotated[str, typer.Option(help="auto, cpu, cuda or cuda:N.")] = "auto",
    plan: Annotated[
        Path | None, typer.Option(help="Follow an edited plan.yaml.", metavar="FILE", show_default=False)
    ] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Stop after the checks and the plan.")] = False,
    resume: Resume = False,
    overwrite: Overwrite = False,
    quiet: Quiet = False,
    as_json: Json = False,
) -> None:
    """The main job: check, split, plan, train, evaluate, explain, report."""
    from wetread import steps

    _show_run(
        lambda listen: steps.run(
            data,
            labels=labels,
            out=out,
            classes=_names(classes),
            positive=positive,
            preset=preset,
            seed=seed,
            device=device,
            plan=plan,
            dry_run=dry_run,
            resume=resume,
            overwrite=overwrite,
            listen=listen,
        ),
        quiet,
        as_json,
    )


@app.command()
def demo(
    out: Annotated[Path, typer.Option(help="Where data and results go.", metavar="FOLDER")] = Path("wetread-demo"),
    resume: Resume = False,
    overwrite: Overwrite = False,
    quiet: Quiet = False,
    as_json: Json = False,
) -> None:
    """The main job on the embedded data set: simulated chest radiographs, with and without pleural effusion."""
    from wetread import steps

    _show_run(lambda listen: steps.demo(out, overwrite=overwrite, resume=resume, listen=listen), quiet, as_json)


@app.command()
def check(
    data: Data,
    labels: Labels = None,
    out: Out = None,
    classes: Classes = None,
    seed: Seed = 0,
    overwrite: Overwrite = False,
    quiet: Quiet = False,
    as_json: Json = False,
) -> None:
    """Audit only: look for known pitfalls, train nothing."""
    from wetread import steps

    _show_run(
        lambda listen: steps.check(
            data, labels=labels, out=out, classes=_names(classes), seed=seed, overwrite=overwrite, listen=listen
        ),
        quiet,
        as_json,
    )


@app.command()
def show(
    data: Data,
    labels: Labels = None,
    out: Annotated[Path | None, typer.Option(help="The file to write.", metavar="FILE", show_default=False)] = None,
    classes: Classes = None,
    png: Annotated[bool, typer.Option("--png", help="One picture instead of a page.")] = False,
    seed: Seed = 0,
    quiet: Quiet = False,
    as_json: Json = False,
) -> None:
    """Look first: sample pictures per class, sizes, grey values, header facts."""
    from wetread import steps

    path = _with_progress(
        lambda listen: steps.show(
            data, labels=labels, out=out, classes=_names(classes), png=png, seed=seed, listen=listen
        ),
        quiet,
    )
    _say({"file": str(path)} if as_json else str(path), as_json)


@app.command()
def predict(
    model: Annotated[Path, typer.Argument(help="A run folder or a model folder.", metavar="MODEL", show_default=False)],
    images: Annotated[
        list[Path], typer.Argument(help="Images, or folders of images.", metavar="IMAGES...", show_default=False)
    ],
    out: Out = None,
    quiet: Quiet = False,
    as_json: Json = False,
) -> None:
    """Classify images with a trained model."""
    from wetread import steps
    from wetread.outcome import DISCLAIMER

    rows = _with_progress(lambda listen: steps.predict(model, images, out=out, listen=listen), quiet)
    if as_json:
        _say({"predictions": rows, "use": DISCLAIMER}, True)
        return
    for row in rows:
        chances = "  ".join(
            f"{name[2:]} {value:.2f}" for name, value in row.items() if name.startswith("p_") and value != ""
        )
        typer.echo(f"{row['image']}: {row['predicted'] or 'not read: ' + row['reason']}  {chances}")
    typer.echo(DISCLAIMER, err=True)


@app.command()
def report(
    run: Annotated[Path, typer.Argument(help="A run folder.", metavar="RUN", show_default=False)],
    as_json: Json = False,
) -> None:
    """Write the report of a finished run anew."""
    from wetread import steps

    path = steps.write_report(run)
    _say({"report": str(path)} if as_json else str(path), as_json)


@data_app.command("make")
def make(
    folder: Annotated[Path, typer.Argument(help="A new folder.", metavar="FOLDER", show_default=False)],
    images: Annotated[int, typer.Option(help="How many images.", min=10, max=100_000)] = 200,
    patients: Annotated[int, typer.Option(help="Of how many patients.", min=10, max=100_000)] = 120,
    seed: Annotated[int, typer.Option(help="The same seed gives the same files.")] = 2026,
    quiet: Quiet = False,
    as_json: Json = False,
) -> None:
    """Simulated chest radiographs with and without pleural effusion, as DICOM, with masks."""
    from wetread import steps

    path = _with_progress(
        lambda listen: steps.make_data(folder, images=images, patients=patients, seed=seed, listen=listen), quiet
    )
    _say({"folder": str(path)} if as_json else str(path), as_json)


def _with_progress(work: Callable[[Listener], Any], quiet: bool) -> Any:
    if quiet:
        return work(silent)
    # Rich costs a tenth of a second: --help and --quiet need none of it.
    from rich.console import Console

    from wetread.cli.console import ProgressView

    with ExitStack() as stack:
        return work(stack.enter_context(ProgressView(Console(stderr=True))))


def _show_run(work: Callable[[Listener], Run], quiet: bool, as_json: bool) -> None:
    found = _with_progress(work, quiet)
    if as_json:
        summary = {
            "folder": str(found.folder),
            "gate": found.gate,
            "findings": found.findings,
            "numbers": found.numbers,
        }
        _say(summary | {"report": str(found.report)}, True)
    elif quiet:
        typer.echo(found.report)
    else:
        from rich.console import Console

        from wetread.cli.console import result_view

        Console().print(result_view(found))
    raise typer.Exit(found.exit_code)


def _names(text: str | None) -> list[str] | None:
    return [name.strip() for name in text.split(",") if name.strip()] if text else None


def _say(content: Any, as_json: bool) -> None:
    typer.echo(json.dumps(content, ensure_ascii=False) if as_json else content)


def main() -> None:
    """Entry point of the ``wetread`` command: every ending has its exit code and one message for a person."""
    # A scheduler's SIGTERM ends like Ctrl-C: what is finished is kept, and --resume goes on.
    signal.signal(signal.SIGTERM, _interrupt)
    try:
        code = app(standalone_mode=False)
        if code == 130:  # typer swallows Ctrl-C and returns its code
            code = _fail(130, "stopped", "Stopped.", None, "")
    except WetreadError as error:
        code = _fail(error.exit_code, error.code, str(error), error.file, error.remedy)
    except KeyboardInterrupt:
        code = _fail(130, "stopped", "Stopped.", None, "")
    except typer.Exit as ending:
        code = ending.exit_code
    except Exception as error:
        code = _explain_other(error)
    sys.stdout.flush()
    raise SystemExit(code if isinstance(code, int) else 0)


def _explain_other(error: Exception) -> int:
    """The command line's own mistakes get its message; anything else is a fault of ours."""
    show_usage = getattr(error, "show", None)
    if callable(show_usage) and hasattr(error, "exit_code"):
        if "--json" in sys.argv:
            return _fail(
                2, "usage", str(getattr(error, "format_message", lambda: error)()), None, "See wetread --help."
            )
        show_usage()
        return 2
    if type(error).__name__ in ("Abort", "NoArgsIsHelpError"):
        return 2
    import os
    import traceback

    if os.environ.get("WETREAD_DEBUG"):
        traceback.print_exception(error)
    where = traceback.extract_tb(error.__traceback__)[-1]
    place = f"{Path(where.filename).name}:{where.lineno}"
    message = f"wetread met a fault of its own ({type(error).__name__} in {place}). Your data are untouched."
    return _fail(3, "fault", f"{message} Set WETREAD_DEBUG=1 and repeat to see more, and please report it.", None, "")


def _fail(code: int, name: str, message: str, file: str | None, remedy: str) -> int:
    typer.echo(f"wetread: {message}", err=True)
    if "--json" in sys.argv:
        typer.echo(
            json.dumps(
                {"error": {"code": name, "message": message, "file": file, "remedy": remedy}}, ensure_ascii=False
            )
        )
    return code


def _interrupt(number: int, frame: Any) -> None:
    del number, frame
    raise KeyboardInterrupt


if __name__ == "__main__":
    main()
