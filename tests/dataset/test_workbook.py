"""Cells of workbooks as a person reads them. Runs in this process what otherwise runs in a child."""

import datetime as dt
import json
import subprocess
import sys

import pytest

from dataset.workbooks import ods, xls, xlsx
from wetread.dataset.workbook import as_text, read_workbook


@pytest.mark.parametrize(
    ("cell", "text"),
    [
        (1.0, "1"),
        (-1.0, "-1"),
        (0.5, "0.5"),
        (1e5, "100000"),
        (1e300, "1e+300"),
        (float("inf"), "inf"),
        (7, "7"),
        (True, "TRUE"),
        ("007", "007"),
        (dt.date(2024, 3, 1), "2024-03-01"),
        (dt.datetime(2024, 3, 1), "2024-03-01"),
        (dt.datetime(2024, 3, 1, 12, 30), "2024-03-01T12:30:00"),
        (dt.time(8, 5), "08:05:00"),
        (dt.timedelta(hours=30), "1 day, 6:00:00"),
    ],
)
def test_cells_become_text(cell, text):
    assert as_text(cell) == text


ROWS = [["image", "label", "day"], ["a.png", 1.0, 45000], ["b.png", None, 45000.5], ["c.png", True, None]]


def test_numbers_booleans_and_dates_of_a_workbook():
    assert read_workbook(xlsx({"S": ROWS}, dates={2}))["rows"] == [
        ["image", "label", "day"],
        ["a.png", "1", "2023-03-15"],
        ["b.png", "", "2023-03-15T12:00:00"],
        ["c.png", "TRUE", ""],
    ]


@pytest.mark.parametrize("make", [lambda rows: xlsx({"S": rows}), lambda rows: ods({"S": rows}), xls])
def test_all_kinds_of_workbooks_read_alike(make):
    answer = read_workbook(make([["image", "label"], ["ä.png", 2.0], ["007.png", "größer"]]))
    assert answer["rows"] == [["image", "label"], ["ä.png", "2"], ["007.png", "größer"]]
    assert answer["status"] == "read"


def test_formulas_are_not_computed_and_formulas_as_text_stay_text():
    answer = read_workbook(xlsx({"S": [["image", "label"], ["a.png", "=1+1→stored"], ["b.png", "'=1+1"]]}))
    assert answer["rows"][1:] == [["a.png", "stored"], ["b.png", "'=1+1"]]


def test_the_first_visible_sheet_with_an_image_and_a_label_column_is_taken():
    table = [["title", None], ["image", "label"], ["a.png", "x"]]
    sheets = {"old": table, "intro": [["hello"]], "images": [["image", "age"]], "labels": table, "more": table}
    answer = read_workbook(xlsx(sheets, hidden={"old"}))
    assert (answer["sheet"], answer["sheets"]) == ("labels", ["intro", "images", "labels", "more"])
    del sheets["labels"], sheets["more"]
    assert read_workbook(xlsx(sheets, hidden={"old"}))["sheet"] == "images"
    assert read_workbook(xlsx({"empty": [], "intro": [["hello"]]}))["sheet"] == "intro"
    assert read_workbook(xlsx({"empty": []}))["rows"] == []


def test_rows_keep_the_numbers_they_have_on_the_screen():
    sheet = [[], [], [None, "image", "label"], [None, "a.png", "x"]]
    assert read_workbook(xlsx({"S": sheet}))["rows"] == [
        ["", "", ""],
        ["", "", ""],
        ["", "image", "label"],
        ["", "a.png", "x"],
    ]


def test_cells_merged_over_rows_hold_for_each_of_them():
    rows = [["image", "patient", "label"], ["a", "P", "x"], ["b", None, "y"], ["c", None, "z"], ["d", "Q", "x"]]
    answer = read_workbook(xlsx({"S": rows}, merged=["B2:B4", "A1:B1"]))
    assert [row[1] for row in answer["rows"]] == ["patient", "P", "P", "P", "Q"]
    assert answer["filled"] == 2


def test_a_sheet_with_more_cells_than_can_be_kept_is_refused(monkeypatch):
    data = xlsx({"S": [["image", "label"]] * 5})
    monkeypatch.setattr("wetread.dataset.workbook.MAX_CELLS", 9)
    assert read_workbook(data) == {"status": "too-large"}


def test_the_child_answers_in_one_json_object_and_imports_nothing_heavy():
    code = (
        "import sys, wetread.dataset.workbook as w\n"
        "assert not {'numpy', 'torch', 'pydicom'} & set(sys.modules), 'heavy'\n"
        "w.main()"
    )
    child = subprocess.run(
        [sys.executable, "-c", code, "2"], input=xlsx({"S": ROWS}), capture_output=True, check=True, timeout=400
    )
    assert json.loads(child.stdout)["rows"] == [["image", "label", "day"], ["a.png", "1", "45000"]]
