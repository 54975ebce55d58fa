"""Knobs of the head CT: defaults are honest, impossible values are refused."""

from __future__ import annotations

from dataclasses import fields

import pytest

from wetread.errors import InputError
from wetread.phantoms.head_knobs import LIMITS, HeadKnobs


def test_defaults_are_honest():
    knobs = HeadKnobs()
    assert knobs.tube_chance(True) == knobs.tube_chance(False) == 0.5
    assert knobs.second_scanner_chance(True) == knobs.second_scanner_chance(False) == 0.5
    assert knobs.label_noise == 0


def test_full_shortcut_tells_the_label():
    knobs = HeadKnobs(shortcut=1.0, scanner_mix=1.0)
    assert (knobs.tube_chance(True), knobs.tube_chance(False)) == (1.0, 0.0)
    assert (knobs.second_scanner_chance(True), knobs.second_scanner_chance(False)) == (1.0, 0.0)


def test_every_knob_has_limits_around_its_default():
    assert set(LIMITS) == {field.name for field in fields(HeadKnobs)}
    for field in fields(HeadKnobs):
        low, high, _ = LIMITS[field.name]
        assert field.default is None or low <= field.default <= high


@pytest.mark.parametrize(
    ("wrong", "says"),
    [
        ({"lesion_size": 0.0}, "size of bleeds must lie between 0.4 and 2.5"),
        ({"blood_contrast": -90.0}, "must lie between -45 and 25"),
        ({"noise": -1.0}, "noise factor must lie between 0 and 5"),
        ({"label_noise": 0.9}, "label noise must lie between 0 and 0.5"),
        ({"shortcut": float("nan")}, "shortcut must lie between 0 and 1"),
        ({"slices": 1}, "slices per patient must lie between 2 and 12"),
        ({"slices": 2.5}, "whole number"),
    ],
)
def test_impossible_knobs_are_refused(wrong, says):
    with pytest.raises(InputError, match=says):
        HeadKnobs(**wrong)
