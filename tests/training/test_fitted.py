"""Calibration and operating points on inner predictions, and what becomes of them in folds, models and ensembles."""

import dataclasses

import numpy as np
import pytest
from scipy.special import expit

from tests.training.test_ladder import folds_of, training_set
from wetread.dataset.split import Fold
from wetread.metrics.calibration import calibration_slope_intercept
from wetread.metrics.point_rule import DEFAULT_RULES
from wetread.model.classifier import load_classifier
from wetread.progress import silent
from wetread.training.fingerprint import Fingerprint
from wetread.training.fitted import Calibration, add_offsets, calibrate, choose_points, choose_thresholds
from wetread.training.fold_result import FoldResult, load_fold, save_fold
from wetread.training.ladder import run_fold
from wetread.training.plan import make_plan
from wetread.training.pooling import pool


def plan_of(classes=("no", "yes"), n=200, **changes):
    plan = make_plan(Fingerprint(n, n, classes, 10, 0.0, 48, "column"))
    return dataclasses.replace(plan, **changes)


def distorted(n=3000, seed=0):
    """Labels, and logits that are twice too sure and too high."""
    random = np.random.default_rng(seed)
    z = random.normal(size=n)
    labels = (random.random(n) < expit(z)).astype(int)
    return labels, np.stack([np.zeros(n), 2 * z + 3], axis=1)


def test_platt_mends_the_middle_and_temperature_cannot():
    labels, logits = distorted()
    lines = {}
    for kind in ("platt", "temperature", "none"):
        moved = calibrate(plan_of(calibration=kind), logits, labels).of(logits)
        lines[kind] = calibration_slope_intercept(labels == 1, expit(moved[:, 1] - moved[:, 0]))
    assert lines["platt"].slope == pytest.approx(1, abs=0.02)
    assert lines["platt"].intercept == pytest.approx(0, abs=0.02)
    assert abs(lines["temperature"].intercept) > 0.3
    assert lines["none"].slope == pytest.approx(0.5, abs=0.05)


def test_fewer_than_fifty_rows_are_left_as_they_are():
    labels, logits = distorted(49)
    assert calibrate(plan_of(calibration="platt"), logits, labels) == Calibration()


def test_each_finding_has_its_own_line_and_several_classes_a_temperature():
    labels, logits = distorted()
    table = np.stack([logits[:, 1], logits[:, 1] - 3], axis=1)
    truth = np.stack([labels, labels], axis=1).astype(float)
    truth[:200, 1] = np.nan
    found = calibrate(plan_of(calibration="platt", task="multilabel", positive=None), table, truth)
    assert found.temperature == pytest.approx((2, 2), rel=0.1)
    assert found.offset == pytest.approx((-1.5, 0), abs=0.1)
    three = np.random.default_rng(0).normal(size=(90, 3))
    several = calibrate(plan_of(("a", "b", "c"), calibration="platt"), three, np.arange(90) % 3)
    assert several.offset == () and several.temperature > 0


def test_offsets_of_members_pass_through_the_calibration_of_their_mean():
    own = Calibration(2.0, (0.0, 0.5))
    parts, members = np.array([[1.0, -1.0]]), (0.0, 4.0)
    assert add_offsets(own, members) == (0.0, 2.5)
    np.testing.assert_allclose(own.of(parts + members), parts / 2 + add_offsets(own, members))
    assert add_offsets(own, ()) == own.offset


def test_all_rules_are_chosen_and_that_of_the_plan_first():
    labels, logits = distorted(400)
    inner = np.stack([1 - expit(logits[:, 1]), expit(logits[:, 1])], axis=1)
    plan = plan_of(operating_point="sensitivity>=0.8")
    points = choose_points(plan, labels, inner)
    assert list(points) == ["sensitivity>=0.8", *DEFAULT_RULES]
    assert points["sensitivity>=0.8"] == choose_thresholds(plan, labels, inner)
    found = (inner[labels == 1, 1] >= points["sensitivity>=0.8"][0]).mean()
    assert 0.8 <= found < 0.85
    for positive in (None, "b"):
        three = plan_of(("a", "b", "c"), positive=positive)
        assert choose_points(three, np.arange(9) % 3, np.full((9, 3), 1 / 3)) == {}


def test_one_class_or_equal_probabilities_inside_give_one_half():
    plan, flat = plan_of(), np.full((20, 2), 0.5)
    for labels in (np.ones(20, dtype=int), np.arange(20) % 2):
        points = choose_points(plan, labels, flat)
        assert points["youden"] == (0.5,)
        assert all(0 <= cut <= 1 for (cut,) in points.values())


def test_a_fold_keeps_points_and_uncalibrated_probabilities_on_disk(tmp_path):
    data = training_set(np.arange(120) % 2, strength=30)
    data.plan = dataclasses.replace(data.plan, calibration="platt")
    fold = folds_of(data)[0]
    result = run_fold(data, fold, silent)
    assert set(result.points["classical"]) == set(DEFAULT_RULES)
    assert result.points["classical"]["youden"] == result.thresholds["classical"]
    assert not np.allclose(result.uncalibrated["classical"], result.probabilities["classical"])
    save_fold(result, tmp_path, data.key())
    again = load_fold(fold, tmp_path, data, data.key())
    assert again.points == result.points
    np.testing.assert_array_equal(again.uncalibrated["classical"], result.uncalibrated["classical"])
    one, other = result.classifiers["classical"], again.classifiers["classical"]
    assert (one.offset, one.points) == (other.offset, other.points) and one.offset
    np.testing.assert_allclose(one.probabilities(data.pictures[:3]), other.probabilities(data.pictures[:3]), atol=1e-9)


def test_a_model_carries_offset_and_points(tmp_path):
    data = training_set(np.arange(80) % 2, strength=30)
    fitted = run_fold(data, folds_of(data)[0], silent).classifiers["classical"]
    changed = dataclasses.replace(fitted, offset=(0.0, 1.5))
    raw = changed.raw_logits(data.pictures[:4])
    np.testing.assert_allclose(changed.logits(data.pictures[:4]), raw / changed.temperature + [0, 1.5])
    again = load_classifier(changed.save(tmp_path / "model"))
    assert again.offset == (0.0, 1.5) and again.points == changed.points


def test_points_and_uncalibrated_are_pooled_like_the_rest():
    plan, rows = plan_of(), np.arange(2)

    def result(repeat, p, cut):
        table = {"classical": np.array([[1 - p, p], [0.5, 0.5]])}
        points = {"classical": {"youden": [cut], "f1": [cut / 2]}}
        return FoldResult(
            *(Fold(repeat, 1, rows, rows), table, {"classical": [cut]}, "classical", [], {}, {}),
            uncalibrated=table,
            points=points,
        )

    pooled = pool([result(1, 0.8, 0.7), result(2, 0.6, 0.5)], "selected", plan)
    np.testing.assert_allclose(pooled.points["youden"], pooled.thresholds)
    np.testing.assert_allclose(pooled.uncalibrated, pooled.probabilities)
    assert pooled.points["f1"].shape == (2,) and (pooled.points["f1"] < pooled.points["youden"]).all()
