"""The fit is the minimum of scikit-learn's objective, whatever the number of classes and the penalty."""

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression

from wetread.model.logistic import fit_logistic


def draw(rows, features, classes, seed=0):
    """Features of very different lengths, as in a basis of eigenvectors, and labels that they tell in part."""
    random = np.random.default_rng(seed)
    table = random.normal(size=(rows, features)) * np.geomspace(10, 0.1, features)
    labels = (table[:, :classes] / table[:, :classes].std(axis=0) + random.gumbel(size=(rows, classes))).argmax(axis=1)
    return table, labels


def truth_of(labels):
    classes = labels.max() + 1
    return labels[None, :] if classes == 2 else np.eye(classes)[labels].T


@pytest.mark.parametrize("strength", [1e-5, 1e-3, 0.1, 1.0])
@pytest.mark.parametrize(("rows", "features", "classes"), [(60, 59, 2), (200, 20, 2), (90, 80, 3), (400, 30, 7)])
def test_coefficients_are_those_of_scikit_learn(rows, features, classes, strength):
    table, labels = draw(rows, features, classes)
    weights, bias = fit_logistic(table, truth_of(labels), strength)
    wanted = LogisticRegression(C=strength, max_iter=50_000, tol=1e-9).fit(table, labels)
    np.testing.assert_allclose(weights, wanted.coef_, atol=1e-4)
    np.testing.assert_allclose(bias, wanted.intercept_, atol=1e-4)


def test_without_features_the_bias_is_the_log_odds():
    weights, bias = fit_logistic(np.zeros((10, 0)), np.array([[1, 1, 1, 0, 0, 0, 0, 0, 0, 0]]), 1.0)
    assert weights.shape == (1, 0)
    assert bias[0] == pytest.approx(np.log(3 / 7), abs=1e-6)
    _, several = fit_logistic(np.zeros((10, 0)), truth_of(np.array([0, 0, 0, 0, 0, 1, 1, 1, 2, 2])), 1.0)
    np.testing.assert_allclose(several - several[0], np.log(np.array([5, 3, 2]) / 5), atol=1e-6)


def test_one_feature_as_reckoned_by_hand():
    # Two images at 1 with label 1, two at -1 with label 0: the slope w solves w = 4 C / (1 + exp(w)).
    table, truth = np.array([[1.0], [1.0], [-1.0], [-1.0]]), np.array([[1, 1, 0, 0]])
    weights, bias = fit_logistic(table, truth, 0.5)
    assert weights[0, 0] == pytest.approx(2 / (1 + np.exp(weights[0, 0])), abs=1e-6)
    assert bias[0] == pytest.approx(0, abs=1e-9)


def test_separable_classes_with_hardly_any_penalty_come_to_an_end():
    table = np.linspace(-1, 1, 50)[:, None] * np.array([[1.0, 1e-3]])
    weights, bias = fit_logistic(table, (table[:, 0] > 0)[None, :].astype(int), 1e6)
    logits = weights[0] @ table.T + bias[0]
    assert np.isfinite(weights).all() and ((logits > 0) == (table[:, 0] > 0)).all()


@pytest.mark.filterwarnings("ignore:The line search:Warning")  # of scikit-learn, which has to work hard here
def test_a_rare_class_and_a_huge_feature_do_no_harm():
    table, labels = draw(500, 10, 3)
    labels[:498], labels[498:] = labels[:498] % 2, 2
    table[:, 0] *= 1e4
    weights, bias = fit_logistic(table, truth_of(labels), 0.01)
    wanted = LogisticRegression(C=0.01, max_iter=50_000, tol=1e-9, solver="newton-cg").fit(table, labels)
    np.testing.assert_allclose(weights[:, 1:], wanted.coef_[:, 1:], atol=1e-3)
    assert bias.sum() == pytest.approx(0, abs=1e-9)


def test_the_same_rows_give_the_same_bits():
    table, labels = draw(90, 80, 3)
    first, again = (fit_logistic(table, truth_of(labels), 0.1)[0] for _ in range(2))
    assert first.tobytes() == again.tobytes()
