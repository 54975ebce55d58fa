"""Tables of readings as people write them: both layouts, and what is wrong with them."""

import numpy as np
import pytest
from dataset.workbooks import xlsx

from wetread.errors import InputError
from wetread.readers.table import read_readings

NAN = np.nan


@pytest.fixture
def read(tmp_path):
    def read(text, **options):
        path = tmp_path / "table.csv"
        path.write_text(text)
        return read_readings(path, **options)

    return read


def marks(readings, finding=0):
    return readings.marks[:, :, finding].tolist()


def test_wide(read):
    found = read("image,patient,age,Dr A,Dr B,truth\na,p1,50,yes,no,yes\nb,p1,60,no,,no\nc,p2,70,yes,yes,\n")
    assert (found.layout, found.readers, found.images) == ("wide", ["Dr A", "Dr B"], ["a", "b", "c"])
    assert found.findings == ("positive",)
    assert found.patients == ["p1", "p1", "p2"]
    assert marks(found) == [[1, 0, 1], pytest.approx([0, NAN, 1], nan_ok=True)]
    assert found.truth[:, 0] == pytest.approx([1, 0, NAN], nan_ok=True)
    assert found.read.tolist() == [[True, True, True], [True, False, True]]


def test_long_with_confidence_seconds_and_experience(read):
    found = read(
        "image;reader;label;confidence;seconds;years\n"
        "a;A;effusion;90;12,5;3\nb;A;normal;10;8;3\na;B;effusion;80;;12\nb;B;normal;20;9;12\n"
    )
    assert (found.layout, found.readers, found.findings) == ("long", ["A", "B"], ("effusion",))
    assert marks(found) == [[1, 0], [1, 0]]
    assert found.scores.tolist() == [[90, 10], [80, 20]]
    assert found.seconds[0].tolist() == [12.5, 8]
    assert found.experience == {"A": "3", "B": "12"}
    assert not found.patients_known
    assert found.patients == ["a", "b"]


def test_several_findings_in_a_cell(read):
    found = read("image,r1,r2\na,Edema|Effusion,Edema\nb,No Finding,effusion\nc,,Edema\n")
    assert found.findings == ("Edema", "Effusion")
    assert marks(found, 0) == [pytest.approx([1, 0, NAN], nan_ok=True), [1, 0, 1]]
    assert marks(found, 1) == [pytest.approx([1, 0, NAN], nan_ok=True), [0, 1, 0]]


def test_one_row_per_finding(read):
    rows = [f"i{n},{reader},{finding}" for n in range(25) for reader in "AB" for finding in ("Edema", "Mass")]
    found = read("\n".join(["image,reader,class_name", *rows, "last,A,No finding"]))
    assert found.findings == ("Edema", "Mass")
    assert found.marks[0, 0].tolist() == [1, 1]
    assert found.marks[0, 25].tolist() == [0, 0]
    assert not found.problems


def test_one_column_of_marks_per_finding(read):
    found = read("image,reader,Edema,Mass\na,A,1,0\na,B,1,1\nb,A,0,0\nb,B,0,-1\n")
    assert found.findings == ("Edema", "Mass")
    assert marks(found, 1) == [[0, 0], pytest.approx([1, NAN], nan_ok=True)]


def test_numbers_have_an_order(read):
    text = "image,A,B\na,1,2\nb,3,3\nc,5,4\nd,2,\n"
    found = read(text)
    assert found.vocabulary.kind == "ordered numbers"
    assert found.findings == ("1", "2", "3", "4", "5")
    assert found.levels.tolist() == [[0, 2, 4, 1], [1, 2, 3, -1]]
    cut = read(text, cut=3)
    assert cut.findings == ("3 or more",)
    assert marks(cut) == [[0, 1, 1, 0], pytest.approx([0, 1, 1, NAN], nan_ok=True)]
    assert cut.levels.tolist() == found.levels.tolist()
    with pytest.raises(InputError, match="All labels lie on one side of 9"):
        read(text, cut=9)
    with pytest.raises(InputError, match="whole numbers"):
        read("image,A,B\na,mild,severe\nb,severe,mild\n", cut=2)


def test_text_numbers_zero_and_one_are_marks(read):
    assert marks(read("image,A,B\na,1.0,0.0\nb,0.0,0.0\n", finding="effusion")) == [[1, 0], [0, 0]]
    assert read("image,A,B\na,1,0\nb,0,0\n", finding="effusion").findings == ("effusion",)


def test_two_classes_without_a_no_need_a_word(read):
    text = "image,A,B\na,cat,dog\nb,dog,dog\n"
    assert read(text).findings == ("cat", "dog")
    assert marks(read(text, positive="Dog")) == [[0, 1], [1, 1]]
    with pytest.raises(InputError, match="Neither cat nor dog is cow"):
        read(text, positive="cow")


def test_unsure_counts_as_not_read(read):
    found = read("image,A,B\na,1,0\nb,-1,0\nc,?,1\n")
    assert marks(found)[0] == pytest.approx([1, NAN, NAN], nan_ok=True)
    assert any("not sure" in note and "-1 (1)" in note for note in found.notes)


def test_labels_unknown_to_the_model_are_left_out_and_said(read):
    text = "image,A,B\na,effusion,normal\nb,efusion,normal\nc,Effusion,effusion\n"
    found = read(text, known=("effusion", "normal"), finding="effusion")
    assert marks(found)[0] == pytest.approx([1, NAN, 1], nan_ok=True)
    assert any("efusion (1)" in note for note in found.notes)


def test_the_same_reading_twice_counts_once(read):
    found = read("image,reader,label\na,A,1\na,A,1\na,B,0\nb,A,0\nb,B,1\n")
    assert marks(found) == [[1, 0], [0, 1]]
    assert [(problem.line, "once" in problem.what) for problem in found.problems] == [(3, True)]


def test_contradicting_readings_count_neither(read):
    found = read("image,reader,label\na,A,1\na,A,0\na,B,0\nb,A,0\nb,B,1\n")
    assert marks(found)[0] == pytest.approx([NAN, 0], nan_ok=True)
    assert [problem.line for problem in found.problems] == [2, 3]


def test_constant_readers_are_named(read):
    found = read("image,reader 1,reader 2,reader 3\na,1,0,\nb,0,0,\nc,1,0,\n")
    assert found.readers == ["reader 1", "reader 2", "reader 3"]
    assert any("reader 2 always says" in note and "absent" in note for note in found.notes)


def test_everybody_says_the_same(read):
    found = read("image,A,B\na,0,0\nb,0,0\n")
    assert marks(found) == [[0, 0], [0, 0]]
    found = read("image,A,B\na,effusion,effusion\nb,effusion,effusion\n")
    assert (found.findings, marks(found)) == (("effusion",), [[1, 1], [1, 1]])


def test_names_that_are_addresses(read):
    text = "image,reader,label\na,ann@x.org,1\na,bob@x.org,0\nb,ann@x.org,0\n"
    assert any("--anonymous" in note for note in read(text).notes)
    hidden = read(text, anonymous=True)
    assert hidden.readers == ["R1", "R2"]
    assert "@" not in " ".join([*hidden.notes, *(problem.what for problem in hidden.problems)])
    assert hidden.written == {"ann@x.org": "R1", "bob@x.org": "R2"}


def test_truth_in_its_own_rows(read):
    found = read("image,reader,label\na,A,1\na,B,0\na,truth,1\nb,A,0\nb,B,1\nb,truth,0\n")
    assert found.readers == ["A", "B"]
    assert found.truth[:, 0].tolist() == [1, 0]


def test_truth_by_name_of_column(read):
    text = "image,A,B,panel\na,1,0,1\nb,0,0,0\n"
    assert read(text).readers == ["A", "B", "panel"]
    found = read(text, truth="Panel")
    assert (found.readers, found.truth[:, 0].tolist()) == (["A", "B"], [1, 0])
    with pytest.raises(InputError, match="has no column gold"):
        read(text, truth="gold")


def test_what_a_confidence_means(read):
    """Ninety beside normal: sure that it is normal, unless called images always have the higher numbers."""
    sure = read("image,reader,label,confidence\na,A,1,90\nb,A,0,95\nc,A,0,60\na,B,1,70\nb,B,0,80\n")
    assert sure.scores[0].tolist() == [90, -95, -60]
    chance = read("image,reader,label,confidence\na,A,1,90\nb,A,0,5\nc,A,0,40\na,B,1,70\nb,B,0,20\n")
    assert chance.scores[0].tolist() == [90, 5, 40]
    named = read("image,reader,label,certainty\na,A,1,90\nb,A,0,5\nb,B,0,5\n")
    assert named.scores[0].tolist() == [90, -5]


def test_impossible_numbers_are_left_out_and_said(read):
    found = read("image,reader,label,confidence,seconds\na,A,1,900,-3\nb,A,0,sure,x\na,B,1,70,5\n")
    assert np.isnan(found.scores[0]).all()
    assert len(found.problems) == 4


def test_cases_stand_for_images(read):
    found = read("case,A,B\n1,1,0\n2,0,0\n")
    assert found.images == ["1", "2"]


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("", "no rows"),
        ("image,A,B\n", "no rows"),
        ("image,A,B\na,,\nb,,\n", "no columns in which readers use the same labels"),
        ("name,A,B\na,1,0\n", "has no image column"),
        ("image,age,sex\na,50,M\nb,60,F\n", "no columns in which readers"),
        ("image,reader,remark\na,A,long text\nb,B,other text\n", "no column with their labels"),
        ("image,reader,label\na,A,\nb,B,\n", "holds no reading"),
    ],
)
def test_what_is_no_table_of_readings_is_explained(read, text, told):
    with pytest.raises(InputError, match=told) as caught:
        read(text)
    assert caught.value.remedy


def test_a_workbook(tmp_path):
    path = tmp_path / "table.xlsx"
    path.write_bytes(xlsx({"readings": [["image", "A", "B"], ["a", 1, 0], ["b", 0, None]]}))
    found = read_readings(path)
    assert marks(found) == [[1, 0], pytest.approx([0, NAN], nan_ok=True)]


def test_a_file_that_is_not_there(tmp_path):
    with pytest.raises(InputError, match="cannot be read"):
        read_readings(tmp_path / "none.csv")
