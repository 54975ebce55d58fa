"""Columns are found by any name that people give them, and what was not taken is said."""

import pytest

from wetread.dataset.columns import (
    IMAGE_NAME,
    SYNONYMS,
    candidates,
    choose_columns,
    explain_choice,
    find_column,
    find_header,
    may_be_finding,
    plain_name,
    recognise_columns,
)
from wetread.errors import InputError


@pytest.mark.parametrize(
    ("meaning", "name"), [(meaning, name) for meaning, names in SYNONYMS.items() for name in names]
)
def test_every_synonym_is_known_in_any_spelling(meaning, name):
    for spelt in (name, name.upper(), name.replace("_", " ").title(), name.replace("_", "-"), name.replace("_", "")):
        assert recognise_columns(["x", spelt]) == {meaning: spelt}


def test_no_name_means_two_things():
    plain = [plain_name(name) for names in SYNONYMS.values() for name in names]
    assert len(plain) == len(set(plain))
    assert not any(may_be_finding(name) for names in SYNONYMS.values() for name in names)


def test_the_earlier_synonym_wins_and_the_other_is_said():
    header = ["finding", "label", "file", "image"]
    assert recognise_columns(header) == {"image": "image", "label": "label"}
    assert candidates(header) == {"image": ["image", "file"], "label": ["label", "finding"]}
    assert explain_choice(header, recognise_columns(header)) == [
        "image was taken as the image, not file.",
        "label was taken as the label, not finding.",
    ]
    assert explain_choice(["image", "label"], {"image": "image", "label": "label"}) == []


@pytest.mark.parametrize("name", ["Sex", "AP/PA", "Follow-up #", "Unnamed: 0", "smoker", "Frontal/Lateral", "ID"])
def test_columns_about_the_person_or_the_exposure_are_no_findings(name):
    assert may_be_finding(name) == (name in {"Frontal/Lateral"})


def test_the_label_column_may_be_named_in_any_spelling_and_loses_its_other_meaning():
    header, rows = ["image", "label", "case"], [["a.png", "x", "malignant"]]
    assert choose_columns("t.csv", header, rows, "Case") == {"image": "image", "label": "case"}
    assert find_column("CASE", header) == "case"
    with pytest.raises(InputError, match=r"t\.csv has no column grade; it has: image, label, case") as caught:
        choose_columns("t.csv", header, rows, "grade")
    assert caught.value.code == "no-label-column"


def test_an_image_column_of_any_name_is_found_by_what_stands_in_it():
    rows = [["7", "a/1.PNG", "x"], ["8", "a/2.dcm", "y"]]
    assert choose_columns("t", ["id", "Bild", "label"], rows)["image"] == "Bild"
    assert choose_columns("t", ["nr", "Bild", "label"], rows)["image"] == "Bild"
    assert choose_columns("t", ["image", "Bild", "label"], rows)["image"] == "image"
    assert choose_columns("t", ["id", "label"], [["7", "x"]])["image"] == "id"


def test_without_image_names_the_columns_are_told():
    with pytest.raises(InputError, match=r"t has no image column; it has: a, label") as caught:
        choose_columns("t", ["a", "label"], [["1", "x"]])
    assert caught.value.code == "no-image-column"
    with pytest.raises(InputError, match=r"c11 and 8 more"):
        choose_columns("t", [f"c{n}" for n in range(20)], [["1"] * 20])


def test_a_missing_header_is_told_without_showing_the_row():
    with pytest.raises(InputError) as caught:
        choose_columns("t", ["images/1.png", "Smith"], [["images/2.png", "Jones"]])
    assert caught.value.code == "no-header"
    assert "Smith" not in str(caught.value)
    assert "image,label" in caught.value.remedy


def test_a_column_called_set_that_names_no_part_is_no_split():
    header = ["image", "label", "set"]
    assert "split" not in choose_columns("t", header, [["a.png", "x", "red"], ["b.png", "y", "blue"]])
    assert explain_choice(header, {"image": "image"}) == ["set names no part such as train or test, so it is no split."]
    assert choose_columns("t", header, [["a.png", "x", "red"], ["b.png", "y", "Test"]])["split"] == "set"
    assert choose_columns("t", header, [["a.png", "x", ""]])["split"] == "set"


def test_the_header_may_stand_below_a_title():
    assert find_header([["Study of 2024"], ["Image", "Label"], ["a", "b"]]) == 1
    assert find_header([["Bild", "Befund"], ["a", "b"]]) == 0
    assert find_header([]) == 0
    assert find_header([["title"]] * 10 + [["image", "label"]]) == 0


@pytest.mark.parametrize(
    ("name", "is_image"),
    [("a.png", True), ("x/y.JPEG", True), ("v.nii.gz", True), ("png", False), ("a.png.txt", False)],
)
def test_names_of_image_files(name, is_image):
    assert bool(IMAGE_NAME.search(name)) is is_image
