"""Hearts made to measure keep their ratio in every picture."""

from __future__ import annotations

import numpy as np
import pytest

from wetread.phantoms.geometry import Grid
from wetread.phantoms.heart import ENLARGED, cardiothoracic_ratio, draw_heart_ratio, heart_mask, with_heart
from wetread.phantoms.patient import draw_patient, draw_pose
from wetread.phantoms.thorax import cage_section


@pytest.mark.parametrize("enlarged", [True, False])
def test_ratio_stays_on_its_side_of_the_limit(enlarged):
    for seed in range(6):
        rng = np.random.default_rng([seed, int(enlarged)])
        patient = with_heart(draw_patient(rng), draw_heart_ratio(rng, enlarged))
        ratio = cardiothoracic_ratio(patient, draw_pose(rng, patient))
        assert ratio > ENLARGED if enlarged else 0.33 < ratio < 0.505


def test_ratio_is_what_the_picture_shows():
    rng = np.random.default_rng(5)
    patient = with_heart(draw_patient(rng), 0.60)
    pose = draw_pose(rng, patient)
    grid = Grid(256, 44.0)
    columns = np.flatnonzero(heart_mask(patient, pose, grid).any(axis=0))
    width, _ = cage_section(patient, np.linspace(patient.apex + 1, 11, 60))
    measured = (columns[-1] - columns[0] + 1) * grid.pixel / (2 * width.max() - sum(patient.wall_fat))
    assert measured == pytest.approx(cardiothoracic_ratio(patient, pose), abs=0.02)
    assert measured == pytest.approx(0.60, abs=0.03)


def test_size_factor_scales_the_excess():
    ratios = [draw_heart_ratio(np.random.default_rng(1), True, factor) for factor in (0.3, 1.0, 3.0)]
    assert ENLARGED < ratios[0] < ratios[1] < ratios[2] <= 0.72
