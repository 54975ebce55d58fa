"""A model on data from elsewhere: read as a run reads, overlap refused, the same numbers, and what became of them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from wetread.errors import InputError
from wetread.main_job.external_labels import Matched, match_labels
from wetread.main_job.external_numbers import Evidence, numbers_elsewhere
from wetread.main_job.intake import ReadData, examine_headers, read_data, write_intake
from wetread.main_job.overlap import Overlap, Tried, find_overlap, read_seen, say_overlap
from wetread.main_job.session import step
from wetread.outcome import counted
from wetread.progress import Listener, StepAdvanced
from wetread.request import Request, name_of
from wetread.run_folder import RUNNING, RunFolder
from wetread.shapes import Floats

if TYPE_CHECKING:
    from wetread.checks.finding import Finding
    from wetread.dataset.table import Row
    from wetread.probes.finding_probes import ProbeOfFindings
    from wetread.probes.probe import ProbeResult

#: Pictures handed to the model at once.
AT_ONCE = 64
#: Cases that are explained.
CASES = 6
#: Fewest groups of a class for what should not tell the label to be asked.
FEWEST_FOR_PROBES = 10
#: Names of images that an error message holds.
NAMED = 5


@dataclass
class Elsewhere:
    """A data set that is new to a model.

    Attributes:
        read: As it was read.
        matched: Rows to test on, with labels in the model's words.
        overlap: What the model knew of it.
        findings: Of the checks.
        gate: green, amber or red.
        probes: What was told by things that should not tell the label.
    """

    read: ReadData
    matched: Matched
    overlap: Overlap
    findings: list[Finding]
    gate: str
    probes: Mapping[str, ProbeResult | ProbeOfFindings]


def read_elsewhere(
    tried: Tried,
    request: Request,
    names: Mapping[str, str],
    folder: RunFolder,
    tell: Listener,
    *,
    without_overlap: bool = False,
    other_patients: bool = False,
) -> Elsewhere:
    """Reads a data set through the eyes of a model, refuses what the model knows, and checks the rest.

    Args:
        tried: The model.
        request: Data, labels, seed.
        names: What the data set calls things -> what the model calls them.
        folder: Of the external test.
        tell: Is told about progress.
        without_overlap: Leave images out that the model knows, and go on.
        other_patients: Equal patient numbers name other people.

    Raises:
        InputError: Classes do not match, or the model knows images or patients of the set.
    """
    classifier = tried.classifier
    view = classifier.view
    request = replace(request, window=str(view), frame=view.frame, finding=_asked_finding(request, tried, names))
    try:
        read = read_data(request, folder, tell, side=classifier.working_side)
    except InputError as error:
        raise _explain_reading(error, tried) from error
    _forget_splits(read)
    matched = match_labels(read.table, read.rows, classifier, names)
    with step(tell, "overlap", "Looking for known patients and pictures") as done:
        overlap = _refuse_overlap(tried, read, matched, folder, without_overlap, other_patients)
        done(say_overlap(overlap) or "none found")
    matched = matched.without_skipped()
    if not matched.rows:
        raise InputError(
            "Nothing is left of the data set: the model knows every image of it.",
            remedy="Give images of other patients.",
            code="overlap",
        )
    with step(tell, "check", "Checking the data") as done:
        found = _check(read, matched, request.seed)
        done(f"{counted(len(found[0]), 'finding')}, gate {found[1]}")
    return Elsewhere(read, matched, overlap, *found)


def assess(tried: Tried, elsewhere: Elsewhere, request: Request, folder: RunFolder, tell: Listener) -> dict[str, Any]:
    """Predicts, computes every number, and writes all files of the test but its page.

    Returns:
        Contents of numbers.json.

    Raises:
        InputError: Only one class is there; the message says what can still be said.
    """
    classifier, matched = tried.classifier, elsewhere.matched
    table, statuses = _predict(tried, matched.rows, tell)
    with step(tell, "evaluate", "Computing numbers and intervals") as done:
        found = numbers_elsewhere(
            Evidence(
                tried,
                elsewhere.read.table,
                matched,
                table,
                statuses,
                elsewhere.overlap,
                elsewhere.probes,
                elsewhere.gate,
            ),
            folder,
            request.seed,
        )
        if elsewhere.overlap.rows:
            _write_overlap(folder, elsewhere.overlap)
        folder.write_json("numbers.json", found.numbers)
        folder.write_text("predictions.csv", found.text)
        folder.write_json("external.json", found.drop)
        done(str(found.drop["verdict"]))
    for row in matched.rows:
        row.split = "test"
    view = {"values": str(classifier.view), "frame": classifier.view.frame, "side": classifier.working_side}
    view |= {"reason": "as the model was trained"}
    write_intake(folder, elsewhere.read.table, elsewhere.findings, view=view, device="cpu")
    folder.write_status(RUNNING, model=found.drop["model"])
    _explain(tried, found.predictions, matched.rows, request.seed, folder, tell)
    return found.numbers


def _asked_finding(request: Request, tried: Tried, names: Mapping[str, str]) -> str | None:
    """The finding that a model was made to tell from everything else is asked for again, unless names are given."""
    if request.finding is not None or names or tried.classifier.task != "binary":
        return request.finding
    other = [name for name in tried.classifier.classes if name != tried.classifier.positive]
    positive = tried.classifier.positive
    return positive if positive is not None and other == [f"no {positive}"] else None


def _explain_reading(error: InputError, tried: Tried) -> InputError:
    """Says what a set with one class is still good for."""
    if error.code != "one-class":
        return error
    return InputError(
        f"{error.message.split(';')[0]}; an external test needs at least two of the model's classes "
        f"({', '.join(tried.classifier.classes)}).",
        remedy="What can still be said is how many images are called what: wetread predict MODEL DATA counts that. "
        "AUROC, sensitivity together with specificity, and calibration need both.",
        file=error.file,
        code="one-class",
    )


def _forget_splits(read: ReadData) -> None:
    """All of the set is new to the model: parts of a split that came with it are tested together."""
    parts = Counter(row.given_split for row in read.table.rows if row.given_split)
    if parts:
        told = ", ".join(f"{name} {count}" for name, count in sorted(parts.items()))
        read.table.notes.append(f"The split that came with the data is not used: all its parts are tested ({told}).")
    for row in read.table.rows:
        row.given_split = ""


def _refuse_overlap(
    tried: Tried, read: ReadData, matched: Matched, folder: RunFolder, without: bool, other_patients: bool
) -> Overlap:
    numbers = {id(row): number for number, row in enumerate(matched.rows)}
    inside = [
        replace(pair, first=numbers[id(read.rows[pair.first])], second=numbers[id(read.rows[pair.second])])
        for pair in read.pairs
        if id(read.rows[pair.first]) in numbers and id(read.rows[pair.second]) in numbers
    ]
    overlap = find_overlap(read_seen(tried), read.table, matched.rows, inside, other_patients=other_patients)
    if not overlap.rows:
        return overlap
    if not without:
        if not folder.keeps_earlier:  # the list of the test there stays with it
            _write_overlap(folder, overlap)
        raise _overlap_error(overlap, len(matched.rows), folder)
    for row, _ in overlap.rows:
        row.skip("the model knows it or its patient")
    left_out = counted(len(overlap.rows), "image was left out because it is", "images were left out because they are")
    read.table.notes.append(f"{left_out} not new to the model: {say_overlap(overlap)}.")
    return overlap


def _write_overlap(folder: RunFolder, overlap: Overlap) -> None:
    folder.write_table("overlap.csv", ["image", "reason"], [[row.image, why] for row, why in overlap.rows])


def _overlap_error(overlap: Overlap, total: int, folder: RunFolder) -> InputError:
    listed = ", ".join(row.image for row, _ in overlap.rows[:NAMED])
    more = f" and {len(overlap.rows) - NAMED} more" if len(overlap.rows) > NAMED else ""
    remedy = "--without-overlap tests on the others."
    if "patient" in overlap.counts():
        remedy += " If equal patient numbers name other people, as in another hospital, say so with --other-patients."
    verb = "is" if len(overlap.rows) == 1 else "are"
    where = (
        f"the earlier test in {folder.path} is as it was; with another --out FOLDER all of them are listed there"
        if folder.keeps_earlier
        else f"all of them are listed in {folder.path / 'overlap.csv'}"
    )
    return InputError(
        f"{len(overlap.rows)} of {counted(total, 'image')} {verb} not new to the model: {say_overlap(overlap)}. First "
        f"ones: {listed}{more}; {where}.",
        remedy=remedy,
        file=folder.path,
        code="overlap",
    )


def _check(
    read: ReadData, matched: Matched, seed: int
) -> tuple[list[Finding], str, Mapping[str, ProbeResult | ProbeOfFindings]]:
    """The checks that need no training of the model, and whether anything but the picture tells the labels here."""
    from wetread.checks.finding import Audit
    from wetread.checks.run_checks import gate, run_checks

    rows, classes = matched.rows, matched.present
    if len(classes) < 2 and matched.labels is None:  # refused as soon as it is known what can still be said
        return [], "red", {}
    probes = _probe(matched, seed)
    place = {id(row): number for number, row in enumerate(rows)}
    pairs = [
        replace(pair, first=place[id(read.rows[pair.first])], second=place[id(read.rows[pair.second])])
        for pair in read.pairs
        if id(read.rows[pair.first]) in place and id(read.rows[pair.second]) in place
    ]
    audit = Audit(
        table=read.table,
        rows=rows,
        classes=classes,
        pairs=pairs,
        estimate="external test",
        leaking=[],
        small_classes=[],
        folds=[],
        positive=classes.index(matched.positive) if matched.positive in classes else None,
        probes=probes,
        phi=examine_headers(rows),
    )
    findings = run_checks(audit)
    return findings, gate(findings), probes


def _probe(matched: Matched, seed: int) -> Mapping[str, ProbeResult | ProbeOfFindings]:
    """A shortcut in the external set flatters the model as one at home does, where both share it."""
    from wetread.dataset.split import Fold, encode, group_folds
    from wetread.probes.run_probes import run_probes

    rows, classes = matched.rows, matched.present
    cases = [len({row.group for row in rows if row.label == name}) for name in classes]
    if matched.labels is not None or len(classes) < 2 or min(cases) < FEWEST_FOR_PROBES:
        return {}
    labels, groups = encode(rows, classes)
    everything = np.arange(len(rows))
    tests = group_folds(labels, groups, 5, seed)
    folds = [Fold(1, number, np.setdiff1d(everything, test), test) for number, test in enumerate(tests, start=1)]
    return run_probes(rows, labels, len(classes), folds, seed=seed)


def _predict(tried: Tried, rows: list[Row], tell: Listener) -> tuple[Floats, list[str]]:
    """``image class`` and, of a model that can refuse, its word on each picture; a few at a time so the bar moves."""
    model, tables, statuses = tried.classifier, [], list[str]()
    with step(tell, "predict", "Predicting", len(rows)) as done:
        for start in range(0, len(rows), AT_ONCE):
            some = rows[start : start + AT_ONCE]
            inputs = model.inputs_of([row.picture for row in some if row.picture is not None])
            tables.append(model.probabilities(inputs))
            if model.refusal is not None:
                answers = model.refusal.answers(inputs, [row.facts for row in some])
                statuses += [answer.status for answer in answers]
            tell(StepAdvanced("predict", start + len(some), len(rows)))
        refused = f", {statuses.count('out')} it would refuse" if statuses else ""
        done(f"{counted(len(rows), 'image')}{refused}")
    return np.concatenate(tables), statuses


def _explain(tried: Tried, predictions: Any, rows: list[Row], seed: int, folder: RunFolder, tell: Listener) -> None:
    """Heatmaps of the worst errors and of random cases, as in a run."""
    from wetread.explanation.cases import choose_cases
    from wetread.explanation.gallery import explain_cases

    cases = choose_cases(predictions, CASES, seed)
    model = tried.classifier
    explained = [
        (case, picture, {model.rung: model}, model.rung)
        for case in cases
        if (picture := rows[case.number].picture) is not None
    ]
    with step(tell, "explain", "Explaining cases", len(explained)) as done:
        index, files = explain_cases(
            explained, predictions, lambda count: tell(StepAdvanced("explain", count, len(explained)))
        )
        for name, content in files.items():
            folder.write_bytes(f"heatmaps/{name}", content)
        folder.write_json("heatmaps/index.json", index)
        maps = sum(len(one["maps"]) for one in index["cases"])
        done(f"{counted(len(explained), 'case')}, {counted(maps, 'map')}")


def write_external_page(folder: RunFolder, elsewhere: Elsewhere, tried: Tried, tell: Listener) -> None:
    """Writes thumbnails and the page; a run that was tested learns of it on its own page, if the test lies in it."""
    from wetread.main_job.trust_gate import write_trust
    from wetread.report.html import write_page
    from wetread.report.thumbnails import write_thumbnails

    with step(tell, "report", "Writing the report") as done:
        write_thumbnails(folder, elsewhere.read.table)
        folder.write_history()
        folder.write_status(RUNNING)
        write_page(folder)
        home = tried.folder
        # Only where it has a page: a run of an earlier version, or one that was stopped, is left as it is.
        if home is not None and home.path.resolve() in folder.path.resolve().parents and home.report.is_file():
            write_trust(home)
            write_page(home)
        done(str(folder.report))


def place_of(tried: Tried, request: Request) -> str:
    """Where an external test goes when nothing else is asked for: into its run, else beside."""
    name = name_of(request.data)
    return str(tried.folder.path / "external" / name) if tried.folder is not None else f"wetread-external/{name}"
