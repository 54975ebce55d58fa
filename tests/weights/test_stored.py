"""What lies in the weights home is found and is the same as on the first day, or is refused with a reason."""

import json
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import numpy as np
import pytest

from wetread.errors import InputError, OutputError
from wetread.weights import stored as stored_module
from wetread.weights.read import write_safetensors
from wetread.weights.stored import (
    DESCRIPTION,
    TENSORS,
    Facts,
    alone,
    examine_home,
    find_stored,
    list_stored,
    read_arrays,
    store,
    weights_home,
)

ARRAYS = {"b.weight": np.arange(6, dtype=np.float32).reshape(2, 3), "a.count": np.array(7, np.int64)}
TENSORS_FILE = write_safetensors(ARRAYS)
FACTS = Facts("tiny.one", "resnet10t", {"pad_type": "same"}, "MIT", "here", "Nobody 2020", 32, 1, (0.5,), (0.25,), 4)


def refusal(work, *args, kind=InputError):
    with pytest.raises(kind) as caught:
        work(*args)
    assert caught.value.remedy
    return caught.value


def test_what_is_stored_is_found_again_with_everything(home):
    stored = store(FACTS, TENSORS_FILE)
    assert stored == find_stored("tiny.one") == list_stored()[0]
    assert stored.path == home / "tiny.one" / TENSORS
    assert (stored.network, stored.options, stored.side, stored.channels) == ("resnet10t", {"pad_type": "same"}, 32, 1)
    assert (stored.mean, stored.deviation, stored.features, stored.size) == ((0.5,), (0.25,), 4, len(TENSORS_FILE))
    arrays = read_arrays(stored)
    assert arrays.keys() == ARRAYS.keys()
    for key, array in ARRAYS.items():
        assert arrays[key].dtype == array.dtype
        assert np.array_equal(arrays[key], array)
    assert {entry.name for entry in (home / "tiny.one").iterdir()} == {TENSORS, DESCRIPTION}
    assert json.dumps(stored.as_dict())


def test_the_network_alone_is_enough_where_one_has_it():
    store(FACTS, TENSORS_FILE)
    assert find_stored("resnet10t").name == "tiny.one"


@pytest.mark.parametrize(
    ("repository", "name"),
    [("alice/net", "alice--net"), ("timm/resnet34.a1_in1k", "resnet34.a1_in1k"), ("microsoft/rad-dino", "rad-dino")],
)
def test_the_repository_they_come_from_is_enough(repository, name):
    stored = store(replace(FACTS, name=name), TENSORS_FILE)
    assert find_stored(repository) == stored


@pytest.mark.parametrize("place", [0, 9, 60, -9, -1])
def test_a_flipped_bit_is_noticed(place):
    stored = store(FACTS, TENSORS_FILE)
    damaged = bytearray(TENSORS_FILE)
    damaged[place] ^= 1
    stored.path.write_bytes(damaged)
    error = refusal(read_arrays, stored)
    assert error.code == "weights-damaged"
    assert str(stored.path.parent) in error.remedy


def test_every_changed_description_is_refused_or_means_the_same(home):
    stored = store(FACTS, TENSORS_FILE)
    path = stored.path.with_name(DESCRIPTION)
    told = json.loads(path.read_text())
    wrong = {
        "format": 2, "name": "other", "network": 3, "options": {"pretrained": True}, "sha256": "x", "size": 1,
        "side": 0, "channels": 3, "mean": ["x"], "deviation": [0], "features": -1, "original": [], "licence": None,
        "source": 1, "cite": [], "when": 5,
    }  # fmt: skip
    assert wrong.keys() == told.keys()
    for key, value in wrong.items():
        path.write_text(json.dumps({**told, key: value}))
        assert refusal(find_stored, "tiny.one").code == "weights-damaged", key
        path.write_text(json.dumps({one: value for one, value in told.items() if one != key}))
        assert refusal(find_stored, "tiny.one").code == "weights-damaged", key
    for content in ("", "[]", "{", '{"format": 1}', "\x00"):
        path.write_text(content)
        assert list_stored() == []
        assert refusal(find_stored, "tiny.one").code == "weights-damaged"


def test_what_was_not_completely_written_is_not_listed_and_said(home):
    stored = store(FACTS, TENSORS_FILE)
    stored.path.with_name(DESCRIPTION).unlink()
    (home / "half").mkdir()
    assert list_stored() == []
    assert [(one.name, one.reason) for one in examine_home()[1]] == [
        ("half", "they were not completely written"),
        ("tiny.one", "they were not completely written"),
    ]
    assert store(FACTS, TENSORS_FILE) == find_stored("tiny.one")


def test_missing_tensors_are_said():
    store(FACTS, TENSORS_FILE).path.unlink()
    assert "missing" in refusal(find_stored, "tiny.one").message


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("resnet18.a1_in1k", "wetread weights get resnet18.a1_in1k"),
        ("resnet18.a1_in1", "Do you mean resnet18.a1_in1k"),
        ("teachable-machine", "Tensorflow.js"),
        ("tiny.on", "Do you mean tiny.one"),
        ("../tiny.one", "wetread weights list"),
        ("", "wetread weights list"),
    ],
)
def test_what_is_not_here_is_said_with_the_way_to_it(name, said):
    store(FACTS, TENSORS_FILE)
    error = refusal(find_stored, name)
    assert error.code == "no-weights"
    assert said in error.remedy


def test_other_weights_of_the_same_name_are_not_overwritten():
    stored = store(FACTS, TENSORS_FILE)
    error = refusal(store, FACTS, write_safetensors({"x": np.zeros(1, np.float32)}))
    assert error.code == "weights-exist"
    assert read_arrays(stored)
    assert store(FACTS, TENSORS_FILE).sha256 == stored.sha256  # the same ones again are no clash


def test_the_same_weights_again_keep_what_was_known(home):
    store(replace(FACTS, original={"url": "https://hub.example/a/b/resolve/main/c"}, source="the hub"), TENSORS_FILE)
    told = replace(FACTS, licence=Facts.licence, cite="", features=0, source="a file", original={"file": "c"})
    stored = store(told, TENSORS_FILE)
    assert (stored.licence, stored.cite, stored.features, stored.source) == ("MIT", "Nobody 2020", 4, "the hub")
    assert stored.original == {"url": "https://hub.example/a/b/resolve/main/c"}
    assert store(replace(FACTS, licence="CC0"), TENSORS_FILE).licence == "CC0"  # who names another one means it
    assert find_stored("tiny.one").licence == "CC0"


@pytest.mark.parametrize("other", [{"network": "resnet18"}, {"side": 64}, {"mean": (0.1,)}, {"options": {}}])
def test_the_same_weights_are_not_described_otherwise_without_a_word(other):
    stored = store(FACTS, TENSORS_FILE)
    error = refusal(store, replace(FACTS, **other), TENSORS_FILE)
    assert error.code == "weights-exist"
    assert next(iter(other)) in error.message
    assert find_stored("tiny.one") == stored


def test_of_two_imports_at_once_one_is_told_to_wait(monkeypatch):
    """The first is about to describe its tensors when the second comes with others."""
    described, told = stored_module.describe_stored, []

    def slowly(*words):
        with ThreadPoolExecutor(1) as pool:
            other = write_safetensors({"x": np.zeros(1, np.float32)})
            told.append(pool.submit(refusal, store, FACTS, other, kind=OutputError).result())
        return described(*words)

    monkeypatch.setattr(stored_module, "describe_stored", slowly)
    stored = store(FACTS, TENSORS_FILE)
    assert [error.code for error in told] == ["run-busy"]
    assert read_arrays(stored).keys() == ARRAYS.keys()


IMPORT = """
from wetread.weights.stored import alone
with alone("tiny.one"):
    print("there", flush=True)
    input()
"""


def test_another_process_is_kept_out_and_let_in_when_it_is_over():
    words = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
    with subprocess.Popen([sys.executable, "-c", IMPORT], **words) as child:
        assert child.stdout.readline() == "there\n"
        error = refusal(store, FACTS, TENSORS_FILE, kind=OutputError)
        assert error.code == "run-busy"
        assert "WETREAD_WEIGHTS" in error.remedy
        child.communicate("\n", timeout=240)
    assert store(FACTS, TENSORS_FILE)


def test_who_has_weights_for_itself_may_ask_again_and_keeps_them(home):
    with alone("tiny.one"):
        store(FACTS, TENSORS_FILE)
        with ThreadPoolExecutor(1) as pool:
            assert pool.submit(refusal, store, FACTS, TENSORS_FILE, kind=OutputError).result().code == "run-busy"
    assert store(FACTS, TENSORS_FILE)


def test_a_file_in_the_place_of_weights_is_said(home):
    home.mkdir()
    (home / "tiny.one").write_text("x")
    error = refusal(store, FACTS, TENSORS_FILE)
    assert "is a file" in error.message
    assert "--out" not in error.remedy


def test_a_password_that_an_earlier_version_kept_is_not_told():
    url = "https://me:secret@mirror.example/a/b"
    stored = store(replace(FACTS, source=f"From {url}", original={"url": url}), TENSORS_FILE)
    path = stored.path.with_name(DESCRIPTION)
    assert "secret" in path.read_text()  # as that version left it
    assert "secret" not in repr(find_stored("tiny.one"))
    assert find_stored("tiny.one").source == "From https://mirror.example/a/b"


@pytest.mark.parametrize("name", ["", ".", "..", "a/b", "a\\b", "-x", "x" * 101, "a b", "ends."])
def test_a_name_that_can_be_no_folder_is_refused(name):
    assert refusal(store, Facts(name, "resnet10t"), TENSORS_FILE).code == "name"


def test_a_full_disk_is_said_and_leaves_nothing_that_counts(home, monkeypatch):
    from collections import namedtuple

    usage = namedtuple("usage", "total used free")
    monkeypatch.setattr("wetread.writing.shutil.disk_usage", lambda place: usage(9, 9, 0))
    assert refusal(store, FACTS, TENSORS_FILE, kind=OutputError).code == "disk-full"
    assert list_stored() == []


def test_the_home_can_be_moved_and_may_be_missing(monkeypatch, tmp_path):
    assert list_stored() == []
    monkeypatch.delenv("WETREAD_WEIGHTS")
    assert weights_home().name == "weights"
