"""Gains of all folds are told pair by pair: what a rung met differs from fold to fold."""

from wetread.main_job.numbers import sum_up_gains
from wetread.training.gain import Gain

RUNGS = ("classical", "frozen", "combined")


def fold(*gains):
    return [Gain(rung, over, value, value - 0.1, value + 0.1).as_dict() for rung, over, value in gains]


def test_a_gain_over_one_rung_is_never_told_of_another():
    frozen_won = fold(("frozen", "classical", 0.3), ("combined", "frozen", -0.02))
    frozen_lost = fold(("frozen", "classical", 0.05), ("combined", "classical", 0.2))
    found = sum_up_gains([frozen_won, frozen_won, frozen_lost], RUNGS)
    assert [(one["rung"], one["over"], one["worth_it"], one["compared"]) for one in found] == [
        ("frozen", "classical", 2, 3),
        ("combined", "frozen", 0, 2),
        ("combined", "classical", 1, 1),
    ]
    assert found[0]["gain"] == 0.3  # the median of three folds
    assert {name: found[2][name] for name in ("gain", "low", "high")} == {"gain": 0.2, "low": 0.1, "high": 0.3}
    assert found[1]["high"] == 0.08  # the fold with the other opponent has no say


def test_the_order_of_folds_does_not_matter():
    one, other = fold(("combined", "frozen", 0.1)), fold(("combined", "classical", 0.2))
    assert sum_up_gains([one, other], RUNGS) == sum_up_gains([other, one], RUNGS)
    assert sum_up_gains([[]], RUNGS) == []
