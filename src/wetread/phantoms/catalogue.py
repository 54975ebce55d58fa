"""The sets of phantoms by name: what each shows, which knobs it has, and how it is made."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from wetread.errors import InputError

Progress = Callable[[int, int], None]


@dataclass(frozen=True)
class Knob:
    """One thing a teacher may turn.

    Args:
        name: As it is given to `make_phantoms`.
        default: Its value in the honest task.
        low, high: Smallest and largest value.
        meaning: One sentence.
    """

    name: str
    default: float
    low: float
    high: float
    meaning: str


class Maker(Protocol):
    """Writes a set and returns the path of its table."""

    def __call__(
        self, folder: Path, images: int, patients: int, seed: int, knobs: Mapping[str, float], progress: Progress | None
    ) -> Path:
        """Called with numbers that have been filled in and knobs whose names are known."""
        ...


@dataclass(frozen=True)
class PhantomSet:
    """A set of simulated images.

    Args:
        name: As it is given to `make_phantoms`.
        title: One line.
        task: What a model is to tell apart, and what the table holds.
        classes: Labels.
        images: How many are made by default; 0 where the number is fixed.
        patients: Of how many patients; 0 where there are none.
        knobs: What may be turned.
        make: Writes it.
    """

    name: str
    title: str
    task: str
    classes: tuple[str, ...]
    images: int
    patients: int
    knobs: tuple[Knob, ...]
    make: Maker


def make_phantoms(
    name: str,
    folder: Path,
    *,
    images: int | None = None,
    patients: int | None = None,
    seed: int = 2026,
    knobs: Mapping[str, float] | None = None,
    progress: Progress | None = None,
) -> Path:
    """Writes a set of phantoms.

    Args:
        name: A key of `PHANTOMS`.
        folder: Where it goes.
        images: How many; by default what suits the set.
        patients: Of how many patients; by default in the proportion that suits the set.
        seed: The same seed gives the same bytes.
        knobs: By name; what is not named keeps its default.
        progress: Called with (images done, images in all).

    Returns:
        The path of the table: ``labels.csv`` or ``traps.csv``.

    Raises:
        InputError: There is no such set or knob, or a number does not fit.
        OutputError: The folder cannot be written.

    Example:
        >>> make_phantoms("head-ct", Path("heads"), images=40, knobs={"noise": 2})  # doctest: +SKIP
    """
    if name not in PHANTOMS:
        raise InputError(
            f"There is no set of phantoms called {name}.", remedy=f"Choose one of {', '.join(PHANTOMS)}.", code="no-set"
        )
    wanted, turned = PHANTOMS[name], dict(knobs or {})
    _check_knobs(wanted, turned)
    if wanted.images and images is None:
        images = wanted.images if patients is None else round(patients * wanted.images / wanted.patients)
    if wanted.images and images is not None and patients is None:
        # At least as many images as patients, and in the set's own proportion.
        patients = max(math.ceil(images * wanted.patients / wanted.images), 1)
    return wanted.make(folder, images or 0, patients or 0, seed, turned, progress)


def _check_knobs(wanted: PhantomSet, turned: Mapping[str, float]) -> None:
    """Refuses knobs that the set does not have and values outside their range."""
    known = {knob.name: knob for knob in wanted.knobs}
    for name, value in turned.items():
        if name not in known:
            names = ", ".join(known)
            raise InputError(
                f"The set {wanted.name} has no knob called {name}.",
                remedy=f"Its knobs are {names}." if names else "It has no knobs.",
                code="no-knob",
            )
        knob = known[name]
        if not knob.low <= value <= knob.high:
            raise InputError(
                f"{name} must lie between {knob.low:g} and {knob.high:g}.",
                remedy=f"The default is {knob.default:g}.",
                code="knob-range",
            )


def _chest_maker(module: str, function: str) -> Maker:
    def make(
        folder: Path, images: int, patients: int, seed: int, knobs: Mapping[str, float], progress: Progress | None
    ) -> Path:
        import importlib

        from wetread.phantoms.knobs import ChestKnobs

        settings: dict[str, Any] = dict(knobs)
        maker: Any = getattr(importlib.import_module(f"wetread.phantoms.{module}"), function)
        made: Path = maker(
            folder, images=images, patients=patients, seed=seed, knobs=ChestKnobs(**settings), progress=progress
        )
        return made

    return make


def _make_heads(
    folder: Path, images: int, patients: int, seed: int, knobs: Mapping[str, float], progress: Progress | None
) -> Path:
    from wetread.phantoms.head_dataset import make_head_ct
    from wetread.phantoms.head_knobs import HeadKnobs

    settings: dict[str, Any] = dict(knobs)
    if "slices" in settings:
        settings["slices"] = round(settings["slices"])
    return make_head_ct(
        folder, images=images, patients=patients, seed=seed, knobs=HeadKnobs(**settings), progress=progress
    )


def _make_traps(
    folder: Path, images: int, patients: int, seed: int, knobs: Mapping[str, float], progress: Progress | None
) -> Path:
    from wetread.phantoms.traps import make_traps

    if images or patients or knobs:
        raise InputError("The traps are what they are.", remedy="Leave images, patients and knobs out.")
    return make_traps(folder, seed=seed, progress=progress)


_LABEL_NOISE = Knob("label_noise", 0.0, 0.0, 0.5, "Chance that a label in the table is wrong; masks stay true.")
CHEST_KNOBS = (
    Knob("lesion_size", 1.0, 0.3, 3.0, "Factor on the size of what is to be found; below 0.5 much of it is invisible."),
    Knob("noise", 1.0, 0.0, 10.0, "Factor on the quantum noise; 3 is badly underexposed."),
    Knob("shortcut_strength", 0.0, 0.0, 1.0, "How strongly the ring round the side marker depends on the label."),
    Knob("scanner_mix", 0.0, 0.0, 1.0, "How strongly the make of the device depends on the label."),
    _LABEL_NOISE,
)
HEAD_KNOBS = (
    Knob("lesion_size", 1.0, 0.4, 2.5, "Factor on the size of every bleed."),
    Knob("blood_contrast", 0.0, -45.0, 25.0, "HU added to all blood; at -25 most of it is as dense as brain."),
    Knob("noise", 1.0, 0.0, 5.0, "Factor on the quantum noise."),
    Knob("halo", 1.0, 0.0, 3.0, "Factor on the bright rim under the skull, which looks like a thin subdural bleed."),
    Knob("atrophy", 1.0, 0.0, 2.5, "Factor on the loss of brain with age: wide sulci and ventricles."),
    Knob("calcification", 0.5, 0.0, 1.0, "Chance of each harmless calcification."),
    Knob("slices", 4, 2, 12, "Slices per patient; sets the number of patients."),
    Knob("shortcut", 0.0, 0.0, 1.0, "How strongly a tube beside the head depends on the label."),
    Knob("scanner_mix", 0.0, 0.0, 1.0, "How strongly scanner, kernel and field of view depend on the label."),
    _LABEL_NOISE,
)

PHANTOMS: dict[str, PhantomSet] = {
    one.name: one
    for one in (
        PhantomSet(
            name="chest-effusion",
            title="Chest radiographs with and without pleural effusion",
            task="Two classes, half and half, 120 patients; masks, side and volume of the fluid.",
            classes=("effusion", "no_effusion"),
            images=200,
            patients=120,
            knobs=CHEST_KNOBS,
            make=_chest_maker("dataset", "make_chest_effusion"),
        ),
        PhantomSet(
            name="chest",
            title="Chest radiographs with five findings, several of which may meet",
            task="None, one or several findings per image; a mask for each.",
            classes=("cardiomegaly", "consolidation", "effusion", "nodule", "pneumothorax", "no_finding"),
            images=200,
            patients=120,
            knobs=CHEST_KNOBS,
            make=_chest_maker("findings_dataset", "make_chest_findings"),
        ),
        PhantomSet(
            name="chest-abdomen",
            title="Chest and abdomen radiographs",
            task="Two classes that anybody tells apart: a first task that must succeed.",
            classes=("chest", "abdomen"),
            images=200,
            patients=120,
            knobs=CHEST_KNOBS,
            make=_chest_maker("abdomen_dataset", "make_chest_abdomen"),
        ),
        PhantomSet(
            name="head-ct",
            title="Head CT without contrast: five kinds of bleeding, and none",
            task="Per slice: none, one or several kinds; four slices of each of 60 patients, a mask for each kind.",
            classes=("EDH", "IPH", "IVH", "SAH", "SDH", "normal"),
            images=240,
            patients=60,
            knobs=HEAD_KNOBS,
            make=_make_heads,
        ),
        PhantomSet(
            name="traps",
            title="Small files that image readers get wrong",
            task="No classes: a table says what a right reader makes of each file.",
            classes=(),
            images=0,
            patients=0,
            knobs=(),
            make=_make_traps,
        ),
    )
}
