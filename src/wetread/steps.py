"""The verbs: each wires rooms and fills the run folder. Shells (command line, notebook) call these and nothing else.

Heavy rooms are imported inside the function that needs them, so that `import wetread` and `--help` stay light.
"""

from __future__ import annotations

import hashlib
import json
import shutil
import tempfile
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from wetread.errors import InputError, Stopped, WetreadError
from wetread.outcome import Run
from wetread.progress import (
    EpochDone,
    Event,
    FoldLoaded,
    Listener,
    PlanMade,
    RunFinished,
    StepAdvanced,
    StepFinished,
    StepStarted,
    silent,
)
from wetread.run_folder import FAILED, FINISHED, RUNNING, STOPPED, RunFolder, command_line

if TYPE_CHECKING:
    from wetread.checks.finding import Finding
    from wetread.dataset.duplicates import Pair
    from wetread.dataset.split import Fold
    from wetread.dataset.table import Row, Table
    from wetread.evaluation.predictions import Predictions
    from wetread.model.classifier import Classifier
    from wetread.shapes import Floats, Ints
    from wetread.training.ladder import FoldResult
    from wetread.training.plan import Plan
    from wetread.training.rungs import TrainingSet

#: Where runs go when --out is not given.
RUNS = Path("wetread-runs")


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
    request = _Request(
        Path(data), _path(labels), tuple(classes) if classes else None, positive, preset, seed, device, _path(plan)
    )
    request.validate()
    with _opened(request) as opened:
        folder = RunFolder.create(_choose_out(out, request, resume), overwrite=overwrite, resume=resume)
        with _working_in(folder, opened, listen) as tell:
            prepared = _prepare(opened, folder, tell)
            if dry_run:
                return Run(folder.path, {}, [finding.as_dict() for finding in prepared.findings], prepared.gate)
            trained = _train(prepared, folder, tell)
            numbers, predictions = _evaluate(prepared, trained, folder, tell)
            _explain(prepared, trained, predictions, folder, tell)
            _save_model(prepared, trained, numbers, folder)
            _report(folder, prepared.table, tell)
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

    request = _Request(Path(data), _path(labels), tuple(classes) if classes else None)
    with _opened(request) as opened:
        table = scan(opened.data, labels=opened.labels, classes=opened.classes)
        listen(StepStarted("read", "Reading images", len(table.rows)))
        started = time.perf_counter()
        read_images(table, listen=listen)
        assign_patients(table)
        listen(StepFinished("read", time.perf_counter() - started))
        name = f"{_name(request.data)}-show.{'png' if png else 'html'}"
        return write_look(table, Path(out) if out else Path(name), _name(request.data), seed)


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


# What the verbs are made of ------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class _Request:
    """What the user asked for."""

    data: Path
    labels: Path | None = None
    classes: tuple[str, ...] | None = None
    positive: str | None = None
    preset: str = "standard"
    seed: int = 0
    device: str = "auto"
    plan: Path | None = None

    def validate(self) -> None:
        """Refuses what can be refused before anything is read."""
        from wetread.training.plan import PRESETS

        try:
            self.data.exists()
        except (OSError, ValueError) as error:  # a name that is too long, or holds a NUL
            raise InputError("DATA is not a possible path.", remedy="Check the path.", code="no-data") from error
        if self.preset not in PRESETS:
            raise InputError(
                f"There is no preset {self.preset}.", remedy=f"Choose {', '.join(PRESETS)}.", code="preset"
            )
        if not 0 <= self.seed < 2**31:
            raise InputError(f"The seed {self.seed} is out of range.", remedy="Choose 0 to 2147483647.", code="seed")


@dataclass
class _Prepared:
    """A data set that was read, checked, planned and divided."""

    table: Table
    rows: list[Row]
    folds: list[Fold]
    plan: Plan
    findings: list[Finding]
    gate: str
    labels: Ints
    groups: Ints
    properties: tuple[Ints, Floats, float]


@dataclass
class _Trained:
    """What the ladder found."""

    data: TrainingSet
    results: list[FoldResult]
    final: Classifier
    development: Ints


@contextmanager
def _opened(request: _Request) -> Iterator[_Request]:
    """Unpacks a .zip into a temporary folder that is gone afterwards."""
    if not (request.data.is_file() and request.data.suffix.lower() == ".zip"):
        yield request
        return
    from dataclasses import replace

    from wetread.archive import extract_archive

    place = Path(tempfile.mkdtemp(prefix="wetread-"))
    try:
        unpacked = extract_archive(request.data, place / "data")
        inside = [entry for entry in unpacked.iterdir() if not entry.name.startswith((".", "__MACOSX"))]
        # Archives made by right click hold one folder with everything in it.
        yield replace(request, data=inside[0] if len(inside) == 1 and inside[0].is_dir() else unpacked)
    finally:
        shutil.rmtree(place, ignore_errors=True)


@contextmanager
def _working_in(folder: RunFolder, request: _Request, listen: Listener) -> Iterator[Listener]:
    """Keeps run.json true whatever happens: running, then finished, stopped or failed."""
    started = time.perf_counter()

    def tell(event: Event) -> None:
        folder.record(event)
        listen(event)

    def end(status: str, **facts: Any) -> None:
        folder.write_history()
        tell(RunFinished(status, time.perf_counter() - started))
        folder.write_status(status, **facts)

    try:
        folder.write_status(
            RUNNING,
            command=command_line(),
            data=_name(request.data),
            seed=request.seed,
            preset=request.preset,
            error=None,
        )
        yield tell
        end(FINISHED)
    except KeyboardInterrupt:
        end(STOPPED)
        raise Stopped(
            "Stopped. Everything finished so far is kept.",
            remedy=f"Go on with: --resume --out {folder.path}",
            file=folder.path,
        ) from None
    except WetreadError as error:
        end(FAILED, error={"code": error.code, "message": error.message})
        raise
    except BaseException as error:
        end(FAILED, error={"code": "fault", "message": type(error).__name__})
        raise
    finally:
        folder.close()


def _prepare(request: _Request, folder: RunFolder, tell: Listener) -> _Prepared:
    from wetread.dataset.duplicates import find_duplicates
    from wetread.dataset.groups import assign_groups, assign_patients
    from wetread.dataset.reading import drop_small_classes, read_images, rows_with_pictures
    from wetread.dataset.scan import MIN_PER_CLASS, scan
    from wetread.dataset.split import set_leaking_rows_aside, settle_given_split

    table = scan(request.data, labels=request.labels, classes=request.classes)
    total = sum(row.status == "used" for row in table.rows)
    with _step(tell, "read", "Reading images", total) as done:
        read_images(table, listen=tell)
        done(f"{len(table.used)} labelled images, {len(table.classes)} classes")
    with _step(tell, "check", "Checking the data") as done:
        assign_patients(table)
        rows = rows_with_pictures(table)
        pairs = find_duplicates(rows)
        assign_groups(table, rows, pairs)
        small = drop_small_classes(table, MIN_PER_CLASS)
        kept = [number for number, row in enumerate(rows) if row.status == "used"]
        rows, pairs = [rows[number] for number in kept], _renumber(pairs, kept)
        estimate = settle_given_split(table, rows)
        leaking = set_leaking_rows_aside(rows) if estimate else []
        training_rows = [row for row in rows if row.status == "used"]
        plan = _plan(request, folder, table, training_rows, estimate)
        prepared = _divide_and_audit(table, rows, training_rows, pairs, leaking, small, plan, tell)
        done(f"{len(prepared.findings)} findings, gate {prepared.gate}")
    tell(PlanMade(plan.decisions()))
    folder.write_text("plan.yaml", plan.to_yaml())
    folder.write_text("images.csv", table.to_csv())
    folder.write_json("findings.json", [finding.as_dict() for finding in prepared.findings])
    folder.write_status(
        RUNNING, device=plan.device, fingerprint=_fingerprint(table), notes=table.notes, grouping=table.grouping
    )
    return prepared


def _renumber(pairs: list[Pair], kept: list[int]) -> list[Pair]:
    from dataclasses import replace

    new = {old: number for number, old in enumerate(kept)}
    inside = [pair for pair in pairs if pair.first in new and pair.second in new]
    return [replace(pair, first=new[pair.first], second=new[pair.second]) for pair in inside]


def _plan(request: _Request, folder: RunFolder, table: Table, rows: list[Row], estimate: str) -> Plan:
    from wetread.training.plan import Fingerprint, make_plan, read_plan

    pictures = [row.picture for row in rows if row.picture is not None]
    sides = sorted(max(row.facts.width, row.facts.height) for row in rows if row.facts is not None)
    fingerprint = Fingerprint(
        images=len(rows),
        groups=len({row.group for row in rows}),
        classes=tuple(sorted({row.label for row in rows})),
        smallest_class=min(
            len({row.group for row in rows if row.label == name}) for name in {row.label for row in rows}
        ),
        colour=sum(picture.ndim == 3 for picture in pictures) / len(pictures),
        side=sides[len(sides) // 2],
        grouping=table.grouping,
        estimate=estimate,
    )
    planned = make_plan(
        fingerprint,
        preset=request.preset,
        seed=request.seed,
        device=_choose_device(request.device),
        positive=request.positive,
    )
    # A resumed run follows the plan it began with.
    stored = request.plan or (folder.path / "plan.yaml" if (folder.path / "plan.yaml").is_file() else None)
    return read_plan(stored, planned) if stored else planned


def _divide_and_audit(
    table: Table,
    rows: list[Row],
    training_rows: list[Row],
    pairs: list[Pair],
    leaking: list[Row],
    small: list[str],
    plan: Plan,
    tell: Listener,
) -> _Prepared:
    from wetread.checks.finding import Audit
    from wetread.checks.run_checks import gate, run_checks
    from wetread.dataset.properties import predict_from_properties
    from wetread.dataset.split import cross_validation, encode, given_test, locked_test

    del tell
    classes = list(plan.classes)
    if plan.estimate == "cross-validation":
        folds = cross_validation(training_rows, classes, folds=plan.folds, repeats=plan.repeats, seed=plan.seed)
    elif plan.estimate == "locked test":
        folds = locked_test(training_rows, classes, seed=plan.seed)
    else:
        folds = given_test(training_rows)
    for row in table.unlabelled:
        row.split = "unlabelled"
    labels, groups = encode(training_rows, classes)
    started = time.perf_counter()
    tested, properties = predict_from_properties(training_rows, labels, len(classes), folds)
    seconds = time.perf_counter() - started
    audit = Audit(
        table=table,
        rows=rows,
        classes=classes,
        pairs=pairs,
        estimate=plan.estimate,
        leaking=leaking,
        small_classes=small,
        folds=folds,
        tested=[training_rows[number] for number in tested],
        labels=labels[tested],
        properties=properties,
        positive=None if plan.positive is None else classes.index(plan.positive),
    )
    findings = run_checks(audit)
    return _Prepared(
        table, training_rows, folds, plan, findings, gate(findings), labels, groups, (tested, properties, seconds)
    )


def _train(prepared: _Prepared, folder: RunFolder, tell: Listener) -> _Trained:
    import numpy as np

    from wetread.training.ladder import run_folds
    from wetread.training.rungs import TrainingSet

    plan, folds = prepared.plan, prepared.folds
    pictures = [row.picture for row in prepared.rows if row.picture is not None]
    # The tested model itself is shipped where there is a locked or given test; after cross-validation the same
    # procedure is run once more on everything.
    fit_again = plan.estimate == "cross-validation"
    fits = plan.inner_folds * plan.epochs if "network" in plan.rungs else 1
    total = (len(folds) + fit_again) * fits
    with _step(tell, "train", "Training and testing", total) as done:
        data = TrainingSet(pictures, prepared.labels, prepared.groups, plan)
        results, final = run_folds(data, folds, folder.path / "folds", _TrainingProgress(tell, total, fits), fit_again)
        wins = [result.chosen for result in results]
        done(f"chosen: {', '.join(f'{name} in {wins.count(name)} of {len(wins)} folds' for name in dict.fromkeys(wins))}")
    if final is None:
        final = results[0].classifiers[results[0].chosen]
    return _Trained(data, results, final, np.arange(len(prepared.rows)) if fit_again else folds[0].train)


class _TrainingProgress:
    """Counts epochs, so that the bar moves evenly and its estimate is good. Told by several threads."""

    def __init__(self, tell: Listener, total: int, per_fold: int) -> None:
        self._tell, self._total, self._per_fold = tell, total, per_fold
        self._done = 0
        self._lock = threading.Lock()

    def __call__(self, event: Event) -> None:
        with self._lock:
            self._tell(event)
            if isinstance(event, EpochDone):
                where = f"repeat {event.repeat}, fold {event.fold}" if event.fold else "final model"
                self._advance(1, where)
            elif isinstance(event, FoldLoaded):
                self._advance(self._per_fold, f"repeat {event.repeat}, fold {event.fold}")

    def _advance(self, by: int, detail: str) -> None:
        self._done = min(self._done + by, self._total)
        self._tell(StepAdvanced("train", self._done, self._total, detail))


def _evaluate(
    prepared: _Prepared, trained: _Trained, folder: RunFolder, tell: Listener
) -> tuple[dict[str, Any], Predictions]:
    import numpy as np

    from wetread.evaluation.evaluate import evaluate, ladder_row, paired_gain
    from wetread.metrics.discrimination import macro_auroc
    from wetread.training.ladder import pool

    plan, rows = prepared.plan, prepared.rows
    options = {"resamples": plan.resamples, "seed": plan.seed}
    with _step(tell, "evaluate", "Computing numbers and intervals") as done:
        pooled = {name: pool(trained.results, name, plan) for name in (*plan.rungs, "selected")}
        tested = pooled["selected"].rows
        made = {
            name: _predictions(prepared, one.rows, one.probabilities, one.thresholds) for name, one in pooled.items()
        }
        _, properties, properties_seconds = prepared.properties
        share = np.bincount(prepared.labels, minlength=len(plan.classes)) / len(prepared.labels)
        made["prevalence"] = _predictions(prepared, tested, np.tile(share, (len(tested), 1)), None)
        made["file properties"] = _predictions(prepared, tested, properties, None)
        seconds: dict[str, float | None] = {"prevalence": 0.0, "file properties": properties_seconds}
        seconds |= {name: sum(result.seconds[name] for result in trained.results) for name in plan.rungs}
        seconds["selected"] = sum(seconds[name] or 0.0 for name in plan.rungs)
        order = ("prevalence", "file properties", *plan.rungs, "selected")
        models = {name: ladder_row(made[name], seconds[name], **options) for name in order}
        models["prevalence"]["auroc"] = {"value": 0.5, "low": 0.5, "high": 0.5, "method": "by definition"}
        predictions = made["selected"]
        found = evaluate(predictions, **options)
        repeats = [macro_auroc(prepared.labels[tested], table) for table in pooled["selected"].by_repeat]
        chosen = [result.chosen for result in trained.results]
        numbers: dict[str, Any] = {
            "task": "binary" if plan.positive is not None else "multiclass",
            "classes": list(plan.classes),
            "positive": plan.positive,
            "unit": "image" if prepared.table.grouping == "none" else "patient",
            "grouping": prepared.table.grouping,
            "estimate": plan.estimate,
            "n": _counts(prepared, tested),
            "headline": {"name": "auroc", **found["metrics"]["auroc"]},
            "metrics": found["metrics"],
            "per_class": found["per_class"],
            "models": models,
            "chosen": {name: chosen.count(name) for name in plan.rungs},
            "shipped": trained.final.rung,
            "gain_over_file_properties": paired_gain(predictions, made["file properties"], **options),
            "repeats": {"auroc": [round(value, 6) for value in repeats if value is not None]},
            "operating_point": _operating_point(plan, trained.final, found["metrics"]),
            "calibration": found["calibration"],
            "confusion": found["confusion"],
            "curves": found["curves"],
            "subgroups": [],
            "gate": prepared.gate,
        }
        folder.write_json("numbers.json", numbers)
        everything = _with_unlabelled(prepared, trained.final, predictions)
        folder.write_text("predictions.csv", everything.to_csv())
        shown = numbers["headline"]
        done(f"AUROC {shown['value']:.2f} ({shown['low']:.2f} to {shown['high']:.2f})")
    return numbers, predictions


def _predictions(prepared: _Prepared, tested: Ints, probabilities: Floats, thresholds: Floats | None) -> Predictions:
    import numpy as np

    from wetread.evaluation.predictions import Predictions

    plan = prepared.plan
    rows = [prepared.rows[number] for number in tested]
    predicted = probabilities.argmax(axis=1)
    if thresholds is not None and plan.positive is not None:
        positive = plan.classes.index(plan.positive)
        predicted = np.where(probabilities[:, positive] >= thresholds, positive, 1 - positive)
    return Predictions(
        classes=plan.classes,
        positive=plan.positive,
        images=[row.image for row in rows],
        patients=[row.patient for row in rows],
        groups=[row.group for row in rows],
        splits=[row.split for row in rows],
        folds=[str(row.folds[0]) if row.folds else "" for row in rows],
        truth=prepared.labels[tested],
        predicted=predicted,
        probabilities=probabilities,
        thresholds=thresholds,
    )


def _with_unlabelled(prepared: _Prepared, final: Classifier, predictions: Predictions) -> Predictions:
    """Adds what the final model says about images without a label."""
    import numpy as np

    from wetread.evaluation.predictions import UNLABELLED, Predictions

    rows = [row for row in prepared.table.unlabelled if row.picture is not None]
    if not rows:
        return predictions
    probabilities = final.probabilities([row.picture for row in rows if row.picture is not None])
    return predictions.followed_by(
        Predictions(
            predictions.classes,
            predictions.positive,
            [row.image for row in rows],
            [row.patient for row in rows],
            [row.group for row in rows],
            [UNLABELLED] * len(rows),
            [""] * len(rows),
            np.full(len(rows), -1),
            final.decide(probabilities),
            probabilities,
            None if final.threshold is None else np.full(len(rows), final.threshold),
        )
    )


def _counts(prepared: _Prepared, tested: Ints) -> dict[str, Any]:
    rows = [prepared.rows[number] for number in tested]
    known = prepared.table.grouping != "none"
    counts: dict[str, Any] = {
        "images": len(rows),
        "patients": len({row.patient for row in rows}) if known else None,
        "per_class": {name: sum(row.label == name for row in rows) for name in prepared.plan.classes},
        "trained_on": len(prepared.rows)
        if prepared.plan.estimate == "cross-validation"
        else len(prepared.rows) - len(rows),
        "skipped": len(prepared.table.skipped),
        "found": len(prepared.table.rows),
    }
    if known:
        counts["patients_per_class"] = {
            name: len({row.patient for row in rows if row.label == name}) for name in prepared.plan.classes
        }
    return counts


def _operating_point(plan: Plan, final: Classifier, metrics: dict[str, Any]) -> dict[str, Any] | None:
    if plan.positive is None:
        return None
    return {
        "rule": plan.operating_point,
        "threshold": None if final.threshold is None else round(final.threshold, 6),
        "chosen_on": "predictions from inside the training part",
        "sensitivity": metrics.get("sensitivity"),
        "specificity": metrics.get("specificity"),
    }


def _explain(
    prepared: _Prepared, trained: _Trained, predictions: Predictions, folder: RunFolder, tell: Listener
) -> None:
    from wetread.explanation.cases import choose_cases
    from wetread.explanation.gallery import explain_cases

    cases = choose_cases(predictions, prepared.plan.cases, prepared.plan.seed)
    with _step(tell, "explain", "Explaining cases", len(cases)) as done:
        number_of = {row.image: number for number, row in enumerate(prepared.rows)}
        explained = []
        for count, case in enumerate(cases, start=1):
            row = number_of[predictions.images[case.number]]
            result = next(one for one in trained.results if one.fold.repeat == 1 and row in one.fold.test)
            explained.append((case, trained.data.pictures[row], result.classifiers, result.chosen))
            tell(StepAdvanced("explain", count, len(cases)))
        index, files = explain_cases(explained, predictions)
        for name, content in files.items():
            folder.write_bytes(f"heatmaps/{name}", content)
        folder.write_json("heatmaps/index.json", index)
        done(f"{len(cases)} cases, {len(files)} maps")


def _save_model(prepared: _Prepared, trained: _Trained, numbers: dict[str, Any], folder: RunFolder) -> None:
    from wetread.model.classifier import with_facts
    from wetread.outcome import headline
    from wetread.run_folder import versions

    facts = {
        "tested": headline(numbers),
        "gate": prepared.gate,
        "trained_on": {"images": len(trained.development), "classes": list(prepared.plan.classes)},
        "grouping": prepared.table.grouping,
        "seed": prepared.plan.seed,
        "versions": versions(),
        "limits": "Knows only these classes; does not refuse other pictures. Not tested elsewhere.",
    }
    with_facts(trained.final, facts).save(folder.path / "model")


def _report(folder: RunFolder, table: Table, tell: Listener) -> None:
    from wetread.report.html import write_page
    from wetread.report.thumbnails import write_thumbnails

    with _step(tell, "report", "Writing the report") as done:
        write_thumbnails(folder, table)
        folder.write_history()
        folder.write_status(RUNNING)  # the page tells the seconds of the steps before it
        write_page(folder)
        done(str(folder.report))


@contextmanager
def _step(tell: Listener, name: str, title: str, total: int | None = None) -> Iterator[Any]:
    """Tells when a step starts and ends; yields a function that takes its summary."""
    started, summary = time.perf_counter(), [""]
    tell(StepStarted(name, title, total))
    yield lambda text: summary.__setitem__(0, text)
    tell(StepFinished(name, time.perf_counter() - started, summary[0]))


def _choose_out(out: str | Path | None, request: _Request, resume: bool) -> Path:
    if out is not None:
        return Path(out)
    name = _name(request.data)
    if resume:
        stopped = [place.parent for place in RUNS.glob(f"{name}-*/run.json") if _status(place) != FINISHED]
        if not stopped:
            raise InputError(
                f"There is no stopped run of {name} in {RUNS}.",
                remedy="Name the run folder with --out.",
                code="nothing-to-resume",
            )
        return max(stopped, key=lambda place: place.stat().st_mtime)
    return RUNS / f"{name}-{datetime.now().strftime('%Y%m%d-%H%M%S')}"


def _status(path: Path) -> str:
    try:
        return str(json.loads(path.read_text(encoding="utf-8"))["status"])
    except (OSError, ValueError, KeyError):
        return FAILED


def _choose_device(wanted: str) -> str:
    if wanted == "cpu":
        return wanted
    import torch

    if wanted == "auto":
        return "cuda:0" if torch.cuda.is_available() else "cpu"
    if wanted == "cuda" or (wanted.startswith("cuda:") and wanted[5:].isdigit()):
        number = int(wanted[5:]) if ":" in wanted else 0
        if not torch.cuda.is_available() or number >= torch.cuda.device_count():
            raise InputError(f"There is no device {wanted} here.", remedy="Use --device cpu.", code="device")
        return f"cuda:{number}"
    raise InputError(f"{wanted} is not a device.", remedy="Choose auto, cpu, cuda or cuda:N.", code="device")


def _fingerprint(table: Table) -> str:
    """SHA-256 over image, label and content of every row in use: the same data give the same fingerprint."""
    digest = hashlib.sha256()
    for row in table.rows:
        if row.status == "used":
            digest.update(f"{row.image}\0{row.label}\0{row.sha256}\n".encode())
    return digest.hexdigest()


def _name(data: Path) -> str:
    return (data.resolve().stem if data.suffix else data.resolve().name) or "data"


def _path(value: str | Path | None) -> Path | None:
    return None if value is None else Path(value)
