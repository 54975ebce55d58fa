"""Run folder and class -> counts and intervals at up to 200 thresholds, as JSON on standard output.

A process of its own, ``python -m wetread.studio.threshold_table RUN CLASS``: the intervals need SciPy, and the server
does without. They come from `wetread.metrics.proportions`, with the resamples and the seed of the run, as those of
numbers.json do.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from wetread.errors import InputError, WetreadError
from wetread.evaluation.finding_predictions import FindingPredictions
from wetread.evaluation.predictions import Predictions
from wetread.evaluation.questions import Question, ask
from wetread.evaluation.rates import RATES, as_dicts, rates_of
from wetread.metrics.interval import Interval
from wetread.metrics.predictive_values import log_rate
from wetread.metrics.proportions import intervals_for_proportions
from wetread.report.plan_part import plan_values, read_plan
from wetread.run_folder import RunFolder
from wetread.shapes import Bools, Floats
from wetread.studio.calls import Calls, calls_of
from wetread.studio.cases import read_tested
from wetread.studio.operating import stored_threshold

#: Of each row of the table; all four of the row that numbers.json reports.
_ROW_RATES = ("sensitivity", "specificity")


def count_thresholds(run: Path, name: str) -> dict[str, Any]:
    """Counts and intervals of one class or finding.

    Args:
        run: A finished run folder, or that of an external test.
        name: The class; one that some tested case has and some has not.

    Returns:
        ``n`` tested cases, ``positive`` of them, ``stored`` threshold or None, ``chosen``: what the run itself
        called, with all four rates; ``rows``: ``threshold``, ``tp``, ``fp``, ``fn``, ``tn``, ``sensitivity``,
        ``specificity`` and ``terms`` for `wetread.studio.operating.from_terms`.

    Raises:
        InputError: There is no result yet, its files are damaged, or the class cannot be tested.
    """
    folder = RunFolder.open(run)
    numbers = folder.read_json("numbers.json")
    predictions = read_tested(folder, numbers).labelled
    question = next((question for question in ask(predictions) if question.name == name), None)
    if question is None:
        raise InputError("This class cannot be tested.", remedy="Choose another one.", code="no-class")
    found = count_one(predictions, question, numbers, _options(folder))
    _take_reported(found, numbers["per_class"].get(name) or {})
    return found


def _options(folder: RunFolder) -> dict[str, int]:
    """Resamples and seed, as numbers.json was made with; an external test has no plan."""
    plan, run = plan_values(read_plan(folder)), folder.read_json("run.json")
    return {"resamples": int(plan.get("resamples", 2000)), "seed": int(plan.get("seed", run.get("seed", 0)))}


def count_one(
    predictions: Predictions | FindingPredictions,
    question: Question,
    numbers: Mapping[str, Any],
    options: Mapping[str, int],
) -> dict[str, Any]:
    """The table of one class or finding as `count_thresholds` gives it, nothing taken from numbers.json.

    Args:
        predictions: Labelled ones.
        question: Its truth.
        numbers: Of numbers.json, for the stored thresholds.
        options: ``resamples`` and ``seed``.
    """
    column = question.column
    cuts, called = _own(predictions, column)
    calls = calls_of(predictions.probabilities[:, column], called, cuts, stored_threshold(numbers, question.name))
    points = [point["by"].get(question.name, {}).get("threshold") for point in numbers.get("operating_points") or ()]
    thresholds = calls.thresholds(tuple(one for one in points if one is not None))
    rows = _rows(predictions, question, calls, thresholds, dict(options))
    return {"n": len(question.rows), "positive": int(question.truth.sum()), "stored": calls.stored, **rows}


def _own(predictions: Predictions | FindingPredictions, column: int) -> tuple[Floats, Bools]:
    """Threshold and call of each image for one class."""
    if isinstance(predictions, FindingPredictions):
        cuts = np.full(len(predictions.images), 0.5)
        if predictions.thresholds is not None:
            cuts = np.asarray(predictions.thresholds[:, column], dtype=np.float64)
        return cuts, np.asarray(predictions.called[:, column])
    own = predictions.thresholds if column == predictions.positive_column else None
    cuts = np.full(len(predictions.images), np.nan) if own is None else np.asarray(own, dtype=np.float64)
    return cuts, np.asarray(predictions.predicted == column)


def _rows(
    predictions: Predictions | FindingPredictions,
    question: Question,
    calls: Calls,
    thresholds: list[float],
    options: dict[str, int],
) -> dict[str, Any]:
    has, has_not = question.has, question.has_not
    called = {None: calls.called} | {threshold: calls.at(threshold) for threshold in thresholds}
    rates = {
        (threshold, rate): pair
        for threshold, here in called.items()
        for rate, pair in rates_of(has, has_not, here).items()
        if threshold is None or rate in _ROW_RATES
    }
    strata = None if isinstance(predictions, FindingPredictions) else predictions.truth
    # Numbers in the order of the names: the same draws, and a fraction of the time.
    groups = np.unique(np.array(predictions.groups), return_inverse=True)[1]
    found = intervals_for_proportions(rates, groups, strata, resamples=options["resamples"], seed=options["seed"])

    def row(threshold: float | None, names: tuple[str, ...]) -> dict[str, Any]:
        here = called[threshold]
        told = as_dicts({rate: found[threshold, rate] for rate in names})
        return {
            "threshold": calls.stored if threshold is None else threshold,
            **_count(has, has_not, here),
            **told,
            "terms": _terms(told),
        }

    return {"chosen": row(None, RATES), "rows": [row(one, _ROW_RATES) for one in thresholds]}


def _count(has: Bools, has_not: Bools, called: Bools) -> dict[str, int]:
    return {
        "tp": int((has & called).sum()),
        "fp": int((has_not & called).sum()),
        "fn": int((has & ~called).sum()),
        "tn": int((has_not & ~called).sum()),
    }


def _terms(rates: Mapping[str, dict[str, Any]]) -> dict[str, float] | None:
    """What `wetread.metrics.predictive_values` makes of both rates before a prevalence is known."""
    sensitivity, specificity = rates.get("sensitivity"), rates.get("specificity")
    if sensitivity is None or specificity is None:
        return None
    found, cleared = log_rate(Interval(**sensitivity)), log_rate(Interval(**specificity))
    return {
        "sensitivity": sensitivity["value"],
        "specificity": specificity["value"],
        "ppv": found.log - cleared.log_complement,
        "npv": cleared.log - found.log_complement,
        "ppv_variance": found.variance + cleared.variance_complement,
        "npv_variance": cleared.variance + found.variance_complement,
        "n": min(sensitivity["n"], specificity["n"]),
        "level": sensitivity["level"],
    }


def _take_reported(table: dict[str, Any], reported: Mapping[str, Any]) -> None:
    """Takes the intervals of numbers.json where the run itself called: earlier versions made some in another way."""
    stored = table["stored"]
    for row in (table["chosen"], *(row for row in table["rows"] if stored is not None and row["threshold"] == stored)):
        for rate in RATES:
            if rate in row and (reported.get(rate) or {}).get("value") == row[rate]["value"]:
                row[rate] = dict(reported[rate])
        row["terms"] = _terms(row)


def main() -> int:
    """Writes the table of the class in the run folder that the command line names; 2 where that is not possible."""
    try:
        print(json.dumps(count_thresholds(Path(sys.argv[1]), sys.argv[2]), allow_nan=False))
    except (WetreadError, IndexError) as error:
        print(f"wetread: {error}", file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
