"""`Classifier`: what is fitted, shipped and used: parts, calibration, threshold, names; one folder on disk.

The folder holds ``model.json`` (everything a person may read), ``weights.safetensors`` and ``golden.json`` (synthetic
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
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from wetread.errors import InputError, ModelRejected
from wetread.images.view import View
from wetread.metrics.temperature import apply_temperature
from wetread.model.linear import LinearPart
from wetread.model.preprocess import Preprocess
from wetread.shapes import Floats, Picture
from wetread.writing import atomic_write

FORMAT = 1
MAX_JSON = 16 << 20
MAX_WEIGHTS = 8 << 30


class Part(Protocol):
    """One fitted model inside a classifier."""

    def logits(self, pictures: Sequence[Picture]) -> Floats:
        """Pictures -> ``image class``."""

    def arrays(self) -> dict[str, NDArray[Any]]:
        """The weights by name."""


@dataclass
class Classifier:
    """Pictures -> probabilities.

    Attributes:
        classes: Names, in the order of the columns.
        positive: The class that the threshold belongs to; None for more than two classes.
        rung: classical or network.
        network: What `build_network` calls the network; empty for the classical rung.
        preprocess: Of the network; None for the classical rung, whose features carry their own.
        parts: Fitted models; their logits are averaged.
        temperature: Logits are divided by it (Guo 2017).
        view: How stored values become the pictures it knows.
        threshold: Probability of `positive` from which a picture is called positive; None for several classes.
        facts: What else a receiver should know: data, numbers, versions, limits.
    """

    classes: tuple[str, ...]
    positive: str | None
    rung: str
    parts: list[Part]
    temperature: float = 1.0
    threshold: float | None = None
    network: str = ""
    preprocess: Preprocess | None = None
    view: View = field(default_factory=View)
    facts: dict[str, Any] = field(default_factory=dict)

    def logits(self, pictures: Sequence[Picture]) -> Floats:
        """Pictures -> calibrated logits ``image class``: the mean over the parts, divided by the temperature."""
        if not pictures:
            return np.zeros((0, len(self.classes)))
        mean: Floats = np.mean([part.logits(pictures) for part in self.parts], axis=0) / self.temperature
        return mean

    def probabilities(self, pictures: Sequence[Picture]) -> Floats:
        """Pictures -> ``image class`` in [0, 1]; rows add up to 1."""
        return apply_temperature(self.logits(pictures), 1.0)

    def margin(self, pictures: Sequence[Picture], target: int) -> Floats:
        """How far a class leads: its logit minus the best other logit, one number per picture."""
        logits = self.logits(pictures)
        margin: Floats = logits[:, target] - np.delete(logits, target, axis=1).max(axis=1)
        return margin

    def decide(self, probabilities: Floats) -> NDArray[np.int64]:
        """Probabilities ``image class`` -> class number; at the threshold for two classes, the largest otherwise."""
        if self.threshold is None or self.positive is None:
            return np.asarray(probabilities.argmax(axis=1))
        positive = self.classes.index(self.positive)
        return np.where(probabilities[:, positive] >= self.threshold, positive, 1 - positive)

    def save(self, folder: Path) -> Path:
        """Writes the model folder; the golden file comes last, so a folder that has it is whole."""
        arrays = {f"{n}.{name}": array for n, part in enumerate(self.parts) for name, array in part.arrays().items()}
        weights = pack_arrays(arrays)
        described = {
            "format": FORMAT,
            "kind": "wetread classifier",
            "use": "Research and teaching only. Not a medical device.",
            "classes": list(self.classes),
            "positive": self.positive,
            "rung": self.rung,
            "network": self.network,
            "parts": len(self.parts),
            "view": {"values": str(self.view), "frame": self.view.frame},
            "preprocess": self.preprocess.as_dict() if self.preprocess else None,
            "temperature": self.temperature,
            "threshold": self.threshold,
            "weights": {"file": "weights.safetensors", "sha256": hashlib.sha256(weights).hexdigest()},
            "facts": self.facts,
        }
        atomic_write(folder / "weights.safetensors", weights)
        description = json.dumps(described, indent=2, ensure_ascii=False) + "\n"
        atomic_write(folder / "model.json", description)
        golden = {
            "about": "Synthetic pictures by number (see golden_pictures) and the probabilities this model gives them.",
            "probabilities": self.probabilities(golden_pictures()).round(6).tolist(),
            "model.json": {"sha256": hashlib.sha256(description.encode()).hexdigest()},
        }
        atomic_write(folder / "golden.json", json.dumps(golden, indent=2) + "\n")
        return folder


def load_classifier(folder: Path) -> Classifier:
    """Loads a model folder; the only way in.

    Args:
        folder: As written by `Classifier.save`, or a run folder that holds one as ``model``.

    Returns:
        The classifier, which gives its golden pictures the stored probabilities.

    Raises:
        ModelRejected: Something is missing, altered, or from a later version.
    """
    folder = folder / "model" if (folder / "model" / "model.json").is_file() else folder
    stored = _read_json(folder, "model.json")
    if stored.get("format") != FORMAT:
        raise _rejected(
            folder, "model.json", "was written by another version", "Install the version of wetread that made it."
        )
    weights = _read_bytes(folder, "weights.safetensors", MAX_WEIGHTS)
    try:
        if hashlib.sha256(weights).hexdigest() != stored["weights"]["sha256"]:
            raise _rejected(folder, "weights.safetensors", "does not match its checksum")
        arrays = unpack_arrays(weights)
        preprocess = Preprocess.from_dict(stored["preprocess"]) if stored["preprocess"] else None
        classes = tuple(str(name) for name in stored["classes"])
        parts = [
            _make_part(stored, preprocess, len(classes), _select(arrays, f"{number}."))
            for number in range(int(stored["parts"]))
        ]
        classifier = Classifier(
            classes=classes,
            positive=stored["positive"],
            rung=str(stored["rung"]),
            parts=parts,
            temperature=float(stored["temperature"]),
            threshold=None if stored["threshold"] is None else float(stored["threshold"]),
            network=str(stored["network"]),
            preprocess=preprocess,
            view=_read_view(stored),
            facts=dict(stored["facts"]),
        )
        golden = _read_json(folder, "golden.json")
        described = _read_bytes(folder, "model.json", MAX_JSON)
        if hashlib.sha256(described).hexdigest() != golden["model.json"]["sha256"]:
            # Two class names changed round would turn every answer into its opposite, and nothing else would show it.
            raise _rejected(folder, "model.json", "does not match its checksum")
        expected = np.array(golden["probabilities"])
        replayed = classifier.probabilities(golden_pictures())
    except (KeyError, TypeError, ValueError, RuntimeError, IndexError, AttributeError, InputError) as error:
        if isinstance(error, ModelRejected):
            raise
        raise _rejected(folder, "model.json", "does not describe its weights") from error
    # 1e-3: processors with other vector units add in another order.
    if expected.shape != replayed.shape or not np.allclose(expected, replayed, atol=1e-3):
        raise _rejected(folder, "golden.json", "does not agree with what the model computes here")
    return classifier


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


def _make_part(
    stored: dict[str, Any], preprocess: Preprocess | None, classes: int, arrays: dict[str, NDArray[Any]]
) -> Part:
    if stored["rung"] == "classical":
        return LinearPart.from_arrays(arrays)
    # Torch is loaded only for a model that needs it.
    from wetread.model.network import NetworkPart

    if preprocess is None:
        raise ValueError("a network needs its preprocessing")
    return NetworkPart.from_arrays(str(stored["network"]), preprocess, classes, arrays)


def _read_view(stored: dict[str, Any]) -> View:
    """Models of 0.1 say nothing of it: their pictures were shown as each file says."""
    view = stored.get("view") or {"values": "file", "frame": "middle"}
    return View.parse(str(view["values"]), frame=str(view["frame"]))


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
