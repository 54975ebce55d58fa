"""The verbs: each wires rooms and fills the run folder. Shells (command line, notebook) call these and nothing else.

Heavy rooms are imported inside the function that needs them, so that `import wetread` and `--help` stay light.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from wetread.errors import InputError
from wetread.outcome import Run
from wetread.progress import Listener, StepAdvanced, StepFinished, StepStarted, silent
from wetread.request import Request, as_path, as_seconds, choose_out, join_view, name_of
from wetread.run_folder import RunFolder

if TYPE_CHECKING:
    from wetread.dataset.review import Doubt
    from wetread.dataset.table import Table
    from wetread.examination import Remark
    from wetread.model.classifier import Classifier
    from wetread.phantoms.catalogue import PhantomSet
    from wetread.privacy.outcome import Outcome
    from wetread.public_sets.public_set import PublicSet
    from wetread.weights.get import Offer
    from wetread.weights.read import Arrays
    from wetread.weights.shelf import Shelf
    from wetread.weights.stored import StoredWeights


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
        allow_leak: Use a given split as it is although patients or pictures stand on both sides; said in the headline.
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
    )
    if dry_run:
        return _check(request, out, False, None, resume, overwrite, listen)
    from wetread.main_job.fitting import train
    from wetread.main_job.intake import read_data
    from wetread.main_job.numbers import evaluate_run
    from wetread.main_job.pages import explain, save_model, write_run_report
    from wetread.main_job.preparation import prepare
    from wetread.main_job.session import working_in

    request.validate()
    folder = RunFolder.create(choose_out(out, request, resume), overwrite=overwrite, resume=resume)
    with working_in(folder, request, listen) as tell:
        prepared = prepare(request, read_data(request, folder, tell), folder, tell)
        found = [one.as_dict() for one in prepared.findings]
        trained = train(prepared, folder, tell)
        numbers, predictions = evaluate_run(prepared, trained, folder, tell)
        explain(prepared, trained, predictions, folder, tell)
        save_model(prepared, trained, numbers, folder)
        write_run_report(folder, prepared.table, tell)
        return Run(folder.path, numbers, found, prepared.gate)


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
        overwrite: Replace a run that stands in `out`.
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
) -> Run:
    from wetread.main_job.intake import read_data
    from wetread.main_job.pages import write_check_report
    from wetread.main_job.preparation import check_several, prepare, write_fixes
    from wetread.main_job.session import working_in

    request.validate()
    folder = RunFolder.create(choose_out(out, request, resume), overwrite=overwrite, resume=resume)
    with working_in(folder, request, listen) as tell:
        read = read_data(request, folder, tell)
        if read.table.multi:
            findings, verdict = check_several(read, folder, tell)
            doubts: list[Doubt] = []
        else:
            prepared = prepare(request, read, folder, tell)
            findings, verdict, doubts = prepared.findings, prepared.gate, prepared.doubts
        if fix:
            write_fixes(read, doubts, review, folder, tell)
        write_check_report(read.table, verdict, folder, tell)
        return Run(folder.path, {}, [one.as_dict() for one in findings], verdict)


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

    request = Request(Path(data), seed=seed, plan=as_path(plan), recipe=recipe, laterality=laterality)
    request.validate()
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
        return _show_augmented(table, request, tuple(settings), path, name)
    from wetread.report.look import write_look

    return write_look(table, path, name, seed)


def _show_augmented(table: Table, request: Request, settings: tuple[str, ...], path: Path, name: str) -> Path:
    """Plans as a run would, and draws the copies that its network would see."""
    from dataclasses import replace

    from wetread.dataset.findings import label_matrix
    from wetread.dataset.groups import assign_groups
    from wetread.report.augmented import write_augmented
    from wetread.training.measure import measure
    from wetread.training.plan import make_plan
    from wetread.training.plan_file import read_plan, set_decisions
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
    followed = read_plan(recipe_path(request.recipe), planned) if request.recipe else planned
    followed = read_plan(request.plan, followed) if request.plan else followed
    followed = set_decisions(followed, settings, planned)
    return write_augmented(make_previews(rows, followed), followed, path, name)


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

    table = scan(Path(data), labels=as_path(labels), label_column=label_column, classes=classes, finding=finding)
    listen(StepStarted("read", "Reading images", len(table.rows)))
    started = time.perf_counter()
    view, reason = read_images(table, window=window, frame=frame or "middle", cache=default_cache(), listen=listen)
    table.notes.append(f"Grey values: {view} ({reason}).")
    listen(StepFinished("read", time.perf_counter() - started))
    return table


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
        images: One image, a folder or .zip of images, or several of these.
        out: A folder that gets predictions.csv.
        listen: Is told about progress.

    Returns:
        One dict per image: image, predicted, ``p_<class>``, reason (empty unless it could not be read).

    Raises:
        ModelRejected: The model is damaged.
        InputError: There are no images.
    """
    from wetread.dataset.listing import sources_in
    from wetread.images.cache import default_cache
    from wetread.images.decoder import Decoder
    from wetread.model.classifier import load_classifier
    from wetread.model.predict import predict_files

    given = [images] if isinstance(images, str | Path) else list(images)
    sources = [source for one in given for source in sources_in(Path(one))]
    if not sources:
        raise InputError(
            "There are no images to predict.", remedy="Give files or a folder of images.", code="no-images"
        )
    classifier = load_classifier(Path(model))
    listen(StepStarted("predict", "Predicting", len(sources)))
    started = time.perf_counter()
    with Decoder(cache=default_cache()) as decoder:
        rows = predict_files(classifier, sources, decoder, lambda n: listen(StepAdvanced("predict", n, len(sources))))
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
    listen(StepFinished("export", time.perf_counter() - started, f"{len(rows)} pictures"))
    return path


def list_data() -> tuple[list[PublicSet], list[PhantomSet]]:
    """The public sets that `get_data` fetches and the phantoms that `make_data` makes."""
    from wetread.phantoms.catalogue import PHANTOMS
    from wetread.public_sets.get import list_sets

    return list_sets(), list(PHANTOMS.values())


def get_data(
    name: str,
    folder: str | Path | None = None,
    *,
    accept: Callable[[PublicSet], bool] | None = None,
    parts: int | None = None,
    listen: Listener = silent,
) -> Path:
    """Fetches a public data set; see `wetread.public_sets.get.get_set`, which this calls.

    Args:
        name: As `list_data` names it.
        folder: Where data sets go; by default the user's own data folder.
        accept: Is shown licence and size, and says whether to go on; None: the caller has read them.
        parts: How many archives of a set that comes in several.
        listen: Is told about progress.

    Returns:
        What `run` takes.
    """
    from wetread.public_sets.get import get_set

    return get_set(name, folder, accept=accept, parts=parts, listen=listen)


def make_data(
    name: str,
    folder: str | Path | None = None,
    *,
    images: int | None = None,
    patients: int | None = None,
    seed: int = 2026,
    knobs: Mapping[str, float] | None = None,
    listen: Listener = silent,
) -> Path:
    """Makes a set of phantoms: simulated images with known truth, as DICOM with masks and a table.

    Args:
        name: chest-effusion, chest, chest-abdomen, head-ct or traps; `list_data` tells more.
        folder: A new or empty folder; by default one of that name here.
        images: How many; by default what suits the set.
        patients: Of how many patients.
        seed: The same seed gives the same files, byte by byte.
        knobs: By name; what is not named keeps its default.
        listen: Is told about progress.

    Returns:
        The folder, ready for `run`.

    Raises:
        InputError: There is no such set or knob, a number does not fit, or the folder holds other files.
    """
    from wetread.phantoms.catalogue import make_phantoms

    folder = Path(name if folder is None else folder)
    made_before = any((folder / table).is_file() for table in ("labels.csv", "traps.csv"))
    if folder.exists() and any(folder.iterdir()) and not made_before:
        raise InputError(f"{folder} holds other files.", remedy="Choose a new folder.", file=folder, code="not-empty")
    listen(StepStarted("make", "Rendering phantoms", images))
    started = time.perf_counter()
    total = 0

    def tell(done: int, of: int) -> None:
        nonlocal total
        total = of
        listen(StepAdvanced("make", done, of))

    make_phantoms(name, folder, images=images, patients=patients, seed=seed, knobs=knobs, progress=tell)
    listen(StepFinished("make", time.perf_counter() - started, f"{total} images"))
    return folder


def deidentify(
    data: str | Path,
    out: str | Path,
    *,
    blank: Sequence[tuple[int, int, int, int]] = (),
    keep_dates: bool = False,
    keep_device: bool = False,
    keep_columns: Sequence[str] = (),
    labels: str | Path | None = None,
    secret: str | Path | None = None,
    mapping: str | Path | None = None,
    listen: Listener = silent,
) -> Outcome:
    """Writes a de-identified copy of a data set by the Basic Profile (PS3.15 annex E). The originals are not touched.

    Args:
        data: A folder, a .zip or one file.
        out: A new folder.
        blank: Rectangles of pixels to overwrite in every image: left, top, width, height.
        keep_dates: Keep dates; by default those of a patient are shifted by a constant number of days.
        keep_device: Keep names and serial numbers of devices.
        keep_columns: Columns of tables to take over as they are.
        labels: A table of labels outside the folder.
        secret: The file that holds the secret of the pseudonyms, or will hold it; by default it is thrown away.
        mapping: A file to write that tells originals and new names; whoever has it can undo everything.
        listen: Is told about progress.

    Returns:
        What became of every file, and which images may show text in their pixels.

    Raises:
        InputError: There is nothing to do, or the places are mixed up.
        OutputError: A file cannot be written.
        Stopped: The user interrupted.
    """
    from wetread.privacy.folder import deidentify_folder

    return deidentify_folder(
        Path(data),
        Path(out),
        blank=tuple(blank),
        keep_dates=keep_dates,
        keep_device=keep_device,
        keep_columns=keep_columns,
        labels=as_path(labels),
        secret=as_path(secret),
        mapping=as_path(mapping),
        listen=listen,
    )


def doctor(*, clear_cache: bool = False) -> list[Remark]:
    """Examines this installation: versions, device, decoders (each is tried), cache, disk.

    Args:
        clear_cache: Empty the cache of decoded pictures first.
    """
    from wetread import examination

    if clear_cache:
        examination.clear_cache()
    return examination.examine()


def demo(
    out: str | Path = "wetread-demo", *, overwrite: bool = False, resume: bool = False, listen: Listener = silent
) -> Run:
    """Makes the embedded data set below `out` and runs the main job on it."""
    out = Path(out)
    if not (out / "phantoms" / "labels.csv").is_file():
        make_data("chest-effusion", out / "phantoms", listen=listen)
    return run(out / "phantoms", out=out / "run", overwrite=overwrite, resume=resume, listen=listen)


def list_weights() -> Shelf:
    """Pretrained weights: those that lie here, those that `get_weights` fetches, and those it leaves to others."""
    from wetread.weights.shelf import look_at_shelf

    return look_at_shelf()


def get_weights(
    name: str, *, accept: Callable[[Offer], bool] | None = None, listen: Listener = silent
) -> StoredWeights:
    """Fetches pretrained weights; see `wetread.weights.get.get_weights`, which this calls.

    Args:
        name: As `list_weights` names it; any model of timm with its tag; or ``owner/name`` on the Hugging Face hub.
        accept: Is shown licence, size and source, and says whether to go on; None: the caller has read them.
        listen: Is told about progress.

    Returns:
        The weights, which lie in the weights home from now on.
    """
    from wetread.weights.get import get_weights as get

    return get(name, accept=accept, check=_explain_mismatch, listen=listen)


def import_weights(
    path: str | Path,
    *,
    name: str | None = None,
    network: str | None = None,
    licence: str | None = None,
    listen: Listener = silent,
) -> StoredWeights:
    """Takes weights from a file, a folder or a .zip; needs no internet. The original is left as it is.

    Args:
        path: A safetensors or PyTorch file; a folder or .zip with one; a Teachable Machine export.
        name: What to call them; by default a name of `list_weights`, or that of the file.
        network: The architecture, as timm calls it, where nothing beside the tensors says so.
        licence: Its name, where it is known.
        listen: Is told about progress.

    Returns:
        The weights, which lie in the weights home from now on.

    Raises:
        InputError: The file holds no weights, would run code, or belongs to another network.
        OutputError: The weights home cannot be written.
    """
    from wetread.weights.importing import import_file

    return import_file(Path(path), name=name, network=network, licence=licence, check=_explain_mismatch, listen=listen)


def _explain_mismatch(network: str, options: Mapping[str, Any], arrays: Arrays) -> str:
    # The room of the weights stands below that of the networks, and is told instead of asking.
    from wetread.model.networks import explain_mismatch

    return explain_mismatch(network, dict(options), arrays)
