"""The five experiments of the RSNA Spotlight Course 2021, as published, and whether an ordering is the same elsewhere.

Source: github.com/kitamura-felipe/RSNASpotlight2021, head CT slices of the RSNA 2019 Intracranial Hemorrhage set,
classified by Google's Teachable Machine; matrices, rates and epochs as its screenshots show them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import comb
from typing import Any

from wetread.labs.parts import apart, as_cell
from wetread.labs.run_result import rates_of


@dataclass(frozen=True)
class Experiment:
    """One experiment as published.

    Attributes:
        number: 1 to 5.
        title: What was tried.
        classes: Rows and columns of the matrix.
        positive: The class of two that sensitivity speaks of.
        trained: Images per class, in the order of the classes.
        matrix: Test images, ``truth called``; Teachable Machine sets 15 % of each class aside.
        epochs: Passes over the training images.
        learning_rate: Of Adam.
    """

    number: int
    title: str
    classes: tuple[str, ...]
    positive: str | None
    trained: tuple[int, ...]
    matrix: tuple[tuple[int, ...], ...]
    epochs: int
    learning_rate: float

    @property
    def accuracy(self) -> dict[str, float]:
        """With its Wilson interval, as a cell."""
        found = as_cell(rates_of(self.matrix, self.classes, self.positive)["accuracy"])
        assert found is not None
        return found


_TWO = ("hemorrhage", "normal")
_THREE = ("normal", "parenchymal", "subdural")
EXPERIMENTS: dict[int, Experiment] = {
    one.number: one
    for one in (
        Experiment(1, "30 and 30 slices", _TWO, "hemorrhage", (30, 30), ((5, 0), (4, 1)), 15, 3e-5),
        Experiment(2, "30 and 1000 slices", _TWO, "hemorrhage", (30, 1000), ((0, 5), (0, 150)), 15, 3e-5),
        Experiment(3, "1000 and 1000 slices", _TWO, "hemorrhage", (1000, 1000), ((115, 35), (49, 101)), 15, 8e-5),
        Experiment(4, "3 x 80, grey", _THREE, None, (80, 80, 80), ((7, 0, 5), (3, 6, 3), (3, 3, 6)), 80, 2e-5),
        Experiment(
            5, "3 x 80, HU in colour", _THREE, None, (80, 80, 80), ((10, 1, 1), (0, 11, 1), (2, 3, 7)), 80, 2e-5
        ),
    )
}


def judge_order(ours: Mapping[int, Mapping[str, float]]) -> dict[str, Any]:
    """Compares every pair of experiments by accuracy: same order as published or not, and can either tell?

    Args:
        ours: Number of an experiment -> its accuracy with bounds, as a cell.

    Returns:
        pairs: for each pair higher and lower (as published), same (ours ranks them alike), published_apart and
        ours_apart (their intervals do not overlap); same: how many; told: how many both can tell; contradicted: those
        ranked the other way by intervals that do not overlap; verdict: one sentence.
    """
    pairs = []
    numbers = sorted(ours)
    for at, first in enumerate(numbers):
        for second in numbers[at + 1 :]:
            theirs = {number: EXPERIMENTS[number].accuracy for number in (first, second)}
            higher, lower = sorted((first, second), key=lambda number: -theirs[number]["value"])
            pairs.append(
                {
                    "higher": higher,
                    "lower": lower,
                    "same": ours[higher]["value"] > ours[lower]["value"],
                    "published_apart": apart(theirs[higher], theirs[lower]),
                    "ours_apart": apart(ours[higher], ours[lower]),
                }
            )
    return {
        "pairs": pairs,
        "same": sum(pair["same"] for pair in pairs),
        "told": sum(pair["published_apart"] and pair["ours_apart"] for pair in pairs),
        "contradicted": sum(not pair["same"] and pair["ours_apart"] for pair in pairs),
        "verdict": _verdict(pairs, numbers),
    }


def _verdict(pairs: Sequence[Mapping[str, Any]], numbers: Sequence[int]) -> str:
    if not pairs:
        return "One experiment has no order; do another of the five beside it."
    which = f"experiments {', '.join(map(str, numbers[:-1]))} and {numbers[-1]}"
    reversed_pairs = [pair for pair in pairs if not pair["same"]]
    unsure = sum(not (pair["published_apart"] and pair["ours_apart"]) for pair in pairs)
    blurred = (
        f" In {unsure} of {len(pairs)} pairs the intervals overlap, in the original, here or in both, so that chance "
        "could have turned the order there."
        if unsure
        else " The intervals of no pair overlap, there or here."
    )
    if not reversed_pairs:
        return f"The published ordering of {which} is reproduced: {len(pairs)} of {len(pairs)} pairs.{blurred}"
    told = "; ".join(
        f"{pair['higher']} above {pair['lower']} as published, not here"
        + (" (and intervals here do not overlap)" if pair["ours_apart"] else " (intervals here overlap)")
        for pair in reversed_pairs
    )
    return (
        f"The published ordering of {which} is not reproduced: {len(pairs) - len(reversed_pairs)} of {len(pairs)} "
        f"pairs are in the same order. {told[0].upper()}{told[1:]}.{blurred}"
    )


def fisher(first: tuple[int, int], second: tuple[int, int]) -> float:
    """Two-sided p of Fisher's exact test for two shares, each (right, wrong): both counts are of other images.

    Sums the tables with the same margins that are no likelier than the one found (Fisher 1934).
    """
    right, n1, n2 = first[0] + second[0], sum(first), sum(second)
    ways = {k: comb(n1, k) * comb(n2, right - k) for k in range(max(0, right - n2), min(n1, right) + 1)}
    return sum(way for way in ways.values() if way <= ways[first[0]]) / comb(n1 + n2, right)
