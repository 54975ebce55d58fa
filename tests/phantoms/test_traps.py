"""The trap pack: our own reader is held to its table."""

from __future__ import annotations

import csv
import json

import numpy as np
import pytest

from wetread.errors import REJECTIONS, ImageRejected
from wetread.images.read import decode_image
from wetread.phantoms.traps import COLUMNS, list_traps, make_traps
from wetread.phantoms.traps_file import expect, linear, ramp
from wetread.phantoms.traps_header import FAKE_NAMES

SEED = 2026
NAMES = [trap.file for trap in list_traps(SEED)]


@pytest.fixture(scope="module")
def pack(tmp_path_factory):
    folder = tmp_path_factory.mktemp("traps")
    table = make_traps(folder, seed=SEED)
    with table.open(encoding="utf-8", newline="") as handle:
        return folder, {row["file"]: row for row in csv.DictReader(handle)}


def test_table_lists_every_file(pack):
    folder, rows = pack
    assert list(rows) == NAMES and tuple(rows[NAMES[0]]) == COLUMNS
    assert {path.name for path in folder.iterdir()} == {*NAMES, "traps.csv", "README.txt"}
    for row in rows.values():
        assert row["rejection"] == "" or row["rejection"] in REJECTIONS
        assert bool(row["pixels"]) != bool(row["rejection"])
    assert len(NAMES) >= 30


@pytest.mark.parametrize("name", NAMES)
def test_our_reader_is_right(pack, name):
    folder, rows = pack
    row = rows[name]
    if row["rejection"]:
        with pytest.raises(ImageRejected) as refusal:
            decode_image(folder / name)
        assert refusal.value.code == row["rejection"]
        return
    shown = decode_image(folder / name).pixels
    for entry in row["pixels"].split():
        place, value = entry.split("=")
        at = tuple(int(number) for number in place.split(","))
        wanted = [int(number) for number in value.split("/")]
        found = np.atleast_1d(shown[at]).astype(int)
        assert len(found) == len(wanted), entry
        # YBR and JPEG are rounded twice.
        np.testing.assert_allclose(found, wanted, atol=2, err_msg=entry)


def test_invented_names_do_not_leave_the_file(pack):
    folder, _ = pack
    content = (folder / "named_person.dcm").read_bytes()
    facts = json.dumps(decode_image(folder / "named_person.dcm").facts.as_dict())
    for word in FAKE_NAMES:
        assert word.encode() in content and word not in facts


def test_equal_identifiers_different_pixels(pack):
    import pydicom

    one, two = (pydicom.dcmread(pack[0] / f"same_uid_{at}.dcm") for at in (1, 2))
    assert one.SOPInstanceUID == two.SOPInstanceUID and one.PixelData != two.PixelData


def test_same_seed_same_bytes():
    first, second, other = (list_traps(seed) for seed in (SEED, SEED, 1))
    assert [trap.content for trap in first] == [trap.content for trap in second]
    assert [trap.content for trap in first] != [trap.content for trap in other]


def test_expected_greys_by_hand():
    # Brain window 40/80: black at 0 HU and below, white at 79 HU and above, middle grey at 39.5 HU.
    window = linear(40, 80)
    assert [window(value) for value in (0, 39.5, 79)] == pytest.approx([0, 127.5, 255])
    greys = expect(ramp(), lambda value: value / 16)
    assert greys == {(0, 5): (5,), (3, 12): (60,), (8, 8): (136,), (11, 2): (178,), (15, 10): (250,)}
