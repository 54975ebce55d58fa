"""What is said of a public set before it is fetched is complete, and can be acted on."""

import json
import re
from urllib.parse import urlsplit

import pytest

from wetread.download.remote_file import RemoteFile, say_bytes
from wetread.public_sets.catalogue import PUBLIC_SETS
from wetread.public_sets.get import list_sets
from wetread.public_sets.public_set import PublicSet

SETS = pytest.mark.parametrize("one", PUBLIC_SETS.values(), ids=lambda one: one.name)


@SETS
def test_a_set_says_everything_a_person_decides_by(one):
    assert re.fullmatch(r"[a-z0-9-]+", one.name)
    assert len(one.classes) == len(set(one.classes)) >= 2
    assert one.images > 0
    assert one.bytes > 0
    assert len(one.licence) > 15
    assert len(one.citation) > 40
    assert one.homepage.startswith("https://")
    assert one.traps
    assert all(trap.endswith((".", ").")) and len(trap) > 20 for trap in one.traps)


@SETS
def test_its_files_come_by_https_and_what_is_known_of_them_is_well_formed(one):
    assert len({file.name for file in one.files}) == len(one.files)
    for file in one.files:
        assert urlsplit(file.url).scheme == "https"
        assert re.fullmatch(r"[A-Za-z0-9_.-]+", file.name)
        assert file.sha256 is None or re.fullmatch(r"[0-9a-f]{64}", file.sha256)
        assert file.md5 is None or re.fullmatch(r"[0-9a-f]{32}", file.md5)
        assert bool(file.unpack_to) == file.name.endswith(".tar.gz")
    if one.exact:
        assert one.bytes == sum(file.bytes for file in one.files)
    assert json.loads(json.dumps(one.as_dict()))["files"][0]["url"] == one.files[0].url
    assert one.ready in {"", "data", one.files[0].name}


def test_no_hash_stands_for_two_files():
    hashes = [h for one in list_sets() for file in one.files for h in (file.sha256, file.md5) if h]
    assert len(hashes) == len(set(hashes))


def test_the_sets_of_the_lessons_are_there():
    names = [one.name for one in list_sets()]
    assert names[0] == "carpentries-chest"
    assert {f"rsna-spotlight-{number}" for number in range(1, 6)} <= set(names)
    assert {"openi-chest-abdomen", "mednist", "fashion-mnist", "nih-chestxray14"} <= set(names)
    medmnist = [name for name in names if name.removesuffix("-224").endswith("mnist") and "fashion" not in name]
    assert len(medmnist) == 24


@pytest.mark.parametrize(
    ("name", "images", "size"),
    [
        ("carpentries-chest", 700, "166 MB"),
        ("rsna-spotlight-1", 60, "599 kB"),
        ("nih-chestxray14", 112_120, "45 GB"),
        ("chestmnist-224", 112_120, "3.9 GB"),
        ("pathmnist", 107_180, "about 256 MB"),
        ("fashion-mnist", 70_000, "31 MB"),
    ],
)
def test_counts_and_sizes(name, images, size):
    assert PUBLIC_SETS[name].images == images
    assert PUBLIC_SETS[name].size == size


def test_the_file_of_a_size_that_nobody_states_may_not_be_larger_than_its_pixels():
    # 780 images of 28 x 28 bytes, and 4 MiB for labels and headers.
    assert PUBLIC_SETS["breastmnist"].files[0].limit == 780 * 784 + 4_194_304
    assert PUBLIC_SETS["bloodmnist-224"].files[0].limit == 17_092 * 224 * 224 * 3 + 4_194_304


@pytest.mark.parametrize(
    ("number", "words"),
    [
        (0, "0 bytes"),
        (999, "999 bytes"),
        (29_515, "30 kB"),
        (999_499, "999 kB"),
        (1_500_000, "1.5 MB"),
        (166_486_464, "166 MB"),
        (3_889_293_042, "3.9 GB"),
        (45_090_775_000, "45 GB"),
    ],
)
def test_sizes_in_words(number, words):
    assert say_bytes(number) == words


def test_a_set_tells_how_to_bring_it_by_hand_and_how_to_run_it(tmp_path):
    files = (RemoteFile("https://a.org/x.zip", "x.zip", bytes=5),)
    one = PublicSet("toy", "", "", (), 1, None, 5, "", "", "https://a.org/", files, (), "x.zip", "--positive sick")
    steps = one.by_hand(tmp_path)
    assert len(steps) == 4
    assert "https://a.org/x.zip" in steps[1]
    assert str(tmp_path) in steps[2]
    assert "wetread data get toy" in steps[3]
    assert one.command(tmp_path / "x.zip") == f'wetread run "{tmp_path / "x.zip"}" --positive sick'
