"""Archives and array files are opened once, outside the time limit of their pictures, and anew when they change."""

import os
import zipfile
from contextlib import contextmanager

import numpy as np
import pytest

from wetread.images import arrays, containers
from wetread.images.containers import Containers
from wetread.images.gate import Refused


@pytest.fixture
def opened(monkeypatch):
    """How often something was opened, and how often it was done aside."""
    counts = {"archive": 0, "arrays": 0, "aside": 0}

    def counting(name, what):
        def count(*arguments):
            counts[name] += 1
            return what(*arguments)

        return count

    monkeypatch.setattr(containers, "Archive", counting("archive", containers.Archive))
    monkeypatch.setattr(arrays, "ArrayReader", counting("arrays", arrays.ArrayReader))

    @contextmanager
    def aside():
        counts["aside"] += 1
        yield

    return counts, Containers(aside)


def pack(path, *values):
    with zipfile.ZipFile(path, "w") as packed:
        for number, value in enumerate(values):
            packed.writestr(f"{number}.png", value)


def test_an_archive_stays_open(opened, tmp_path):
    counts, one = opened
    pack(tmp_path / "a.zip", *(b"%d" % number for number in range(50)))
    assert [one.member(tmp_path / "a.zip", f"{number}.png") for number in range(50)] == [
        b"%d" % number for number in range(50)
    ]
    assert counts == {"archive": 1, "arrays": 0, "aside": 1}
    pack(tmp_path / "b.zip", b"other")
    os.replace(tmp_path / "b.zip", tmp_path / "a.zip")
    assert one.member(tmp_path / "a.zip", "0.png") == b"other" and counts["archive"] == 2
    with pytest.raises(Refused, match="damaged"):
        one.member(tmp_path / "a.zip", "1.png")
    (tmp_path / "a.zip").unlink()
    with pytest.raises(Refused, match="unreadable"):
        one.member(tmp_path / "a.zip", "0.png")


def test_a_bad_archive_does_not_stay(opened, tmp_path):
    counts, one = opened
    pack(tmp_path / "a.zip", b"good")
    (tmp_path / "b.zip").write_bytes(b"PK\x03\x04 and no more")
    for _ in range(2):
        with pytest.raises(Refused, match="damaged"):
            one.member(tmp_path / "b.zip", "0.png")
    assert one.member(tmp_path / "a.zip", "0.png") == b"good" and counts["archive"] == 3


def test_an_array_file_stays_open_and_only_long_ways_are_done_aside(opened, tmp_path):
    counts, one = opened
    values = np.arange(500, dtype=np.uint8)[:, None, None] * np.ones((1, 3, 4), np.uint8)
    np.savez_compressed(tmp_path / "a.npz", x=values, y=255 - values)
    for number in (0, 1, 2, 4, 7, 50):
        picture, facts = one.item(tmp_path / "a.npz", "x", number)
        assert (picture == number).all() and (facts.width, facts.height) == (4, 3)
    assert counts == {"archive": 0, "arrays": 1, "aside": 1}
    assert one.item(tmp_path / "a.npz", "x", 499)[0][0, 0] == 499 % 256 and counts["aside"] == 2
    assert one.item(tmp_path / "a.npz", "x", 3)[0][0, 0] == 3 and counts["aside"] == 3
    assert one.item(tmp_path / "a.npz", "y", 3)[0][0, 0] == 252 and counts["arrays"] == 2
    for number in (500, -1):
        with pytest.raises(Refused, match="no-frame"):
            one.item(tmp_path / "a.npz", "x", number)
