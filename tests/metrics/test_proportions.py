"""Many proportions at once are what each alone would be."""

import numpy as np
import pytest

from wetread.metrics.choice import interval_for_proportion
from wetread.metrics.proportions import intervals_for_proportions


@pytest.mark.parametrize("per_patient", [1, 3])
def test_each_is_what_it_would_be_alone(per_patient):
    random = np.random.default_rng(0)
    n = 90
    keys = np.arange(n) // per_patient
    truth = random.random(n) < 0.4
    tried = {"all": np.ones(n, dtype=bool), "some": truth, "others": ~truth}
    rates = {name: (trials & (random.random(n) < 0.7), trials) for name, trials in tried.items()}
    found = intervals_for_proportions(rates, keys, truth, resamples=300, seed=4)
    for name, (won, trials) in rates.items():
        alone = interval_for_proportion(won, trials, keys, truth, resamples=300, seed=4)
        assert (found[name].value, found[name].method) == (alone.value, alone.method)
        assert (found[name].low, found[name].high) == pytest.approx((alone.low, alone.high), abs=1e-9)


def test_nothing_tried_and_everything_right():
    keys = np.repeat(np.arange(12), 2)
    everything, nothing = np.ones(24, dtype=bool), np.zeros(24, dtype=bool)
    found = intervals_for_proportions({"none": (nothing, nothing), "all": (everything, everything)}, keys, resamples=50)
    assert found["none"] is None
    assert found["all"].value == 1.0 and 0.7 < found["all"].low < 0.8  # 12 patients, not 24 images
    assert intervals_for_proportions({}, keys) == {}
    with pytest.raises(ValueError, match="trial"):
        intervals_for_proportions({"odd": (everything, nothing)}, keys)
