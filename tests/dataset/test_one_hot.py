"""Columns of 1 and 0: which they are, and what they say."""

import pytest

from wetread.dataset.one_hot import find_one_hot, is_one_hot, read_mark, read_one_hot, repeats_labels


def read(header, *rows):
    return read_one_hot(header, header, rows, range(2, 2 + len(rows)))


@pytest.mark.parametrize(
    ("cells", "expected"),
    [
        (["1", "0", ""], True),
        (["1.0", "0.0", "-1.0"], True),
        (["True", "FALSE"], True),
        (["yes", "No"], True),
        (["1,0", "0,0"], True),
        (["", ""], False),
        (["-1", ""], False),
        (["1", "0", "2"], False),
        (["M", "F"], False),
        (["1"] * 9 + ["x"], True),
        (["1"] * 8 + ["x", "y"], False),
        (["1"] * 98 + ["x", "y"], True),
        (["1"] * 97 + ["x", "y", "z"], False),
    ],
)
def test_only_marks_make_such_a_column_but_for_a_slip(cells, expected):
    assert is_one_hot(cells) is expected


def test_two_or_more_are_needed_and_metadata_does_not_count():
    rows = [["a.png", "1", "0", "1", "60"], ["b.png", "0", "1", "0", "0"]]
    assert find_one_hot(["image", "Mass", "Edema", "sex", "age"], rows) == ["Mass", "Edema"]
    assert find_one_hot(["image", "Mass", "smoker", "sex", "age"], rows) == []


def test_marks_become_names_and_rows_without_any_are_unlabelled():
    marks = read(["Mass", "Edema"], ["1", "1.0"], ["0", ""], ["-1", "1"], ["", ""], ["no", "Yes"])
    assert marks.labels == [("Edema", "Mass"), (), ("Edema",), (), ("Edema",)]
    assert marks.known == [True, True, True, False, True]
    assert [one.uncertain for one in marks.unknown] == [(), (), ("Mass",), (), ()]
    assert not marks.single


@pytest.mark.parametrize("mark", ["-1", "-1.0", "u", "U", "?", "uncertain", "Uncertain"])
def test_what_is_uncertain_is_neither_present_nor_absent(mark):
    marks = read(["Mass", "Edema"], ["1", "1"], ["0", "0"], [mark, "1"])
    assert marks.labels[2] == ("Edema",)
    assert marks.unknown[2] == (("Mass",), ())


def test_the_truth_of_a_blank_is_missing():
    marks = read(["Mass", "Edema"], ["1", "1"], ["0", "0"], ["", "1"], ["?", ""])
    assert [one.missing for one in marks.unknown] == [(), (), ("Mass",), ("Edema",)]
    assert not marks.blank_is_absent


def test_a_blank_is_absent_where_the_table_has_minus_one():
    marks = read(["Mass", "Edema"], ["1", "1"], ["0", "0"], ["", "1"], ["-1", ""])
    assert marks.blank_is_absent
    assert all(one.missing == () for one in marks.unknown)


def test_a_blank_is_absent_in_a_column_without_any_0():
    marks = read(["Mass", "Edema"], ["1", "1"], ["", "0"], ["", ""], ["", "1"], ["1", ""])
    assert [one.missing for one in marks.unknown] == [(), (), (), (), ("Edema",)]


def test_a_blank_is_absent_beside_no_finding():
    marks = read(["No Finding", "Mass", "Edema"], ["1", "", ""], ["0", "1", "1"], ["0", "0", ""], ["0", "", "0"])
    assert [one.missing for one in marks.unknown] == [(), (), ("Edema",), ("Mass",)]


def test_uncertain_marks_are_no_mark_of_classes():
    assert not read(["a", "b"], ["1", "0"], ["?", "1"]).single


def test_another_value_makes_its_row_unlabelled_and_is_said():
    marks = read(["Mass", "Edema"], ["1", "x"], ["1", "0"])
    assert (marks.labels, marks.known) == ([(), ("Mass",)], [False, True])
    assert [(p.line, p.what) for p in marks.problems] == [
        (2, '"x" in column Edema is not 1, 0, -1 or blank; read as unlabelled')
    ]


def test_exactly_one_1_per_labelled_row_means_classes():
    assert read(["a", "b"], ["1", "0"], ["0", "1"], ["", ""]).single
    assert not read(["a", "b"], ["1", "0"], ["0", "0"]).single
    assert not read(["a", "b"], ["1", "0"], ["1", "1"]).single
    assert not read(["a", "b"], ["", ""]).single


def test_columns_that_repeat_the_label_column_are_known_in_any_spelling():
    marks = read(["mass", "edema", "no finding"], ["1", "0", "0"], ["1", "1", "0"], ["0", "0", "1"])
    assert repeats_labels(marks, [("Mass",), ("Edema", "Mass"), ("No Finding",)])
    assert not repeats_labels(marks, [("Edema",), ("Edema", "Mass"), ("No Finding",)])
    assert not repeats_labels(marks, [(), (), ()])


def test_one_column_alone_is_a_question_with_two_answers():
    assert [read_mark(cell, "Mass") for cell in ("1", "no", "-1", "", "?")] == [("Mass",), ("no Mass",), (), (), ()]
