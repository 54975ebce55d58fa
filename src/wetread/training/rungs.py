"""The models that compete. Each is fitted on training rows only, and brings predictions for those rows from inside.

A rung is fitted by cross-fitting: the training rows are divided once more, by group; what is predicted for a row comes
from a model that did not see it. From these inner predictions come the strength of the penalty, the temperature and
the threshold, so that nothing needs the cases outside.
"""

from __future__ import annotations

import hashlib
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from wetread.dataset.split import group_folds
from wetread.metrics.discrimination import macro_auroc
from wetread.metrics.temperature import apply_temperature, fit_temperature
from wetread.model.classifier import Classifier, Part
from wetread.model.features import classical_features
from wetread.model.linear import STRENGTHS, LinearFit, LinearPart
from wetread.model.preprocess import Preprocess
from wetread.progress import EpochDone, Listener
from wetread.shapes import Floats, Ints, Picture
from wetread.training.plan import Plan

_FRESH_WEIGHTS = threading.Lock()


@dataclass
class TrainingSet:
    """What every rung sees: pictures with labels and groups, by row number.

    Attributes:
        features: ``image feature``.
        squares: ``image channel row column``.

    Both are computed once, since each row is in many training parts.
    """

    pictures: list[Picture]
    labels: Ints
    groups: Ints
    plan: Plan

    def __post_init__(self) -> None:
        self.features: NDArray[np.float32] = classical_features(self.pictures)
        self.squares: NDArray[np.uint8] = Preprocess(self.plan.network_side, self.plan.channels).squares(self.pictures)

    def key(self) -> str:
        """SHA-256 of what a fit depends on, plan and pixels: tells a stored fold of another plan or other data."""
        decisions = [one for one in self.plan.decisions() if one[0] not in ("resamples", "cases")]
        digest = hashlib.sha256(repr([(name, value) for name, value, _ in decisions]).encode())
        for array in (self.labels, self.groups, self.features, self.squares):
            digest.update(np.ascontiguousarray(array).tobytes())
        return digest.hexdigest()


@dataclass(frozen=True)
class Place:
    """Where in the run a fit stands: repeat and outer fold from 1, 0 and 0 for the final model."""

    repeat: int
    fold: int


@dataclass(frozen=True)
class Fitted:
    """A rung after fitting.

    Attributes:
        classifier: Ready to predict; its threshold is not set yet.
        inner: Calibrated probabilities for the training rows, each from a part that did not see it.
        seconds: Wall clock of the fit.
    """

    classifier: Classifier
    inner: Floats
    seconds: float


def fit_classical(data: TrainingSet, train: Ints, place: Place, listen: Listener) -> Fitted:
    """HOG, LBP, histogram and thumbnail with L2 logistic regression; strength by inner log loss."""
    del listen  # a second's work
    started = time.perf_counter()
    classes = len(data.plan.classes)
    inner = np.zeros((len(STRENGTHS), len(train), classes))
    for part in _inner_folds(data, train, place):
        rest = np.setdiff1d(np.arange(len(train)), part)
        fit = LinearFit(data.features[train[rest]].astype(np.float64), data.labels[train[rest]], classes)
        for number, strength in enumerate(STRENGTHS):
            inner[number, part] = fit.at(strength).logits_of_features(data.features[train[part]])
    labels = data.labels[train]
    losses = [_log_loss(apply_temperature(logits, 1.0), labels) for logits in inner]
    best = int(np.argmin(losses))
    part_model = LinearFit(data.features[train].astype(np.float64), labels, classes).at(STRENGTHS[best])
    return _finish(data.plan, "classical", [part_model], inner[best], labels, started)


def fit_network(data: TrainingSet, train: Ints, place: Place, listen: Listener) -> Fitted:
    """A small network for each inner fold; together they are the model, their outputs averaged."""
    # Torch costs seconds and hundreds of megabytes: only who trains a network pays.
    import torch

    from wetread.model.build import build_network, share_processor
    from wetread.model.network import NetworkPart
    from wetread.training.augment import Augment
    from wetread.training.loop import LoopSettings
    from wetread.training.loop import train as train_network

    started = time.perf_counter()
    plan, labels = data.plan, data.labels[train]
    share_processor(plan.network)
    settings = LoopSettings(
        epochs=plan.epochs,
        batch=plan.batch,
        learning_rate=plan.learning_rate,
        weight_decay=plan.weight_decay,
        bf16=plan.precision == "bfloat16",
        device=plan.device,
        augment=Augment(plan.rotation, plan.zoom, plan.shift, plan.gamma, plan.contrast, plan.noise, plan.mirror),
    )
    # One normalisation for all parts, since a model has one preprocessing: two numbers of the training pictures.
    preprocess = Preprocess(plan.network_side, plan.channels).measured_on(data.squares[train])
    inner = np.zeros((len(train), len(plan.classes)))
    parts: list[Part] = []
    for number, held_out in enumerate(_inner_folds(data, train, place), start=1):
        rest = np.setdiff1d(np.arange(len(train)), held_out)
        seed = _seed(plan.seed, place.repeat, place.fold, number)
        with _FRESH_WEIGHTS:  # several folds are fitted at once, and torch has one generator for all of them
            torch.manual_seed(seed)
            network = build_network(plan.network, channels=plan.channels, classes=len(plan.classes))
        part = NetworkPart(plan.network, preprocess, network, len(plan.classes))
        validation = data.squares[train[held_out]], labels[held_out]
        on_epoch = _epoch_reporter(part, validation, place, number, plan.epochs, listen)
        train_network(
            network,
            data.squares[train[rest]],
            labels[rest],
            lambda batch: (batch - preprocess.mean) / preprocess.deviation,
            settings,
            seed,
            on_epoch,
        )
        inner[held_out] = part.logits_of_squares(validation[0])
        parts.append(part)
    fitted = _finish(plan, "network", parts, inner, labels, started)
    fitted.classifier.network = plan.network
    fitted.classifier.preprocess = preprocess
    return fitted


#: name -> fit, simplest first. Pretrained backbones will stand after these.
FITS: dict[str, Callable[[TrainingSet, Ints, Place, Listener], Fitted]] = {
    "classical": fit_classical,
    "network": fit_network,
}


def predict_rows(data: TrainingSet, classifier: Classifier, rows: Ints) -> Floats:
    """Calibrated probabilities of rows, from the features or squares that are already there."""
    if classifier.rung == "classical":
        logits = [
            part.logits_of_features(data.features[rows]) for part in classifier.parts if isinstance(part, LinearPart)
        ]
    else:
        logits = [part.logits_of_squares(data.squares[rows]) for part in classifier.parts]  # type: ignore[attr-defined]
    return apply_temperature(np.mean(logits, axis=0), classifier.temperature)


def choose_rung(inner: dict[str, Floats], labels: Ints, groups: Ints) -> str:
    """Which rung to use, judged on inner predictions.

    A higher rung must lower the log loss by more than one standard error of the paired difference over groups; else the
    simpler one stays (one-standard-error rule, Breiman et al. 1984).

    Args:
        inner: rung -> ``image class`` probabilities from inside the training part, simplest rung first.
        labels: Class number per image.
        groups: Group per image.

    Returns:
        The name of the rung.
    """
    names = list(inner)
    chosen = names[0]
    for name in names[1:]:
        gains = _losses(inner[chosen], labels) - _losses(inner[name], labels)
        _, where = np.unique(groups, return_inverse=True)
        by_group = np.bincount(where, gains) / np.bincount(where)
        error = by_group.std(ddof=1) / np.sqrt(len(by_group)) if len(by_group) > 1 else np.inf
        if by_group.mean() > error:
            chosen = name
    return chosen


def _inner_folds(data: TrainingSet, train: Ints, place: Place) -> list[Ints]:
    seed = _seed(data.plan.seed, place.repeat, place.fold, 0) % (2**31)
    return group_folds(data.labels[train], data.groups[train], data.plan.inner_folds, seed)


def _seed(*numbers: int) -> int:
    return int(np.random.SeedSequence(numbers).generate_state(1)[0])


def _finish(plan: Plan, rung: str, parts: list[Part], inner: Floats, labels: Ints, started: float) -> Fitted:
    # Below about 50 rows a temperature says more about chance than about the model (trust: n_cal >= 50).
    enough = plan.calibration == "temperature" and len(labels) >= 50
    temperature = (fit_temperature(inner, labels) if enough else None) or 1.0
    classifier = Classifier(plan.classes, plan.positive, rung, list(parts), float(np.clip(temperature, 0.1, 10.0)))
    return Fitted(classifier, apply_temperature(inner, classifier.temperature), time.perf_counter() - started)


def _losses(probabilities: Floats, labels: Ints) -> Floats:
    losses: Floats = -np.log(np.clip(probabilities[np.arange(len(labels)), labels], 1e-6, 1.0))
    return losses


def _log_loss(probabilities: Floats, labels: Ints) -> float:
    return float(_losses(probabilities, labels).mean())


def _epoch_reporter(
    part: Part, validation: tuple[NDArray[np.uint8], Ints], place: Place, inner: int, epochs: int, listen: Listener
) -> Callable[[int, float, float, float], None]:
    """Turns the end of an epoch into an event, with the loss on the held-out inner fold: shown, never chosen by."""
    every = max(1, epochs // 6)

    def report(epoch: int, seconds: float, rate: float, loss: float) -> None:
        val_loss = val_auroc = None
        if epoch % every == 0 or epoch in (1, epochs):
            probabilities = apply_temperature(part.logits_of_squares(validation[0]), 1.0)  # type: ignore[attr-defined]
            val_loss, val_auroc = _log_loss(probabilities, validation[1]), macro_auroc(validation[1], probabilities)
            part.network.train()  # type: ignore[attr-defined]
        listen(EpochDone(place.repeat, place.fold, inner, epoch, epochs, seconds, rate, loss, val_loss, val_auroc))

    return report
