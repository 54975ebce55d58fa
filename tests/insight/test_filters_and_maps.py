"""First filters with their waves, maps of real pictures, all pictures as points, and templates of classical weights."""

import numpy as np
import pytest

from tests.insight.toy import HORIZONTAL, SIDE, VERTICAL, edge_branch, edge_classifier, noise_pictures
from wetread.insight.activations import average_activations, strongest_maps
from wetread.insight.embedding_map import embed, map_pictures, principal_components
from wetread.insight.filters import first_filters, frequency_response
from wetread.insight.layers import find_layers
from wetread.insight.templates import CELLS, class_templates, draw_edges
from wetread.model.classifier import Classifier
from wetread.model.features import classical_features
from wetread.model.linear import LinearPart


def test_first_filters_are_the_weights_strongest_first():
    found = first_filters(edge_branch().body, 1, SIDE)
    assert found.total == 4 and found.weights.shape == (4, 1, 3, 3)
    # Norms: chequers 3, the two edges the root of 6, the dead one 0.
    np.testing.assert_array_equal(found.numbers, [2, 0, 1, 3])
    assert found.scale == 1.0


def test_a_filter_for_edges_between_rows_answers_to_waves_that_run_down():
    response = frequency_response(np.array([[[-1.0, -1, -1], [0, 0, 0], [1, 1, 1]]]))
    middle = response.shape[0] // 2
    assert response[middle, middle] == pytest.approx(0, abs=1e-12)
    # Three columns add up, and at a quarter of the sampling rate the two rows are in antiphase: 3 * 2.
    assert response[middle + 8, middle] == pytest.approx(6)
    assert response[middle, middle + 8] == pytest.approx(0, abs=1e-12)


def test_the_strongest_map_is_that_of_the_edge_in_the_picture():
    branch = edge_branch()
    layers = find_layers(branch.body, 1, SIDE)
    rows = np.where(np.arange(SIDE)[:, None] % 8 < 4, 40, 200).astype(np.uint8) * np.ones((1, SIDE), dtype=np.uint8)
    upright, across = strongest_maps(branch, layers, [rows, np.ascontiguousarray(rows.T)], 2)
    assert (upright[0].numbers[0], across[0].numbers[0]) == (HORIZONTAL, VERTICAL)
    assert upright[0].values.shape == (2, SIDE, SIDE) and upright[0].scale == across[0].scale > 0
    means = average_activations(branch, layers, [rows, rows.T.copy()])[0]
    assert means[0, HORIZONTAL] > 5 * means[1, HORIZONTAL]


def test_components_are_those_of_the_covariance():
    random = np.random.default_rng(0)
    # A cloud that is long in one known direction, less so in a second.
    directions = np.linalg.qr(random.normal(size=(5, 5)))[0]
    features = random.normal(size=(200, 5)) * [10, 3, 0.1, 0.1, 0.1] @ directions.T + 7
    points, shares = principal_components(features)
    values = np.linalg.eigvalsh(np.cov(features.T))[::-1]
    np.testing.assert_allclose(points.var(axis=0, ddof=1), values[:2])
    np.testing.assert_allclose(shares, values[:2] / values.sum())
    assert abs(np.corrcoef(points[:, 0], (features - 7) @ directions[:, 0])[0, 1]) > 0.999


def test_the_map_of_a_network_and_its_neighbours():
    classifier = edge_classifier()
    pictures = [np.clip(one / 4 + (150 if n % 2 else 0), 0, 255).astype(np.uint8) for n, one in
                enumerate(noise_pictures(44))]  # fmt: skip
    features, sees = embed(classifier, pictures)
    assert features.shape == (44, 128) and sees == "last features of the network small"
    found = map_pictures(classifier, pictures)
    side = np.arange(44) % 2
    for points in (found.components, found.neighbours):
        middles = np.stack([points[side == k].mean(axis=0) for k in (0, 1)])
        nearest = np.linalg.norm(points[:, None] - middles, axis=2).argmin(axis=1)
        assert (nearest == side).mean() > 0.95
    assert map_pictures(classifier, pictures[:8]).neighbours is None
    np.testing.assert_array_equal(found.neighbours, map_pictures(classifier, pictures).neighbours)


def classical(weights):
    count = len(weights)
    part = LinearPart("classical", np.zeros(count), np.ones(count), np.stack([-weights, weights], axis=1), np.zeros(2))
    return Classifier(("no", "yes"), "yes", "classical", [part], temperature=2.0)


def test_a_template_shows_each_weight_at_its_place_and_adds_up_to_the_margin():
    pictures = noise_pictures(3, 128)
    features = classical_features(pictures)
    bright = np.zeros(features.shape[1])
    thumbnail = 1764 + 90 + 32
    bright[thumbnail + 12 * 2 + 5] = 3.0
    no, yes = class_templates(classical(bright))
    expected = np.zeros((12, 12))
    # The margin counts both classes, and the temperature halves it.
    expected[2, 5] = 3.0
    np.testing.assert_allclose(yes.brightness, expected)
    np.testing.assert_allclose(no.brightness, -expected)
    assert yes.shares["thumbnail"] == 1.0
    margins = classical(bright).margin(pictures, 1)
    small = features[:, thumbnail : thumbnail + 144].reshape(-1, 12, 12)
    np.testing.assert_allclose((small * yes.brightness).sum(axis=(1, 2)), margins, atol=1e-6)


def test_a_stroke_runs_along_its_edge():
    picture = np.zeros((128, 128), dtype=np.uint8)
    picture[64:] = 255  # an edge along a row: its gradient points down
    weights = np.zeros(classical_features([picture]).shape[1])
    weights[:1764] = classical_features([picture])[0, :1764]
    _, yes = class_templates(classical(weights))
    row, _, orientation = np.unravel_index(np.abs(yes.edges).argmax(), yes.edges.shape)
    assert yes.edges.shape == (CELLS, CELLS, 9) and row in (3, 4) and orientation == 4
    drawn = draw_edges(np.where(np.arange(9) == orientation, yes.edges, 0)[row : row + 1, 3:4], 1e-3).astype(int)
    lit = np.argwhere(drawn[:, :, 0] > 120)
    assert np.ptp(lit[:, 1]) > 3 * np.ptp(lit[:, 0])


def test_no_template_without_classical_features():
    assert class_templates(edge_classifier()) == []
