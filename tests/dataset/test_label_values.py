"""Label cells -> the labels of each row."""

import pytest

from wetread.dataset.label_values import LONG_IMAGES, drop_none, is_long, read_label_column, read_marks
from wetread.dataset.one_hot import read_one_hot


def marks(header, *rows):
    lines = range(2, 2 + len(rows))
    return read_marks(read_one_hot(header, header, rows, lines), lines)


def test_one_name_per_cell_is_single_label():
    labels = read_label_column("label", ["Mass", "", "Edema", "no_finding"])
    assert labels.rows == [("Mass",), (), ("Edema",), ("no_finding",)]
    assert labels.known == [True, False, True, True]
    assert (labels.multi, labels.findings, labels.notes) == (False, {"Mass", "Edema", "no_finding"}, [])


def test_several_names_in_a_cell_make_the_table_multi_label():
    labels = read_label_column("Findings", ["Mass|Edema", "Mass", "No Finding", ""])
    drop_none(labels, [2, 3, 4, 5])
    assert labels.rows == [("Edema", "Mass"), ("Mass",), (), ()]
    assert labels.known == [True, True, True, False]
    assert (labels.multi, labels.findings, labels.problems) == (True, {"Mass", "Edema"}, [])
    assert labels.notes == [
        "Cells of Findings hold several names, so each image may have several labels.",
        "No Finding means that none of the findings is there.",
    ]


def test_no_finding_beside_a_finding_is_a_problem_and_the_finding_counts():
    labels = read_label_column("label", ["No Finding|Mass", "Mass|Edema"])
    drop_none(labels, [2, 3])
    assert labels.rows == [("Mass",), ("Edema", "Mass")]
    assert [(p.line, p.what) for p in labels.problems] == [(2, "No Finding beside Mass; the finding counts")]


def test_spellings_are_joined_within_cells_too():
    labels = read_label_column("label", ["effusion |Mass", "Effusion", "Effusion", "EFFUSION|x"])
    assert labels.rows == [("Effusion", "Mass"), ("Effusion",), ("Effusion",), ("Effusion", "x")]
    assert labels.notes[-1] == "Read as Effusion: effusion (1), EFFUSION (1); they differ only in case or spaces."


@pytest.mark.parametrize("cell", ["NA", "n/a", "nan", "NULL", "#N/A", "<NA>"])
def test_what_programs_write_for_no_value_is_blank_and_said(cell):
    labels = read_label_column("label", ["x", cell, "none"])
    assert labels.known == [True, False, True]
    assert labels.notes == [f"1 cells of label say {cell}; they were read as blank."]


def test_whole_numbers_written_with_a_point_lose_it_only_if_all_are():
    assert read_label_column("label", ["1.0", "0.0", ""]).rows == [("1",), ("0",), ()]
    assert read_label_column("label", ["1.0", "0.5"]).rows == [("1.0",), ("0.5",)]
    assert read_label_column("label", ["007", "1e5"]).rows == [("007",), ("1e5",)]


def test_a_column_of_marks_under_the_name_of_a_finding_asks_for_it():
    labels = read_label_column("Effusion", ["1.0", "0.0", "-1.0", ""])
    assert labels.rows == [("Effusion",), ("no Effusion",), (), ()]
    assert labels.known == [True, True, False, False]
    assert labels.notes[0].startswith("Effusion holds marks")
    assert read_label_column("Target", ["1", "0"]).rows == [("1",), ("0",)]


def test_one_hot_columns_with_one_1_per_row_are_classes():
    labels = marks(["normal", "Mass"], ["1", "0"], ["0", "1"], ["", ""])
    assert (labels.rows, labels.known) == ([("normal",), ("Mass",), ()], [True, True, False])
    assert (labels.multi, labels.findings) == (False, {"normal", "Mass"})


def test_one_hot_columns_otherwise_are_findings():
    labels = marks(
        ["No Finding", "Mass", "Edema", "Hernia"],
        *(["1", "", "", ""], ["", "1", "1", ""], ["", "-1", "1", "0"], ["", "", "", ""], ["1", "0", "1", "0"]),
    )
    assert labels.rows == [(), ("Edema", "Mass"), ("Edema",), (), ("Edema",)]
    assert labels.known == [True, True, True, False, True]
    # A finding that nobody has is still a finding.
    assert (labels.multi, labels.findings) == (True, {"Mass", "Edema", "Hernia"})
    assert [(p.line, p.what) for p in labels.problems] == [(6, "No Finding beside Edema; the finding counts")]
    assert "1 of 5 rows have several" in labels.notes[1]
    assert "Blank cells count as absent, since the table has -1" in labels.notes[1]
    assert labels.notes[2] == "Uncertain labels, which are neither present nor absent: Mass 1."
    assert [one.uncertain for one in labels.unknown] == [(), (), ("Mass",), (), ()]


def long_rows(several, images):
    rows = [(f"{n}.png", "", ("a",)) for n in range(images)]
    return rows + [(f"{n}.png", "", ("b",)) for n in range(several)] + rows


@pytest.mark.parametrize(
    ("several", "images", "expected"),
    [(20, 400, True), (19, 100, False), (20, 401, False), (21, 420, True), (0, 100, False)],
)
def test_a_long_table_needs_20_images_and_a_twentieth_of_them(several, images, expected):
    assert is_long(long_rows(several, images)) is expected


def test_readers_who_differ_do_not_make_a_long_table():
    rows = [(f"{n}.png", reader, (reader,)) for n in range(2 * LONG_IMAGES) for reader in "AB"]
    assert not is_long(rows)
    assert is_long([(image, "", labels) for image, _, labels in rows])
