import numpy as np
import pytest

from wetread.metrics.discrimination import auroc
from wetread.probes.learners import forest, ridge

RNG = np.random.default_rng


def data(images, features, gap, seed=0):
    labels = np.arange(images) % 2
    table = RNG(seed).normal(size=(images, features))
    table[:, 0] += gap * labels
    return table, labels


@pytest.mark.parametrize("features", [3, 200])
def test_ridge_finds_one_telling_feature_among_few_and_among_more_than_rows(features):
    table, labels = data(100, features, 6)
    new, truth = data(400, features, 6, seed=1)
    told = ridge(table, labels, 2, new)
    assert auroc(truth == 1, told[:, 1]) > (0.99 if features == 3 else 0.8)


def test_ridge_agrees_with_scikit_learn_at_the_penalty_it_chose():
    from sklearn.linear_model import RidgeCV

    table, labels = data(60, 5, 1)
    new, _ = data(20, 5, 1, seed=1)
    scale = table.std(axis=0)
    standard, asked = (table - table.mean(axis=0)) / scale, (new - table.mean(axis=0)) / scale
    penalties = [part * standard.size for part in (1e-4, 1e-3, 1e-2, 1e-1, 1.0)]
    expected = RidgeCV(alphas=penalties).fit(standard, labels).predict(asked)
    told = ridge(table, labels, 2, new)
    # Softmax of four times the scores, which add up to 1.
    assert np.log(told[:, 1] / told[:, 0]) == pytest.approx(4 * (2 * expected - 1), abs=1e-6)


@pytest.mark.parametrize("fit", [forest, ridge])
def test_a_class_without_training_rows_gets_a_column_and_rows_add_up_to_one(fit):
    table, labels = data(40, 4, 3)
    told = fit(table, labels, 3, table)
    assert told.shape == (40, 3)
    assert told.sum(axis=1) == pytest.approx(np.ones(40))


@pytest.mark.parametrize("fit", [forest, ridge])
def test_constant_features_do_no_harm_and_the_same_data_give_the_same_answer(fit):
    table, labels = data(40, 4, 3)
    table[:, 2] = 7
    told = fit(table, labels, 2, table)
    assert np.isfinite(told).all()
    assert np.array_equal(told, fit(table, labels, 2, table))


def test_several_classes_are_told_apart():
    labels = np.arange(90) % 3
    table = RNG(0).normal(size=(90, 6))
    table[np.arange(90), labels] += 5
    assert (ridge(table, labels, 3, table).argmax(axis=1) == labels).mean() > 0.95
