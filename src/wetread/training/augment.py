"""What may change in a training image, and what may not.

A radiograph is taken a little rotated, nearer or farther, off centre, brighter or darker: so is the copy that the
network sees. It is never mirrored (heart and liver have a side, and so has an effusion) and never turned upside down.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional


@dataclass(frozen=True)
class Augment:
    """Ranges of the changes; each is drawn evenly within plus and minus.

    Attributes:
        rotation: Degrees.
        zoom: Part of the size.
        shift: Part of the side.
        gamma: Exponent, on a log scale.
        contrast: Part of the contrast around mid-grey.
        noise: Standard deviation of added noise, in [0, 1] grey values; drawn between 0 and this.
        mirror: Probability of a left-right flip; 0 for everything with sides.
    """

    rotation: float = 7.0
    zoom: float = 0.10
    shift: float = 0.04
    gamma: float = 0.25
    contrast: float = 0.15
    noise: float = 0.02
    mirror: float = 0.0


def augment(squares: NDArray[np.uint8], numbers: NDArray[np.int64], ranges: Augment, seed: int, epoch: int) -> Tensor:
    """Changes a batch of training pictures.

    The draw depends on (seed, epoch, row number) alone, so it is the same whatever the batch size, the number of
    processes, and wherever an interrupted run is taken up again.

    Args:
        squares: ``image channel row column``, uint8.
        numbers: Row number of each image.
        ranges: How much may change.
        seed: Of the fit.
        epoch: From 0.

    Returns:
        ``image channel row column``, float32 in [0, 1].
    """
    generators = [np.random.Generator(np.random.Philox(key=[seed, (epoch << 32) | int(number)])) for number in numbers]
    draws = np.stack([generator.uniform(-1.0, 1.0, 8) for generator in generators]).astype(np.float32)
    angle = draws[:, 0] * math.radians(ranges.rotation)
    zoom = 1.0 + draws[:, 1] * ranges.zoom
    mirror = np.where((draws[:, 7] + 1) / 2 < ranges.mirror, -1.0, 1.0).astype(np.float32)
    cosine, sine = np.cos(angle) / zoom, np.sin(angle) / zoom
    # A shift of the square by 1 in affine_grid's units is half a side.
    rows = [
        [cosine * mirror, -sine, 2 * ranges.shift * draws[:, 2]],
        [sine * mirror, cosine, 2 * ranges.shift * draws[:, 3]],
    ]
    matrices = torch.from_numpy(np.array(rows, dtype=np.float32).transpose(2, 0, 1).copy())
    pictures = torch.from_numpy(squares).float().div_(255.0)
    grid = functional.affine_grid(matrices, list(pictures.shape), align_corners=False)
    pictures = functional.grid_sample(pictures, grid, padding_mode="border", align_corners=False)
    gamma = torch.from_numpy(np.exp(draws[:, 4] * ranges.gamma))[:, None, None, None]
    contrast = torch.from_numpy(1.0 + draws[:, 5] * ranges.contrast)[:, None, None, None]
    pictures = pictures.clamp_(1e-4, 1.0).pow_(gamma).sub_(0.5).mul_(contrast).add_(0.5)
    if ranges.noise > 0:
        shape = squares.shape[1:]
        # Even noise of unit variance: as good as normal noise here, and six times cheaper to draw.
        noise = np.stack([generator.random(shape, dtype=np.float32) for generator in generators])
        noise = (noise - 0.5) * math.sqrt(12)
        strength = torch.from_numpy((draws[:, 6] + 1) / 2 * ranges.noise)[:, None, None, None]
        pictures = pictures.add_(torch.from_numpy(noise).mul_(strength))
    return pictures.clamp_(0.0, 1.0)
