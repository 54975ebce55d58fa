"""A map that covers a part of the picture is drawn there, and nowhere else; agreement of maps by hand."""

import numpy as np
import pytest

from wetread.explanation.agreement import GRID, agree
from wetread.explanation.heatmap import Heatmap, draw_over


def test_cells_lie_in_their_box():
    cells = np.array([[1.0, 2.0], [3.0, 4.0]])
    heatmap = Heatmap(cells, "yes", "grad-cam", "", box=(0.5, 0.0, 1.0, 0.5))
    expected = np.array([[0, 0, 0, 0], [0, 0, 0, 0], [1, 2, 0, 0], [3, 4, 0, 0]])
    np.testing.assert_array_equal(heatmap.on_grid(4, 4), expected)
    picture = np.full((40, 80), 90, dtype=np.uint8)
    drawn = draw_over(heatmap, picture, 1.0)
    assert (drawn[:20] == 90).all() and (drawn[:, 40:] == 90).all() and (drawn[20:, :40] != 90).any(axis=2).all()


def test_a_map_over_all_repeats_its_cells():
    cells = np.arange(6.0).reshape(2, 3)
    heatmap = Heatmap(cells, "yes", "grad-cam", "")
    np.testing.assert_array_equal(heatmap.on_grid(4, 9), np.kron(cells, np.ones((2, 3))))


def test_pixels_share_what_a_cell_has():
    assert Heatmap(np.full((8, 8), 9e-7), "", "", "").is_empty
    assert not Heatmap(np.full((224, 224), 9e-7), "", "", "").is_empty


def test_a_map_agrees_with_itself_and_not_with_its_negative():
    values = np.random.default_rng(0).normal(size=(GRID, GRID))
    one, other = Heatmap(values, "", "a", ""), Heatmap(-values, "", "b", "")
    assert agree(one, one) == {"spearman": 1.0, "top10_iou": 1.0}
    assert agree(one, other) == {"spearman": -1.0, "top10_iou": 0.0}


def test_agreement_does_not_depend_on_resolution():
    values = np.random.default_rng(0).normal(size=(8, 8))
    coarse, fine = Heatmap(values, "", "a", ""), Heatmap(np.kron(values, np.ones((4, 4))), "", "b", "")
    assert agree(coarse, fine)["spearman"] == pytest.approx(1.0, abs=1e-3)


def test_nothing_agrees_with_nothing():
    empty, flat = Heatmap(np.zeros((4, 4)), "", "", ""), Heatmap(np.ones((4, 4)), "", "", "")
    one = Heatmap(np.eye(4), "", "", "")
    assert agree(one, empty) == agree(one, flat) == {"spearman": None, "top10_iou": None}
