"""numbers.json of an external test: the numbers of a run, with the thresholds that the model brought."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from wetread.errors import InputError
from wetread.main_job.external_drop import describe_drop, told_by
from wetread.main_job.external_labels import Matched
from wetread.main_job.overlap import Overlap, Tried
from wetread.outcome import counted
from wetread.run_folder import RunFolder
from wetread.shapes import Floats

if TYPE_CHECKING:
    from wetread.dataset.table import Row, Table
    from wetread.evaluation.finding_predictions import FindingPredictions
    from wetread.evaluation.predictions import Predictions
    from wetread.probes.finding_probes import ProbeOfFindings
    from wetread.probes.probe import ProbeResult

RESAMPLES = 2000
CHOSEN_ON = "the data that the model was trained on"


@dataclass(frozen=True)
class Evidence:
    """What the numbers come from.

    Attributes:
        tried: The model.
        table: The data set.
        matched: Rows that were tested, in the model's words.
        probabilities: ``image class`` for these rows.
        statuses: What the model says of each picture: in, edge or out; empty where it cannot refuse.
        overlap: What the model knew of the set.
        probes: Of what should not tell the label.
        gate: green, amber or red.
    """

    tried: Tried
    table: Table
    matched: Matched
    probabilities: Floats
    statuses: list[str]
    overlap: Overlap
    probes: Mapping[str, ProbeResult | ProbeOfFindings]
    gate: str

    @property
    def estimate(self) -> str:
        """How it was tested, for the headline."""
        left_out = len(self.overlap.rows)
        told = counted(left_out, "image left out that was not new", "images left out that were not new")
        return f"external test, {told}" if left_out else "external test"

    @property
    def trained_on(self) -> int | None:
        """Images that the model was fitted on, where it says so."""
        told = self.tried.classifier.facts.get("trained_on")
        count = told.get("images") if isinstance(told, dict) else None
        return count if isinstance(count, int) else None


@dataclass(frozen=True)
class Found:
    """What an external test found.

    Attributes:
        numbers: Contents of numbers.json.
        predictions: Of labelled rows.
        text: Of predictions.csv.
        drop: Contents of external.json.
    """

    numbers: dict[str, Any]
    predictions: Predictions | FindingPredictions
    text: str
    drop: dict[str, Any]


def numbers_elsewhere(evidence: Evidence, folder: RunFolder, seed: int) -> Found:
    """Computes every number.

    Args:
        evidence: Predictions and where they come from.
        folder: Of the external test.
        seed: Of the resamples.

    Raises:
        InputError: Only one class of the model is there, or no finding can be tested.
    """
    options = {"resamples": RESAMPLES, "seed": seed}
    predictions: Predictions | FindingPredictions
    if evidence.matched.labels is not None:
        numbers, predictions = _of_findings(evidence, options)
    else:
        numbers, predictions = _of_classes(evidence, options)
    numbers |= _judged(evidence, predictions, options)
    numbers |= _test_set(evidence.matched.rows, folder)
    drop = describe_drop(evidence, numbers, predictions, options)
    return Found(numbers, predictions, _with_unlabelled(evidence, predictions).to_csv(), drop)


def _judged(
    evidence: Evidence, predictions: Predictions | FindingPredictions, options: dict[str, int]
) -> dict[str, Any]:
    """Calls at every threshold that the model brought, decisions, and groups of the images."""
    from wetread.evaluation.judgement import judge

    points, n = evidence.tried.classifier.points, len(predictions.images)
    several = evidence.matched.labels is not None
    each = {rule: np.tile(cuts, (n, 1)) if several else np.full(n, cuts[0]) for rule, cuts in points.items() if cuts}
    return judge(
        predictions,
        evidence.matched.rows,
        each,
        points,
        resamples=options["resamples"],
        seed=options["seed"],
    )


def _of_classes(evidence: Evidence, options: dict[str, int]) -> tuple[dict[str, Any], Predictions]:
    from wetread.evaluation.counts import count_cases
    from wetread.evaluation.evaluate import evaluate, ladder_row, paired_gain
    from wetread.evaluation.external import calibration_intervals, mean_auroc_of_present

    model = evidence.tried.classifier
    predictions = _predictions(evidence, evidence.matched.rows, evidence.probabilities)
    if len(set(predictions.truth.tolist())) < 2:
        raise _one_class(predictions)
    found = evaluate(predictions, resamples=options["resamples"], seed=options["seed"])
    shown = found["metrics"].get("auroc") or mean_auroc_of_present(predictions, **options)
    if shown is None:
        raise _one_class(predictions)
    found["metrics"] = {"auroc": shown, **found["metrics"]}
    for name, interval in calibration_intervals(predictions).items():
        found["metrics"].setdefault(name, interval)
    models: dict[str, Any] = {"prevalence": {**ladder_row(_by_share(predictions), 0.0, **options), "auroc": _GUESSING}}
    made = _probe_predictions(evidence, predictions)
    for name, one in made.items():
        models[name] = ladder_row(one, evidence.probes[name].seconds, **options)
        models[name]["sees"] = evidence.probes[name].looks_at
    models["selected"] = {**ladder_row(predictions, None, **options), "auroc": shown}
    files = made.get("file properties")
    same = files is not None and files.images == predictions.images
    numbers = {
        "task": model.task,
        "classes": list(model.classes),
        "positive": model.positive,
        **_common(evidence),
        "n": count_cases(predictions, evidence.table, evidence.trained_on),
        "headline": {"name": "auroc", **shown},
        "metrics": found["metrics"],
        "per_class": found["per_class"],
        "models": models,
        "gain_over_file_properties": paired_gain(predictions, files, **options) if same and files is not None else None,
        "operating_point": _operating_point(evidence.tried, found["metrics"]),
        **{name: found[name] for name in found if name not in ("metrics", "per_class")},
    }
    return numbers, predictions


_GUESSING = {"value": 0.5, "low": 0.5, "high": 0.5, "method": "by definition"}


def _by_share(predictions: Predictions) -> Predictions:
    """What a model says that gives each image the share of every class here."""
    from dataclasses import replace

    share = np.bincount(predictions.truth, minlength=len(predictions.classes)) / len(predictions.truth)
    table = np.tile(share, (len(predictions.truth), 1))
    return replace(predictions, probabilities=table, predicted=table.argmax(axis=1), thresholds=None)


def _common(evidence: Evidence) -> dict[str, Any]:
    from wetread.evaluation.by_division import by_division

    model, table = evidence.tried.classifier, evidence.table
    return {
        "unit": "image" if table.grouping == "none" else "patient",
        "grouping": table.grouping,
        "estimate": evidence.estimate,
        "chosen": {model.rung: 1},
        "shipped": model.rung,
        "repeats": by_division([]),
        "choices": {},
        "gate": evidence.gate,
    }


def _of_findings(evidence: Evidence, options: dict[str, int]) -> tuple[dict[str, Any], FindingPredictions]:
    from wetread.evaluation.finding_numbers import numbers_of_findings, prevalence_predictions

    model = evidence.tried.classifier
    assert evidence.matched.labels is not None
    predictions = _finding_predictions(evidence, evidence.matched.rows, evidence.matched.labels, evidence.probabilities)
    rule = _rule(evidence.tried)
    share = np.array([np.nanmean(column) if np.isfinite(column).any() else 0.5 for column in predictions.truth.T])
    numbers = numbers_of_findings(
        {"prevalence": prevalence_predictions(predictions, share), "selected": predictions},
        table=evidence.table,
        estimate=evidence.estimate,
        trained_on=evidence.trained_on or 0,
        gate=evidence.gate,
        rule=rule or "youden",
        thresholds=model.thresholds or None,
        chosen={model.rung: 1},
        shipped=model.rung,
        set_aside=[],
        uncertain="leave out",
        resamples=options["resamples"],
        seed=options["seed"],
    )
    point = numbers["operating_point"]
    point["chosen_on"] = CHOSEN_ON
    if rule is None:
        point |= {"rule": "", "title": "a rule that is not known"}
    return numbers, predictions


def _one_class(predictions: Predictions) -> InputError:
    """What can be said where only one class of the model is there: how often it is called, and nothing else."""
    from wetread.metrics.choice import interval_for_proportion

    name = predictions.classes[int(predictions.truth[0])]
    right = predictions.predicted == predictions.truth
    told = interval_for_proportion(right, np.ones(len(right), dtype=np.bool_), np.array(predictions.groups))
    share = f" ({told.value:.2f}, 95 % interval {told.low:.2f} to {told.high:.2f})" if told is not None else ""
    others = " or ".join(other for other in predictions.classes if other != name)
    return InputError(
        f"All images to test on are {name}. What can still be said: {int(right.sum())} of {len(right)} were called so"
        f"{share}. Whether {name} is told from {others} cannot.",
        remedy=f"Add images of {others} from the same place.",
        code="one-class",
    )


def _predictions(evidence: Evidence, rows: list[Row], probabilities: Floats) -> Predictions:
    from wetread.evaluation.predictions import Predictions

    model = evidence.tried.classifier
    number = {name: column for column, name in enumerate(model.classes)}
    cut = model.threshold
    if cut is None and model.positive is not None:
        cut = 0.5
    return Predictions(
        model.classes,
        model.positive,
        *_who(rows),
        truth=np.array([number[row.label] if row.label else -1 for row in rows], dtype=np.int64),
        predicted=model.decide(probabilities),
        probabilities=probabilities,
        thresholds=None if cut is None else np.full(len(rows), cut),
    )


def _who(rows: list[Row]) -> tuple[list[str], list[str], list[str], list[str], list[str]]:
    """Images, patients, groups, splits and folds."""
    from wetread.evaluation.predictions import UNLABELLED

    return (
        [row.image for row in rows],
        [row.patient for row in rows],
        [row.group or row.image for row in rows],
        ["test" if row.label else UNLABELLED for row in rows],
        [""] * len(rows),
    )


def _finding_predictions(
    evidence: Evidence, rows: list[Row], truth: Floats, probabilities: Floats
) -> FindingPredictions:
    from wetread.evaluation.finding_predictions import FindingPredictions

    model = evidence.tried.classifier
    cuts = model.thresholds or (0.5,) * len(model.classes)
    return FindingPredictions(
        model.classes, *_who(rows), truth=truth, probabilities=probabilities, thresholds=np.tile(cuts, (len(rows), 1))
    )


def _probe_predictions(evidence: Evidence, predictions: Predictions) -> dict[str, Predictions]:
    """What should not tell the label, as predictions in the model's classes."""
    from dataclasses import replace

    columns = [predictions.classes.index(name) for name in evidence.matched.present]
    found = {}
    for name, one in evidence.probes.items():
        inside = np.zeros(len(predictions.images), dtype=np.bool_)
        inside[one.tested] = True
        table = np.zeros((len(one.tested), len(predictions.classes)))
        table[:, columns] = one.probabilities
        taken = predictions.take(inside)
        found[name] = replace(taken, probabilities=table, predicted=table.argmax(axis=1), thresholds=None)
    return found


def _with_unlabelled(
    evidence: Evidence, predictions: Predictions | FindingPredictions
) -> Predictions | FindingPredictions:
    """Adds what the model says of images without a label; of those that it refuses nothing."""
    from dataclasses import replace

    from wetread.evaluation.predictions import Predictions
    from wetread.main_job.tested import judge_unlabelled

    rows = [row for row in evidence.table.unlabelled if row.picture is not None]
    if not rows:
        return predictions
    for row in rows:
        row.split = "unlabelled"
    table, statuses = judge_unlabelled(evidence.tried.classifier, rows)
    if isinstance(predictions, Predictions):
        return predictions.followed_by(replace(_predictions(evidence, rows, table), statuses=statuses))
    made = _finding_predictions(evidence, rows, np.full(table.shape, np.nan), table)
    return predictions.followed_by(replace(made, statuses=statuses))


def _test_set(rows: list[Row], folder: RunFolder) -> dict[str, Any]:
    """How often these images were tested on, among the external tests beside this one."""
    from wetread.dataset.openings import count_openings, fingerprint_of

    fingerprint = fingerprint_of(rows)
    return {"test_set": {"fingerprint": fingerprint, "opened": count_openings(folder.path, fingerprint)}}


def _operating_point(tried: Tried, metrics: dict[str, Any]) -> dict[str, Any] | None:
    """The threshold that the model brought; none where nothing is known of the rule it was chosen by."""
    from wetread.metrics.point_rule import read_rule

    rule = _rule(tried)
    if tried.classifier.positive is None or rule is None:
        return None
    return {
        "rule": rule,
        "title": read_rule(rule).title,
        "threshold": None if tried.classifier.threshold is None else round(tried.classifier.threshold, 6),
        "chosen_on": CHOSEN_ON,
        "sensitivity": metrics.get("sensitivity"),
        "specificity": metrics.get("specificity"),
    }


def _rule(tried: Tried) -> str | None:
    """By which rule the threshold was chosen, as the run tells it, else the model; None where neither does."""
    told = ((tried.numbers or told_by(tried)).get("operating_point") or {}).get("rule")
    return str(told) if told else next(iter(tried.classifier.points), None)
