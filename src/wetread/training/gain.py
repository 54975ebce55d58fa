"""Is a model worth its complexity? Paired gains in log loss over patients, and the choice that follows from them."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.special import stdtrit

from wetread.shapes import Floats, Ints

#: Of the interval that must exclude zero.
CONFIDENCE = 0.95

#: Probabilities are kept this far from 0 and 1, so that one confident mistake does not decide alone.
CLOSEST = 1e-6


@dataclass(frozen=True)
class Gain:
    """What one model gains over another, judged inside the training part.

    Attributes:
        rung: The higher model.
        over: The simpler one it was compared with.
        value: Mean fall of the log loss in nats per image, patients weighing the same.
        low: Lower end of its 95 % interval over patients.
        high: Upper end.
    """

    rung: str
    over: str
    value: float
    low: float
    high: float

    @property
    def is_worth_it(self) -> bool:
        """Whether the interval excludes zero, on the right side."""
        return self.low > 0

    def as_dict(self) -> dict[str, Any]:
        """The fields, and the verdict."""
        return {**asdict(self), "worth_it": self.is_worth_it}


def losses(probabilities: Floats, labels: NDArray[Any]) -> Floats:
    """Log loss of each image in nats; NaN where nothing was predicted or nothing is known.

    Args:
        probabilities: ``image class``; rows of NaN were not predicted.
        labels: Class number per image, or ``image finding`` of 1, 0 and NaN. Several findings are averaged.

    Returns:
        One number per image.
    """
    safe = np.clip(probabilities, CLOSEST, 1 - CLOSEST)
    if labels.ndim == 1:
        chosen: Floats = -np.log(safe[np.arange(len(labels)), labels])
        return chosen
    each = -np.where(labels == 1, np.log(safe), np.log1p(-safe))
    known = ~np.isnan(labels)
    counts = known.sum(axis=1)
    total = np.where(known, each, 0.0).sum(axis=1)
    return np.where(counts > 0, total / np.maximum(counts, 1), np.nan)


def mean_loss(probabilities: Floats, labels: NDArray[Any]) -> float:
    """Mean log loss in nats over the images that were predicted; infinite where none was."""
    each = losses(probabilities, labels)
    each = each[np.isfinite(each)]
    return float(each.mean()) if len(each) else float("inf")


def measure_gain(rung: str, over: str, inner: dict[str, Floats], labels: NDArray[Any], groups: Ints) -> Gain:
    """The paired gain of one rung over another, with its t interval over groups.

    Args:
        rung: The higher model.
        over: The simpler one.
        inner: rung -> ``image class`` probabilities from inside the training part.
        labels: As for `losses`.
        groups: Group per image.

    Returns:
        The gain; its interval is endless where fewer than two groups can be compared.
    """
    gains = losses(inner[over], labels) - losses(inner[rung], labels)
    known = np.isfinite(gains)
    _, where = np.unique(groups[known], return_inverse=True)
    by_group = np.bincount(where, gains[known]) / np.maximum(np.bincount(where), 1)
    if len(by_group) < 2:
        return Gain(rung, over, 0.0, float("-inf"), float("inf"))
    reach = stdtrit(len(by_group) - 1, (1 + CONFIDENCE) / 2) * by_group.std(ddof=1) / np.sqrt(len(by_group))
    mean = float(by_group.mean())
    return Gain(rung, over, mean, mean - float(reach), mean + float(reach))


def choose_rung(
    inner: dict[str, Floats], labels: NDArray[Any], groups: Ints, wanted: str = "by gain"
) -> tuple[str, list[Gain]]:
    """Which rung to use, judged on inner predictions alone.

    The simplest stays until a higher rung lowers the log loss so that the 95 % interval of the paired difference over
    patients excludes zero; that one then has to be beaten in turn.

    Args:
        inner: rung -> ``image class`` probabilities from inside the training part, simplest rung first.
        labels: As for `losses`.
        groups: Group per image.
        wanted: A rung to use whatever its gain, or ``by gain``.

    Returns:
        The name of the rung, and the gain of each rung over the one that was in use before it.
    """
    names = list(inner)
    chosen, found = names[0], []
    for name in names[1:]:
        gain = measure_gain(name, chosen, inner, labels, groups)
        found.append(gain)
        if gain.is_worth_it:
            chosen = name
    return (chosen if wanted == "by gain" else wanted), found
