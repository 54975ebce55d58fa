"""`Heatmap`, and how it is drawn: raw picture underneath, one colour scale for all, native cells visible."""

from __future__ import annotations

import io
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from wetread.shapes import Floats, Picture

#: Heat above 0.6 of the common scale is drawn this opaque; the picture stays visible underneath.
MOST_OPAQUE = 0.68
#: Heat below this part of the common scale is not drawn: nothing is painted where nothing was found.
FAINTEST = 0.08

#: Below this nothing was found, in a cell of 1/16 of the side; finer cells share it.
NOTHING = 1e-6
_CELLS = 256

#: All of a picture: top, left, bottom and right as parts of its sides.
WHOLE = (0.0, 0.0, 1.0, 1.0)

#: Warm colours speak for the class, cold ones against it: orange and blue differ for every kind of colour vision.
_FOR = np.array([(255, 214, 120), (255, 140, 30), (214, 40, 20)], dtype=np.float64)
_AGAINST = np.array([(150, 220, 255), (50, 140, 240), (30, 60, 190)], dtype=np.float64)


@dataclass(frozen=True)
class Heatmap:
    """Where the model looked.

    Attributes:
        values: ``row column``, signed: positive speaks for `target`, in units of the class margin for occlusion, of
            weighted activation for Grad-CAM.
        target: The class that is explained.
        method: One of ``methods.METHODS``.
        settings: How it was made, in words.
        box: Which part of the picture the cells cover: top, left, bottom and right, each in [0, 1].
    """

    values: Floats
    target: str
    method: str
    settings: str
    box: tuple[float, float, float, float] = WHOLE

    @property
    def cells(self) -> str:
        """Native resolution, such as ``6 x 6``."""
        return f"{self.values.shape[1]} x {self.values.shape[0]}"

    @property
    def strongest(self) -> float:
        """Largest absolute value."""
        return float(np.abs(self.values).max(initial=0.0))

    @property
    def is_empty(self) -> bool:
        """True where nothing speaks for or against: such a map is not stretched until it shows something."""
        return self.strongest < _nothing(self)

    def on_grid(self, rows: int, columns: int) -> Floats:
        """The map on a grid over the whole picture: each point takes the cell it lies in, 0 outside the box.

        Args:
            rows: Of the grid.
            columns: Of the grid.
        """
        top, left, bottom, right = self.box
        down = ((np.arange(rows) + 0.5) / rows - top) / (bottom - top) * self.values.shape[0]
        along = ((np.arange(columns) + 0.5) / columns - left) / (right - left) * self.values.shape[1]
        row, column = np.floor(down).astype(int), np.floor(along).astype(int)
        inside = np.outer((row >= 0) & (row < len(self.values)), (column >= 0) & (column < self.values.shape[1]))
        cells = self.values[row.clip(0, len(self.values) - 1)][:, column.clip(0, self.values.shape[1] - 1)]
        return np.where(inside, cells, 0.0)


def draw_over(heatmap: Heatmap, picture: Picture, scale: float) -> NDArray[np.uint8]:
    """Paints a heatmap over its picture.

    The cells are drawn as they are, not smoothed: a 6 x 6 map cannot outline a lesion, and must not look as if it did.

    Args:
        heatmap: Of this picture.
        picture: Grey or colour, any size.
        scale: Heat that gets the full colour, the same for all pictures shown together; above 0.

    Returns:
        ``row column 3``, uint8, of the size of the picture.
    """
    image = Image.fromarray(picture).convert("RGB")
    heat = np.clip(heatmap.on_grid(image.height, image.width) / scale, -1.0, 1.0)[..., None]
    strength = np.abs(heat)
    colour = np.where(heat >= 0, _ramp(_FOR, strength), _ramp(_AGAINST, strength))
    opacity = MOST_OPAQUE * np.clip((strength - FAINTEST) / (0.6 - FAINTEST), 0.0, 1.0)
    blended = np.asarray(image, dtype=np.float64) * (1 - opacity) + colour * opacity
    drawn: NDArray[np.uint8] = blended.round().astype(np.uint8)
    return drawn


def colour_bar(width: int = 240, height: int = 10) -> NDArray[np.uint8]:
    """The common scale, from against (left) over nothing to for (right): ``row column 3``, uint8."""
    heat = np.tile(np.linspace(-1, 1, width), (height, 1))
    return draw_over(Heatmap(heat, "", "", ""), np.full((height, width), 60, dtype=np.uint8), 1.0)


def common_scale(heatmaps: list[Heatmap]) -> float:
    """One scale for maps of one method: the median of their strongest values.

    The strongest map alone would dim all others; each by its own maximum would make nothing look like something.
    """
    if not heatmaps:
        return NOTHING
    return max(float(np.median([heatmap.strongest for heatmap in heatmaps])), *(_nothing(one) for one in heatmaps))


def _nothing(heatmap: Heatmap) -> float:
    """What counts as nothing: pixels share what a coarse cell has alone."""
    return NOTHING * min(1.0, _CELLS / max(heatmap.values.size, 1))


def encode_png(pixels: NDArray[np.uint8]) -> bytes:
    """Pixels -> PNG bytes."""
    buffer = io.BytesIO()
    Image.fromarray(pixels).save(buffer, "PNG", optimize=False)
    return buffer.getvalue()


def _ramp(stops: NDArray[np.float64], where: Floats) -> NDArray[np.float64]:
    position = where[..., 0] * (len(stops) - 1)
    low = np.clip(position.astype(int), 0, len(stops) - 2)
    part = (position - low)[..., None]
    mixed: NDArray[np.float64] = stops[low] * (1 - part) + stops[low + 1] * part
    return mixed
