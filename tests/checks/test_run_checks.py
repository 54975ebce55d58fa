"""The order of the findings, and the gate over them."""

import json
import re
from pathlib import Path

import pytest

import wetread.checks
from checks.audits import audit, clean_rows, skipped_row
from wetread.checks.finding import AMBER, INFO, RED, Finding
from wetread.checks.run_checks import CHECKS, gate, run_checks
from wetread.dataset.duplicates import Pair
from wetread.outcome import counted


def finding(severity):
    return Finding("WR000", "t", severity, "s.", "r.")


@pytest.mark.parametrize(
    ("severities", "colour"),
    [((), "green"), ((INFO,), "green"), ((INFO, AMBER), "amber"), ((AMBER, RED, INFO), "red")],
)
def test_the_gate_is_as_red_as_the_gravest_finding(severities, colour):
    assert gate([finding(severity) for severity in severities]) == colour


def test_a_clean_data_set_has_no_finding():
    assert run_checks(audit()) == []


def troubled():
    rows = clean_rows(per_class=20)
    rows += clean_rows(per_class=180, classes=("c",))
    rows[0].given_split, rows[1].given_split = "train", "test"
    rows[1].patient = rows[0].patient
    rows[25].patient = rows[0].patient
    pairs = [Pair(0, 1, "file"), Pair(2, 30, "pixels")]
    lost = [skipped_row("x.png", "the file has 0 bytes")]
    return run_checks(audit(rows, pairs=pairs, skipped=lost, small_classes=["rare"]))


def test_findings_come_gravest_first_and_in_the_order_of_the_checks():
    found = troubled()
    ranks = [(RED, AMBER, INFO).index(one.severity) for one in found]
    assert ranks == sorted(ranks)
    assert [one.code for one in found] == [
        *("WR101", "WR102", "WR103"),
        *("WR201", "WR401", "WR402"),
        *("WR104", "WR202"),
    ]


def test_every_finding_says_what_was_found_and_what_to_do_and_survives_json():
    for one in troubled():
        assert re.fullmatch(r"WR\d{3}", one.code)
        assert one.sentence.endswith(".")
        assert one.remedy.endswith(".")
        assert json.loads(json.dumps(one.as_dict())) == one.as_dict()


def test_every_check_file_runs_and_bears_the_code_it_finds():
    files = sorted(path.stem for path in Path(wetread.checks.__path__[0]).glob("wr*.py"))
    assert [check.__module__.rsplit(".", 1)[1] for check in CHECKS] == files
    for check in CHECKS:
        code = check.__module__.rsplit(".", 1)[1][:5].upper()
        assert f'"{code}"' in Path(check.__globals__["__file__"]).read_text(encoding="utf-8")


def test_one_is_singular():
    assert (counted(1, "image"), counted(0, "image"), counted(2, "image")) == ("1 image", "0 images", "2 images")
