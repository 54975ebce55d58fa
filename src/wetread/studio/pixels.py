"""Values of one image for the viewer in the browser, which windows by itself: octets and what they mean.

Grey: little-endian int16, value = stored * slope + intercept. Colour: uint8 RGB as displayed.
"""

from __future__ import annotations

import json
import math
from dataclasses import dataclass, field

import numpy as np

from wetread.images.decoder import Decoder
from wetread.images.source import Source
from wetread.images.values import ValueImage
from wetread.images.view import WINDOWS

#: Longest side in pixels that is sent; larger ones are reduced.
MOST_SIDE = 4096
#: Windows offered for CT, in the order in which a reader goes through them.
CT = ("brain", "subdural", "lung", "bone", "abdomen")


@dataclass(frozen=True)
class Pixels:
    """What is sent: the octets, and headers that say what they mean."""

    body: bytes = field(repr=False)
    headers: dict[str, str]


def read_pixels(decoder: Decoder, source: Source, size: int = 1024) -> Pixels:
    """Reads the values of an image in a child process.

    Args:
        decoder: Decodes in child processes.
        source: The image.
        size: Longest side in pixels, 16..`MOST_SIDE`; larger images are reduced by area averaging.

    Raises:
        ImageRejected: The image cannot be read.
    """
    image = decoder.values(source, max_side=size)
    colour = image.pixels.ndim == 3
    body = np.ascontiguousarray(image.pixels, dtype=np.uint8 if colour else "<i2").tobytes()
    return Pixels(body, pixel_headers(image))


def pixel_headers(image: ValueImage) -> dict[str, str]:
    """The headers that go with the octets."""
    rows, columns = image.pixels.shape[:2]
    return {
        "X-Shape": f"{rows},{columns}",
        "X-Channels": str(3 if image.pixels.ndim == 3 else 1),
        "X-Slope": _number(image.slope),
        "X-Intercept": _number(image.intercept),
        "X-Unit": image.unit,
        "X-Window": ",".join(map(_number, image.window)),
        "X-Invert": str(int(image.inverted)),
        "X-Presets": json.dumps([[name, _short(c), _short(w)] for name, c, w in presets(image)]),
        "X-Original": f"{image.rows},{image.columns}",
    }


def presets(image: ValueImage) -> list[tuple[str, float, float]]:
    """Windows to choose from: those of the header, those of the modality, the whole range. None for colours."""
    if image.pixels.ndim == 3:
        return []
    found = list(image.named) or [("Automatic", *image.window)]
    if image.modality == "CT" and image.unit == "HU":
        found += [(name.capitalize(), *WINDOWS[name]) for name in CT]
    low, high = image.limits
    return [*found, ("Min-max", (low + high) / 2, max(high - low, abs(image.slope)))]


def _number(value: float) -> str:
    return repr(_short(value))


def _short(value: float) -> float:
    """Without the noise of binary fractions; whole numbers as such."""
    rounded = float(f"{value:.10g}") if math.isfinite(value) else 0.0
    return int(rounded) if rounded.is_integer() and abs(rounded) < 1e15 else rounded
