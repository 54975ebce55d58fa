"""Gains of all folds are told pair by pair: what a rung met differs from fold to fold."""

import numpy as np

from wetread.evaluation.predictions import Predictions
from wetread.main_job.numbers import _gain, sum_up_gains
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


def test_a_gain_over_files_is_that_of_the_division_in_which_files_were_tried():
    truth = np.arange(40) % 2
    people = [f"P{n}" for n in range(40)]

    def predictions(skill):
        p = np.clip(0.5 + skill * (truth - 0.5) + np.random.default_rng(0).normal(0, 0.2, 40), 0.01, 0.99)
        table, called = np.stack([1 - p, p], axis=1), (p >= 0.5).astype(np.int64)
        return Predictions(
            ("no", "yes"), "yes", people, people, people, ["cv"] * 40, [""] * 40, truth, called, table, np.full(40, 0.5)
        )

    averaged, first, files = predictions(0.9), predictions(0.3), predictions(0.1)
    options = {"resamples": 100, "seed": 0}
    one = _gain(averaged, files, [averaged.probabilities], options)
    several = _gain(averaged, files, [first.probabilities, averaged.probabilities], options)
    alone = _gain(first, files, [first.probabilities], options)
    assert several == alone | {"method": f"{alone['method']}; first division alone", "division": 1}
    assert several["value"] < one["value"] and "division" not in one
