"""From inner predictions to a model that can be used: calibration, thresholds, what it predicts for its own rows."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from wetread.metrics.platt import fit_platt
from wetread.metrics.point_rule import PointRule, read_rule, rules_to_store
from wetread.metrics.temperature import fit_temperature
from wetread.model.classifier import Classifier, Part, Share, to_probabilities
from wetread.shapes import Floats
from wetread.training.plan import Plan

#: Below about 50 rows a temperature says more about chance than about the model (trust: n_cal >= 50).
FEWEST_TO_CALIBRATE = 50


@dataclass(frozen=True)
class Calibration:
    """How logits become calibrated ones: divided by `temperature`, then moved by `offset`.

    Attributes:
        temperature: One number, or one for each of several findings.
        offset: One number per class or finding; empty where nothing moves.
    """

    temperature: float | tuple[float, ...] = 1.0
    offset: tuple[float, ...] = ()

    def of(self, logits: Floats) -> Floats:
        """Logits ``image class`` -> calibrated ones."""
        moved: Floats = logits / np.asarray(self.temperature)
        return moved + np.asarray(self.offset) if self.offset else moved


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
    offset: tuple[float, ...] = (),
    waiting: float | None = None,
    **known: Any,
) -> Fitted:
    """Calibrates a rung on its inner logits, and chooses its thresholds there, one by each rule.

    Args:
        plan: Of the run.
        rung: Its name.
        parts: The fitted models.
        inner: ``image class`` logits for the training rows; NaN for rows that were never held out.
        labels: Class number per image, or ``image finding`` of 1, 0 and NaN.
        started: `time.perf_counter` at its beginning.
        shares: Of the parts; empty for the plain mean.
        offset: What `inner` holds beyond the sum of the parts: of an ensemble the mean of its members' offsets.
        waiting: As in `Fitted`.
        **known: Further attributes of the classifier.

    Returns:
        The rung, fitted.
    """
    calibration = calibrate(plan, inner, labels)
    probabilities = to_probabilities_or_nan(calibration.of(inner), plan.task)
    points = choose_points(plan, labels, probabilities)
    cuts = points.get(plan.operating_point, ())
    classifier = Classifier(
        plan.classes,
        plan.positive,
        rung,
        list(parts),
        task=plan.task,
        shares=shares,
        temperature=calibration.temperature,
        offset=add_offsets(calibration, offset),
        threshold=cuts[0] if plan.task == "binary" else None,
        thresholds=cuts if plan.task == "multilabel" else (),
        points=points,
        **known,
    )
    return Fitted(classifier, probabilities, time.perf_counter() - started, waiting)


def mean_offset(classifiers: Sequence[Classifier]) -> tuple[float, ...]:
    """What the mean of calibrated logits of classifiers holds beyond their parts; empty where none has an offset."""
    if not any(classifier.offset for classifier in classifiers):
        return ()
    offsets = [np.asarray(one.offset or np.zeros(len(one.classes))) for one in classifiers]
    return tuple(np.mean(offsets, axis=0).tolist())


def add_offsets(calibration: Calibration, before: tuple[float, ...]) -> tuple[float, ...]:
    """The offset of a calibration on logits that had themselves been moved by `before`, seen from the bare parts."""
    if not before:
        return calibration.offset
    moved = np.asarray(before) / np.asarray(calibration.temperature)
    return tuple((moved + np.asarray(calibration.offset or 0.0)).tolist())


def to_probabilities_or_nan(logits: Floats, task: str) -> Floats:
    """Logits -> probabilities; rows of NaN stay so."""
    known = np.isfinite(logits).all(axis=1)
    probabilities = np.full(logits.shape, np.nan)
    if known.any():
        probabilities[known] = to_probabilities(logits[known], task)
    return probabilities


def calibrate(plan: Plan, inner: Floats, labels: NDArray[Any]) -> Calibration:
    """The calibration of a rung, or of each of several findings; none where there is too little to fit it on."""
    held_out = np.isfinite(inner).all(axis=1)
    if labels.ndim == 1:
        if plan.calibration == "platt" and plan.task == "binary":
            return _platt_of_two(plan, inner[held_out], labels[held_out])
        return Calibration(_temperature(plan, inner[held_out], labels[held_out]))
    found = []
    for number in range(labels.shape[1]):
        known = held_out & ~np.isnan(labels[:, number])
        found.append(_of_finding(plan, inner[known, number], labels[known, number].astype(np.int64)))
    offsets = tuple(offset for _, offset in found)
    return Calibration(tuple(temperature for temperature, _ in found), offsets if any(offsets) else ())


def _platt_of_two(plan: Plan, inner: Floats, labels: NDArray[Any]) -> Calibration:
    """Platt's line on the log odds of the positive class, as a temperature of both logits and an offset of one."""
    assert plan.positive is not None
    positive = plan.classes.index(plan.positive)
    temperature, offset = _of_finding(plan, inner[:, positive] - inner[:, 1 - positive], labels == positive)
    return Calibration(temperature, tuple(offset if n == positive else 0.0 for n in range(2)) if offset else ())


def _of_finding(plan: Plan, logits: Floats, labels: NDArray[Any]) -> tuple[float, float]:
    """Temperature and offset of one logit."""
    if plan.calibration != "platt":
        columns = np.stack([np.zeros(len(logits)), logits], axis=1)
        return _temperature(plan, columns, labels.astype(np.int64)), 0.0
    line = fit_platt(logits, labels) if len(labels) >= FEWEST_TO_CALIBRATE else None
    return (1 / line.slope, line.intercept) if line is not None else (1.0, 0.0)


def _temperature(plan: Plan, logits: Floats, labels: NDArray[Any]) -> float:
    # Several classes have no single line to move along: there Platt's method is the temperature.
    wanted = plan.calibration in ("temperature", "platt")
    enough = wanted and len(labels) >= FEWEST_TO_CALIBRATE and len(set(labels.tolist())) > 1
    temperature = (fit_temperature(logits, labels) if enough else None) or 1.0
    return float(np.clip(temperature, 0.1, 10.0))


def choose_points(plan: Plan, labels: NDArray[Any], inner: Floats) -> dict[str, tuple[float, ...]]:
    """The thresholds by the plan's rule and by each of the menu; empty for more than two classes.

    Returns:
        Rule as the plan spells it -> as `choose_thresholds`; the plan's own rule first.
    """
    if plan.task == "multiclass":
        return {}
    rules = rules_to_store(plan.operating_point)
    return {name: choose_thresholds(plan, labels, inner, rule) for name, rule in rules.items()}


def choose_thresholds(
    plan: Plan, labels: NDArray[Any], inner: Floats, rule: PointRule | None = None
) -> tuple[float, ...]:
    """The thresholds by a rule, on predictions from inside the training part.

    Args:
        plan: Of the run.
        labels: Class number per image, or ``image finding`` of 1, 0 and NaN.
        inner: Calibrated ``image class`` probabilities; NaN for rows that were never held out.
        rule: That of the plan if None.

    Returns:
        One number for two classes, one per finding of several, none for more than two classes; 0.5 where a threshold
        is not defined (a class is absent, all probabilities are equal).
    """
    by = rule or read_rule(plan.operating_point)
    held_out = np.isfinite(inner).all(axis=1)
    if plan.task == "multilabel":
        return tuple(_threshold(by, labels[held_out, n], inner[held_out, n]) for n in range(labels.shape[1]))
    if plan.task == "multiclass":
        return ()
    assert plan.positive is not None  # one of two classes always is
    positive = plan.classes.index(plan.positive)
    return (_threshold(by, (labels[held_out] == positive).astype(np.float64), inner[held_out, positive]),)


def _threshold(rule: PointRule, truth: Floats, probability: Floats) -> float:
    known = ~np.isnan(truth)
    present = truth[known] == 1
    if present.all() or not present.any():
        return 0.5
    found = rule.choose(present, probability[known])
    return 0.5 if found is None else float(found)
