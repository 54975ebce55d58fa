"""Does a number move with how common each class is? It decides from whom its resamples may be drawn.

A sensitivity asks the sick alone: however many of them a study happens to have, it aims at the same share. A precision,
an F1 or a Brier score asks everybody at once, and is another number where the sick are rarer. What the sick and the
well were drawn from is a population in which their numbers vary, so a resample that keeps both numbers as they were is
right for the first kind only (Davison & Hinkley 1997, section 3.2.1, several samples); for the second it leaves out a
part of the chance. With 200 cases, 30 of them positive, such intervals of a Brier score cover 0.82 instead of 0.95.

A counted statistic says so itself: its *sides* are the groups of rows it looks at, each as if it were a sample of its
own. ``moves_with_mix`` compares them with the labels; the bootstrap asks it, and nobody else has to know.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

#: Row numbers of each group that a statistic takes for a sample of its own; how many rows a group has does not matter.
Sides = tuple[NDArray[np.integer[Any]], ...]
_Counted = Callable[[NDArray[np.float64]], NDArray[np.float64]]


class OfSides:
    """A counted statistic with its sides.

    Attributes:
        sides: What it looks at; None where it takes all rows for one sample.
    """

    def __init__(self, statistic: _Counted, sides: Sides | None) -> None:
        self._statistic, self.sides = statistic, sides

    def __call__(self, counts: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return one value per resample of a ``resample row`` table."""
        return self._statistic(counts)


def sides_of(statistic: _Counted) -> Sides | None:
    """Return the sides of a counted statistic; None, all rows as one sample, where it names none."""
    sides: Sides | None = getattr(statistic, "sides", None)
    return sides


def joined_sides(statistics: Iterable[_Counted]) -> Sides | None:
    """Return the sides of a mean or difference of statistics; None as soon as one of them has none."""
    every = [sides_of(one) for one in statistics]
    known = [sides for sides in every if sides is not None]
    return tuple(rows for sides in known for rows in sides) if len(known) == len(every) else None


def sides_by_label(labels: ArrayLike) -> Sides:
    """Return the row numbers of each label: what a mean over classes looks at."""
    column = np.asarray(labels)
    return tuple(np.flatnonzero(column == label) for label in np.unique(column))


def moves_with_mix(statistic: _Counted, labels: NDArray[np.generic]) -> bool:
    """Say whether a number moves with how common each label is.

    It does unless each of its sides has one label only: the sensitivity of one class, the AUROC of two classes. The
    AUROC of one class against several others moves with how common each of the others is among them.

    Args:
        statistic: A counted statistic; one that names no sides moves.
        labels: Label of each row.
    """
    sides = sides_of(statistic)
    return sides is None or any(len(rows) > 0 and bool((labels[rows] != labels[rows[0]]).any()) for rows in sides)
