"""How much worse is a model elsewhere? Each number inside and outside, and the change with its interval.

The two samples are independent: other patients, another place. The interval of a difference follows from the intervals
of both numbers by the square-and-add rule (MOVER: Newcombe 1998, 10.1002/(SICI)1097-0258(19980430)17:8<873::AID-SIM779>
3.0.CO;2-I, for shares; Zou & Donner 2008, 10.1002/sim.3095, for anything): for d = b - a the lower bound is
d - sqrt((b - low_b)^2 + (high_a - a)^2), the upper one d + sqrt((high_b - b)^2 + (a - low_a)^2). So it keeps what the
intervals are worth that stand on the page (Wilson, DeLong on the logit scale, patient bootstrap), and can be
recomputed from them.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np

from wetread.evaluation.evaluate import FEWEST_FOR_CALIBRATION, as_dicts
from wetread.evaluation.finding_predictions import FindingPredictions
from wetread.evaluation.findings import ladder_row_of_findings, testable
from wetread.evaluation.predictions import Predictions
from wetread.metrics import counted
from wetread.metrics.bootstrap import patient_bootstrap
from wetread.metrics.calibration_line import calibration_line_intervals
from wetread.metrics.interval import Interval, enclosing
from wetread.outcome import say_share

#: Numbers that are compared, in the order of the page.
COMPARED = (
    "auroc", "sensitivity", "specificity", "balanced_accuracy", "brier", "calibration_slope", "calibration_intercept",
    "accuracy", "auprc", "ppv", "npv", "log_loss", "right_decisions",
)  # fmt: skip
#: Numbers that change with the share of positives alone, whatever the model does.
BY_MIX = ("accuracy", "auprc", "ppv", "npv", "brier", "log_loss", "calibration_intercept", "right_decisions")
#: Less is better.
LOW_IS_GOOD = ("brier", "log_loss")
#: Neither more nor less is better.
NO_SIDE = ("calibration_slope", "calibration_intercept")

METHOD = "square and add (MOVER; Newcombe 1998, Zou & Donner 2008)"


def difference_of_independent(inside: Interval, outside: Interval) -> Interval:
    """Return ``outside - inside`` of two independent samples with an interval from those of both.

    Args:
        inside: A number with its interval.
        outside: The same number elsewhere, at the same level.

    Raises:
        ValueError: The levels differ.
    """
    if inside.level != outside.level:
        raise ValueError(f"levels must agree, not {inside.level} and {outside.level}")
    d = outside.value - inside.value
    low = d - math.hypot(outside.value - outside.low, inside.high - inside.value)
    high = d + math.hypot(outside.high - outside.value, inside.value - inside.low)
    return enclosing(d, low, high, METHOD, min(inside.n, outside.n), inside.level)


def compare_numbers(inside: Mapping[str, Any], outside: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Sets numbers side by side.

    Args:
        inside: Name -> interval as numbers.json has it, from the model's own test; may lack some.
        outside: The same from the external test.

    Returns:
        Per number that is known outside: ``name``, ``inside`` (or None), ``outside``, ``difference`` (or None),
        ``by_mix``, whether it changes with the mix of classes alone, and ``worse``: True, False, or None where the
        interval of the difference includes 0, or no side is the better one.
    """
    rows = []
    for name in COMPARED:
        if name not in outside:
            continue
        a, b = _as_interval(inside.get(name)), _as_interval(outside[name])
        difference = difference_of_independent(a, b) if a is not None and b is not None else None
        rows.append({
            "name": name,
            "inside": inside.get(name),
            "outside": outside[name],
            "difference": as_dicts({"it": difference}).get("it"),
            "by_mix": name in BY_MIX,
            "worse": _worse(name, difference),
        })  # fmt: skip
    return rows


def _as_interval(stored: Mapping[str, Any] | None) -> Interval | None:
    if not stored or not all(isinstance(stored.get(key), int | float) for key in ("value", "low", "high")):
        return None
    n, level = int(stored.get("n") or 0), float(stored.get("level") or 0.95)
    return Interval(float(stored["value"]), float(stored["low"]), float(stored["high"]), "", n, level)


def _worse(name: str, difference: Interval | None) -> bool | None:
    if difference is None or name in NO_SIDE or difference.low <= 0 <= difference.high:
        return None
    return (difference.value > 0) == (name in LOW_IS_GOOD)


def say_drop(rows: list[dict[str, Any]], inside: str) -> str:
    """What became of the AUROC, in a sentence.

    Args:
        rows: From `compare_numbers`.
        inside: How the model was tested at home: cross-validation, locked test ...
    """
    found = next((row for row in rows if row["name"] == "auroc"), None)
    if found is None:
        return "The AUROC is not defined here."
    there = say_share(found["outside"]["value"])
    change = found["difference"]
    if change is None:
        return f"The AUROC here is {there}; what it was on the model's own data is not known."
    home = say_share(found["inside"]["value"])
    low, high = sorted((abs(change["low"]), abs(change["high"])))
    if found["worse"]:
        return (
            f"The AUROC falls from {home} ({inside}) to {there}: by {abs(change['value']):.2f} "
            f"(95 % interval {low:.2f} to {high:.2f})."
        )
    if found["worse"] is False:
        return (
            f"The AUROC rises from {home} ({inside}) to {there}: by {change['value']:.2f} (95 % interval {low:.2f} to "
            f"{high:.2f}). Easier cases, or a shortcut of this data set, are likelier than a better model."
        )
    return (
        f"The AUROC is {there} here and {home} at home ({inside}). A change is not shown: with these patients it lies "
        f"between {_signed(change['low'])} and {_signed(change['high'])}."
    )


def _signed(value: float) -> str:
    text = f"{abs(value):.2f}"
    return text if float(text) == 0 else f"{'+' if value > 0 else '−'}{text}"


def calibration_intervals(predictions: Predictions) -> dict[str, Any]:
    """Slope and intercept of the recalibration line with intervals over patients; empty where not defined.

    Args:
        predictions: Labelled ones.
    """
    column = predictions.positive_column
    if column is None or len(predictions.images) < FEWEST_FOR_CALIBRATION:
        return {}
    truth, p = predictions.truth == column, predictions.probabilities[:, column]
    line = calibration_line_intervals(truth, p, np.array(predictions.groups))
    return (
        {} if line is None else as_dicts(dict(zip(("calibration_slope", "calibration_intercept"), line, strict=True)))
    )


def mean_auroc_of_present(predictions: Predictions, *, resamples: int = 2000, seed: int = 0) -> dict[str, Any] | None:
    """The mean AUROC of the classes that are there, each against the rest, where some class of the model is not.

    Args:
        predictions: Labelled ones of more than two classes, at least two of them present.
        resamples: Bootstrap resamples of patients.
        seed: Of the resamples.

    Returns:
        An interval as numbers.json has it, with ``mean_over``, the names of these classes.
    """
    truth, table = predictions.truth, predictions.probabilities
    present = sorted(set(truth.tolist()))
    areas = [counted.auroc(truth == one, table[:, one]) for one in present]
    found = patient_bootstrap(
        counted.mean_of(areas), np.array(predictions.groups), truth, resamples=resamples, seed=seed
    )
    told = as_dicts({"auroc": found}).get("auroc")
    return told and {**told, "mean_over": [predictions.classes[one] for one in present]}


def common_findings(
    inside: FindingPredictions, outside: FindingPredictions, *, resamples: int = 2000, seed: int = 0
) -> tuple[dict[str, Any], dict[str, Any], list[str]]:
    """Means over the findings that can be tested in both places: a mean over others would be another number.

    Args:
        inside: Labelled predictions of the model's own test.
        outside: Those of the external test, for the same findings.
        resamples: Bootstrap resamples of patients.
        seed: Of the resamples.

    Returns:
        Numbers inside, numbers outside, and the names of the findings.
    """
    here, there = testable(inside), testable(outside)
    both = [column for column in here if column in there]
    options = {"resamples": resamples, "seed": seed}
    told = [
        {name: one for name, one in ladder_row_of_findings(_only(part, both), None, **options).items() if one}
        for part in (inside, outside)
    ]
    return told[0], told[1], [inside.findings[column] for column in both]


def _only(predictions: FindingPredictions, columns: list[int]) -> FindingPredictions:
    cuts = None if predictions.thresholds is None else predictions.thresholds[:, columns]
    return replace(
        predictions,
        findings=tuple(predictions.findings[column] for column in columns),
        truth=predictions.truth[:, columns],
        probabilities=predictions.probabilities[:, columns],
        thresholds=cuts,
    )
