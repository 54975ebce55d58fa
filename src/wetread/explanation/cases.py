"""Which images are explained: the worst errors, and random ones, never the prettiest."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from wetread.evaluation.finding_predictions import FindingPredictions
from wetread.evaluation.predictions import Predictions
from wetread.shapes import Bools, Floats


@dataclass(frozen=True)
class Case:
    """An image to explain.

    Attributes:
        number: Its row in the predictions.
        why: Why it was taken: error or random.
        column: The finding to explain, where an image can have several.
    """

    number: int
    why: str
    column: int | None = None


def choose_cases(predictions: Predictions | FindingPredictions, cases: int, seed: int) -> list[Case]:
    """Half worst errors, half random.

    The worst errors are those with the least probability for their true class; the random ones are drawn evenly from
    the classes and do not repeat the errors. Of several findings the worst error of each comes before the second worst
    of any; a random image is explained for a finding that it has, else for the one that it was nearest to be called.

    Args:
        predictions: Labelled ones.
        cases: How many in all, at most.
        seed: Of the draw.

    Returns:
        Errors, worst first, then random cases.
    """
    if isinstance(predictions, FindingPredictions):
        return _choose_finding_cases(predictions, cases, seed)
    wrong = np.flatnonzero(predictions.predicted != predictions.truth)
    sure = predictions.probabilities[wrong, predictions.truth[wrong]]
    errors = [int(number) for number in wrong[np.argsort(sure, kind="stable")][: cases // 2]]
    random = np.random.default_rng(seed)
    drawn: list[int] = []
    pools = [
        [int(n) for n in random.permutation(np.flatnonzero(predictions.truth == label)) if int(n) not in errors]
        for label in range(len(predictions.classes))
    ]
    while len(drawn) < cases - len(errors) and any(pools):
        for pool in pools:
            if pool and len(drawn) < cases - len(errors):
                drawn.append(pool.pop())
    return [Case(number, "error") for number in errors] + [Case(number, "random") for number in drawn]


def _choose_finding_cases(predictions: FindingPredictions, cases: int, seed: int) -> list[Case]:
    p, has = predictions.probabilities, predictions.truth == 1
    sure = np.where(has, p, 1 - p)  # what was given to the truth
    wrong = predictions.known & (predictions.called != has)
    errors: list[Case] = []
    taken: set[int] = set()
    queues = [_surest_first(wrong[:, column], sure[:, column]) for column in range(len(predictions.findings))]
    while len(errors) < cases // 2 and any(queues):
        heads = sorted((sure[queue[0], column], column) for column, queue in enumerate(queues) if queue)
        for _, column in heads:
            number = queues[column].pop(0)
            if number not in taken and len(errors) < cases // 2:
                taken.add(number)
                errors.append(Case(number, "error", column))
    random = np.random.default_rng(seed)
    cut = 0.5 if predictions.thresholds is None else predictions.thresholds
    lead = p - cut
    drawn = [int(n) for n in random.permutation(len(predictions.images)) if int(n) not in taken][: cases - len(errors)]
    return errors + [Case(n, "random", _asked_of(has[n], lead[n], random)) for n in drawn]


def _surest_first(wrong: Bools, sure: Floats) -> list[int]:
    """Images that were wrong, those with the least probability for the truth first."""
    rows = np.flatnonzero(wrong)
    return [int(number) for number in rows[np.argsort(sure[rows], kind="stable")]]


def _asked_of(has: Bools, lead: Floats, random: np.random.Generator) -> int:
    present = np.flatnonzero(has)
    return int(random.choice(present)) if len(present) else int(lead.argmax())
