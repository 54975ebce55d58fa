"""`Refusal`: what knows a picture that is none of a model's kind. Distances, probes, what the header says; and sets.

It answers ``in``, ``edge`` or ``out``. Softmax confidence cannot do that: on a photograph it is often at its highest
(docs/refusal.md). Out means no label, no probability and no heatmap, but the nearest training cases, by row number
only: an exported model tells nobody which pictures those were.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from wetread.images.facts import ImageFacts
from wetread.metrics.conformal import prediction_sets
from wetread.model.inputs import Inputs
from wetread.model.refusal_probes import NOTE_ONLY, SAID, Probe
from wetread.model.refusal_sights import (
    PLACED,
    PROBED,
    UPSIDE_DOWN,
    WAY_UP,
    colour_shares,
    kind_of,
    see,
    see_for_probes,
    sight_of,
)
from wetread.model.refusal_space import Cloud, Space, in_parts
from wetread.shapes import Floats

#: What distances may be taken in.
SEEN = ("frozen", "classical")
IN, EDGE, OUT = "in", "edge", "out"
UNLIKE = "unlike the training pictures"

#: One for each class, or for each of several findings those of absent and present.
Quantiles = tuple[float | None, ...] | tuple[tuple[float | None, float | None], ...]


@dataclass(frozen=True)
class Answer:
    """What is said of one picture.

    Attributes:
        status: in, edge or out.
        score: Share of the training pictures that lie less far out than this one, each judged without its own patient.
        reason: Why it is out, or on the edge, in plain words; empty for ``in``.
        nearest: Row numbers of the nearest training cases, nearest first.
        note: What should be looked at although it refuses nothing: "looks mirrored left to right".
    """

    status: str
    score: float
    reason: str
    nearest: tuple[int, ...]
    note: str = ""


@dataclass
class Refusal:
    """Fitted on the training pictures of a model, and saved with it.

    Attributes:
        sees: What distances are taken in: ``frozen`` (the embedding of the model's backbone) or ``classical``.
        probes_see: What the probes look at: ``way up`` (maps of the backbone, and for pictures upside down how they
            differ from themselves turned), ``places`` (maps alone), ``frozen`` or ``classical``.
        space: The training pictures.
        probes: Of changes that the training pictures do not hold.
        edge: Where the edge begins, for each distance and each refusing probe, in standard deviations.
        out: Where it ends.
        levels: How far out training pictures lie, ascending: the largest of their deviations minus `out`.
        colour: A picture with a larger coloured part is out; None where training pictures are coloured.
        kinds: Kinds of pictures by DICOM Modality, where every training file names one; else empty.
        quantiles: Of the sets that hold the true class; empty where there are none.
        facts: Rates and counts, for reading.
    """

    sees: str
    probes_see: str
    space: Space
    probes: tuple[Probe, ...]
    edge: Floats
    out: Floats
    levels: Floats
    colour: float | None = None
    kinds: tuple[str, ...] = ()
    quantiles: Quantiles = ()
    facts: dict[str, Any] = field(default_factory=dict)

    def answers(self, inputs: Inputs, headers: Sequence[ImageFacts | None] = ()) -> list[Answer]:
        """Judges pictures.

        Args:
            inputs: The pictures, with the backbone of the model where this refusal looks through it.
            headers: What their files say; empty, or one for each picture.
        """
        if not len(inputs):
            return []
        deviations, nearest, spoken = self._judge(inputs)
        beyond = deviations - self.out
        farthest = beyond.max(axis=1)
        scores = np.searchsorted(self.levels, farthest) / len(self.levels)
        colours = colour_shares(inputs.pictures)
        answers = []
        for number in range(len(inputs)):
            rule = self._break(colours[number], headers[number] if len(headers) else None)
            status = OUT if rule or farthest[number] > 0 else IN
            if status == IN and (deviations[number] > self.edge).any():
                status = EDGE
            said = rule or self._say(deviations[number] - (self.out if status == OUT else self.edge), spoken[number])
            note = SAID[NOTE_ONLY] if NOTE_ONLY in spoken[number] and status != OUT else ""
            answers.append(
                Answer(
                    status,
                    1.0 if rule else round(float(scores[number]), 4),
                    "" if status == IN else said,
                    tuple(int(row) for row in nearest[number]),
                    note,
                )
            )
        return answers

    def deviations(self, inputs: Inputs) -> Floats:
        """``image score``: how far pictures lie out by each distance and each refusing probe."""
        return self._judge(inputs)[0]

    @property
    def names(self) -> tuple[str, ...]:
        """What each number of `edge` and `out` belongs to."""
        return (*self.space.names, *(probe.name for probe in self.probes if probe.name != NOTE_ONLY))

    def sets(self, probabilities: Floats) -> list[tuple[int, ...]] | None:
        """Probabilities -> classes that each picture may belong to; for several findings those that are unsure.

        None where no set can be promised: a class has too few cases.
        """
        if not self.quantiles:
            return None
        if isinstance(self.quantiles[0], tuple):
            pairs = [one for one in self.quantiles if isinstance(one, tuple)]
            chosen = [
                prediction_sets(np.stack([1 - column, column], axis=1), pair).sum(axis=1) != 1
                if None not in pair
                else np.zeros(len(column), dtype=bool)
                for column, pair in zip(probabilities.T, pairs, strict=True)
            ]
            table = np.stack(chosen, axis=1)
        else:
            single = [one for one in self.quantiles if not isinstance(one, tuple)]
            if None in single:
                return None
            table = prediction_sets(probabilities, single)
        return [tuple(int(number) for number in np.flatnonzero(row)) for row in table]

    def _judge(self, inputs: Inputs) -> tuple[Floats, Any, list[list[str]]]:
        """Deviations ``image score``, nearest cases, and for each picture the changes whose copies it looks like."""
        deviations, nearest = in_parts(self.space, see(inputs, self.sees))
        spoken: list[list[str]] = [[] for _ in range(len(inputs))]
        if self.probes:
            sights = {probe.name: sight_of(self.probes_see, probe.name) for probe in self.probes}
            seen = {sight: np.hstack(list(see_for_probes(inputs, sight).values())) for sight in {*sights.values()}}
            for probe in self.probes:
                answers = probe.answers(seen[sights[probe.name]])
                for number in np.flatnonzero(probe.like_copies(answers)):
                    spoken[number].append(probe.name)
                if probe.name != NOTE_ONLY:
                    deviations = np.column_stack([deviations, probe.deviations(answers)])
        return deviations, nearest, spoken

    def _say(self, beyond: Floats, spoken: list[str]) -> str:
        """The change that fits best, if its copies get such an answer; a thing of another kind is only unlike."""
        first = len(self.space.names)
        changes = {name: beyond[first + number] for number, name in enumerate(self.names[first:]) if name in spoken}
        likely = [name for name, distance in changes.items() if distance > 0]
        return SAID[max(likely, key=lambda name: changes[name])] if likely else UNLIKE

    def _break(self, colour: float, header: ImageFacts | None) -> str:
        """The rule that a picture breaks, in words."""
        kind = kind_of(header.modality) if header is not None else ""
        if self.kinds and kind and kind not in self.kinds:
            return f"another kind of picture: {kind}, not {' or '.join(self.kinds)}"
        if self.colour is not None and colour > self.colour:
            return "colour photograph, or another picture in colour; the training pictures are grey"
        return ""

    # On disk --------------------------------------------------------------------------------------------------------

    def described(self) -> dict[str, Any]:
        """What a person may read of it, in types that JSON knows."""
        return {
            "kind": "refusal",
            "sees": self.sees,
            "probes_see": self.probes_see,
            "blocks": list(self.space.references),
            "thresholds": [
                {"name": name, "edge": round(float(edge), 4), "out": round(float(out), 4)}
                for name, edge, out in zip(self.names, self.edge, self.out, strict=True)
            ],
            "probes": [
                {"name": probe.name, "auroc": round(probe.auroc, 4), "refuses": probe.name != NOTE_ONLY}
                for probe in self.probes
            ],
            "colour": self.colour,
            "kinds": list(self.kinds),
            "quantiles": [list(one) if isinstance(one, tuple) else one for one in self.quantiles],
            "facts": self.facts,
        }

    def arrays(self) -> dict[str, NDArray[Any]]:
        """Everything else by name. Features of training pictures are stored in 16 bits, and without their names."""
        space, cloud = self.space, self.space.cloud
        arrays: dict[str, NDArray[Any]] = {
            f"case.{name}": block.astype(np.float16) for name, block in space.references.items()
        }
        arrays |= {
            "rows": np.asarray(space.rows, dtype=np.int64),
            "centre": np.asarray(space.centre, dtype=np.float64),
            "scale": np.asarray(space.scale, dtype=np.float64),
            "cloud.centre": cloud.centre,
            "cloud.directions": cloud.directions,
            "cloud.precision": cloud.precision,
            "edge": np.asarray(self.edge, dtype=np.float64),
            "out": np.asarray(self.out, dtype=np.float64),
            "levels": np.asarray(self.levels, dtype=np.float64),
        }
        for probe in self.probes:
            arrays[f"probe.{probe.name}.weights"] = probe.weights
            numbers = (probe.offset, probe.auroc, probe.centre, probe.scale, *probe.copies, probe.limit)
            arrays[f"probe.{probe.name}.numbers"] = np.array(numbers)
        return arrays

    @staticmethod
    def from_arrays(described: Mapping[str, Any], arrays: Mapping[str, NDArray[Any]]) -> Refusal:
        """Rebuilds it from what `described` and `arrays` gave.

        Raises:
            KeyError, TypeError, ValueError: Something is missing, has another shape, or is no number.
        """
        if any(not np.isfinite(array).all() for array in arrays.values()):
            raise ValueError("a number of the refusal is not finite")
        if described["sees"] not in SEEN or described["probes_see"] not in {*SEEN, *PLACED}:
            raise ValueError("sees nothing that is known")
        references = {str(name): arrays[f"case.{name}"].astype(np.float32) for name in described["blocks"]}
        cloud = Cloud(arrays["cloud.centre"], arrays["cloud.directions"], arrays["cloud.precision"])
        space = Space(references, arrays["rows"], cloud, arrays["centre"], arrays["scale"])
        refusal = Refusal(
            str(described["sees"]),
            str(described["probes_see"]),
            space,
            tuple(_read_probe(str(one["name"]), arrays) for one in described["probes"]),
            arrays["edge"],
            arrays["out"],
            arrays["levels"],
            None if described["colour"] is None else float(described["colour"]),
            tuple(str(kind) for kind in described["kinds"]),
            _read_quantiles(described["quantiles"]),
            dict(described["facts"]),
        )
        _check_shapes(refusal)
        return refusal


def _read_probe(name: str, arrays: Mapping[str, NDArray[Any]]) -> Probe:
    if name not in SAID:
        raise ValueError("a probe of something unknown")
    offset, auroc, centre, scale, mean, deviation, limit = (float(one) for one in arrays[f"probe.{name}.numbers"])
    return Probe(name, arrays[f"probe.{name}.weights"], offset, auroc, centre, scale, (mean, deviation), limit)


def _read_quantiles(stored: Sequence[Any]) -> Quantiles:
    def one(value: Any) -> float | None:
        return None if value is None else float(value)

    if any(isinstance(value, list) for value in stored):
        return tuple((one(absent), one(present)) for absent, present in stored)
    return tuple(one(value) for value in stored)


def _check_shapes(refusal: Refusal) -> None:
    """The arrays fit together; else a picture would be judged by numbers that belong to something else."""
    space, cases = refusal.space, len(refusal.space.rows)
    if cases == 0 or any(block.ndim != 2 or len(block) != cases for block in space.references.values()):
        raise ValueError("the cases of the refusal do not fit together")
    widths = {name: block.shape[1] for name, block in space.references.items()}
    length, count = sum(widths.values()), len(refusal.names)
    apart = UPSIDE_DOWN if refusal.probes_see == WAY_UP else ""
    lengths = {probe.weights.shape for probe in refusal.probes if probe.name != apart}
    probed = (PROBED + (widths.get("embedding", 0) if refusal.probes_see == "frozen" else 0),)
    fits = (
        space.cloud.centre.shape == (length,)
        and space.cloud.directions.shape[1:] == (length,)
        and space.cloud.precision.shape == (len(space.cloud.directions),) * 2
        and space.centre.shape == space.scale.shape == (len(space.names),)
        and refusal.edge.shape == refusal.out.shape == (count,)
        and refusal.levels.ndim == 1
        and len(refusal.levels) > 0
        and (len(lengths) <= 1 if refusal.probes_see in PLACED else lengths <= {probed})
        and all(probe.weights.ndim == 1 for probe in refusal.probes)
    )
    if not fits:
        raise ValueError("the arrays of the refusal do not fit together")
