"""The sets by name: numbers that suit, knobs that are known, refusals that list what there is."""

from __future__ import annotations

import csv
import dataclasses

import pytest

from wetread.errors import InputError
from wetread.phantoms.catalogue import CHEST_KNOBS, HEAD_KNOBS, PHANTOMS, make_phantoms
from wetread.phantoms.head_knobs import LIMITS, HeadKnobs
from wetread.phantoms.knobs import ChestKnobs


@pytest.fixture
def asked(monkeypatch):
    """Replaces the makers by one that notes what it was asked for."""
    calls = []

    def note(folder, images, patients, seed, knobs, progress):
        calls.append((images, patients, seed, dict(knobs)))
        return folder / "labels.csv"

    for name, one in PHANTOMS.items():
        monkeypatch.setitem(PHANTOMS, name, dataclasses.replace(one, make=note))
    return calls


def test_sets_are_described():
    assert list(PHANTOMS) == ["chest-effusion", "chest", "chest-abdomen", "head-ct", "traps"]
    for name, one in PHANTOMS.items():
        assert one.name == name and one.title and one.task
        assert all(knob.low <= knob.default <= knob.high and knob.meaning.endswith(".") for knob in one.knobs)


def test_knobs_are_those_of_the_makers():
    head = {field.name: field.default for field in dataclasses.fields(HeadKnobs)}
    assert {knob.name for knob in HEAD_KNOBS} == set(head)
    for knob in HEAD_KNOBS:
        assert (knob.low, knob.high) == LIMITS[knob.name][:2]
        assert knob.name == "slices" or knob.default == head[knob.name]
    chest = {field.name: field.default for field in dataclasses.fields(ChestKnobs)}
    assert {knob.name: knob.default for knob in CHEST_KNOBS}.items() <= chest.items()
    for knob in CHEST_KNOBS:
        for value in (knob.low, knob.high):
            ChestKnobs(**{knob.name: value})


@pytest.mark.parametrize(
    ("name", "given", "wanted"),
    [
        ("chest", {}, (200, 120)),
        ("chest-effusion", {"images": 10}, (10, 6)),
        ("chest-abdomen", {"images": 1}, (1, 1)),
        ("head-ct", {}, (240, 60)),
        ("head-ct", {"images": 40}, (40, 10)),
        ("head-ct", {"patients": 5}, (20, 5)),
        ("head-ct", {"images": 30, "patients": 3}, (30, 3)),
        ("traps", {}, (0, 0)),
    ],
)
def test_numbers_that_suit(asked, tmp_path, name, given, wanted):
    make_phantoms(name, tmp_path, seed=7, **given)
    assert asked == [(*wanted, 7, {})]


def test_unknown_names_are_refused_with_the_known_ones(asked, tmp_path):
    with pytest.raises(InputError, match="head-ct, traps"):
        make_phantoms("knee", tmp_path)
    with pytest.raises(InputError, match="blood_contrast"):
        make_phantoms("head-ct", tmp_path, knobs={"colour": 1})
    with pytest.raises(InputError, match="It has no knobs"):
        make_phantoms("traps", tmp_path, knobs={"noise": 1})
    with pytest.raises(InputError, match="must lie between 0 and 5"):
        make_phantoms("head-ct", tmp_path, knobs={"noise": 6})
    assert not asked


@pytest.mark.parametrize("name", [name for name in PHANTOMS if name != "traps"])
def test_every_set_can_be_made(tmp_path, name):
    seen = []
    table = make_phantoms(
        name, tmp_path, images=4, knobs={"label_noise": 0.1}, progress=lambda done, of: seen.append((done, of))
    )
    with table.open(encoding="utf-8", newline="") as handle:
        rows = list(csv.DictReader(handle))
    assert len(rows) == 4 and seen[-1] == (4, 4)
    for row in rows:
        assert set(row["label"].split("|")) <= set(PHANTOMS[name].classes)
        assert (tmp_path / row["image"]).is_file()


def test_traps_have_no_numbers(tmp_path):
    assert make_phantoms("traps", tmp_path).name == "traps.csv"
    with pytest.raises(InputError, match="what they are"):
        make_phantoms("traps", tmp_path, images=3)
