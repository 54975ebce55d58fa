"""Lists of image names beside a table, as ChestX-ray14 (NIH) has them."""

import pytest

from wetread.dataset.split_lists import NIH_LISTS, read_split_list, split_of_list


@pytest.mark.parametrize(
    ("name", "split"),
    [
        ("train_val_list.txt", "train"),
        ("test_list.txt", "test"),
        ("lists/test_list.txt", "test"),
        ("TEST_LIST.TXT", "test"),
        ("train.txt", "train"),
        ("val-names.txt", "tune"),
        ("validation_1.txt", "tune"),
        ("train_test.txt", ""),
        ("latest.txt", ""),
        ("readme.txt", ""),
    ],
)
def test_the_name_says_which_part(name, split):
    assert split_of_list(name) == split


def test_the_official_lists_are_known():
    assert {name: split_of_list(name) for name in NIH_LISTS} == NIH_LISTS


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_names_are_read_in_order_each_once(encoding, end):
    data = end.join(["b_001.png", " a_000.png ", "", "b_001.png", "x, y.png", ""]).encode(encoding)
    assert read_split_list("test_list.txt", data) == ["b_001.png", "a_000.png", "x, y.png"]


@pytest.mark.parametrize(
    "data",
    [b"", b"\n\n", b"a.png\nnot an image\n", b"image,label\na.png,x\n", b"a.png,b.png\n", b"\x00\x01\x02" * 100],
)
def test_anything_else_is_no_list(data):
    assert read_split_list("test_list.txt", data) is None


def test_a_list_of_no_part_is_not_read():
    assert read_split_list("images.txt", b"a.png\n") is None
