"""How a network is trained: one frozen record, each field with its unit and its range. No torch here."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from wetread.errors import InputError

if TYPE_CHECKING:
    from wetread.training.ranges import Augment

#: What the words of a setting may be.
WORDS: dict[str, tuple[str, ...]] = {
    "precision": ("float32", "bfloat16"),
    "optimiser": ("adamw", "adam", "sgd"),
    "schedule": ("cosine", "constant", "plateau"),
    "tuning": ("whole", "head", "head first"),
    "output": ("softmax", "sigmoid"),
    "loss": ("plain", "class weights", "focal", "logit adjustment"),
    "sampling": ("as is", "one order", "balanced"),
    "keep": ("last", "best", "average", "ema"),
}


@dataclass(frozen=True)
class LoopSettings:
    """How a network is trained.

    Attributes:
        epochs: Passes over the training pictures; of all layers where the head goes first.
        batch: Pictures per step, over all processes together.
        learning_rate: At the top of the schedule.
        weight_decay: Decoupled for adamw, L2 for adam and sgd; biases and batch norm are not decayed.
        precision: bfloat16 computes in it and keeps the weights in float32; ask `processor.precision_for`.
        device: cpu or cuda:N.
        augment: What may change in a training picture.
        optimiser: adamw, adam, or sgd with momentum 0.9.
        schedule: cosine (up over the first tenth, then down to nothing), constant, or plateau: a tenth of the rate
            after ``patience`` epochs without a lower validation loss, three times at most, then the end.
        tuning: All layers (whole), the head on a frozen body (head), or first the one and then the other (LP-FT,
            Kumar et al. 2022, arXiv 2202.10054).
        head_epochs: Passes with the body frozen, before ``epochs``, for ``head first``.
        head_learning_rate: Of those passes, and of ``head``; 0 means ``learning_rate``.
        layer_decay: Each layer group towards the input learns at this part of the rate of the one behind it, in (0, 1].
        freeze_statistics: Batch norm keeps the mean and variance it came with: for few pictures or small batches.
        batch_norm_momentum: Share of a new batch in the running mean and variance, as torch counts it: Keras' momentum
            of 0.99 is 0.01. 0 leaves what the network has.
        output: softmax (one class per picture) or sigmoid (each output a yes or no of its own).
        loss: plain; class weights (inverse frequency, mean 1 over the pictures); focal (gamma 2, Lin et al. 2017,
            1708.02002); logit adjustment (Menon et al. 2021, 2007.07314). `losses.correct_logits` undoes the shift.
        sampling: Each picture once per epoch, in a new order (as is) or always in that of the first (one order); or
            each class as often as the others (balanced; one class per picture only).
        keep: Weights of the last epoch, of the best by validation loss, the mean of the last five epochs, or the
            exponential mean of the steps (0.999, with warm-up).
        patience: Epochs without a lower validation loss before training stops; 0 never stops early.
        clip: Largest norm of the gradient; 0 does not clip.
        epsilon: Of adam and adamw; Keras has 1e-7.
        seconds: After this time no further epoch begins.

    Raises:
        InputError: A word is unknown, or a number out of its range.
    """

    epochs: int
    batch: int
    learning_rate: float
    weight_decay: float
    precision: str
    device: str
    augment: Augment
    optimiser: str = "adamw"
    schedule: str = "cosine"
    tuning: str = "whole"
    head_epochs: int = 0
    head_learning_rate: float = 0.0
    layer_decay: float = 1.0
    freeze_statistics: bool = False
    batch_norm_momentum: float = 0.0
    output: str = "softmax"
    loss: str = "plain"
    sampling: str = "as is"
    keep: str = "last"
    patience: int = 0
    clip: float = 5.0
    epsilon: float = 1e-8
    seconds: float = math.inf

    def __post_init__(self) -> None:
        for name, words in WORDS.items():
            if getattr(self, name) not in words:
                raise _refuse(f"{name} is {getattr(self, name)!r}.", f"Use one of: {', '.join(words)}.")
        for name, least in (("epochs", 1), ("batch", 1), ("head_epochs", 0), ("patience", 0), ("clip", 0)):
            if getattr(self, name) < least:
                raise _refuse(f"{name} is {getattr(self, name)}.", f"Use {least} or more.")
        if not 0 < self.layer_decay <= 1:
            raise _refuse(f"layer_decay is {self.layer_decay}.", "Use a number above 0, up to 1.")
        if not (0 < self.learning_rate < math.inf):
            raise _refuse(f"learning_rate is {self.learning_rate}.", "Use a number above 0.")

    @property
    def all_epochs(self) -> int:
        """Epochs of both phases together: what `on_epoch` counts up to."""
        return self.epochs + (self.head_epochs if self.tuning == "head first" else 0)

    @property
    def needs_validation(self) -> bool:
        """Whether something is decided by the validation loss."""
        return self.keep == "best" or self.patience > 0 or self.schedule == "plateau"


def _refuse(message: str, remedy: str) -> InputError:
    return InputError(f"The training settings cannot be used: {message}", remedy=remedy, code="plan-value")
