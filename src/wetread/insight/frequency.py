"""Pictures from their spectrum.

Gradient ascent on pixels finds high frequencies that no picture has. On the spectrum, each frequency scaled by 1/f as
in natural pictures, the same step changes coarse and fine shapes alike (Olah, Mordvintsev & Schubert 2017,
10.23915/distill.00007). Three colours are written as brightness and two opponent colours, which in natural pictures
hardly depend on each other and vary much less (Ruderman, Cronin & Chiao 1998, 10.1364/JOSAA.15.002036).
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor

#: Brightness, red against green, blue against yellow: rows are axes of unit length in (red, green, blue).
_AXES = ((3**-0.5, 3**-0.5, 3**-0.5), (2**-0.5, -(2**-0.5), 0.0), (-(6**-0.5), -(6**-0.5), 2 * 6**-0.5))
#: How much each axis varies beside brightness.
_DEVIATIONS = (1.0, 0.3, 0.2)


def draw_spectra(seeds: Sequence[Sequence[int]], colours: int, side: int) -> Tensor:
    """Random spectra, ``image colour row column 2``, one per seed; each gives pictures of full contrast.

    Args:
        seeds: Whole numbers for each picture; what else is drawn does not matter.
        colours: 1 or 3.
        side: Rows and columns of the pictures.
    """
    shape = (colours, side, side // 2 + 1, 2)
    drawn = [np.random.default_rng(list(seed)).standard_normal(shape, dtype=np.float32) for seed in seeds]
    return torch.from_numpy(np.stack(drawn))


def to_pictures(spectra: Tensor, side: int) -> Tensor:
    """Spectra -> pictures ``image colour row column`` in [0, 1]; a spectrum of zeros is the grey in the middle."""
    scaled = torch.view_as_complex(spectra.contiguous()) * _falling(side).to(spectra.device)
    waves = torch.fft.irfft2(scaled, s=(side, side), norm="ortho")
    if waves.shape[1] == 3:
        waves = torch.einsum("irxy,rc->icxy", waves, _mixing().to(waves.device))
    return torch.sigmoid(waves)


def _falling(side: int) -> Tensor:
    """1/f for each frequency ``row column``, such that normal draws give waves of deviation 1."""
    down = torch.fft.fftfreq(side)[:, None]
    right = torch.fft.rfftfreq(side)[None, :]
    # The mean brightness is no frequency; it moves like the slowest wave.
    scale = 1 / torch.clamp(torch.sqrt(down**2 + right**2), min=1 / side)
    # All columns but the first, and the last of an even side, stand for two frequencies: right and left.
    twice = torch.full((side // 2 + 1,), 2.0)
    twice[0] = 1.0
    if side % 2 == 0:
        twice[-1] = 1.0
    power = (2 * scale**2 * twice).sum() / side**2
    return scale / torch.sqrt(power)


def _mixing() -> Tensor:
    """``axis colour``: opponent axes -> red, green, blue, such that grey keeps its deviation."""
    return torch.tensor(_AXES) * torch.tensor(_DEVIATIONS)[:, None] * 3**0.5
