"""A number with its lower and upper bound, and how they were found."""

from __future__ import annotations

from dataclasses import asdict, dataclass


@dataclass(frozen=True)
class Interval:
    """A value with a confidence interval; ``low <= value <= high`` and all three are finite.

    Attributes:
        value: The number itself, from the data as they are.
        low: Lower bound.
        high: Upper bound.
        method: How the bounds were found, in words for a report: "Wilson", "patient bootstrap BCa, 2000 resamples".
        n: How many independent units the bounds rest on: patients for a patient bootstrap, images or pairs elsewhere.
        level: Confidence level in (0, 1).
    """

    value: float
    low: float
    high: float
    method: str
    n: int
    level: float = 0.95

    def as_dict(self) -> dict[str, float | int | str]:
        """Return the fields as a dict that JSON can hold."""
        return asdict(self)


@dataclass(frozen=True)
class Difference(Interval):
    """A difference a - b on the same cases, with its interval and a two-sided p value in [0, 1]."""

    p_value: float = 1.0


def enclosing(value: float, low: float, high: float, method: str, n: int, level: float) -> Interval:
    """Return an interval that is never drawn beside its own value.

    Rounding can put a bound 1e-17 beyond the value, and the percentiles of a biased statistic (calibration error) can
    miss it altogether; readers would take either for a mistake, so the nearer bound is moved to the value.
    """
    return Interval(float(value), float(min(low, value)), float(max(high, value)), method, int(n), float(level))
