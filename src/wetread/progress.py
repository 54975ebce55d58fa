"""Progress as data: the work emits events and knows no bar. Console, notebook and studio listen.

Each event is a frozen dataclass; `Listener` is anything that takes one. `events.jsonl` in the run folder is what one
such listener leaves behind.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import Any


@dataclass(frozen=True)
class Event:
    """Something happened; `kind` is the class name in snake case."""

    @property
    def kind(self) -> str:
        """The class name in snake case."""
        name = type(self).__name__
        return "".join("_" + letter.lower() if letter.isupper() else letter for letter in name).lstrip("_")

    def as_dict(self) -> dict[str, Any]:
        """The kind and the fields, as a line of events.jsonl holds them."""
        return {"kind": self.kind, **asdict(self)}


@dataclass(frozen=True)
class StepStarted(Event):
    """A named step of the main job begins; `total` counts its items where that is known."""

    step: str
    title: str
    total: int | None = None


@dataclass(frozen=True)
class StepAdvanced(Event):
    """`done` of `total` items of a step are finished; `skipped` of these were so before, and cost no time now."""

    step: str
    done: int
    total: int
    detail: str = ""
    skipped: int = 0


@dataclass(frozen=True)
class StepFinished(Event):
    """A step is done; `summary` is one short sentence with its result."""

    step: str
    seconds: float
    summary: str = ""


@dataclass(frozen=True)
class EpochDone(Event):
    """One pass of a network over its training images. Losses in nats, `val_auroc` in [0, 1] or None."""

    repeat: int
    fold: int
    inner: int
    epoch: int
    epochs: int
    seconds: float
    learning_rate: float
    train_loss: float
    val_loss: float | None
    val_auroc: float | None


@dataclass(frozen=True)
class FoldDone(Event):
    """All rungs of the ladder are fitted for one outer fold; `chosen` is the rung that won inside it."""

    repeat: int
    fold: int
    chosen: str
    seconds: float


@dataclass(frozen=True)
class FoldLoaded(Event):
    """An outer fold was taken up from before an interruption."""

    repeat: int
    fold: int


@dataclass(frozen=True)
class FoldLeftOut(Event):
    """An outer fold of a further repeat was not begun: too little time was left for all of it."""

    repeat: int
    fold: int


@dataclass(frozen=True)
class Notice(Event):
    """Something that the user should know, in one sentence, and that stops nothing."""

    text: str


@dataclass(frozen=True)
class PlanMade(Event):
    """The plan is ready: (decision, value, reason) in the order of plan.yaml."""

    decisions: tuple[tuple[str, str, str], ...]


@dataclass(frozen=True)
class RunFinished(Event):
    """The main job ended with this status: finished, stopped or failed."""

    status: str
    seconds: float


@dataclass
class StepPace:
    """The step at work, and how long it will still take: what a bar in a terminal and a page both show.

    Attributes:
        step: Its name; empty between two steps.
        title: What a reader sees.
        total: Items it has, where that is known.
        done: Items that are finished.
        skipped: Of these, those that were so before an interruption.
        detail: What is being worked on.
        started: When the step began, in seconds on whatever clock the caller uses throughout.
        advanced: When the last item was finished, on the same clock; None where nobody said.
    """

    step: str = ""
    title: str = ""
    total: int | None = None
    done: int = 0
    skipped: int = 0
    detail: str = ""
    started: float = 0.0
    advanced: float | None = None

    def begin(self, step: str, title: str, total: int | None, now: float) -> None:
        """A step begins."""
        self.step, self.title, self.total, self.started = step, title, total, now
        self.done, self.skipped, self.detail, self.advanced = 0, 0, "", None

    def advance(self, done: int, total: int, skipped: int = 0, detail: str = "", now: float | None = None) -> None:
        """Some of its items are finished."""
        self.done, self.total, self.skipped, self.detail, self.advanced = done, total, skipped, detail, now

    def end(self) -> None:
        """The step is over."""
        self.step = ""

    def seconds_left(self, now: float) -> float | None:
        """Seconds until the step ends if it goes on as it went; None while nothing tells.

        Between two items it counts down; an item that takes longer than those before it slows the pace.
        """
        worked = self.done - self.skipped  # what was done before an interruption says nothing about the pace
        elapsed = now - self.started
        if not self.step or not self.total or worked <= 0 or elapsed <= SETTLED:
            return None
        advanced, rest = now if self.advanced is None else self.advanced, self.total - self.done
        as_before = (advanced - self.started) * rest / worked - (now - advanced)
        left = max(as_before, elapsed * (rest - 1) / (worked + 1))  # the second: the item at work ends just now
        return left if left > 0 else None


#: Seconds after which the first items of a step say something about the rest.
SETTLED = 1.5

Listener = Callable[[Event], None]


def silent(event: Event) -> None:
    """Listens and does nothing: the default of the Python functions."""
    del event
