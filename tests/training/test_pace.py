"""A step is timed without a word on the console."""

import warnings

from wetread.training.fingerprint import KnownWeights
from wetread.training.pace import images_per_second


def test_a_step_is_timed_and_warns_of_nothing():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert images_per_second(KnownWeights("any", "small", 32, 1, 1.0), "cpu") > 0
