"""`Classifier`: what is fitted, shipped and used: parts, calibration, threshold, names; one folder on disk.

The folder holds ``model.json`` (everything a person may read), ``weights.safetensors``, ``backbone.safetensors`` where
a frozen network is looked through, ``refusal.safetensors`` where it can refuse pictures, and ``golden.json`` (synthetic
pictures and the probabilities they must give). The one loader below checks every checksum before it believes a byte,
and nothing in it is unpickled.
"""

from __future__ import annotations

import dataclasses
import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit

from wetread.dataset.table import WORKING_SIDE
from wetread.errors import InputError, ModelRejected
from wetread.images.view import View
from wetread.metrics.temperature import apply_temperature
from wetread.model.features import SIDE as CLASSICAL_SIDE
from wetread.model.head import HeadPart
from wetread.model.inputs import Inputs
from wetread.model.linear import LinearPart
from wetread.model.refusal_sights import PLACED
from wetread.shapes import Floats, Picture
from wetread.writing import atomic_write

if TYPE_CHECKING:
    from wetread.model.backbone import Backbone
    from wetread.model.refusal import Refusal

FORMAT = 4
#: Models that are read. Those of format 3 say neither how large their pictures are nor whether each is scaled by
#: itself, since there was one way only; an earlier wetread must not read a model that has another.
READABLE = (3, FORMAT)
MAX_JSON = 16 << 20
MAX_WEIGHTS = 8 << 30

#: Tasks in which exactly one class is true; in ``multilabel`` each finding is present or absent by itself.
ONE_CLASS = ("binary", "multiclass")


#: What a part's logits are multiplied with: one number, or one for each finding.
Share = float | tuple[float, ...]


class Part(Protocol):
    """One fitted model inside a classifier."""

    def logits(self, inputs: Inputs) -> Floats:
        """Pictures -> ``image class``."""

    def arrays(self) -> dict[str, NDArray[Any]]:
        """The weights by name."""

    def described(self) -> dict[str, Any]:
        """What else must be known to rebuild it: ``kind`` first."""


class NearInputs(Inputs):
    """A picture, and copies of it that differ from it in a small box each: networks need not look at all of a copy."""

    def embedding(self) -> NDArray[np.float32]:
        """As `Inputs.embedding`."""
        if self._embedding is None and self.backbone is not None:
            self._embedding = self.backbone.embed_near(self.backbone.preprocess.squares(self.pictures))
        return super().embedding()


@dataclass
class Classifier:
    """Pictures -> probabilities.

    Attributes:
        classes: Names of the classes, or of the findings, in the order of the columns.
        positive: The class that the threshold belongs to; None unless there are two classes.
        rung: classical, frozen, combined, network or ensemble.
        parts: Fitted models.
        task: binary, multiclass or multilabel.
        shares: What each part's logits are multiplied with before they are added up; empty for the plain mean.
        temperature: Logits are divided by it (Guo 2017); one for each finding of several.
        offset: Added to logits after that (Platt 1999), one per class or finding; empty where nothing is added.
        view: How stored values become the pictures it knows.
        working_side: Longest side of these pictures, in pixels.
        threshold: Probability of `positive` from which a picture is called positive; None where there is no `positive`.
        thresholds: The same for each finding of several, in the order of `classes`; empty elsewhere.
        points: Rule of an operating point -> its thresholds: one for two classes, one per finding of several.
        backbone: The frozen network that linear parts look through; None where none does.
        refusal: What knows a picture that is none of its kind; None where none was fitted.
        facts: What else a receiver should know: data, numbers, versions, limits.
    """

    classes: tuple[str, ...]
    positive: str | None
    rung: str
    parts: list[Part]
    task: str = "binary"
    shares: tuple[Share, ...] = ()
    temperature: float | tuple[float, ...] = 1.0
    offset: tuple[float, ...] = ()
    threshold: float | None = None
    thresholds: tuple[float, ...] = ()
    points: dict[str, tuple[float, ...]] = field(default_factory=dict)
    view: View = field(default_factory=View)
    working_side: int = WORKING_SIDE
    backbone: Backbone | None = None
    refusal: Refusal | None = None
    facts: dict[str, Any] = field(default_factory=dict)

    def raw_logits(self, pictures: Sequence[Picture] | Inputs) -> Floats:
        """Pictures -> logits ``image class`` before calibration: the parts added up by their shares."""
        if not len(pictures):
            return np.zeros((0, len(self.classes)))
        inputs = pictures if isinstance(pictures, Inputs) else Inputs(pictures, self.backbone)
        shares = self.shares or (1 / len(self.parts),) * len(self.parts)
        weighted = [np.asarray(share) * part.logits(inputs) for share, part in zip(shares, self.parts, strict=True)]
        total: Floats = np.sum(weighted, axis=0)
        return total

    def calibrate(self, raw: Floats) -> Floats:
        """Logits before calibration -> after: over the temperature, moved by the offset."""
        calibrated: Floats = raw / np.asarray(self.temperature)
        return calibrated + np.asarray(self.offset) if self.offset else calibrated

    def logits(self, pictures: Sequence[Picture] | Inputs) -> Floats:
        """Pictures -> calibrated logits ``image class``."""
        return self.calibrate(self.raw_logits(pictures))

    def probabilities(self, pictures: Sequence[Picture] | Inputs) -> Floats:
        """Pictures -> ``image class`` in [0, 1]; rows add up to 1 unless the task is multilabel."""
        return to_probabilities(self.logits(pictures), self.task)

    def inputs_of(self, pictures: Sequence[Picture]) -> Inputs:
        """Pictures that both the model and its refusal are asked about: the backbone looks at each of them once."""
        looks_at_places = self.refusal is not None and self.refusal.probes_see in PLACED
        return Inputs(pictures, self.backbone, with_places=looks_at_places)

    def margin(self, pictures: Sequence[Picture] | Inputs, target: int) -> Floats:
        """How far a class leads: its logit minus the best other logit, one number per picture.

        For several findings the logit of that finding alone: the others do not compete with it.
        """
        logits = self.logits(pictures)
        if self.task == "multilabel":
            return logits[:, target]
        margin: Floats = logits[:, target] - np.delete(logits, target, axis=1).max(axis=1)
        return margin

    @property
    def finest(self) -> int:
        """Pixels on a side beyond which none of its parts sees more."""
        looked_through = self.backbone.side if self.backbone is not None else 0
        sides = [int(part.described().get("preprocess", {}).get("side", 0)) for part in self.parts]
        return max(CLASSICAL_SIDE, looked_through, *sides)

    def decide(self, probabilities: Floats) -> NDArray[np.int64]:
        """Probabilities ``image class`` -> class number per image, or ``image finding`` of 1 and 0 for several.

        At the threshold where there is one of two classes, the largest otherwise.
        """
        if self.task == "multilabel":
            cuts = np.array(self.thresholds or (0.5,) * len(self.classes))
            return (probabilities >= cuts).astype(np.int64)
        if self.threshold is None or self.positive is None or len(self.classes) != 2:
            return np.asarray(probabilities.argmax(axis=1))
        positive = self.classes.index(self.positive)
        return np.where(probabilities[:, positive] >= self.threshold, positive, 1 - positive)

    def save(self, folder: Path, *, whole: bool = True) -> Path:
        """Writes the model folder; the golden file comes last, so a folder that has it is whole.

        Args:
            folder: Where.
            whole: With its backbone; else the folder is of use only to who has that backbone at hand.
        """
        arrays = {f"{n}.{name}": array for n, part in enumerate(self.parts) for name, array in part.arrays().items()}
        weights = pack_arrays(arrays)
        described: dict[str, Any] = {
            "format": FORMAT,
            "kind": "wetread classifier",
            "use": "Research and teaching only. Not a medical device.",
            "task": self.task,
            "classes": list(self.classes),
            "positive": self.positive,
            "rung": self.rung,
            "parts": [part.described() for part in self.parts],
            "shares": list(self.shares),
            "view": {"values": str(self.view), "frame": self.view.frame},
            "working_side": self.working_side,
            "temperature": self.temperature,
            "offset": list(self.offset),
            "threshold": self.threshold,
            "thresholds": list(self.thresholds),
            "points": {rule: list(cuts) for rule, cuts in self.points.items()},
            "weights": {"file": "weights.safetensors", "sha256": hashlib.sha256(weights).hexdigest()},
            "backbone": None,
            "refusal": None,
            "facts": self.facts,
        }
        atomic_write(folder / "weights.safetensors", weights)
        if self.refusal is not None:
            known = pack_arrays(self.refusal.arrays())
            described["refusal"] = {**self.refusal.described(), "file_sha256": hashlib.sha256(known).hexdigest()}
            atomic_write(folder / "refusal.safetensors", known)
        if self.backbone is not None:
            described["backbone"] = self.backbone.described()
            if whole:
                frozen = pack_arrays(self.backbone.arrays())
                described["backbone"]["file_sha256"] = hashlib.sha256(frozen).hexdigest()
                atomic_write(folder / "backbone.safetensors", frozen)
        description = json.dumps(described, indent=2, ensure_ascii=False) + "\n"
        atomic_write(folder / "model.json", description)
        golden = {
            "about": "Synthetic pictures by number (see golden_pictures) and the probabilities this model gives them.",
            "probabilities": self.probabilities(golden_pictures()).round(6).tolist(),
            "model.json": {"sha256": hashlib.sha256(description.encode()).hexdigest()},
        }
        atomic_write(folder / "golden.json", json.dumps(golden, indent=2) + "\n")
        return folder


def to_probabilities(logits: Floats, task: str) -> Floats:
    """Logits ``image class`` -> probabilities: softmax over classes, or a sigmoid for each of several findings."""
    if task == "multilabel":
        probabilities: Floats = expit(logits)
        return probabilities
    return apply_temperature(logits, 1.0)


def load_classifier(folder: Path, *, backbone: Backbone | None = None, trusted: bool = False) -> Classifier:
    """Loads a model folder; the only way in.

    Args:
        folder: As written by `Classifier.save`, or a run folder that holds one as ``model``.
        backbone: The frozen network, for a folder that was saved without it.
        trusted: Leave the golden pictures out: for what this process family wrote and checksums, many times over.

    Returns:
        The classifier, which gives its golden pictures the stored probabilities.

    Raises:
        ModelRejected: Something is missing, altered, or from another version.
    """
    folder = folder / "model" if (folder / "model" / "model.json").is_file() else folder
    stored = _read_json(folder, "model.json")
    if stored.get("format") not in READABLE:
        raise _rejected(
            folder, "model.json", "was written by another version", "Install the version of wetread that made it."
        )
    weights = _read_bytes(folder, "weights.safetensors", MAX_WEIGHTS)
    try:
        if hashlib.sha256(weights).hexdigest() != stored["weights"]["sha256"]:
            raise _rejected(folder, "weights.safetensors", "does not match its checksum")
        golden = _read_json(folder, "golden.json")
        described = _read_bytes(folder, "model.json", MAX_JSON)
        if hashlib.sha256(described).hexdigest() != golden["model.json"]["sha256"]:
            # Two class names changed round would turn every answer into its opposite, and nothing else would show it.
            raise _rejected(folder, "model.json", "does not match its checksum")
        classifier = _rebuild(stored, unpack_arrays(weights), _find_backbone(folder, stored, backbone))
        classifier.refusal = _find_refusal(folder, stored)
        expected = np.array(golden["probabilities"])
        replayed = expected if trusted else classifier.probabilities(golden_pictures())
    except (KeyError, TypeError, ValueError, RuntimeError, IndexError, AttributeError, InputError) as error:
        if isinstance(error, ModelRejected):
            raise
        raise _rejected(folder, "model.json", "does not describe its weights") from error
    # Processors with other vector units add in another order, and those with a unit for bfloat16 look through a
    # backbone with that.
    closest = 1e-3 if classifier.backbone is None else 1e-2
    if expected.shape != replayed.shape or not np.allclose(expected, replayed, atol=closest):
        raise _rejected(folder, "golden.json", "does not agree with what the model computes here")
    return classifier


def _rebuild(stored: dict[str, Any], arrays: dict[str, NDArray[Any]], backbone: Backbone | None) -> Classifier:
    classes = tuple(str(name) for name in stored["classes"])
    parts = [_make_part(one, _select(arrays, f"{number}.")) for number, one in enumerate(stored["parts"])]
    return Classifier(
        classes=classes,
        positive=stored["positive"],
        rung=str(stored["rung"]),
        parts=parts,
        task=str(stored["task"]),
        shares=tuple(_read_share(share) for share in stored["shares"]),
        temperature=_read_share(stored["temperature"]),
        offset=tuple(float(value) for value in stored["offset"]),
        threshold=None if stored["threshold"] is None else float(stored["threshold"]),
        thresholds=tuple(float(cut) for cut in stored["thresholds"]),
        points={str(rule): tuple(float(cut) for cut in cuts) for rule, cuts in stored["points"].items()},
        view=_read_view(stored),
        working_side=_read_side(stored),
        backbone=backbone,
        facts=dict(stored["facts"]),
    )


def _read_share(stored: Any) -> Share:
    return tuple(float(value) for value in stored) if isinstance(stored, list) else float(stored)


def _find_backbone(folder: Path, stored: dict[str, Any], at_hand: Backbone | None) -> Backbone | None:
    described = stored["backbone"]
    if described is None:
        return None
    if at_hand is not None and at_hand.sha256 == described["sha256"]:
        return at_hand
    from wetread.model.backbone import Backbone

    frozen = _read_bytes(folder, "backbone.safetensors", MAX_WEIGHTS)
    if hashlib.sha256(frozen).hexdigest() != described["file_sha256"]:
        raise _rejected(folder, "backbone.safetensors", "does not match its checksum")
    return Backbone.from_arrays(described, unpack_arrays(frozen))


def _find_refusal(folder: Path, stored: dict[str, Any]) -> Refusal | None:
    described = stored["refusal"]
    if described is None:
        return None
    from wetread.model.refusal import Refusal

    known = _read_bytes(folder, "refusal.safetensors", MAX_WEIGHTS)
    if hashlib.sha256(known).hexdigest() != described["file_sha256"]:
        raise _rejected(folder, "refusal.safetensors", "does not match its checksum")
    return Refusal.from_arrays(described, unpack_arrays(known))


def golden_pictures() -> list[Picture]:
    """Four synthetic pictures, the same on every machine: a ramp, a disc, stripes, and a chequered ramp."""
    y, x = np.mgrid[:160, :144]
    ramp = (x * 255) // 143
    disc = np.where((x - 72) ** 2 + (y - 80) ** 2 < 50**2, 200, 40)
    stripes = ((y // 8) % 2) * 120 + 60
    chequered = (((x // 16) + (y // 16)) % 2) * 90 + (y * 160) // 159
    return [picture.astype(np.uint8) for picture in (ramp, disc, stripes, chequered)]


def pack_arrays(arrays: dict[str, NDArray[Any]]) -> bytes:
    """Arrays by name -> safetensors bytes."""
    from safetensors.numpy import save

    packed: bytes = save({name: np.ascontiguousarray(array) for name, array in arrays.items()})
    return packed


def unpack_arrays(data: bytes) -> dict[str, NDArray[Any]]:
    """Safetensors bytes -> arrays by name.

    Raises:
        ValueError: The bytes are no safetensors file.
    """
    from safetensors import SafetensorError
    from safetensors.numpy import load

    try:
        arrays: dict[str, NDArray[Any]] = load(data)
    except SafetensorError as error:
        raise ValueError("not a safetensors file") from error
    return arrays


def with_facts(classifier: Classifier, facts: dict[str, Any]) -> Classifier:
    """The same classifier, saying more about itself."""
    return dataclasses.replace(classifier, facts={**classifier.facts, **facts})


def _make_part(described: dict[str, Any], arrays: dict[str, NDArray[Any]]) -> Part:
    if described["kind"] == "linear":
        return LinearPart.from_arrays(str(described["sees"]), arrays)
    if described["kind"] == "head":
        return HeadPart.from_arrays(described, arrays)
    # Torch is loaded only for a model that needs it.
    from wetread.model.network import NetworkPart

    return NetworkPart.from_arrays(described, arrays)


def _read_view(stored: dict[str, Any]) -> View:
    view = stored["view"]
    return View.parse(str(view["values"]), frame=str(view["frame"]))


def _read_side(stored: dict[str, Any]) -> int:
    """Longest side of the pictures; models of earlier versions do not say it and knew one only."""
    side = stored.get("working_side", WORKING_SIDE)
    if type(side) is not int or side < 1:
        raise ValueError("no side of a picture")
    return side


def _select(arrays: dict[str, NDArray[Any]], prefix: str) -> dict[str, NDArray[Any]]:
    return {name.removeprefix(prefix): array for name, array in arrays.items() if name.startswith(prefix)}


def _read_json(folder: Path, name: str) -> dict[str, Any]:
    try:
        stored = json.loads(_read_bytes(folder, name, MAX_JSON))
    except (ValueError, RecursionError) as error:
        raise _rejected(folder, name, "is damaged") from error
    if not isinstance(stored, dict):
        raise _rejected(folder, name, "is damaged")
    return stored


def _read_bytes(folder: Path, name: str, limit: int) -> bytes:
    path = folder / name
    try:
        if path.stat().st_size > limit:
            raise _rejected(folder, name, "is larger than any model of wetread")
        return path.read_bytes()
    except OSError as error:
        raise _rejected(
            folder, name, "is missing or cannot be read", "Give a run folder or the model folder in it."
        ) from error


def _rejected(folder: Path, name: str, what: str, remedy: str = "Copy the model folder again, whole.") -> ModelRejected:
    return ModelRejected(f"The model in {folder} cannot be used: {name} {what}.", remedy=remedy, file=folder / name)
