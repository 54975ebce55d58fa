"""images.csv: what is written is what is read, and no cell is a formula."""

import csv
import io
from pathlib import Path

import pytest

from dataset.rows import row
from wetread.dataset.table import COLUMNS, Table, quote_formula


def records(table):
    return list(csv.DictReader(io.StringIO(table.to_csv())))


def test_every_row_comes_back_from_the_csv_with_commas_quotes_and_accents():
    rows = [row('a,b "c".png', "é", patient="1", group="G1", split="cv", folds=(2, 5), extra={"site": "Köln, Süd"})]
    rows.append(row("x.png", "b"))
    rows[1].skip("not read")
    first, second = records(Table(Path(), "table", rows))
    assert (first["image"], first["label"], first["site"]) == ('a,b "c".png', "é", "Köln, Süd")
    assert (first["fold"], first["fold_2"], first["status"]) == ("2", "5", "used")
    assert (second["status"], second["reason"], second["site"], second["fold_2"]) == ("skipped", "not read", "", "")


def test_the_promised_columns_come_first():
    assert tuple(records(Table(Path(), "folder", [row("a")]))[0])[: len(COLUMNS)] == COLUMNS


def test_a_users_column_never_overwrites_one_of_ours():
    assert records(Table(Path(), "table", [row("a", extra={"status": "emeritus"})]))[0]["status"] == "used"


@pytest.mark.parametrize("cell", ["=1+1", "+1", "@SUM(A1)", "\tx", "\rx", "-cmd|' /C calc'!A0"])
def test_a_formula_is_quoted(cell):
    assert quote_formula(cell) == "'" + cell


@pytest.mark.parametrize("cell", ["", "-1.5", "-2e-3", "a=b", "normal", "'x"])
def test_what_is_no_formula_stays(cell):
    assert quote_formula(cell) == cell


def test_no_cell_of_images_csv_is_a_formula_its_header_included():
    rows = [row("=a.png", "+b", patient="@c", extra={"=HYPERLINK(1)": "=2"})]
    cells = [cell for line in csv.reader(io.StringIO(Table(Path(), "table", rows).to_csv())) for cell in line]
    assert not [cell for cell in cells if cell[:1] in tuple("=+@")]


def test_counts_tell_images_from_patients():
    rows = [row("1", "a", group="G1"), row("2", "a", group="G1"), row("3", "b", group="G1"), row("4", "b", group="G2")]
    rows.append(row("5", ""))
    table = Table(Path(), "folder", rows)
    assert table.count_patients() == {"a": 1, "b": 2}
    assert [one.image for one in table.unlabelled] == ["5"]
