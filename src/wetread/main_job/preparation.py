"""Labels, plan, division, checks: everything between the pictures and the first fit."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from wetread.dataset.table import WORKING_SIDE
from wetread.main_job.device import asked_device, settings_beside_device, warn_of_device, with_device
from wetread.main_job.intake import ReadData, examine_headers, read_for_large_networks, stored_plan, write_intake
from wetread.main_job.resuming import as_begun, keep_measured
from wetread.main_job.session import step
from wetread.outcome import counted
from wetread.progress import Listener, Notice, PlanMade
from wetread.request import Request, choose_device
from wetread.run_folder import RUNNING, RunFolder
from wetread.shapes import Ints

if TYPE_CHECKING:
    from wetread.checks.finding import Finding
    from wetread.dataset.duplicates import Pair
    from wetread.dataset.review import Doubt
    from wetread.dataset.split import Fold
    from wetread.dataset.table import Row, Table
    from wetread.probes.finding_probes import ProbeOfFindings
    from wetread.probes.probe import ProbeResult
    from wetread.training.fingerprint import Fingerprint
    from wetread.training.plan import Plan
    from wetread.training.rules import Asked


@dataclass
class Prepared:
    """A data set that was read, checked, planned and divided.

    Attributes:
        table: All files.
        rows: What training and testing use, in the order of every row number.
        folds: Divisions into training and test rows.
        plan: What is decided.
        findings: Of the checks.
        gate: green, amber or red.
        labels: Class number per row, or ``row finding`` of 1, 0 and NaN.
        groups: Group number per row.
        probes: Of what should not tell the label.
        doubts: Labels to look at again.
        leak_allowed: Training rows of tested patients that the user left in.
    """

    table: Table
    rows: list[Row]
    folds: list[Fold]
    plan: Plan
    findings: list[Finding]
    gate: str
    labels: NDArray[Any]
    groups: Ints
    probes: Mapping[str, ProbeResult | ProbeOfFindings] = field(default_factory=dict)
    doubts: list[Doubt] = field(default_factory=list)
    leak_allowed: int = 0


@dataclass(frozen=True)
class _Division:
    """The rows of a data set once a given split is settled and classes too small are out."""

    rows: list[Row]
    pairs: list[Pair]
    classes: list[str]
    aside: list[str]
    estimate: str
    leaking: list[Row]
    allowed: int

    @property
    def usable(self) -> list[Row]:
        return [row for row in self.rows if row.status == "used"]


def prepare(request: Request, read: ReadData, folder: RunFolder, tell: Listener, *, run: bool = False) -> Prepared:
    """Checks, plans and divides a data set; writes images.csv, findings.json, fingerprint.json and plan.yaml.

    Args:
        request: What was asked for.
        read: The data set.
        folder: Where to write.
        tell: Is told about progress.
        run: A model will be made; else the data are judged as they came.
    """
    from wetread.evaluation.subgroup_columns import find_columns

    table = read.table
    with step(tell, "check", "Checking the data") as done:
        division = _settle(request, read)
        if table.split_unused:
            tell(Notice(f"{table.split_unused}; the split is not used."))
        plan, measured = _plan(request, folder, table, division, read, tell)
        if request.subgroups:  # a name that is not there is told before an hour of training
            find_columns(division.usable, request.subgroups)
        prepared = _divide_and_audit(table, division, plan, run=run)
        done(f"{counted(len(prepared.findings), 'finding')}, gate {prepared.gate}")
    tell(PlanMade(plan.decisions()))
    warn_of_device(folder, plan, tell)
    _warn_of_missing_weights(plan, request, tell)
    _warn_of_mirrors(plan, tell)
    _warn_of_idle(plan, request, tell)
    _warn_of_blur(plan, measured, tell)
    folder.write_text("fingerprint.json", measured.as_json())
    folder.write_text("plan.yaml", plan.to_yaml())
    view = {"values": plan.view, "frame": plan.frame, "side": WORKING_SIDE, "reason": plan.reasons["view"]}
    facts = {"seed": plan.seed, "preset": plan.preset, "device": plan.device}
    write_intake(folder, table, prepared.findings, view=view, **facts)
    if run and plan.working_side > WORKING_SIDE:
        read_for_large_networks(read, plan.working_side, tell)
        folder.write_status(RUNNING, view={**view, "side": plan.working_side})
    return prepared


def check_several(read: ReadData, folder: RunFolder, tell: Listener) -> tuple[list[Finding], str]:
    """Checks a data set whose images can have several findings: all that needs no division into classes."""
    from wetread.checks.finding import Audit
    from wetread.checks.run_checks import gate, run_checks

    with step(tell, "check", "Checking the data") as done:
        audit = Audit(
            table=read.table,
            rows=read.rows,
            classes=read.table.findings,
            pairs=read.pairs,
            estimate="cross-validation",
            leaking=[],
            small_classes=[],
            folds=[],
            positive=None,
            phi=examine_headers(read.rows),
        )
        findings = run_checks(audit)
        verdict = gate(findings)
        done(f"{counted(len(findings), 'finding')}, gate {verdict}")
    view, reason = read.view
    read.table.notes.append(f"Grey values: {view} ({reason}).")
    write_intake(folder, read.table, findings, view={"values": str(view), "frame": view.frame, "reason": reason})
    return findings, verdict


def write_fixes(
    read: ReadData, doubts: list[Doubt], decisions: Mapping[str, str], folder: RunFolder, tell: Listener
) -> None:
    """Writes a table without the faults that can be mended, every change with its reason, and labels to review."""
    from wetread.dataset.fix import propose_fixes, write_fixed

    with step(tell, "fix", "Writing a mended table") as done:
        fixes = propose_fixes(read.table, read.rows, read.pairs, doubts, decisions)
        write_fixed(folder, read.table, fixes)
        done(f"{counted(len(fixes.changes), 'change')}, {counted(len(fixes.doubts), 'label')} to review")


def _settle(request: Request, read: ReadData) -> _Division:
    """Decides on a given split, and takes out classes or findings that are too small."""
    from wetread.dataset.findings import choose_findings
    from wetread.dataset.reading import drop_small_classes
    from wetread.dataset.scan import MIN_PER_CLASS
    from wetread.dataset.split import find_leaking_rows, set_leaking_rows_aside, settle_given_split

    table = read.table
    small = [] if table.multi else drop_small_classes(table, MIN_PER_CLASS)
    kept = [number for number, row in enumerate(read.rows) if row.status == "used"]
    rows, pairs = [read.rows[number] for number in kept], _renumber(read.pairs, kept)
    estimate = settle_given_split(table, rows, allow_leak=request.allow_leak)
    leaking = find_leaking_rows(rows) if estimate else []
    allowed = leaking if request.allow_leak else []
    leaking = [] if request.allow_leak else leaking
    set_leaking_rows_aside(leaking)
    used = [row for row in rows if row.status == "used"]
    if table.multi:
        learnt = [row for row in used if not estimate or row.given_split != "test"]
        classes, small = choose_findings(table, learnt)
    else:
        classes = sorted({row.label for row in used})
    return _Division(rows, pairs, classes, small, estimate, leaking, len(allowed))


def _renumber(pairs: list[Pair], kept: list[int]) -> list[Pair]:
    new = {old: number for number, old in enumerate(kept)}
    inside = [pair for pair in pairs if pair.first in new and pair.second in new]
    return [replace(pair, first=new[pair.first], second=new[pair.second]) for pair in inside]


def _plan(
    request: Request, folder: RunFolder, table: Table, division: _Division, read: ReadData, tell: Listener
) -> tuple[Plan, Fingerprint]:
    """Measures and decides: the rules, then a recipe, then a plan that was given or begun, then single settings."""
    from wetread.training.plan import make_plan
    from wetread.training.plan_file import read_plan, set_decisions, with_options
    from wetread.training.plan_settled import require_folds
    from wetread.training.plan_weights import require_weights
    from wetread.training.recipes import recipe_path
    from wetread.training.rules import Asked

    stored = stored_plan(request, folder)
    resumed = stored is not None and request.plan is None
    measured = _measure(request, table, division)
    asked = Asked(request.preset, request.seed, request.positive, *read.view, backbone=request.backbone)
    if resumed:
        measured = keep_measured(folder, measured, request)
        asked = as_begun(folder, asked, measured)
    if not request.recipe and stored is None:
        measured = _with_pace(measured, asked, tell)
    planned = make_plan(measured, asked)
    plan = _follow_recipe(request.recipe, planned, measured, table) if request.recipe else planned
    followed = read_plan(stored, plan, settle=False, resumed=resumed) if stored else plan
    plan = with_options(followed, planned, _typed(request)) if stored else plan
    follows = stored or (recipe_path(request.recipe) if request.recipe else None)
    plan = set_decisions(plan, settings_beside_device(request), planned, follows=follows)
    plan = _with_reasons_of_project(with_device(request, stored, plan, planned), table)
    # The pictures are read by now; the plan says how.
    plan = with_options(plan, planned, ("view", "frame"))
    plan = _with_working_side(request, stored, followed, plan, measured)
    require_folds(plan, planned, measured)
    require_weights(plan, measured)
    return plan, measured


def _with_working_side(
    request: Request, stored: Path | None, followed: Plan, plan: Plan, measured: Fingerprint
) -> Plan:
    """The plan with pictures as large as its networks see them, unless somebody said how large."""
    from wetread.training.plan_file import begun_before_working_sides, says_working_side, with_working_side

    if any(setting.partition("=")[0].strip() == "working_side" for setting in request.settings):
        return plan
    if stored is not None and request.plan is None and begun_before_working_sides(stored):
        # What it has trained saw such pictures; the rest of it must see the same.
        return plan.replace({"working_side": WORKING_SIDE}, lambda _: "as the run began, with an earlier version")
    if stored is not None and says_working_side(stored, followed, measured):
        return plan
    return with_working_side(plan, measured)


def _typed(request: Request) -> list[str]:
    """Decisions that options of the command line name; one that has its default value was not typed."""
    names = ("seed", "positive", "time_limit", "backbone", "laterality")
    return [name for name in names if getattr(request, name)]


def _warn_of_missing_weights(plan: Plan, request: Request, tell: Listener) -> None:
    """A recipe on a computer that lacks its weights is another one; its name alone would hide that."""
    from wetread.training.plan_departures import departures

    wanted = any(setting.partition("=")[0].strip() == "weights" for setting in request.settings)
    follows = request.recipe and request.plan is None and "network" in plan.rungs
    if follows and not wanted and "weights" in departures(plan.values()):
        tell(Notice(f"The recipe {plan.recipe}: {plan.reasons['weights']}."))


def _warn_of_mirrors(plan: Plan, tell: Listener) -> None:
    """A recipe is followed to the letter also where it mirrors pictures and nobody said whether sides matter."""
    from wetread.training.modality import NO_SIDES

    mirrors = "network" in plan.rungs and (plan.augment.mirror or plan.augment.flip)
    if plan.recipe and mirrors and plan.laterality == "unknown" and plan.modality not in NO_SIDES:
        tell(
            Notice(
                f"The recipe {plan.recipe} mirrors training pictures, and nobody said whether it matters which side is "
                "left: a left effusion becomes a right one. --laterality matters mirrors nothing."
            )
        )


def _warn_of_idle(plan: Plan, request: Request, tell: Listener) -> None:
    """What was set about training, where no network is trained."""
    from wetread.training.plan_file import settings_without_effect

    idle = settings_without_effect(plan, request.settings)
    if idle:
        tell(
            Notice(
                f"{', '.join(idle)} {'has' if len(idle) == 1 else 'have'} no effect: no network is trained here, as "
                f"rungs are {', '.join(plan.rungs)}. --set rungs=classical,network trains one."
            )
        )


def _warn_of_blur(plan: Plan, measured: Fingerprint, tell: Listener) -> None:
    """Where somebody said so, pictures are smaller than a network sees them, and are enlarged again."""
    from wetread.training.rules import choose_working_side

    seen, _ = choose_working_side(measured, plan.values())
    if plan.working_side < seen:
        tell(
            Notice(
                f"Pictures are reduced to {plan.working_side} pixels, as the plan says, and enlarged again for a "
                f"network that sees {seen}. --set working_side={seen} keeps what is in them."
            )
        )


def _measure(request: Request, table: Table, division: _Division) -> Fingerprint:
    from wetread.dataset.findings import label_matrix
    from wetread.training.measure import measure

    rows = division.usable
    return measure(
        table,
        rows,
        division.classes,
        division.pairs,
        labels=label_matrix(rows, division.classes) if table.multi else None,
        estimate=division.estimate,
        device=choose_device(asked_device(request)),
        laterality=request.laterality,
        time_limit=request.time_limit,
    )


#: What is said where other programs slow training down.
BUSY = (
    "Other programs keep this computer busy: a step of training takes longer with all its cores than with one of them. "
    "The plan is made for this pace; close them and begin anew for a better one."
)

#: Setting of a Teachable Machine project -> our decision.
_OF_PROJECT = {"epochs": "epochs", "batch size": "batch", "learning rate": "learning_rate"}


def _follow_recipe(name: str, planned: Plan, measured: Fingerprint, table: Table) -> Plan:
    """The plan with a published recipe over it; a Teachable Machine project brings its own rate, batch and epochs."""
    from wetread.training.plan_departures import OF_PROJECT
    from wetread.training.plan_file import read_plan
    from wetread.training.plan_weights import without_missing_weights
    from wetread.training.recipes import recipe_path

    plan = without_missing_weights(read_plan(recipe_path(name), planned, settle=False), measured)
    return plan.replace(_values_of_project(plan, table), lambda _: OF_PROJECT)


def _values_of_project(plan: Plan, table: Table) -> dict[str, Any]:
    """Decision -> value, as a Teachable Machine project was trained; none for other data, or without that recipe."""
    if plan.recipe != "teachable-machine":
        return {}
    values = plan.values()
    told = {ours: table.provenance[theirs] for theirs, ours in _OF_PROJECT.items() if theirs in table.provenance}
    return {ours: type(values[ours])(value) for ours, value in told.items() if isinstance(value, int | float)}


def _with_reasons_of_project(plan: Plan, table: Table) -> Plan:
    """The plan in which a value has the project file as its reason where it is that of the project, and only there.

    Whether a recipe was changed is told from it, also where a plan file or a start before brought value and reason.
    """
    from wetread.training.plan_departures import OF_PROJECT

    own, values = _values_of_project(plan, table), plan.values()
    moved = [name for name in values if plan.reasons.get(name) == OF_PROJECT and values[name] != own.get(name)]
    plan = plan.replace({name: values[name] for name in moved}, lambda _: "changed since the project file was read")
    return plan.replace({name: value for name, value in own.items() if values[name] == value}, lambda _: OF_PROJECT)


def _with_pace(measured: Fingerprint, asked: Asked, tell: Listener) -> Fingerprint:
    """Times a training step where the answer decides something."""
    from wetread.training.rules import network_to_time

    known = network_to_time(measured, asked)
    if known is None:
        return measured
    from wetread.training.pace import images_per_second

    rate = images_per_second(known, measured.device, measured.time_limit, lambda: tell(Notice(BUSY)))
    return measured if rate is None else replace(measured, rate=max(0.01, round(rate, 2)))


def _divide_and_audit(table: Table, division: _Division, plan: Plan, *, run: bool) -> Prepared:
    from wetread.checks.finding import Audit
    from wetread.checks.label_errors import examine_labels
    from wetread.checks.run_checks import gate, run_checks
    from wetread.dataset.findings import label_matrix
    from wetread.dataset.split import cross_validation, encode, given_test, locked_test, number_groups
    from wetread.probes.finding_probes import run_finding_probes
    from wetread.probes.run_probes import run_probes

    rows, classes = division.usable, list(plan.classes)
    matrix = label_matrix(rows, classes, plan.uncertain) if table.multi else None
    if plan.estimate == "cross-validation":
        folds = cross_validation(rows, classes, folds=plan.folds, repeats=plan.repeats, seed=plan.seed, labels=matrix)
    elif plan.estimate == "locked test":
        folds = locked_test(rows, classes, seed=plan.seed, labels=matrix)
    else:
        folds = given_test(rows)
    for row in table.unlabelled:
        row.split = "unlabelled"
    audit = Audit(
        table=table,
        rows=division.rows,
        classes=classes,
        pairs=division.pairs,
        estimate=plan.estimate,
        leaking=division.leaking,
        small_classes=division.aside,
        folds=folds,
        positive=None if plan.positive is None else classes.index(plan.positive),
        phi=examine_headers(division.rows),
        run=run,
    )
    labels: NDArray[Any]
    labels, groups = (matrix, number_groups(rows)) if matrix is not None else encode(rows, classes)
    aside = _probe_folds(plan, folds, labels, groups)
    probes: dict[str, Any]
    if matrix is not None:
        examined = None
        probes = run_finding_probes(rows, matrix, aside, seed=plan.seed)
    else:
        classed = labels.astype(np.int64)
        examined = examine_labels(rows, classed, groups, classes, seed=plan.seed)
        probes = run_probes(rows, classed, len(classes), aside, seed=plan.seed)
        audit = replace(audit, label_errors=examined)
    findings = run_checks(replace(audit, probes=probes, texts=_count_texts(probes)))
    return Prepared(
        table,
        rows,
        folds,
        plan,
        findings,
        gate(findings),
        labels,
        groups,
        probes,
        examined.doubts if examined else [],
        division.allowed if plan.estimate == "given test" else 0,
    )


def _probe_folds(plan: Plan, folds: list[Fold], labels: NDArray[Any], groups: Ints) -> list[Fold]:
    """Folds for what should not tell the label: over all images, also where the model has one test set.

    The question is about the data, and a test set of forty images is too small to answer it.
    """
    from wetread.dataset.split import Fold, group_folds

    if plan.estimate == "cross-validation":
        return folds
    everything = np.arange(len(labels))
    tests = group_folds(labels, groups, 5, plan.seed)
    return [Fold(1, number, np.setdiff1d(everything, test), test) for number, test in enumerate(tests, start=1)]


def _count_texts(probes: Mapping[str, ProbeResult | ProbeOfFindings]) -> dict[str, int]:
    """How many lines of text were found in each picture, by the probe that looks for them."""
    found = probes.get("text and marks")
    if found is None:
        return {}
    lines = found.features.values[:, found.features.names.index("lines of text")]
    return {row.image: int(count) for row, count in zip(found.rows, lines, strict=True) if count}
