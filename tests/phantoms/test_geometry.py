"""Chord lengths against closed forms."""

from __future__ import annotations

import math

import numpy as np
import pytest

from wetread.phantoms.geometry import Grid, ellipsoid_chord, enlarge, hollow_bone, tube_along, tube_chord


def test_chord_of_a_sphere_is_the_closed_form():
    grid = Grid(64, 12.0, shift=(1.0, -0.5))
    chord = ellipsoid_chord(grid, (1.5, 0.3), (4.0, 4.0, 4.0))
    x, y = grid.xy
    expected = 2 * np.sqrt(np.clip(16 - (x - 1.5) ** 2 - (y - 0.3) ** 2, 0, None))
    np.testing.assert_allclose(chord, expected, atol=2e-3)


@pytest.mark.parametrize("angle", [0.0, 0.6])
def test_ellipsoid_integrates_to_its_volume(angle):
    grid = Grid(300, 20.0, tilt=0.3)
    chord = ellipsoid_chord(grid, (0.7, -1.1), (5.0, 3.0, 2.0), angle=angle)
    assert chord.sum() * grid.pixel**2 == pytest.approx(4 / 3 * math.pi * 30, rel=5e-3)


def test_tube_integrates_to_cylinder_and_balls_at_its_ends():
    grid = Grid(400, 20.0)
    chord = tube_chord(grid, tube_along(np.array([[-4.0, -3.0], [4.0, 3.0]]), 1.0))
    assert chord.sum() * grid.pixel**2 == pytest.approx(math.pi * 10 + 4 / 3 * math.pi, rel=1e-2)
    assert chord.max() == pytest.approx(2.0, rel=1e-3)


def test_a_tube_thinner_than_a_pixel_keeps_its_mass():
    points = np.array([[-5.0, 0.11], [5.0, 0.37]])
    masses = [
        tube_chord(grid, tube_along(points, 0.05)).sum() * grid.pixel**2 for grid in (Grid(80, 20.0), Grid(1000, 20.0))
    ]
    assert masses[0] == pytest.approx(masses[1], rel=0.1)


def test_hollow_bone_is_brighter_at_its_edge():
    grid = Grid(400, 8.0)
    bone = hollow_bone(grid, tube_along(np.array([[-9.0, 0.0], [9.0, 0.0]]), 1.0), wall=0.15, cortex=0.4, core=0.1)
    profile, y = bone[:, 200], grid.xy[1][:, 200]
    centre = profile[np.argmin(np.abs(y))]
    edge = profile[np.argmin(np.abs(y - 0.87))]
    assert edge > 1.3 * centre
    assert centre == pytest.approx(0.4 * 0.3 + 0.1 * 1.7, rel=1e-2)


def test_shapes_outside_the_field_leave_nothing():
    grid = Grid(32, 10.0)
    assert not ellipsoid_chord(grid, (50.0, 0.0), (3.0, 3.0, 3.0)).any()
    assert not tube_chord(grid, tube_along(np.array([[30.0, 30.0], [40.0, 30.0]]), 1.0)).any()


def test_enlarging_does_not_shift():
    ramp = np.tile(np.arange(8, dtype=np.float32), (8, 1))
    large = enlarge(ramp, 32)
    np.testing.assert_allclose(large[5, 4:28], (np.arange(4, 28) + 0.5) / 4 - 0.5, atol=1e-5)
