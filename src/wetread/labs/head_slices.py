"""Which slices of the head an experiment uses, and with what they are learnt.

The knobs are those with which phantoms are about as hard as the original slices were: small bleeds, little denser than
brain, on a noisy scanner (experiments 1 to 3); for 4 and 5 blood that could be told apart, if the window allowed it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from wetread import steps
from wetread.errors import InputError
from wetread.labs.published import Experiment
from wetread.labs.run_result import RunResult
from wetread.labs.workbench import Workbench

#: Of the slices on which experiments 1 to 3 are done, and of those of 4 and 5.
HARD: dict[str, Any] = {"lesion_size": 0.8, "blood_contrast": -10.0, "noise": 1.5}
SEPARABLE: dict[str, Any] = {"noise": 1.1}
#: The weights inside every Teachable Machine model.
ROOT_WEIGHTS = "teachable-machine"


@dataclass(frozen=True)
class Teacher:
    """With what the slices are learnt.

    Attributes:
        options: For `wetread run`.
        told: For a reader, a sentence or two.
        root: Whether it is the network of the original.
    """

    options: dict[str, Any]
    told: str
    root: bool


def choose_teacher(bench: Workbench, published: Experiment) -> Teacher:
    """The recipe of the root where its weights are here; else what a quick run chooses from what is here."""
    common: dict[str, Any] = {"preset": "quick"}
    cases = f"cases={bench.pick(2, 0)}"
    if ROOT_WEIGHTS in {stored.name for stored in steps.list_weights().stored}:
        settings = (cases, f"epochs={published.epochs}", f"learning_rate={published.learning_rate:g}")
        told = (
            f"The network of the original: Teachable Machine's frozen MobileNetV2 with its small head, "
            f"{published.epochs} epochs at a learning rate of {published.learning_rate:g}, as published."
        )
        return Teacher(common | {"recipe": ROOT_WEIGHTS, "settings": settings}, told, True)
    told = (
        "The weights of Teachable Machine are not on this machine, so the network of the original could not be used; "
        "another model stands in, whose numbers may be higher or lower for that reason alone. To use the original: "
        "wetread weights get teachable-machine."
    )
    return Teacher(common | {"settings": (cases,)}, told, False)


def draw_slices(
    rows: Sequence[Mapping[str, str]], wanted: Mapping[str, int], seed: int, leave: frozenset[str] = frozenset()
) -> list[dict[str, str]]:
    """Draws slices by class, seeded; fewer where there are not so many.

    Args:
        rows: Of a labels.csv of head CT phantoms.
        wanted: hemorrhage, normal, parenchymal or subdural -> how many.
        seed: Of the draw.
        leave: Images that were drawn before.
    """
    rng, drawn = np.random.default_rng([seed, 60]), []
    for name, count in wanted.items():
        fitting = [row for row in rows if _is(row["label"], name) and row["image"] not in leave]
        for at in sorted(rng.permutation(len(fitting))[:count].tolist()):
            drawn.append({"image": fitting[at]["image"], "label": name, "patient": fitting[at]["patient"]})
    return drawn


def _is(label: str, name: str) -> bool:
    kinds = set(label.split("|"))
    if name == "normal":
        return kinds == {"normal"}
    if name == "hemorrhage":
        return "normal" not in kinds
    return "IPH" in kinds and "SDH" not in kinds if name == "parenchymal" else kinds == {"SDH"}


def commonest_share(drawn: Sequence[Mapping[str, str]]) -> float:
    """Share of the commonest label: what a program is right in that says it every time."""
    labels = [row["label"] for row in drawn]
    return max(labels.count(name) for name in set(labels)) / len(labels)


def tell_drawn(drawn: Sequence[Mapping[str, str]]) -> str:
    """``30 hemorrhage, 30 normal``."""
    labels = [row["label"] for row in drawn]
    return ", ".join(f"{labels.count(name)} {name}" for name in dict.fromkeys(labels))


def find_original(bench: Workbench, number: int) -> Path | None:
    """The .tm file of an experiment, where the user gave it or the folder that holds it."""
    if bench.data is None:
        return None
    names = (f"experiment{number}.tm", f"rsna-spotlight-{number}.tm", f"rsna-spotlight-{number}/experiment{number}.tm")
    places = [bench.data] if bench.data.suffix.lower() == ".tm" else [bench.data / name for name in names]
    for place in places:
        if place.is_file():
            return place
    raise InputError(
        f"There is no experiment{number}.tm in {bench.data}.",
        remedy=f"Fetch it with `wetread data get rsna-spotlight-{number}`, or leave --data out.",
        file=bench.data,
        code="no-data",
    )


def run_original(bench: Workbench, number: int, original: Path | None, teacher: Teacher) -> list[RunResult]:
    """The same on the original slices: one run, or none where they were not given."""
    if original is None:
        return []
    return [
        bench.run(
            "original", f"the original slices of experiment {number}, patients not known", original, **teacher.options
        )
    ]
