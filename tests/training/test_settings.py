"""Settings that cannot be meant are refused."""

from dataclasses import replace

import pytest

from training.small_fit import SETTINGS
from wetread.errors import InputError
from wetread.training.settings import WORDS


@pytest.mark.parametrize("name", WORDS)
def test_unknown_words_are_refused_and_the_known_ones_offered(name):
    with pytest.raises(InputError) as caught:
        replace(SETTINGS, **{name: "mended"})
    assert name in caught.value.message
    assert all(word in caught.value.remedy for word in WORDS[name])


@pytest.mark.parametrize(
    ("name", "value"),
    [("epochs", 0), ("batch", 0), ("patience", -1), ("layer_decay", 0), ("layer_decay", 1.5),
     ("learning_rate", 0), ("learning_rate", float("nan"))],
)  # fmt: skip
def test_numbers_out_of_range_are_refused(name, value):
    with pytest.raises(InputError) as caught:
        replace(SETTINGS, **{name: value})
    assert name in caught.value.message


def test_what_needs_a_validation_part():
    assert not SETTINGS.needs_validation
    assert replace(SETTINGS, keep="best").needs_validation
    assert replace(SETTINGS, patience=1).needs_validation
    assert replace(SETTINGS, schedule="plateau").needs_validation
