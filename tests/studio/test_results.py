"""The Results page says what the files of the run say, and what the report says that they do not show."""

import json
import re
from pathlib import Path

import pytest

import wetread.report
from tests.studio.result_runs import findings, many, three_classes, two_classes, write_result
from wetread.outcome import DISCLAIMER, headline
from wetread.report.given_away_part import say_given_away
from wetread.studio.results import not_shown, plain_words

URL = "/api/projects/terminal/runs/run"
TEMPLATES = Path(wetread.report.__file__).with_name("templates")


def rate(value, low, high):
    return {"value": value, "low": low, "high": high}


@pytest.fixture
def run(tmp_path):
    made = two_classes([1, 1, 1, 0, 0, 0], [0.9, 0.6, 0.2, 0.7, 0.4, 0.1], 0.5)
    run = write_result(tmp_path / "wetread-runs" / "run", made)
    (run / "history.csv").write_text(
        "repeat,fold,inner,epoch,seconds,learning_rate,train_loss,val_loss,val_auroc\n1,1,1,1,0.5,0.003,0.7,0.73,\n"
    )
    return run


def test_everything_comes_from_the_files(studio, run):
    numbers = json.loads((run / "numbers.json").read_text())
    (run / "trust.json").write_text('[{"name": "leak", "light": "green"}]')
    found = studio.get(f"{URL}/results").json()
    assert found["numbers"] == numbers
    assert found["headline"] == headline(numbers)
    assert found["trust"] == [{"name": "leak", "light": "green"}]
    assert {"name": "seed", "value": 3, "reason": "because of seed"} in found["plan"]
    assert found["use"] == "Research and teaching only. Not a medical device."
    assert found["refusal"] == {"fitted": False}
    assert (found["learning_curve"], found["external"], found["explanations"]) == (None, [], None)
    (row,) = studio.get(f"{URL}/history").json()["rows"]
    assert (row["epoch"], row["val_loss"], row["val_auroc"]) == (1.0, 0.73, None)


def test_findings_lead_to_cases_and_name_no_file(studio, run):
    finding = {"code": "WR104", "title": "t", "severity": "info", "sentence": "s", "remedy": "r",
               "images": ["002.png", "gone.png", "000.png"], "numbers": {"suggested": {"002.png": "ill"}}}  # fmt: skip
    (run / "findings.json").write_text(json.dumps([finding]))
    (told,) = studio.get(f"{URL}/results").json()["findings"]
    assert (told["cases"], told["count"]) == ([3, 1], 3)
    assert "002.png" not in json.dumps(told)


def test_a_run_without_numbers_yet_shows_what_there_is(studio, run):
    (run / "numbers.json").unlink()
    found = studio.get(f"{URL}/results").json()
    assert (found["numbers"], found["headline"], found["plain"], found["not_shown"]) == (None, None, [], [])
    assert found["plan"]
    (run / "run.json").unlink()
    assert studio.get(f"{URL}/results").status_code == 400
    assert studio.get(f"{URL}/history").json()["rows"]


def test_a_damaged_file_is_named(studio, run):
    (run / "numbers.json").write_text("{")
    answer = studio.get(f"{URL}/results")
    assert (answer.status_code, "numbers.json" in answer.json()["message"]) == (400, True)


def test_explanations_are_told_test_by_test(studio, run):
    cell = {"verdict": "pass", "sentence": "It changes.", "value": None, "against": "", "source": "Adebayo 2018"}
    one = {"title": "Occlusion", "passed": 1, "tests": 1, "badge": "passes 1 of 1", "trials": {"weights": cell}}
    content = {"passed": 1, "tests": 1, "best": "occlusion", "methods": {"occlusion": one}}
    (run / "explanations.json").write_text(json.dumps(content))
    told = studio.get(f"{URL}/results").json()["explanations"]["methods"]
    assert told[0]["trials"][0] == {
        "name": "weights", "verdict": "pass", "sentence": "It changes.", "source": "Adebayo 2018"
    }  # fmt: skip
    del one["title"]
    (run / "explanations.json").write_text(json.dumps(content))
    assert studio.get(f"{URL}/results").status_code == 400


def test_plain_words_count_out_of_a_hundred():
    numbers = {
        "task": "binary", "positive": "pleural_effusion",
        "metrics": {"sensitivity": rate(0.824, 0.7, 0.9), "specificity": rate(0.998, 0.97, 1.0)},
    }  # fmt: skip
    assert plain_words(numbers) == [
        "Out of 100 pictures with pleural effusion, it finds 82 (70 to 90).",
        "Out of 100 pictures without it, it rightly clears 99 (97 to 100).",  # 99.8 % is not all of them
    ]
    several = {"task": "multilabel", "per_class": {"mass": {"auroc": {}, "sensitivity": rate(0.5, 0.2, 0.8)},
                                                   "rare": {"undefined": "no tested image has it"}}}  # fmt: skip
    assert plain_words(several) == []
    several["per_class"]["mass"]["auroc"] = rate(0.7, 0.6, 0.8)
    assert plain_words(several) == ["Out of 100 pictures with mass, it finds 50 (20 to 80)."]


def test_what_is_not_shown_is_what_the_report_says():
    page = "".join((TEMPLATES / name).read_text() for name in ("report.html.j2", "report_findings.html.j2"))
    page = re.sub(r"</?b>", "", page)
    binary = {"task": "binary", "classes": ["ill", "well"], "n": {"patients": None, "trained_on": 77},
              "estimate": "cross-validation", "models": {}}  # fmt: skip
    several = {**binary, "task": "multilabel", "estimate": "external test", "models": {"x": {}}}
    said = [
        *not_shown(binary, [], {"fitted": False}),
        *not_shown(binary, [{"code": "WR301"}], {"fitted": True}),
        *not_shown(several, [], {"fitted": True}),
    ]
    assert any("77 images" in text for text in said)
    for numbers in (binary, several):
        assert sum(text.endswith(say_given_away(numbers, [])) for text in said) == 1
    said = [text for text in said if "away" not in text and "no disease" not in text]
    parts = {part for text in said for part in re.split(r"(?<=\.) ", text)}
    # What the template puts in from the run.
    for part in parts:
        fixed = re.split(r"77|ill, well", part)
        assert all(piece.strip(" .,") in page or piece.strip(" .,") in DISCLAIMER for piece in fixed), part


@pytest.mark.parametrize("made", [many(), three_classes(), findings()], ids=["two classes", "three", "findings"])
def test_every_kind_of_run_has_a_page(studio, tmp_path, made):
    write_result(tmp_path / "wetread-runs" / "run", made)
    found = studio.get(f"{URL}/results").json()
    assert found["plain"]
    assert found["not_shown"][0].startswith("That it works elsewhere.")
