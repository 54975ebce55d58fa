"""One question (the positive class, or one finding) in every group: a mean over fourteen findings can hide one that
the model misses in women.

AUROC, sensitivity, specificity at the threshold that holds for all, and the gaps of all three to the rest. The p values
of all these gaps (findings, groups, columns, measures) are adjusted together. The means of several findings are
adjusted apart: they are the first question, and a hundred others beside them would leave nothing of it. Gaps come from
drawn patients where group and rest have a hundred patients each with the finding and without; else, and where the rate
of a side is 0 or 1, from the intervals of both (`gap_of_few`).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from wetread.evaluation.finding_predictions import FindingPredictions
from wetread.evaluation.predictions import Predictions
from wetread.evaluation.questions import Question
from wetread.evaluation.rates import as_dicts
from wetread.evaluation.subgroup_cells import Areas, Cell, Place, adjusted, gap_of_few, people
from wetread.metrics import counted
from wetread.metrics.choice import FEW_PATIENTS, exact_if_certain, interval_for_auroc, one_image_per_patient
from wetread.metrics.counted import CountedStatistic
from wetread.metrics.interval import Interval
from wetread.metrics.proportions import intervals_for_proportions
from wetread.shapes import Bools, Floats

#: What is counted at the threshold, and what is compared.
RATES = ("sensitivity", "specificity")
COMPARED = ("auroc", *RATES)

#: Place, name of the question, and what: a measure, or a gap.
Key = tuple[Place, str, str]


def question_statistics(
    predictions: Predictions | FindingPredictions, cells: Mapping[Place, Cell], made: Areas
) -> dict[Key, CountedStatistic]:
    """What has to be resampled for `rows_by_question`; to be drawn together, from the same patients.

    Args:
        predictions: Labelled ones.
        cells: The groups.
        made: Areas that were made so far.
    """
    statistics: dict[Key, CountedStatistic] = {}
    for place, cell in cells.items():
        for one in cell.asked:
            for name, side in cell.sides.items():
                if (name == "inside" or one in cell.gaps) and _wants_draws(one, side, cell):
                    statistics[place, one.name, f"auroc {name}"] = made.of([one], side)
        for one in cell.gaps:
            if _many(one, cell):
                areas = [made.of([one], side) for side in cell.sides.values()]
                statistics[place, one.name, "gap auroc"] = counted.minus(*areas)
                for name, (won, tried) in _rates(predictions, one).items():
                    shares = [counted.rate(won & side, tried & side) for side in cell.sides.values()]
                    statistics[place, one.name, f"gap {name}"] = counted.minus(*shares)
    return statistics


def rows_by_question(
    predictions: Predictions | FindingPredictions,
    cells: Mapping[Place, Cell],
    drawn: Mapping[Any, Interval | None],
    *,
    resamples: int,
    seed: int,
) -> dict[Place, dict[str, dict[str, Any]]]:
    """The numbers of every question in every group.

    Args:
        predictions: Labelled ones.
        cells: The groups.
        drawn: Intervals of `question_statistics`.
        resamples: Bootstrap resamples of patients, for rates.
        seed: Of the resamples.

    Returns:
        For each group, question -> ``auroc``, ``sensitivity`` and ``specificity`` with intervals, and ``gap`` by
        measure with ``p`` and ``p_holm``; only questions for which the group has enough images, and gaps where the
        rest has, too.
    """
    shares = _shares(predictions, cells, resamples=resamples, seed=seed)
    gaps = adjusted(_gaps(cells, drawn, shares))
    found: dict[Place, dict[str, dict[str, Any]]] = {}
    for place, cell in cells.items():
        found[place] = {}
        for one in cell.asked:
            area = _area(one, cell.inside, cell, drawn.get((place, one.name, "auroc inside")))
            row = as_dicts({"auroc": area, **{name: shares[place, one.name, name] for name in RATES}})
            own = {name: gaps[place, one.name, name] for name in COMPARED if (place, one.name, name) in gaps}
            found[place][one.name] = row | ({"gap": own} if own else {})
    return found


def _shares(
    predictions: Predictions | FindingPredictions, cells: Mapping[Place, Cell], *, resamples: int, seed: int
) -> dict[Key, Interval | None]:
    """Sensitivity and specificity of every group, and as ``rest sensitivity`` ... those of its rest."""
    pairs: dict[Key, tuple[Bools, Bools]] = {}
    for place, cell in cells.items():
        for one in cell.asked:
            for name, (won, tried) in _rates(predictions, one).items():
                pairs[place, one.name, name] = won & cell.inside, tried & cell.inside
                if one in cell.gaps:
                    pairs[place, one.name, f"rest {name}"] = won & cell.rest, tried & cell.rest
    strata = None if isinstance(predictions, FindingPredictions) else predictions.truth
    return intervals_for_proportions(pairs, predictions.groups, strata, resamples=resamples, seed=seed)


def _gaps(
    cells: Mapping[Place, Cell], drawn: Mapping[Any, Interval | None], shares: Mapping[Key, Interval | None]
) -> dict[Key, Interval]:
    found = {}
    for place, cell in cells.items():
        for one in cell.gaps:
            for name, gap in zip(COMPARED, _gaps_of(one, place, cell, drawn, shares), strict=True):
                if gap is not None:
                    found[place, one.name, name] = gap
    return found


def _gaps_of(
    question: Question,
    place: Place,
    cell: Cell,
    drawn: Mapping[Any, Interval | None],
    shares: Mapping[Key, Interval | None],
) -> Iterator[Interval | None]:
    key = place, question.name
    if (*key, "gap auroc") in drawn:
        yield drawn[*key, "gap auroc"]
    else:
        areas = (_area(question, side, cell, drawn.get((*key, f"auroc {name}"))) for name, side in cell.sides.items())
        yield gap_of_few(*areas)
    for name in RATES:
        sides = shares[*key, name], shares[*key, f"rest {name}"]
        # Every resample of a perfect side is perfect: the gap would have the doubt of the other side alone.
        certain = any(side is not None and side.value in (0, 1) for side in sides)
        yield gap_of_few(*sides) if certain or (*key, f"gap {name}") not in drawn else drawn[*key, f"gap {name}"]


def _rates(predictions: Predictions | FindingPredictions, question: Question) -> dict[str, tuple[Bools, Bools]]:
    """Name of a rate -> (successes, trials) over all images."""
    if isinstance(predictions, FindingPredictions):
        called = predictions.called[:, question.column]
    else:
        called = np.asarray(predictions.predicted == question.column)
    has, has_not = question.has, question.has_not
    return {"sensitivity": (has & called, has), "specificity": (has_not & ~called, has_not)}


def _of_side(question: Question, side: Bools, cell: Cell) -> tuple[Bools, Floats, NDArray[Any]]:
    """Truth, probability and patient of the images on one side of which the answer is known."""
    inside = side[question.rows]
    return question.truth[inside], question.p[inside], cell.keys[question.rows][inside]


def _rarer(truth: Bools, keys: NDArray[Any]) -> int:
    """Patients who have it, or have it not, whichever are fewer."""
    return min(people(keys[truth]), people(keys[~truth]))


def _wants_draws(question: Question, side: Bools, cell: Cell) -> bool:
    """Several images of many patients: no closed formula fits (see ``metrics.choice``)."""
    truth, _, keys = _of_side(question, side, cell)
    return _rarer(truth, keys) >= FEW_PATIENTS and not one_image_per_patient(keys)


def _many(question: Question, cell: Cell) -> bool:
    """Gaps of drawn patients can be believed."""
    sides = (_of_side(question, side, cell) for side in cell.sides.values())
    return all(_rarer(truth, keys) >= FEW_PATIENTS for truth, _, keys in sides)


def _area(question: Question, side: Bools, cell: Cell, drawn: Interval | None) -> Interval | None:
    truth, p, keys = _of_side(question, side, cell)
    if drawn is None:
        return interval_for_auroc(truth, p, keys)
    return exact_if_certain(drawn, drawn.value, [(truth, keys)], drawn.level)
