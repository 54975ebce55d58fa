"""The stages of the main job, each wiring rooms and filling the run folder: prepare, train, evaluate, explain, report.

Heavy rooms are imported inside the function that needs them, so that `import wetread` and `--help` stay light.
"""

from __future__ import annotations

import hashlib
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from wetread.errors import ImageRejected, InputError, Stopped, WetreadError
from wetread.outcome import say_share
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
)
from wetread.request import Request, choose_device, name_of
from wetread.run_folder import FAILED, FINISHED, RUNNING, STOPPED, RunFolder, command_line

if TYPE_CHECKING:
    from wetread.checks.finding import Finding
    from wetread.dataset.duplicates import Pair
    from wetread.dataset.review import Doubt
    from wetread.dataset.split import Fold
    from wetread.dataset.table import Row, Table
    from wetread.evaluation.predictions import Predictions
    from wetread.images.view import View
    from wetread.model.classifier import Classifier
    from wetread.probes.probe import ProbeResult
    from wetread.shapes import Floats, Ints
    from wetread.training.ladder import FoldResult
    from wetread.training.plan import Plan
    from wetread.training.rungs import TrainingSet


#: Files whose headers are examined for what may identify a patient, spread over the whole set.
HEADERS_EXAMINED = 400


@dataclass
class Prepared:
    """A data set that was read, checked, planned and divided."""

    table: Table
    rows: list[Row]
    folds: list[Fold]
    plan: Plan
    findings: list[Finding]
    gate: str
    labels: Ints
    groups: Ints
    probes: dict[str, ProbeResult]
    doubts: list[Doubt]
    leak_allowed: int = 0


@dataclass
class Trained:
    """What the ladder found."""

    data: TrainingSet
    results: list[FoldResult]
    final: Classifier
    development: Ints


@contextmanager
def working_in(folder: RunFolder, request: Request, listen: Listener) -> Iterator[Listener]:
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
            data=name_of(request.data),
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


@dataclass
class ReadData:
    """A data set as it was read: table, labelled rows, duplicates among them, how pictures are shown and why."""

    table: Table
    rows: list[Row]
    pairs: list[Pair]
    view: tuple[View, str]


def read_data(request: Request, folder: RunFolder, tell: Listener, *, several: bool) -> ReadData:
    """Lists and decodes a data set, and finds patients and duplicates.

    Args:
        request: What the user asked for.
        folder: The run folder.
        tell: Is told about progress.
        several: Whether images may have several findings; refused before anything is decoded where not.
    """
    from wetread.dataset.duplicates import find_duplicates
    from wetread.dataset.groups import assign_groups, assign_patients
    from wetread.dataset.reading import read_images, rows_with_pictures
    from wetread.dataset.scan import scan
    from wetread.images.cache import default_cache

    table = scan(
        request.data,
        labels=request.labels,
        label_column=request.label_column,
        classes=request.classes,
        finding=request.finding,
    )
    if not several:
        _refuse_several_findings(table)
    window, frame = _asked_view(request, folder)
    total = sum(row.status == "used" for row in table.rows)
    with _step(tell, "read", "Reading images", total) as done:
        view = read_images(table, window=window, frame=frame, cache=default_cache(), listen=tell)
        done(f"{len(table.used)} labelled images, {len(table.classes)} {'findings' if table.multi else 'classes'}")
    with _step(tell, "group", "Looking for patients and copies") as done:
        assign_patients(table)
        rows = rows_with_pictures(table)
        pairs = find_duplicates(rows)
        assign_groups(rows, pairs, request.together)
        done(f"{len({row.group for row in rows})} separate cases, {len(pairs)} pairs of copies")
    return ReadData(table, rows, pairs, view)


def prepare(request: Request, read: ReadData, folder: RunFolder, tell: Listener) -> Prepared:
    """Checks, plans and divides a data set; writes images.csv, findings.json and plan.yaml."""
    from wetread.dataset.reading import drop_small_classes
    from wetread.dataset.scan import MIN_PER_CLASS
    from wetread.dataset.split import find_leaking_rows, set_leaking_rows_aside, settle_given_split

    table = read.table
    with _step(tell, "check", "Checking the data") as done:
        small = drop_small_classes(table, MIN_PER_CLASS)
        kept = [number for number, row in enumerate(read.rows) if row.status == "used"]
        rows, pairs = [read.rows[number] for number in kept], _renumber(read.pairs, kept)
        estimate = settle_given_split(table, rows)
        leaking = find_leaking_rows(rows) if estimate else []
        if request.allow_leak:
            allowed, leaking = leaking, []
        else:
            allowed = []
            set_leaking_rows_aside(leaking)
        training_rows = [row for row in rows if row.status == "used"]
        plan = _plan(request, folder, table, training_rows, estimate, read.view)
        prepared = _divide_and_audit(table, rows, training_rows, pairs, leaking, small, plan)
        prepared.leak_allowed = len(allowed)
        done(f"{len(prepared.findings)} findings, gate {prepared.gate}")
    tell(PlanMade(plan.decisions()))
    folder.write_text("plan.yaml", plan.to_yaml())
    view = {"values": plan.view, "frame": plan.frame, "reason": plan.reasons["view"]}
    _write_intake(folder, table, prepared.findings, view=view, device=plan.device)
    return prepared


def check_several(read: ReadData, folder: RunFolder, tell: Listener) -> tuple[list[Finding], str]:
    """Checks a data set whose images can have several findings: all that needs no division into classes."""
    from wetread.checks.finding import Audit
    from wetread.checks.run_checks import gate, run_checks

    with _step(tell, "check", "Checking the data") as done:
        audit = Audit(
            table=read.table,
            rows=read.rows,
            classes=read.table.classes,
            pairs=read.pairs,
            estimate="cross-validation",
            leaking=[],
            small_classes=[],
            folds=[],
            positive=None,
            phi=_examine_headers(read.rows),
        )
        findings = run_checks(audit)
        verdict = gate(findings)
        done(f"{len(findings)} findings, gate {verdict}")
    view, reason = read.view
    read.table.notes.append(f"Grey values: {view} ({reason}).")
    _write_intake(folder, read.table, findings, view={"values": str(view), "frame": view.frame, "reason": reason})
    return findings, verdict


def write_fixes(read: ReadData, doubts: list[Doubt], review: Path | None, folder: RunFolder, tell: Listener) -> None:
    """Writes a table without the faults that can be mended, every change with its reason, and labels to review."""
    from wetread.dataset.fix import propose_fixes, write_fixed
    from wetread.dataset.review import read_review

    with _step(tell, "fix", "Writing a mended table") as done:
        decisions = read_review(review, read.table.classes) if review is not None else {}
        fixes = propose_fixes(read.table, read.rows, read.pairs, doubts, decisions)
        write_fixed(folder, read.table, fixes)
        done(f"{len(fixes.changes)} changes, {len(fixes.doubts)} labels to review")


def _write_intake(folder: RunFolder, table: Table, findings: list[Finding], **facts: Any) -> None:
    folder.write_text("images.csv", table.to_csv())
    for name, text in table.files.items():
        folder.write_text(name, text)
    folder.write_json("findings.json", [finding.as_dict() for finding in findings])
    folder.write_status(
        RUNNING,
        fingerprint=_fingerprint(table),
        notes=table.notes,
        grouping=table.grouping,
        ledger=table.ledger(),
        multi=table.multi,
        provenance=table.provenance or None,
        **facts,
    )


def _refuse_several_findings(table: Table) -> None:
    if not table.multi:
        return
    counts = Counter(name for row in table.used for name in row.findings)
    listed = ", ".join(f"{name} ({count})" for name, count in counts.most_common(20))
    raise InputError(
        f"An image of this data set can have several findings ({listed}); wetread tells one class per image.",
        remedy=f'Ask for one of them: --finding "{counts.most_common(1)[0][0]}" tells it from everything else.',
        code="multi-label",
    )


def _asked_view(request: Request, folder: RunFolder) -> tuple[str | None, str]:
    """Window and frame as asked for on the command line, else as planned; a resumed run keeps what it began with."""
    from wetread.training.plan import planned_view

    path = _stored_plan(request, folder)
    view, frame = planned_view(path) if path else (None, None)
    return request.window or view, request.frame or frame or "middle"


def _stored_plan(request: Request, folder: RunFolder) -> Path | None:
    """The plan to follow: the one named, else that of the run that is resumed."""
    return request.plan or (folder.path / "plan.yaml" if (folder.path / "plan.yaml").is_file() else None)


def _renumber(pairs: list[Pair], kept: list[int]) -> list[Pair]:
    new = {old: number for number, old in enumerate(kept)}
    inside = [pair for pair in pairs if pair.first in new and pair.second in new]
    return [replace(pair, first=new[pair.first], second=new[pair.second]) for pair in inside]


def _plan(
    request: Request, folder: RunFolder, table: Table, rows: list[Row], estimate: str, view: tuple[View, str]
) -> Plan:
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
        device=choose_device(request.device),
        positive=request.positive,
        view=view[0],
        view_reason=view[1],
    )
    stored = _stored_plan(request, folder)
    return read_plan(stored, planned) if stored else planned


def _divide_and_audit(
    table: Table,
    rows: list[Row],
    training_rows: list[Row],
    pairs: list[Pair],
    leaking: list[Row],
    small: list[str],
    plan: Plan,
) -> Prepared:
    from wetread.checks.finding import Audit
    from wetread.checks.label_errors import examine_labels
    from wetread.checks.run_checks import gate, run_checks
    from wetread.dataset.split import cross_validation, encode, given_test, locked_test
    from wetread.probes.run_probes import run_probes

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
    examined = examine_labels(training_rows, labels, groups, classes, seed=plan.seed)
    probes = run_probes(training_rows, labels, len(classes), _probe_folds(plan, folds, labels, groups), seed=plan.seed)
    audit = Audit(
        table=table,
        rows=rows,
        classes=classes,
        pairs=pairs,
        estimate=plan.estimate,
        leaking=leaking,
        small_classes=small,
        folds=folds,
        probes=probes,
        positive=None if plan.positive is None else classes.index(plan.positive),
        label_errors=examined,
        phi=_examine_headers(rows),
        texts=_count_texts(probes),
    )
    findings = run_checks(audit)
    return Prepared(
        table, training_rows, folds, plan, findings, gate(findings), labels, groups, probes, examined.doubts
    )


def _probe_folds(plan: Plan, folds: list[Fold], labels: Ints, groups: Ints) -> list[Fold]:
    """Folds for what should not tell the label: over all images, also where the model has one test set.

    The question is about the data, and a test set of forty images is too small to answer it.
    """
    import numpy as np

    from wetread.dataset.split import Fold, group_folds

    if plan.estimate == "cross-validation":
        return folds
    everything = np.arange(len(labels))
    tests = group_folds(labels, groups, 5, plan.seed)
    return [Fold(1, number, np.setdiff1d(everything, test), test) for number, test in enumerate(tests, start=1)]


def _examine_headers(rows: list[Row]) -> Counter[str]:
    """In how many files each kind of what may identify a patient occurs, of at most a few hundred files."""
    from wetread.privacy.cleaner import Cleaner
    from wetread.privacy.examine import summarise

    reports = []
    sources = [row.source for row in rows if row.source.item is None]  # arrays have no headers
    with Cleaner() as cleaner:
        for source in sources[:: max(1, len(sources) // HEADERS_EXAMINED)]:
            with suppress(ImageRejected):
                reports.append(cleaner.examine(source))
    return summarise(reports)


def _count_texts(probes: dict[str, ProbeResult]) -> dict[str, int]:
    """How many lines of text were found in each picture, by the probe that looks for them."""
    found = probes.get("text and marks")
    if found is None:
        return {}
    lines = found.features.values[:, found.features.names.index("lines of text")]
    return {row.image: int(count) for row, count in zip(found.rows, lines, strict=True) if count}


def train(prepared: Prepared, folder: RunFolder, tell: Listener) -> Trained:
    """Runs the ladder over all folds, and fits the model to ship."""
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
        done(
            f"chosen: {', '.join(f'{name} in {wins.count(name)} of {len(wins)} folds' for name in dict.fromkeys(wins))}"
        )
    if final is None:
        final = results[0].classifiers[results[0].chosen]
    return Trained(data, results, final, np.arange(len(prepared.rows)) if fit_again else folds[0].train)


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


def evaluate_run(
    prepared: Prepared, trained: Trained, folder: RunFolder, tell: Listener
) -> tuple[dict[str, Any], Predictions]:
    """Computes every number from held-out predictions; writes numbers.json and predictions.csv."""
    import numpy as np

    from wetread.evaluation.evaluate import evaluate, ladder_row, paired_gain
    from wetread.metrics.discrimination import macro_auroc
    from wetread.training.ladder import pool

    plan = prepared.plan
    options = {"resamples": plan.resamples, "seed": plan.seed}
    with _step(tell, "evaluate", "Computing numbers and intervals") as done:
        pooled = {name: pool(trained.results, name, plan) for name in (*plan.rungs, "selected")}
        tested = pooled["selected"].rows
        made = {
            name: _predictions(prepared, one.rows, one.probabilities, one.thresholds) for name, one in pooled.items()
        }
        share = np.bincount(prepared.labels, minlength=len(plan.classes)) / len(prepared.labels)
        made["prevalence"] = _predictions(prepared, tested, np.tile(share, (len(tested), 1)), None)
        probes = prepared.probes
        for name, one in probes.items():
            inside = np.isin(one.tested, tested)  # the same images as the models, as far as the probe looked at them
            made[name] = _predictions(prepared, one.tested[inside], one.probabilities[inside], None)
        seconds: dict[str, float | None] = {"prevalence": 0.0}
        seconds |= {name: one.seconds for name, one in probes.items()}
        seconds |= {name: sum(result.seconds[name] for result in trained.results) for name in plan.rungs}
        seconds["selected"] = sum(seconds[name] or 0.0 for name in plan.rungs)
        order = ("prevalence", *probes, *plan.rungs, "selected")
        models = {name: ladder_row(made[name], seconds[name], **options) for name in order}
        for name, one in probes.items():
            models[name]["sees"] = one.looks_at
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
            **_test_set(prepared, folder, tested),
        }
        folder.write_json("numbers.json", numbers)
        everything = _with_unlabelled(prepared, trained.final, predictions)
        folder.write_text("predictions.csv", everything.to_csv())
        shown = numbers["headline"]
        done(f"AUROC {say_share(shown['value'])} ({say_share(shown['low'])} to {say_share(shown['high'])})")
    return numbers, predictions


def _predictions(prepared: Prepared, tested: Ints, probabilities: Floats, thresholds: Floats | None) -> Predictions:
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


def _with_unlabelled(prepared: Prepared, final: Classifier, predictions: Predictions) -> Predictions:
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


def _counts(prepared: Prepared, tested: Ints) -> dict[str, Any]:
    rows = [prepared.rows[number] for number in tested]
    known = prepared.table.grouping != "none"
    counts: dict[str, Any] = {
        "images": len(rows),
        "patients": len({row.patient for row in rows}) if known else None,
        "per_class": {name: sum(row.label == name for row in rows) for name in prepared.plan.classes},
        "trained_on": len(prepared.rows)
        if prepared.plan.estimate == "cross-validation"
        else len(prepared.rows) - len(rows),
        **prepared.table.ledger(),
    }
    if known:
        counts["patients_per_class"] = {
            name: len({row.patient for row in rows if row.label == name}) for name in prepared.plan.classes
        }
    return counts


def _test_set(prepared: Prepared, folder: RunFolder, tested: Ints) -> dict[str, Any]:
    """How often the test set was opened, and whether training images of tested patients were left in."""
    from wetread.dataset.openings import count_openings, fingerprint_of

    if prepared.plan.estimate == "cross-validation":
        return {}
    fingerprint = fingerprint_of(prepared.rows[number] for number in tested)
    known = {"fingerprint": fingerprint, "opened": count_openings(folder.path, fingerprint)}
    return {"test_set": known, "leak_allowed": prepared.leak_allowed or None}


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


def explain(prepared: Prepared, trained: Trained, predictions: Predictions, folder: RunFolder, tell: Listener) -> None:
    """Makes the heatmaps of the worst errors and of random cases."""
    from wetread.explanation.cases import choose_cases
    from wetread.explanation.gallery import explain_cases

    cases = choose_cases(predictions, prepared.plan.cases, prepared.plan.seed)
    with _step(tell, "explain", "Explaining cases", len(cases)) as done:
        number_of = {row.image: number for number, row in enumerate(prepared.rows)}
        explained = []
        for case in cases:
            row = number_of[predictions.images[case.number]]
            result = next(one for one in trained.results if one.fold.repeat == 1 and row in one.fold.test)
            explained.append((case, trained.data.pictures[row], result.classifiers, result.chosen))
        index, files = explain_cases(
            explained, predictions, lambda count: tell(StepAdvanced("explain", count, len(cases)))
        )
        for name, content in files.items():
            folder.write_bytes(f"heatmaps/{name}", content)
        folder.write_json("heatmaps/index.json", index)
        done(f"{len(cases)} cases, {len(files)} maps")


def save_model(prepared: Prepared, trained: Trained, numbers: dict[str, Any], folder: RunFolder) -> None:
    """Writes the model folder, which tells what is known of the model."""
    from wetread.images.view import View
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
    plan = prepared.plan
    classifier = replace(with_facts(trained.final, facts), view=View.parse(plan.view, frame=plan.frame))
    classifier.save(folder.path / "model")


def write_check_report(table: Table, verdict: str, folder: RunFolder, tell: Listener) -> None:
    """Writes thumbnails and the page of a check."""
    from wetread.report.html import write_check_page
    from wetread.report.thumbnails import write_thumbnails

    with _step(tell, "report", "Writing the page") as done:
        write_thumbnails(folder, table)
        write_check_page(folder, verdict)
        done(str(folder.report))


def write_run_report(folder: RunFolder, table: Table, tell: Listener) -> None:
    """Writes thumbnails, history and the page."""
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


def _fingerprint(table: Table) -> str:
    """SHA-256 over image, label and content of every row in use: the same data give the same fingerprint."""
    digest = hashlib.sha256()
    for row in table.rows:
        if row.status == "used":
            digest.update(f"{row.image}\0{row.label}\0{row.sha256}\n".encode())
    return digest.hexdigest()
