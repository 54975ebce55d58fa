"""One command per verb: parse, call `wetread.steps`, show. Exit codes: see `wetread.errors`."""

import json
import signal
import sys
from pathlib import Path
from typing import Annotated, Any

import typer

from wetread.cli.compare_command import compare
from wetread.cli.data_app import data_app
from wetread.cli.evaluate_command import evaluate
from wetread.cli.explain_command import explain
from wetread.cli.lab_command import lab
from wetread.cli.learn_command import learn
from wetread.cli.learning_curve_command import learning_curve
from wetread.cli.look_command import look
from wetread.cli.options import (
    Classes,
    Colour,
    Data,
    Finding,
    Frame,
    Json,
    LabelColumn,
    Labels,
    Laterality,
    Out,
    Overwrite,
    Quiet,
    Resume,
    Seed,
    Together,
    Window,
)
from wetread.cli.output import (
    prediction_line,
    read_box,
    refuse_unread,
    say,
    show_run,
    split_names,
    was_read,
    with_progress,
)
from wetread.cli.paper_command import paper
from wetread.cli.readers_command import readers
from wetread.cli.studio_command import studio
from wetread.cli.weights_app import weights_app
from wetread.errors import AskedToStop, WetreadError

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
app.add_typer(data_app, name="data")
app.add_typer(weights_app, name="weights")


@app.command()
def run(
    data: Data,
    labels: Labels = None,
    label_column: LabelColumn = None,
    out: Out = None,
    classes: Classes = None,
    finding: Finding = None,
    positive: Annotated[
        str | None,
        typer.Option(help="The class of two that sensitivity speaks of.", metavar="NAME", show_default=False),
    ] = None,
    window: Window = None,
    colour: Colour = None,
    frame: Frame = None,
    preset: Annotated[
        str, typer.Option(help="quick (seconds), standard (minutes) or best.", metavar="NAME")
    ] = "standard",
    seed: Seed = 0,
    device: Annotated[str, typer.Option(help="auto, cpu, cuda or cuda:N.")] = "auto",
    plan: Annotated[
        Path | None, typer.Option(help="Follow an edited plan.yaml.", metavar="FILE", show_default=False)
    ] = None,
    recipe: Annotated[
        str | None,
        typer.Option(
            help="Follow a published recipe to the letter: lakhani, carpentries, chexnet, chexnet-pneumonia, "
            "teachable-machine, fashion-mnist.",
            metavar="NAME",
            show_default=False,
        ),
    ] = None,
    backbone: Annotated[
        str | None,
        typer.Option(
            help="Weights to look through, as `wetread weights list` names them, or none. By default the best here.",
            metavar="NAME",
            show_default=False,
        ),
    ] = None,
    time_limit: Annotated[
        str | None,
        typer.Option(
            help="Training time to plan for: minutes, or 90s, 2h. A further division begins only if it can end in "
            "time; the first and the model are always finished, and --resume counts on.",
            metavar="TIME",
            show_default=False,
        ),
    ] = None,
    laterality: Laterality = None,
    settings: Annotated[
        list[str] | None,
        typer.Option(
            "--set",
            help="Change one decision of the plan, such as epochs=40. Can be repeated.",
            metavar="NAME=VALUE",
            show_default=False,
        ),
    ] = None,
    together: Together = None,
    subgroups: Annotated[
        list[str] | None,
        typer.Option(
            help="Columns whose groups are compared, such as sex,site. By default plausible ones are chosen.",
            metavar="NAMES",
            show_default=False,
        ),
    ] = None,
    title: Annotated[
        str,
        typer.Option(help="What heads the report; by default the name of DATA.", metavar="TEXT", show_default=False),
    ] = "",
    allow_leak: Annotated[
        bool,
        typer.Option("--allow-leak", help="Use a given split that leaks as it is; the headline will say so."),
    ] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Stop after the checks and the plan.")] = False,
    resume: Resume = False,
    overwrite: Overwrite = False,
    quiet: Quiet = False,
    as_json: Json = False,
) -> None:
    """The main job: check, split, plan, train, evaluate, explain, report."""
    from wetread import steps

    show_run(
        lambda listen: steps.run(
            data,
            labels=labels,
            label_column=label_column,
            out=out,
            classes=split_names(classes),
            finding=finding,
            positive=positive,
            window=window,
            colour=colour,
            frame=frame,
            preset=preset,
            seed=seed,
            device=device,
            plan=plan,
            recipe=recipe,
            backbone=backbone,
            time_limit=time_limit,
            laterality=laterality,
            settings=settings or (),
            together=together,
            subgroups=split_names(subgroups) or (),
            title=title,
            allow_leak=allow_leak,
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

    show_run(lambda listen: steps.demo(out, overwrite=overwrite, resume=resume, listen=listen), quiet, as_json)


@app.command()
def check(
    data: Data,
    labels: Labels = None,
    label_column: LabelColumn = None,
    out: Out = None,
    classes: Classes = None,
    finding: Finding = None,
    window: Window = None,
    colour: Colour = None,
    frame: Frame = None,
    together: Together = None,
    fix: Annotated[
        bool,
        typer.Option("--fix", help="Also write a mended table, its changes, and labels to look at again."),
    ] = False,
    review: Annotated[
        Path | None,
        typer.Option(help="label_review.csv with your decisions, to be followed.", metavar="FILE", show_default=False),
    ] = None,
    seed: Seed = 0,
    overwrite: Overwrite = False,
    quiet: Quiet = False,
    as_json: Json = False,
) -> None:
    """Audit only: look for known pitfalls, train nothing."""
    from wetread import steps

    show_run(
        lambda listen: steps.check(
            data,
            labels=labels,
            label_column=label_column,
            out=out,
            classes=split_names(classes),
            finding=finding,
            window=window,
            colour=colour,
            frame=frame,
            together=together,
            fix=fix,
            review=review,
            seed=seed,
            overwrite=overwrite,
            listen=listen,
        ),
        quiet,
        as_json,
    )


@app.command()
def show(
    data: Data,
    labels: Labels = None,
    label_column: LabelColumn = None,
    out: Annotated[Path | None, typer.Option(help="The file to write.", metavar="FILE", show_default=False)] = None,
    classes: Classes = None,
    finding: Finding = None,
    window: Window = None,
    colour: Colour = None,
    frame: Frame = None,
    png: Annotated[bool, typer.Option("--png", help="One picture instead of a page.")] = False,
    augmented: Annotated[
        bool,
        typer.Option("--augmented", help="What training makes of the pictures: changed copies, and why they change."),
    ] = False,
    plan: Annotated[
        Path | None,
        typer.Option(help="With --augmented: as in this plan.yaml.", metavar="FILE", show_default=False),
    ] = None,
    recipe: Annotated[
        str | None, typer.Option(help="With --augmented: as in this recipe.", metavar="NAME", show_default=False)
    ] = None,
    laterality: Laterality = None,
    settings: Annotated[
        list[str] | None,
        typer.Option(
            "--set",
            help="With --augmented: one range, such as rotation=15. Can be repeated.",
            metavar="NAME=VALUE",
            show_default=False,
        ),
    ] = None,
    seed: Seed = 0,
    quiet: Quiet = False,
    as_json: Json = False,
) -> None:
    """Look first: sample pictures per class, sizes, grey values, header facts; or what training makes of them."""
    from wetread import steps

    path = with_progress(
        lambda listen: steps.show(
            data,
            labels=labels,
            label_column=label_column,
            out=out,
            classes=split_names(classes),
            finding=finding,
            window=window,
            colour=colour,
            frame=frame,
            png=png,
            augmented=augmented,
            plan=plan,
            recipe=recipe,
            laterality=laterality,
            settings=settings or (),
            seed=seed,
            listen=listen,
        ),
        quiet,
    )
    say({"file": str(path)} if as_json else str(path), as_json)


@app.command()
def predict(
    model: Annotated[Path, typer.Argument(help="A run folder or a model folder.", metavar="MODEL", show_default=False)],
    images: Annotated[
        list[Path],
        typer.Argument(help="Images, or folders or .zip files of images.", metavar="IMAGES...", show_default=False),
    ],
    out: Out = None,
    quiet: Quiet = False,
    as_json: Json = False,
) -> None:
    """Classify images with a trained model."""
    from wetread import steps
    from wetread.outcome import DISCLAIMER

    rows = with_progress(lambda listen: steps.predict(model, images, out=out, listen=listen), quiet)
    if as_json and any(map(was_read, rows)):
        say({"predictions": rows, "use": DISCLAIMER}, True)
        return
    if not as_json:
        for row in rows:
            typer.echo(prediction_line(row))
    written = f"{out / 'predictions.csv'} was written." if out is not None else ""
    refuse_unread(rows, written)
    if written and not quiet:
        typer.echo(written, err=True)
    typer.echo(DISCLAIMER, err=True)


@app.command()
def report(
    run: Annotated[Path, typer.Argument(help="A run folder.", metavar="RUN", show_default=False)],
    as_json: Json = False,
) -> None:
    """Write the report of a finished run anew."""
    from wetread import steps

    path = steps.write_report(run)
    say({"report": str(path)} if as_json else str(path), as_json)


@app.command()
def export(
    data: Data,
    out: Annotated[
        Path | None, typer.Option("--out", "-o", help="The file to write.", metavar="FILE", show_default=False)
    ] = None,
    tm: Annotated[bool, typer.Option("--tm", help="As a Teachable Machine project.")] = False,
    labels: Labels = None,
    label_column: LabelColumn = None,
    classes: Classes = None,
    finding: Finding = None,
    window: Window = None,
    colour: Colour = None,
    frame: Frame = None,
    quiet: Quiet = False,
    as_json: Json = False,
) -> None:
    """Write a data set, or the one of a run, as a Teachable Machine project."""
    from wetread import steps

    path = with_progress(
        lambda listen: steps.export(
            data,
            out,
            tm=tm,
            labels=labels,
            label_column=label_column,
            classes=split_names(classes),
            finding=finding,
            window=window,
            colour=colour,
            frame=frame,
            listen=listen,
        ),
        quiet,
    )
    say({"file": str(path)} if as_json else str(path), as_json)


@app.command()
def deidentify(
    data: Data,
    out: Annotated[Path, typer.Argument(help="A new folder.", metavar="OUT", show_default=False)],
    blank: Annotated[
        list[str] | None,
        typer.Option(
            help="Overwrite these pixels in every image: LEFT,TOP,WIDTH,HEIGHT. Can be repeated.",
            metavar="BOX",
            show_default=False,
        ),
    ] = None,
    keep_dates: Annotated[bool, typer.Option("--keep-dates", help="Do not shift dates.")] = False,
    keep_device: Annotated[bool, typer.Option("--keep-device", help="Keep names of devices.")] = False,
    keep_columns: Annotated[
        list[str] | None,
        typer.Option(help="Columns of tables to take over as they are: A,B.", metavar="NAMES", show_default=False),
    ] = None,
    labels: Labels = None,
    secret: Annotated[
        Path | None,
        typer.Option(
            help="Where the secret of the pseudonyms is, or goes; else it is thrown away.",
            metavar="FILE",
            show_default=False,
        ),
    ] = None,
    mapping: Annotated[
        Path | None,
        typer.Option(
            help="Also write which original became which; whoever has it can undo everything.",
            metavar="FILE",
            show_default=False,
        ),
    ] = None,
    quiet: Quiet = False,
    as_json: Json = False,
) -> None:
    """Write a copy without names, dates and identifiers (DICOM Basic Profile)."""
    from wetread import steps

    boxes = [read_box(text) for text in blank or ()]
    outcome = with_progress(
        lambda listen: steps.deidentify(
            data,
            out,
            blank=boxes,
            keep_dates=keep_dates,
            keep_device=keep_device,
            keep_columns=split_names(keep_columns) or (),
            labels=labels,
            secret=secret,
            mapping=mapping,
            listen=listen,
        ),
        quiet,
    )
    if as_json:
        say({"folder": str(out), "copied": outcome.copied, "suspects": outcome.suspects, "notes": outcome.notes}, True)
    else:
        say(str(outcome), False)
    raise typer.Exit(outcome.exit_code)


@app.command()
def doctor(
    clear_cache: Annotated[
        bool, typer.Option("--clear-cache", help="Empty the cache of decoded pictures and of embeddings first.")
    ] = False,
    as_json: Json = False,
) -> None:
    """What works here: versions, device, every decoder tried, cache, disk."""
    from dataclasses import asdict

    from wetread import steps

    remarks = steps.doctor(clear_cache=clear_cache)
    if as_json:
        say({"remarks": [asdict(remark) for remark in remarks]}, True)
    else:
        from rich.console import Console

        from wetread.cli.console import doctor_view

        Console().print(doctor_view(remarks))


for verb in (explain, look, evaluate, compare, readers, learning_curve, paper, studio, learn, lab):
    app.command()(verb)


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
    raise AskedToStop


if __name__ == "__main__":
    main()
