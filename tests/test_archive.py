"""The one reader of zip files: all of it can be trusted, or none of it is read."""

import io
import os
import random
import stat
import struct
import zipfile
import zlib
from concurrent.futures import ThreadPoolExecutor

import pytest
from fake.effort import least_seconds

from wetread.archive import Archive, ArchiveLimits, Member, list_archive, read_member
from wetread.errors import InputError


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


def refused(path, **limits):
    """Refuses before anything is read, says code ``archive``, and writes nothing."""
    before = sorted(path.parent.rglob("*"))
    for work in (list_archive, lambda path, **limits: read_member(path, "good.png", **limits)):
        with pytest.raises(InputError) as caught:
            work(path, limits=ArchiveLimits(**limits))
        assert caught.value.code == "archive"
        assert caught.value.remedy
    assert sorted(path.parent.rglob("*")) == before
    return str(caught.value)


def content(path, **limits):
    """All members by name, in order."""
    with Archive(path, ArchiveLimits(**limits)) as archive:
        assert {member.name: member.size for member in archive.members} == {
            member.name: len(archive.read(member.name)) for member in archive.members
        }
        return {member.name: archive.read(member.name) for member in archive.members}


def test_lists_and_reads_files_of_all_folders(tmp_path):
    files = {
        "a.png": b"1",
        "chest/b.png": b"22",
        "chest/deep/c.dcm": bytes(5000),
        "./d e (1).png": b"",
        "ü.png": b"5",
        "x//y.png": b"6",
    }
    path = build(tmp_path / "a.zip", [("chest/", b""), ("chest/deep/", b""), *files.items()])
    names = ["a.png", "chest/b.png", "chest/deep/c.dcm", "d e (1).png", "ü.png", "x/y.png"]
    assert content(path) == dict(zip(names, files.values(), strict=True))
    assert list_archive(path) == [Member(name, len(data)) for name, data in zip(names, files.values(), strict=True)]
    assert read_member(path, "chest/b.png") == b"22"
    assert [entry.name for entry in tmp_path.iterdir()] == ["a.zip"]


@pytest.mark.parametrize("compression", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED])
def test_both_compressions(tmp_path, compression):
    data = os.urandom(3 << 20)
    path = build(tmp_path / "a.zip", [("b", b"1"), ("a", data)], compression)
    assert read_member(path, "a") == data
    with Archive(path) as archive:
        stretch = archive.locate("a")
    assert (stretch.size, stretch.deflated) == (len(data), compression == zipfile.ZIP_DEFLATED)
    packed = path.read_bytes()[stretch.start : stretch.start + stretch.packed]
    assert (zlib.decompress(packed, -15) if stretch.deflated else packed) == data
    assert stretch.crc == zlib.crc32(data)


def test_what_is_not_there_is_refused(tmp_path):
    with Archive(build(tmp_path / "a.zip", [("a", b"1"), ("b/", b"")])) as archive:
        for name in ("c", "b", "b/", "../a", ""):
            for work in (archive.read, archive.locate):
                with pytest.raises(InputError, match="no entry"):
                    work(name)


def test_the_first_bytes_of_a_large_member(tmp_path):
    data = os.urandom(3 << 20)
    path = build(tmp_path / "a.zip", [("a", data), ("b", b"12"), ("c", b"")])
    # A damaged end is not seen, since it is not read.
    content = bytearray(path.read_bytes())
    content[2 << 20] ^= 0xFF
    path.write_bytes(content)
    with Archive(path) as archive:
        assert archive.peek("a") == data[:4096]
        assert archive.peek("a", 10) == data[:10]
        assert archive.peek("b") == b"12"
        assert archive.peek("c") == b""
        for work in (lambda: archive.read("a"), lambda: archive.peek("d")):
            with pytest.raises(InputError):
                work()


def test_names_come_in_one_unicode_form(tmp_path):
    path = build(tmp_path / "a.zip", [("e\u0301/a\u0308.png", b"1")])
    assert list(content(path)) == ["é/ä.png"]


def test_utf8_names_that_are_not_marked_as_such(tmp_path):
    """As the archives of macOS have them."""
    path = build(tmp_path / "a.zip", [("gru\u0308n/1.png", b"1")])
    data = bytearray(path.read_bytes())
    data[7] &= ~0x08
    data[data.index(b"PK\x01\x02") + 9] &= ~0x08
    path.write_bytes(data)
    assert content(path) == {"grün/1.png": b"1"}
    # Bytes that are no UTF-8 are code page 437.
    path.write_bytes(path.read_bytes().replace("u\u0308".encode(), b"\x81\x81\x81"))
    assert list(content(path)) == ["grüüün/1.png"]


def test_threads_share_an_archive(tmp_path):
    files = {f"{n}": os.urandom(50_000) for n in range(20)}
    with Archive(build(tmp_path / "a.zip", files.items())) as archive, ThreadPoolExecutor(8) as threads:
        names = list(files) * 5
        assert list(threads.map(archive.read, names)) == [files[name] for name in names]


@pytest.mark.parametrize(
    "name",
    [
        "../evil", "a/../../evil", "a/..", "/etc/evil", "//host/share/evil", "C:/evil", "c:evil", "a\\b", "..\\evil",
        "a\nb", "a\x1bb", "x" * 300, "a/" * 600 + "b", "./", "..",
    ],
)  # fmt: skip
def test_bad_names(tmp_path, name):
    # Through a ZipInfo, since writestr would tidy the name up.
    info = zipfile.ZipInfo("x" * len(name))
    info.filename = name
    refused(build(tmp_path / "a.zip", [("good.png", b"1"), (info, b"evil" if not name.endswith("/") else b"")]))


def test_nul_in_a_name(tmp_path):
    archive = build(tmp_path / "a.zip", [("good.png", b"1"), ("evil.pngXexe", b"2")])
    archive.write_bytes(archive.read_bytes().replace(b"evil.pngXexe", b"evil.png\0exe"))
    refused(archive)


@pytest.mark.parametrize("mode", [stat.S_IFLNK, stat.S_IFCHR, stat.S_IFBLK, stat.S_IFIFO, stat.S_IFSOCK])
def test_links_and_devices(tmp_path, mode):
    archive = build(tmp_path / "a.zip", [("good.png", b"1"), (link("x", mode | 0o777), "/etc/passwd"), ("x/y", b"2")])
    assert "link or a device" in refused(archive)


@pytest.mark.parametrize(
    "names",
    [
        ("a.png", "a.png"), ("a.png", "./a.png"), ("a/b", "a//b"), ("a.png", "A.png"), ("x/a", "X/b"), ("a", "a/b"),
        ("a/b", "a"), ("a", "a/"), ("é.png", "e\u0301.png"), ("straße", "STRASSE"),
    ],
)  # fmt: skip
def test_names_that_clash(tmp_path, names):
    refused(build(tmp_path / "a.zip", [(name, b"") for name in names]))


def test_encrypted(tmp_path):
    archive = build(tmp_path / "a.zip", [("a.png", b"12345")])
    data = bytearray(archive.read_bytes())
    data[6] |= 1
    data[data.index(b"PK\x01\x02") + 8] |= 1
    archive.write_bytes(data)
    assert "encrypted" in refused(archive)


@pytest.mark.parametrize("compression", [zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_unusual_compression(tmp_path, compression):
    refused(build(tmp_path / "a.zip", [("a", b"1" * 100)], compression))


def test_limits(tmp_path):
    archive = build(tmp_path / "a.zip", [(f"{n}", os.urandom(1000)) for n in range(20)])
    assert "more than 19" in refused(archive, entries=19)
    refused(archive, total_bytes=19_999)
    refused(archive, entry_bytes=999)
    assert len(content(archive, entries=20, total_bytes=20_000, entry_bytes=1000)) == 20


def test_bomb(tmp_path):
    archive = build(tmp_path / "a.zip", [("bomb", bytes(40 << 20))])
    assert archive.stat().st_size < 100_000
    refused(archive)
    # One small picture of one colour is no bomb.
    assert content(build(tmp_path / "b.zip", [("black.dcm", bytes(1 << 20))])) == {"black.dcm": bytes(1 << 20)}


@pytest.mark.parametrize("lie", [1, 4999, 5001, 5_000_000])
def test_lying_sizes(tmp_path, lie):
    archive = build(tmp_path / "a.zip", [("good.png", b"1"), ("a", os.urandom(5000))])
    data = archive.read_bytes()
    archive.write_bytes(data.replace(struct.pack("<I", 5000), struct.pack("<I", lie)))
    with pytest.raises(InputError) as caught:
        read_member(archive, "a")
    assert caught.value.code == "archive"
    assert read_member(archive, "good.png") == b"1"


def test_more_entries_than_the_end_record_says(tmp_path):
    archive = build(tmp_path / "a.zip", [(f"{n}", b"") for n in range(300)])
    data = bytearray(archive.read_bytes())
    end = data.rindex(b"PK\x05\x06")
    data[end + 8 : end + 12] = b"\x01\x00\x01\x00"
    archive.write_bytes(data)
    refused(archive, entries=200)


def test_overlapping_entries(tmp_path):
    archive = build(tmp_path / "a.zip", [("a", os.urandom(5000)), ("b", os.urandom(5000))])
    data = bytearray(archive.read_bytes())
    second = data.rindex(b"PK\x01\x02")
    data[second + 42 : second + 46] = bytes(4)  # both begin at 0
    archive.write_bytes(data)
    refused(archive)


def test_damage(tmp_path):
    files = {"a": os.urandom(5000), "b": b"1" * 5000}
    whole = build(tmp_path / "a.zip", files.items()).read_bytes()
    for position in (0, 20, 60, 2000, len(whole) - 60, len(whole) - 5):
        data = bytearray(whole)
        data[position] ^= 0xFF
        (tmp_path / "b.zip").write_bytes(data)
        try:
            assert content(tmp_path / "b.zip") == files  # some bytes, such as times, mean nothing
        except InputError as error:
            assert error.code == "archive"
        (tmp_path / "c.zip").write_bytes(whole[:position])
        refused(tmp_path / "c.zip")


def test_a_damaged_member_leaves_the_others_readable(tmp_path):
    path = build(tmp_path / "a.zip", [("a", bytes(5000)), ("b", b"12345")], zipfile.ZIP_STORED)
    data = bytearray(path.read_bytes())
    data[2000] ^= 1
    path.write_bytes(data)
    with Archive(path) as archive:
        with pytest.raises(InputError, match="damaged"):
            archive.read("a")
        assert archive.read("b") == b"12345"


def test_the_name_in_front_of_the_bytes_must_be_that_of_the_list(tmp_path):
    path = build(tmp_path / "a.zip", [("a.png", b"12345")])
    path.write_bytes(path.read_bytes().replace(b"a.png", b"b.png", 1))
    with Archive(path) as archive:
        for work in (archive.read, archive.locate):
            with pytest.raises(InputError, match="damaged"):
                work("a.png")


def test_changed_bytes_never_end_otherwise(tmp_path):
    """700 archives with a few bytes changed: right content, or a refusal."""
    whole = build(tmp_path / "a.zip", [("x/a", bytes(60)), ("x/b", b"1" * 9), ("ü", b"")]).read_bytes()
    draw = random.Random(1)
    path, read = tmp_path / "b.zip", 0
    for _ in range(700):
        data = bytearray(whole)
        for _ in range(draw.choice((1, 1, 2, 8))):
            data[draw.randrange(len(data))] = draw.choice((0, 1, 127, 255, draw.randrange(256)))
        path.write_bytes(data)
        try:
            assert set(content(path).values()) <= {bytes(60), b"1" * 9, b""}
            read += 1
        except InputError as error:
            assert error.code == "archive"
    assert 20 < read < 680


def test_positions_beyond_63_bits(tmp_path):
    path = build(tmp_path / "a.zip", [("a", b"1")])
    data = path.read_bytes()
    end = data.rindex(b"PK\x05\x06")
    locator = b"PK\x06\x07" + struct.pack("<IQI", 0, 2**64 - 1, 1)
    path.write_bytes(data[:end] + locator + data[end : end + 12] + b"\xff" * 8 + data[end + 20 :])
    refused(path)


def test_what_is_no_zip(tmp_path):
    (tmp_path / "a.zip").write_bytes(b"no zip at all")
    refused(tmp_path / "a.zip")
    (tmp_path / "e.zip").write_bytes(b"")
    refused(tmp_path / "e.zip")
    refused(tmp_path / "missing.zip")
    refused(tmp_path)
    if hasattr(os, "mkfifo"):
        os.mkfifo(tmp_path / "fifo.zip")
        refused(tmp_path / "fifo.zip")


def test_zip64(tmp_path):
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as packed, packed.open("a", "w", force_zip64=True) as handle:
        handle.write(b"12345")
    (tmp_path / "a.zip").write_bytes(buffer.getvalue())
    assert content(tmp_path / "a.zip") == {"a": b"12345"}


def test_an_archive_of_many_files_is_listed_quickly(tmp_path):
    path = build(tmp_path / "a.zip", [(f"class{n % 5}/{n:06d}.png", b"x") for n in range(10_000)], zipfile.ZIP_STORED)

    def work():
        with Archive(path) as archive:
            assert len(archive.members) == 10_000
            assert archive.read("class4/009999.png") == b"x"

    assert least_seconds(work, enough=10, times=3) < 10  # 0.2 s on two slow cores
