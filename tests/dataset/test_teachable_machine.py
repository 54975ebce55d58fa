"""Teachable Machine projects: what the web page saved is read, and what is written looks like it."""

import io
import json
import zipfile
from collections import Counter

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from wetread.archive import Archive
from wetread.dataset.teachable_machine import encode_sample, read_project, write_project
from wetread.errors import InputError, OutputError

MANIFEST = (
    '{"type":"image","version":"2.4.1","appdata":{"publishResults":{},"trainEpochs":15,"trainBatchSize":16,'
    '"trainLearningRate":0.00003}}'
)


def project(path, names, manifest=MANIFEST):
    with zipfile.ZipFile(path, "w") as packed:
        for name in names:
            packed.writestr(name, b"jpeg")
        if manifest is not None:
            packed.writestr("manifest.json", manifest)
    return path


def read(path):
    with Archive(path) as archive:
        return read_project(archive)


def grey(value=100, shape=(30, 20)):
    return np.full(shape, value, np.uint8)


# Reading --------------------------------------------------------------------------------------------------------------


def test_members_are_sorted_into_classes(tmp_path):
    names = ["Normal-!-0.jpg", "Bleeding inside-!-0.jpg", "Normal-!-1.JPG", "Bleeding inside-!-12.jpeg", "notes.txt",
             "Normal-1.jpg", "-!-3.jpg", "Normal-!-x.jpg", "Normal-!-1.mp3"]  # fmt: skip
    found = read(project(tmp_path / "a.tm", names))
    assert found.classes == ("Normal", "Bleeding inside")
    assert found.members == {
        "Normal-!-0.jpg": "Normal",
        "Bleeding inside-!-0.jpg": "Bleeding inside",
        "Normal-!-1.JPG": "Normal",
        "Bleeding inside-!-12.jpeg": "Bleeding inside",
    }
    assert found.skipped == ("notes.txt", "Normal-1.jpg", "-!-3.jpg", "Normal-!-x.jpg", "Normal-!-1.mp3")
    assert found.settings == {"epochs": 15, "batch size": 16, "learning rate": 3e-05, "version": "2.4.1"}
    assert any("epochs 15, batch size 16, learning rate 3e-05" in note for note in found.notes)
    assert any("no class: 5" in note for note in found.notes)


@pytest.mark.parametrize("name", ["a-!-b", "-!-", "肺炎", "é", "a/b", "...", "manifest.json", "1-!-2.jpg", "🫁 x"])
def test_classes_of_any_name(tmp_path, name):
    found = read(project(tmp_path / "a.tm", [f"{name}-!-0.jpg", "other-!-0.jpg"]))
    assert found.classes == (name, "other")


def test_class_names_come_in_one_unicode_form(tmp_path):
    assert read(project(tmp_path / "a.tm", ["e\u0301-!-0.jpg"])).classes == ("é",)


@pytest.mark.parametrize("kind", ["audio", "pose"])
def test_sounds_and_poses_are_refused_by_name(tmp_path, kind):
    with pytest.raises(InputError, match=kind) as caught:
        read(project(tmp_path / "a.tm", ["a-!-0.webm"], MANIFEST.replace("image", kind)))
    assert caught.value.code == "teachable-machine"


@pytest.mark.parametrize(
    "manifest",
    [
        None, "", "no json", "[]", "null", "{}", '{"type": 1}', '{"type": ["image"]}', '{"type": "<script>"}',
        "[" * 100_000, '{"type":' * 50_000, '{"type":"image","a":"' + "x" * (1 << 20) + '"}', b"\xff\xfe",
        '{"type": "image", "a": ' + "9" * 5000 + "}",
    ],
    ids=range(14),
)  # fmt: skip
def test_manifests_that_are_none(tmp_path, manifest):
    with pytest.raises(InputError) as caught:
        read(project(tmp_path / "a.tm", ["a-!-0.jpg", "b-!-0.jpg"], manifest))
    assert caught.value.code == "teachable-machine"
    assert caught.value.remedy
    assert "script" not in str(caught.value)


@pytest.mark.parametrize(
    "data",
    ["null", "[]", '"x"', '{"trainEpochs": "many"}', '{"trainEpochs": true}', '{"trainEpochs": -1}',
     '{"trainEpochs": NaN}', '{"trainLearningRate": 1e999}', '{"trainBatchSize": {}}'],
)  # fmt: skip
def test_settings_without_sense_are_left_out(tmp_path, data):
    found = read(project(tmp_path / "a.tm", ["a-!-0.jpg"], f'{{"type": "image", "version": 3, "appdata": {data}}}'))
    assert found.settings == {}
    assert found.classes == ("a",)


def test_a_project_without_pictures(tmp_path):
    with pytest.raises(InputError, match="no pictures"):
        read(project(tmp_path / "a.tm", ["a.jpg"]))


@pytest.mark.parametrize(
    ("name", "count", "classes", "epochs", "rate"),
    [
        ("experiment1.tm", 60, {"Hemorrhage": 30, "Normal": 30}, 15, 3e-5),
        ("experiment4.tm", 240, {"Normal": 80, "Parenchymal": 80, "Subdural": 80}, 80, 2e-5),
    ],
)
def test_real_projects_are_read_and_written_again(real_data, tmp_path, name, count, classes, epochs, rate):
    place = real_data / "head-ct-hemorrhage-rsna-tm" / name
    with Archive(place) as archive:
        found = read_project(archive)
        pictures = [(label, np.asarray(Image.open(io.BytesIO(archive.read(member)))))
                    for member, label in found.members.items()]  # fmt: skip
    assert len(found.members) == count
    assert Counter(found.members.values()) == classes
    assert found.settings == {"epochs": epochs, "batch size": 16, "learning rate": rate, "version": "2.4.1"}
    assert found.skipped == ()
    written = write_project(tmp_path / name, pictures, settings=found.settings)
    again = read(written)
    assert again.members == found.members
    assert (again.classes, again.settings) == (found.classes, found.settings)
    with zipfile.ZipFile(place) as old, zipfile.ZipFile(written) as new:
        assert new.namelist() == old.namelist()
        assert json.loads(new.read("manifest.json")) == json.loads(old.read("manifest.json"))
        assert list(json.loads(new.read("manifest.json"))["appdata"]) == list(
            json.loads(old.read("manifest.json"))["appdata"]
        )
        for ours, theirs in zip(new.infolist(), old.infolist(), strict=True):
            for key in ("compress_type", "flag_bits", "create_system", "create_version", "extract_version",
                        "external_attr", "extra", "comment"):  # fmt: skip
                assert getattr(ours, key) == getattr(theirs, key), key
        first = new.namelist()[0]
        ours, theirs = (Image.open(io.BytesIO(packed.read(first))) for packed in (new, old))
        for key in ("size", "mode", "layer", "quantization"):
            assert getattr(ours, key) == getattr(theirs, key), key
        # A second JPEG of the same picture: a few grey values at most.
        difference = np.abs(np.asarray(ours, int) - np.asarray(theirs, int))
        assert difference.mean() < 1


# Writing --------------------------------------------------------------------------------------------------------------


def test_what_is_written_is_read_again(tmp_path):
    pictures = [("b", grey()), ("a-!-1", grey()), ("b", grey()), ("肺炎", grey())]
    path = write_project(tmp_path / "new" / "a.tm", iter(pictures), settings={"epochs": 7, "learning rate": 0.5})
    found = read(path)
    assert found.members == {"b-!-0.jpg": "b", "a-!-1-!-0.jpg": "a-!-1", "b-!-1.jpg": "b", "肺炎-!-0.jpg": "肺炎"}
    assert found.settings == {"epochs": 7, "batch size": 16, "learning rate": 0.5, "version": "2.4.1"}
    assert [entry.name for entry in path.parent.iterdir()] == ["a.tm"]
    again = write_project(tmp_path / "b.tm", iter(pictures), settings={"epochs": 7, "learning rate": 0.5})
    assert again.read_bytes() == path.read_bytes()


@settings(max_examples=30, deadline=None)
@given(labels=st.lists(st.text(max_size=80), min_size=1, max_size=6, unique_by=lambda text: text.casefold()))
def test_any_class_names_survive_or_are_refused(tmp_path_factory, labels):
    path = tmp_path_factory.mktemp("tm") / "a.tm"
    try:
        write_project(path, [(label, grey()) for label in labels for _ in range(2)])
    except OutputError as error:
        assert error.code == "class-names"
        assert not path.exists()
        return
    found = read(path)
    assert len(found.classes) == len(labels)
    assert set(Counter(found.members.values()).values()) == {2}


def test_class_names_that_no_file_could_have(tmp_path):
    labels = ["N/A", "a\\b", "C: x", "tab\there", "\udc80", "x" * 500, ""]
    found = read(write_project(tmp_path / "a.tm", [(label, grey()) for label in labels]))
    assert found.classes == ("N_A", "a_b", "C_ x", "tab_here", "?", "x" * 200, "_")
    for pair in (("a/b", "a_b"), ("Normal", "normal")):
        with pytest.raises(OutputError):
            write_project(tmp_path / "b.tm", [(label, grey()) for label in pair])
    assert [entry.name for entry in tmp_path.iterdir()] == ["a.tm"]


def test_a_source_that_fails_leaves_nothing(tmp_path):
    def pictures():
        yield "a", grey()
        raise InputError("no", code="x")

    with pytest.raises(InputError):
        write_project(tmp_path / "a.tm", pictures())
    assert not list(tmp_path.iterdir())


def decoded(picture):
    image = Image.open(io.BytesIO(encode_sample(picture)))
    assert (image.size, image.mode, image.format) == ((224, 224), "RGB", "JPEG")
    return np.asarray(image, int)


def test_samples_are_the_middle_of_the_picture():
    wide = np.zeros((100, 300), np.uint8)
    wide[:, 100:200] = 200
    assert np.abs(decoded(wide)[:, 4:-4] - 200).max() <= 4
    assert np.abs(decoded(wide.T)[4:-4] - 200).max() <= 4
    wide[:, :100] = 255  # outside
    assert np.abs(decoded(wide)[:, 4:-4] - 200).max() <= 4


@pytest.mark.parametrize("shape", [(224, 224), (448, 448), (30, 20), (1, 1), (1, 500), (1000, 777), (224, 225)])
def test_samples_of_any_size(shape):
    assert np.abs(decoded(grey(90, shape)) - 90).max() <= 1
    assert np.abs(decoded(np.full((*shape, 3), 90, np.uint8)) - 90).max() <= 1


def test_a_sample_of_the_right_size_is_not_resampled():
    picture = np.random.default_rng(1).integers(0, 256, (28, 28), dtype=np.uint8).repeat(8, 0).repeat(8, 1)
    assert np.abs(decoded(picture)[..., 0] - picture).mean() < 6
    # Twice as large: every pixel is the mean of four.
    large = picture.repeat(2, 0).repeat(2, 1)
    assert np.array_equal(decoded(large), decoded(picture))
