"""From which probability on would acting by the model be better than acting on everybody, or on nobody?

The net benefit of Vickers & Elkin (2006, 10.1177/0272989X06295361) on calibrated held-out probabilities, with a band
from resampled patients. How common the finding is differs between resamples, since that is a part of what is not known.
What is gained over treating everybody has an interval from a formula, see ``metrics.decision_curve``.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from wetread.evaluation.finding_predictions import FindingPredictions
from wetread.evaluation.predictions import Predictions
from wetread.evaluation.questions import Question, ask
from wetread.metrics.bootstrap import patient_bootstrap_many
from wetread.metrics.counted import CountedStatistic
from wetread.metrics.decision_curve import counted_net_benefit, gain_over_everybody, net_benefit_of_all
from wetread.metrics.interval import Interval
from wetread.shapes import Floats

#: Probabilities from which one would act: in steps of 1 % where rare findings are decided, then of 2.5 %.
THRESHOLDS: Floats = np.round(np.concatenate([np.arange(1, 20) / 100, np.arange(20, 98, 2.5) / 100]), 4)
#: Fewer on a side, and the curve is one of a few single images.
FEWEST_ON_A_SIDE = 10
#: Questions up to which every threshold is drawn; with more of them every second one.
MANY = 5


def decision_curves(
    predictions: Predictions | FindingPredictions, *, resamples: int = 2000, seed: int = 0
) -> list[dict[str, Any]]:
    """Net benefit of the positive class, of each class against the rest, or of each finding.

    Args:
        predictions: Labelled ones, calibrated.
        resamples: Bootstrap resamples of patients.
        seed: Of the resamples.

    Returns:
        One entry per question that has ten images on either side: ``class``, ``prevalence``, ``thresholds`` and, in
        their order, ``model``, ``low``, ``high`` (pointwise 95 %) and ``all``; treating nobody brings 0. ``better``
        holds the ranges of thresholds over which the model brings more than both, ``surely`` those where the intervals
        of both gains exclude 0, each as a list of pairs.
    """
    asked = [one for one in ask(predictions) if one.fewest >= FEWEST_ON_A_SIDE]
    if not asked:
        return []
    thresholds = THRESHOLDS if len(asked) <= MANY else THRESHOLDS[::2]
    statistics: dict[str, CountedStatistic] = {}
    for number, one in enumerate(asked):
        found = counted_net_benefit(one.truth, one.p, thresholds, one.rows)
        statistics |= {f"{number} {at}": statistic for at, statistic in found.items()}
    _, patient = np.unique(predictions.groups, return_inverse=True)
    drawn = patient_bootstrap_many(statistics, patient, resamples=resamples, seed=seed)
    return [
        _entry(
            one,
            thresholds,
            [drawn[f"{n} {at}"] for at in range(len(thresholds))],
            gain_over_everybody(one.truth, one.p, thresholds, patient[one.rows]),
        )
        for n, one in enumerate(asked)
    ]


def _entry(
    question: Question, thresholds: Floats, model: list[Interval | None], over_all: list[Interval]
) -> dict[str, Any]:
    prevalence = float(question.truth.mean())
    both = list(zip(model, over_all, strict=True))  # what the model gains over treating nobody is its own net benefit
    bands = {
        name: [None if one is None else round(getattr(one, name), 5) for one in model]
        for name in ("value", "low", "high")
    }
    return {
        "class": question.name,
        "prevalence": round(prevalence, 6),
        "n": len(question.rows),
        "thresholds": thresholds.tolist(),
        "model": bands["value"],
        "low": bands["low"],
        "high": bands["high"],
        "all": [round(float(value), 5) for value in net_benefit_of_all(prevalence, thresholds)],
        "better": _ranges(thresholds, [a is not None and min(a.value, b.value) > 1e-9 for a, b in both]),
        "surely": _ranges(thresholds, [a is not None and min(a.low, b.low) > 1e-9 for a, b in both]),
        "method": next((one.method for one in model if one is not None), ""),
    }


def _ranges(thresholds: Floats, holds: list[bool]) -> list[list[float]]:
    """First and last threshold of each stretch over which something holds."""
    found: list[list[float]] = []
    for number, (threshold, here) in enumerate(zip(thresholds.tolist(), holds, strict=True)):
        if here and number and holds[number - 1]:
            found[-1][1] = threshold
        elif here:
            found.append([threshold, threshold])
    return found
