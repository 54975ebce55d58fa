"""Is the model worse for some? The same numbers by group, and each group against all other images.

The threshold is the one of the whole set: a model in use does not change it with the patient. Gaps are of the same
drawn patients for the group and the rest, or of few patients from the intervals of both, and their p values are
adjusted (Holm) for all groups of all columns, since of twenty comparisons one stands out by chance. Below ten cases
and ten others nothing is said.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from wetread.dataset.table import Row
from wetread.evaluation.finding_predictions import FindingPredictions
from wetread.evaluation.predictions import Predictions
from wetread.evaluation.questions import Question, ask
from wetread.evaluation.rates import as_dicts
from wetread.evaluation.subgroup_cells import TOO_FEW, Areas, Cell, Place, adjusted, gap_of_few, of_two, people
from wetread.evaluation.subgroup_columns import find_columns
from wetread.evaluation.subgroup_questions import question_statistics, rows_by_question
from wetread.metrics import counted
from wetread.metrics.bootstrap import patient_bootstrap_many
from wetread.metrics.choice import FEW_PATIENTS, exact_if_certain, interval_for_auroc
from wetread.metrics.counted import CountedStatistic
from wetread.metrics.interval import Interval
from wetread.metrics.proportions import intervals_for_proportions
from wetread.shapes import Bools

#: More resamples would make a table of fourteen findings and many groups wait for half a minute.
MOST_RESAMPLES = 1000

Options = dict[str, int]


def subgroups(
    predictions: Predictions | FindingPredictions,
    rows: Sequence[Row],
    asked: Sequence[str] = (),
    *,
    resamples: int = 2000,
    seed: int = 0,
) -> list[dict[str, Any]]:
    """Computes the numbers of every group of every column.

    Args:
        predictions: Labelled ones, with the calls at the threshold of the whole set.
        rows: Of the same images, in the same order.
        asked: Names of columns; empty to choose plausible ones.
        resamples: Bootstrap resamples of patients, 1,000 at most.
        seed: Of the resamples.

    Returns:
        One entry per column: ``column``, ``missing`` (images of which nothing is known) and ``groups``. A group has
        ``group``, ``n``, ``patients``, for two classes ``positive`` and ``negative``, then ``too_few`` (a reason) or
        its numbers with intervals: ``auroc``, for two classes ``sensitivity`` and ``specificity``, for several
        ``accuracy``; and ``gap`` to the rest by measure, with ``p`` and ``p_holm``. The AUROC of several classes or
        findings is the mean over those with ten images on either side, named in ``mean_over``. With several findings
        ``by_finding`` has for each what two classes have, its p values adjusted among those of findings.

    Raises:
        InputError: A column that was asked for is not there, or does not divide the images.
    """
    columns = find_columns(rows, asked)
    if not columns:
        return []
    options = {"resamples": min(resamples, MOST_RESAMPLES), "seed": seed}
    questions, keys = ask(predictions), np.array(predictions.groups)
    cells = {
        (c, g): Cell(
            questions,
            keys,
            column.members == g,
            (column.members >= 0) & (column.members != g),
            turned=len(column.groups) == 2 and g == 1,
        )
        for c, column in enumerate(columns)
        for g in range(len(column.groups))
    }
    told = _tell(predictions, questions, cells, options)
    return [
        {
            "column": column.name,
            "missing": int((column.members < 0).sum()),
            "groups": [{"group": name, **told[c, g]} for g, name in enumerate(column.groups)],
        }
        for c, column in enumerate(columns)
    ]


def _tell(
    predictions: Predictions | FindingPredictions,
    questions: list[Question],
    cells: Mapping[Place, Cell],
    options: Options,
) -> dict[Place, dict[str, Any]]:
    """Counts and numbers of each group."""
    made, two, single = Areas(), of_two(predictions), {}
    statistics: dict[Any, CountedStatistic] = {} if two else _mean_statistics(predictions, cells, made)
    if two or isinstance(predictions, FindingPredictions):
        statistics |= question_statistics(predictions, cells, made)
    drawn = _draw(statistics, predictions, options)
    if two or isinstance(predictions, FindingPredictions):
        single = rows_by_question(predictions, cells, drawn, **options)
    means = {} if two else _means(predictions, cells, drawn, options)
    told: dict[Place, dict[str, Any]] = {}
    for place, cell in cells.items():
        told[place] = {"n": int(cell.inside.sum()), "patients": people(cell.keys[cell.inside])}
        if two:
            for one in questions:
                told[place] |= _sides(cell, one.has, one.has_not) | single[place].get(one.name, {})
        if not cell.asked:
            told[place]["too_few"] = TOO_FEW
        elif not two:
            told[place] |= {"mean_over": [one.name for one in cell.asked], **means[place]}
        if isinstance(predictions, FindingPredictions):
            told[place]["by_finding"] = _by_finding(predictions, cell, single[place])
    return told


def _by_finding(
    predictions: FindingPredictions, cell: Cell, rows: Mapping[str, dict[str, Any]]
) -> dict[str, dict[str, Any]]:
    """Of every finding its counts, and its numbers or why there are none; what is not known is on neither side."""
    return {
        name: _sides(cell, predictions.truth[:, column] == 1, predictions.truth[:, column] == 0)
        | rows.get(name, {"too_few": TOO_FEW})
        for column, name in enumerate(predictions.findings)
    }


def _sides(cell: Cell, has: Bools, has_not: Bools) -> dict[str, Any]:
    return {"positive": int((has & cell.inside).sum()), "negative": int((has_not & cell.inside).sum())}


def _draw(
    statistics: Mapping[Any, CountedStatistic], predictions: Predictions | FindingPredictions, options: Options
) -> dict[Any, Interval | None]:
    """All from the same drawn patients."""
    strata = None if isinstance(predictions, FindingPredictions) else predictions.truth
    named = {repr(key): statistic for key, statistic in statistics.items()}
    found = patient_bootstrap_many(named, predictions.groups, strata, **options)
    return {key: found[repr(key)] for key in statistics}


# Means over several classes or findings -------------------------------------------------------------------------------


def _mean_statistics(predictions: Any, cells: Mapping[Place, Cell], made: Areas) -> dict[Any, CountedStatistic]:
    """Place and what -> mean AUROC of each group, of both sides of each gap, and the gap itself."""
    statistics: dict[Any, CountedStatistic] = {}
    right = _right(predictions)
    for place, cell in cells.items():
        if len(cell.asked) > 1:
            statistics[place, "auroc"] = made.of(cell.asked, cell.inside)
        if not cell.gaps:
            continue
        for name, side in cell.sides.items():
            statistics[place, name] = made.of(cell.gaps, side)
        statistics[place, "gap auroc"] = counted.minus(statistics[place, "inside"], statistics[place, "rest"])
        if right is not None and min(people(cell.keys[side]) for side in cell.sides.values()) >= FEW_PATIENTS:
            shares = [counted.rate(right & side, side) for side in cell.sides.values()]
            statistics[place, "gap accuracy"] = counted.minus(*shares)
    return statistics


def _means(
    predictions: Any, cells: Mapping[Place, Cell], drawn: Mapping[Any, Interval | None], options: Options
) -> dict[Place, dict[str, Any]]:
    """Mean AUROC, for several classes the accuracy, and their gaps."""
    right = _right(predictions)
    shares = {} if right is None else _accuracies(predictions, right, cells, options)
    gaps = adjusted({
        (place, name): gap
        for place, cell in cells.items()
        if cell.gaps
        for name in (("auroc",) if right is None else ("auroc", "accuracy"))
        if (gap := _gap(name, place, cell, drawn, shares, options)) is not None
    })  # fmt: skip
    found: dict[Place, dict[str, Any]] = {}
    for place, cell in cells.items():
        if not cell.asked:
            continue
        area = _mean_area(cell, cell.asked, cell.inside, drawn.get((place, "auroc")), options)
        found[place] = as_dicts({"auroc": area, **({} if right is None else {"accuracy": shares[place, "inside"]})})
        if own := {name: gap for (at, name), gap in gaps.items() if at == place}:
            found[place]["gap"] = own
    return found


def _gap(
    name: str,
    place: Place,
    cell: Cell,
    drawn: Mapping[Any, Interval | None],
    shares: Mapping[tuple[Place, str], Interval | None],
    options: Options,
) -> Interval | None:
    if name == "accuracy":
        few = (place, "gap accuracy") not in drawn
        return gap_of_few(shares[place, "inside"], shares[place, "rest"]) if few else drawn[place, "gap accuracy"]
    areas = {side: drawn[place, side] for side in cell.sides}
    if len(cell.gaps) > 1 and all(area is not None and area.low < area.high for area in areas.values()):
        return drawn[place, "gap auroc"]
    # Where one side is perfect in every resample, the gap would have the doubt of the other side alone.
    return gap_of_few(*(_mean_area(cell, cell.gaps, side, areas[name], options) for name, side in cell.sides.items()))


def _right(predictions: Any) -> Bools | None:
    """Which images were called right; None for findings, of which each has its own calls."""
    if isinstance(predictions, FindingPredictions):
        return None
    return np.asarray(predictions.predicted == predictions.truth)


def _accuracies(
    predictions: Any, right: Bools, cells: Mapping[Place, Cell], options: Options
) -> dict[tuple[Place, str], Interval | None]:
    pairs = {(place, name): (right & side, side) for place, cell in cells.items() for name, side in cell.sides.items()}
    return intervals_for_proportions(pairs, predictions.groups, predictions.truth, **options)


def _mean_area(
    cell: Cell, questions: list[Question], side: Bools, drawn: Interval | None, options: Options
) -> Interval | None:
    if len(questions) == 1:
        one, inside = questions[0], side[questions[0].rows]
        return interval_for_auroc(one.truth[inside], one.p[inside], cell.keys[one.rows][inside], **options)
    if drawn is None:
        return None
    asked = [(one.truth[side[one.rows]], cell.keys[one.rows][side[one.rows]]) for one in questions]
    return exact_if_certain(drawn, drawn.value, asked, drawn.level)
