"""The AUROC of a table is that of scikit-learn, for two classes and for more, with an interval that fits the study."""

import numpy as np
import pytest
from sklearn.metrics import roc_auc_score

from wetread.metrics.table_auroc import auroc_of_table


def table(classes, n=90, seed=0):
    random = np.random.default_rng(seed)
    truth = np.arange(n) % classes
    logits = random.normal(size=(n, classes))
    logits[np.arange(n), truth] += 1
    return truth, np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)


def test_two_classes_are_seen_from_the_positive_one():
    truth, p = table(2)
    found = auroc_of_table(truth, p, np.arange(90), positive=0)
    assert found.value == pytest.approx(roc_auc_score(truth == 0, p[:, 0]))
    assert "DeLong" in found.method


def test_several_classes_are_averaged_one_against_the_rest():
    truth, p = table(4)
    found = auroc_of_table(truth, p, np.arange(90), resamples=200)
    assert found.value == pytest.approx(roc_auc_score(truth, p, multi_class="ovr", average="macro"))
    assert found.low < found.value < found.high


def test_an_absent_class_has_no_number():
    truth, p = table(3)
    assert auroc_of_table(np.where(truth == 2, 1, truth), p, np.arange(90)) is None


def test_a_perfect_ranking_is_not_certain():
    truth = np.arange(90) % 3
    p = np.full((90, 3), 0.1)
    p[np.arange(90), truth] = 0.8
    found = auroc_of_table(truth, p, np.arange(90), resamples=200)
    assert found.value == found.high == 1.0
    assert 0.85 < found.low < 0.95
