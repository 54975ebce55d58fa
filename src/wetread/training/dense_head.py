"""A dense head on features that are kept, trained without torch: ten times as fast, and torch is not even imported.

A step of so small a network is a dozen products of small matrices; what torch spends around them, call by call, costs
more than they do. Forward, backward and Adam are written out here, and a test holds them to torch's.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Sequence
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtr, ndtri
from threadpoolctl import threadpool_limits

from wetread.model.head import Layer
from wetread.training.nan_loss import WEIGHTS_LOST, nan_loss
from wetread.training.order import cut_batches, draw_epoch
from wetread.training.schedule import rate_factor
from wetread.training.settings import LoopSettings

#: Of Adam (Kingma & Ba 2015, arXiv 1412.6980).
BETA_MEAN, BETA_SQUARE = 0.9, 0.999
#: Numbers worked on at once: 128 kB of each array.
PIECE = 1 << 15
#: Keeps the stream that draws fresh weights apart from those that draw orders.
_WEIGHTS = 1 << 62

Array = NDArray[np.float32]


def is_plain(settings: LoopSettings, dropout: float) -> bool:
    """Whether `train_dense_head` can do what is asked for; the loop of torch can do all of it."""
    return (
        settings.tuning == "head"
        and settings.optimiser in ("adam", "adamw")
        and (settings.loss, settings.keep) == ("plain", "last")
        and settings.sampling != "balanced"
        and (settings.precision, settings.device) == ("float32", "cpu")
        and not settings.needs_validation
        and dropout == 0
    )


def train_dense_head(
    features: Array,
    labels: NDArray[Any],
    settings: LoopSettings,
    seed: int,
    *,
    outputs: int,
    hidden: int = 0,
    bias: bool = True,
    initial: str = "torch",
    names: Sequence[str] = (),
    on_epoch: Callable[[tuple[Layer, ...], int, float, float, float], None] = lambda *_: None,
    between: Callable[[], None] = lambda: None,
) -> tuple[Layer, ...]:
    """Trains one dense layer, or two with ReLU between them.

    Args:
        features: ``image feature``.
        labels: Class number per image; or float ``image finding`` of 1, 0 and NaN (not known) for sigmoid outputs.
        settings: For which `is_plain` holds.
        seed: Of weights and order.
        outputs: Number of logits.
        hidden: Units of the first of two layers; 0 for one layer.
        bias: Whether the last layer has one.
        initial: How fresh weights are drawn, as `model.networks.Head` says.
        names: Of the pictures, for messages.
        on_epoch: Called with the layers, epoch (from 1), seconds, learning rate and mean loss; may raise to stop.
        between: Called after each batch; may raise to stop there.

    Returns:
        (``feature unit``, ``unit``) of each layer.

    Raises:
        InputError: The loss or the weights are not finite (``nan-loss``).
    """
    head = _Head(features.shape[1], hidden, outputs, bias, seed, initial)
    adam = _Adam(head.weights, [head.part(number) for number in head.matrices], settings)
    truths = _targets(labels, outputs, settings.output)
    top = settings.head_learning_rate or settings.learning_rate
    steps = len(cut_batches(draw_epoch(labels, settings, seed, 0), settings.batch))
    began = time.perf_counter()
    # For products so small threads wait for each other longer than they work. What overflows is looked at here.
    with threadpool_limits(1), np.errstate(over="ignore", invalid="ignore"):
        for epoch in range(settings.epochs):
            started = time.perf_counter()
            if started - began >= settings.seconds:
                break
            losses = []
            for step, rows in enumerate(cut_batches(draw_epoch(labels, settings, seed, epoch), settings.batch)):
                losses.append(head.backward(features[rows], truths[rows], settings.output))
                if not np.isfinite(losses[-1]):
                    raise nan_loss(epoch, rows, names, settings.learning_rate)
                rate = top * rate_factor(settings.schedule, epoch * steps + step, settings.epochs * steps)
                adam.step(head.gradient, rate)
                between()
            if not np.isfinite(head.weights).all():  # the last step broke them, after its own loss
                raise nan_loss(epoch, rows, names, settings.learning_rate, WEIGHTS_LOST)
            on_epoch(head.layers(), epoch + 1, time.perf_counter() - started, rate, float(np.mean(losses)))
    return head.layers()


class _Head:
    """Weights and gradients, each as one vector of which the layers are views: Adam then moves all of them at once."""

    def __init__(self, features: int, hidden: int, outputs: int, bias: bool, seed: int, initial: str = "torch") -> None:
        widths = [features, hidden, outputs] if hidden else [features, outputs]
        self._shapes: list[tuple[int, ...]] = []
        for number, shape in enumerate(pairwise(widths)):
            self._shapes += [shape] + ([shape[1:]] if bias or number < len(widths) - 2 else [])
        self._starts = np.cumsum([0, *(int(np.prod(shape)) for shape in self._shapes)]).tolist()
        self.weights, self.gradient = np.zeros((2, self._starts[-1]), np.float32)
        #: Which of the parts are matrices.
        self.matrices = [number for number, shape in enumerate(self._shapes) if len(shape) == 2]
        self._bias = bias
        self._draw(np.random.Generator(np.random.Philox(key=np.array([seed, _WEIGHTS], np.uint64))), initial)

    def part(self, number: int) -> slice:
        """Where a part lies in the vectors."""
        return slice(self._starts[number], self._starts[number + 1])

    def _draw(self, random: np.random.Generator, initial: str) -> None:
        """Fresh weights; only torch draws biases too."""
        inputs = 1
        for number, shape in enumerate(self._shapes):
            matrix, count = len(shape) == 2, int(np.prod(shape))
            inputs = shape[0] if matrix else inputs
            if initial == "fan-in normal":
                drawn = ndtri(random.uniform(ndtr(-2), ndtr(2), count)) / np.sqrt(inputs)
                self.weights[self.part(number)] = drawn if matrix else 0.0
                continue
            width = 1 / np.sqrt(inputs)
            if initial == "glorot uniform":
                width = np.sqrt(6 / sum(shape)) if matrix else 0.0
            self.weights[self.part(number)] = random.uniform(-width, width, count)

    def _views(self, vector: Array) -> list[Array]:
        return [vector[self.part(number)].reshape(shape) for number, shape in enumerate(self._shapes)]

    def layers(self) -> tuple[Layer, ...]:
        """Copies of the layers; one without a bias gets zeros."""
        parts = [view.copy() for view in self._views(self.weights)]
        if not self._bias:
            parts.append(np.zeros(parts[-1].shape[1], np.float32))
        return tuple(zip(parts[::2], parts[1::2], strict=True))

    def backward(self, batch: Array, truth: Array, output: str) -> float:
        """Forward and backward: fills the gradient, returns the mean loss over the known labels in nats."""
        first, *others = self._views(self.weights)
        gradients = self._views(self.gradient)
        if len(self.matrices) == 1:
            logits = batch @ first + (others[0] if others else 0)
            loss, slope = _loss(logits, truth, output)
            _into(gradients, batch, slope)
            return loss
        bias, last, *rest = others
        units = np.maximum(batch @ first + bias, 0)
        loss, slope = _loss(units @ last + (rest[0] if rest else 0), truth, output)
        _into(gradients[2:], units, slope)
        _into(gradients[:2], batch, (slope @ last.T) * (units > 0))
        return loss


def _into(gradients: list[Array], inputs: Array, slope: Array) -> None:
    """Writes the gradient of a layer: of its matrix, and of its bias where it has one."""
    np.matmul(inputs.T, slope, out=gradients[0])
    if len(gradients) > 1:
        slope.sum(axis=0, out=gradients[1])


def _targets(labels: NDArray[Any], outputs: int, output: str) -> Array:
    """Labels as ``image output`` of 1, 0 and NaN."""
    if output == "softmax":
        return np.eye(outputs, dtype=np.float32)[np.asarray(labels, np.int64)]
    return np.asarray(labels, np.float32).reshape(len(labels), outputs)


def _loss(logits: Array, truth: Array, output: str) -> tuple[float, Array]:
    """Mean loss over the known labels in nats, and its derivative by the logits."""
    if output == "softmax":
        shifted = logits - logits.max(axis=1, keepdims=True)
        total = np.log(np.exp(shifted).sum(axis=1, keepdims=True))
        slope = (np.exp(shifted - total) - truth) / len(truth)
        return float(((total - shifted) * truth).sum()) / len(truth), slope
    known = ~np.isnan(truth)
    terms, target = max(1, int(known.sum())), np.where(known, truth, 0)
    # log(1 + exp(z)) - y z, which no logit overflows; its slope is the sigmoid less y, by tanh for the same reason.
    losses = np.where(known, np.logaddexp(0, logits) - target * logits, 0)
    slope = np.where(known, 0.5 + 0.5 * np.tanh(0.5 * logits) - target, 0) / terms
    return float(losses.sum()) / terms, slope.astype(np.float32)


class _Adam:
    """Adam, or AdamW, on one vector of weights; biases are not decayed.

    The running means are kept without their factors (1 - beta), which saves two of a dozen passes over memory, and the
    vector is worked through in pieces that stay in the cache: that is three times as fast.
    """

    def __init__(self, weights: Array, matrices: list[slice], settings: LoopSettings) -> None:
        self._weights, self._matrices, self._settings = weights, matrices, settings
        self._mean, self._square = np.zeros((2, len(weights)), np.float32)
        self._work = np.zeros(min(PIECE, len(weights)), np.float32)
        self._steps = 0

    def step(self, gradient: Array, rate: float) -> None:
        """Moves the weights; the gradient is overwritten."""
        settings = self._settings
        if settings.clip:
            gradient *= min(1.0, settings.clip / (float(np.linalg.norm(gradient)) + 1e-6))
        if settings.weight_decay:
            for part in self._matrices:
                if settings.optimiser == "adam":
                    gradient[part] += settings.weight_decay * self._weights[part]
                else:
                    self._weights[part] *= 1 - rate * settings.weight_decay
        self._steps += 1
        unit = math.sqrt((1 - BETA_SQUARE) / (1 - BETA_SQUARE**self._steps))
        length = rate * (1 - BETA_MEAN) / (1 - BETA_MEAN**self._steps) / unit
        for start in range(0, len(gradient), PIECE):
            self._move(slice(start, start + PIECE), gradient[start : start + PIECE], length, settings.epsilon / unit)

    def _move(self, here: slice, gradient: Array, length: float, epsilon: float) -> None:
        weights, mean, square = self._weights[here], self._mean[here], self._square[here]
        work = self._work[: len(gradient)]
        mean *= BETA_MEAN
        mean += gradient
        gradient *= gradient
        square *= BETA_SQUARE
        square += gradient
        np.sqrt(square, out=work)
        work += epsilon
        np.divide(mean, work, out=work)
        work *= length
        weights -= work
