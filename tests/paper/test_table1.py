"""Table 1, counted by hand."""

import pytest

from paper.paper_run import build, numbers
from wetread.paper.facts import read_facts
from wetread.paper.table1 import characteristics, find_column, make_table1, read_age


def rows_of(table):
    return {row[0].strip(): row[1:] for row in table.rows}


def test_patients_and_images_of_each_class(facts):
    text, _ = make_table1(facts)
    assert text.columns == ("Characteristic", "All", "effusion", "no effusion")
    rows = rows_of(text)
    assert rows["Patients"] == ("6", "4", "3")  # F has both
    assert rows["Images"] == ("9", "5", "4")
    assert rows["Images per patient, mean (most)"] == ("1.5 (2)", "1.2 (2)", "1.3 (2)")


def test_sex_is_counted_per_patient_whatever_it_is_called(facts):
    text, _ = make_table1(facts, limit=0)
    rows = rows_of(text)
    assert [cell.replace("\N{NO-BREAK SPACE}", " ") for cell in rows["female"]] == ["3 (50 %)", "3 (75 %)", "1 (33 %)"]
    assert [cell[0] for cell in rows["male"]] == ["2", "1", "1"]
    assert next(row[1] for row in text.rows if row[0].strip() == "not given").startswith("1 ")  # patient E


def test_small_counts_are_masked_by_default(facts):
    text, full = make_table1(facts)
    rows = rows_of(text)
    assert set(rows["female"]) == {"<5"}
    assert rows["AP"] == ("<5", "<5", "0 (0\N{NO-BREAK SPACE}%)")
    assert rows["PA"][0] == "hidden"  # 9 images minus one would tell
    assert "<5" in text.note
    assert all(row[4] not in ("1", "2", "3", "4") for row in full.rows if row[2].startswith(("Sex", "View")))


def test_age_is_that_of_the_patient_and_needs_five(facts):
    rows = rows_of(make_table1(facts)[0])
    # 30, 41, 55, 63 (the younger of 63 and 64), 70; patient E has none.
    assert rows["median (quartiles)"] == ("55 (41 to 63)", "too few to say", "too few to say")


@pytest.mark.parametrize(
    ("text", "years"),
    [
        ("63", 63),
        ("063Y", 63),
        ("6 months", 0.5),
        ("018M", 1.5),
        ("", None),
        ("old", None),
        ("999", None),
        ("-3", None),
    ],
)
def test_ages_in_the_forms_they_come_in(text, years):
    assert read_age(text) == (None if years is None else pytest.approx(years))


def test_what_the_table_does_not_tell_is_asked_for(tmp_path):
    found = read_facts(build(tmp_path / "run", extra=False))
    assert characteristics(found) == []
    text, _ = make_table1(found)
    assert "[AUTHOR: sex, age, view, device, site" in text.note
    assert find_column(found, "Sex") is None


def test_copies_are_one_picture_where_patients_are_not_known(tmp_path):
    text, _ = make_table1(read_facts(build(tmp_path / "run", stored=numbers(grouping="none"))))
    assert rows_of(text)["Different pictures"] == ("6", "4", "3")
    assert "Patients" not in rows_of(text) and "Images per patient, mean (most)" not in rows_of(text)
    assert "near-identical images are one picture, and all else is counted per image" in text.note


def test_training_and_test_stand_apart(tmp_path):
    splits = ["train"] * 5 + ["test"] * 4
    found = read_facts(build(tmp_path / "run", splits=splits, stored=numbers(estimate="locked test")))
    text, full = make_table1(found)
    assert text.columns[1:] == (
        "Training: all", "Training: effusion", "Training: no effusion",
        "Test: all", "Test: effusion", "Test: no effusion",
    )  # fmt: skip
    assert rows_of(text)["Images"] == ("5", "4", "1", "4", "1", "3")
    assert ("Test", "effusion", "Images", "", "1") in full.rows


def test_unknown_patients_are_not_counted(tmp_path):
    found = read_facts(build(tmp_path / "run", stored=numbers(grouping="none")))
    text, _ = make_table1(found)
    assert "Patients" not in rows_of(text)
    assert "per image" in text.note


def test_many_columns_become_one_per_part(tmp_path):
    names = [f"finding {number}" for number in range(8)]
    stored = numbers(task="multilabel", positive=None, classes=names)
    found = read_facts(build(tmp_path / "run", ("finding 1|finding 2", "finding 2"), stored=stored))
    text, full = make_table1(found)
    assert text.columns == ("Characteristic", "All")
    assert rows_of(text)["finding 2"][0].startswith("9 (100")
    assert ("All (cross-validation)", "finding 1", "Images", "", "5") in full.rows
