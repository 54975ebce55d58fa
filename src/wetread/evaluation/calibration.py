"""Do probabilities come true, before and after they were calibrated? Both on images that had no say in the correction.

For several classes the question is about the class that was called (was it right as often as it was sure?), and about
each class against the rest; for several findings about each of them.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from wetread.evaluation.finding_predictions import FindingPredictions
from wetread.evaluation.predictions import Predictions
from wetread.evaluation.questions import Question, ask
from wetread.evaluation.rates import as_dicts
from wetread.metrics.bootstrap import patient_bootstrap_many
from wetread.metrics.calibration import (
    calibration_error_by_luck,
    expected_calibration_error,
    reliability_bins,
    top_label,
)
from wetread.metrics.calibration_line import calibration_line_intervals
from wetread.metrics.counted import CountedStatistic
from wetread.metrics.counted_calibration import brier_and_skill
from wetread.metrics.interval import Interval
from wetread.shapes import Bools, Floats

#: Calibration is not drawn from fewer images: ten bins of five say nothing.
FEWEST_IMAGES = 50
#: And so many on either side: a slope through nine positives is a slope through noise.
FEWEST_ON_A_SIDE = 10
#: How often the truth is drawn anew to see what error luck alone would make.
DRAWS = 300

#: Question and stage of a set of probabilities.
Key = tuple[int, str]


def calibration_of(
    predictions: Predictions | FindingPredictions,
    uncalibrated: Floats | None = None,
    *,
    resamples: int = 2000,
    seed: int = 0,
) -> dict[str, Any]:
    """Calibration as it stands in numbers.json.

    Args:
        predictions: Labelled ones, calibrated.
        uncalibrated: ``image class`` probabilities before calibration, rows as in `predictions`; None if not kept.
        resamples: Bootstrap resamples of patients.
        seed: Of the resamples, and of the draws that show what luck alone would do.

    Returns:
        For two classes one entry; for several one about the called class, with ``per_class``; for findings an entry by
        name. An entry holds ``slope``, ``intercept``, ``brier_skill``, ``ece``, ``ece_if_perfect`` and ``n`` as used,
        and ``after`` and, where known, ``before``: the same with intervals, ``brier``, and ``curve``, the points of the
        reliability plot. Questions with too few images are left out, numbers that are not defined as well.
    """
    several = not isinstance(predictions, FindingPredictions) and predictions.positive is None
    asked = [one for one in ask(predictions, uncalibrated) if _enough(one, predictions)]
    if several and isinstance(predictions, Predictions) and len(predictions.images) >= FEWEST_IMAGES:
        asked = [_top_label(predictions, uncalibrated), *asked]
    groups = np.array(predictions.groups)
    entries = _entries(asked, groups, resamples, seed) if asked else {}
    if isinstance(predictions, FindingPredictions):
        return entries
    if not several:
        return next(iter(entries.values()), {})
    top = entries.pop("", {})
    return {**top, "per_class": entries} if top else {}


def _enough(question: Question, predictions: Predictions | FindingPredictions) -> bool:
    of_two = isinstance(predictions, Predictions) and predictions.positive is not None
    return len(question.rows) >= FEWEST_IMAGES and (of_two or question.fewest >= FEWEST_ON_A_SIDE)


def _top_label(predictions: Predictions, uncalibrated: Floats | None) -> Question:
    """The question "was the most probable class right?"; a temperature does not change which class that is."""
    right, sure = top_label(predictions.truth, predictions.probabilities)
    before = None if uncalibrated is None else uncalibrated[np.arange(len(right)), predictions.probabilities.argmax(1)]
    return Question("", -1, np.arange(len(right)), right, sure, before, len(right))


def _entries(asked: list[Question], groups: Any, resamples: int, seed: int) -> dict[str, dict[str, Any]]:
    stages = {
        (number, stage): p
        for number, one in enumerate(asked)
        for stage, p in (("before", one.before), ("after", one.p))
        if p is not None
    }
    found = _intervals(asked, stages, groups, resamples, seed)
    entries = {}
    for number, one in enumerate(asked):
        entry = {
            stage: _stage(one.truth, p, groups[one.rows], {name: found[number, stage, name] for name in NUMBERS}, seed)
            for stage, p in (("before", one.before), ("after", one.p))
            if p is not None
        }
        entries[one.name] = _in_short(entry["after"]) | {"n": len(one.rows)} | entry
    return entries


NUMBERS = ("slope", "intercept", "brier", "brier_skill")


def _intervals(
    asked: list[Question], stages: dict[Key, Floats], groups: Any, resamples: int, seed: int
) -> dict[tuple[int, str, str], Interval | None]:
    statistics: dict[str, CountedStatistic] = {}
    found: dict[str, Interval | None] = {}
    for (number, stage), p in stages.items():
        one = asked[number]
        line = calibration_line_intervals(one.truth, p, groups[one.rows])
        if line is not None:
            found |= dict(zip((f"{number} {stage} slope", f"{number} {stage} intercept"), line, strict=True))
        pairs = zip(("brier", "brier_skill"), brier_and_skill(one.truth, p, one.rows), strict=True)
        statistics |= {f"{number} {stage} {name}": statistic for name, statistic in pairs}
    found |= patient_bootstrap_many(statistics, groups, resamples=resamples, seed=seed)
    return {
        (number, stage, name): found.get(f"{number} {stage} {name}") for number, stage in stages for name in NUMBERS
    }


def _stage(truth: Bools, p: Floats, groups: Any, found: dict[str, Interval | None], seed: int) -> dict[str, Any]:
    return {
        **as_dicts(found),
        "ece": round(expected_calibration_error(truth, p), 6),
        "ece_if_perfect": round(calibration_error_by_luck(p, draws=DRAWS, seed=seed), 6),
        "curve": reliability_points(truth, p, groups),
    }


def _in_short(stage: dict[str, Any]) -> dict[str, Any]:
    """The plain numbers of a stage."""
    short = {name: stage[name]["value"] for name in ("slope", "intercept", "brier_skill") if name in stage}
    return short | {name: stage[name] for name in ("ece", "ece_if_perfect")}


def reliability_points(truth: Bools, p: Floats, groups: Any = None) -> list[dict[str, Any]]:
    """Points of the reliability plot: ``said``, ``value`` (what came true) with ``low`` and ``high``, and ``n`` images.

    Args:
        truth: Whether each image has it.
        p: The probability that each was given.
        groups: Who each image belongs to: bars then rest on patients rather than images.
    """
    bins = reliability_bins(truth, p, bins=min(10, max(3, len(p) // 15)), patients=groups)
    return [
        {"said": round(point.mean_probability, 6), "n": point.n}
        | {name: round(getattr(point.observed, name), 6) for name in ("value", "low", "high")}
        for point in bins
    ]
