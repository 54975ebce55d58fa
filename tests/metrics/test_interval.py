"""The interval itself, and the promise that opening the room costs nothing."""

import json
import subprocess
import sys

import pytest

from wetread.metrics.interval import Difference, Interval, enclosing


def test_interval_goes_into_json_and_back():
    interval = Interval(0.8, 0.7, 0.9, "Wilson", 100)
    assert Interval(**json.loads(json.dumps(interval.as_dict()))) == interval
    assert interval.level == 0.95
    assert Difference(0.1, 0.0, 0.2, "DeLong, paired", 50, 0.95, p_value=0.04).as_dict()["p_value"] == 0.04


def test_interval_is_frozen():
    with pytest.raises(AttributeError):
        Interval(0.8, 0.7, 0.9, "Wilson", 100).low = 0


def test_bounds_never_miss_the_value():
    interval = enclosing(0.5, 0.6, 0.7, "biased", 10, 0.95)
    assert (interval.low, interval.high) == (0.5, 0.7)
    interval = enclosing(0.5, 0.2, 0.4, "biased", 10, 0.95)
    assert (interval.low, interval.high) == (0.2, 0.5)


def test_opening_the_room_loads_nothing_heavy():
    code = "import sys, wetread.metrics, wetread.metrics.interval; print(sorted({'numpy', 'scipy'} & set(sys.modules)))"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout == "[]\n"


def test_no_file_needs_scikit_learn_or_all_of_scipy_stats():
    code = (
        "import sys; from wetread.metrics import calibration, choice, operating_point, temperature;"
        "print(sorted({'sklearn', 'scipy.stats', 'torch'} & set(sys.modules)))"
    )
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout == "[]\n"
