"""Tables keep what is of use and lose who it was."""

import csv
import io

from wetread.privacy.pseudonyms import Pseudonyms
from wetread.privacy.table import Renamed, read_columns, rewrite_table

SECRET = Pseudonyms(bytes(range(32)))
TABLE = """filename,patient_id,Patient Name,label,split,study_date,birth_date,age,sex,report,site,mask_file,score
a.png,4711,Karny,effusion,train,2020-03-01,1923-04-17,97,F,Mr Karny fell,Karny Clinic,m.png,3.5
b.png,4711,Karny,normal,valid,2020-03-11,1923-04-17,054Y,Karny,fine,Karny Clinic,,2
c.png,4712,Anna,Karny^Anna,Karny,yesterday,1923-04-17,41,M,,Other,lost.png,1
gone.png,4713,Otto,normal,test,2020-01-01,1923-04-17,20,M,,,,1
"""
FILES = {"a.png": Renamed("x/A.png", -10), "b.png": Renamed("B.png", -10), "c.png": Renamed("C.png"),
         "m.png": Renamed("M.png")}  # fmt: skip


def rewrite(text=TABLE, **more):
    result = rewrite_table("labels.csv", text.encode(), FILES.get, SECRET, **more)
    return result, list(csv.DictReader(io.StringIO(result.text)))


def test_columns_are_rewritten_by_what_they_mean():
    result, rows = rewrite()
    assert "Karny" not in result.text
    assert "1923" not in result.text
    assert "4711" not in result.text
    assert list(rows[0]) == [
        "filename",
        "patient_id",
        "label",
        "split",
        "study_date",
        "age",
        "sex",
        "site",
        "mask_file",
    ]
    assert result.dropped == ["Patient Name", "birth_date", "report", "score"]
    assert [row["filename"] for row in rows] == ["x/A.png", "B.png", "C.png"]
    assert rows[0]["patient_id"] == rows[1]["patient_id"] == SECRET.patient("4711")
    assert [row["label"] for row in rows] == ["effusion", "normal", ""]
    assert [row["split"] for row in rows] == ["train", "valid", ""]
    assert [row["age"] for row in rows] == ["90", "054Y", "41"]
    assert [row["sex"] for row in rows] == ["F", "", "M"]
    assert rows[0]["site"] == rows[1]["site"] != rows[2]["site"]
    assert [row["mask_file"] for row in rows] == ["M.png", "", ""]


def test_dates_move_with_the_header_of_the_image():
    _, rows = rewrite()
    assert [row["study_date"] for row in rows] == ["2020-02-20", "2020-03-01", ""]
    _, rows = rewrite(keep_dates=True)
    assert rows[0]["study_date"] == "2020-03-01"


def test_what_is_lost_is_counted():
    result, _ = rewrite()
    assert result.left_out == 1
    # label, split, date and mask of the third row, sex of the second
    assert result.blanked == 5


def test_a_user_may_keep_columns_by_name():
    _, rows = rewrite(keep_columns=["score"])
    assert [row["score"] for row in rows] == ["3.5", "2", "1"]
    assert read_columns("a.csv", b"image,label\n") == ["image", "label"]
    assert read_columns("a.csv", b"") == []


def test_one_hot_columns_stay():
    text = "image,effusion,nodule,phone\n" + "".join(f"{name},{n % 2},1,0{n}30123\n" for n, name in enumerate(FILES))
    result, rows = rewrite(text)
    assert list(rows[0]) == ["image", "effusion", "nodule"]
    assert result.dropped == ["phone"]


def test_formulas_are_quoted():
    _, rows = rewrite("image,label\na.png,=1+1\nb.png,normal\n")
    assert rows[0]["label"] == "'=1+1"
