"""Gas and stool in stomach, small bowel and colon, as chords of gas in cm.

The colon frames the abdomen: up the right flank, across, down the left flank, through the pelvis. Its wall is drawn in
at regular distances (haustra), with folds that cross part of the lumen. y = 0 is the third lumbar vertebra.
"""

from __future__ import annotations

import numpy as np

from wetread.phantoms.aeration import speckle
from wetread.phantoms.geometry import Grid, Tubes, ellipsoid_chord, join_tubes, tube_along, tube_chord
from wetread.phantoms.outline import knots, spline
from wetread.shapes import Floats

#: Middle line of the colon, cm, from the caecum to the rectum, and how wide it may be blown up there (radius, cm).
COLON = knots(
    "-9.3 10.2  -10.4 6.5  -10.9 2.0  -10.6 -3.2  -8.6 -5.4  -5.4 -3.2  0.0 -0.8  5.2 -3.2  9.0 -8.8 "
    "11.2 -11.2  12.0 -6.8  12.0 -1.0  11.4 4.5  10.0 9.2  7.0 11.8  3.2 11.2  0.6 13.2  1.6 15.6  0.3 17.2 "
    "0.0 19.6"
)
WIDTH = np.array([2.7, 2.6, 2.3, 2.1, 2, 2, 2.2, 2.1, 1.9, 1.9, 1.5, 1.4, 1.3, 1.4, 1.5, 1.5, 1.5, 1.5, 1.8, 1.9])
#: Middle line of the stomach as far as gas fills it, cm.
STOMACH = knots("8.2 -15.0  7.4 -12.6  5.4 -10.4  2.4 -9.2  -0.6 -9.4")
#: Points per piece of the middle line.
FINE = 10


def gas_chord(grid: Grid, scale: float, rng: np.random.Generator) -> Floats:
    """Chord of all gas in the belly, cm, ``row column``.

    Args:
        grid: The detector.
        scale: Factor on all lengths.
        rng: Where gas is and how much.
    """
    middle, width = _course(scale, rng)
    gas = np.zeros((grid.size, grid.size), dtype=np.float32)
    mottled = np.zeros_like(gas)
    for start, stop, stool in _segments(len(middle), rng):
        piece = _haustra(grid, middle[start:stop], width[start:stop], rng)
        if stool:
            mottled = np.maximum(mottled, piece)
        else:
            gas += piece
    if mottled.any():
        # Stool: small bubbles in a paste.
        bubbles = speckle(rng, grid, 0.26) + 0.7 * speckle(rng, grid, 0.6)
        gas += np.minimum(mottled, 1.6) * np.clip(0.16 + 0.42 * bubbles, 0, 1)
    gas += _small_bowel(grid, scale, rng)
    gas += _stomach(grid, scale, rng)
    return gas


def _course(scale: float, rng: np.random.Generator) -> tuple[Floats, Floats]:
    """Middle line and radius of this patient's colon: the transverse and the sigmoid part hang as they like."""
    line = COLON + rng.normal(0, 0.45, COLON.shape)
    sag = rng.uniform(-1.5, 7.0)
    line[5:8, 1] += sag * np.array([0.7, 1.0, 0.6])
    line[14:17, 1] += rng.uniform(-3.0, 0.8)
    width = WIDTH * rng.uniform(0.75, 1.15) * np.exp(rng.normal(0, 0.10, len(WIDTH)))
    places = np.linspace(0, len(WIDTH) - 1, (len(WIDTH) - 1) * FINE + 1)
    return spline(line, FINE) * scale, np.interp(places, np.arange(len(WIDTH)), width) * scale


def _segments(count: int, rng: np.random.Generator) -> list[tuple[int, int, bool]]:
    """Which stretches of the colon hold gas or stool: first and last point, whether it is stool."""
    found = []
    at = int(rng.integers(0, 8))
    while at < count - 8:
        length = int(rng.integers(9, 34))
        kind = rng.random()
        # Stool gathers in the right colon and at the end.
        stool_chance = 0.50 if at < 35 or at > 150 else 0.25
        if kind < 0.72:
            found.append((at, min(at + length, count), bool(rng.random() < stool_chance)))
        at += length + int(rng.integers(1, 14))
    return found


def _haustra(grid: Grid, middle: Floats, width: Floats, rng: np.random.Generator) -> Floats:
    """Chord of one gas-filled stretch with its bulges and folds."""
    steps = np.hypot(*np.diff(middle, axis=0).T)
    along = np.concatenate([[0], np.cumsum(steps)])
    if along[-1] < 1.5:
        return np.zeros((grid.size, grid.size), dtype=np.float32)
    apart = rng.uniform(2.1, 3.3)
    places = np.arange(0, along[-1], 0.22)
    line = np.stack([np.interp(places, along, middle[:, axis]) for axis in (0, 1)], axis=1)
    wave = np.abs(np.sin(np.pi * (places / apart + rng.random())))
    deep = rng.uniform(0.12, 0.34)
    radius = np.interp(places, along, width) * (1 - deep + deep * np.sqrt(wave))
    # Gas ends in round caps, not in a cut.
    cap = np.minimum(places, places[-1] - places) / np.maximum(radius, 0.3)
    radius = radius * np.sqrt(np.clip(1 - np.clip(1 - cap, 0, 1) ** 2, 0.05, 1))
    fill = rng.uniform(0.45, 0.85)
    chord = tube_chord(grid, tube_along(line, radius, fill))
    folds = _folds(line, radius, wave, rng)
    if folds:
        chord = np.maximum(chord - np.minimum(tube_chord(grid, join_tubes(folds)), 0.75 * chord), 0)
    return chord


def _folds(line: Floats, radius: Floats, wave: Floats, rng: np.random.Generator) -> list[Tubes]:
    """Thin walls that reach from one side, then from the other, a good half of the way across."""
    ahead = np.gradient(line, axis=0)
    across = np.stack([-ahead[:, 1], ahead[:, 0]], axis=1) / np.maximum(np.hypot(*ahead.T), 1e-3)[:, None]
    low = np.flatnonzero((wave[1:-1] < wave[:-2]) & (wave[1:-1] <= wave[2:])) + 1
    folds = []
    for number, at in enumerate(low):
        if radius[at] < 0.7:
            continue
        side = 1 if (number + int(rng.random() < 0.3)) % 2 else -1
        start, end = side * radius[at] * 1.02, -side * radius[at] * rng.uniform(-0.45, 0.5)
        bow = ahead[at] / max(np.hypot(*ahead[at]), 1e-3) * rng.normal(0, 0.25)
        points = np.stack([line[at] + across[at] * start, line[at] + across[at] * (start + end) / 2 + bow])
        points = np.concatenate([points, [line[at] + across[at] * end]])
        folds.append(tube_along(spline(points, 3), 0.11, 3.2, 0))
    return folds


def _small_bowel(grid: Grid, scale: float, rng: np.random.Generator) -> Floats:
    """A few short bent pockets of gas in the middle."""
    tubes: list[Tubes] = []
    for layer in range(int(rng.integers(1, 7))):
        start = np.array([rng.uniform(-6, 6.5), rng.uniform(-2, 11.5)]) * scale
        angle, bend = rng.uniform(0, 6.28), rng.normal(0, 0.45)
        turns = angle + bend * np.arange(5)
        moves = rng.uniform(0.4, 1.0) * np.stack([np.cos(turns), np.sin(turns)], axis=1)
        points = spline(start + np.cumsum(moves, axis=0), 4)
        radius = rng.uniform(0.5, 1.05) * np.sqrt(np.clip(np.linspace(0.25, 3.75, len(points)), 0, 1))
        radius *= np.sqrt(np.clip(np.linspace(3.75, 0.25, len(points)), 0, 1))
        tubes.append(tube_along(points, radius, rng.uniform(0.3, 0.7), layer))
    return tube_chord(grid, join_tubes(tubes))


def _stomach(grid: Grid, scale: float, rng: np.random.Generator) -> Floats:
    """Lying on the back, gas rises into the body and the outlet of the stomach; folds run along it."""
    if rng.random() < 0.25:
        return np.zeros((grid.size, grid.size), dtype=np.float32)
    course = STOMACH + rng.normal(0, 0.5, STOMACH.shape)
    radius = np.array([2.2, 2.4, 1.9, 1.3, 0.8]) * rng.uniform(0.6, 1.15)
    points = spline(course, 4) * scale
    radii = np.interp(np.linspace(0, 4, len(points)), np.arange(5), radius) * scale
    chord = tube_chord(grid, tube_along(points, radii, rng.uniform(0.35, 0.7)))
    chord = np.maximum(chord, 0.5 * ellipsoid_chord(grid, tuple(points[1]), (radii[0] * 1.25, radii[0], radii[0])))
    folds = [
        tube_along(points[1:-2] + np.array([out, -0.4 * out]) * radii[1:-2, None], 0.11, 2.2, layer)
        for layer, out in enumerate((-0.45, 0.05, 0.5))
    ]
    return np.asarray(np.maximum(chord - np.minimum(tube_chord(grid, join_tubes(folds)), 0.35 * chord), 0))
