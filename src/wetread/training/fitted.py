"""From inner predictions to a model that can be used: temperature, threshold, and what it predicts for its own rows."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from wetread.metrics.operating_point import (
    f1_threshold,
    sensitivity_threshold,
    specificity_threshold,
    youden_threshold,
)
from wetread.metrics.temperature import fit_temperature
from wetread.model.classifier import Classifier, Part, Share, to_probabilities
from wetread.shapes import Floats
from wetread.training.plan import Plan

#: Below about 50 rows a temperature says more about chance than about the model (trust: n_cal >= 50).
FEWEST_TO_CALIBRATE = 50

#: Rule of the plan -> threshold from truth and probability.
RULES: dict[str, Callable[[ArrayLike, ArrayLike], float | None]] = {
    "youden": youden_threshold,
    "sensitivity": sensitivity_threshold,
    "specificity": specificity_threshold,
    "f1": f1_threshold,
}


@dataclass(frozen=True)
class Fitted:
    """A rung after fitting.

    Attributes:
        classifier: Ready to predict, with its threshold.
        inner: Calibrated probabilities for the training rows, each from a part that did not see it; NaN for rows that
            were never held out.
        seconds: Wall clock of the fit.
        waiting: Part of the time of training that steps waited for pictures; None where nothing was trained by steps.
    """

    classifier: Classifier
    inner: Floats
    seconds: float
    waiting: float | None = None


def finish(
    plan: Plan,
    rung: str,
    parts: Sequence[Part],
    inner: Floats,
    labels: NDArray[Any],
    started: float,
    *,
    shares: tuple[Share, ...] = (),
    waiting: float | None = None,
    **known: Any,
) -> Fitted:
    """Calibrates a rung on its inner logits, and chooses its threshold there.

    Args:
        plan: Of the run.
        rung: Its name.
        parts: The fitted models.
        inner: ``image class`` logits for the training rows; NaN for rows that were never held out.
        labels: Class number per image, or ``image finding`` of 1, 0 and NaN.
        started: `time.perf_counter` at its beginning.
        shares: Of the parts; empty for the plain mean.
        waiting: As in `Fitted`.
        **known: Further attributes of the classifier.

    Returns:
        The rung, fitted.
    """
    temperature = calibrate(plan, inner, labels)
    probabilities = to_probabilities_or_nan(inner / np.asarray(temperature), plan.task)
    cuts = choose_thresholds(plan, labels, probabilities)
    classifier = Classifier(
        plan.classes,
        plan.positive,
        rung,
        list(parts),
        task=plan.task,
        shares=shares,
        temperature=temperature,
        threshold=cuts[0] if plan.positive is not None else None,
        thresholds=cuts if plan.task == "multilabel" else (),
        **known,
    )
    return Fitted(classifier, probabilities, time.perf_counter() - started, waiting)


def to_probabilities_or_nan(logits: Floats, task: str) -> Floats:
    """Logits -> probabilities; rows of NaN stay so."""
    known = np.isfinite(logits).all(axis=1)
    probabilities = np.full(logits.shape, np.nan)
    if known.any():
        probabilities[known] = to_probabilities(logits[known], task)
    return probabilities


def calibrate(plan: Plan, inner: Floats, labels: NDArray[Any]) -> float | tuple[float, ...]:
    """The temperature of a rung, or one for each of several findings; 1 where there is too little to fit it on."""
    held_out = np.isfinite(inner).all(axis=1)
    if labels.ndim == 1:
        return _temperature(plan, inner[held_out], labels[held_out])
    found = []
    for number in range(labels.shape[1]):
        known = held_out & ~np.isnan(labels[:, number])
        columns = np.stack([np.zeros(int(known.sum())), inner[known, number]], axis=1)
        found.append(_temperature(plan, columns, labels[known, number].astype(np.int64)))
    return tuple(found)


def _temperature(plan: Plan, logits: Floats, labels: NDArray[Any]) -> float:
    enough = plan.calibration == "temperature" and len(labels) >= FEWEST_TO_CALIBRATE and len(set(labels.tolist())) > 1
    temperature = (fit_temperature(logits, labels) if enough else None) or 1.0
    return float(np.clip(temperature, 0.1, 10.0))


def choose_thresholds(plan: Plan, labels: NDArray[Any], inner: Floats) -> tuple[float, ...]:
    """The thresholds by the plan's rule, on predictions from inside the training part.

    Returns:
        One number for two classes, one per finding of several, none for more than two classes.
    """
    held_out = np.isfinite(inner).all(axis=1)
    if plan.task == "multilabel":
        return tuple(_threshold(plan, labels[held_out, n], inner[held_out, n]) for n in range(labels.shape[1]))
    if plan.positive is None:
        return ()
    positive = plan.classes.index(plan.positive)
    return (_threshold(plan, (labels[held_out] == positive).astype(np.float64), inner[held_out, positive]),)


def _threshold(plan: Plan, truth: Floats, probability: Floats) -> float:
    known = ~np.isnan(truth)
    present = truth[known] == 1
    if present.all() or not present.any():
        return 0.5
    found = RULES[plan.operating_point](present, probability[known])
    return 0.5 if found is None else float(found)
