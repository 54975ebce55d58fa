"""external.json: numbers at home and elsewhere side by side, what was left out, and what would have been refused."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from wetread.errors import InputError
from wetread.outcome import headline

if TYPE_CHECKING:
    from wetread.evaluation.finding_predictions import FindingPredictions
    from wetread.evaluation.predictions import Predictions
    from wetread.main_job.external_numbers import Evidence
    from wetread.main_job.overlap import Tried

#: Of numbers.json, what a model keeps so that it can be compared without its run.
KEPT = ("task", "estimate", "gate", "headline", "metrics", "operating_point")


def numbers_to_keep(numbers: Mapping[str, Any]) -> dict[str, Any]:
    """What a model should keep of its numbers, under ``numbers`` of its facts: no image and no patient is named.

    Args:
        numbers: Contents of numbers.json.
    """
    counts = {name: numbers["n"].get(name) for name in ("images", "patients", "per_class")}
    return {**{name: numbers.get(name) for name in KEPT}, "n": counts}


def describe_drop(
    evidence: Evidence,
    numbers: dict[str, Any],
    predictions: Predictions | FindingPredictions,
    options: dict[str, int],
) -> dict[str, Any]:
    """Contents of external.json.

    Args:
        evidence: What the numbers come from.
        numbers: Of the external test.
        predictions: Labelled ones.
        options: ``resamples`` and ``seed``.
    """
    compared = _side_by_side(evidence.tried, numbers, predictions, options)
    return _drop(evidence, numbers, compared, _refused(evidence, predictions, options))


def _side_by_side(
    tried: Tried, numbers: dict[str, Any], predictions: Predictions | FindingPredictions, options: dict[str, int]
) -> tuple[dict[str, Any], dict[str, Any], list[str]]:
    """Numbers at home and here that mean the same, and the findings that means are taken over."""
    from wetread.evaluation.external import calibration_intervals, common_findings
    from wetread.evaluation.finding_predictions import FindingPredictions

    home = tried.numbers or told_by(tried)
    inside, outside = dict(home.get("metrics") or {}), dict(numbers["metrics"])
    tested = _read_home(tried)
    if isinstance(predictions, FindingPredictions):
        if isinstance(tested, FindingPredictions) and tested.findings == predictions.findings:
            return common_findings(tested, predictions, **options)
        same = (home.get("headline") or {}).get("mean_over") == numbers["headline"]["mean_over"]
        return (inside if same else {}), outside, list(numbers["headline"]["mean_over"])
    if "mean_over" in numbers["headline"]:  # other classes than at home, so that no mean is the same number
        inside = {}
    if tested is not None and not isinstance(tested, FindingPredictions):
        for name, interval in calibration_intervals(tested).items():
            inside.setdefault(name, interval)
    return inside, outside, []


def told_by(tried: Tried) -> dict[str, Any]:
    """What a model without its run says of its numbers at home."""
    told = tried.classifier.facts.get("numbers")
    return told if isinstance(told, dict) else {}


def _read_home(tried: Tried) -> Predictions | FindingPredictions | None:
    from wetread.evaluation.finding_predictions import read_finding_predictions
    from wetread.evaluation.predictions import read_predictions

    if tried.folder is None or not tried.numbers:
        return None
    path, classes = tried.folder.path / "predictions.csv", tuple(tried.numbers["classes"])
    try:
        if tried.numbers["task"] == "multilabel":
            return read_finding_predictions(path, classes).labelled
        return read_predictions(path, classes, tried.numbers["positive"]).labelled
    except InputError:
        return None


def _refused(
    evidence: Evidence, predictions: Predictions | FindingPredictions, options: dict[str, int]
) -> dict[str, Any] | None:
    """How many pictures the model would refuse here, and the AUROC of the others; None where it cannot refuse."""
    from wetread.evaluation.evaluate import ladder_row
    from wetread.evaluation.findings import ladder_row_of_findings
    from wetread.evaluation.predictions import Predictions

    if not evidence.statuses:
        return None
    accepted = np.array([status != "out" for status in evidence.statuses])
    told: dict[str, Any] = {name: evidence.statuses.count(name) for name in ("in", "edge", "out")}
    if accepted.all() or not accepted.any():
        return {**told, "auroc_of_others": None}
    left = predictions.take(accepted)
    if not isinstance(left, Predictions):
        row = ladder_row_of_findings(left, None, **options)
    else:
        row = ladder_row(left, None, **options)
    return {**told, "auroc_of_others": row.get("auroc")}


def _drop(
    evidence: Evidence,
    numbers: dict[str, Any],
    compared: tuple[dict[str, Any], dict[str, Any], list[str]],
    refused: dict[str, Any] | None,
) -> dict[str, Any]:
    """Contents of external.json."""
    inside, outside, common = compared
    from wetread.evaluation.external import METHOD, compare_numbers, say_drop

    tried, matched, overlap = evidence.tried, evidence.matched, evidence.overlap
    home = tried.numbers or told_by(tried)
    estimate = str(home.get("estimate") or "its own test")
    rows = compare_numbers(inside, outside)
    model = tried.classifier
    return {
        "verdict": say_drop(rows, estimate),
        "model": {
            "run": tried.folder.path.resolve().name if tried.folder is not None else None,
            "rung": model.rung,
            "classes": list(model.classes),
            "positive": model.positive,
            "own_number": headline(tried.numbers) if tried.numbers else model.facts.get("tested"),
            "gate": home.get("gate") or model.facts.get("gate"),
            "trained_on": evidence.trained_on,
        },
        "estimate": estimate,
        "rows": rows,
        "method": METHOD,
        "findings": common,
        "shares": _shares(home, numbers),
        "refused": refused,
        "overlap": {
            "left_out": len(overlap.rows),
            "counts": overlap.counts(),
            "not_compared": list(overlap.limits),
        },
        "set_aside": matched.set_aside,
        "missing": list(matched.missing),
        "renamed": matched.renamed,
    }


def _shares(home: dict[str, Any], numbers: dict[str, Any]) -> dict[str, dict[str, float | None]]:
    """Class -> share of the images at home and here: what moves with it are predictive values, not the model."""
    shares: dict[str, dict[str, float | None]] = {}
    for name in numbers["classes"]:
        shares[name] = {}
        for place, told in (("inside", home.get("n") or {}), ("outside", numbers["n"])):
            count, total = (told.get("per_class") or {}).get(name), told.get("images")
            shares[name][place] = round(count / total, 4) if count is not None and total else None
    return shares
