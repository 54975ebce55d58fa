"""Coverage of the sets of findings can be counted by hand, and is silent where it would only repeat the promise."""

import numpy as np
import pytest

from wetread.evaluation.finding_sets import SAME_IMAGES, TOO_FEW, describe_finding_sets
from wetread.metrics.intervals import wilson


def told(truth, p, folds, groups=None, names=("edema",)):
    truth, p = (np.asarray(one, dtype=float).reshape(len(folds), -1) for one in (truth, p))
    groups = np.arange(len(folds)) if groups is None else np.asarray(groups)
    return describe_finding_sets(truth, p, np.asarray(folds), groups, names)


def test_each_fold_is_judged_by_the_limits_of_the_others():
    # Fold 1: nine with it at 0.1 to 0.9, so that the set of a new one reaches down to 0.1; nine without at 0.05, so
    # that "absent" is ruled out above 0.05. Fold 2, judged by these: 3 of 12 with it lie below 0.1, all without below.
    first = [0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9], [0.05] * 9
    second = [0.09] * 3 + [0.95] * 9, [0.04] * 10
    p = [*first[0], *first[1], *second[0], *second[1]]
    truth, folds = [1] * 9 + [0] * 9 + [1] * 12 + [0] * 10, [1] * 18 + [2] * 22
    (row,) = told(truth, p, folds)
    # Fold 1 by the limits of fold 2: rank 12 of 12 with it is 0.09, so all nine are covered; absent up to 0.04: none.
    covered = wilson(9 + 9, 21)
    assert row["with"]["images"] == 21
    assert (row["with"]["value"], row["with"]["low"], row["with"]["high"]) == pytest.approx(
        (covered.value, covered.low, covered.high), abs=1e-6
    )
    assert (row["without"]["value"], row["without"]["images"]) == (pytest.approx(10 / 19, abs=1e-6), 19)
    assert row["without"]["short"] and not row["with"]["short"]
    # Unsure: none. Neither: 9 of fold 1 without it (0.05 is below 0.09 and above 0.04), and 3 of fold 2 (0.09).
    assert (row["unsure"], row["empty"]) == (0, pytest.approx(12 / 40))


def test_a_single_test_set_says_nothing():
    random = np.random.default_rng(0)
    truth = random.integers(0, 2, 80)
    (row,) = told(truth, random.random(80), np.ones(80))
    assert row == {"class": "edema", "promised": 0.9, "why": SAME_IMAGES}


def test_nine_are_needed_on_either_side_and_unknown_ones_do_not_count():
    truth = np.full((60, 2), np.nan)
    truth[:40, 0], truth[:20, 1], truth[20:28, 1] = np.arange(40) % 2, 0, 1
    rows = told(truth, np.full((60, 2), 0.5), np.arange(60) % 5, names=("edema", "scar"))
    assert rows[0]["with"]["images"] == rows[0]["without"]["images"] == 20
    assert rows[1]["why"] == TOO_FEW and "fewer than 9" in TOO_FEW


def test_honest_probabilities_keep_the_promise_and_shifted_ones_do_not():
    random = np.random.default_rng(1)
    truth, folds = random.integers(0, 2, 1500), np.arange(1500) % 5
    p = 1 / (1 + np.exp(-(random.normal(size=1500) + 2 * truth - 1)))
    (row,) = told(truth, p, folds)
    for side in ("with", "without"):
        assert 0.87 < row[side]["value"] < 0.93 and not row[side]["short"]
    # One fold has another scanner, on which everything looks healthier.
    (row,) = told(truth, np.where(folds == 4, p / 8, p), folds)
    assert row["with"]["short"] and not row["without"]["short"]


def test_images_of_one_patient_widen_the_interval():
    random = np.random.default_rng(2)
    people = np.repeat(np.arange(40), 5)
    truth, p = np.repeat(np.arange(40) % 2, 5), np.repeat(random.random(40), 5)
    (alike,) = told(truth, p, people % 5, people)
    (apart,) = told(truth, p, people % 5)
    width = [one["with"]["high"] - one["with"]["low"] for one in (alike, apart)]
    assert width[0] > 1.4 * width[1] and alike["with"]["value"] == apart["with"]["value"]
