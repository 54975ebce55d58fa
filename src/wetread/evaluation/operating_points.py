"""What calling at each threshold of the menu gives on images that had no say in it; PPV and NPV at any prevalence.

Every rule's threshold was chosen inside the training part of a fold and used on the images held out of it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from wetread.errors import InputError
from wetread.evaluation.finding_predictions import FindingPredictions
from wetread.evaluation.predictions import Predictions
from wetread.evaluation.questions import Question, ask
from wetread.evaluation.rates import RATES, as_dicts, rates_of
from wetread.metrics.interval import Interval
from wetread.metrics.point_rule import read_rule
from wetread.metrics.predictive_values import log_rate
from wetread.metrics.predictive_values import predictive_values as by_bayes
from wetread.metrics.proportions import intervals_for_proportions
from wetread.shapes import Bools, Floats

#: Shares of cases that the report's table shows, from screening to a specialist's clinic.
PREVALENCES = (0.01, 0.02, 0.05, 0.1, 0.2, 0.5)
#: How several classes are called: there is no threshold.
MOST_PROBABLE = "the most probable class"


def operating_points(
    predictions: Predictions | FindingPredictions,
    points: Mapping[str, Floats],
    final: Mapping[str, Sequence[float]],
    *,
    resamples: int = 2000,
    seed: int = 0,
) -> list[dict[str, Any]]:
    """Sensitivity, specificity, PPV and NPV by every rule.

    Args:
        predictions: Labelled ones; with `points` empty their own calls are counted.
        points: Rule -> thresholds per image, ``image finding`` of several; the plan's own rule first.
        final: Rule -> thresholds of the shipped model: one for two classes, one per finding of several.
        resamples: Bootstrap resamples of patients.
        seed: Of the resamples.

    Returns:
        One entry per rule: ``rule``, ``title``, ``main`` (the plan's own) and ``by``: name of the positive class, of
        each class or finding -> ``threshold`` of the shipped model (None where there is none), ``called``, and the four
        rates with intervals, as far as they are defined.
    """
    questions = ask(predictions)
    called = _called(predictions, points)
    strata = None if isinstance(predictions, FindingPredictions) else predictions.truth
    rates = {
        (rule, question.name, rate): pair
        for rule, table in called.items()
        for question in questions
        for rate, pair in rates_of(question.has, question.has_not, table[:, question.column]).items()
    }
    found = intervals_for_proportions(rates, predictions.groups, strata, resamples=resamples, seed=seed)
    return [
        {
            "rule": rule,
            "title": rule if rule == MOST_PROBABLE else read_rule(rule).title,
            "main": number == 0,
            "by": {
                question.name: {
                    "threshold": _threshold(final.get(rule), question, predictions),
                    "called": int(table[question.rows, question.column].sum()),
                    **as_dicts({rate: found[rule, question.name, rate] for rate in RATES}),
                }
                for question in questions
            },
        }
        for number, (rule, table) in enumerate(called.items())
    ]


def _called(predictions: Predictions | FindingPredictions, points: Mapping[str, Floats]) -> dict[str, Bools]:
    """Rule -> ``image class``: what is called at its thresholds."""
    if isinstance(predictions, FindingPredictions):
        if not points:
            return {"youden": predictions.called}
        return {rule: np.asarray(predictions.probabilities >= cuts) for rule, cuts in points.items()}
    if predictions.positive is None or not points:
        rule = MOST_PROBABLE if predictions.positive is None else "youden"
        return {rule: predictions.predicted[:, None] == np.arange(len(predictions.classes))}
    return {rule: np.asarray(predictions.probabilities >= cuts[:, None]) for rule, cuts in points.items()}


def _threshold(
    cuts: Sequence[float] | None, question: Question, predictions: Predictions | FindingPredictions
) -> float | None:
    if not cuts:
        return None
    return round(float(cuts[question.column if isinstance(predictions, FindingPredictions) else 0]), 6)


def predictive_tables(points: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """PPV and NPV at the plan's own operating point for `PREVALENCES`, as they stand in numbers.json.

    Args:
        points: As `operating_points` gives them.

    Returns:
        ``rule`` and ``by``: name -> ``rows`` (``prevalence``, ``ppv``, ``npv``) and ``terms``: the numbers from which a
        page computes the same for any prevalence. Empty where no sensitivity and specificity is known.
    """
    main = next((point for point in points if point["main"]), None)
    if main is None:
        return {}
    by = {
        name: {"rows": [_at(row, prevalence) for prevalence in PREVALENCES], "terms": _terms(row)}
        for name, row in main["by"].items()
        if _has_both(row)
    }
    return {"rule": main["rule"], "title": main["title"], "by": by} if by else {}


def predictive_values(numbers: Mapping[str, Any], prevalence: float) -> dict[str, Any]:
    """PPV and NPV of a run where the finding is as common as the reader says.

    Args:
        numbers: The contents of numbers.json.
        prevalence: Share of cases among those who will be examined, in (0, 1).

    Returns:
        ``prevalence``, ``rule``, ``title`` and ``by``: name of the positive class, of each class or finding -> ``ppv``
        and ``npv`` with intervals, each None where nobody would be called, or nobody cleared.

    Raises:
        InputError: The prevalence is no share, or the run has no operating point.
    """
    if not 0 < prevalence < 1:
        raise InputError(
            f"A prevalence of {prevalence:g} is not possible.",
            remedy="Give the share of cases between 0 and 1, for example 0.05 for 5 %.",
            code="prevalence",
        )
    main = next((point for point in numbers.get("operating_points") or () if point["main"]), None)
    by = {name: _at(row, prevalence) for name, row in main["by"].items() if _has_both(row)} if main else {}
    if main is None or not by:
        raise InputError(
            "This run has no sensitivity and specificity from which predictive values could follow.",
            remedy="Repeat the run with this version of wetread, with cases and others in the tested images.",
            code="no-operating-point",
        )
    return {"prevalence": prevalence, "rule": main["rule"], "title": main["title"], "by": by}


def _has_both(row: Mapping[str, Any]) -> bool:
    return row.get("sensitivity") is not None and row.get("specificity") is not None


def _at(row: Mapping[str, Any], prevalence: float) -> dict[str, Any]:
    values = by_bayes(Interval(**row["sensitivity"]), Interval(**row["specificity"]), prevalence)
    found = as_dicts({"ppv": values.ppv, "npv": values.npv})
    return {"prevalence": prevalence, "ppv": found.get("ppv"), "npv": found.get("npv")}


def _terms(row: Mapping[str, Any]) -> dict[str, float]:
    """Sensitivity, specificity, and the middle and variance of both logits at a prevalence of one half."""
    found, cleared = log_rate(Interval(**row["sensitivity"])), log_rate(Interval(**row["specificity"]))
    terms = {
        "sensitivity": row["sensitivity"]["value"],
        "specificity": row["specificity"]["value"],
        "ppv": found.log - cleared.log_complement,
        "npv": cleared.log - found.log_complement,
        "ppv_variance": found.variance + cleared.variance_complement,
        "npv_variance": cleared.variance + found.variance_complement,
    }
    return {name: round(float(value), 6) for name, value in terms.items()}
