"""Likeness of maps, means with intervals, and the tests' own arithmetic, by hand."""

import math

import numpy as np
import pytest

from wetread.explanation.trials.counterfactual import paint_out
from wetread.explanation.trials.likeness import hottest_overlap, on_grid, rank_correlation, structural_similarity
from wetread.explanation.trials.outside import body_of, heat_outside
from wetread.explanation.trials.pointing import hit
from wetread.explanation.trials.repeat import move_back
from wetread.explanation.trials.spread import mean_over_pictures


def test_rank_correlation_counts_ranks():
    one = np.array([[1.0, 2.0], [3.0, 4.0]])
    assert rank_correlation(one, one**3) == pytest.approx(1.0)
    assert rank_correlation(one, -one) == pytest.approx(-1.0)
    # Ranks 1 2 3 4 against 2 1 4 3: 1 - 6 * 4 / (4 * 15) = 0.6.
    assert rank_correlation(one, np.array([[2.0, 1.0], [4.0, 3.0]])) == pytest.approx(0.6)


def test_flat_maps_are_compared_with_nothing():
    one, flat = np.arange(9.0).reshape(3, 3), np.ones((3, 3))
    assert math.isnan(rank_correlation(flat, one))
    assert rank_correlation(one, flat) == 0.0
    assert math.isnan(structural_similarity(flat, one))


def test_structure_is_that_of_the_map_whatever_its_scale():
    one = np.random.default_rng(0).normal(size=(12, 12))
    assert structural_similarity(one, 5 * one) == pytest.approx(1.0)
    assert structural_similarity(one, np.random.default_rng(1).normal(size=(12, 12))) < 0.5


def test_the_hottest_tenth_overlaps():
    one = np.zeros((10, 10))
    one[0] = np.arange(1, 11)
    half = np.zeros((10, 10))
    half[0, :5] = 9
    half[5, :5] = 9
    assert hottest_overlap(one, one) == 1.0
    assert hottest_overlap(one, half) == pytest.approx(5 / 15)  # five cells in common of fifteen


def test_a_mask_is_averaged_over_cells():
    mask = np.zeros((4, 4))
    mask[:2, :1] = 1
    np.testing.assert_allclose(on_grid(mask, 2, 2), [[0.5, 0.0], [0.0, 0.0]])


def test_a_hit_is_counted_at_the_resolution_of_the_map():
    mask = np.zeros((8, 8), dtype=bool)
    mask[:4, 4:] = True
    found = hit(np.array([[1.0, 3.0], [0.0, -5.0]]), mask)
    assert (found.points, found.mass, found.precision) == (1.0, 0.75, pytest.approx(1.0))
    beside = hit(np.array([[3.0, 1.0], [0.0, 0.0]]), mask)
    assert (beside.points, beside.mass) == (0.0, 0.25)
    assert hit(-np.ones((2, 2)), mask)[:2] == (0.0, 0.0)  # nothing speaks for it, so nothing points


def test_the_mean_has_an_interval_over_patients():
    found = mean_over_pictures([1.0, 1.0, 0.0, np.nan], ["a", "a", "b", "c"], resamples=500, seed=0)
    assert found.value == pytest.approx(2 / 3)
    assert found.low == 0.0 and found.high == 1.0  # of two patients either may be drawn alone
    assert found.n == 2
    assert mean_over_pictures([np.nan], ["a"], resamples=10, seed=0) is None


def test_draws_widen_the_interval():
    people = [str(n) for n in range(20)]
    alone = mean_over_pictures(np.full(20, 0.3), people, resamples=500, seed=0)
    drawn = mean_over_pictures(np.stack([np.zeros(20), np.full(20, 0.6)]), people, resamples=500, seed=0)
    assert (alone.low, alone.high) == pytest.approx((0.3, 0.3))
    assert (drawn.value, drawn.low, drawn.high) == pytest.approx((0.3, 0.0, 0.6))


def test_a_moved_map_comes_back():
    fine = np.random.default_rng(0).normal(size=(32, 32))
    moved = np.roll(fine, 2, axis=0)
    np.testing.assert_allclose(move_back(moved, (1, 0), 32)[:-2], fine[:-2], atol=1e-6)
    coarse = np.arange(4.0).reshape(2, 2)
    # Two of sixteen pixels of a cell's height come from the cell below.
    np.testing.assert_allclose(move_back(coarse, (1, 0), 32)[0], coarse[0] + 2 / 16 * 2, atol=1e-5)


def test_painting_out_leaves_everything_else():
    picture = np.random.default_rng(0).integers(90, 110, (60, 80)).astype(np.uint8)
    mask = np.zeros((30, 40), dtype=bool)
    mask[10:15, 20:26] = True
    bright = picture.copy()
    bright[20:30, 40:52] = 250
    found = paint_out(bright, mask)
    assert 85 < found[20:30, 40:52].mean() < 115
    np.testing.assert_array_equal(found[:14], picture[:14])
    assert paint_out(bright, np.zeros_like(mask)) is bright
    colour = paint_out(np.stack([bright] * 3, axis=-1), mask)
    assert colour.shape == (60, 80, 3) and colour[20:30, 40:52].mean() < 115


def test_heat_in_air_is_counted():
    row, column = np.mgrid[:64, :64]
    picture = np.where((row - 32) ** 2 + (column - 32) ** 2 < 20**2, 180, 2).astype(np.uint8)
    assert body_of(picture).mean() == pytest.approx(np.pi * 400 / 64**2, rel=0.1)
    heat = np.zeros((8, 8))
    heat[0, 0], heat[4, 4] = -1.0, 3.0
    assert heat_outside([heat, None], [picture, picture]) == pytest.approx(0.25)
    assert heat_outside([heat], [np.full((64, 64), 150, dtype=np.uint8)]) is None  # there is no outside
