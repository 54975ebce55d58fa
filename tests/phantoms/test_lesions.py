"""Nodules, consolidation and pneumothorax: what each does to the rays, and where its mask lies."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from wetread.phantoms.anatomy import attenuate
from wetread.phantoms.chest import render_chest
from wetread.phantoms.consolidation import ZONES, Consolidation, draw_consolidation
from wetread.phantoms.effusion import Effusion
from wetread.phantoms.geometry import Grid
from wetread.phantoms.lesions import Lesions
from wetread.phantoms.nodule import Nodule, draw_nodules
from wetread.phantoms.patient import draw_patient, draw_pose
from wetread.phantoms.pneumothorax import Pneumothorax, draw_pneumothorax
from wetread.phantoms.thorax import build_thorax


def chest_of(seed):
    rng = np.random.default_rng(seed)
    patient = draw_patient(rng)
    return patient, replace(draw_pose(rng, patient), turn=0.0)


def added(seed, lesions, size=128):
    patient, pose = chest_of(seed)
    grid = Grid(size, 42.0)
    without, with_them = attenuate(patient, pose, grid, None, Lesions()), attenuate(patient, pose, grid, None, lesions)
    return with_them.total - without.total, with_them.masks, build_thorax(patient, pose, grid), grid


def test_nodule_weighs_as_much_as_its_sphere():
    difference, masks, _, grid = added(1, Lesions((Nodule("right", 0.45, 0.5, 1.4, ()),)), size=256)
    mask = masks["nodule"]
    # Soft tissue instead of lung, about 0.16 per cm, in a ball of 4/3 pi 1.4^3 = 11.5 ml.
    assert difference.sum() * grid.pixel**2 == pytest.approx(11.5 * 0.16, rel=0.15)
    assert mask.sum() * grid.pixel**2 == pytest.approx(np.pi * 1.4**2, rel=0.1)
    assert grid.xy[0][mask].max() < 0
    assert np.abs(difference[~mask]).max() < 0.06


def test_every_drawn_nodule_lies_in_lung():
    for seed in range(5):
        difference, masks, thorax, _ = added(seed, Lesions(draw_nodules(np.random.default_rng(seed))), size=96)
        assert masks["nodule"].any() and difference[masks["nodule"]].mean() > 0.05
        assert thorax.lung[masks["nodule"]].min() > 3


@pytest.mark.parametrize("zone", ZONES)
def test_consolidation_makes_lung_denser_in_its_zone_only(zone):
    difference, masks, thorax, grid = added(2, Lesions(consolidation=Consolidation(zone, 0, 0, (4, 3.5), 0.6, 0.4, 9)))
    mask = masks["consolidation"]
    assert mask.sum() * grid.pixel**2 > 9
    assert difference[mask].mean() > 0.25 and thorax.lung[mask].min() > 2
    side = -1 if zone.startswith("right") else 1
    assert (grid.xy[0][mask] * side).min() > 0
    assert np.abs(difference[grid.xy[0] * side < -0.5]).max() == 0


def test_minor_fissure_is_a_sharp_border():
    difference, _, _, grid = added(3, Lesions(consolidation=Consolidation("right upper", 0.12, 0, (4, 6), 0.6, 0.2, 4)))
    down = difference[:, np.argmin(np.abs(grid.xy[0][0] + 7))]
    step = np.argmin(np.diff(down))
    assert down[step - 2] > 0.25 and down[step + 3] < 0.15 * down[step - 2]


def test_pneumothorax_takes_lung_and_vessels_from_the_rim():
    difference, masks, thorax, grid = added(4, Lesions(pneumothorax=Pneumothorax("left", 3.5, 1.6, 4.0)), size=256)
    rim = masks["pneumothorax"]
    assert rim.sum() * grid.pixel**2 > 15 and grid.xy[0][rim].min() > 0
    # Air instead of lung: nothing but less attenuation beyond the line, and as much as the lung had.
    assert difference[rim].max() < 0.05 and (difference[rim] / thorax.lung[rim]).mean() < -0.04
    # The line and the denser lung lie inside; the other side is untouched.
    inside = (thorax.lung > 6) & (grid.xy[0] > 4) & ~rim & (np.abs(grid.xy[1]) < 3)
    assert difference[inside].max() > 0.1
    assert np.abs(difference[grid.xy[0] < -0.5]).max() < 1e-4
    # The rim touches the top of the lung.
    tops = [np.flatnonzero(field.any(axis=1))[0] for field in (rim, (thorax.lung > 1) & (grid.xy[0] > 3))]
    assert abs(tops[0] - tops[1]) <= 2


def test_masks_of_company_are_not_empty():
    for seed in range(4):
        rng = np.random.default_rng([31, seed])
        patient = draw_patient(rng)
        lesions = Lesions(draw_nodules(rng), draw_consolidation(rng, 1, "right"), draw_pneumothorax(rng, 1, "left"))
        picture = render_chest(patient, rng, size=96, effusion=Effusion(right=700), lesions=lesions)
        assert set(picture.masks) == {"nodule", "consolidation", "pneumothorax", "effusion"}
        assert all(mask.any() for mask in picture.masks.values())
        np.testing.assert_array_equal(picture.masks["effusion"], picture.mask)


@pytest.mark.parametrize("draw", [draw_nodules, draw_consolidation, draw_pneumothorax])
def test_size_factor_enlarges(draw):
    def extent(factor):
        drawn = draw(np.random.default_rng(8), factor)
        first = drawn[0] if isinstance(drawn, tuple) else drawn
        return getattr(first, "radius", None) or getattr(first, "apical", None) or first.radii[0]

    assert extent(0.5) < extent(1.0) < extent(1.6)
