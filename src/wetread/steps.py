"""The verbs: each wires rooms and fills the run folder. Shells (command line, notebook) call these and nothing else.

Heavy rooms are imported inside the function that needs them, so that `import wetread` and `--help` stay light.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from wetread.errors import InputError
from wetread.main_job import (
    evaluate_run,
    explain,
    prepare,
    save_model,
    train,
    working_in,
    write_check_report,
    write_run_report,
)
from wetread.outcome import Run
from wetread.progress import Listener, StepAdvanced, StepFinished, StepStarted, silent
from wetread.request import Request, as_path, choose_out, name_of, unpacked
from wetread.run_folder import RunFolder

if TYPE_CHECKING:
    from wetread.model.classifier import Classifier


def run(
    data: str | Path,
    *,
    labels: str | Path | None = None,
    out: str | Path | None = None,
    classes: Sequence[str] | None = None,
    positive: str | None = None,
    preset: str = "standard",
    seed: int = 0,
    device: str = "auto",
    plan: str | Path | None = None,
    dry_run: bool = False,
    resume: bool = False,
    overwrite: bool = False,
    listen: Listener = silent,
) -> Run:
    """The main job: check, split, plan, train, evaluate, explain, report.

    Args:
        data: A folder of class folders, of given splits, or with a labels table; a table; a .zip of one of these.
        labels: The table, where it is not found by itself.
        out: The run folder; by default a new one below ``wetread-runs``.
        classes: Keep only these classes.
        positive: The class of two that sensitivity speaks of.
        preset: quick, standard or best.
        seed: The same seed repeats the run.
        device: auto, cpu, cuda or cuda:N.
        plan: An edited plan.yaml to follow.
        dry_run: Stop after the plan; nothing is trained.
        resume: Go on with a run that was stopped.
        overwrite: Replace a run that stands in `out`.
        listen: Is told about progress.

    Returns:
        The run, whose ``report`` is the page to read.

    Raises:
        InputError: The data cannot be used; the message says what to do.
        OutputError: The run folder cannot be written.
        Stopped: The user interrupted; ``resume`` goes on.
    """
    request = Request(
        Path(data), as_path(labels), tuple(classes) if classes else None, positive, preset, seed, device, as_path(plan)
    )
    request.validate()
    with unpacked(request) as ready:
        folder = RunFolder.create(choose_out(out, request, resume), overwrite=overwrite, resume=resume)
        with working_in(folder, ready, listen) as tell:
            prepared = prepare(ready, folder, tell)
            if dry_run:
                write_check_report(prepared, folder, tell)
                return Run(folder.path, {}, [finding.as_dict() for finding in prepared.findings], prepared.gate)
            trained = train(prepared, folder, tell)
            numbers, predictions = evaluate_run(prepared, trained, folder, tell)
            explain(prepared, trained, predictions, folder, tell)
            save_model(prepared, trained, numbers, folder)
            write_run_report(folder, prepared.table, tell)
            return Run(folder.path, numbers, [finding.as_dict() for finding in prepared.findings], prepared.gate)


def check(
    data: str | Path,
    *,
    labels: str | Path | None = None,
    out: str | Path | None = None,
    classes: Sequence[str] | None = None,
    seed: int = 0,
    resume: bool = False,
    overwrite: bool = False,
    listen: Listener = silent,
) -> Run:
    """Audit only: reads the data, looks for known pitfalls, trains nothing.

    Args:
        data: As for `run`.
        labels: As for `run`.
        out: Where images.csv and findings.json go; by default a new folder below ``wetread-runs``.
        classes: Keep only these classes.
        seed: Of the division on which file properties are tested.
        resume: Accepts a folder in which a run was stopped.
        overwrite: Replace a run that stands in `out`.
        listen: Is told about progress.

    Returns:
        A run without numbers.

    Raises:
        InputError: The data cannot be used.
        OutputError: The folder cannot be written.
        Stopped: The user interrupted.
    """
    return run(
        data,
        labels=labels,
        out=out,
        classes=classes,
        seed=seed,
        device="cpu",  # nothing is trained, and looking for an accelerator would load torch
        dry_run=True,
        resume=resume,
        overwrite=overwrite,
        listen=listen,
    )


def write_report(folder: str | Path) -> Path:
    """Writes report.html of a finished run anew, from the files of its folder.

    Raises:
        InputError: The folder holds no finished run.
    """
    from wetread.report.html import write_page

    run_folder = RunFolder.open(Path(folder))
    return write_page(run_folder)


def show(
    data: str | Path,
    *,
    labels: str | Path | None = None,
    out: str | Path | None = None,
    classes: Sequence[str] | None = None,
    png: bool = False,
    seed: int = 0,
    listen: Listener = silent,
) -> Path:
    """Look first: sample pictures per class side by side, sizes, grey values and header facts.

    Args:
        data: As for `run`.
        labels: As for `run`.
        out: The file to write; by default ``<name>-show.html`` (or ``.png``) here.
        classes: Keep only these classes.
        png: One picture instead of a page.
        seed: Of the sample.
        listen: Is told about progress.

    Returns:
        The file written.
    """
    from wetread.dataset.groups import assign_patients
    from wetread.dataset.reading import read_images
    from wetread.dataset.scan import scan
    from wetread.report.look import write_look

    request = Request(Path(data), as_path(labels), tuple(classes) if classes else None)
    with unpacked(request) as ready:
        table = scan(ready.data, labels=ready.labels, classes=ready.classes)
        listen(StepStarted("read", "Reading images", len(table.rows)))
        started = time.perf_counter()
        read_images(table, listen=listen)
        assign_patients(table)
        listen(StepFinished("read", time.perf_counter() - started))
        name = f"{name_of(request.data)}-show.{'png' if png else 'html'}"
        return write_look(table, Path(out) if out else Path(name), name_of(request.data), seed)


def predict(
    model: str | Path,
    images: str | Path | Sequence[str | Path],
    *,
    out: str | Path | None = None,
    listen: Listener = silent,
) -> list[dict[str, Any]]:
    """Classifies images with a model folder or run folder.

    Args:
        model: A run folder or a model folder.
        images: One image, a folder of images, or several of either.
        out: A folder that gets predictions.csv.
        listen: Is told about progress.

    Returns:
        One dict per image: image, predicted, ``p_<class>``, reason (empty unless it could not be read).

    Raises:
        ModelRejected: The model is damaged.
        InputError: There are no images.
    """
    from wetread.dataset.scan import walk
    from wetread.images.decoder import Decoder
    from wetread.model.classifier import load_classifier
    from wetread.model.predict import predict_files

    given = [images] if isinstance(images, str | Path) else list(images)
    paths = [found for one in map(Path, given) for found in (sorted(walk(one)) if one.is_dir() else [one])]
    if not paths:
        raise InputError(
            "There are no images to predict.", remedy="Give files or a folder of images.", code="no-images"
        )
    classifier = load_classifier(Path(model))
    listen(StepStarted("predict", "Predicting", len(paths)))
    started = time.perf_counter()
    with Decoder() as decoder:
        rows = predict_files(classifier, paths, decoder, lambda n: listen(StepAdvanced("predict", n, len(paths))))
    listen(StepFinished("predict", time.perf_counter() - started, f"{len(rows)} images"))
    if out is not None:
        from wetread.dataset.table import quote_formula

        columns = list(rows[0])
        cells = [[quote_formula(value) if isinstance(value, str) else value for value in row.values()] for row in rows]
        RunFolder(Path(out)).write_table("predictions.csv", columns, cells)
    return rows


def load(model: str | Path) -> Classifier:
    """Loads a classifier from a run folder or model folder; see `wetread.model.classifier.Classifier`."""
    from wetread.model.classifier import load_classifier

    return load_classifier(Path(model))


def make_data(
    folder: str | Path, *, images: int = 200, patients: int = 120, seed: int = 2026, listen: Listener = silent
) -> Path:
    """Makes the embedded data set: simulated chest radiographs with and without pleural effusion, as DICOM.

    Args:
        folder: A new or empty folder.
        images: How many.
        patients: Of how many patients.
        seed: The same seed gives the same files, byte by byte.
        listen: Is told about progress.

    Returns:
        The folder, ready for `run`.
    """
    from wetread.phantoms.dataset import make_chest_effusion

    folder = Path(folder)
    if folder.exists() and any(folder.iterdir()) and not (folder / "labels.csv").is_file():
        raise InputError(f"{folder} holds other files.", remedy="Choose a new folder.", file=folder, code="not-empty")
    listen(StepStarted("make", "Rendering phantoms", images))
    started = time.perf_counter()
    make_chest_effusion(
        folder,
        images=images,
        patients=patients,
        seed=seed,
        progress=lambda done, total: listen(StepAdvanced("make", done, total)),
    )
    listen(StepFinished("make", time.perf_counter() - started, f"{images} images of {patients} patients"))
    return folder


def demo(
    out: str | Path = "wetread-demo", *, overwrite: bool = False, resume: bool = False, listen: Listener = silent
) -> Run:
    """Makes the embedded data set below `out` and runs the main job on it."""
    out = Path(out)
    if not (out / "phantoms" / "labels.csv").is_file():
        make_data(out / "phantoms", listen=listen)
    return run(out / "phantoms", out=out / "run", overwrite=overwrite, resume=resume, listen=listen)
