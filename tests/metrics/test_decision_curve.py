"""Net benefit by hand, and many thresholds at once as one by one."""

import numpy as np
import pytest

from wetread.metrics.decision_curve import counted_net_benefit, gain_over_everybody, net_benefit, net_benefit_of_all

TRUTH = [1, 1, 0, 0, 0, 0, 0, 0, 0, 0]
P = [0.9, 0.3, 0.6, 0.2, 0.1, 0.1, 0.1, 0.1, 0.1, 0.1]


def test_by_hand():
    # at 0.25: two found, one false alarm at 1/3; at 0.5: one found, one false alarm at 1; at 0.8: one found, none
    assert net_benefit(TRUTH, P, [0.25, 0.5, 0.8]) == pytest.approx([0.2 - 0.1 / 3, 0.0, 0.1])
    assert net_benefit_of_all(0.2, [0.25, 0.5]) == pytest.approx([0.2 - 0.8 / 3, 0.2 - 0.8])


def test_at_the_prevalence_treating_everybody_is_as_good_as_treating_nobody():
    assert net_benefit_of_all(0.3, 0.3) == pytest.approx([0])


def test_counts_give_what_drawing_rows_gives():
    random = np.random.default_rng(0)
    truth, p, t = random.random(40) < 0.4, random.random(40), [0.1, 0.5]
    drawn = random.integers(0, 40, 40)
    counts = np.stack([np.ones(40), np.bincount(drawn, minlength=40)])
    model = counted_net_benefit(truth, p, t)
    for n in range(2):
        assert model[str(n)](counts)[0] == pytest.approx(net_benefit(truth, p, t)[n])
        assert model[str(n)](counts)[1] == pytest.approx(net_benefit(truth[drawn], p[drawn], t)[n])


@pytest.mark.parametrize("images", [1, 2])
def test_the_gain_over_everybody_is_the_difference_of_both(images):
    random = np.random.default_rng(1)
    truth, p, t = random.random(80) < 0.4, random.random(80), [0.05, 0.3, 0.7]
    found = gain_over_everybody(truth, p, t, np.arange(80) // images)
    wanted = net_benefit(truth, p, t) - net_benefit_of_all(truth.mean(), t)
    assert [one.value for one in found] == pytest.approx(wanted)
    assert all(one.low < one.value < one.high and one.n == 80 // images for one in found)


def test_nobody_missed_among_a_few_is_no_proof_that_nobody_will_be():
    """Ten of fifty are left alone from 0.1 on, all of them well; every resample would say that this is a gain."""
    truth, p = np.arange(50) < 25, np.where(np.arange(50) < 40, 0.5, 0.01)
    (few,) = gain_over_everybody(truth, p, [0.1], np.arange(50))
    assert few.value == pytest.approx(10 / 50 / 9)
    assert few.low < 0
    (many,) = gain_over_everybody(np.tile(truth, 60), np.tile(p, 60), [0.1], np.arange(3000))
    assert many.low > 0


def test_some_rows_only():
    truth, p = np.array([1, 0, 1, 0]), np.array([0.8, 0.3, 0.6, 0.7])
    model = counted_net_benefit(truth[1:3], p[1:3], [0.5], rows=[1, 2])
    assert model["0"](np.array([[5.0, 1, 1, 9]])) == pytest.approx([0.5])
    assert np.isnan(model["0"](np.array([[1.0, 0, 0, 1]])))


def test_thresholds_that_are_no_probabilities_are_refused():
    with pytest.raises(ValueError, match="between 0 and 1"):
        net_benefit(TRUTH, P, [0.0])
