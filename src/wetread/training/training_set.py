"""What every rung sees: pictures with labels and groups, by row number, and how the rows are divided inside."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from wetread.dataset.split import group_folds
from wetread.dataset.stratify import hold_out
from wetread.model.inputs import Inputs
from wetread.model.preprocess import Preprocess
from wetread.shapes import Ints, Picture
from wetread.training.plan import Plan
from wetread.weights.stored import read_arrays

if TYPE_CHECKING:
    from wetread.model.backbone import Backbone
    from wetread.weights.stored import StoredWeights

#: Decisions that change what is made of predictions, not the predictions.
AFTERWARDS = ("resamples", "cases", "time_limit")
#: What it decides is in the pixels, which count themselves.
IN_THE_PIXELS = ("working_side",)

#: Mean and deviation of [0, 1] pixels: the published values of the ImageNet recipes, red, green, blue.
IMAGENET = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)


@dataclass
class TrainingSet:
    """Pictures with labels and groups; what is computed of them is computed once, since each row is in many parts.

    Attributes:
        pictures: In the order of the rows.
        labels: Class number per image; or ``image finding`` of 1, 0 and NaN (not known).
        groups: Group number per image.
        plan: What is decided.
        names: Of the images, for messages.
        backbone: The frozen network, where the plan has one.
        start: Weights from which the network starts, where the plan names some.
        with_places: Whether a refusal is going to ask what the backbone sees where.
    """

    pictures: Sequence[Picture]
    labels: NDArray[Any]
    groups: Ints
    plan: Plan
    names: Sequence[str] = ()
    backbone: Backbone | None = None
    start: StoredWeights | None = None
    with_places: bool = False
    inputs: Inputs = field(init=False)

    def __post_init__(self) -> None:
        self.inputs = Inputs(self.pictures, self.backbone, keep=True, with_places=self.with_places)
        if {"classical", "combined"} & set(self.plan.rungs):
            self.inputs.classical()
        if {"frozen", "combined"} & set(self.plan.rungs):
            self.inputs.embedding()
        if self.heads_only:
            self.inputs.embedding()
        elif "network" in self.plan.rungs:
            self.inputs.squares(self.square)

    @property
    def square(self) -> Preprocess:
        """Size and channels of what the network sees; its scaling is settled in each training part."""
        return Preprocess(self.plan.network_side, self.plan.channels)

    @property
    def heads_only(self) -> bool:
        """Whether only a head is trained, on what the backbone sees of unchanged pictures: then that is kept."""
        plan, start = self.plan, self.start
        if start is None or self.backbone is None or self.backbone.sha256 != start.sha256:
            return False
        scaled = self.preprocess_for(np.zeros(0, dtype=np.int64)) if plan.scaling != "measured" else None
        return (
            "network" in plan.rungs
            and plan.tuning == "head"
            and plan.augment.is_still
            and scaled == self.backbone.preprocess
        )

    @cached_property
    def start_arrays(self) -> dict[str, NDArray[Any]] | None:
        """The weights from which the network starts, by name; None for fresh ones."""
        return read_arrays(self.start) if self.start is not None else None

    def preprocess_for(self, train: Ints) -> Preprocess:
        """What the network sees, scaled by the plan; measured on these rows only where that is the plan."""
        scaling = self.plan.scaling
        if scaling == "each picture":
            return replace(self.square, by_picture=True)
        if scaling == "measured":
            return self.square.measured_on(self.inputs.squares(self.square)[train])
        if scaling == "weights" and self.start is not None:
            mean, deviation = self.start.mean, self.start.deviation
        elif scaling == "imagenet":
            mean, deviation = IMAGENET
        else:
            mean, deviation = ((0.5,), (0.5,)) if scaling == "-1..1" else ((0.0,), (1.0,))
        return Preprocess(
            self.plan.network_side,
            self.plan.channels,
            _for_channels(mean, self.plan.channels),
            _for_channels(deviation, self.plan.channels),
        )

    def key(self) -> str:
        """SHA-256 of what a fit depends on, plan and pixels: tells a stored fold of another plan or other data."""
        aside = AFTERWARDS + IN_THE_PIXELS
        # What earlier versions always did is no decision of theirs: the folds that they stored stay valid.
        drawn = "glorot uniform" if self.plan.hidden and self.plan.network != "dense" else "torch"
        always = {"initial": drawn, "batch_norm_momentum": 0.0}.items()
        decisions = [one for one in self.plan.values().items() if one[0] not in aside and one not in always]
        if self.plan.inner_folds == 1:  # earlier versions held out one of several equal folds
            decisions.append(("held out", "the share itself"))
        digest = hashlib.sha256(repr(decisions).encode())
        digest.update((self.backbone.sha256 if self.backbone else "none").encode())
        digest.update((self.start.sha256 if self.start else "none").encode())
        digest.update(np.ascontiguousarray(self.labels).tobytes())
        digest.update(np.ascontiguousarray(self.groups).tobytes())
        for picture in self.pictures:
            digest.update(repr(picture.shape).encode())
            digest.update(np.ascontiguousarray(picture).tobytes())
        return digest.hexdigest()


def _for_channels(values: tuple[float, ...], channels: int) -> tuple[float, ...]:
    """One number per channel; grey takes the mean of the colours."""
    if len(values) == channels:
        return values
    return (float(np.mean(values)),) * channels


@dataclass(frozen=True)
class Place:
    """Where a fit stands.

    Attributes:
        repeat: From 1; 0 for the final model.
        fold: Outer fold from 1; 0 for the final model.
        folder: Of its checkpoints; None to keep none.
        between: Called between batches; may raise to end the fit in the middle of an epoch.
    """

    repeat: int
    fold: int
    folder: Path | None = None
    between: Callable[[], None] = lambda: None


def inner_parts(data: TrainingSet, train: Ints, place: Place, least: int = 1) -> list[Ints]:
    """Divides a training part once more, by group.

    Args:
        data: All rows.
        train: Of the training part.
        place: Seeds it.
        least: Inner folds to make at least, whatever the plan says.

    Returns:
        For each inner fit the positions in `train` that are held out: all of them once, or, where the plan has one
        inner fold, the share that it holds out.
    """
    plan = data.plan
    seed = seed_of(plan.seed, place.repeat, place.fold, 0) % (2**31)
    labels, groups = data.labels[train], data.groups[train]
    folds = max(plan.inner_folds, least)
    return group_folds(labels, groups, folds, seed) if folds > 1 else [hold_out(labels, groups, plan.holdout, seed)]


def seed_of(*numbers: int) -> int:
    """One seed from several numbers."""
    return int(np.random.SeedSequence(numbers).generate_state(1)[0])
