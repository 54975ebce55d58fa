"""Which images are explained: the worst errors, and random ones, never the prettiest."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from wetread.evaluation.predictions import Predictions


@dataclass(frozen=True)
class Case:
    """An image to explain: its row in the predictions, and why it was taken (error or random)."""

    number: int
    why: str


def choose_cases(predictions: Predictions, cases: int, seed: int) -> list[Case]:
    """Half worst errors, half random.

    The worst errors are those with the least probability for their true class; the random ones are drawn evenly from
    the classes and do not repeat the errors.

    Args:
        predictions: Labelled ones.
        cases: How many in all, at most.
        seed: Of the draw.

    Returns:
        Errors, worst first, then random cases.
    """
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
