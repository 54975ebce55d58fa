"""Geometry of the head: edges, rods, folds, depth."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from wetread.phantoms.head_patient import HALF_LENGTH, HALF_WIDTH, HEIGHT, draw_head
from wetread.phantoms.head_space import (
    WIDEST,
    Canvas,
    Points,
    cover,
    draw_waves,
    ellipsoid,
    rod,
    skull_depth,
    slice_points,
    step_up,
)


def points(*places):
    x, y, z = np.array(places, dtype=np.float32).T
    return Points(x, y, z, 0.1)


@pytest.fixture
def head():
    """A standard head that lies straight."""
    drawn = draw_head(np.random.default_rng(1))
    return dataclasses.replace(drawn, stretch=(1, 1, 1), narrow=0, skew=0, tilt=0, roll=0, pitch=0, shift=(0.0, 0.0))


def test_cover_is_a_ramp_around_the_edge():
    np.testing.assert_allclose(cover(np.array([-1.0, -0.05, 0.0, 0.025, 1.0]), 0.1), [0, 0, 0.5, 0.75, 1])


def test_step_runs_either_way():
    np.testing.assert_allclose(step_up(np.array([0.0, 1.0, 2.0]), 0, 2), [0, 0.5, 1])
    np.testing.assert_allclose(step_up(np.array([0.0, 1.0, 2.0]), 2, 0), [1, 0.5, 0])


def test_canvas_mixes():
    canvas = Canvas(np.array([10.0, 10.0, 10.0]))
    canvas.lay(np.array([0.0, 0.5, 1.0]), 30.0)
    np.testing.assert_allclose(canvas.hu, [10, 20, 30])


def test_rod_is_a_signed_distance_and_mirrored():
    line, radii = [(1.0, 0.0, 0.0), (1.0, 4.0, 0.0)], [0.5, 0.5]
    inside = rod(points((1, 2, 0), (1.5, 2, 0), (3, 2, 0), (-1, 2, 0), (1, 7, 0)), line, radii)
    np.testing.assert_allclose(inside, [0.5, 0, -1.5, 0.5, -2.5], atol=1e-5)


def test_ellipsoid_is_zero_on_its_surface():
    surface = ellipsoid(points((3, 0, 0), (1, 2, 0), (1, 0, 4), (-3, 0, 0)), (1, 0, 0), (2, 2, 4))
    np.testing.assert_allclose(surface, 0, atol=1e-5)


def test_depth_is_zero_on_the_skull_and_known_in_the_middle(head):
    depth, steep = skull_depth(points((0, 0, HEIGHT), (0, HALF_LENGTH * 0.9, WIDEST), (0, 0, WIDEST + 0.01)), head)
    assert depth[0] == pytest.approx(0, abs=1e-4)
    assert depth[1] == pytest.approx(0.1 * HALF_LENGTH, rel=1e-3)
    assert depth[2] > HALF_WIDTH - 0.6
    assert steep[0] == pytest.approx(1) and steep[1] == 0


def test_slice_points_follow_the_screen(head):
    place = slice_points(head, 10, 20.0, 3.0)
    assert place.x[0, -1] == pytest.approx(9) and place.y[-1, 0] == pytest.approx(9)
    assert np.all(place.z == 3) and place.soft == 2


def test_waves_have_unit_deviation_and_a_true_slope():
    waves = draw_waves(np.random.default_rng(3), 3.0)
    x, y = np.meshgrid(np.linspace(0, 60, 601), np.linspace(0, 60, 601))
    value, slope = waves.value_and_slope(x, y, np.zeros_like(x))
    np.testing.assert_allclose(value, waves.value(x, y, np.zeros_like(x)), atol=1e-5)
    assert value.std() == pytest.approx(1, abs=0.2) and abs(value.mean()) < 0.1
    numeric = np.hypot(*np.gradient(value, 0.1))
    np.testing.assert_allclose(slope[1:-1, 1:-1], numeric[1:-1, 1:-1], atol=0.05)
