"""A .tar.gz gives a folder of plain files, or is refused without a trace."""

import io
import tarfile

import pytest

from wetread.download.unpack import TarLimits, unpack_tar
from wetread.errors import InputError, OutputError
from wetread.progress import StepAdvanced, StepFinished


def pack(path, entries):
    """Entries are (name, content), or ready-made headers."""
    with tarfile.open(path, "w:gz") as packed:
        for entry in entries:
            if isinstance(entry, tarfile.TarInfo):
                packed.addfile(entry)
                continue
            name, content = entry
            header = tarfile.TarInfo(name)
            header.size = len(content)
            packed.addfile(header, io.BytesIO(content))
    return path


def special(name, kind, to=""):
    header = tarfile.TarInfo(name)
    header.type, header.linkname = kind, to
    return header


def files_below(folder):
    return sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file())


def test_files_appear_in_a_new_folder(tmp_path):
    told = []
    archive = pack(tmp_path / "a.tar.gz", [("A/1.png", b"one"), ("B/2.png", b""), special("C", tarfile.DIRTYPE)])
    into = unpack_tar(archive, tmp_path / "deep" / "data", listen=told.append)
    assert files_below(into) == ["A/1.png", "B/2.png"]
    assert (into / "A/1.png").read_bytes() == b"one"
    assert [entry.name for entry in (tmp_path / "deep").iterdir()] == ["data"]
    assert any(isinstance(event, StepAdvanced) for event in told)
    assert isinstance(told[-1], StepFinished)
    assert told[-1].summary == "2 files"


def test_one_folder_around_everything_is_left_out(tmp_path):
    entries = [special("./MedNIST", tarfile.DIRTYPE), ("./MedNIST/Hand/1.jpeg", b"x"), ("./._MedNIST", b"mac")]
    assert files_below(unpack_tar(pack(tmp_path / "a.tar.gz", entries), tmp_path / "data")) == ["Hand/1.jpeg"]


def refused(tmp_path, archive, **limits):
    before = sorted(entry.name for entry in tmp_path.iterdir())
    with pytest.raises(InputError) as caught:
        unpack_tar(archive, tmp_path / "data", limits=TarLimits(**limits) if limits else None)
    assert caught.value.code == "archive"
    assert caught.value.remedy
    assert sorted(entry.name for entry in tmp_path.iterdir()) == before
    return caught.value.message


@pytest.mark.parametrize("name", ["../a", "x/../../a", "/etc/a", "C:/a", "a\\b", "a\nb", "x" * 300, "\\\\host\\a"])
def test_names_that_point_outside_or_are_none(tmp_path, name):
    archive = pack(tmp_path / "a.tar.gz", [("good.png", b"x"), (name, b"x")])
    assert "points outside" in refused(tmp_path, archive)


@pytest.mark.parametrize("kind", [tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.FIFOTYPE, tarfile.CHRTYPE, tarfile.BLKTYPE])
def test_links_and_devices(tmp_path, kind):
    archive = pack(tmp_path / "a.tar.gz", [("good.png", b"x"), special("bad", kind, "good.png")])
    assert "link or a device" in refused(tmp_path, archive)


@pytest.mark.parametrize(
    ("entries", "reason"),
    [
        ([("a", b"1"), ("a", b"2")], "two entries"),
        ([("a", b"1"), ("./a", b"2")], "two entries"),
        ([("Chest/1", b"1"), ("chest/2", b"2")], "upper and lower"),
        ([("é", b"1"), ("e\u0301", b"2")], "upper and lower"),
        ([("a", b"1"), ("a/b", b"2")], "file and a folder"),
        ([("a/b", b"1"), ("a", b"2")], "file and a folder"),
        ([special("a", tarfile.DIRTYPE), ("a", b"2")], "file and a folder"),
        ([("a", b"2"), special("a", tarfile.DIRTYPE)], "file and a folder"),
        ([], "empty"),
    ],
)
def test_names_that_collide(tmp_path, entries, reason):
    assert reason in refused(tmp_path, pack(tmp_path / "a.tar.gz", entries))


@pytest.mark.parametrize(
    "limits", [{"entries": 2}, {"entry_bytes": 99}, {"total_bytes": 250}, {"ratio": 0.1, "ratio_from": 0}]
)
def test_too_much_is_refused(tmp_path, limits):
    archive = pack(tmp_path / "a.tar.gz", [(name, b"x" * 100) for name in "abc"])
    assert "too large" in refused(tmp_path, archive, **limits)


def test_a_bomb_is_refused_by_its_ratio(tmp_path):
    archive = pack(tmp_path / "a.tar.gz", [("a", bytes(40 << 20))])
    assert "too large" in refused(tmp_path, archive)


@pytest.mark.parametrize("keep", [0, 1, 10, 0.5, -1, -9])
def test_a_damaged_archive(tmp_path, keep):
    whole = pack(tmp_path / "whole.tar.gz", [("a", bytes(range(256)) * 500), ("b", b"x" * 500)]).read_bytes()
    (tmp_path / "a.tar.gz").write_bytes(whole[: int(len(whole) * keep) if isinstance(keep, float) else keep])
    assert "damaged" in refused(tmp_path, tmp_path / "a.tar.gz")


def test_a_flipped_bit_is_noticed(tmp_path):
    content = bytes(range(256)) * 50
    whole = bytearray(pack(tmp_path / "whole.tar.gz", [("a", content)]).read_bytes())
    for place in range(20, len(whole), 37):
        whole[place] ^= 1
        (tmp_path / "a.tar.gz").write_bytes(whole)
        refused(tmp_path, tmp_path / "a.tar.gz")
        whole[place] ^= 1


def test_something_that_is_no_archive(tmp_path):
    (tmp_path / "a.tar.gz").write_bytes(b"<html>" * 100)
    assert "damaged" in refused(tmp_path, tmp_path / "a.tar.gz")


def test_what_stands_there_already_is_not_touched(tmp_path):
    (tmp_path / "data").mkdir()
    with pytest.raises(OutputError):
        unpack_tar(pack(tmp_path / "a.tar.gz", [("a", b"x")]), tmp_path / "data")
    assert not list((tmp_path / "data").iterdir())


def test_the_rest_of_a_killed_process_is_removed(tmp_path):
    (tmp_path / ".data.tmp").mkdir()
    (tmp_path / ".data.tmp" / "old.png").write_bytes(b"x")
    into = unpack_tar(pack(tmp_path / "a.tar.gz", [("A/1", b"x"), ("B/2", b"x")]), tmp_path / "data")
    assert files_below(into) == ["A/1", "B/2"]
    assert not (tmp_path / ".data.tmp").exists()
