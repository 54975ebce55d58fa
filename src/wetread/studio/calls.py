"""What would be called at another threshold, the same for the slider and for the list of cases.

In cross-validation each fold has a threshold of its own, chosen inside its training part; numbers.json counts what
these called. A slider moves all of them alike: by the same step on the logit scale, measured from the threshold of
the shipped model. So its row at the stored threshold is numbers.json itself, counts never jump, and a single test
set, where all thresholds are one, is simply called at the threshold asked for. Nothing is read and nothing written
here.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from wetread.shapes import Bools, Floats

#: Rows of a table of thresholds, at most.
MOST_ROWS = 200
#: Thresholds are told in six decimals, so this close they are the same one.
SAME = 1e-6
_NEAREST = 1e-12


@dataclass(frozen=True)
class Calls:
    """One class or finding, called at any threshold.

    Attributes:
        called: One bool per case: what the run itself called.
        stored: Threshold of the shipped model; None where classes are called by the highest probability.
        aligned: Per case, from which threshold down it is called.
    """

    called: Bools
    stored: float | None
    aligned: Floats

    def at(self, threshold: float | None) -> Bools:
        """One bool per case: what is called at a threshold; None means the run's own calls."""
        if threshold is None or (self.stored is not None and abs(threshold - self.stored) < SAME):
            return self.called
        return np.asarray(self.aligned >= threshold)

    def thresholds(self, also: tuple[float, ...] = ()) -> list[float]:
        """Thresholds that call differently, rising, at most `MOST_ROWS`: one for each step, or evenly many of them.

        Args:
            also: Further ones to be among them.
        """
        distinct = np.unique(self.aligned[np.isfinite(self.aligned)])
        between = (distinct[:-1] + distinct[1:]) / 2
        extra = {round(one, 6) for one in (*also, self.stored) if one is not None and 0 <= one <= 1}
        room = MOST_ROWS - 2 - len(extra)
        if len(between) > room:
            between = between[np.linspace(0, len(between) - 1, room).round().astype(np.int64)]
        return sorted({0.0, 1.0, *extra, *(round(float(one), 6) for one in between)})


def calls_of(p: Floats, called: Bools, cuts: Floats, stored: float | None) -> Calls:
    """The calls of one class or finding.

    Args:
        p: Probability per case; NaN where it was not predicted.
        called: What the run itself called.
        cuts: Threshold per case; NaN where there is none.
        stored: Threshold of the shipped model. None: the middle one of `cuts`, and nothing where there are none.
    """
    known = cuts[np.isfinite(cuts)]
    if not len(known):
        return Calls(called, None, np.asarray(p, dtype=np.float64))
    middle = float(np.median(known)) if stored is None else stored
    moved = _logit(p) - _logit(cuts) + _logit(np.array(middle))
    return Calls(called, round(middle, 6), 1 / (1 + np.exp(-moved)))


def _logit(p: Floats) -> Floats:
    inside = np.clip(np.asarray(p, dtype=np.float64), _NEAREST, 1 - _NEAREST)
    return np.asarray(np.log(inside) - np.log1p(-inside))
