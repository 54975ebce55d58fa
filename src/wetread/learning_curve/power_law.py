"""Error falls with the training size as a + b n^-c: what is left for ever, what there is to learn, and how fast.

Source: Figueroa et al. 2012, 10.1186/1472-6947-12-8 (inverse power law, fitted by weighted least squares, the larger
sizes weighing more).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from wetread.shapes import Floats

#: Exponents that are tried. Below the first a curve would go on for ever; beyond the last it has ended already.
EXPONENTS = np.linspace(0.1, 1.5, 57)


@dataclass(frozen=True)
class PowerLaw:
    """error(n) = rest + span * n ** -exponent, for one curve or for many at once.

    Attributes:
        rest: What no number of cases removes, 0 or more.
        span: 0 or more, so the error never grows with the cases.
        exponent: Within `EXPONENTS`.
    """

    rest: Floats
    span: Floats
    exponent: Floats

    def at(self, n: ArrayLike) -> Floats:
        """The error at sizes: ``curve size``, or ``size`` for one curve."""
        sizes = np.asarray(n, dtype=np.float64)
        error: Floats = self.rest[..., None] + self.span[..., None] * sizes ** -self.exponent[..., None]
        return error


def fit_power_law(sizes: ArrayLike, errors: ArrayLike) -> PowerLaw:
    """Fits the law by least squares weighted by size.

    For a given exponent the law is linear in the other two, whose bounds leave three cases, each with a closed
    solution; so all exponents are tried for all curves at once, and there is no start value that could mislead.

    Args:
        sizes: Positive, at least three of them.
        errors: ``size``, or ``curve size``; finite.

    Returns:
        The law of least weighted squares, per curve.
    """
    n, table = np.asarray(sizes, dtype=np.float64), np.atleast_2d(np.asarray(errors, dtype=np.float64))
    weight = n / n.sum()
    best = (np.full(len(table), np.inf), np.zeros(len(table)), np.zeros(len(table)), np.zeros(len(table)))
    for exponent in EXPONENTS:
        rest, span = _solve(n**-exponent, table, weight)
        missed = table - rest[:, None] - span[:, None] * n**-exponent
        loss = (weight * missed**2).sum(axis=1)
        better = loss < best[0] - 1e-15
        found = (loss, rest, span, np.full(len(table), exponent))
        best = tuple(np.where(better, new, old) for new, old in zip(found, best, strict=True))  # type: ignore[assignment]
    _, rest, span, power = best
    if np.ndim(errors) == 1:
        return PowerLaw(rest[0], span[0], power[0])
    return PowerLaw(rest, span, power)


def _solve(falling: Floats, table: Floats, weight: Floats) -> tuple[Floats, Floats]:
    """Rest and span of least weighted squares, neither below 0."""
    middle, mean = (weight * falling).sum(), table @ weight
    spread = (weight * (falling - middle) ** 2).sum()
    span = np.maximum(((falling - middle) * weight * (table - mean[:, None])).sum(axis=1) / spread, 0.0)
    rest = mean - span * middle
    alone = np.maximum((table * weight * falling).sum(axis=1) / (weight * falling**2).sum(), 0.0)
    below = rest < 0
    return np.where(below, 0.0, rest), np.where(below, alone, span)
