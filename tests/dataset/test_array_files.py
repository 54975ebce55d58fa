"""Array files as data sets: MedMNIST, Keras and IDX files, their splits and the names of their classes."""

import gzip
import struct
from collections import Counter

import numpy as np
import pytest

from wetread.dataset.array_files import find_arrays, is_array_file, read_npz_listing
from wetread.dataset.array_labels import NoClasses, name_labels
from wetread.dataset.array_names import NAMES, find_set, name_classes
from wetread.errors import InputError
from wetread.images.arrays import ArrayReader
from wetread.images.source import Source

RANDOM = np.random.default_rng(3)


def pictures(count, *shape):
    return RANDOM.integers(0, 256, (count, *(shape or (6, 5))), dtype=np.uint8)


def medmnist(path, name="pneumoniamnist", classes=2, **changes):
    """A file as MedMNIST has them: three parts, labels of shape (n, 1)."""
    arrays = {}
    for part, count in (("train", 12), ("val", 5), ("test", 4)):
        arrays[f"{part}_images"] = pictures(count)
        arrays[f"{part}_labels"] = (np.arange(count) % classes).reshape(-1, 1)
    np.savez_compressed(path / f"{name}.npz", **arrays | changes)
    return path / f"{name}.npz"


def idx(path, array):
    data = bytes([0, 0, 8, array.ndim]) + b"".join(struct.pack(">I", side) for side in array.shape) + array.tobytes()
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(gzip.compress(data) if path.suffix == ".gz" else data)
    return path


def mnist(folder, ending="", test=True, labels=None):
    labels = np.arange(11, dtype=np.uint8) % 10 if labels is None else labels
    idx(folder / f"train-images-idx3-ubyte{ending}", pictures(11))
    idx(folder / f"train-labels-idx1-ubyte{ending}", labels)
    if test:
        idx(folder / f"t10k-images-idx3-ubyte{ending}", pictures(3))
        idx(folder / f"t10k-labels-idx1-ubyte{ending}", np.array([9, 0, 1], np.uint8))
    return folder


def listed(folder):
    return find_arrays(folder, sorted(path for path in folder.iterdir() if path.is_file()))


def refusal(path):
    with pytest.raises(InputError) as caught:
        find_arrays(path, [] if path.is_file() else sorted(path.iterdir()))
    assert caught.value.remedy
    return caught.value


# MedMNIST and Keras ---------------------------------------------------------------------------------------------------


def test_a_medmnist_file_becomes_rows_with_names_and_parts(tmp_path):
    path = medmnist(tmp_path)
    assert is_array_file(path)
    found = find_arrays(path, [])
    assert Counter((row.given_split, row.label) for row in found.rows) == {
        ("train", "normal"): 6, ("train", "pneumonia"): 6, ("tune", "normal"): 3, ("tune", "pneumonia"): 2,
        ("test", "normal"): 2, ("test", "pneumonia"): 2,
    }  # fmt: skip
    assert (found.classes, found.multi, found.ordinal) == (["normal", "pneumonia"], False, False)
    assert found.rows[3].source == Source(path, member="train_images", item=3)
    assert found.rows[3].image == "train_images[03]"
    assert "train_images: 12 pictures of 6 x 5." in found.notes
    assert any("pneumoniamnist" in note for note in found.notes)
    names = [row.image for row in found.rows if row.given_split == "train"]
    assert sorted(names) == names  # so that a sorted table is read in the order of the file
    with ArrayReader(path, "train_images") as reader, np.load(path) as stored:
        for row in found.rows[:12]:
            assert np.array_equal(reader.picture(row.source.item), stored["train_images"][row.source.item])


def test_findings_of_chestmnist(tmp_path):
    labels = np.zeros((12, 14), np.uint8)
    labels[0, [2, 6]] = 1
    labels[1, 13] = 1
    path = medmnist(tmp_path, "chestmnist_64", train_labels=labels,
                    val_labels=np.zeros((5, 14), np.uint8), test_labels=np.ones((4, 14), np.uint8))  # fmt: skip
    found = find_arrays(path, [])
    assert found.multi
    assert [row.label for row in found.rows[:3]] == ["effusion|pneumonia", "hernia", "no finding"]
    assert [row.findings for row in found.rows[:3]] == [("effusion", "pneumonia"), ("hernia",), ()]
    assert len(found.rows[-1].findings) == 14


def test_grades_have_an_order(tmp_path):
    found = find_arrays(medmnist(tmp_path, "retinamnist", 5), [])
    assert found.ordinal
    assert found.classes == ["grade 0", "grade 1", "grade 2", "grade 3", "grade 4"]
    assert any("order" in note for note in found.notes)


def test_keras_files(tmp_path):
    np.savez(tmp_path / "mnist.npz", x_train=pictures(20), y_train=np.arange(20, dtype=np.uint8) % 10,
             x_test=pictures(3), y_test=np.array([7, 2, 1], np.uint8))  # fmt: skip
    found = read_npz_listing(tmp_path / "mnist.npz")
    assert [(row.given_split, row.label) for row in found.rows[-3:]] == [("test", "7"), ("test", "2"), ("test", "1")]
    np.savez(tmp_path / "a.npz", images=pictures(4), labels=np.array([0.0, 1.0, 0.0, 11.0]), weights=np.ones(3))
    found = read_npz_listing(tmp_path / "a.npz")
    assert [(row.given_split, row.label) for row in found.rows] == [
        ("", "class 00"), ("", "class 01"), ("", "class 00"), ("", "class 11"),
    ]  # fmt: skip
    assert "Arrays that were left out: weights." in found.notes


def test_a_part_without_labels_is_there_to_predict(tmp_path):
    np.savez(tmp_path / "a.npz", train_images=pictures(4), train_labels=np.array([0, 1, 0, 1]), test_images=pictures(2))
    found = read_npz_listing(tmp_path / "a.npz")
    assert [row.label for row in found.rows] == ["class 0", "class 1", "class 0", "class 1", "", ""]
    assert not any(row.status == "skipped" for row in found.rows)


def test_how_values_are_shown_is_said(tmp_path):
    np.savez(tmp_path / "a.npz", images=np.zeros((2, 3, 3), np.uint16), labels=np.array([0, 1]))
    notes = read_npz_listing(tmp_path / "a.npz").notes
    assert "images: 2 pictures of 3 x 3, stored values shown by their full range 0..65535." in notes


@pytest.mark.parametrize(
    ("changes", "code", "words"),
    [
        ({"train_images": np.zeros((12, 8, 8, 8), np.uint8)}, "volumes", "volumes of 8 x 8 x 8"),
        ({"train_images": np.zeros((12, 8), np.uint8)}, "unsupported", "train_images"),
        ({"train_images": np.zeros((12, 2, 2), object)}, "unsupported", "train_images"),
        ({"train_labels": np.zeros((12, 1), object)}, "unsupported", "its labels"),
        ({"train_labels": np.zeros((11, 1), int)}, "array-labels", "12 pictures, but there are 11 labels"),
        ({"train_labels": np.full((12, 1), 0.5)}, "array-labels", "measurements"),
        ({"train_labels": np.full((12, 2), 2)}, "array-labels", "different shapes"),
    ],
)
def test_npz_files_that_cannot_be_used(tmp_path, changes, code, words):
    error = refusal(medmnist(tmp_path, **changes))
    assert error.code == code
    assert words in error.message


def test_npz_files_without_pictures_or_labels(tmp_path):
    np.savez(tmp_path / "a.npz", embeddings=np.ones((3, 4)), names=np.array(["a"]))
    error = refusal(tmp_path / "a.npz")
    assert error.code == "no-arrays"
    assert "embeddings, names" in error.message
    np.savez(tmp_path / "b.npz", images=pictures(3))
    assert refusal(tmp_path / "b.npz").code == "no-labels"
    (tmp_path / "c.npz").write_bytes((tmp_path / "b.npz").read_bytes()[:-30])
    assert refusal(tmp_path / "c.npz").code == "archive"


# IDX ------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("ending", ["", ".gz"])
def test_idx_files_become_rows(tmp_path, ending):
    folder = mnist(tmp_path / "digits", ending)
    (folder / "readme.txt").write_text("hello")
    found = listed(folder)
    assert found.classes == list("0123456789")
    used = [row for row in found.rows if row.status == "used"]
    assert Counter(row.given_split for row in used) == {"train": 11, "test": 3}
    train = [row for row in used if row.given_split == "train"]
    assert [row.label for row in train] == [*"0123456789", "0"]
    assert train[10].image == f"train-images-idx3-ubyte{ending}[10]"
    assert train[10].source == Source(folder / f"train-images-idx3-ubyte{ending}", item=10)
    others = {row.image: row.reason for row in found.rows if row.companion}
    assert others[f"train-labels-idx1-ubyte{ending}"] == "companion: labels of the pictures"
    assert set(others) == {f"{part}-labels-idx1-ubyte{ending}" for part in ("train", "t10k")} | {"readme.txt"}
    # The same from one of the files.
    for name in (f"train-images-idx3-ubyte{ending}", f"t10k-labels-idx1-ubyte{ending}"):
        assert is_array_file(folder / name)
        assert len(find_arrays(folder / name, []).rows) == 14


def test_packed_and_unpacked_files_beside_each_other_are_one_set(tmp_path):
    mnist(mnist(tmp_path, ".gz"))
    used = [row for row in listed(tmp_path).rows if row.status == "used"]
    assert len(used) == 14
    assert {row.source.path.suffix for row in used} == {""}


def test_fashion_is_told_by_a_name(tmp_path):
    for folder in ("fashion", "FashionMNIST", "fashion-mnist"):
        found = listed(mnist(tmp_path / folder))
        assert found.classes[0] == "T-shirt or top"
        assert found.classes[9] == "ankle boot"


def test_letters_and_other_scripts_are_not_taken_for_digits(tmp_path):
    assert listed(mnist(tmp_path / "KMNIST")).classes[0] == "class 0"
    letters = tmp_path / "x"
    idx(letters / "emnist-letters-train-images-idx3-ubyte", pictures(3))
    idx(letters / "emnist-letters-train-labels-idx1-ubyte", np.array([1, 2, 26], np.uint8))
    found = listed(letters)
    assert [row.label for row in found.rows[:3]] == ["class 01", "class 02", "class 26"]
    assert {row.given_split for row in found.rows[:3]} == {"train"}
    idx(letters / "train-images-idx3-ubyte", pictures(3))
    assert refusal(letters).code == "several-arrays"


def test_idx_files_that_cannot_be_used(tmp_path):
    wrong = mnist(tmp_path / "a", labels=np.zeros(10, np.uint8))
    assert "11 pictures, but there are 10 labels" in refusal(wrong).message
    alone = tmp_path / "b"
    idx(alone / "train-images-idx3-ubyte", pictures(3))
    assert refusal(alone).code == "no-labels"
    labels = tmp_path / "c"
    assert refusal(idx(labels / "train-labels-idx1-ubyte", np.zeros(3, np.uint8))).code == "no-arrays"
    cut = mnist(tmp_path / "d", ".gz") / "train-labels-idx1-ubyte.gz"
    cut.write_bytes(cut.read_bytes()[:-12])
    assert refusal(tmp_path / "d").code == "truncated"
    volumes = mnist(tmp_path / "e")
    idx(volumes / "train-images-idx3-ubyte", pictures(11, 4, 4, 4))
    assert refusal(volumes).code == "volumes"


# What is no data set of arrays ----------------------------------------------------------------------------------------


def test_folders_of_other_things_are_left_to_others(tmp_path):
    (tmp_path / "a.png").write_bytes(b"x")
    (tmp_path / "train-images-idx3-ubyte").write_bytes(b"no idx file")
    np.savez(tmp_path / "features.npz", embeddings=np.ones(3))
    assert listed(tmp_path) is None
    assert not is_array_file(tmp_path / "a.png")
    assert not is_array_file(tmp_path)
    assert not is_array_file(tmp_path / "missing")
    assert find_arrays(tmp_path / "a.png", []) is None


def test_one_npz_file_in_a_folder_is_the_data_set_unless_there_are_class_folders(tmp_path):
    medmnist(tmp_path)
    (tmp_path / "readme.md").write_text("x")
    found = listed(tmp_path)
    assert len(found.rows) == 22
    assert found.rows[-1].reason == "companion: no array of pictures"
    medmnist(tmp_path, "breastmnist")
    assert refusal(tmp_path).code == "several-arrays"
    (tmp_path / "cats").mkdir()
    assert listed(tmp_path) is None


# Names ----------------------------------------------------------------------------------------------------------------


def test_names_of_public_sets():
    assert find_set("pneumoniamnist_224") == "pneumoniamnist"
    assert find_set("my OrganAMNIST") == "organamnist"
    assert find_set("Fashion-MNIST") == "fashion"
    assert find_set("mypneumonia") == find_set("emnist") == ""
    counts = {"pathmnist": 9, "chestmnist": 14, "dermamnist": 7, "octmnist": 4, "pneumoniamnist": 2, "retinamnist": 5,
              "breastmnist": 2, "bloodmnist": 8, "tissuemnist": 8, "organamnist": 11, "organcmnist": 11,
              "organsmnist": 11, "mnist": 10, "fashion": 10}  # fmt: skip
    assert {name: len(names) for name, names in NAMES.items()} == counts
    for names in NAMES.values():
        assert len(set(names)) == len(names)
        assert not set("|,;/\\") & set("".join(names))


def test_a_set_of_more_classes_than_known_is_not_that_set():
    assert name_classes("pneumoniamnist", 3) == ["class 0", "class 1", "class 2"]
    assert name_classes("", 11)[10] == "class 10"
    assert name_classes("", 11)[9] == "class 09"
    assert name_classes("pneumoniamnist", 2, several=True) == ["normal", "pneumonia"]
    assert name_classes("chestmnist", 3, several=True) == ["finding 0", "finding 1", "finding 2"]


def test_labels_of_all_kinds():
    named = name_labels([np.array([[1, 0], [0, 1]]), np.array([[0, 1]])])
    assert named.one_hot and not named.several
    assert named.labels == [[("class 0",), ("class 1",)], [("class 1",)]]
    named = name_labels([np.array([[True, True], [False, False]])])
    assert named.several
    assert named.labels == [[("finding 0", "finding 1"), ()]]
    named = name_labels([np.array([-1, 1])])
    assert named.labels == [[("class -1",), ("class 1",)]]
    named = name_labels([np.array([" b", "a", ""]), np.array([b"b", "ä".encode()])])
    assert named.classes == ["a", "b", "ä"]
    assert named.labels == [[("b",), ("a",), ()], [("b",), ("ä",)]]
    assert name_labels([np.zeros((0, 1), int), np.array([2])]).classes == ["class 0", "class 1", "class 2"]


@pytest.mark.parametrize(
    "array",
    [
        np.array([0.0, np.nan]), np.array([1e30]), np.array([0.5]), np.arange(1001), np.array([[0, 2]]), np.zeros(()),
        np.zeros((2, 2, 2)), np.array([["a", "b"]]), np.array([2**64 - 1], np.uint64), np.zeros((3, 0)),
    ],
)  # fmt: skip
def test_numbers_that_are_no_classes(array):
    with pytest.raises(NoClasses):
        name_labels([array])
