"""Where a function of one number is zero, without the second that importing scipy.optimize takes.

Source: Chandrupatla 1997, Advances in Engineering Software 28, 145: inverse quadratic interpolation where that is safe,
halving where it is not.
"""

from __future__ import annotations

import math
from collections.abc import Callable

#: More than twice what halving alone takes to bring any bracket of doubles to its last digit.
MOST_STEPS = 200


def find_root(function: Callable[[float], float], low: float, high: float, tolerance: float = 2e-12) -> float:
    """Return where a continuous function is zero between two places at which its signs differ.

    Args:
        function: Of one number; finite between the two.
        low: One end; the function may be zero there.
        high: The other.
        tolerance: Absolute, beside four units in the last place.

    Returns:
        The root, or one of them, between the two ends.

    Raises:
        ValueError: The function has the same sign at both ends, or is not a number at one.
    """
    newest, other = high, low
    at_newest, at_other = function(newest), function(other)
    if not at_newest * at_other <= 0:
        raise ValueError(f"no change of sign between {low} and {high}: {at_other} and {at_newest}")
    step = 0.5
    for _ in range(MOST_STEPS):
        best, least = (newest, at_newest) if abs(at_newest) < abs(at_other) else (other, at_other)
        close = (2 * math.ulp(best) + tolerance / 2) / abs(other - newest) if other != newest else 1.0
        if close > 0.5 or least == 0:
            return best
        place = newest + min(max(step, close), 1 - close) * (other - newest)
        at_place = function(place)
        # `third` was an end of the bracket until now: three points make a parabola.
        if (at_place > 0) == (at_newest > 0):
            third, at_third = newest, at_newest
        else:
            third, at_third, other, at_other = other, at_other, newest, at_newest
        newest, at_newest = place, at_place
        step = _next_step((newest, other, third), (at_newest, at_other, at_third))
    raise AssertionError("halving ends long before")


def _next_step(places: tuple[float, float, float], values: tuple[float, float, float]) -> float:
    """Return which part of the bracket to go: by interpolation where it is monotonic (Chandrupatla's test), or half."""
    (newest, other, third), (at_newest, at_other, at_third) = places, values
    if at_other in (at_newest, at_third) or at_newest == at_third:
        return 0.5
    nearness = (newest - other) / (third - other)
    share = (at_newest - at_other) / (at_third - at_other)
    if not (share**2 < nearness and (1 - share) ** 2 < 1 - nearness):
        return 0.5
    across = at_newest / (at_other - at_newest) * at_third / (at_other - at_third)
    along = at_newest / (at_third - at_newest) * at_other / (at_third - at_other)
    return across + (third - newest) / (other - newest) * along
