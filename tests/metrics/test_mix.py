"""Which numbers move with how common each class is, and what follows for the resamples."""

import numpy as np
import pytest

from wetread.metrics import counted, counted_calibration
from wetread.metrics.bootstrap import patient_bootstrap_many
from wetread.metrics.choice import interval_for_proportion
from wetread.metrics.mix import moves_with_mix, sides_of

N = 240


@pytest.fixture(scope="module")
def data():
    random = np.random.default_rng(1)
    truth = np.arange(N) % 6 == 0
    p = 1 / (1 + np.exp(1.5 - 1.8 * truth - random.normal(size=N)))
    return truth, p, p >= 0.4


@pytest.fixture(scope="module")
def three():
    random = np.random.default_rng(2)
    classes = np.arange(N) % 3
    table = random.dirichlet(np.ones(3), size=N) * 0.6 + 0.4 * np.eye(3)[classes]
    return classes, table, table.argmax(axis=1)


def of_two(truth, p, called):
    """Name -> statistic, and whether it moves."""
    everybody = np.ones(len(truth), dtype=bool)
    sensitivity, area = counted.rate(truth & called, truth), counted.auroc(truth, p)
    brier, skill = counted_calibration.brier_and_skill(truth, p)
    return {
        "auroc": (area, False),
        "auroc by components": (counted.auroc_by_components(truth, p), False),
        "auroc, remembered": (counted.once(area), False),
        "sensitivity": (sensitivity, False),
        "specificity": (counted.rate(~truth & ~called, ~truth), False),
        "balanced accuracy": (counted.balanced_accuracy(truth, called, 2), False),
        "gap": (counted.minus(area, counted.auroc(truth, -p)), False),
        "mean of rates": (counted.mean_of([sensitivity, counted.rate(~truth & ~called, ~truth)]), False),
        "rate and area": (counted.mean_of([sensitivity, area]), False),
        "ppv": (counted.rate(truth & called, called), True),
        "npv": (counted.rate(~truth & ~called, ~called), True),
        "accuracy": (counted.rate(truth == called, everybody), True),
        "f1": (counted.f1(truth, called), True),
        "macro f1": (counted.macro_f1(truth, called, 2), True),
        "kappa": (counted.cohen_kappa(truth, called, 2), True),
        "auprc": (counted.average_precision(truth, p), True),
        "brier": (counted_calibration.brier(truth, p), True),
        "brier, line": (brier, True),
        "skill": (skill, True),
        "slope": (counted_calibration.calibration_line(truth, p, "slope"), True),
        "intercept": (counted_calibration.calibration_line(truth, p, "intercept"), True),
        "any function": (counted.by_rows(lambda rows: float(truth[rows].mean())), True),
        "gap of kinds": (counted.minus(area, counted.average_precision(truth, p)), True),
        "gap of sums": (counted.minus(sensitivity, brier), True),
    }


def test_each_number_says_whether_it_moves(data):
    found = {name: moves_with_mix(statistic, data[0]) for name, (statistic, _) in of_two(*data).items()}
    assert found == {name: moves for name, (_, moves) in of_two(*data).items()}


def test_one_of_several_classes_against_the_others_moves_with_how_those_are_mixed(three):
    classes, table, called = three
    of_first = classes == 0
    assert not moves_with_mix(counted.rate(of_first & (called == 0), of_first), classes)
    assert not moves_with_mix(counted.balanced_accuracy(classes, called, 3), classes)
    assert moves_with_mix(counted.rate(~of_first & (called != 0), ~of_first), classes)
    assert moves_with_mix(counted.auroc(of_first, table[:, 0]), classes)
    assert moves_with_mix(counted.macro_auroc(classes, table), classes)
    assert not moves_with_mix(counted.auroc(of_first, table[:, 0]), of_first)


def test_images_with_several_findings_are_looked_up_by_row():
    """Cases of ``auroc`` are not rows where some are left out: its sides are."""
    labels, rows = np.array([0, 1, 0, 1, 1, 0]), np.array([1, 2, 4, 5])
    area = counted.auroc(labels[rows] == 1, np.arange(4.0), rows)
    assert [one.tolist() for one in sides_of(area)] == [[1, 4], [2, 5]]
    assert not moves_with_mix(area, labels)
    assert moves_with_mix(area, np.array([0, 1, 0, 1, 0, 0]))


def test_what_moves_is_drawn_from_everybody_and_the_rest_within_classes(data):
    """Each number has the interval of the draws that fit it, whatever stands beside it."""
    truth = data[0]
    statistics = {name: statistic for name, (statistic, _) in of_two(*data).items()}
    together = patient_bootstrap_many(statistics, np.arange(N), truth, resamples=100)
    assert list(together) == list(statistics)
    moving = {name: statistic for name, (statistic, moves) in of_two(*data).items() if moves}
    assert {name: together[name] for name in moving} == patient_bootstrap_many(moving, np.arange(N), resamples=100)
    without = patient_bootstrap_many(statistics, np.arange(N), resamples=100)
    assert all((together[name] == without[name]) == (name in moving) for name in statistics)


def test_one_label_is_no_mix(data):
    truth, _, called = data
    statistics = {"f1": counted.f1(truth, called), "sensitivity": counted.rate(truth & called, truth)}
    plain = patient_bootstrap_many(statistics, np.arange(N), resamples=50)
    assert patient_bootstrap_many(statistics, np.arange(N), np.zeros(N), resamples=50) == plain


def test_a_resample_without_a_class_does_not_count():
    """As in every unstratified bootstrap here: left out, and said where it happens often."""
    truth, score = np.arange(60) == 0, np.arange(60.0)[::-1] % 7
    precision = counted.average_precision(truth, score)
    found = patient_bootstrap_many({"auprc": precision}, np.arange(60), truth, resamples=400)["auprc"]
    assert "resamples undefined" in found.method
    assert found.low <= found.value <= found.high


def test_a_predictive_value_of_several_images_is_as_wide_as_its_patients():
    """5,000 patients with two like images each; with the mix held the interval was too narrow by half of this one."""
    random = np.random.default_rng(1)
    sick = random.random(5000) < 0.05
    called = np.where(sick, random.random(5000) < 0.95, random.random(5000) < 0.2)
    y, said, patients = np.repeat(sick, 2), np.repeat(called, 2), np.repeat(np.arange(5000), 2)
    found = interval_for_proportion(y & said, said, patients, y, resamples=500)
    share, n = found.value, int(called.sum())
    assert "bootstrap" in found.method
    assert found.high - found.low == pytest.approx(2 * 1.96 * np.sqrt(share * (1 - share) / n), rel=0.1)
