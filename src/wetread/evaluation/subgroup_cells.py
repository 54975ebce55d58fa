"""One group of images against the rest of its column: who is in it, and of what enough is known to speak."""

from __future__ import annotations

import math
from collections.abc import Hashable, Mapping
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from wetread.evaluation.predictions import Predictions
from wetread.evaluation.questions import Question
from wetread.evaluation.rates import as_dicts
from wetread.metrics import counted
from wetread.metrics.counted import CountedStatistic
from wetread.metrics.holm import holm, p_from_interval
from wetread.metrics.interval import Interval, enclosing
from wetread.shapes import Bools

#: Cases, and images without the finding, below which a group is not spoken of.
FEWEST = 10
TOO_FEW = "too few to say"

#: Number of the column and of its group.
Place = tuple[int, int]
#: Any name of a gap.
Key = TypeVar("Key", bound=Hashable)


class Cell:
    """One group against the rest.

    Attributes:
        inside: One bool per image: in the group.
        rest: In another group of the column; images of which nothing is known are in neither.
        keys: Whose each image is.
        turned: Its gap is that of another group turned round: of two groups there is one comparison, not two.
        asked: The questions for which the group has ten images on either side.
        compared: Those of them for which the rest has ten on either side too.
        gaps: Those whose gap is told.
    """

    def __init__(
        self, questions: list[Question], keys: NDArray[Any], inside: Bools, rest: Bools, *, turned: bool
    ) -> None:
        self.inside, self.rest, self.keys, self.turned = inside, rest, keys, turned
        self.asked = [one for one in questions if _enough(one, inside)]
        self.compared = [one for one in self.asked if _enough(one, rest)]
        self.gaps = [] if turned else self.compared

    @property
    def sides(self) -> dict[str, Bools]:
        """The group and the rest by name."""
        return {"inside": self.inside, "rest": self.rest}


def _enough(question: Question, chosen: Bools) -> bool:
    truth = question.truth[chosen[question.rows]]
    return bool(min(truth.sum(), (~truth).sum()) >= FEWEST)


def of_two(predictions: Any) -> bool:
    """One class is the positive one."""
    return isinstance(predictions, Predictions) and predictions.positive is not None


class Areas:
    """Counted AUROCs of questions over chosen images; each is made once, whoever asks for it, alone or in a mean."""

    def __init__(self) -> None:
        self._made: dict[tuple[bytes, tuple[str, ...]], CountedStatistic] = {}

    def of(self, questions: list[Question], chosen: Bools) -> CountedStatistic:
        """The mean over the questions; that of one question is its own."""
        key = chosen.tobytes(), tuple(one.name for one in questions)
        if key not in self._made:
            if len(questions) > 1:
                made = counted.mean_of([self.of([one], chosen) for one in questions])
            else:
                inside = chosen[questions[0].rows]
                made = counted.auroc(questions[0].truth[inside], questions[0].p[inside], questions[0].rows[inside])
            self._made[key] = counted.once(made)
        return self._made[key]


def gap_of_few(group: Interval | None, rest: Interval | None) -> Interval | None:
    """Group minus rest from the intervals of both, where drawn patients would promise too much.

    Of twelve cases that were all found every resample finds all, so that a gap to 0.8 would be certain. Where nothing
    differed, half of the tables of 200 simulated patients raised an alarm by drawn patients (tests hold the rate).
    Squares of the distances from value to bound are added instead (Newcombe 1998, Statistics in Medicine 17:873,
    method 10; for any interval Zou & Donner 2008, same journal 27:1693). Patients who are on both sides make the
    interval too wide rather than too narrow.
    """
    if group is None or rest is None:
        return None
    value = group.value - rest.value
    low = value - math.hypot(group.value - group.low, rest.high - rest.value)
    high = value + math.hypot(group.high - group.value, rest.value - rest.low)
    return enclosing(value, low, high, "square-and-add of both intervals", min(group.n, rest.n), group.level)


def adjusted(gaps: Mapping[Key, Interval]) -> dict[Key, dict[str, Any]]:
    """Gaps as JSON, with their p values alone (``p``) and adjusted for all of them (``p_holm``)."""
    p_values = [p_from_interval(one) for one in gaps.values()]
    return {
        key: {**as_dicts({"gap": one})["gap"], "p": round(p, 6), "p_holm": round(raised, 6)}
        for (key, one), p, raised in zip(gaps.items(), p_values, holm(p_values), strict=True)
    }


def people(keys: NDArray[Any]) -> int:
    """How many patients these images are of."""
    return len(np.unique(keys))
