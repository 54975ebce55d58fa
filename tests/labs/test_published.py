"""The published matrices: intervals worked out by hand, and what an ordering says."""

import pytest

from wetread.labs.published import EXPERIMENTS, fisher, judge_order
from wetread.labs.run_result import rates_of

# Wilson: ((p + z²/2n) ± z sqrt(p(1-p)/n + z²/4n²)) / (1 + z²/n), z = 1.959964, worked out on paper.
ACCURACY = {
    1: (6 / 10, 0.3127, 0.8318),
    2: (150 / 155, 0.9267, 0.9862),
    3: (216 / 300, 0.6667, 0.7678),
    4: (19 / 36, 0.3701, 0.6801),
    5: (28 / 36, 0.6192, 0.8828),
}


@pytest.mark.parametrize("number", ACCURACY)
def test_accuracies_and_their_intervals(number):
    found = EXPERIMENTS[number].accuracy
    assert [found[name] for name in ("value", "low", "high")] == pytest.approx(ACCURACY[number], abs=1e-4)


def test_no_bleed_of_five_found_may_still_be_four_in_ten():
    experiment = EXPERIMENTS[2]
    found = rates_of(experiment.matrix, experiment.classes, experiment.positive)
    assert (found["sensitivity"].value, found["sensitivity"].low) == (0.0, 0.0)
    assert found["sensitivity"].high == pytest.approx(0.4345, abs=1e-4)
    assert found["specificity"].value == 1.0


def test_shares_of_three_classes_carry_their_names():
    experiment = EXPERIMENTS[5]
    found = rates_of(experiment.matrix, experiment.classes)
    assert {name: round(one.value * 12) for name, one in found.items() if name != "accuracy"} == {
        "normal found": 10,
        "parenchymal found": 11,
        "subdural found": 7,
    }


def test_matrices_hold_fifteen_of_a_hundred():
    for one in EXPERIMENTS.values():
        assert [sum(row) for row in one.matrix] == [pytest.approx(0.15 * count, abs=0.51) for count in one.trained]


def test_fisher_of_grey_against_colour():
    # 19 and 28 of 36: the two tails of the hypergeometric distribution, as scipy.stats.fisher_exact has them.
    assert fisher((19, 17), (28, 8)) == pytest.approx(0.0466, abs=5e-5)
    assert fisher((3, 1), (1, 3)) == pytest.approx(34 / 70)  # Fisher's lady tasting tea
    assert fisher((2, 2), (2, 2)) == 1.0


def _near(value, half=0.01):
    return {"value": value, "low": value - half, "high": value + half}


def test_an_ordering_that_is_the_same():
    found = judge_order({number: _near(one.accuracy["value"]) for number, one in EXPERIMENTS.items()})
    assert (found["same"], len(found["pairs"]), found["contradicted"]) == (10, 10, 0)
    assert "is reproduced: 10 of 10 pairs" in found["verdict"]
    assert "intervals overlap, in the original" in found["verdict"]


def test_an_ordering_that_is_not():
    found = judge_order({4: _near(0.8), 5: _near(0.6)})
    assert (found["same"], found["contradicted"]) == (0, 1)
    assert "is not reproduced: 0 of 1" in found["verdict"]
    assert "5 above 4 as published, not here (and intervals here do not overlap)" in found["verdict"]


def test_a_reversal_within_chance_is_said_to_be_one():
    found = judge_order({4: _near(0.61, 0.1), 5: _near(0.6, 0.1)})
    assert found["contradicted"] == 0
    assert "(intervals here overlap)" in found["verdict"]


def test_two_that_both_can_tell_apart():
    found = judge_order({2: _near(0.97), 3: _near(0.7)})
    assert found["told"] == 1
    assert "The intervals of no pair overlap" in found["verdict"]


def test_one_alone_has_no_order():
    assert judge_order({1: _near(0.6)})["verdict"].startswith("One experiment has no order")
