"""Tests elsewhere on a page: the change of every number, and the list of a run."""

import json

import pytest
from markupsafe import Markup

from wetread.evaluation.external import METHOD, compare_numbers, say_drop
from wetread.report.charts import interval_bar
from wetread.report.external_part import read_external
from wetread.report.page import page_environment
from wetread.run_folder import RunFolder

NASTY = "<script>alert(1)</script>"


def interval(value, low, high):
    return {"value": value, "low": low, "high": high, "n": 40, "level": 0.95, "method": "any"}


def external_json(**changes):
    inside = {"auroc": interval(0.95, 0.92, 0.97), "npv": interval(0.9, 0.85, 0.95)}
    outside = {"auroc": interval(0.75, 0.70, 0.80), "npv": interval(0.88, 0.80, 0.94), "ppv": interval(0.7, 0.6, 0.8)}
    rows = compare_numbers(inside, outside)
    return {
        "verdict": say_drop(rows, "cross-validation"),
        "model": {"run": NASTY, "own_number": "AUROC 0.95", "classes": ["ill", "well"]},
        "estimate": "cross-validation",
        "rows": rows,
        "method": METHOD,
        "findings": [],
        "shares": {"ill": {"inside": 0.5, "outside": 0.1}},
        "overlap": {"left_out": 3, "counts": {"patient": 3}, "not_compared": []},
        "refused": {"in": 30, "edge": 4, "out": 6, "auroc_of_others": interval(0.8, 0.7, 0.87)},
        "set_aside": {NASTY: 4},
        "missing": [],
        "renamed": {},
    } | changes


def render(folder):
    macro = page_environment().get_template("external_part.html.j2").module.external_part
    return str(macro(read_external(RunFolder(folder)), lambda *values: Markup(interval_bar(*values))))


@pytest.fixture
def home(tmp_path):
    away = tmp_path / "external" / "away"
    away.mkdir(parents=True)
    (away / "external.json").write_text(json.dumps(external_json()))
    numbers = {"headline": interval(0.75, 0.7, 0.8), "n": {"images": 60}, "estimate": "external test", "gate": "green"}
    (away / "numbers.json").write_text(json.dumps(numbers))
    return tmp_path


def test_every_number_is_set_beside_its_own(home):
    page = render(home / "external" / "away")
    assert "falls from 0.95 (cross-validation) to 0.75" in page
    assert "−0.20" in page and ">worse<" in page and ">no change shown<" in page and "not known" in page
    assert "3 images were left out because they are not new" in page
    assert "refuse <b>6</b>" in page and "without the refused ones the AUROC is 0.80 (0.70 to 0.87)" in page
    assert "50 % of the images at home, 10 % here" in page
    assert NASTY not in page and "&lt;script&gt;" in page


def test_a_run_lists_its_tests(home):
    page = render(home)
    assert "Tested elsewhere" in page and 'href="external/away/report.html"' in page and "0.70 to 0.80" in page


def test_a_test_that_is_not_finished_is_not_listed(home):
    (home / "external" / "away" / "numbers.json").unlink()
    assert render(home).strip() == ""
    assert read_external(RunFolder(home)) == {"test": None, "tests": []}
