"""The first filters of a network: what it multiplies each patch of pixels with, and which frequencies they pass."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from torch import nn

from wetread.shapes import Floats, Ints

#: Rows and columns of a frequency response.
RESPONSE = 32
#: Most filters shown.
MOST = 64


@dataclass(frozen=True)
class Filters:
    """First filters, strongest first.

    Attributes:
        numbers: Of the filters in their layer.
        weights: ``filter colour row column``, signed; of a dense network the weights of a unit at each pixel.
        responses: ``filter row column``: strength of the answer to waves, no wave in the middle, the finest that
            pixels can show at the rims; the colours weigh alike. The strongest is 1.
        total: How many there are.
    """

    numbers: Ints
    weights: Floats
    responses: Floats
    total: int

    @property
    def scale(self) -> float:
        """The common scale of all of them: their largest absolute weight."""
        return max(float(np.abs(self.weights).max(initial=0.0)), 1e-12)


def first_filters(body: Any, channels: int, side: int, most: int = MOST) -> Filters | None:
    """Reads the first convolution of a network, or the first dense layer where it looks at pixels.

    Args:
        body: Of a `Network`.
        channels: Of its input.
        side: Rows and columns of its input.
        most: How many filters at most; those with the largest weights.

    Returns:
        None where there is no such layer.
    """
    weights = _first_weights(body, channels, side)
    if weights is None:
        return None
    strengths = np.sqrt((weights**2).sum(axis=(1, 2, 3)))
    chosen = np.argsort(-strengths, kind="stable")[:most]
    responses = np.stack([frequency_response(one) for one in weights[chosen]])
    responses /= max(float(responses.max()), 1e-12)
    return Filters(chosen, weights[chosen], responses, len(weights))


def frequency_response(weights: Floats) -> Floats:
    """How strongly a filter ``colour row column`` answers to each wave, ``row column`` with no wave in the middle."""
    side = max(RESPONSE, *weights.shape[1:])
    spectrum = np.fft.fftshift(np.fft.fft2(weights.sum(axis=0), s=(side, side)))
    strength: Floats = np.abs(spectrum)
    return strength


def _first_weights(body: Any, channels: int, side: int) -> Floats | None:
    for module in body.modules():
        if isinstance(module, nn.Conv2d) and module.in_channels == channels:
            return np.asarray(module.weight.detach().cpu().double().numpy())
        if isinstance(module, nn.Linear):
            if module.in_features != channels * side * side:
                return None
            flat = module.weight.detach().cpu().double().numpy()
            return np.asarray(flat.reshape(-1, channels, side, side))
    return None
