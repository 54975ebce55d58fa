"""How an operating point is asked for, in words: ``youden``, ``sensitivity>=0.9``, ``cost=5``, ``cost=5@0.02``, ``f1``.

A bare ``sensitivity`` or ``specificity`` means at least 0.95; a bare ``cost`` counts a miss like a false alarm. After
``@`` stands the prevalence where the model will be used; without it that of the data counts.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass

from numpy.typing import ArrayLike

from wetread.metrics.operating_point import (
    cost_threshold,
    f1_threshold,
    sensitivity_threshold,
    specificity_threshold,
    youden_threshold,
)

#: The menu: thresholds by each of these are stored in every model.
DEFAULT_RULES = ("youden", "sensitivity", "specificity", "cost", "f1")
#: What `sensitivity` and `specificity` reach where nothing else is asked for.
USUAL_SHARE = 0.95

_SHARE = re.compile(r"(sensitivity|specificity)\s*>=\s*([0-9.]+)")
_COST = re.compile(r"cost\s*=\s*([0-9.]+)(?:\s*@\s*([0-9.]+))?")


@dataclass(frozen=True)
class PointRule:
    """By what a threshold is chosen.

    Attributes:
        kind: youden, sensitivity, specificity, cost or f1.
        share: Sensitivity or specificity to reach, in (0, 1].
        ratio: What a miss costs, where a false alarm costs 1.
        prevalence: Where the model will be used; None for that of the data.
    """

    kind: str
    share: float = USUAL_SHARE
    ratio: float = 1.0
    prevalence: float | None = None

    def choose(self, truth: ArrayLike, p: ArrayLike) -> float | None:
        """The threshold on rows that are not the reported ones; None when it is not defined (see `operating_point`)."""
        if self.kind == "youden":
            return youden_threshold(truth, p)
        if self.kind == "sensitivity":
            return sensitivity_threshold(truth, p, self.share)
        if self.kind == "specificity":
            return specificity_threshold(truth, p, self.share)
        if self.kind == "cost":
            return cost_threshold(truth, p, self.ratio, self.prevalence)
        return f1_threshold(truth, p)

    @property
    def title(self) -> str:
        """In words, to follow "chosen by"."""
        if self.kind == "youden":
            return "Youden's J (most sensitivity and specificity together)"
        if self.kind == "f1":
            return "the best F1"
        if self.kind in ("sensitivity", "specificity"):
            return f"a {self.kind} of at least {self.share:g}"
        where = "" if self.prevalence is None else f" at a prevalence of {100 * self.prevalence:g} %"
        if self.ratio == 1:
            return f"the fewest errors{where}"
        return f"the least cost, a miss counting {self.ratio:g} times a false alarm{where}"


def read_rule(text: str) -> PointRule:
    """Read a rule as a plan spells it.

    Args:
        text: Such as ``youden`` or ``sensitivity>=0.9``.

    Raises:
        ValueError: It is none; the message says how rules are spelt.
    """
    asked = text.strip().lower()
    if asked in DEFAULT_RULES:
        return PointRule(asked)
    try:
        if found := _SHARE.fullmatch(asked):
            rule = PointRule(found[1], share=float(found[2]))
        elif found := _COST.fullmatch(asked):
            rule = PointRule("cost", ratio=float(found[1]), prevalence=float(found[2]) if found[2] else None)
        else:
            raise ValueError
        possible = 0 < rule.share <= 1 and 0 < rule.ratio < math.inf
        if not possible or (rule.prevalence is not None and not 0 < rule.prevalence < 1):
            raise ValueError
    except ValueError as error:
        raise ValueError(
            f"{text!r} is no operating point; write {', '.join(DEFAULT_RULES)}, or such as sensitivity>=0.9, cost=5 "
            "(a miss costs five times a false alarm) or cost=5@0.02 (the same at a prevalence of 2 %)"
        ) from error
    return rule


def rules_to_store(chosen: str) -> dict[str, PointRule]:
    """The menu and the rule of a plan, by their spelling; the latter first."""
    return {chosen: read_rule(chosen)} | {name: PointRule(name) for name in DEFAULT_RULES if name != chosen}
