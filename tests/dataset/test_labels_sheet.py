"""Workbooks by way of the child: whatever is in them, the parent lives and says what to do."""

import io
import sys
import zipfile

import pytest

from dataset.workbooks import compound, ods, packed, xls, xlsx
from wetread.dataset.labels_sheet import is_workbook, read_sheet
from wetread.errors import InputError

TABLE = [["image", "label"], ["a.png", "x"], [None, None], ["b.png", "y\x07"]]


@pytest.mark.parametrize("data", [xlsx({"S": TABLE[:2]}), ods({"S": TABLE[:2]}), xls(TABLE[:2])])
def test_workbooks_are_known_by_their_content(data):
    assert is_workbook(data)
    assert is_workbook(data[:-100])


def test_other_zips_and_texts_are_no_workbooks():
    assert not is_workbook(packed({"images/1.png": "x", "labels.csv": "image,label"}))
    assert not is_workbook(b"image,label\n")
    assert not is_workbook(b"PK\x03\x04" + bytes(100))


def test_rows_are_clean_and_other_sheets_are_said():
    raw = read_sheet("t.ods", ods({"S": [*TABLE[:2], ["", ""], ["b.png ", "y"]], "Key": [["x"]]}))
    assert (raw.rows, raw.lines) == ([["image", "label"], ["a.png", "x"], ["b.png", "y"]], [1, 2, 4])
    assert (raw.encoding, raw.separator) == ("workbook", "S")
    assert raw.notes == ["The other sheets of t.ods were left out: Key."]


def test_merged_cells_are_said():
    raw = read_sheet("t", xlsx({"S": [["image", "label"], ["a", "x"], ["b", None]]}, merged=["B2:B3"]))
    assert raw.notes == ["Cells merged over several rows were read as standing in each of them (1)."]


def refusal(data):
    with pytest.raises(InputError) as caught:
        read_sheet("t.xlsx", data)
    assert "t.xlsx" in caught.value.message
    assert caught.value.remedy
    return caught.value


@pytest.mark.parametrize(
    "data",
    [compound({"EncryptionInfo": b"x", "EncryptedPackage": b"y"}), xls(TABLE[:2], protected=True)],
    ids=["xlsx", "xls"],
)
def test_a_password_is_told(data):
    error = refusal(data)
    assert error.code == "protected-workbook"
    assert "password" in error.message


@pytest.mark.parametrize(
    "data",
    [
        xlsx({"S": TABLE[:2]})[:-300],
        packed({"xl/workbook.xml": "<workbook"}),
        packed({"xl/x": ""}),
        xls(TABLE[:2])[:900],
        compound({"WordDocument": b"x"}),
    ],
    ids=["cut", "no xml", "empty", "cut xls", "no workbook"],
)
def test_damage_is_told(data):
    error = refusal(data)
    assert error.code == "bad-table"
    assert "damaged" in error.message


def test_a_package_that_unpacks_to_too_much_is_not_opened(monkeypatch):
    monkeypatch.setattr("wetread.dataset.labels_sheet.MAX_UNPACKED_BYTES", 100_000)
    monkeypatch.setattr("wetread.dataset.labels_sheet._ask_child", lambda *_: pytest.fail("it was opened"))
    assert "too large" in refusal(packed({"xl/workbook.xml": " " * 100_001})).message


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere the system does not limit the memory of a process")
def test_two_cells_in_opposite_corners_do_not_take_all_memory():
    assert "too large" in refusal(xls(TABLE[:2], last=(65535, 65535))).message
    with zipfile.ZipFile(io.BytesIO(xlsx({"S": TABLE[:2]}))) as archive:
        parts = {name: archive.read(name).decode() for name in archive.namelist()}
    far = '<row r="1048576"><c r="XFD1048576"><v>1</v></c></row></sheetData>'
    parts["xl/worksheets/sheet1.xml"] = parts["xl/worksheets/sheet1.xml"].replace("</sheetData>", far)
    assert refusal(packed(parts)).code == "bad-table"


def test_a_child_that_takes_too_long_is_ended(monkeypatch):
    monkeypatch.setattr("wetread.dataset.labels_sheet._SECONDS", 0.001)
    assert "time limit" in refusal(xlsx({"S": TABLE[:2]})).message
