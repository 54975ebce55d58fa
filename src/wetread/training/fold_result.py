"""What one outer fold found, on disk as soon as it is found: an interrupted run goes on where it stopped."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from wetread.dataset.split import Fold
from wetread.errors import ModelRejected
from wetread.model.classifier import Classifier, load_classifier, pack_arrays, unpack_arrays
from wetread.shapes import Floats
from wetread.training.fitted import Fitted
from wetread.training.gain import Gain
from wetread.training.rungs import members
from wetread.training.training_set import TrainingSet
from wetread.writing import atomic_write


@dataclass
class FoldResult:
    """What one outer fold found.

    Attributes:
        fold: Which rows were fitted on and which predicted.
        probabilities: rung -> ``image class`` for the test rows.
        thresholds: rung -> thresholds chosen inside the training part: one for two classes, one per finding of several,
            none for more than two classes.
        chosen: The rung that won inside.
        gains: Of each rung over the one in use before it, inside.
        seconds: rung -> seconds of its fit and predictions.
        classifiers: rung -> fitted classifier, with its threshold; empty after the first repeat, once stored.
        waiting: Largest part of the training time that steps waited for pictures.
        uncalibrated: rung -> ``image class`` for the test rows before calibration: shown beside, never decided by.
        points: rung -> rule of an operating point -> thresholds chosen inside the training part, as `thresholds`.
        temperature: rung -> what its logits are divided by, as `Classifier.temperature`.
        offset: rung -> what is added to them after that.
        cases: rung -> inner predictions that its calibration was fitted on, or would have been.
    """

    fold: Fold
    probabilities: dict[str, Floats]
    thresholds: dict[str, list[float]]
    chosen: str
    gains: list[dict[str, Any]]
    seconds: dict[str, float]
    classifiers: dict[str, Classifier]
    waiting: float = 0.0
    uncalibrated: dict[str, Floats] = field(default_factory=dict)
    points: dict[str, dict[str, list[float]]] = field(default_factory=dict)
    temperature: dict[str, float | list[float]] = field(default_factory=dict)
    offset: dict[str, list[float]] = field(default_factory=dict)
    cases: dict[str, int] = field(default_factory=dict)


def result_of(
    fold: Fold,
    fitted: Mapping[str, Fitted],
    chosen: tuple[str, list[Gain]],
    calibrated: dict[str, Floats],
    uncalibrated: dict[str, Floats],
    seconds: dict[str, float],
) -> FoldResult:
    """What is kept of a fold: of each rung its classifier with all that it was given, and what it predicts.

    Args:
        fold: Which rows were fitted on and which predicted.
        fitted: The rungs.
        chosen: Which won, and the gains.
        calibrated: rung -> ``image class`` for the test rows.
        uncalibrated: The same before calibration.
        seconds: rung -> seconds of its fit and predictions.
    """
    classifiers = {name: one.classifier for name, one in fitted.items()}
    return FoldResult(
        fold,
        calibrated,
        {name: _cuts(one) for name, one in classifiers.items()},
        chosen[0],
        [gain.as_dict() for gain in chosen[1]],
        seconds,
        classifiers,
        max((one.waiting or 0.0 for one in fitted.values()), default=0.0),
        uncalibrated,
        {name: {rule: list(cuts) for rule, cuts in one.points.items()} for name, one in classifiers.items()},
        {name: _as_json(one.temperature) for name, one in classifiers.items()},
        {name: list(one.offset) for name, one in classifiers.items()},
        {name: int(np.isfinite(one.inner).all(axis=1).sum()) for name, one in fitted.items()},
    )


def _cuts(classifier: Classifier) -> list[float]:
    return list(classifier.thresholds) or ([] if classifier.threshold is None else [classifier.threshold])


def _as_json(temperature: float | tuple[float, ...]) -> float | list[float]:
    return list(temperature) if isinstance(temperature, tuple) else temperature


def save_fold(result: FoldResult, folder: Path, key: str) -> None:
    """Stores a finished fold; ``fold.json`` comes last, so a folder that has it is whole."""
    # Explanations use the models of the first repeat only, and the model to ship (repeat 0) is one; others would be
    # dead weight. An ensemble is put together again from its members, and the backbone lies in the weights home.
    if result.fold.repeat <= 1:
        for name, classifier in result.classifiers.items():
            if name != "ensemble":
                classifier.save(folder / name, whole=False)
    arrays: dict[str, NDArray[Any]] = {f"probabilities.{name}": table for name, table in result.probabilities.items()}
    arrays |= {f"uncalibrated.{name}": table for name, table in result.uncalibrated.items()}
    arrays |= {"train": result.fold.train, "test": result.fold.test}
    packed = pack_arrays(arrays)
    atomic_write(folder / "arrays.safetensors", packed)
    described = {
        "key": key,
        "arrays": hashlib.sha256(packed).hexdigest(),
        "chosen": result.chosen,
        "gains": result.gains,
        "thresholds": result.thresholds,
        "points": result.points,
        "seconds": result.seconds,
        "waiting": result.waiting,
        "temperature": result.temperature,
        "offset": result.offset,
        "cases": result.cases,
    }
    atomic_write(folder / "fold.json", json.dumps(described, indent=2) + "\n")


def is_of_another(folder: Path, key: str) -> bool:
    """Whether a finished fold lies there that belongs to another plan, other data or another version."""
    try:
        return bool(json.loads((folder / "fold.json").read_text(encoding="utf-8"))["key"] != key)
    except (OSError, ValueError, KeyError, TypeError):
        return False


def load_fold(fold: Fold, folder: Path, data: TrainingSet, key: str) -> FoldResult | None:
    """Takes up a stored fold; None where there is none, or a damaged one, or one of another division, plan or data."""
    rungs = data.plan.rungs
    try:
        described = json.loads((folder / "fold.json").read_text(encoding="utf-8"))
        packed = (folder / "arrays.safetensors").read_bytes()
        arrays = unpack_arrays(packed)
        same = (
            described["key"] == key
            and described["arrays"] == hashlib.sha256(packed).hexdigest()
            and np.array_equal(arrays["train"], fold.train)
            and np.array_equal(arrays["test"], fold.test)
        )
        if not same:
            return None
        return FoldResult(
            fold,
            {name: arrays[f"probabilities.{name}"] for name in rungs},
            described["thresholds"],
            described["chosen"],
            described["gains"],
            described["seconds"],
            _load_classifiers(folder, data, described) if fold.repeat <= 1 else {},
            float(described["waiting"]),
            {name: arrays[f"uncalibrated.{name}"] for name in rungs},
            described["points"],
            described["temperature"],
            described["offset"],
            described["cases"],
        )
    except (OSError, ValueError, KeyError, ModelRejected):
        return None


def _load_classifiers(folder: Path, data: TrainingSet, described: dict[str, Any]) -> dict[str, Classifier]:
    found = {
        name: load_classifier(folder / name, backbone=data.backbone, trusted=True)
        for name in data.plan.rungs
        if name != "ensemble"
    }
    if "ensemble" in data.plan.rungs:
        below = {name: found[name] for name in data.plan.rungs[: data.plan.rungs.index("ensemble")]}
        parts, shares = members(below, data.plan.test_time_shifts)
        temperature, cuts = described["temperature"]["ensemble"], described["thresholds"]["ensemble"]
        found["ensemble"] = replace(
            next(iter(below.values())),
            rung="ensemble",
            parts=parts,
            shares=shares,
            backbone=data.backbone,
            temperature=tuple(temperature) if isinstance(temperature, list) else temperature,
            offset=tuple(described["offset"]["ensemble"]),
            threshold=cuts[0] if data.plan.positive is not None else None,
            thresholds=tuple(cuts) if data.plan.task == "multilabel" else (),
            points={rule: tuple(chosen) for rule, chosen in described["points"]["ensemble"].items()},
        )
    return {name: found[name] for name in data.plan.rungs}
