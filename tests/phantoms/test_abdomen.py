"""The abdomen: gas is dark, bone is bright, and there is next to no lung."""

from __future__ import annotations

import numpy as np
import pytest

from wetread.phantoms.abdomen import attenuate_abdomen, render_abdomen
from wetread.phantoms.bowel import gas_chord
from wetread.phantoms.geometry import Grid
from wetread.phantoms.lumbar import LEVELS, lumbar_integral
from wetread.phantoms.patient import draw_patient, draw_pose
from wetread.phantoms.pelvis import pelvis_integral
from wetread.phantoms.viscera import soft_integral


def test_picture_is_seeded_and_follows_the_conventions():
    patient = draw_patient(np.random.default_rng(1))
    one, two = (render_abdomen(patient, np.random.default_rng(2), size=64) for _ in range(2))
    np.testing.assert_array_equal(one.pixels, two.pixels)
    assert one.pixels.dtype == np.float32 and one.pixels.shape == (64, 64)
    assert one.pixels.min() >= 0 and one.pixels.max() <= 1
    assert not one.masks and not one.mask.any()


def test_bones_stand_where_they_belong():
    patient = draw_patient(np.random.default_rng(3), sex="F", age=30)
    grid = Grid(128, 44.0, shift=(0.0, 4.0))
    x, y = grid.xy
    spine = lumbar_integral(patient, grid, 1.0, np.random.default_rng(4))
    hips = pelvis_integral(patient, grid, 1.0, np.random.default_rng(5))
    # The third lumbar vertebra is denser than the disc below it; the wings flank the spine.
    rows = y[:, 0]
    body = spine[np.argmin(np.abs(rows - LEVELS[2])), np.abs(x[0]) < 1.5].mean()
    disc = spine[np.argmin(np.abs(rows - (LEVELS[1] + LEVELS[2]) / 2)), np.abs(x[0]) < 1.5].mean()
    assert body > 1.15 * disc > 0
    right, left = (hips[(x * sign > 5) & (x * sign < 13) & (np.abs(y - 8) < 2)].mean() for sign in (-1, 1))
    assert min(right, left) > 0.1 and right == pytest.approx(left, rel=0.25)
    assert not hips[y < 1].any()


def test_gas_stays_inside_the_body_and_varies():
    amounts = []
    for seed in range(5):
        gas = gas_chord(Grid(64, 40.0, shift=(0.0, 2.0)), 1.0, np.random.default_rng(seed))
        assert gas.min() >= 0 and gas.max() < 9
        amounts.append(gas.sum())
    assert min(amounts) > 0 and max(amounts) > 1.5 * min(amounts)


def test_psoas_margin_shows_against_fat():
    patient = draw_patient(np.random.default_rng(6), sex="M", age=30)
    grid = Grid(160, 40.0)
    soft = soft_integral(patient, grid, 1.0, np.random.default_rng(7))
    x, y = grid.xy
    row = np.abs(y[:, 0]) < 1.5
    # At the third lumbar vertebra the muscle reaches about 5.5 cm to the side, its fat half a centimetre more.
    profile = soft[row].mean(axis=0)
    muscle = profile[np.abs(np.abs(x[0]) - 4.0) < 0.4].mean()
    beside = profile[(np.abs(x[0]) > 5.4) & (np.abs(x[0]) < 6.6)].min()
    assert muscle - beside > 0.04


def test_attenuation_is_never_negative():
    rng = np.random.default_rng(8)
    patient = draw_patient(rng)
    pose = draw_pose(rng, patient)
    total, body = attenuate_abdomen(patient, pose, Grid(96, 40.0, shift=(0.0, 2.0)), rng)
    assert total.min() >= 0 and body.max() > 15
    assert total[body > 15].mean() > 2.5
