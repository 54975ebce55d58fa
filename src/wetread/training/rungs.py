"""The models that compete. Each is fitted on training rows only, and brings predictions for those rows from inside.

A rung is fitted by cross-fitting: the training rows are divided once more, by group; what is predicted for a row comes
from a model that did not see it. From these inner predictions come the strength of the penalty, the temperature and
the threshold, so that nothing needs the cases outside.
"""

from __future__ import annotations

import copy
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from wetread.metrics.discrimination import macro_auroc
from wetread.model.classifier import Classifier, Part, Share, to_probabilities
from wetread.model.head import HeadPart, Layer, spread
from wetread.model.linear import STRENGTHS, LinearFit
from wetread.progress import EpochDone, Listener, Notice, silent
from wetread.shapes import Floats, Ints
from wetread.training.dense_head import is_plain, train_dense_head
from wetread.training.fitted import Fitted, finish, mean_offset, to_probabilities_or_nan
from wetread.training.gain import CLOSEST, mean_loss
from wetread.training.nan_loss import nan_outputs
from wetread.training.rules import LINEAR_FOLDS
from wetread.training.settings import LoopSettings
from wetread.training.training_set import Place, TrainingSet, inner_parts, seed_of

if TYPE_CHECKING:
    from wetread.model.network import NetworkPart
    from wetread.model.networks import NetworkSpec
    from wetread.training.plan import Plan

_FRESH_WEIGHTS = threading.Lock()


def fit_linear(sees: str, data: TrainingSet, train: Ints, place: Place) -> Fitted:
    """Standardised features with L2 logistic regression; strength by inner log loss, for each finding its own.

    Where the plan holds out one part only, that is for networks: here there are several inner folds all the same.

    Args:
        sees: classical, frozen or combined.
        data: All rows.
        train: Rows to fit on.
        place: Where in the run.
    """
    started = time.perf_counter()
    classes, labels = len(data.plan.classes), data.labels[train]
    features = data.inputs.features(sees)[train].astype(np.float64)
    embedded = 0 if sees == "classical" else data.inputs.embedding().shape[1]
    inner = np.full((len(STRENGTHS), len(train), classes), np.nan)
    for part in inner_parts(data, train, place, LINEAR_FOLDS if data.plan.inner_folds == 1 else 1):
        rest = np.setdiff1d(np.arange(len(train)), part)
        fit = LinearFit(sees, features[rest], labels[rest], classes, embedded=embedded)
        for number, strength in enumerate(STRENGTHS):
            inner[number, part] = fit.at(strength).logits_of_features(features[part])
    best = _best_strengths(inner, labels, data.plan.task)
    model = LinearFit(sees, features, labels, classes, embedded=embedded).at_each(
        [STRENGTHS[number] for number in best]
    )
    chosen = np.stack([inner[number, :, column] for column, number in enumerate(best)], axis=1)
    return finish(
        data.plan, sees, [model], chosen, labels, started, backbone=None if sees == "classical" else data.backbone
    )


def _best_strengths(inner: Floats, labels: NDArray[Any], task: str) -> list[int]:
    """Which strength has the least inner loss: one for all classes together, or one for each finding."""
    tables = [to_probabilities_or_nan(logits, task) for logits in inner]
    if task != "multilabel":
        return [int(np.argmin([mean_loss(table, labels) for table in tables]))] * inner.shape[2]
    return [
        int(np.argmin([mean_loss(table[:, [column]], labels[:, [column]]) for table in tables]))
        for column in range(inner.shape[2])
    ]


def fit_network(data: TrainingSet, train: Ints, place: Place, listen: Listener) -> Fitted:
    """A network for each inner fold; together they are the model, their outputs averaged.

    Temperature, thresholds and the choice of rung come from the inner predictions, each of the one network that did not
    see the row; tested and used is the mean of all. No training row is unseen by two networks, so nothing inside tells
    how the mean calibrates. It ranks better and is less extreme, so it ends up rather too unsure, and the choice rather
    undervalues networks. What is measured outside is measured on the mean, and stays honest.

    Measured on phantoms (effusion, 30 epochs, 250 images to learn from and 250 others, four divisions): the log loss
    of the mean was 0.02 to 0.04 lower than that of single networks; calibration slopes were 0.92 to 1.89 for these and
    1.00 to 2.26 for the mean, 1.18 times as steep on average. Scaling the temperature by the ratio of the spreads,
    taken from the tested pictures themselves, moved the log loss by -0.007 to +0.003 only: slopes that single networks
    have too are the larger part. So nothing is corrected.
    """
    started = time.perf_counter()
    plan, labels = data.plan, data.labels[train]
    inner = np.full((len(train), len(plan.classes)), np.nan)
    parts: list[Part] = []
    waiting = 0.0
    for number, held_out in enumerate(inner_parts(data, train, place), start=1):
        rest = np.setdiff1d(np.arange(len(train)), held_out)
        one = _train_head if data.heads_only else _train_network
        part, waited = one(data, train[rest], train[held_out], train, Turn(place, number, listen))
        inner[held_out] = part.logits(data.inputs.take(train[held_out]))
        if not np.isfinite(inner[held_out]).all():  # NaN would pass for rows that were never held out
            raise nan_outputs(plan.epochs, plan.learning_rate)
        parts.append(part)
        waiting = max(waiting, waited)
    backbone = data.backbone if data.heads_only else None
    return finish(plan, "network", parts, inner, labels, started, waiting=waiting, backbone=backbone)


def fit_network_to(labels: NDArray[Any], data: TrainingSet, train: Ints, place: Place) -> Part:
    """One network of the plan on other labels of the same pictures, such as labels in random order.

    Args:
        labels: Of the rows to fit on, in their order.
        data: All rows.
        train: Rows to fit on; where the plan stops early or keeps the best epoch, a part of them decides that.
        place: Seeds it.

    Returns:
        What stands for one inner fit of `fit_network`.
    """
    other = copy.copy(data)
    other.labels = data.labels.copy()
    other.labels[train] = labels
    held_out = inner_parts(other, train, place)[0]
    rest = np.setdiff1d(np.arange(len(train)), held_out)
    part, _ = _train_network(other, train[rest], train[held_out], train, Turn(place, 0, silent))
    return part


@dataclass(frozen=True)
class Turn:
    """One inner fit: where it stands, its number, and who is told."""

    place: Place
    number: int
    listen: Listener

    @property
    def folder(self) -> Path | None:
        """Of its checkpoints."""
        return self.place.folder / "fits" / f"{self.number}" if self.place.folder is not None else None

    def seed(self, plan: Plan) -> int:
        """Of its weights, order and augmentation."""
        return seed_of(plan.seed, self.place.repeat, self.place.fold, self.number)


def _train_network(
    data: TrainingSet, fitted: Ints, held_out: Ints, train: Ints, turn: Turn
) -> tuple[NetworkPart, float]:
    """Trains a whole network; returns it, and the part of the time that its steps waited for pictures."""
    # Torch costs seconds and hundreds of megabytes: only who trains a network pays.
    from wetread.model.network import NetworkPart

    network = _fresh(data, turn.seed(data.plan))
    # With its offset from the beginning: the loss that is shown while it trains is that of the network as it is used.
    part = NetworkPart(
        network_spec(data), data.preprocess_for(train), network, _positive(data.plan), offset=_offset(data, fitted)
    )
    squares = data.inputs.squares(data.square)

    def judge() -> Floats:
        return part.logits_of_squares(squares[held_out])

    waiting = _train(network, squares, part.preprocess.scale, data, fitted, held_out, turn, judge)
    return part, waiting


def _train_head(data: TrainingSet, fitted: Ints, held_out: Ints, train: Ints, turn: Turn) -> tuple[HeadPart, float]:
    """Trains a head on what the frozen backbone sees, which is computed once and not in every epoch."""
    del train
    if is_plain(settings_of(data.plan), data.plan.dropout):
        return _train_plain_head(data, fitted, held_out, turn), 0.0
    features = data.inputs.embedding()
    network, offset = _fresh(data, turn.seed(data.plan), features.shape[1]), _offset(data, fitted)

    def head() -> HeadPart:
        layers = [layer for layer in (network.head.hidden, network.head.last) if layer is not None]
        return HeadPart(tuple(_as_arrays(layer) for layer in layers), _positive(data.plan), offset)

    def judge() -> Floats:
        return head().logits_of_features(features[held_out])

    waiting = _train(network, features, lambda batch: batch, data, fitted, held_out, turn, judge)
    return head(), waiting


def _train_plain_head(data: TrainingSet, fitted: Ints, held_out: Ints, turn: Turn) -> HeadPart:
    """The same without torch. It takes a second, so there is nothing to be taken up again."""
    plan, settings, features, positive = (
        data.plan,
        settings_of(data.plan),
        data.inputs.embedding(),
        _positive(data.plan),
    )
    report = _epoch_reporter(data.labels[held_out], plan, turn, settings.all_epochs)

    def on_epoch(layers: tuple[Layer, ...], *told: Any) -> None:
        report(lambda: HeadPart(layers, positive).logits_of_features(features[held_out]), *told)

    layers = train_dense_head(
        features[fitted],
        _asked(data)[fitted],
        settings,
        turn.seed(plan),
        outputs=_outputs(plan),
        hidden=plan.hidden,
        bias=plan.head_bias,
        initial=plan.initial,
        names=_names(data, fitted),
        on_epoch=on_epoch,
        between=turn.place.between,
    )
    return HeadPart(layers, positive)


def _as_arrays(layer: Any) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    weights = layer.weight.detach().cpu().numpy().T.copy()
    bias = (
        layer.bias.detach().cpu().numpy().copy() if layer.bias is not None else np.zeros(weights.shape[1], np.float32)
    )
    return weights, bias


def _train(
    network: Any,
    shown: NDArray[Any],
    normalise: Callable[[Any], Any],
    data: TrainingSet,
    fitted: Ints,
    held_out: Ints,
    turn: Turn,
    judge: Callable[[], Floats],
) -> float:
    from wetread.model.networks import share_processor
    from wetread.training.loop import train as train_network

    plan, settings, labels = data.plan, settings_of(data.plan), _asked(data)
    share_processor("small" if data.heads_only else plan.network)
    report = _epoch_reporter(data.labels[held_out], plan, turn, settings.all_epochs)

    def on_epoch(*told: Any) -> None:
        modes = [(module, module.training) for module in network.modules()]
        report(judge, *told)
        for module, mode in modes:  # frozen batch norm stays frozen
            module.training = mode

    outcome = train_network(
        network,
        shown[fitted],
        labels[fitted],
        normalise,
        settings,
        turn.seed(plan),
        validation=(shown[held_out], labels[held_out]),
        place=turn.folder,
        names=_names(data, fitted),
        on_epoch=on_epoch,
        between=turn.place.between,
        notice=lambda text: turn.listen(Notice(text)),
    )
    return outcome.waiting


def _names(data: TrainingSet, rows: Ints) -> list[str]:
    """Of the pictures, for messages; empty where there are none."""
    return [data.names[row] for row in rows] if len(data.names) else []


def _asked(data: TrainingSet) -> NDArray[Any]:
    """Labels as the outputs see them: a single output is asked for the positive class."""
    positive = _positive(data.plan)
    return data.labels if positive is None else (data.labels == positive).astype(np.int64)


def _positive(plan: Plan) -> int | None:
    """Column of the class that a single output speaks of; None where there is an output for each class."""
    return plan.classes.index(plan.positive) if _has_one_output(plan) and plan.positive is not None else None


def _offset(data: TrainingSet, fitted: Ints) -> tuple[float, ...]:
    """What brings logits back to the prevalence of the training set; empty where the loss left them there."""
    from wetread.training.losses import correct_logits, count_labels

    plan, outputs = data.plan, network_spec(data).outputs
    counts = count_labels(_asked(data)[fitted], plan.output, outputs)
    shift = correct_logits(np.zeros((1, outputs)), settings_of(plan), counts)
    return tuple(float(value) for value in spread(shift, _positive(plan))[0]) if np.any(shift) else ()


def network_spec(data: TrainingSet) -> NetworkSpec:
    """The network that the plan asks for."""
    from wetread.model.networks import NetworkSpec

    plan = data.plan
    options = dict(data.start.options) if data.start is not None else {}
    if plan.network == "dense":  # it has no body but its hidden layer
        options = {"side": plan.network_side, "units": plan.hidden or 128}
    return NetworkSpec(
        name=plan.network,
        outputs=_outputs(plan),
        channels=plan.channels,
        side=plan.network_side,
        options=options,
        hidden=0 if plan.network == "dense" else plan.hidden,
        dropout=plan.dropout,
        bias=plan.head_bias,
    )


def _outputs(plan: Plan) -> int:
    """Number of logits."""
    return 1 if _has_one_output(plan) else len(plan.classes)


def _has_one_output(plan: Plan) -> bool:
    return plan.task == "binary" and plan.output == "sigmoid"


def _fresh(data: TrainingSet, seed: int, features: int = 0) -> Any:
    """A network with fresh or given weights; only its head where it is told how long an embedding is."""
    import torch

    from wetread.model.networks import build_head, build_network

    with _FRESH_WEIGHTS:  # several folds are fitted at once, and torch has one generator for all of them
        torch.manual_seed(seed)
        if features:
            return build_head(network_spec(data), features, data.plan.initial)
        return build_network(network_spec(data), data.start_arrays, data.plan.initial)


def settings_of(plan: Plan) -> LoopSettings:
    """What the plan says to the epoch loop."""
    return LoopSettings(
        epochs=plan.epochs,
        batch=plan.batch,
        learning_rate=plan.learning_rate,
        weight_decay=plan.weight_decay,
        precision=plan.precision,
        device=plan.device,
        augment=plan.augment,
        optimiser=plan.optimiser,
        schedule=plan.schedule,
        tuning=plan.tuning,
        head_epochs=plan.head_epochs,
        head_learning_rate=HEAD_RATE * plan.learning_rate if plan.tuning == "head first" else 0.0,
        layer_decay=plan.layer_decay,
        freeze_statistics=plan.freeze_statistics,
        batch_norm_momentum=plan.batch_norm_momentum,
        output=plan.output,
        loss=plan.loss,
        sampling=plan.sampling,
        keep=plan.keep,
        patience=plan.patience,
        clip=plan.clip,
        epsilon=plan.epsilon,
    )


#: A head that starts from nothing may learn faster than the layers below, which already know something.
HEAD_RATE = 10.0


def fit_ensemble(data: TrainingSet, train: Ints, below: dict[str, Fitted]) -> Fitted:
    """The mean of the calibrated logits of the rungs before it; networks look several times, moved a little."""
    started = time.perf_counter()
    inner = np.mean([_as_logits(one.inner, data.plan.task) for one in below.values()], axis=0)
    parts, shares = members({name: one.classifier for name, one in below.items()}, data.plan.test_time_shifts)
    return finish(
        data.plan,
        "ensemble",
        parts,
        inner,
        data.labels[train],
        started,
        shares=shares,
        offset=mean_offset([one.classifier for one in below.values()]),
        backbone=data.backbone,
    )


def members(classifiers: dict[str, Classifier], shifts: int) -> tuple[list[Part], tuple[Share, ...]]:
    """The parts of an ensemble of classifiers, each classifier weighing the same, and the shares of the parts."""
    parts: list[Part] = []
    shares: list[Share] = []
    for classifier in classifiers.values():
        weight = len(classifiers) * len(classifier.parts) * np.asarray(classifier.temperature)
        for part in classifier.parts:
            parts.append(part.with_shifts(shifts) if shifts and hasattr(part, "with_shifts") else part)
            shares.append(tuple((1 / weight).tolist()) if weight.ndim else float(1 / weight))
    return parts, tuple(shares)


def _as_logits(probabilities: Floats, task: str) -> Floats:
    safe = np.clip(probabilities, CLOSEST, 1 - CLOSEST)
    return np.log(safe) - np.log1p(-safe) if task == "multilabel" else np.log(safe)


def fit_all(data: TrainingSet, train: Ints, place: Place, listen: Listener) -> dict[str, Fitted]:
    """Fits the rungs of the plan on training rows, simplest first."""
    fitted: dict[str, Fitted] = {}
    for name in data.plan.rungs:
        if name == "network":
            fitted[name] = fit_network(data, train, place, listen)
        elif name == "ensemble":
            fitted[name] = fit_ensemble(data, train, fitted)
        else:
            fitted[name] = fit_linear(name, data, train, place)
    return fitted


def _epoch_reporter(labels: NDArray[Any], plan: Plan, turn: Turn, epochs: int) -> Callable[..., None]:
    """Turns the end of an epoch into an event, with the loss on the held-out inner fold: shown, never chosen by."""
    every = max(1, epochs // 6)

    def report(judge: Callable[[], Floats], epoch: int, seconds: float, rate: float, loss: float) -> None:
        val_loss = val_auroc = None
        if epoch % every == 0 or epoch in (1, epochs):
            logits = judge()
            if not np.isfinite(logits).all():
                raise nan_outputs(epoch, plan.learning_rate)
            probabilities = to_probabilities(logits, plan.task)
            val_loss = mean_loss(probabilities, labels)
            val_auroc = macro_auroc(labels, probabilities) if labels.ndim == 1 else None
        where = turn.place.repeat, turn.place.fold, turn.number
        turn.listen(EpochDone(*where, epoch, epochs, seconds, rate, loss, val_loss, val_auroc))

    return report
