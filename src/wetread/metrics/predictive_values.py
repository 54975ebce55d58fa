"""PPV and NPV where the finding is as common as the reader says, from sensitivity and specificity.

Predictive values of a data set hold for its own share of cases, which says little about a clinic. By Bayes

    PPV = sensitivity * prevalence / (sensitivity * prevalence + (1 - specificity) * (1 - prevalence))

and likewise the NPV. Bounds come from the logit method of Mercaldo, Lau & Zhou 2007, 10.1002/sim.2677: on the logit
scale a predictive value is ``log(sensitivity) - log(1 - specificity)`` and a constant, whose variances add up, as cases
and others are different patients. Where a patient has several images, the formula for independent images is wrong; so
the variance of each rate is read from its own interval, however that was made (Wilson, or drawing patients). A rate of
0 or 1 has no logit: as in the paper, half a squared normal quantile is added on either side, to as many patients as the
interval of the rate speaks of.

The prevalence is taken as known without error.
"""

from __future__ import annotations

import math
from typing import NamedTuple

from scipy.special import expit, logit, ndtri

from wetread.metrics.interval import Interval, enclosing

METHOD = "logit method (Mercaldo 2007) at the given prevalence"


class LogRate(NamedTuple):
    """A rate for the logit method: what its logarithm and that of its complement are, and their variances."""

    log: float
    log_complement: float
    variance: float
    variance_complement: float


class PredictiveValues(NamedTuple):
    """PPV and NPV; None where nobody would be called, or nobody cleared."""

    ppv: Interval | None
    npv: Interval | None


def predictive_values(sensitivity: Interval, specificity: Interval, prevalence: float) -> PredictiveValues:
    """Return PPV and NPV at a prevalence.

    Args:
        sensitivity: With its interval.
        specificity: With its interval, of the same level.
        prevalence: Share of cases among those who will be examined, in (0, 1).

    Raises:
        ValueError: The prevalence is outside (0, 1), or the levels differ.
    """
    if not 0 < prevalence < 1:
        raise ValueError(f"a prevalence must lie between 0 and 1, not {prevalence}")
    if sensitivity.level != specificity.level:
        raise ValueError("sensitivity and specificity must have intervals of one level")
    found, cleared = log_rate(sensitivity), log_rate(specificity)
    odds = math.log(prevalence / (1 - prevalence))
    z = float(-ndtri((1 - sensitivity.level) / 2))
    n, level = min(sensitivity.n, specificity.n), sensitivity.level

    def around(value: float | None, middle: float, variance: float) -> Interval | None:
        if value is None:
            return None
        reach = z * math.sqrt(variance)
        return enclosing(value, expit(middle - reach), expit(middle + reach), METHOD, n, level)

    called = sensitivity.value * prevalence, (1 - specificity.value) * (1 - prevalence)
    passed = specificity.value * (1 - prevalence), (1 - sensitivity.value) * prevalence
    return PredictiveValues(
        around(
            _share(*called), found.log - cleared.log_complement + odds, found.variance + cleared.variance_complement
        ),
        around(
            _share(*passed), cleared.log - found.log_complement - odds, cleared.variance + found.variance_complement
        ),
    )


def _share(right: float, wrong: float) -> float | None:
    return right / (right + wrong) if right + wrong > 0 else None


def log_rate(rate: Interval) -> LogRate:
    """Return logarithms and variances of a rate, its variance read from its interval on the logit scale."""
    z = float(-ndtri((1 - rate.level) / 2))
    value = rate.value
    if 0 < rate.low < value < rate.high < 1:
        variance = float((logit(rate.high) - logit(rate.low)) / (2 * z)) ** 2
    else:
        value, variance = _moved_inside(rate, z)
    # var(log p) = (1 - p)^2 var(logit p), by the chain rule
    return LogRate(math.log(value), math.log1p(-value), (1 - value) ** 2 * variance, value**2 * variance)


def _moved_inside(rate: Interval, z: float) -> tuple[float, float]:
    """Return a rate at an end (or with no width) with z^2 / 2 added on either side, and the variance of its logit.

    Of n perfect results Wilson's lower bound is n / (n + z^2), so n can be read from the bound.
    """
    width = rate.low if rate.value >= 1 else 1 - rate.high if rate.value <= 0 else 0.0
    n = z**2 * width / (1 - width) if 0 < width < 1 else float(max(rate.n, 1))
    value = (rate.value * n + z**2 / 2) / (n + z**2)
    return value, 1 / ((n + z**2) * value * (1 - value))
