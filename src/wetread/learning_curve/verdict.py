"""What a learning curve means, in one sentence, for someone who has to decide whether to collect more cases."""

from __future__ import annotations

from dataclasses import dataclass

from wetread.learning_curve.forecast import FURTHEST, Forecast
from wetread.metrics.interval import Interval
from wetread.outcome import say_percent, say_share

HELPS, HARDLY, CANNOT = "more cases help", "more cases hardly help", "cannot be said"

#: A smaller rise of the AUROC is not worth collecting as many cases again.
WORTH = 0.01

#: Fewest groups, and fewest of the rarest class, from which a curve is drawn at all.
FEWEST, FEWEST_OF_RAREST = 40, 10


@dataclass(frozen=True)
class Verdict:
    """In short, and as a sentence."""

    short: str
    sentence: str


def judge(forecast: Forecast, groups: int, unit: str, metric: str = "AUROC") -> Verdict:
    """Says what the forecast means.

    Args:
        forecast: Of the curve.
        groups: How many there are now.
        unit: What a group is called: patients, cases.
        metric: AUROC, or what kind of mean of it.

    Returns:
        The verdict, which rests on the gain: what doubling adds is known much better than where it leads, since the
        luck of having these patients is in both ends of it.

        - more cases help: the band of the gain excludes nothing, and the best guess is worth it;
        - more cases hardly help: even the upper end of the band is little, or the best guess is next to nothing;
        - cannot be said: anything else, or the curve may still be guessing.
    """
    now, twice, gain = forecast.now, forecast.twice, forecast.gain
    more = f"{FURTHEST * groups} {unit} instead of {groups}"
    if now.low <= 0.5:
        return Verdict(
            CANNOT,
            f"Whether more {unit} would help cannot be said: with {groups}, the {metric} of {_span(now)} may still be "
            "guessing. Look at labels and images first.",
        )
    rise = "not rise" if gain.high < 0.0005 else f"rise by {_small(gain.high)} at most"
    if gain.high < 2 * WORTH or (gain.value < WORTH and gain.high < 3 * WORTH):
        return Verdict(
            HARDLY,
            f"More {unit} of the same kind will hardly help: with {more}, the {metric} would probably "
            f"{rise}; "
            f"now it is {say_share(now.value)}. Look at labels or images instead.",
        )
    if gain.value >= WORTH and gain.low > WORTH / 5:
        least = f"by at least {gain.low:.2f}, " if gain.low >= WORTH else "a little, "
        return Verdict(
            HELPS,
            f"With {more}, the {metric} would probably rise {least}from {say_share(now.value)} now to about "
            f"{_span(twice)}.",
        )
    return Verdict(
        CANNOT,
        f"Whether more {unit} would help cannot be said from these: with {more}, the {metric} would rise by anything "
        f"from {_small(gain.low)} to {gain.high:.2f} ({say_percent(gain.level)} band); now it is {_span(now)}.",
    )


def _span(one: Interval) -> str:
    return f"{say_share(one.value)} ({say_percent(one.level)} band {say_share(one.low)} to {say_share(one.high)})"


def _small(gain: float) -> str:
    return "nothing" if gain < 0.0005 else "less than 0.01" if gain < 0.005 else f"{gain:.2f}"


def too_few(groups: int, rarest: int, unit: str) -> Verdict | None:
    """The verdict where there are too few groups for a curve; None where there are enough."""
    if groups >= FEWEST and rarest >= FEWEST_OF_RAREST:
        return None
    found = f"{groups} {unit}" if groups < FEWEST else f"{rarest} {unit} of the rarest class"
    needed = f"{FEWEST} {unit}" if groups < FEWEST else f"{FEWEST_OF_RAREST}"
    return Verdict(
        CANNOT,
        f"Whether more {unit} would help cannot be said from {found}: a learning curve needs at least {needed}. So few "
        "nearly always leave something to learn.",
    )
