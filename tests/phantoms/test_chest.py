"""One radiograph: what fluid does and what it must not do."""

from __future__ import annotations

import subprocess
import sys

import numpy as np
import pytest

from wetread.phantoms.anatomy import attenuate
from wetread.phantoms.chest import render_chest
from wetread.phantoms.effusion import MASK_CHORD, Effusion, draw_effusion
from wetread.phantoms.geometry import Grid
from wetread.phantoms.marker import Marker, add_marker
from wetread.phantoms.patient import draw_patient, draw_pose


def chest_of(seed):
    rng = np.random.default_rng(seed)
    patient = draw_patient(rng)
    return patient, draw_pose(rng, patient)


@pytest.mark.parametrize(
    "effusion", [Effusion(right=250), Effusion(left=900), Effusion(300, 500), Effusion(500, 0, True)]
)
def test_fluid_only_adds_attenuation_and_only_inside_its_mask(effusion):
    for seed in range(3):
        patient, pose = chest_of(seed)
        grid = Grid(96, 40.0)
        without, with_fluid = attenuate(patient, pose, grid), attenuate(patient, pose, grid, effusion)
        added = with_fluid.total - without.total
        assert added.min() > -1e-4
        # Outside the mask there may be a film too thin to count.
        assert added[~with_fluid.mask].max() < 0.25 * MASK_CHORD
        assert added[with_fluid.mask].mean() > 0.25
        assert not without.mask.any()


@pytest.mark.parametrize("side", ["right", "left"])
def test_fluid_has_the_asked_volume_on_the_asked_side(side):
    patient, pose = chest_of(4)
    grid = Grid(160, 44.0)
    seen = attenuate(patient, pose, grid, Effusion(**{side: 600.0}))
    assert seen.fluid.sum() * grid.pixel**2 == pytest.approx(600, rel=0.15)
    # The patient's right is at the left of the picture.
    wrong = grid.xy[0] > 0.5 if side == "right" else grid.xy[0] < -0.5
    assert not seen.mask[wrong].any()


def test_more_fluid_stands_higher():
    patient, pose = chest_of(5)
    tops = [
        np.flatnonzero(attenuate(patient, pose, Grid(96, 40.0), Effusion(left=v)).mask.any(axis=1))[0]
        for v in (200, 1200)
    ]
    assert tops[1] < tops[0] - 5


def test_picture_is_seeded_and_follows_the_conventions():
    patient, _ = chest_of(6)
    one, two = (
        render_chest(patient, np.random.default_rng(1), size=96, effusion=Effusion(right=800)) for _ in range(2)
    )
    np.testing.assert_array_equal(one.pixels, two.pixels)
    assert one.pixels.dtype == np.float32 and one.pixels.shape == (96, 96)
    assert one.pixels.min() >= 0 and one.pixels.max() <= 1
    assert one.facts["side"] == "right" and one.mask.any()
    other = render_chest(patient, np.random.default_rng(2), size=96)
    assert np.abs(other.pixels - one.pixels).max() > 0.1 and not other.mask.any()


def test_pose_marker_and_exposure_do_not_depend_on_the_fluid():
    patient, _ = chest_of(7)
    keys = ("marker", "framed", "field", "pixel")
    with_fluid = render_chest(patient, np.random.default_rng(3), size=64, effusion=Effusion(left=900)).facts
    without = render_chest(patient, np.random.default_rng(3), size=64).facts
    assert [with_fluid[key] for key in keys] == [without[key] for key in keys]


@pytest.mark.parametrize(("letter", "left"), [("R", True), ("L", False)])
def test_marker_stands_at_the_patients_side(letter, left):
    blank = np.zeros((128, 128), dtype=np.float32)
    marked = add_marker(blank, Marker(letter, True, 0.08, 0.1, 0.045, 0.1, 1.0))
    columns = np.flatnonzero(marked.max(axis=0) > 0.5)
    assert (columns.max() < 64) if left else (columns.min() > 64)
    assert not blank.any()


def test_every_drawn_effusion_is_visible():
    for seed in range(12):
        rng = np.random.default_rng([9, seed])
        patient = draw_patient(rng)
        assert render_chest(patient, rng, size=64, effusion=draw_effusion(rng, (150, 160))).mask.any()


def test_importing_the_room_stays_light():
    code = (
        "import sys, wetread.phantoms.dataset; print([m for m in ('torch', 'sklearn', 'pandas') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
