"""The weights of a model of classical features, each at its place: exact, since such a model is a sum of them.

The order of the features is that of `wetread.model.features.classical_features`.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw

from wetread.model.classifier import Classifier
from wetread.model.features import BLOCK, CELL, LBP_GRID, ORIENTATIONS, SIDE, THUMBNAIL
from wetread.model.linear import LinearPart
from wetread.shapes import Floats

CELLS = SIDE // CELL
GROUPS = {
    "gradients": (CELLS - BLOCK + 1) ** 2 * BLOCK**2 * ORIENTATIONS,
    "textures": LBP_GRID**2 * 10,
    "grey levels": 32,
    "thumbnail": THUMBNAIL**2,
    "colours": 2 * THUMBNAIL**2 + 64,
}


@dataclass(frozen=True)
class Template:
    """What a class looks for, in what a classical model sees; all in logits per standard deviation of a feature.

    Attributes:
        target: The class.
        brightness: ``row column``: positive where brighter than usual speaks for the class.
        edges: ``row column orientation``: positive where edges of that orientation do. An edge of orientation k runs at
            right angles to the gradient of k times 20 degrees.
        textures: ``row column pattern``.
        levels: Of 32 grey levels from black to white: positive where more pixels of that grey do.
        shares: Group of features -> its part of the sum of squared weights.
    """

    target: str
    brightness: Floats
    edges: Floats
    textures: Floats
    levels: Floats
    shares: dict[str, float]


def class_templates(classifier: Classifier) -> list[Template]:
    """A template for each class, from all its linear parts that see classical features, weighed by their shares.

    Of two classes it is for the margin over the other; of more, over the mean of the others; of several findings for
    the finding's own logit.

    Returns:
        Empty where no part sees classical features.
    """
    shares = classifier.shares or (1 / len(classifier.parts),) * len(classifier.parts)
    count = sum(GROUPS.values())
    weights = np.zeros((count, len(classifier.classes)))
    found = False
    for part, share in zip(classifier.parts, shares, strict=True):
        if isinstance(part, LinearPart) and part.sees in ("classical", "combined"):
            varies = (part.scale[:count] > 0)[:, None]
            weights += np.asarray(share) * part.weights[:count] * varies
            found = True
    if not found:
        return []
    weights = weights / np.asarray(classifier.temperature)
    if classifier.task != "multilabel":
        others = (weights.sum(axis=1, keepdims=True) - weights) / (len(classifier.classes) - 1)
        weights = weights - others
    return [_template(name, weights[:, number]) for number, name in enumerate(classifier.classes)]


def _template(target: str, weights: Floats) -> Template:
    parts = dict(zip(GROUPS, np.split(weights, np.cumsum(list(GROUPS.values()))[:-1]), strict=True))
    total = max(float((weights**2).sum()), 1e-300)
    return Template(
        target,
        parts["thumbnail"].reshape(THUMBNAIL, THUMBNAIL),
        _by_cell(parts["gradients"]),
        parts["textures"].reshape(LBP_GRID, LBP_GRID, 10),
        parts["grey levels"],
        {name: float((one**2).sum() / total) for name, one in parts.items()},
    )


def _by_cell(gradients: Floats) -> Floats:
    """Weights of overlapping blocks -> ``cell row, cell column, orientation``: a cell adds up its blocks."""
    blocks = CELLS - BLOCK + 1
    weights = gradients.reshape(blocks, blocks, BLOCK, BLOCK, ORIENTATIONS)
    cells = np.zeros((CELLS, CELLS, ORIENTATIONS))
    for down in range(BLOCK):
        for right in range(BLOCK):
            cells[down : down + blocks, right : right + blocks] += weights[:, :, down, right]
    return cells


def draw_edges(edges: Floats, scale: float, cell: int = 36) -> NDArray[np.uint8]:
    """Strokes along the edges that a class looks for (orange) or that speak against it (blue), on dark ground.

    Args:
        edges: ``row column orientation``.
        scale: Weight that gets the full length and strength; above 0.
        cell: Pixels of a cell.

    Returns:
        ``row column 3``.
    """
    # Drawn larger and shrunk, so that strokes are smooth.
    size, rows, columns = 2 * cell, edges.shape[0], edges.shape[1]
    image = Image.new("RGB", (columns * size, rows * size), (26, 30, 36))
    pen = ImageDraw.Draw(image)
    order = sorted(np.ndindex(*edges.shape), key=lambda place: abs(edges[place]))
    for row, column, number in order:
        strength = float(np.clip(edges[row, column, number] / scale, -1, 1))
        if abs(strength) < 0.12:
            continue
        # A gradient at this angle is an edge at right angles to it; rows run downwards.
        angle = np.deg2rad((number + 0.5) * 180 / ORIENTATIONS) + np.pi / 2
        reach = 0.46 * size * (0.35 + 0.65 * abs(strength))
        x, y = (column + 0.5) * size, (row + 0.5) * size
        across, down = reach * np.cos(angle), reach * np.sin(angle)
        full = (255, 150, 40) if strength > 0 else (70, 160, 250)
        colour = tuple(round(26 + (one - 26) * abs(strength)) for one in full)
        pen.line((x - across, y - down, x + across, y + down), fill=colour, width=max(2, cell // 9))
    return np.asarray(image.resize((columns * cell, rows * cell), Image.Resampling.LANCZOS))
