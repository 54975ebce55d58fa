"""What the page says of refusal, fitted and not, and where a file is damaged."""

import pytest

from wetread.errors import InputError
from wetread.report.page import page_environment
from wetread.report.refusal_part import read_refusal
from wetread.run_folder import RunFolder

RATE = {"value": 0.02, "low": 0.01, "high": 0.05, "method": "Wilson", "n": 100, "level": 0.95, "count": 2}


SET = {"class": "rare", "n": 4, "promised": 0.9, "range": None, "covered": None, "unsure": None, "empty": None}


def known(**changes):
    pack = {"refused": 1.0, "n": 20, "interval": {**RATE, "value": 1.0, "low": 0.84, "high": 1.0}, "noted": 0}
    return {
        "sees": "classical",
        "own": {"refused": 0.02, "n": 100, "out": RATE, "edge": {**RATE, "value": 0.06}},
        "packs": {
            "noise": pack,
            "rotated 180": {**pack, "refused": 0.6},
            "mirrored": {**pack, "refused": 0.0, "noted": 15},
        },
        "probes": [{"name": "mirrored", "auroc": 0.97, "refuses": False}],
        "facts": {"patients": 90, "extrapolated": True},
        "sets": [
            {
                "class": "<b>ill",
                "n": 50,
                "promised": 0.9,
                "range": [0.83, 0.96],
                "covered": 0.9,
                "unsure": 0.3,
                "empty": None,
            }
        ],
        **changes,
    }


def page(folder, patients=90):
    source = '{% from "refusal_part.html.j2" import refusal_part %}{{ refusal_part(r, draw, patients) }}'
    return page_environment().from_string(source).render(r=read_refusal(folder), draw=lambda *_: "|", patients=patients)


def test_rates_packs_and_sets_are_told(tmp_path):
    folder = RunFolder(tmp_path)
    folder.write_json("refusal.json", known())
    rows = [[0, "a.png", "in"], [1, "<i>b.png", "out"], [2, "c.png", ""]]
    columns = ["row", "image", "status", "score", "reason", "note"]
    folder.write_table("refusal.csv", columns, [[*row, 1, "looks inverted", ""] for row in rows])
    text = page(folder)
    rates = ("<b>2 %</b>", "1 % to 5 %", "83 % to 96 %", "With 90 patients", "not defined")
    packs = ("Below 95 %: own pictures, upside down", "told for 15 of 20")
    for said in (*rates, *packs, "&lt;b&gt;ill", "&lt;i&gt;b.png", "looks inverted"):
        assert said in text
    assert "a.png" not in text and "c.png" not in text


def test_where_patients_are_not_known_images_are_spoken_of(tmp_path):
    folder = RunFolder(tmp_path)
    assert "at least ten images, each taken as a patient of its own" in page(folder, patients=None)
    assert "at least ten patients" in page(folder)
    folder.write_json("refusal.json", known())
    folder.write_table("refusal.csv", ["row", "image", "status", "score", "reason", "note"], [])
    text = page(folder, patients=None)
    assert "With 90 images, each taken as a patient of its own, the limits" in text
    assert "patients" not in text and "patients" in page(folder)


def test_a_class_with_too_few_cases_promises_nothing(tmp_path):
    folder = RunFolder(tmp_path)
    folder.write_json("refusal.json", known(sets=[SET]))
    assert "too few to say" in page(folder) and "no sets are given" in page(folder)


def side(value, *, short=False):
    return {**RATE, "value": value, "low": value - 0.05, "high": value + 0.05, "images": 47, "short": short}


def test_what_sets_of_findings_reach_is_told_finding_by_finding(tmp_path):
    rows = [
        {"class": "pleural_<b>", "promised": 0.9, "with": side(0.76, short=True), "without": side(0.91)}
        | {"unsure": 0.3, "empty": 0.02},
        {"class": "mass", "promised": 0.9, "with": side(0.88), "without": None, "unsure": 0.1, "empty": 0.0},
        {"class": "scar", "promised": 0.9, "why": "fewer than 9 images on a side"},
    ]
    folder = RunFolder(tmp_path)
    folder.write_json("refusal.json", known(sets=[], finding_sets=rows))
    text = page(folder)
    assert "more than chance: <b>pleural &lt;b&gt;</b>." in text and "<b>76 %</b>" in text
    assert "88 %" in text and "<b>88 %</b>" not in text and "not judged" in text
    assert "Nothing is said of scar: fewer than 9 images on a side." in text


def test_sets_made_from_the_tested_images_say_nothing(tmp_path):
    folder = RunFolder(tmp_path)
    rows = [{"class": name, "promised": 0.9, "why": "the sets were made from them"} for name in ("mass", "scar")]
    folder.write_json("refusal.json", known(sets=[], finding_sets=rows))
    text = page(folder)
    assert "Nothing is said of mass, scar: the sets were made from them." in text
    assert "Reached is" not in text and text.count("<table") == 1


def test_a_run_from_before_findings_had_sets_still_has_its_page(tmp_path):
    folder = RunFolder(tmp_path)
    folder.write_json("refusal.json", known(sets=[]))
    assert "When it is unsure" not in page(folder) and "<b>2 %</b>" in page(folder)


def test_without_refusal_the_page_says_so(tmp_path):
    folder = RunFolder(tmp_path)
    assert read_refusal(folder) == {"fitted": False}
    assert "calls anything one of its classes" in page(folder)


@pytest.mark.parametrize("held", [{"sees": "classical"}, {}, [1], known(packs=None)])
def test_a_damaged_file_says_nothing_about_the_model(held, tmp_path):
    folder = RunFolder(tmp_path)
    folder.write_json("refusal.json", held)
    with pytest.raises(InputError, match=r"refusal\.json .* is damaged"):
        read_refusal(folder)


def test_sets_of_few_patients_are_given_although_what_they_reach_cannot_be_told(tmp_path):
    folder = RunFolder(tmp_path)
    folder.write_json("refusal.json", known(sets=[{**SET, "n": 12, "patients": 3}]))
    assert "too few to say" in page(folder) and "no sets are given" not in page(folder)


def test_what_a_single_test_set_cannot_tell_has_no_columns(tmp_path):
    folder = RunFolder(tmp_path)
    folder.write_json("refusal.json", known(sets=[{**SET, "n": 18, "range": [0.8, 1.0]}]))
    assert "80 % to 100 %" in page(folder) and "not defined" not in page(folder) and "Unsure" not in page(folder)
    folder.write_json("refusal.json", known())
    assert "Held in folds" in page(folder)
