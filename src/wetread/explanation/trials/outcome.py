"""`Outcome`: what one test found of one method."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from wetread.metrics.interval import Interval

PASS, FAIL, NOT_RUN = "pass", "fail", "not run"

#: Fewer pictures say nothing: with four, chance alone puts all of them on one side once in eight times.
FEWEST = 5


@dataclass(frozen=True)
class Outcome:
    """What one test found.

    Attributes:
        verdict: pass, fail or not run.
        sentence: For a clinician, with the numbers; for ``not run`` why.
        value: The number that decided, with its 95 % interval over patients; None where the test was not run.
        against: What the value had to beat.
        source: Paper that proposed the test.
        more: Further numbers, for reading.
    """

    verdict: str
    sentence: str
    value: Interval | None = None
    against: str = ""
    source: str = ""
    more: dict[str, Any] = field(default_factory=dict)

    @property
    def was_run(self) -> bool:
        """Whether there is a verdict."""
        return self.verdict != NOT_RUN

    def as_dict(self) -> dict[str, Any]:
        """What stands in explanations.json."""
        return {
            "verdict": self.verdict,
            "sentence": self.sentence,
            "value": None if self.value is None else say_interval(self.value),
            "against": self.against,
            "source": self.source,
            **({"more": self.more} if self.more else {}),
        }


def not_run(why: str) -> Outcome:
    """A test that could not be made: ``not_run("needs masks")``."""
    return Outcome(NOT_RUN, f"{why[:1].upper()}{why[1:]}.")


def judge(passed: bool) -> str:
    """True -> pass."""
    return PASS if passed else FAIL


def say_interval(interval: Interval) -> dict[str, Any]:
    """An interval for JSON, rounded to what anybody could read."""
    return {key: round(one, 4) if isinstance(one, float) else one for key, one in interval.as_dict().items()}


def say(interval: Interval, digits: int = 2) -> str:
    """``0.31 (0.12 to 0.50)``."""
    return f"{interval.value:z.{digits}f} ({interval.low:z.{digits}f} to {interval.high:z.{digits}f})"
