"""Fits the probes: training pictures against their own changed copies, judged on patients that were not seen."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from wetread.metrics.conformal import rank_needed
from wetread.metrics.discrimination import auroc
from wetread.model.inputs import Inputs
from wetread.model.refusal_probes import NOTE_ONLY, Probe
from wetread.model.refusal_sights import WAY_UP, see_for_probes, sharpest, sight_of
from wetread.shapes import Bools, Floats, Ints
from wetread.training.refusal_packs import CHANGES
from wetread.training.refusal_space import parts_by_group

if TYPE_CHECKING:
    from wetread.model.backbone import Backbone

#: Pictures that are copied for the probes at most: each costs five copies, looked at. Of brains upside down 84 in 100
#: were refused with 120 and 97 with 264.
MOST_COPIED = 300
#: Above this many weights a backbone is too slow to embed hundreds of changed copies: the probes do without it.
MOST_WEIGHTS = 10_000_000
#: Below this a probe would cost false alarms and find little; the training pictures hold that change themselves.
FEWEST_AUROC = 0.95
#: Strength of the penalty, as a part of the mean square length of the features.
_PENALTY = 0.1


@dataclass(frozen=True)
class Copies:
    """Some pictures of a data set, changed in each way.

    Attributes:
        rows: Their row numbers, ascending.
        inputs: Change -> the changed pictures, with what is computed of them.
        features: Change -> what the probes see of the copies, block by block.
        sees: What the probes look at: way up, places, frozen or classical.
    """

    rows: Ints
    inputs: dict[str, Inputs]
    features: dict[str, dict[str, NDArray[np.float32]]]
    sees: str


def probes_see(backbone: Backbone | None) -> str:
    """What the probes look at: ``frozen`` where there is a backbone light enough, else ``classical``."""
    if backbone is None:
        return "classical"
    weights = sum(array.size for array in backbone.arrays().values())
    return "frozen" if weights <= MOST_WEIGHTS else "classical"


def make_copies(data: Inputs, sees: str, seed: int, *, most: int = MOST_COPIED) -> Copies:
    """Changes pictures in each way, and measures the copies.

    Args:
        data: All pictures of the data set.
        sees: What probes may look at: frozen or classical. Of a frozen backbone that keeps places, these are taken.
        seed: Of which are copied.
        most: Pictures copied at most.
    """
    sees = sharpest(data, sees)
    rows = np.sort(np.random.default_rng(seed).permutation(len(data))[:most])
    inputs = {
        name: Inputs([change(data.pictures[row]) for row in rows], data.backbone) for name, change in CHANGES.items()
    }
    features = {}
    for name, one in inputs.items():
        if sight_of(sees, name) == WAY_UP:
            # Upside down, the difference to itself turns its sign: no further look.
            features[name] = {block: -found[rows] for block, found in see_for_probes(data, WAY_UP).items()}
        else:
            features[name] = see_for_probes(one, sight_of(sees, name))
    return Copies(rows, inputs, features, sees)


def fit_probes(copies: Copies, rows: Ints, groups: Ints, seen: Inputs, seed: int) -> tuple[list[Probe], Floats]:
    """One probe for each change that can be told.

    Args:
        copies: Of pictures of the data set.
        rows: Rows that may be learnt from, ascending.
        groups: Patient of each of these, by number.
        seen: These pictures.
        seed: Of the division.

    Returns:
        Probes, those that tell nothing left out; and ``case probe``: how far the answer to each of the rows lies from
        the usual, in standard deviations, by probes that were fitted without its patient.
    """
    part = parts_by_group(groups, seed)
    inside = np.flatnonzero(np.isin(copies.rows, rows))
    position = np.searchsorted(rows, copies.rows[inside])
    fitted = {}
    sights = {name: sight_of(copies.sees, name) for name in copies.features}
    for sight in sorted({*sights.values()}) if len(np.unique(part[position])) > 1 else ():
        blocks = see_for_probes(seen, sight)
        scales = [np.full(block.shape[1], 1 / _spread(block), np.float32) for block in blocks.values()]
        weights = np.concatenate(scales)
        features = np.hstack(list(blocks.values())) * weights
        for name in (one for one in sights if sights[one] == sight):
            copied = np.hstack([copies.features[name][block][inside] for block in blocks]) * weights
            probe, unseen = _fit_probe(name, features, copied, position, part)
            fitted[name] = replace(probe, weights=(probe.weights * weights).astype(np.float32)), unseen
    ordered = [fitted[name] for name in copies.features if name in fitted]
    told = [(probe, answers) for probe, answers in ordered if probe.auroc >= FEWEST_AUROC]
    deviations = [probe.deviations(answers) for probe, answers in told]
    return [probe for probe, _ in told], np.stack(deviations, axis=1) if told else np.zeros((len(rows), 0))


def _spread(block: NDArray[np.float32]) -> float:
    """Root mean square distance of the rows from their mean: by it, each block counts alike."""
    return max(float(np.sqrt(((block - block.mean(axis=0)) ** 2).sum(axis=1).mean())), 1e-3)


def _fit_probe(name: str, features: Floats, changed: Floats, position: Ints, part: Ints) -> tuple[Probe, Floats]:
    """Ridge regression of 0 (picture) and 1 (copy), by the smaller system of equations: one for each picture.

    Returns:
        The probe, and its answer to each row of `features` without the part that the row is in.
    """
    count = len(position)
    taught = np.vstack([features[position], changed])
    centre = taught.mean(axis=0)
    taught = taught - centre
    products, side = (taught @ taught.T).astype(np.float64), np.repeat([-0.5, 0.5], count)
    penalty = _PENALTY * np.trace(products) / len(products) + 1e-9

    def weigh(chosen: Bools) -> Floats:
        system = products[np.ix_(chosen, chosen)] + penalty * np.eye(int(chosen.sum()))
        shares = np.linalg.solve(system, side[chosen]).astype(np.float32)
        weights: Floats = (shares @ taught[chosen]).astype(np.float64)
        return weights

    unseen, of_copies = np.zeros(len(features)), np.zeros(count)
    own = np.tile(part[position], 2)
    for number in range(part.max() + 1):
        # A part of which nothing was copied is judged by all that was taught.
        weights, held = weigh(own != number), part == number
        unseen[held] = features[held] @ weights - centre @ weights + 0.5
        held_copies = part[position] == number
        of_copies[held_copies] = taught[count:][held_copies] @ weights + 0.5
    weights = weigh(np.ones(2 * count, dtype=bool))
    answers = np.concatenate([unseen[position], of_copies])
    probe = Probe(
        name,
        weights.astype(np.float32),
        float(0.5 - centre @ weights),
        auroc(side > 0, answers) or 0.5,
        float(unseen.mean()),
        max(float(unseen.std()), 1e-3),
        (float(of_copies.mean()), max(float(of_copies.std()), 1e-3)),
        float(np.sort(unseen)[min(len(unseen), rank_needed(len(unseen), 0.01)) - 1]),
    )
    return probe, unseen


def refusing(probes: Sequence[Probe]) -> list[int]:
    """Which of the probes refuse; the mirrored one is a note."""
    return [number for number, probe in enumerate(probes) if probe.name != NOTE_ONLY]
