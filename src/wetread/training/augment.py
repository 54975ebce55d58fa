"""What may change in a training image, and what may not.

A radiograph is taken a little rotated, nearer or farther, off centre, brighter or darker: so is the copy that the
network sees. Whether it may be mirrored is a question about the anatomy (heart, liver and an effusion have a side), so
it is off until somebody has answered it; which ranges suit which kind of picture stands in `modality`.

Each picture is read once and resampled once: grey values change by a table of 256 entries while bytes become numbers,
and all that moves is one matrix. Colours change pixel by pixel, and only in pictures that have any.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional

from wetread.training.draws import draw_uniform
from wetread.training.ranges import Augment

__all__ = ["STILL", "Augment", "Changes", "augment", "draw_changes"]

#: What is outside a picture repeats its edge: black corners would tell the network how far it was turned.
FILL = "border"
#: A blur with a smaller variance than this (square pixels) cannot be seen, and is left out.
_LEAST_BLUR = 0.02
#: Variance, in square pixels, that one step of diffusion may add: twice as much would turn an edge into ripples.
_MOST_PER_STEP = 0.5
#: Optical densities are taken of no less light than this, a grey value of 255: black has no density.
_LEAST_LIGHT = 1 / 255
#: Red, green and blue -> luma and two differences of colour (ITU-R BT.601): grey lies on the first axis.
_LUMA = np.array([[0.299, 0.587, 0.114], [-0.147, -0.289, 0.436], [0.615, -0.515, -0.100]])
#: Optical density of red, green and blue for each stain: haematoxylin, eosin, DAB (Ruifrok & Johnston 2001, Anal Quant
#: Cytol Histol 23:291).
STAINS = np.array([[0.65, 0.70, 0.29], [0.07, 0.99, 0.11], [0.27, 0.57, 0.78]])
#: Nothing changes.
STILL = Augment(rotation=0, zoom=0, shift=0, gamma=0, contrast=0, noise=0)


@dataclass(frozen=True)
class Changes:
    """What was drawn for a batch; every array has one entry per image.

    Attributes:
        angle: Degrees.
        zoom: ``image 2``, field of view along column and row, 1 is unchanged: less is nearer.
        shift: ``image 2``, along column and row, part of the side by which the field of view moves.
        shear: Degrees.
        brightness: Added grey.
        gamma: Exponent.
        contrast: Slope at mid-grey, 1 is unchanged.
        noise: Standard deviation.
        noise_place: Where in the store of noise to begin, in [0, 1).
        blur: Standard deviation as part of the side.
        erased: ``image 4``, part of the area, centre along column and row in [0, 1], log of the aspect.
        mirror: Flipped left to right.
        flip: Flipped upside down.
        turns: Quarter turns against the clock, 0 to 3.
        saturation: Factor.
        hue: Degrees, from red towards yellow.
        stain: ``image 2 stain``: factor of the optical density, and density (natural logarithm) that is added.
    """

    angle: NDArray[np.float64]
    zoom: NDArray[np.float64]
    shift: NDArray[np.float64]
    shear: NDArray[np.float64]
    brightness: NDArray[np.float64]
    gamma: NDArray[np.float64]
    contrast: NDArray[np.float64]
    noise: NDArray[np.float64]
    noise_place: NDArray[np.float64]
    blur: NDArray[np.float64]
    erased: NDArray[np.float64]
    mirror: NDArray[np.bool_]
    flip: NDArray[np.bool_]
    turns: NDArray[np.int64]
    saturation: NDArray[np.float64]
    hue: NDArray[np.float64]
    stain: NDArray[np.float64]


def draw_changes(numbers: NDArray[np.int64], ranges: Augment, seed: int, epoch: int) -> Changes:
    """Draws what happens to each image of a batch; depends on (seed, epoch, row number) alone.

    Args:
        numbers: Row number of each image.
        ranges: How much may change.
        seed: Of the fit.
        epoch: From 0.
    """
    chance = draw_uniform(seed, epoch, numbers, 30)
    # A place belongs to a range for good: a range that is switched on or off leaves the others as they were.
    even = 2 * chance - 1
    common = 1 + even[:, 1:2] * ranges.zoom
    turned = chance[:, 15] < ranges.turns
    stain = (even[:, 24:30] * ranges.stain).reshape(-1, 2, 3)
    stain[:, 0] += 1
    return Changes(
        angle=even[:, 0] * ranges.rotation,
        zoom=common * (1 + even[:, 2:4] * ranges.stretch),
        shift=even[:, 4:6] * ranges.shift,
        shear=even[:, 6] * ranges.shear,
        brightness=even[:, 7] * ranges.brightness,
        gamma=np.exp(even[:, 8] * ranges.gamma),
        contrast=1 + even[:, 9] * ranges.contrast,
        noise=chance[:, 10] * ranges.noise,
        noise_place=chance[:, 11],
        blur=chance[:, 12] * ranges.blur,
        erased=np.column_stack([chance[:, 17] * ranges.erasing, chance[:, 18:20], even[:, 20] * math.log(2)]),
        mirror=chance[:, 13] < ranges.mirror,
        flip=chance[:, 14] < ranges.flip,
        turns=np.where(turned, np.floor(4 * chance[:, 16]), 0).astype(np.int64),
        saturation=1 + even[:, 21] * ranges.saturation,
        hue=even[:, 22] * ranges.hue,
        stain=stain,
    )


def augment(
    squares: NDArray[np.uint8],
    numbers: NDArray[np.int64],
    ranges: Augment,
    seed: int,
    epoch: int,
    device: torch.device | str = "cpu",
) -> Tensor:
    """Changes a batch of training pictures.

    The draw depends on (seed, epoch, row number) alone, so it is the same whatever the batch size, the number of
    processes, and wherever an interrupted run is taken up again.

    Args:
        squares: ``image channel row column``, uint8.
        numbers: Row number of each image.
        ranges: How much may change.
        seed: Of the fit.
        epoch: From 0.
        device: Where the pictures are changed; the draw is the same everywhere.

    Returns:
        ``image channel row column``, float32 in [0, 1].
    """
    changes = draw_changes(np.asarray(numbers), ranges, seed, epoch)
    bytes_ = torch.from_numpy(np.ascontiguousarray(squares))
    channels = squares.shape[1]
    grey = _find_grey(bytes_)
    coloured = not bool(grey.all())
    if channels > 1 and not coloured:
        bytes_ = bytes_[:, :1].contiguous()  # three equal channels are changed once
    bytes_ = bytes_.to(device)
    pictures = _shade(bytes_, changes) if ranges.shades else bytes_.float().mul_(1 / 255)
    if ranges.recolours and coloured:
        # As light goes: first what the slide took up, then what the camera makes of it.
        if ranges.stain:
            _restain(pictures, changes.stain, grey)
        if ranges.saturation or ranges.hue:
            _recolour(pictures, changes, grey)
    if ranges.moves:
        grid = _make_grid(_make_matrices(changes), squares.shape[-1]).to(pictures.device)
        pictures = functional.grid_sample(pictures, grid, "bilinear", FILL, align_corners=False)
    elif ranges.mirror or ranges.flip or ranges.turns:
        pictures = _reflect(pictures, changes)
    if ranges.blur:
        _blur(pictures, changes.blur * squares.shape[-1])
    if ranges.erasing:
        _erase(pictures, changes.erased)
    if ranges.noise:
        _add_noise(pictures, changes, grey)
    return pictures.expand(-1, channels, -1, -1).contiguous()


def _find_grey(squares: Tensor) -> Tensor:
    """Which pictures have the same value in all channels."""
    if squares.shape[1] == 1:
        return torch.ones(len(squares), dtype=torch.bool)
    same = [all(torch.equal(picture[0], other) for other in picture[1:]) for picture in squares]
    return torch.tensor(same)


def _shade(squares: Tensor, changes: Changes) -> Tensor:
    """Bytes -> numbers in [0, 1], with gamma, contrast and brightness on the way."""
    values = np.maximum(np.arange(256) / 255.0, 1e-4) ** changes.gamma[:, None]
    # An S through black, mid-grey and white, as the look-up tables of devices have it (VOI LUT function SIGMOID): a
    # straight line would turn air grey and burn bone out, which no device does.
    bend = 2 * (changes.contrast[:, None] - 1)
    table = values + bend * values * (1 - values) * (2 * values - 1) + changes.brightness[:, None]
    tables = torch.from_numpy(table.clip(0.0, 1.0).astype(np.float32)).to(squares.device)
    shaded = torch.empty(squares.shape, dtype=torch.float32, device=squares.device)
    for picture, own, result in zip(squares, tables, shaded, strict=True):
        torch.index_select(own, 0, picture.flatten().int(), out=result.view(-1))
    return shaded


def _restain(pictures: Tensor, stain: NDArray[np.float64], grey: Tensor) -> None:
    """Changes how much of each stain a slide took up (after Tellez 2018, 10.1109/TMI.2018.2820199).

    Grey pictures stay as they are: nobody stained them, and a tint would mark what a device made grey.
    """
    more, added = stain[:, 0] - 1, stain[:, 1]
    # A row says what a unit of density in red, green or blue adds to the three; what is taken off stands last.
    mixes = np.linalg.inv(STAINS) @ (more[:, :, None] * STAINS)
    weights = _as_planes(np.concatenate([mixes, (added[:, None] @ STAINS)], axis=1), pictures)
    for number in np.flatnonzero(~grey.cpu().numpy()):
        picture, (red, green, blue, taken) = pictures[number], weights[number]
        light = picture.clamp(min=_LEAST_LIGHT).log_()
        change = (light[0] * red).addcmul_(light[1], green).addcmul_(light[2], blue).sub_(taken)
        picture.mul_(change.exp_()).clamp_(0.0, 1.0)


def _recolour(pictures: Tensor, changes: Changes, grey: Tensor) -> None:
    """Changes saturation and hue around grey of the same luma.

    A matrix whose rows add up to 1: all it needs to know of a pixel is red and blue less green. These are nought where
    the pixel is grey, so that grey stays grey to the last bit.
    """
    turn, nought = np.radians(changes.hue), np.zeros_like(changes.hue)
    along, across = changes.saturation * np.cos(turn), changes.saturation * np.sin(turn)
    turned = _square([[nought + 1, nought, nought], [nought, along, -across], [nought, across, along]])
    mixes = np.linalg.inv(_LUMA) @ turned @ _LUMA - np.eye(3)
    weights = _as_planes(mixes.transpose(0, 2, 1), pictures)
    for number in np.flatnonzero(~grey.cpu().numpy()):
        picture, (of_red, _, of_blue) = pictures[number], weights[number]
        red, blue = picture[0] - picture[1], picture[2] - picture[1]
        picture.addcmul_(red, of_red).addcmul_(blue, of_blue).clamp_(0.0, 1.0)


def _as_planes(weights: NDArray[np.float64], pictures: Tensor) -> Tensor:
    """``image term channel`` -> ``image term channel 1 1``, to be multiplied by planes of pixels."""
    return torch.from_numpy(weights.astype(np.float32)).to(pictures.device)[..., None, None]


def _make_matrices(changes: Changes) -> NDArray[np.float32]:
    """``image 2 3``: place in the copy -> place in the picture, both from -1 to 1.

    Rotation, shift, shear, zoom in the order of Keras' ImageDataGenerator, so that recipes written for it keep their
    meaning; flips and turns come first.
    """
    angle, lean = np.radians(changes.angle), np.radians(changes.shear)
    one, nought = np.ones_like(angle), np.zeros_like(angle)
    rotate = _square([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    shear = _square([[np.cos(lean), nought], [-np.sin(lean), one]])
    zoom = _square([[changes.zoom[:, 0], nought], [nought, changes.zoom[:, 1]]])
    quarter = np.pi / 2 * changes.turns
    turn = _square([[np.cos(quarter), -np.sin(quarter)], [np.sin(quarter), np.cos(quarter)]]).round()
    signs = [np.where(flag, -1.0, 1.0) for flag in (changes.mirror, changes.flip)]
    reflect = _square([[signs[0], nought], [nought, signs[1]]])
    whole = rotate @ shear @ zoom @ reflect @ turn
    # A shift by the whole side is 2 in these units.
    moved = rotate @ (2 * changes.shift)[:, :, None]
    return np.concatenate([whole, moved], axis=2).astype(np.float32)


def _square(entries: list[list[NDArray[np.float64]]]) -> NDArray[np.float64]:
    return np.array(entries).transpose(2, 0, 1)


def _make_grid(matrices: NDArray[np.float32], side: int) -> Tensor:
    """``image row column 2``, as grid_sample reads it. Sums only: a product of matrices rounds by batch size."""
    place = (2 * torch.arange(side, dtype=torch.float32) + 1) / side - 1
    parts = torch.from_numpy(matrices)
    grid = torch.empty(len(parts), side, side, 2)
    for axis in (0, 1):
        along = parts[:, axis, 0, None] * place + parts[:, axis, 2, None]
        torch.add(along[:, None, :], (parts[:, axis, 1, None] * place)[:, :, None], out=grid[..., axis])
    return grid


def _reflect(pictures: Tensor, changes: Changes) -> Tensor:
    """Flips and turns by moving whole pixels."""
    turned = []
    for picture, mirror, flip, turns in zip(pictures, changes.mirror, changes.flip, changes.turns, strict=True):
        axes = [axis for axis, wanted in ((2, mirror), (1, flip)) if wanted]
        turned.append(picture.flip(axes).rot90(int(turns), (1, 2)))
    return torch.stack(turned)


def _blur(pictures: Tensor, deviations: NDArray[np.float64]) -> None:
    """Blurs each picture by its own standard deviation, in pixels: steps of diffusion, whose variances add up.

    A convolution per picture takes three times as long.
    """
    variances = deviations**2
    for number in np.flatnonzero(variances >= _LEAST_BLUR):
        picture, left = pictures[number], float(variances[number])
        while left > 0:
            flow = min(left, _MOST_PER_STEP) / 2
            for axis in (1, 2):
                steps = picture.diff(dim=axis)
                picture.narrow(axis, 0, steps.shape[axis]).add_(steps, alpha=flow)
                picture.narrow(axis, 1, steps.shape[axis]).sub_(steps, alpha=flow)
            left -= _MOST_PER_STEP


def _erase(pictures: Tensor, erased: NDArray[np.float64]) -> None:
    """Covers a box of each picture with its mean (after Zhong 2020, 10.1609/aaai.v34i07.7000)."""
    side = pictures.shape[-1]
    for picture, (area, column, row, aspect) in zip(pictures, erased, strict=True):
        wide, high = np.sqrt(area) * np.exp([aspect / 2, -aspect / 2]) / 2
        ends = np.array([column - wide, column + wide, row - high, row + high]).clip(0, 1) * side
        left, right, top, bottom = (int(end) for end in ends.round())
        picture[:, top:bottom, left:right] = picture.mean((1, 2), keepdim=True)


def _add_noise(pictures: Tensor, changes: Changes, grey: Tensor) -> None:
    """Adds noise from a store, one stretch per picture: drawing it anew would cost more than all the rest."""
    side = pictures.shape[-1]
    store = _store_noise(1 << max(20, (12 * side * side).bit_length())).to(pictures.device)
    drawn = zip(pictures, changes.noise, changes.noise_place, grey.tolist(), strict=True)
    for picture, strength, place, is_grey in drawn:
        # Noise of a grey picture is grey: colour noise would mark pictures that a device made grey.
        size = side * side if is_grey else picture.numel()
        first = int(place * (len(store) - size))
        picture.add_(store[first : first + size].view(-1, side, side), alpha=float(strength))
    pictures.clamp_(0.0, 1.0)


@lru_cache(maxsize=4)
def _store_noise(length: int) -> Tensor:
    """Normal noise of unit variance, the same in every process."""
    generator = np.random.Generator(np.random.Philox(key=[2026, length]))
    return torch.from_numpy(generator.standard_normal(length, dtype=np.float32))
