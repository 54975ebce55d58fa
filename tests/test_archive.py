"""The archive extractor: all of it or nothing."""

import io
import os
import stat
import struct
import zipfile

import pytest

from wetread.archive import ArchiveLimits, extract_archive
from wetread.errors import InputError, OutputError


def build(path, entries, compression=zipfile.ZIP_DEFLATED):
    """Writes a zip of (name or ZipInfo, content)."""
    import warnings

    with warnings.catch_warnings(), zipfile.ZipFile(path, "w", compression) as packed:
        warnings.simplefilter("ignore")  # duplicate names
        for name, content in entries:
            packed.writestr(name, content)
    return path


def link(name, mode):
    info = zipfile.ZipInfo(name)
    info.create_system = 3
    info.external_attr = mode << 16
    return info


def refused(archive, into, **limits):
    """Refuses, says code ``archive``, and leaves nothing behind."""
    before = sorted(path for path in into.parent.parent.rglob("*"))
    with pytest.raises(InputError) as caught:
        extract_archive(archive, into, limits=ArchiveLimits(**limits))
    assert caught.value.code == "archive"
    assert sorted(path for path in into.parent.parent.rglob("*")) == before
    return str(caught.value)


@pytest.fixture
def place(tmp_path):
    (tmp_path / "work").mkdir()
    return tmp_path / "work" / "out"


def test_extracts_files_and_folders(tmp_path, place):
    content = {
        "a.png": b"1",
        "chest/b.png": b"22",
        "chest/deep/c.dcm": bytes(5000),
        "./d e (1).png": b"",
        "ü.png": b"5",
    }
    archive = build(tmp_path / "a.zip", [("chest/", b""), ("chest/deep/", b""), *content.items()])
    assert extract_archive(archive, place) == place
    found = {str(path.relative_to(place)): path.read_bytes() for path in place.rglob("*") if path.is_file()}
    assert found == {name.removeprefix("./"): data for name, data in content.items()}
    assert [path.name for path in place.parent.iterdir()] == ["out"]


@pytest.mark.parametrize("compression", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED])
def test_both_compressions(tmp_path, place, compression):
    data = os.urandom(3 << 20)
    extract_archive(build(tmp_path / "a.zip", [("a", data)], compression), place)
    assert (place / "a").read_bytes() == data


@pytest.mark.parametrize(
    "name",
    [
        "../evil", "a/../../evil", "a/..", "/etc/evil", "//host/share/evil", "C:/evil", "c:evil", "a\\b", "..\\evil",
        "a\nb", "a\x1bb", "x" * 300, "a/" * 600 + "b", "./", "..",
    ],
)  # fmt: skip
def test_bad_names(tmp_path, place, name):
    # Through a ZipInfo, since writestr would tidy the name up.
    info = zipfile.ZipInfo("x" * len(name))
    info.filename = name
    refused(build(tmp_path / "a.zip", [("good.png", b"1"), (info, b"evil" if not name.endswith("/") else b"")]), place)


def test_nul_in_a_name(tmp_path, place):
    archive = build(tmp_path / "a.zip", [("good.png", b"1"), ("evil.pngXexe", b"2")])
    archive.write_bytes(archive.read_bytes().replace(b"evil.pngXexe", b"evil.png\0exe"))
    refused(archive, place)


@pytest.mark.parametrize("mode", [stat.S_IFLNK, stat.S_IFCHR, stat.S_IFBLK, stat.S_IFIFO, stat.S_IFSOCK])
def test_links_and_devices(tmp_path, place, mode):
    archive = build(tmp_path / "a.zip", [("good.png", b"1"), (link("x", mode | 0o777), "/etc/passwd"), ("x/y", b"2")])
    assert "link or a device" in refused(archive, place)


@pytest.mark.parametrize(
    "names",
    [
        ("a.png", "a.png"), ("a.png", "./a.png"), ("a/b", "a//b"), ("a.png", "A.png"), ("x/a", "X/b"), ("a", "a/b"),
        ("a/b", "a"), ("a", "a/"), ("é.png", "e\u0301.png"), ("straße", "STRASSE"),
    ],
)  # fmt: skip
def test_names_that_clash(tmp_path, place, names):
    refused(build(tmp_path / "a.zip", [(name, b"") for name in names]), place)


def test_encrypted(tmp_path, place):
    archive = build(tmp_path / "a.zip", [("a.png", b"12345")])
    data = bytearray(archive.read_bytes())
    data[6] |= 1
    data[data.index(b"PK\x01\x02") + 8] |= 1
    archive.write_bytes(data)
    assert "encrypted" in refused(archive, place)


@pytest.mark.parametrize("compression", [zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_unusual_compression(tmp_path, place, compression):
    refused(build(tmp_path / "a.zip", [("a", b"1" * 100)], compression), place)


def test_limits(tmp_path, place):
    archive = build(tmp_path / "a.zip", [(f"{n}", os.urandom(1000)) for n in range(20)])
    assert "more than 19" in refused(archive, place, entries=19)
    refused(archive, place, total_bytes=19_999)
    refused(archive, place, entry_bytes=999)
    extract_archive(archive, place, limits=ArchiveLimits(entries=20, total_bytes=20_000, entry_bytes=1000))


def test_bomb(tmp_path, place):
    archive = build(tmp_path / "a.zip", [("bomb", bytes(40 << 20))])
    assert archive.stat().st_size < 100_000
    refused(archive, place)
    # One small picture of one colour is no bomb.
    extract_archive(build(tmp_path / "b.zip", [("black.dcm", bytes(1 << 20))]), place)


@pytest.mark.parametrize("lie", [1, 4999, 5001, 5_000_000])
def test_lying_sizes(tmp_path, place, lie):
    archive = build(tmp_path / "a.zip", [("good.png", b"1"), ("a", os.urandom(5000))])
    data = archive.read_bytes()
    archive.write_bytes(data.replace(struct.pack("<I", 5000), struct.pack("<I", lie)))
    refused(archive, place)


def test_more_entries_than_the_end_record_says(tmp_path, place):
    archive = build(tmp_path / "a.zip", [(f"{n}", b"") for n in range(300)])
    data = bytearray(archive.read_bytes())
    end = data.rindex(b"PK\x05\x06")
    data[end + 8 : end + 12] = b"\x01\x00\x01\x00"
    archive.write_bytes(data)
    refused(archive, place, entries=200)


def test_overlapping_entries(tmp_path, place):
    archive = build(tmp_path / "a.zip", [("a", os.urandom(5000)), ("b", os.urandom(5000))])
    data = bytearray(archive.read_bytes())
    second = data.rindex(b"PK\x01\x02")
    data[second + 42 : second + 46] = bytes(4)  # both begin at 0
    archive.write_bytes(data)
    refused(archive, place)


def test_damage(tmp_path, place):
    whole = build(tmp_path / "a.zip", [("a", os.urandom(5000)), ("b", b"1" * 5000)]).read_bytes()
    for position in (0, 20, 60, 2000, len(whole) - 60, len(whole) - 5):
        data = bytearray(whole)
        data[position] ^= 0xFF
        (tmp_path / "b.zip").write_bytes(data)
        try:
            extract_archive(tmp_path / "b.zip", place)  # some bytes, such as times, mean nothing
        except InputError as error:
            assert error.code == "archive"
        if place.exists():
            assert sorted(path.name for path in place.iterdir()) == ["a", "b"]
            (place / "a").unlink(), (place / "b").unlink(), place.rmdir()
        (tmp_path / "c.zip").write_bytes(whole[:position])
        refused(tmp_path / "c.zip", place)


def test_what_is_no_zip(tmp_path, place):
    (tmp_path / "a.zip").write_bytes(b"no zip at all")
    refused(tmp_path / "a.zip", place)
    (tmp_path / "e.zip").write_bytes(b"")
    refused(tmp_path / "e.zip", place)
    refused(tmp_path / "missing.zip", place)
    refused(tmp_path, place)
    if hasattr(os, "mkfifo"):
        os.mkfifo(tmp_path / "fifo.zip")
        refused(tmp_path / "fifo.zip", place)


def test_zip64(tmp_path, place):
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as packed, packed.open("a", "w", force_zip64=True) as handle:
        handle.write(b"12345")
    (tmp_path / "a.zip").write_bytes(buffer.getvalue())
    extract_archive(tmp_path / "a.zip", place)
    assert (place / "a").read_bytes() == b"12345"


def test_an_existing_place_is_left_alone(tmp_path, place):
    place.mkdir()
    (place / "mine").write_text("x")
    with pytest.raises(OutputError):
        extract_archive(build(tmp_path / "a.zip", [("a", b"1")]), place)
    assert (place / "mine").read_text() == "x"
