import numpy as np

from wetread.learning_curve.forecast import Forecast
from wetread.learning_curve.power_law import PowerLaw
from wetread.learning_curve.verdict import CANNOT, HARDLY, HELPS, judge, too_few
from wetread.metrics.interval import Interval


def say(now=(0.84, 0.78, 0.89), twice=(0.87, 0.80, 0.91), gain=(0.03, 0.015, 0.04), **named):
    one = np.array(0.1)
    parts = [Interval(*numbers, "by hand", 200, 0.8) for numbers in (now, twice, gain)]
    return judge(Forecast((), PowerLaw(one, one, one), (), *parts), 200, "patients", **named)


def test_more_cases_help():
    said = say()
    assert said.short == HELPS
    assert said.sentence == (
        "With 400 patients instead of 200, the AUROC would probably rise by at least 0.01, from 0.84 now to about 0.87 "
        "(80 % band 0.80 to 0.91)."
    )
    assert "rise a little, from 0.84" in say(gain=(0.03, 0.004, 0.05)).sentence
    assert "the mean AUROC would" in say(metric="mean AUROC").sentence


def test_more_cases_hardly_help():
    for gain in ((0.004, 0.0, 0.019), (0.012, 0.006, 0.019), (0.004, 0.0, 0.028)):
        said = say(gain=gain)
        assert said.short == HARDLY and "Look at labels or images instead" in said.sentence
    assert "by less than 0.01 at most" in say(gain=(0.0, 0.0, 0.001)).sentence


def test_what_the_cases_do_not_tell_is_said():
    said = say(gain=(0.03, 0.0, 0.06))
    assert said.short == CANNOT and "anything from nothing to 0.06 (80 % band)" in said.sentence
    guessing = say(now=(0.56, 0.48, 0.63))
    assert guessing.short == CANNOT and "may still be guessing" in guessing.sentence


def test_too_few_cases_are_named():
    assert too_few(40, 10, "patients") is None
    assert "39 cases" in too_few(39, 19, "cases").sentence
    assert "9 patients of the rarest class" in too_few(200, 9, "patients").sentence
