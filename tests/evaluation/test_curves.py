"""Points of curves, and the band of precision along one of them."""

import numpy as np
import pytest

from wetread.evaluation.curves import BAND_POINTS, curves, precision_band
from wetread.evaluation.predictions import Predictions
from wetread.metrics.choice import interval_for_proportion


def predictions(truth, p, patients=None):
    """Two classes, ``yes`` the positive one, called from 0.5 on."""
    truth, p, n = np.array(truth), np.array(p, dtype=float), len(truth)
    people = patients or [f"P{number}" for number in range(n)]
    return Predictions(
        ("no", "yes"), "yes", [f"{number}.png" for number in range(n)], people, people, ["cv"] * n, ["1"] * n, truth,
        (p >= 0.5).astype(int), np.stack([1 - p, p], axis=1), np.full(n, 0.5),
    )  # fmt: skip


def test_the_band_holds_the_wilson_interval_of_precision_where_recall_rises():
    found = precision_band(predictions([1, 1, 0, 1, 0], [0.9, 0.8, 0.7, 0.6, 0.5]), 1)
    # 1 of 1, 2 of 2 and 3 of 4 called; Wilson by hand with z = 1.959964.
    assert found == [
        [pytest.approx(1 / 3, abs=1e-4), pytest.approx(0.2065, abs=1e-4), 1.0],
        [pytest.approx(2 / 3, abs=1e-4), pytest.approx(0.3424, abs=1e-4), 1.0],
        [1.0, pytest.approx(0.3006, abs=1e-4), pytest.approx(0.9544, abs=1e-4)],
    ]


def test_patients_with_several_images_are_drawn_whole_as_for_the_ppv():
    random = np.random.default_rng(2)
    truth = random.integers(0, 2, 2400)
    p = np.round(1 / (1 + np.exp(-random.normal(size=2400) - truth)), 3)
    one = predictions(truth, p, [f"P{number // 2}" for number in range(2400)])
    band = precision_band(one, 1, resamples=300, seed=5)
    assert len(band) == BAND_POINTS
    assert [x for x, _, _ in band] == sorted(x for x, _, _ in band)
    everybody = p >= p[truth == 1].min()
    ppv = interval_for_proportion(
        everybody & (truth == 1), everybody, np.array(one.groups), truth, resamples=300, seed=5
    )
    assert "bootstrap" in ppv.method.lower(), ppv.method
    assert band[-1] == [1.0, pytest.approx(ppv.low, abs=1e-5), pytest.approx(ppv.high, abs=1e-5)]


def test_the_curve_lies_in_its_band_and_only_one_curve_has_one():
    random = np.random.default_rng(0)
    truth = random.integers(0, 2, 90)
    one = predictions(truth, np.round(random.random(90) * 0.6 + 0.3 * truth, 4))
    (curve,) = curves(one, resamples=100)
    reached = {}
    for recall, precision in curve["precision_recall"]:
        reached[recall] = max(precision, reached.get(recall, 0))
    assert all(low - 1e-5 <= reached[x] <= high + 1e-5 for x, low, high in curve["precision_band"])
    several = Predictions(**{**one.__dict__, "positive": None, "thresholds": None})
    assert all("precision_band" not in curve for curve in curves(several, resamples=100))
