"""Maps of real pictures, layer by layer: where each channel answers, at the resolution that the layer has."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from wetread.explanation.subject import Branch
from wetread.insight.layers import Layer, look_at_all
from wetread.shapes import Floats, Ints, Picture

#: Pictures at once.
BATCH = 8


@dataclass(frozen=True)
class LayerMaps:
    """The strongest channels of one layer for one picture.

    Attributes:
        layer: Its name.
        numbers: Of the channels, strongest first: those whose map varies most from place to place, in units of how much
            the channel usually varies where several pictures were given.
        values: ``channel row column``, signed.
        scale: Activation that gets the full colour, the same for all maps of the layer.
    """

    layer: str
    numbers: Ints
    values: Floats
    scale: float


def average_activations(branch: Branch, layers: Sequence[Layer], pictures: Sequence[Picture]) -> list[Floats]:
    """Mean of each channel's map per layer, each ``image channel``."""
    found: list[list[Floats]] = [[] for _ in layers]
    for start in range(0, len(pictures), BATCH):
        maps = look_at_all(branch.body, layers, branch.batch(pictures[start : start + BATCH]))
        for number, one in enumerate(maps):
            found[number].append(one.mean(dim=(2, 3)).double().cpu().numpy())
    return [np.concatenate(one) for one in found]


def strongest_maps(
    branch: Branch, layers: Sequence[Layer], pictures: Sequence[Picture], most: int
) -> list[list[LayerMaps]]:
    """The strongest maps of each picture in each layer; a layer of units gives one row of all its units.

    Args:
        branch: Whose network.
        layers: Of it.
        pictures: A few.
        most: Channels per layer and picture.

    Returns:
        Per picture, per layer.
    """
    every = [one.double().cpu().numpy() for one in look_at_all(branch.body, layers, branch.batch(pictures))]
    return [
        [_strongest(layer, maps, row, most) for layer, maps in zip(layers, every, strict=True)]
        for row in range(len(pictures))
    ]


def _strongest(layer: Layer, maps: Floats, row: int, most: int) -> LayerMaps:
    # The rare strong values would dim all the others.
    scale = max(float(np.quantile(np.abs(maps), 0.998)), 1e-9)
    if not layer.keeps_places:
        return LayerMaps(layer.name, np.arange(1), _in_rows(maps[row, :, 0, 0])[None], scale)
    varies = maps.std(axis=(2, 3))
    usual = varies.mean(axis=0) + 0.05 * varies.mean() + 1e-12
    strength = varies[row] / usual if len(maps) > 1 else varies[row]
    # A channel that hardly answers anywhere may still answer twice as much as usual.
    strength = np.where(varies[row] >= 0.5 * varies.mean(), strength * np.sqrt(varies[row]), 0.0)
    chosen = np.argsort(-strength, kind="stable")[:most]
    return LayerMaps(layer.name, chosen, maps[row, chosen], scale)


def _in_rows(units: Floats, columns: int = 16) -> Floats:
    """Units side by side, sixteen in a row."""
    columns = min(columns, len(units))
    rows = -(-len(units) // columns)
    padded = np.zeros(rows * columns)
    padded[: len(units)] = units
    return padded.reshape(rows, columns)
