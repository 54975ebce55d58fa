"""Small moves, turns and changes of size: what excites a network only in one exact position is noise to us.

Transformation robustness (Olah et al. 2017, 10.23915/distill.00007).
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
import torch.nn.functional as functional
from torch import Tensor

from wetread.shapes import Floats

#: Largest turn, in degrees; largest change of size; largest move, as a part of the side.
TURN, SIZE, MOVE = 5.0, 0.08, 1 / 16


def draw_disturbances(seeds: Sequence[Sequence[int]], steps: int) -> Floats:
    """``image step 4`` in [-1, 1]: turn, size, move down, move right; each picture has draws of its own."""
    return np.stack([np.random.default_rng([*seed, 1]).uniform(-1, 1, (steps, 4)) for seed in seeds])


def disturb(pictures: Tensor, draws: Floats) -> Tensor:
    """Turns, scales and moves each picture; what comes into sight at the rim mirrors the inside.

    Args:
        pictures: ``image colour row column``.
        draws: ``image 4``, one step of `draw_disturbances`.
    """
    angle = np.deg2rad(TURN * draws[:, 0])
    scale = 1 + SIZE * draws[:, 1]
    cosine, sine = scale * np.cos(angle), scale * np.sin(angle)
    # In units of half a side, as affine_grid counts.
    down, right = 2 * MOVE * draws[:, 2], 2 * MOVE * draws[:, 3]
    matrices = np.stack([np.stack([cosine, -sine, right], axis=1), np.stack([sine, cosine, down], axis=1)], axis=1)
    thetas = torch.from_numpy(matrices.astype(np.float32)).to(pictures.device)
    grid = functional.affine_grid(thetas, list(pictures.shape), align_corners=False)
    return functional.grid_sample(pictures, grid, padding_mode="reflection", align_corners=False)
