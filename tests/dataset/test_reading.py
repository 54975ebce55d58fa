"""Every image is read once; what cannot be read is skipped with its reason, and a class that is lost is named."""

import pytest

from dataset.rows import row, write_images
from wetread.dataset.reading import drop_small_classes, read_images, rows_with_pictures
from wetread.dataset.scan import scan
from wetread.dataset.table import WORKING_SIDE, Table
from wetread.errors import InputError


def table_of(tmp_path, **counts):
    rows = [row(f"{label}{n}", label, group=f"{label}{n}") for label, count in counts.items() for n in range(count)]
    return Table(tmp_path, "folder", rows)


def test_unreadable_files_are_skipped_and_the_rest_is_read(tmp_path):
    write_images(tmp_path, "a/1.png", "b/1.png")
    (tmp_path / "a" / "empty.png").write_bytes(b"")
    table = scan(tmp_path)
    read_images(table)
    assert [(one.image, one.reason) for one in table.skipped] == [("a/empty.png", "the file has 0 bytes")]
    assert len(rows_with_pictures(table)) == 2
    assert all(max(one.picture.shape) <= WORKING_SIDE and len(one.sha256) == 64 for one in table.used)


def test_a_data_set_of_which_nothing_can_be_read_is_refused(tmp_path):
    for label in "ab":
        (tmp_path / label).mkdir()
        (tmp_path / label / "note.dcm").write_text("this is a text")
    with pytest.raises(InputError, match="None of the 2 files") as caught:
        read_images(scan(tmp_path))
    assert caught.value.code == "no-readable-images"


def test_small_classes_are_left_out_where_two_remain(tmp_path):
    table = table_of(tmp_path, a=9, b=5, c=4)
    assert drop_small_classes(table, 5) == ["c"]
    assert table.classes == ["a", "b"]
    assert {one.reason for one in table.skipped} == {"its class has 4 cases, fewer than 5"}


@pytest.mark.parametrize(("few", "words"), [(1, "b has 1 image;"), (3, "b has 3 separate images or patients;")])
def test_a_class_too_small_to_test_is_an_error_that_names_it(tmp_path, few, words):
    with pytest.raises(InputError, match=words) as caught:
        drop_small_classes(table_of(tmp_path, a=9, b=few), 5)
    assert caught.value.code == "class-too-small"


@pytest.mark.parametrize("lost", [("b",), ("a", "b")])
def test_a_class_of_which_nothing_could_be_read_is_named(tmp_path, lost):
    table = table_of(tmp_path, a=9, b=9)
    for one in table.rows:
        if one.label in lost:
            one.skip("the file ends too early")
    with pytest.raises(InputError, match=rf"{lost[0]}.*the file ends too early") as caught:
        drop_small_classes(table, 5)
    assert caught.value.remedy
