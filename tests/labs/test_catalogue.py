"""What labs there are, and that each can be found and done."""

import importlib

import pytest

from wetread.errors import InputError
from wetread.labs.catalogue import LABS, find_lab

PROMISED = {
    *(f"hemorrhage-{number}" for number in range(1, 6)),
    *("repeat", "shortcut", "leak", "label-noise", "imbalance", "not-my-kind-of-image", "learning-rate"),
    "how-many-cases",
}


def test_the_catalogue_is_complete():
    assert set(LABS) == PROMISED
    for name, lab in LABS.items():
        assert lab.name == name
        assert lab.question.endswith("?")
        assert 0 < lab.minutes <= 6


@pytest.mark.parametrize("name", sorted(PROMISED))
def test_each_can_be_done_and_names_its_sources(name):
    module, function = LABS[name].made_by
    found = importlib.import_module(f"wetread.labs.{module}")
    assert callable(getattr(found, function))
    assert all(source.endswith((".", "there.")) for source in found.SOURCES)


def test_names_are_forgiven_and_guessed():
    assert find_lab("Label_Noise").name == "label-noise"
    with pytest.raises(InputError, match="Did you mean shortcut"):
        find_lab("shortcuts!")
    with pytest.raises(InputError, match="lists the labs"):
        find_lab("zzz")
