"""Data sets looked at or written, without a run."""

from __future__ import annotations

import time
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from wetread.errors import InputError
from wetread.outcome import counted
from wetread.progress import Listener, StepFinished, StepStarted, silent
from wetread.request import Request, as_path, join_view, name_of
from wetread.run_folder import RunFolder

if TYPE_CHECKING:
    from wetread.dataset.table import Table


def show(
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
    png: bool = False,
    augmented: bool = False,
    plan: str | Path | None = None,
    recipe: str | None = None,
    laterality: str | None = None,
    settings: Sequence[str] = (),
    seed: int = 0,
    listen: Listener = silent,
) -> Path:
    """Look first: sample pictures per class side by side, sizes, grey values and header facts.

    Args:
        data: As for `run`.
        labels: As for `run`.
        label_column: As for `run`.
        out: The file to write; by default ``<name>-show.html`` (or ``.png``) here.
        classes: Keep only these classes.
        finding: As for `run`.
        window: As for `run`.
        colour: As for `run`.
        frame: As for `run`.
        png: One picture instead of a page.
        augmented: Show what training makes of the pictures: changed copies, with the range and reason of each change.
        plan: As for `run`; for ``augmented``.
        recipe: As for `run`; for ``augmented``.
        laterality: As for `run`; for ``augmented``.
        settings: As for `run`; for ``augmented``.
        seed: Of the sample.
        listen: Is told about progress.

    Returns:
        The file written.

    Raises:
        InputError: The data cannot be used, or the plan cannot be followed.
        OutputError: The file cannot be written.
    """
    from wetread.dataset.groups import assign_patients
    from wetread.main_job.intake import check_asked

    request = Request(
        Path(data), seed=seed, plan=as_path(plan), recipe=recipe, laterality=laterality, settings=tuple(settings)
    )
    request.validate()
    check_asked(request)
    wishes = {"--plan": plan, "--recipe": recipe, "--laterality": laterality, "--set": settings}
    if not augmented and any(wishes.values()):
        given = next(name for name, value in wishes.items() if value)
        raise InputError(
            f"{given} decides how pictures are changed in training.", remedy="Add --augmented.", code="usage"
        )
    table = _read(data, labels, label_column, classes, finding, join_view(window, colour), frame, listen)
    assign_patients(table)
    name = name_of(Path(data))
    kind = "augmented" if augmented else "show"
    path = Path(out) if out else Path(f"{name}-{kind}.{'png' if png else 'html'}")
    if augmented:
        return _show_augmented(table, request, path, name)
    from wetread.report.look import write_look

    return write_look(table, path, name, seed)


def _show_augmented(table: Table, request: Request, path: Path, name: str) -> Path:
    """Plans as a run would, and draws the copies that its network would see."""
    from dataclasses import replace

    from wetread.dataset.findings import label_matrix
    from wetread.dataset.groups import assign_groups
    from wetread.report.augmented import write_augmented
    from wetread.training.measure import measure
    from wetread.training.plan import make_plan
    from wetread.training.plan_file import read_plan, set_decisions, with_options
    from wetread.training.preview import make_previews
    from wetread.training.recipes import recipe_path
    from wetread.training.rules import Asked

    rows = [row for row in table.used if row.picture is not None]
    if not rows:
        raise InputError("No labelled picture was read.", remedy="See wetread show DATA.", code="no-images")
    assign_groups(rows, [], None)
    labels = label_matrix(rows, table.classes) if table.multi else None
    measured = measure(table, rows, table.classes, [], labels=labels, laterality=request.laterality)
    # Nothing is divided here, so a class that is too rare for folds may be looked at all the same.
    measured = replace(measured, smallest_class=max(2, measured.smallest_class))
    planned = make_plan(measured, Asked(request.preset, request.seed))
    recipe = recipe_path(request.recipe) if request.recipe else None
    followed = read_plan(recipe, planned, settle=False) if recipe else planned
    if request.plan:
        typed = ["laterality"] if request.laterality else []
        followed = with_options(read_plan(request.plan, followed, settle=False), planned, typed)
    followed = set_decisions(followed, request.settings, planned, follows=request.plan or recipe)
    return write_augmented(make_previews(rows, followed), followed, path, name)


def export(
    data: str | Path,
    out: str | Path | None = None,
    *,
    tm: bool = False,
    labels: str | Path | None = None,
    label_column: str | None = None,
    classes: Sequence[str] | None = None,
    finding: str | None = None,
    window: str | None = None,
    colour: str | Sequence[str] | None = None,
    frame: str | None = None,
    listen: Listener = silent,
) -> Path:
    """Writes a data set as a Teachable Machine project, which that web page and wetread open again.

    Args:
        data: As for `run`; or a run folder, whose pictures must still be in the cache.
        out: The file to write; by default ``<name>.tm`` here.
        tm: What to write; there is nothing else yet.
        labels: As for `run`.
        label_column: As for `run`.
        classes: As for `run`.
        finding: As for `run`.
        window: As for `run`.
        colour: As for `run`.
        frame: As for `run`.
        listen: Is told about progress.

    Returns:
        The file written: squares of 224 pixels, JPEG, names of classes and nothing else of the originals.

    Raises:
        InputError: The data cannot be used.
        OutputError: The file cannot be written.
    """
    from wetread.dataset.teachable_machine import write_project

    if not tm:
        raise InputError("Say what to write.", remedy="--tm writes a Teachable Machine project.", code="usage")
    if (Path(data) / "images.csv").is_file() and (Path(data) / "run.json").is_file():
        from wetread.dataset.rebuild import rebuild_table

        table = rebuild_table(RunFolder.open(Path(data)))
    else:
        table = _read(data, labels, label_column, classes, finding, join_view(window, colour), frame, listen)
    if table.multi:
        raise InputError(
            "In a Teachable Machine project a picture has one class, and here it can have several findings.",
            remedy="Ask for one of them with --finding.",
            code="multi-label",
        )
    rows = [row for row in table.used if row.picture is not None]
    path = Path(out) if out is not None else Path(f"{name_of(Path(data))}.tm")
    listen(StepStarted("export", "Writing the project", len(rows)))
    started = time.perf_counter()
    settings = {name: value for name, value in table.provenance.items() if isinstance(value, int | float)}
    ordered = sorted(rows, key=lambda row: row.label)
    write_project(path, ((row.label, row.picture) for row in ordered if row.picture is not None), settings=settings)
    listen(StepFinished("export", time.perf_counter() - started, counted(len(rows), "picture")))
    return path


def _read(
    data: str | Path,
    labels: str | Path | None,
    label_column: str | None,
    classes: Sequence[str] | None,
    finding: str | None,
    window: str | None,
    frame: str | None,
    listen: Listener,
) -> Table:
    """Lists and decodes a data set outside a run."""
    from wetread.dataset.reading import read_images
    from wetread.dataset.scan import scan
    from wetread.images.cache import default_cache
    from wetread.images.decoder import Decoder

    with Decoder(cache=default_cache()) as decoder:
        decoder.start()
        table = scan(Path(data), labels=as_path(labels), label_column=label_column, classes=classes, finding=finding)
        listen(StepStarted("read", "Reading images", len(table.rows)))
        started = time.perf_counter()
        view, reason = read_images(table, window=window, frame=frame or "middle", decoder=decoder, listen=listen)
    table.notes.append(f"Grey values: {view} ({reason}).")
    listen(StepFinished("read", time.perf_counter() - started))
    return table
