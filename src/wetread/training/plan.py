"""Every decision of a run, frozen, each with its reason. No torch here.

The decisions follow from a fingerprint of the data set by the plain functions of `wetread.training.rules`; how they are
edited, and which edits are refused, stands in `plan_file`.
"""

from __future__ import annotations

import dataclasses
import shlex
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import yaml

from wetread.errors import InputError
from wetread.model.network_names import ALIASES
from wetread.training.fingerprint import Fingerprint
from wetread.training.modality import augment_for
from wetread.training.ranges import Augment
from wetread.training.rules import (
    Asked,
    Decisions,
    decide_division,
    decide_evaluation,
    decide_network,
    decide_pictures,
    decide_question,
    decide_rungs,
    decide_training,
)
from wetread.weights.nearest import say_how_to_get

RUNGS = ("classical", "frozen", "combined", "network", "ensemble")


@dataclass(frozen=True)
class Plan:
    """The decisions, in the order of the work. `reasons` says why, by name of the field.

    `coloured` is no decision: more than half of the pictures are, so colours may change where the network sees them.
    """

    task: str
    classes: tuple[str, ...]
    positive: str | None
    recipe: str
    preset: str
    time_limit: float
    seed: int
    view: str
    frame: str
    working_side: int
    modality: str
    laterality: str
    uncertain: str
    estimate: str
    folds: int
    repeats: int
    inner_folds: int
    holdout: float
    rungs: tuple[str, ...]
    choice: str
    backbone: str
    engine: str
    test_time_shifts: int
    network: str
    weights: str
    network_side: int
    channels: int
    scaling: str
    hidden: int
    dropout: float
    head_bias: bool
    initial: str
    output: str
    tuning: str
    head_epochs: int
    layer_decay: float
    freeze_statistics: bool
    batch_norm_momentum: float
    optimiser: str
    epsilon: float
    learning_rate: float
    weight_decay: float
    schedule: str
    patience: int
    clip: float
    epochs: int
    batch: int
    loss: str
    sampling: str
    keep: str
    precision: str
    device: str
    augment: Augment
    operating_point: str
    calibration: str
    resamples: int
    cases: int
    coloured: bool = field(default=False, compare=False)
    reasons: dict[str, str] = field(default_factory=dict, compare=False)

    def values(self) -> dict[str, Any]:
        """Decision -> value, in order; the ranges of augmentation are decisions of their own."""
        found: dict[str, Any] = {}
        for entry in dataclasses.fields(self):
            if entry.name == "augment":
                found |= dataclasses.asdict(self.augment)
            elif entry.name not in ("coloured", "reasons"):
                found[entry.name] = getattr(self, entry.name)
        return found

    def replace(self, changes: Mapping[str, Any], reason: Callable[[str], str]) -> Plan:
        """The plan with other values, whose reasons say so."""
        ranges = {name: value for name, value in changes.items() if name in _range_names()}
        rest = {name: value for name, value in changes.items() if name not in ranges}
        reasons = self.reasons | {name: reason(name) for name in changes}
        return dataclasses.replace(self, **rest, augment=dataclasses.replace(self.augment, **ranges), reasons=reasons)

    def to_yaml(self) -> str:
        """The text of plan.yaml: for each decision its value and its reason."""
        decisions = {
            name: {"value": list(value) if isinstance(value, tuple) else value, "reason": self.reasons.get(name, "")}
            for name, value in self.values().items()
        }
        head = "# Every decision of this run, with its reason. Edit a value and pass the file back with --plan.\n"
        return head + yaml.safe_dump(decisions, sort_keys=False, allow_unicode=True, width=110)

    def decisions(self) -> tuple[tuple[str, str, str], ...]:
        """(name, value, reason) in order, for people."""
        return tuple((name, say_value(value), self.reasons.get(name, "")) for name, value in self.values().items())


def _range_names() -> tuple[str, ...]:
    return tuple(entry.name for entry in dataclasses.fields(Augment))


def make_plan(data: Fingerprint, asked: Asked | None = None) -> Plan:
    """Decides everything from a fingerprint.

    Args:
        data: What was measured.
        asked: What the user asked for; by default nothing.

    Returns:
        The plan with a reason for each decision.

    Raises:
        InputError: The class or the backbone asked for does not exist.
    """
    asked = asked or Asked()
    _require_possible(data, asked)
    made: Decisions = decide_question(data, asked)
    for rule in (decide_division, decide_rungs, decide_network, decide_training, decide_pictures, decide_evaluation):
        made |= rule(data, asked, made)
    coloured = data.colour > 0.5
    sees = coloured and made["channels"][0] == 3
    ranges, why = augment_for(data.modality, data.laterality, coloured=sees)
    reasons = {name: reason for name, (_, reason) in made.items()} | why
    decided = {name: value for name, (value, _) in made.items()}
    return Plan(**decided, augment=ranges, coloured=coloured, reasons=reasons)


def _require_possible(data: Fingerprint, asked: Asked) -> None:
    if asked.positive is not None and asked.positive not in data.classes:
        raise InputError(
            f"There is no class {asked.positive}; the classes are: {', '.join(data.classes)}.",
            remedy="Name the class as it stands in the data.",
            code="unknown-class",
        )
    if asked.positive is not None and (data.several or len(data.classes) != 2):
        kind = "several findings" if data.several else f"{len(data.classes)} classes"
        raise InputError(
            f"Of two classes one is positive, but there are {kind}.",
            remedy=f"Leave --positive out, or tell it from everything else: --finding {shlex.quote(asked.positive)}.",
            code="plan",
        )
    if asked.backbone not in (None, "none") and data.find(str(asked.backbone)) is None:
        at_hand = ", ".join(known.name for known in data.weights) or "none"
        raise InputError(
            f"There are no weights called {asked.backbone} in the weights home; there: {at_hand}.",
            remedy=how_to_get(str(asked.backbone), data),
            code="no-weights",
        )


def how_to_get(name: str, data: Fingerprint) -> str:
    """What to do about weights that are not in the weights home: fetch them, or write another name."""
    return say_how_to_get(name, [known.name for known in data.weights], said=ALIASES)


def say_value(value: Any) -> str:
    """A value in words: names joined by commas, nothing as none."""
    if value is None:
        return "none"
    return ", ".join(map(str, value)) if isinstance(value, tuple) else str(value)
