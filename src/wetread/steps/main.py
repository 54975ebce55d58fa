"""The main job, its checks alone, the demonstration, and the report written anew."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from wetread.errors import InputError
from wetread.outcome import Run
from wetread.progress import Listener, silent
from wetread.request import Request, as_path, as_seconds, choose_out, join_view
from wetread.run_folder import CASES, FINISHED, HEATMAP_TESTS, REFUSAL, RunFolder
from wetread.steps.data import make_data

if TYPE_CHECKING:
    from wetread.dataset.review import Doubt


def run(
    data: str | Path,
    *,
    labels: str | Path | None = None,
    label_column: str | None = None,
    out: str | Path | None = None,
    classes: Sequence[str] | None = None,
    finding: str | None = None,
    positive: str | None = None,
    window: str | None = None,
    colour: str | Sequence[str] | None = None,
    frame: str | None = None,
    preset: str = "standard",
    seed: int = 0,
    device: str = "auto",
    plan: str | Path | None = None,
    recipe: str | None = None,
    backbone: str | None = None,
    time_limit: str | float | None = None,
    laterality: str | None = None,
    settings: Sequence[str] = (),
    together: str | None = None,
    subgroups: Sequence[str] = (),
    title: str = "",
    allow_leak: bool = False,
    dry_run: bool = False,
    resume: bool = False,
    overwrite: bool = False,
    listen: Listener = silent,
) -> Run:
    """The main job: check, split, plan, train, evaluate, explain, report.

    Args:
        data: A folder of class folders, of given splits, or with a labels table; a table; a .zip of one of these; a
            Teachable Machine project ``.tm``; a MedMNIST-like ``.npz``; an IDX file or a folder of them.
        labels: The table, where it is not found by itself.
        label_column: Its column that holds the labels, where that is not known by its name.
        out: The run folder; by default a new one below ``wetread-runs``.
        classes: Keep only these classes.
        finding: Tell this finding or class from everything else.
        positive: The class of two that sensitivity speaks of.
        window: How values become grey: a named window (brain, lung, bone ...), centre/width such as ``40/80``, several
            joined by ``+`` as colour channels, ``file``, ``percentiles`` or ``full``; by default chosen for the set.
        colour: Ranges of values painted over the window, such as ``red 50..95`` (Hounsfield units in CT).
        frame: Of files with several frames: middle, all or a number from 1.
        preset: quick (seconds), standard (minutes) or best.
        seed: The same seed repeats the run.
        device: auto, cpu, cuda or cuda:N.
        plan: An edited plan.yaml to follow.
        recipe: A published recipe to follow to the letter: lakhani, carpentries, chexnet, chexnet-pneumonia,
            teachable-machine, fashion-mnist.
        backbone: Weights in the weights home to look through, ``none`` for none; by default the best suited there.
        time_limit: Training time to plan for: minutes, or ``90s``, ``45min``, ``2h``.
        laterality: Does it matter which side of a picture is left? ``matters``, or ``free``, which allows mirroring.
        settings: Single decisions of the plan, such as ``epochs=40``.
        together: A column of the table, such as site: images that share its value stay on one side of every division.
        subgroups: Columns whose groups are compared, such as sex or site; by default plausible ones are chosen.
        title: What heads the report; by default the name of the data set.
        allow_leak: Use a given split as it is although patients or pictures stand on both sides; said in the headline.
        dry_run: Stop after the plan; nothing is trained.
        resume: Go on with a run that was stopped, with the data it began with. One that has finished is given back
            as it is.
        overwrite: Replace a run that stands in `out`; it stays as it was where the data cannot be used.
        listen: Is told about progress.

    Returns:
        The run, whose ``report`` is the page to read.

    Raises:
        InputError: The data cannot be used; the message says what to do.
        OutputError: The run folder cannot be written.
        Stopped: The user interrupted; ``resume`` goes on.
    """
    request = Request(
        Path(data),
        as_path(labels),
        tuple(classes) if classes else None,
        positive=positive,
        preset=preset,
        seed=seed,
        device=device,
        plan=as_path(plan),
        finding=finding,
        window=join_view(window, colour),
        frame=frame,
        label_column=label_column,
        allow_leak=allow_leak,
        together=together,
        recipe=recipe,
        backbone=backbone,
        time_limit=as_seconds(time_limit),
        laterality=laterality,
        settings=tuple(settings),
        subgroups=tuple(subgroups),
        title=title,
    )
    if dry_run:
        return _check(request, out, False, None, resume, overwrite, listen, planned=True)
    from wetread.main_job.explaining import load_what_explains, test_explanations
    from wetread.main_job.fitting import train
    from wetread.main_job.intake import check_asked, read_data
    from wetread.main_job.numbers import evaluate_run
    from wetread.main_job.pages import explain, save_model, write_run_report
    from wetread.main_job.preparation import prepare
    from wetread.main_job.refusing import fit_refusal
    from wetread.main_job.resuming import find_finished
    from wetread.main_job.session import may_be_left_out, working_in

    request.validate()
    check_asked(request)
    place = choose_out(out, request, resume)
    if resume and not overwrite and (finished := find_finished(place, request, listen)) is not None:
        return finished
    folder = RunFolder.create(place, overwrite=overwrite, resume=resume)
    with working_in(folder, request, listen) as tell:
        prepared = prepare(request, read_data(request, folder, tell), folder, tell, run=True)
        found = [one.as_dict() for one in prepared.findings]
        trained = train(prepared, folder, tell)
        load_what_explains(prepared.plan)
        with may_be_left_out(folder, tell, REFUSAL, ("refusal.json", "refusal.csv")):
            trained.final.refusal = fit_refusal(prepared, trained, folder, tell)
        numbers, predictions = evaluate_run(prepared, trained, folder, tell, subgroups=request.subgroups)
        with may_be_left_out(folder, tell, CASES, ("heatmaps/index.json",)):
            explain(prepared, trained, predictions, folder, tell)
        with may_be_left_out(folder, tell, HEATMAP_TESTS, ("explanations.json",)):
            test_explanations(prepared, trained, predictions, folder, tell)
        save_model(prepared, trained, numbers, folder)
        write_run_report(folder, prepared.table, tell)
        return Run(folder.path, numbers, found, prepared.gate, folder.find_json("trust.json") or [])


def check(
    data: str | Path,
    *,
    labels: str | Path | None = None,
    label_column: str | None = None,
    out: str | Path | None = None,
    classes: Sequence[str] | None = None,
    finding: str | None = None,
    window: str | None = None,
    colour: str | Sequence[str] | None = None,
    frame: str | None = None,
    together: str | None = None,
    fix: bool = False,
    review: str | Path | None = None,
    seed: int = 0,
    resume: bool = False,
    overwrite: bool = False,
    listen: Listener = silent,
) -> Run:
    """Audit only: reads the data, looks for known pitfalls, trains nothing.

    Args:
        data: As for `run`.
        labels: As for `run`.
        label_column: As for `run`.
        out: Where images.csv and findings.json go; by default a new folder below ``wetread-runs``.
        classes: Keep only these classes.
        finding: As for `run`.
        window: As for `run`.
        colour: As for `run`.
        frame: As for `run`.
        together: As for `run`.
        fix: Also write a mended table (labels_fixed.csv), each change with its reason (changes.csv) and labels to look
            at again (label_review.csv). Images are never touched.
        review: label_review.csv with your decisions, to be followed by `fix`.
        seed: Of the division on which file properties are tested.
        resume: Accepts a folder in which a run was stopped.
        overwrite: Replace a run that stands in `out`; it stays as it was where the data cannot be used.
        listen: Is told about progress.

    Returns:
        A run without numbers.

    Raises:
        InputError: The data cannot be used.
        OutputError: The folder cannot be written.
        Stopped: The user interrupted.
    """
    request = Request(
        Path(data),
        as_path(labels),
        tuple(classes) if classes else None,
        seed=seed,
        device="cpu",  # nothing is trained, and looking for an accelerator would load torch
        finding=finding,
        window=join_view(window, colour),
        frame=frame,
        label_column=label_column,
        together=together,
    )
    return _check(request, out, fix or review is not None, as_path(review), resume, overwrite, listen)


def _check(
    request: Request,
    out: str | Path | None,
    fix: bool,
    review: Path | None,
    resume: bool,
    overwrite: bool,
    listen: Listener,
    *,
    planned: bool = False,
) -> Run:
    from wetread.dataset.review import read_review
    from wetread.main_job.intake import check_asked, read_data
    from wetread.main_job.pages import write_check_report
    from wetread.main_job.preparation import check_several, prepare, write_fixes
    from wetread.main_job.resuming import find_finished
    from wetread.main_job.session import working_in

    request.validate()
    check_asked(request)
    place = choose_out(out, request, resume)
    if resume and not overwrite and (finished := find_finished(place, request, listen)) is not None:
        return finished
    folder = RunFolder.create(place, overwrite=overwrite, resume=resume)
    with working_in(folder, request, listen) as tell:
        read = read_data(request, folder, tell)
        # Before anything is written: the review may lie in the folder that is replaced.
        decisions = read_review(review, read.table.classes) if review is not None else {}
        if read.table.multi and not planned:
            findings, verdict = check_several(read, folder, tell)
            doubts: list[Doubt] = []
        else:
            prepared = prepare(request, read, folder, tell)
            findings, verdict, doubts = prepared.findings, prepared.gate, prepared.doubts
        if fix:
            write_fixes(read, doubts, decisions, folder, tell)
        write_check_report(read.table, verdict, folder, tell)
        return Run(folder.path, {}, [one.as_dict() for one in findings], verdict)


def demo(
    out: str | Path = "wetread-demo", *, overwrite: bool = False, resume: bool = False, listen: Listener = silent
) -> Run:
    """Makes the embedded data set below `out` and runs the main job on it."""
    out = Path(out)
    if not (out / "phantoms" / "labels.csv").is_file():
        make_data("chest-effusion", out / "phantoms", listen=listen)
    return run(out / "phantoms", out=out / "run", overwrite=overwrite, resume=resume, listen=listen)


def write_report(folder: str | Path) -> Path:
    """Writes report.html of a finished run anew, from the files of its folder.

    Raises:
        InputError: The folder holds no finished run.
    """
    from wetread.report.html import write_page

    run_folder = RunFolder.open(Path(folder))
    if run_folder.read_json("run.json").get("status") != FINISHED:
        raise InputError(
            f"The run in {run_folder.path} has not finished, so there is nothing to report.",
            remedy="Go on with it with wetread run --resume, then repeat the command.",
            file=run_folder.path,
            code="not-finished",
        )
    return write_page(run_folder)
