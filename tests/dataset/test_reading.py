"""Every image is read once; what cannot be read is skipped with its reason, and a class that is lost is named."""

import numpy as np
import pytest
from fake.pictures import write_jpeg

from dataset.rows import row, write_images
from wetread.dataset.reading import drop_small_classes, read_images, read_larger, rows_with_pictures
from wetread.dataset.scan import scan
from wetread.dataset.table import WORKING_SIDE, Row, Table
from wetread.errors import InputError
from wetread.images.decoder import Decoder


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


def test_pictures_are_read_once_more_with_more_pixels_and_known_by_these(tmp_path):
    grey = np.add.outer(np.arange(1400), np.arange(1100)) // 10
    names = [f"{number}.jpg" for number in range(3)]
    for number, name in enumerate(names):
        write_jpeg(tmp_path / name, (grey + number).astype(np.uint8))
    table = Table(tmp_path, "folder", [Row(name, tmp_path / name, "a") for name in names])
    with Decoder() as decoder:
        view, _ = read_images(table, decoder=decoder)
        before = [one.pixel_sha256 for one in table.rows]
        (tmp_path / "1.jpg").unlink()
        write_jpeg(tmp_path / "2.jpg", (255 - grey).astype(np.uint8))
        kept = read_larger(table.rows, view, 700, decoder)
        large = decoder.decode(tmp_path / "0.jpg", max_side=700)
    first, *others = table.rows
    assert first.picture.shape == (700, 550)
    # A JPEG is decoded at a fraction of its size, so its pixels have another hash at another side.
    assert first.pixel_sha256 == large.pixel_sha256 != before[0]
    assert [(row.image, "changed" in why) for row, why in kept] == [("1.jpg", False), ("2.jpg", True)]
    assert [(max(one.picture.shape), one.pixel_sha256) for one in others] == [(WORKING_SIDE, old) for old in before[1:]]


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


@pytest.mark.parametrize(
    ("images", "cases", "known", "words"),
    [
        (1, 1, "none", "b has 1 image; at least"),
        (3, 3, "none", "b has 3 images; at least"),
        (9, 2, "none", r"b has 2 different images \(9 images, copies among them\); at least"),
        (9, 1, "filename", r"b has 1 patient \(9 images\); at least"),
        (9, 3, "column", r"b has 3 patients \(9 images\); at least"),
    ],
)
def test_a_class_too_small_to_test_is_an_error_that_says_how_many_cases_it_has(tmp_path, images, cases, known, words):
    table = table_of(tmp_path, a=9, b=images)
    table.grouping = known
    for number, one in enumerate(one for one in table.rows if one.label == "b"):
        one.group = f"case {number % cases}"
    with pytest.raises(InputError, match=words) as caught:
        drop_small_classes(table, 5)
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
