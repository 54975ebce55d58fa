"""The short cut through the space of the rows gives what scikit-learn gives in the space of the features."""

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression
from sklearn.preprocessing import StandardScaler

from wetread.metrics.temperature import apply_temperature
from wetread.model.linear import LinearFit


@pytest.mark.parametrize("classes", [2, 3])
def test_fit_equals_plain_logistic_regression(classes):
    random = np.random.default_rng(classes)
    features = random.normal(size=(60, 200)) * random.uniform(0.1, 5, 200) + 3
    labels = np.arange(60) % classes
    features[:, 0] += labels
    ours = LinearFit("classical", features, labels, classes).at(0.01)
    scaled = StandardScaler().fit(features)
    plain = LogisticRegression(C=0.01, max_iter=2000, tol=1e-8).fit(scaled.transform(features), labels)
    fresh = random.normal(size=(20, 200)) + 3
    wanted = plain.predict_proba(scaled.transform(fresh))
    found = apply_temperature(ours.logits_of_features(fresh), 1.0)
    np.testing.assert_allclose(found, wanted, atol=2e-3)


def test_a_feature_that_never_varied_is_ignored():
    features = np.random.default_rng(0).normal(size=(30, 5))
    features[:, 2] = 4.0
    part = LinearFit("classical", features, np.arange(30) % 2, 2).at(0.1)
    moved = features.copy()
    moved[:, 2] = 1e6
    np.testing.assert_array_equal(part.logits_of_features(features), part.logits_of_features(moved))


def test_a_class_that_is_absent_from_training_is_all_but_impossible():
    part = LinearFit("classical", np.random.default_rng(0).normal(size=(30, 5)), np.arange(30) % 2, 3).at(0.1)
    probabilities = apply_temperature(part.logits_of_features(np.zeros((1, 5))), 1.0)
    assert probabilities[0, 2] < 1e-6


def test_an_embedding_keeps_its_proportions_and_other_features_do_not():
    random = np.random.default_rng(0)
    features = random.normal(size=(60, 6)) * np.array([1, 50, 0.1, 4.0, 2.0, 0.0])
    part = LinearFit("combined", features, np.arange(60) % 2, 2, embedded=3).at(0.1)
    np.testing.assert_allclose(part.scale[:3] * features[:, :3].std(axis=0), 1)
    assert part.scale[3] == part.scale[4] > 0
    assert part.scale[5] == 0
