"""Cells before they mean anything: headers as programs and people write them, rows of any length."""

import pytest

from wetread.dataset.raw_table import RawTable, clean_cells, take_header


def raw_table(*rows):
    return RawTable([list(row) for row in rows], list(range(1, len(rows) + 1)), "utf-8", ",")


def test_cells_are_stripped_blank_rows_leave_and_lines_stay_true():
    raw = raw_table([" image ", "label"], ["", " "], ["a.png\u00a0", "x"], [])
    clean_cells(raw, dirty=False)
    assert (raw.rows, raw.lines) == ([["image", "label"], ["a.png", "x"]], [1, 3])


def test_blank_and_repeated_names_of_columns_become_names():
    raw = raw_table(["", "image", "label", "label", ""], ["0", "a", "x", "y", ""])
    assert take_header(raw) == ["column 1", "image", "label", "label (2)"]
    raw = raw_table(["", "image", "label", "label", ""], ["0", "a", "x", "y", ""], ["1", "b", "x", "y", "z"])
    assert take_header(raw) == ["column 1", "image", "label", "label (2)", "column 5"]
    raw = raw_table(["", "image", "label", "label", "", "site"], ["0", "a.png", "x", "y", "z", "S"])
    assert take_header(raw) == ["column 1", "image", "label", "label (2)", "column 5", "site"]
    assert "label" in raw.notes[0]
    assert "2 columns have no name" in raw.notes[1]


def test_the_brackets_of_the_original_header_are_mended():
    header = ["Image Index", "OriginalImage[Width", "Height]", "OriginalImagePixelSpacing[x", "y]", ""]
    assert take_header(raw_table(header, ["a.png", "1", "2", "3", "4", ""])) == [
        *("Image Index", "OriginalImage[Width]", "OriginalImage[Height]"),
        *("OriginalImagePixelSpacing[x]", "OriginalImagePixelSpacing[y]"),
    ]


def test_short_rows_are_filled_and_blank_cells_at_the_end_do_no_harm():
    raw = raw_table(["image", "label", "site"], ["a.png"], ["b.png", "x", "S", "", ""])
    take_header(raw)
    assert raw.rows == [["a.png", "", ""], ["b.png", "x", "S"]]
    assert raw.problems == []


def test_a_row_with_too_many_cells_is_left_out_and_said():
    raw = raw_table(["image", "label"], ["a.png", "x"], ["b.png", "fluid", "left"], ["c.png", "y"])
    take_header(raw)
    assert (raw.rows, raw.lines) == ([["a.png", "x"], ["c.png", "y"]], [2, 4])
    assert [(p.line, p.what) for p in raw.problems] == [(3, "3 cells where the header names 2; the row was left out")]


@pytest.mark.parametrize(
    ("rows", "header"),
    [
        ([["1", "a.png", "x"], ["2", "b.png", "y"]], ["column 1", "image", "label"]),
        ([["a.png", "x", "note"], ["b.png", "y", "note"]], ["image", "label", "column 3"]),
    ],
    ids=["row names as R writes them", "a column without a name at the end"],
)
def test_where_every_row_has_one_cell_more_the_images_say_which_name_is_missing(rows, header):
    raw = raw_table(["image", "label"], *rows)
    assert take_header(raw) == header
    assert raw.rows == rows
    assert "has no name" in raw.notes[0]


def test_what_stands_above_the_header_is_left_out_and_said():
    raw = raw_table(["Study X"], ["Image", "Label"], ["a.png", "x"])
    assert take_header(raw) == ["Image", "Label"]
    assert raw.rows == [["a.png", "x"]]
    assert "line 2" in raw.notes[0]
