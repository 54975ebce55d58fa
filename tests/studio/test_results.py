"""The Results page says what the files of the run say, and what the report says that they do not show."""

import json

import pytest

from tests.studio.result_runs import findings, many, three_classes, two_classes, write_result
from wetread.outcome import headline
from wetread.studio.results import describe_results, plain_words

URL = "/api/projects/terminal/runs/run"


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
    assert found["trust"] == [{"name": "leak", "light": "green", "here": ""}]
    assert {"name": "seed", "value": 3, "reason": "because of seed"} in found["plan"]
    assert found["use"] == "Research and teaching only. Not a medical device."
    assert found["refusal"] == {"fitted": False}
    assert (found["learning_curve"], found["external"], found["explanations"]) == (None, [], None)
    (row,) = studio.get(f"{URL}/history").json()["rows"]
    assert (row["epoch"], row["val_loss"], row["val_auroc"]) == (1.0, 0.73, None)


def test_what_to_do_is_said_in_terms_of_the_pages_where_a_run_was_made_on_them(tmp_path):
    again = "wetread run 'my data' --seed 3 --out run-platt"
    light = {"name": "calibration", "light": "amber", "improve": f"{again} --set calibration=platt"}
    advised = ["wetread weights list", f"{again} --preset standard", "wetread check 'my data' --fix"]
    finding = {"code": "WR501", "title": "t", "severity": "info", "sentence": "s", "images": [],
               "remedy": "wetread check DATA --fix writes label_review.csv"}  # fmt: skip
    made = two_classes([1, 1, 1, 0, 0, 0], [0.9, 0.6, 0.2, 0.7, 0.4, 0.1], 0.5)
    told = {}
    for place in ("project", "terminal"):
        run = write_result(tmp_path / place / "runs" / "run", made)
        (run / "trust.json").write_text(json.dumps([light, *(light | {"improve": one} for one in advised)]))
        (run / "findings.json").write_text(json.dumps([finding]))
        if place == "project":
            (tmp_path / place / "project.json").write_text('{"name": "p"}')
        found = describe_results(run)
        told[place] = [one["here"] for one in found["trust"]], found["findings"][0]["remedy"]
    assert told["terminal"] == ([""] * 4, finding["remedy"])
    here, remedy = told["project"]
    assert here == [
        "Train again on the page Build, with the setting calibration=platt under Advanced.",
        "",
        "Train again on the page Build, with the preset Standard.",
        "See on the page Audit what was found, and what can be mended.",
    ]
    assert "wetread" not in remedy


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


@pytest.mark.parametrize("made", [many(), three_classes(), findings()], ids=["two classes", "three", "findings"])
def test_every_kind_of_run_has_a_page(studio, tmp_path, made):
    write_result(tmp_path / "wetread-runs" / "run", made)
    found = studio.get(f"{URL}/results").json()
    assert found["plain"]
    assert found["not_shown"][0].startswith("That it works elsewhere.")
