"""Plates from outlines against closed forms."""

from __future__ import annotations

import math

import numpy as np
import pytest

from wetread.phantoms.geometry import Grid
from wetread.phantoms.outline import add_plate, knots, spline

SQUARE = knots("-3 -2  3 -2  3 2  -3 2")


def plate(outline, edge, **kwargs):
    grid = Grid(240, 12.0)
    canvas = np.zeros((240, 240), dtype=np.float32)
    add_plate(canvas, grid, outline, edge, 1.0, **kwargs)
    return canvas, grid


def test_plate_is_flat_inside_and_empty_outside():
    canvas, grid = plate(SQUARE, 0.5)
    x, y = np.abs(grid.xy[0]), np.abs(grid.xy[1])
    assert canvas[(x < 2.4) & (y < 1.4)] == pytest.approx(1.0, rel=1e-4)
    assert not canvas[(x > 3.1) | (y > 2.1)].any()
    # A thin plate weighs its area times its thickness, less the rounding: r^2 (4 - pi) for each side of the rim.
    expected = 24 * 1.0 - 20 * 0.25 * (1 - math.pi / 4) * 2
    assert canvas.sum() * grid.pixel**2 == pytest.approx(expected, rel=0.02)


def test_wall_is_denser_than_the_inside():
    canvas, grid = plate(SQUARE, 0.5, wall=0.1, wall_weight=3.0)
    middle = canvas[120, 120]
    # Through the middle the ray crosses the wall twice.
    assert middle == pytest.approx(3.0 * 0.2 + 0.8, rel=1e-3)
    row = canvas[120]
    assert row[np.argmin(np.abs(grid.xy[0][0] - 2.9))] > middle


def test_plate_outside_the_field_leaves_nothing():
    canvas, _ = plate(SQUARE + np.array([50.0, 0.0]), 0.5)
    assert not canvas.any()


def test_spline_passes_its_knots():
    through = knots("0 0  1 2  3 1  4 4")
    for closed in (False, True):
        points = spline(through, 5, closed=closed)
        distances = np.hypot(*(points[:, None] - through[None]).transpose(2, 0, 1)).min(axis=0)
        np.testing.assert_allclose(distances, 0, atol=1e-9)
    assert len(spline(through, 5)) == 3 * 5 + 1 and len(spline(through, 5, closed=True)) == 4 * 5
