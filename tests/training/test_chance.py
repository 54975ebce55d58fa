"""Better than chance? p values that keep their promise, and that do not take images of one patient for patients."""

import itertools
import json

import numpy as np
import pytest
from fake.effort import least_seconds
from scipy.stats import kstest

from wetread.dataset.split import Fold
from wetread.metrics.discrimination import auroc
from wetread.training.chance import ENOUGH, _exchangeable, _influence, _standardise, permutation_test


def folds_of(labels, groups, seed=0, folds=5):
    """Groups dealt at random, label by label."""
    random, rows = np.random.default_rng(seed), np.arange(len(labels))
    first = np.unique(groups, return_index=True)[1]
    label = labels[first] if labels.ndim == 1 else np.nan_to_num(labels[first]) @ (1, 2)
    part = np.empty(len(first), dtype=int)
    part[np.lexsort((random.random(len(first)), label))] = np.arange(len(first)) % folds
    tests = [np.flatnonzero(part[groups] == number) for number in range(folds)]
    return [Fold(1, number, np.setdiff1d(rows, test), test) for number, test in enumerate(tests, start=1)]


def test(make, seed, **named):
    features, labels, groups = make(np.random.default_rng(seed))
    return permutation_test(features, labels, groups, folds_of(labels, groups, seed), seed=seed, **named)


test.__test__ = False


def one_image_each(random):
    return random.normal(size=(40, 15)), np.repeat([0, 1], 20), np.arange(40)


def many_images_go_with_the_label(random):
    """Patients of one class have more images, which resemble each other; the features tell nothing."""
    labels = random.permutation(40) % 2
    groups = np.repeat(np.arange(40), np.where(labels == 1, random.integers(2, 4, 40), random.integers(1, 3, 40)))
    features = random.normal(size=(40, 15))[groups] + 0.3 * random.normal(size=(len(groups), 15))
    return features, labels[groups], groups


def several_findings(random):
    groups = np.repeat(np.arange(24), 2)
    labels = (random.random((24, 2)) < 0.4).astype(float)[groups]
    labels[random.random(labels.shape) < 0.15] = np.nan
    return random.normal(size=(24, 15))[groups] + 0.3 * random.normal(size=(48, 15)), labels, groups


@pytest.mark.parametrize("make", [one_image_each, many_images_go_with_the_label, several_findings])
def test_where_there_is_nothing_p_is_uniform(make):
    found = np.array([test(make, seed, permutations=99).p_value for seed in range(100)])
    assert kstest(found, "uniform").pvalue > 0.01
    assert (found <= 0.05).mean() <= 0.11  # 5 of 100 are expected, 11 in one of 250 such tests


def test_where_there_is_something_p_is_as_small_as_it_can_be():
    def make(random):
        features, labels, groups = one_image_each(random)
        features[:, 0] += 3 * labels
        return features, labels, groups

    found = test(make, 0, permutations=199)
    assert found.p_value == 1 / 200 and found.is_shown and found.statistic > 0.8
    assert found.null_low < 0.5 < found.null_high < found.statistic
    assert 0.4 < found.null_mean < 0.6 and found.permutations == 199 and found.images == found.groups == 40
    stored = found.as_dict()
    assert stored["p"] == 0.005 and stored["shown"] is True and json.loads(json.dumps(stored)) == stored


def test_images_of_a_patient_are_not_taken_for_patients():
    """Eight images of each of 16 patients: taken one by one, chance would nearly always look like knowledge."""

    def patients(random):
        groups = np.repeat(np.arange(16), 8)
        labels = random.permutation(16) % 2
        return random.normal(size=(16, 15))[groups] + 0.1 * random.normal(size=(128, 15)), labels[groups], groups

    def images(random):
        features, labels, _ = patients(random)
        return features, labels, np.arange(128)

    honest = [test(patients, seed, permutations=49).p_value <= 0.05 for seed in range(40)]
    naive = [test(images, seed, permutations=49).p_value <= 0.05 for seed in range(8)]
    assert sum(honest) <= 6 and all(naive)


def test_scores_are_those_of_ridge_regression():
    random = np.random.default_rng(0)
    features, labels = random.normal(size=(20, 5)), np.arange(20) % 2
    part = np.repeat([0, 1], 10)
    standard = _standardise(features, 0)
    assert standard.mean(axis=0) == pytest.approx(np.zeros(5)) and standard.std(axis=0) == pytest.approx(np.ones(5))
    scores = _influence(standard, part, 2) @ labels
    train = standard[10:] - standard[10:].mean(axis=0)
    penalty = (train**2).sum() / 10
    weights = np.linalg.solve(train.T @ train + penalty * np.eye(5), train.T @ (labels[10:] - 0.5))
    assert scores[:10] == pytest.approx((standard[:10] - standard[10:].mean(axis=0)) @ weights)
    assert not _influence(standard, part, 2)[:10, :10].any()


def test_p_is_exact_where_all_exchanges_can_be_counted():
    """Four and four patients in two parts: 6 x 6 labellings, so p must come near their share."""
    random = np.random.default_rng(4)
    features, labels, groups = random.normal(size=(8, 3)), np.tile([0, 1], 4), np.arange(8)
    rows = np.arange(8)
    folds = [Fold(1, 1, rows[4:], rows[:4]), Fold(1, 2, rows[:4], rows[4:])]
    influence = _influence(_standardise(features, 0), np.repeat([0, 1], 4), 2)
    halves = [np.isin(np.arange(4), one).astype(int) for one in itertools.combinations(range(4), 2)]
    every = [np.concatenate(pair) for pair in itertools.product(halves, halves)]
    areas = [auroc(one == 1, (influence @ (one - 0.5)).round(12)) for one in every]
    own = auroc(labels == 1, (influence @ (labels - 0.5)).round(12))
    share = np.mean([area >= own - 1e-12 for area in areas])
    found = permutation_test(features, labels, groups, folds, permutations=4000)
    assert found.statistic == pytest.approx(own)
    assert found.p_value == pytest.approx(share, abs=0.03)


def test_groups_of_rare_sizes_join_their_neighbours():
    size = np.array([1] * ENOUGH + [2] * 3 + [3] * (ENOUGH - 3) + [9])
    kinds = _exchangeable(size, np.zeros(len(size), dtype=int))
    assert [sorted(set(size[kind].tolist())) for kind in kinds] == [[1], [2, 3, 9]]
    assert sorted(np.concatenate(kinds).tolist()) == list(range(len(size)))
    # of two parts none takes from the other
    parts = np.arange(len(size)) % 2
    assert all(len(set(parts[kind])) == 1 for kind in _exchangeable(size, parts))


def test_a_locked_test_is_tested_alone():
    random = np.random.default_rng(0)
    labels = np.arange(60) % 2
    features = random.normal(size=(60, 10))
    features[:, 0] += 3 * labels
    rows = np.arange(60)
    # rows 50 to 59 belong to nothing
    found = permutation_test(features, labels, rows, [Fold(1, 1, rows[:30], rows[30:50])], permutations=99)
    assert found.p_value == 0.01 and found.images == 50


def test_what_is_not_defined_is_none():
    rows = np.arange(12)
    labels = np.repeat([0, 1, 0], 4)
    assert permutation_test(np.eye(12), labels, rows, [Fold(1, 1, rows[:8], rows[8:])]) is None


def test_features_that_never_vary_prove_nothing():
    labels, groups = np.repeat([0, 1], 20), np.arange(40)
    found = permutation_test(np.ones((40, 3)), labels, groups, folds_of(labels, groups), permutations=49)
    assert found.statistic == 0.5 and found.p_value == 1.0 and not found.is_shown


def test_large_sets_are_drawn_from_and_a_thousand_images_take_no_time():
    random = np.random.default_rng(0)
    labels, groups = np.arange(1000) % 2, np.arange(1000) // 2
    labels = labels[groups]
    features = random.normal(size=(1000, 1000)).astype(np.float32)
    folds = folds_of(labels, groups)
    assert permutation_test(features, labels, groups, folds, permutations=19, most=300).images == 300
    spent = least_seconds(lambda: permutation_test(features, labels, groups, folds), enough=10, times=3)
    assert spent < 10  # half a second on a quiet machine
