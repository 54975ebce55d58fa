"""What is measured of a data set, and of this machine, before anything is decided. No torch here.

The same facts stand in fingerprint.json of the run folder, so that a plan can be understood, and judged, later.
"""

from __future__ import annotations

import dataclasses
import json
from dataclasses import dataclass, field
from typing import Any

from wetread.weights.catalogue import name_here


@dataclass(frozen=True)
class KnownWeights:
    """Weights in the weights home, as far as rules need to know them.

    Attributes:
        name: In the weights home.
        network: The timm network they belong to.
        side: Rows and columns of its input, in pixels.
        channels: Of its input.
        megabytes: On disk.
        medical: The modality they were trained on (``radiograph`` ...), or empty for everyday photographs; None where
            nobody says.
        options: What else timm must be told to build the network.
    """

    name: str
    network: str
    side: int
    channels: int
    megabytes: float
    medical: str | None = ""
    options: dict[str, Any] = field(default_factory=dict, hash=False)


@dataclass(frozen=True)
class Fingerprint:
    """What is measured.

    Attributes:
        images: Labelled images in use.
        groups: Patients, or single pictures where patients are not known.
        classes: Names of the classes, or of the findings, in alphabetical order.
        smallest_class: Groups of the rarest class; for findings, of the rarest side of the rarest finding.
        colour: Part of the pictures that are coloured, in [0, 1].
        side: Median of the longer side of the files, in pixels.
        grouping: Where patients are known from; ``none`` where they are not.
        estimate: ``given test`` where a usable one came with the data, else empty.
        split_unused: Why a split that came with the data is not used; empty where it is, or where there is none.
        several: An image can have several findings.
        unknown: Part of the labels that are missing or uncertain, in [0, 1].
        imbalance: Images of the commonest class for each image of the rarest one; of findings, images on the commoner
            side of the most uneven one (with or without it) for each on the other.
        modality: radiograph, ct, mri ... or ``unknown``.
        inverted: Part of the files stored with low values shown bright (MONOCHROME1), in [0, 1].
        laterality: The answer to "does it matter which side is left?": matters, free or unknown.
        copies: Pairs of near-identical pictures that were found.
        weights: What lies in the weights home, by name.
        device: cpu or cuda:N.
        cores: Processor cores.
        memory: GiB in this machine.
        bf16: The device multiplies bfloat16 faster than float32.
        graphs: OpenVINO is installed.
        time_limit: Seconds that the user allows for training; None where the preset says.
        rate: Images per second of a training step of the network that the time limit may rule out; None where that
            was not measured.
    """

    images: int
    groups: int
    classes: tuple[str, ...]
    smallest_class: int
    colour: float
    side: int
    grouping: str
    estimate: str = ""
    several: bool = False
    unknown: float = 0.0
    imbalance: float = 1.0
    modality: str = "unknown"
    inverted: float = 0.0
    laterality: str = "unknown"
    copies: int = 0
    weights: tuple[KnownWeights, ...] = ()
    device: str = "cpu"
    cores: int = 2
    memory: float = 8.0
    bf16: bool = False
    graphs: bool = False
    time_limit: float | None = None
    rate: float | None = None
    split_unused: str = ""

    @property
    def task(self) -> str:
        """binary, multiclass or multilabel."""
        return "multilabel" if self.several else "binary" if len(self.classes) == 2 else "multiclass"

    def find(self, name: str) -> KnownWeights | None:
        """The weights of that name, or from that repository, if they are there."""
        here = name_here(name)
        return next((known for known in self.weights if known.name == here), None)

    def as_json(self) -> str:
        """The text of fingerprint.json."""
        facts: dict[str, Any] = {"task": self.task, **dataclasses.asdict(self)}
        return json.dumps(facts, indent=2, ensure_ascii=False) + "\n"
