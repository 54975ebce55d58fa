"""Rows of one image become one entry: unions, contradictions, consensus."""

import unicodedata

import pytest

from wetread.dataset.labels_table import LabelsTable, Record
from wetread.dataset.readings import gather, image_key


def table(*records, multi=False, reader=False):
    columns = {"image": "image", "label": "label"} | ({"reader": "reader"} if reader else {})
    return LabelsTable("t.csv", list(records), columns, [], "utf-8", ",", multi=multi)


def row(labels, image="a.png", line=2, **fields):
    names = tuple(labels.split())
    return Record(line, image, names, fields.pop("known", bool(names)), **fields)


def only(*records, **options):
    (entry,) = gather(table(*records, **options))
    return entry


def test_a_single_row_is_taken_as_it_is():
    entry = only(row("x", patient="P", split="test", mask="m.png", site="S", extra={"age": "7"}))
    assert (entry.image, entry.labels, entry.known, entry.patient, entry.split) == ("a.png", ("x",), True, "P", "test")
    assert (entry.masks, entry.site, entry.extra, entry.lines) == (("m.png",), "S", {"age": "7"}, (2,))
    assert (entry.readings, entry.reason) == ({}, "")


def test_images_stay_in_their_order_and_spellings_of_a_path_are_one():
    nfd = unicodedata.normalize("NFD", "ä/b.png")
    entries = gather(table(row("x", "ä/b.png"), row("x", "c.png", 3), row("x", nfd, 4), row("x", "./ä\\b.png", 5)))
    assert [(entry.image, entry.lines) for entry in entries] == [("ä/b.png", (2, 4, 5)), ("c.png", (3,))]
    assert image_key("A.png") != image_key("a.png")


def test_without_readers_equal_labels_are_fine_and_different_ones_a_contradiction():
    assert only(row("x"), row("x")).reason == ""
    entry = only(row("x"), row("y"), row("x"))
    assert (entry.labels, entry.reason) == ((), "listed under two labels: x and y")


def test_a_blank_row_contradicts_nothing():
    entry = only(row(""), row("x"))
    assert (entry.labels, entry.known, entry.reason) == (("x",), True, "")
    assert not only(row(""), row("")).known


def test_in_a_multi_label_table_rows_add_up():
    entry = only(row("b a"), row("c b"), row("", known=True), multi=True)
    assert (entry.labels, entry.known, entry.reason) == (("a", "b", "c"), True, "")
    nothing = only(row("", known=True), row(""), multi=True)
    assert (nothing.labels, nothing.known) == ((), True)


@pytest.mark.parametrize(
    ("first", "second", "reason"),
    [
        ({"patient": "P1"}, {"patient": "P2"}, "listed under two patients"),
        ({"split": "train"}, {"split": "test"}, "listed under two parts of the split: train and test"),
        ({"patient": "P1"}, {}, ""),
        ({}, {"split": "test"}, ""),
    ],
)
@pytest.mark.parametrize("options", [{}, {"multi": True}, {"reader": True}])
def test_two_patients_or_two_parts_are_a_reason_that_names_no_patient(first, second, reason, options):
    entry = only(row("x", **first), row("x", **second), **options)
    assert entry.reason == reason
    assert "P1" not in entry.reason


def test_masks_add_up_and_of_other_values_the_first_counts():
    entry = only(
        row("x", mask="1.png", extra={"age": "", "sex": "F"}),
        row("x", mask="2.png", site="S", extra={"age": "7", "sex": "M"}),
        row("x", mask="1.png", site="T"),
    )
    assert (entry.masks, entry.site, entry.extra) == (("1.png", "2.png"), "S", {"age": "7", "sex": "F"})


def said(text, **options):
    """Readings such as A:x B:y, one row each."""
    pairs = [part.split(":") for part in text.split()]
    rows = [row(label.replace("+", " "), reader=reader, known=label != "?") for reader, label in pairs]
    return only(*[r if r.labels != ("?",) else row("", reader=r.reader) for r in rows], reader=True, **options)


@pytest.mark.parametrize(
    ("text", "labels", "reason"),
    [
        ("A:x", ("x",), ""),
        ("A:x B:x C:y", ("x",), ""),
        ("A:x B:y", (), "readers disagree (1 of 2)"),
        ("A:x B:x C:y D:y", (), "readers disagree (2 of 4)"),
        ("A:x B:x C:y D:z", (), "readers disagree (2 of 4)"),
        ("A:x B:x C:y D:?", ("x",), ""),
        ("A:x A:x B:y C:x", ("x",), ""),
        ("A:x A:y B:x", (), "reader A gave two labels: x and y"),
    ],
)
def test_readers_of_one_label_decide_by_more_than_half(text, labels, reason):
    entry = said(text)
    assert (entry.labels, entry.reason, entry.known) == (labels, reason, True)


def test_what_each_reader_said_is_kept():
    assert said("A:x B:y C:x").readings == {"A": ("x",), "B": ("y",), "C": ("x",)}
    assert said("A:? B:y").readings == {"B": ("y",)}
    assert not said("A:? B:?").known


def test_readers_of_several_labels_decide_each_by_more_than_half():
    entry = said("A:x+y B:x C:y+z D:x", multi=True)
    assert entry.readings == {"A": ("x", "y"), "B": ("x",), "C": ("y", "z"), "D": ("x",)}
    assert (entry.labels, entry.reason) == (("x",), "")  # y: two of four are not more than half
    # One row per finding, as VinDr-CXR has them: the rows of a reader add up.
    entry = said("A:x A:y B:y C:z", multi=True)
    assert (entry.readings["A"], entry.labels) == (("x", "y"), ("y",))
    assert said("A: B: C:x", multi=True).labels == ()
