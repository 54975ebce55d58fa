"""Pictures that a model should refuse: noise, drawn photographs, and its own pictures inverted, turned and mirrored.

A photograph here is a scene that is drawn by chance: a horizon, things with light on one side, texture, colours. It is
no picture of anything; what counts is that it has the edges, shades and colours of everyday pictures, and that none has
to be shipped or fetched.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFilter

from wetread.shapes import Floats, Picture

#: Rows and columns of a generated picture.
SIDE = 160


def make_photographs(count: int, seed: int) -> list[Picture]:
    """Draws scenes by chance, ``row column 3``; the same seed draws the same ones."""
    return [np.asarray(_draw_scene(np.random.default_rng([seed, number]))) for number in range(count)]


def make_noise(count: int, seed: int) -> list[Picture]:
    """Noise: every other picture is white noise, the others are clouds, whose power falls with frequency (1/f)."""
    pictures = []
    for number in range(count):
        random = np.random.default_rng([seed, 1, number])
        if number % 2:
            pictures.append((_clouds(random, random.uniform(0.8, 1.6)) * 255).astype(np.uint8))
        else:
            pictures.append(random.integers(0, 256, (SIDE, SIDE), dtype=np.uint8))
    return pictures


def invert(picture: Picture) -> Picture:
    """Black for white, as a MONOCHROME1 file looks in a program that ignores its header."""
    return 255 - picture


def turn(picture: Picture, quarters: int) -> Picture:
    """Turned by quarters of a circle, anticlockwise."""
    return np.ascontiguousarray(np.rot90(picture, quarters))


def mirror(picture: Picture) -> Picture:
    """Left for right."""
    return np.ascontiguousarray(picture[:, ::-1])


#: What is done to a model's own pictures -> what does it.
CHANGES: dict[str, Callable[[Picture], Picture]] = {
    "inverted": invert,
    "rotated 90": lambda picture: turn(picture, 1),
    "rotated 180": lambda picture: turn(picture, 2),
    "rotated 270": lambda picture: turn(picture, 3),
    "mirrored": mirror,
}


def generated_packs(count: int, seed: int) -> dict[str, list[Picture]]:
    """The packs that need no data at all.

    Args:
        count: Pictures in each.
        seed: Of what is drawn.
    """
    scenes = make_photographs(count, seed)
    return {
        "noise": make_noise(count, seed),
        "photographs": scenes,
        "grey photographs": [np.asarray(Image.fromarray(scene).convert("L")) for scene in scenes],
    }


def _draw_scene(random: np.random.Generator) -> Image.Image:
    """A background, then things from far to near, then the softness and grain of a camera."""
    scene = _background(random)
    for number in range(int(random.integers(3, 14))):
        shape, thing = _thing(random, nearness=(number + 1) / 14)
        scene.paste(thing, (0, 0), shape)
    scene = scene.filter(ImageFilter.GaussianBlur(float(random.uniform(0.0, 1.2))))
    pixels: Floats = np.asarray(scene).astype(np.float64)
    pixels = pixels + random.normal(0, random.uniform(0, 6), pixels.shape)
    pixels *= _vignette() ** random.uniform(0, 0.5)
    return Image.fromarray(np.clip(pixels, 0, 255).astype(np.uint8))


def _background(random: np.random.Generator) -> Image.Image:
    """Sky over ground, a wall, or texture alone."""
    y = np.linspace(0, 1, SIDE)[:, None, None]
    upper, middle, lower, end = (random.uniform(20, 235, 3) for _ in range(4))
    horizon = random.uniform(0.25, 0.8)
    sky = upper + (middle - upper) * np.clip(y / horizon, 0, 1)
    ground = lower + (end - lower) * np.clip((y - horizon) / (1 - horizon), 0, 1)
    pixels = np.broadcast_to(np.where(y < horizon, sky, ground), (SIDE, SIDE, 3))
    texture = (_clouds(random, random.uniform(0.6, 2.0)) - 0.5)[:, :, None]
    pixels = pixels + texture * random.uniform(10, 140) * random.uniform(0.5, 1, 3)
    return Image.fromarray(np.clip(pixels, 0, 255).astype(np.uint8))


def _thing(random: np.random.Generator, nearness: float) -> tuple[Image.Image, Image.Image]:
    """One thing: its outline as a mask, and its surface with light from one side."""
    shape = Image.new("L", (SIDE, SIDE))
    draw = ImageDraw.Draw(shape)
    size = SIDE * random.uniform(0.08, 0.2 + 0.35 * nearness)
    x, y = random.uniform(0, SIDE, 2)
    kind = int(random.integers(4))
    if kind == 0:
        draw.ellipse([x - size, y - size * random.uniform(0.4, 1), x + size, y + size * random.uniform(0.4, 1)], 255)
    elif kind == 1:
        draw.rectangle([x - size / 2, y - size, x + size / 2, y + size], 255)
    elif kind == 2:
        angles = np.sort(random.uniform(0, 2 * np.pi, int(random.integers(3, 9))))
        reach = size * random.uniform(0.5, 1.2, len(angles))
        draw.polygon([(x + r * np.cos(a), y + r * np.sin(a)) for a, r in zip(angles, reach, strict=True)], fill=255)
    else:
        for _ in range(int(random.integers(3, 15))):  # stems, wires, letters
            end = (x + random.normal(0, size), y + random.normal(0, size))
            draw.line([(x, y), end], fill=255, width=int(random.integers(1, 7)))
    return shape, Image.fromarray(_surface(random))


def _surface(random: np.random.Generator) -> NDArray[np.uint8]:
    y, x = np.mgrid[:SIDE, :SIDE] / SIDE
    angle = random.uniform(0, 2 * np.pi)
    light = 0.75 + 0.5 * (np.cos(angle) * (x - 0.5) + np.sin(angle) * (y - 0.5))
    pattern: Floats = np.zeros((SIDE, SIDE))
    if random.random() < 0.4:  # stripes, tiles
        pattern = np.sin(x * random.uniform(0, 150)) * np.sin(y * random.uniform(0, 150) + 1)
    elif random.random() < 0.5:
        pattern = 2 * _clouds(random, random.uniform(0.4, 1.5)) - 1
    colour = random.uniform(10, 250, 3)
    pixels = colour * light[:, :, None] + 45 * random.random() * pattern[:, :, None]
    surface: NDArray[np.uint8] = np.clip(pixels, 0, 255).astype(np.uint8)
    return surface


def _clouds(random: np.random.Generator, fall: float) -> Floats:
    """Noise whose amplitude falls with frequency to the power ``fall``, spread over [0, 1]."""
    across = np.fft.rfftfreq(SIDE)
    down = np.fft.fftfreq(SIDE)[:, None]
    amplitude = 1 / np.maximum(np.hypot(across, down), 1 / SIDE) ** fall
    waves = amplitude * np.exp(2j * np.pi * random.random(amplitude.shape))
    waves[0, 0] = 0
    field = np.fft.irfft2(waves, s=(SIDE, SIDE))
    spread: Floats = (field - field.min()) / (np.ptp(field) + 1e-12)
    return spread


def _vignette() -> Floats:
    y, x = np.mgrid[-1 : 1 : SIDE * 1j, -1 : 1 : SIDE * 1j]
    edge: Floats = (1 - 0.25 * (x**2 + y**2))[:, :, None]
    return edge
