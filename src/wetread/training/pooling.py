"""Held-out predictions of all folds and repeats as one table; a mean is taken on the scale of log odds."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from scipy.special import expit

from wetread.shapes import Floats, Ints
from wetread.training.fold_result import FoldResult
from wetread.training.plan import Plan


@dataclass
class Pooled:
    """Held-out predictions of one rung, one row per tested image, repeats averaged.

    Attributes:
        rows: Row numbers, ascending.
        probabilities: ``image class``: mean over the repeats, on the scale of logarithms.
        thresholds: Per image, the (geometric) mean of the thresholds of its folds; ``image finding`` of several, None
            for more than two classes.
        by_repeat: For each repeat its own ``image class`` table, in the same order of rows.
        uncalibrated: As `probabilities`, before calibration; None where it was not kept.
        points: Rule of an operating point -> thresholds per image, as `thresholds`; empty for more than two classes.
    """

    rows: Ints
    probabilities: Floats
    thresholds: Floats | None
    by_repeat: list[Floats]
    uncalibrated: Floats | None = None
    points: dict[str, Floats] = field(default_factory=dict)


def pool(results: list[FoldResult], rung: str, plan: Plan) -> Pooled:
    """Puts the folds of all repeats together.

    Args:
        results: Of all folds of all repeats.
        rung: Its name, or ``selected`` for the one chosen in each fold.
        plan: Of the run.

    Returns:
        One row per tested image.
    """
    rows = np.unique(np.concatenate([result.fold.test for result in results]))
    name = {id(result): result.chosen if rung == "selected" else rung for result in results}
    classes, cutting = len(plan.classes), _columns_with_cuts(plan)

    def spread(values: Callable[[FoldResult, str], Any], columns: int, empty: float = 0.0) -> list[Floats]:
        """For each repeat an ``image column`` table; a row of values counts for all images of its fold."""
        tables: dict[int, Floats] = {}
        for result in sorted(results, key=lambda result: result.fold.repeat):
            table = tables.setdefault(result.fold.repeat, np.full((len(rows), columns), empty))
            table[np.searchsorted(rows, result.fold.test)] = values(result, name[id(result)])
        return list(tables.values())

    def cuts(values: Callable[[FoldResult, str], Any]) -> Floats:
        mean: Floats = expit(np.mean([_log_odds(cut) for cut in spread(values, cutting, 0.5)], axis=0))
        return mean if plan.task == "multilabel" else mean[:, 0]

    tables = spread(lambda result, of: result.probabilities[of], classes)
    kept = all(name[id(result)] in result.uncalibrated for result in results)
    rules = results[0].points.get(name[id(results[0])], {}) if cutting else {}
    return Pooled(
        rows,
        _mean_of_repeats(tables, plan.task),
        cuts(lambda result, of: result.thresholds[of]) if cutting else None,
        tables,
        _mean_of_repeats(spread(lambda result, of: result.uncalibrated[of], classes), plan.task) if kept else None,
        {rule: cuts(lambda result, of, rule=rule: result.points[of][rule]) for rule in rules},  # type: ignore[misc]
    )


def _mean_of_repeats(tables: list[Floats], task: str) -> Floats:
    """One table of probabilities from several, averaged on the scale of log odds, as thresholds are."""
    if task == "multilabel":
        mean: Floats = expit(np.mean([_log_odds(table) for table in tables], axis=0))
        return mean
    mean = np.exp(np.mean([np.log(np.clip(table, 1e-9, 1.0)) for table in tables], axis=0))
    mean /= mean.sum(axis=1, keepdims=True)
    return mean


def _columns_with_cuts(plan: Plan) -> int:
    return len(plan.classes) if plan.task == "multilabel" else 1 if plan.positive is not None else 0


def _log_odds(probabilities: Floats) -> Floats:
    safe = np.clip(probabilities, 1e-9, 1 - 1e-9)
    odds: Floats = np.log(safe / (1 - safe))
    return odds
