"""A set is shown, fetched, checked, unpacked, and then never fetched again."""

import csv
import io
import os
import subprocess
import sys
import tarfile
import zipfile
from collections import namedtuple
from dataclasses import replace
from pathlib import Path

import pytest
from download.server import drop, refuse

from wetread.download.remote_file import RemoteFile
from wetread.errors import InputError, OutputError, Stopped
from wetread.progress import StepAdvanced
from wetread.public_sets import get, nih
from wetread.public_sets.catalogue import PUBLIC_SETS
from wetread.public_sets.get import data_home, find_set, get_set
from wetread.public_sets.public_set import PublicSet


def zipped():
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as packed:
        packed.writestr("A/1.png", os.urandom(300_000))
    return buffer.getvalue()


def tarred(*names):
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w:gz") as packed:
        for name in names:
            header = tarfile.TarInfo(name)
            header.size = 4
            packed.addfile(header, io.BytesIO(b"data"))
    return buffer.getvalue()


@pytest.fixture
def home(tmp_path, monkeypatch):
    monkeypatch.setenv("WETREAD_DATA_HOME", str(tmp_path / "home"))
    return tmp_path / "home"


@pytest.fixture
def announce(publisher, monkeypatch):
    """Puts a set into the catalogue, whose files lie with the publisher; returns its name."""

    def work(*files, ready="", prepare=None, name="toy"):
        placed = tuple(
            RemoteFile(publisher.serve(f"/{file}", body), file, bytes=len(body), unpack_to=unpack)
            for file, body, unpack in files
        )
        size = sum(file.bytes for file in placed)
        one = PublicSet(
            name, "Toys", "task", ("A", "B"), 2, None, size, "free", "nobody", publisher.url, placed, ("none.",), ready,
            prepare=prepare,
        )  # fmt: skip
        monkeypatch.setitem(PUBLIC_SETS, name, one)
        return name

    return work


@pytest.fixture
def bring(patience):
    def work(name, folder=None, **words):
        return get_set(name, folder, **{"accept": None, "patience": patience, **words})

    return work


def refusal(work, *args, kind=InputError, **words):
    with pytest.raises(kind) as caught:
        work(*args, **words)
    assert caught.value.remedy
    return caught.value


def test_a_zip_stays_as_it_is_and_is_fetched_once(home, announce, bring, publisher):
    name, body = "toy", zipped()
    announce(("toy.zip", body, ""), ready="toy.zip")
    path = bring(name)
    assert path == home / "toy" / "toy.zip"
    assert path.read_bytes() == body
    assert bring(name) == path
    assert len(publisher.asked) == 1
    assert sorted(entry.name for entry in home.iterdir()) == [".toy.lock", "known.json", "toy"]
    assert [entry.name for entry in (home / "toy").iterdir()] == ["toy.zip"]


def test_another_folder_takes_the_place_of_the_data_home(home, announce, bring, tmp_path):
    name = announce(("toy.zip", zipped(), ""), ready="toy.zip")
    assert bring(name, tmp_path / "mine") == tmp_path / "mine" / "toy" / "toy.zip"
    assert not home.exists()


def test_without_the_variable_the_home_is_the_user_s_own(monkeypatch):
    monkeypatch.delenv("WETREAD_DATA_HOME", raising=False)
    assert data_home().name == "data"
    assert data_home().parent.name == "wetread"
    monkeypatch.setenv("WETREAD_DATA_HOME", "~/sets")
    assert data_home() == Path.home() / "sets"


def test_nothing_is_fetched_before_licence_and_size_are_accepted(home, announce, bring, publisher):
    name, shown = announce(("toy.zip", zipped(), ""), ready="toy.zip"), []

    def no(one):
        shown.append((one.licence, one.size, len(publisher.asked)))
        return False

    assert refusal(bring, name, accept=no).code == "not-accepted"
    assert shown == [("free", "300 kB", 0)]
    assert not publisher.asked
    bring(name, accept=lambda one: True)
    bring(name, accept=no)
    assert len(shown) == 1


def test_what_is_there_already_is_not_counted_in_the_size(home, announce, bring):
    shown, bodies = [], (b"\x1f\x8b" + bytes(50_000), b"\x1f\x8b" + bytes(7_000))
    name = announce(("a.gz", bodies[0], ""), ("b.gz", bodies[1], ""))
    (home / name).mkdir(parents=True)
    (home / name / "a.gz").write_bytes(bodies[0])
    folder = bring(name, accept=lambda one: shown.append((one.size, [file.name for file in one.files])) or True)
    assert shown == [("7 kB", ["b.gz"])]
    assert sorted(entry.name for entry in folder.iterdir()) == ["a.gz", "b.gz"]


def test_an_archive_is_unpacked_once_and_may_be_deleted_then(home, announce, bring, publisher):
    name = announce(("toy.tar.gz", tarred("Toy/A/1.png", "Toy/B/2.png"), "data"), ready="data")
    folder = bring(name)
    assert sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*.png")) == ["A/1.png", "B/2.png"]
    (home / "toy" / "toy.tar.gz").unlink()
    assert bring(name) == folder
    assert len(publisher.asked) == 1


def test_a_bad_archive_is_refused_and_leaves_no_data(home, announce, bring):
    name = announce(("toy.tar.gz", tarred("../outside.png"), "data"), ready="data")
    assert refusal(bring, name).code == "archive"
    assert [entry.name for entry in (home / "toy").iterdir()] == ["toy.tar.gz"]
    assert not list(home.rglob("outside.png"))


def test_offline_names_the_way_by_hand_and_then_needs_no_internet(home, announce, bring, publisher, patience):
    bodies = (tarred("A/1.png"), tarred("A/2.png"))
    name = announce(("a.tar.gz", bodies[0], "data/a"), ("b.tar.gz", bodies[1], "data/b"), ready="data")
    publisher.close()
    error = refusal(bring, name, patience=replace(patience, connect=0.4))
    assert error.code == "offline"
    for word in (f"{publisher.url}/a.tar.gz", str(home / "toy" / "a.tar.gz"), "another computer", "1 more file"):
        assert word in error.remedy
    for file, body in zip(("a.tar.gz", "b.tar.gz"), bodies, strict=True):
        (home / "toy" / file).write_bytes(body)
    assert len(list(bring(name).rglob("*.png"))) == 2


def test_a_file_brought_by_hand_that_is_damaged_is_named(home, announce, bring):
    name = announce(("toy.zip", zipped(), ""), ready="toy.zip")
    (home / "toy").mkdir(parents=True)
    (home / "toy" / "toy.zip").write_bytes(b"PK half")
    error = refusal(bring, name)
    assert error.code == "wrong-hash"
    assert "toy.zip" in error.message


def test_an_interruption_keeps_what_came_and_the_next_call_goes_on(home, announce, bring, publisher):
    name, body = "toy", zipped()
    announce(("toy.zip", body, ""), ready="toy.zip")

    def interrupt(event):
        if isinstance(event, StepAdvanced):
            raise KeyboardInterrupt

    error = refusal(bring, name, kind=Stopped, listen=interrupt)
    assert error.exit_code == 130
    assert 0 < (home / "toy" / "toy.zip.part").stat().st_size <= len(body)
    assert bring(name).read_bytes() == body


def test_a_broken_connection_keeps_what_came(home, announce, bring, publisher):
    name = announce(("toy.zip", zipped(), ""), ready="toy.zip")
    publisher.files["/toy.zip"].acts = [drop(100_000), *[refuse(500) for _ in range(3)]]
    assert refusal(bring, name).code == "unreachable"
    bring(name)
    assert publisher.ranges_asked()[-1].startswith("bytes=")


def test_a_disk_too_small_is_said_before_anybody_is_asked(home, announce, bring, publisher, monkeypatch):
    body = tarred(*(f"A/{number}.png" for number in range(5)))
    name = announce(("toy.tar.gz", body, "data"), ready="data")
    usage = namedtuple("usage", "total used free")
    # Enough for the archive, and not for its content.
    free = len(body) + (1 << 20) + 10
    monkeypatch.setattr(get.shutil, "disk_usage", lambda place: usage(9, 0, free))
    error = refusal(bring, name, kind=OutputError, accept=lambda one: pytest.fail("asked"))
    assert error.code == "disk-full"
    assert not publisher.asked


def test_a_set_that_does_not_exist_suggests_one_that_does(bring):
    error = refusal(bring, "medmnist")
    assert error.code == "no-set"
    assert "mednist" in error.remedy
    assert "wetread data list" in error.remedy


HOLD = """
import sys, time
from pathlib import Path
from wetread.writing import FolderLock
lock = FolderLock(Path(sys.argv[1]))
print("held", flush=True)
time.sleep(3600)
"""


@pytest.mark.skipif(os.name != "posix", reason="locks are POSIX locks")
def test_two_processes_do_not_fetch_the_same_set(home, announce, bring, publisher):
    name = announce(("toy.zip", zipped(), ""), ready="toy.zip")
    other = subprocess.Popen([sys.executable, "-c", HOLD, str(home / ".toy.lock")], stdout=subprocess.PIPE)
    try:
        assert other.stdout.readline() == b"held\n"
        assert refusal(bring, name, kind=OutputError).code == "run-busy"
        assert not publisher.asked
    finally:
        other.kill()
        other.wait(120)
        other.stdout.close()
    assert bring(name).exists()


# A set in parts -------------------------------------------------------------------------------------------------------

HEADER = "Image Index,Finding Labels,Follow-up #,Patient ID,Patient Age,Patient Sex,View Position\n"
ENTRIES = (
    HEADER
    + "00000001_000.png,Cardiomegaly,0,1,57,M,PA\n"
    + "00000001_001.png,Cardiomegaly|Emphysema,1,1,58,M,PA\n"
    + "00000002_000.png,No Finding,0,2,80,F,AP\n"
    + "00000003_000.png,Effusion,0,3,74,F,PA\n"
)


@pytest.fixture
def small_nih(announce):
    """The publisher's tables, and two archives of two images each."""
    return announce(
        (nih.ENTRIES, ENTRIES.encode(), ""),
        (nih.TEST_LIST, b"00000001_000.png\n00000001_001.png\n", ""),
        ("images_001.tar.gz", tarred("images/00000001_000.png", "images/00000001_001.png"), "data/images_001"),
        ("images_002.tar.gz", tarred("images/00000002_000.png", "images/00000003_000.png"), "data/images_002"),
        ready="data",
        prepare=nih.write_labels,
    )


def test_a_part_is_a_data_set_and_the_next_part_adds_to_it(home, small_nih, bring, publisher):
    folder = bring(small_nih, parts=1)
    assert sorted(entry.name for entry in folder.iterdir()) == ["images_001", "labels.csv"]
    rows = list(csv.DictReader((folder / "labels.csv").open()))
    assert rows == [
        {"image": "images_001/00000001_000.png", "label": "Cardiomegaly", "patient": "1", "split": "test",
         "age": "57", "sex": "M", "view": "PA"},
        {"image": "images_001/00000001_001.png", "label": "Cardiomegaly|Emphysema", "patient": "1", "split": "test",
         "age": "58", "sex": "M", "view": "PA"},
    ]  # fmt: skip
    assert all((folder / row["image"]).is_file() for row in rows)
    asked = len(publisher.asked)
    bring(small_nih)
    assert len(publisher.asked) == asked + 1
    rows = list(csv.DictReader((folder / "labels.csv").open()))
    assert [(row["label"], row["split"]) for row in rows[2:]] == [("No Finding", "train"), ("Effusion", "train")]


def test_the_labels_of_a_part_are_ones_that_wetread_reads(home, small_nih, bring):
    from wetread.dataset.labels_file import read_labels_file

    table = read_labels_file(bring(small_nih) / "labels.csv")
    assert table.columns == {"image": "image", "label": "label", "patient": "patient", "split": "split"}


def test_the_size_said_is_that_of_the_part(small_nih):
    whole, part = find_set(small_nih), find_set(small_nih, 1)
    assert len(part.files) == 3
    assert part.bytes == whole.bytes - whole.files[3].bytes
    assert part.title == "Toys, archives 1 to 1 of 2"
    assert find_set(small_nih, 2) is whole
    assert find_set("nih-chestxray14", 1).size == "2.0 GB"


@pytest.mark.parametrize(("name", "parts"), [("nih-chestxray14", 0), ("nih-chestxray14", 13), ("mednist", 2)])
def test_parts_that_do_not_exist_are_refused(name, parts):
    assert refusal(find_set, name, parts).code == "parts"


def test_a_damaged_table_of_the_publisher_is_said(home, small_nih, bring):
    folder = bring(small_nih)
    (folder.parent / nih.ENTRIES).write_text("nonsense\n1\n")
    assert refusal(nih.write_labels, folder.parent).code == "bad-table"


def test_listing_the_sets_loads_no_network_code():
    code = "import sys; from wetread.public_sets.get import list_sets; list_sets(); print('httpx' in sys.modules)"
    shown = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=300, check=True)
    assert shown.stdout == "False\n"
