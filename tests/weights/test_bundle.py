"""A file, a folder or a .zip: what lies in it is found, and nothing outside it is."""

import os
import zipfile

import pytest

from wetread.errors import InputError
from wetread.weights.bundle import Bundle


def pack(path, members):
    with zipfile.ZipFile(path, "w") as packed:
        for name, content in members.items():
            packed.writestr(name, content)
    return path


def test_the_same_files_are_found_in_a_folder_and_a_zip_with_or_without_a_folder_around(tmp_path):
    for folder in (tmp_path / "plain", tmp_path / "around" / "inner"):
        folder.mkdir(parents=True)
        (folder / "model.json").write_text("{}")
        (folder / "weights.bin").write_bytes(b"1")
    flat = pack(tmp_path / "flat.zip", {"model.json": "{}", "weights.bin": b"1", "__MACOSX/._x": b"mac"})
    deep = pack(tmp_path / "deep.zip", {"my model/model.json": "{}", "my model/weights.bin": b"1"})
    for path in (tmp_path / "plain", tmp_path / "around", flat, deep):
        with Bundle(path) as bundle:
            assert bundle.names == ["model.json", "weights.bin"]
            assert bundle.read("weights.bin") == b"1"
            assert bundle.beside("model.json") == b"{}"
            assert bundle.beside("none") is None


def test_a_single_file_sees_the_config_beside_it(tmp_path):
    (tmp_path / "a.pt").write_bytes(b"x")
    (tmp_path / "config.json").write_text("{}")
    with Bundle(tmp_path / "a.pt") as bundle:
        assert bundle.names == ["a.pt"]
        assert bundle.beside("config.json") == b"{}"


def refusal(path, name=None):
    with pytest.raises(InputError) as caught, Bundle(path) as bundle:
        bundle.read(name or bundle.names[0])
    return caught.value


@pytest.mark.parametrize("name", ["../evil.json", "/evil.json", "a/../../evil.json", "C:/evil", "a\\b"])
def test_a_zip_with_a_name_that_points_outside_is_refused(tmp_path, name):
    path = pack(tmp_path / "a.zip", {"model.json": "{}", name: "x"})
    assert refusal(path).code == "archive"
    assert sorted(entry.name for entry in tmp_path.iterdir()) == ["a.zip"]


def test_only_listed_names_are_read(tmp_path):
    folder = tmp_path / "in"
    folder.mkdir()
    (folder / "a").write_text("x")
    (tmp_path / "secret").write_text("x")
    assert refusal(folder, "../secret").code == "no-file"
    assert refusal(tmp_path / "missing").code == "no-file"


def test_a_half_zip_is_refused(tmp_path):
    path = pack(tmp_path / "a.zip", {"model.json": "{}" * 500})
    path.write_bytes(path.read_bytes()[:-40])
    assert refusal(path).code == "archive"


@pytest.mark.skipif(os.name != "posix", reason="named pipes")
def test_a_pipe_does_not_hang(tmp_path):
    os.mkfifo(tmp_path / "pipe.pt")
    assert refusal(tmp_path / "pipe.pt").code == "no-file"
