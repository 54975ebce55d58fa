"""The slider says what numbers.json says where the run itself called, and moves every fold alike elsewhere."""

import json
import subprocess
import sys
import threading
import time

import numpy as np
import pytest

from tests.studio.result_runs import OPTIONS, findings, many, numbers_of, three_classes, two_classes, write_result
from wetread.evaluation.questions import ask
from wetread.metrics.interval import Interval
from wetread.metrics.predictive_values import predictive_values
from wetread.studio import operating
from wetread.studio.calls import MOST_ROWS, calls_of
from wetread.studio.cases import read_cases
from wetread.studio.operating import classes_to_test, from_terms, prepare_table, read_table
from wetread.studio.threshold_table import _terms, count_one

RATES = ("sensitivity", "specificity", "ppv", "npv")


@pytest.mark.parametrize("made", [many(), three_classes(), findings()], ids=["two classes", "three", "findings"])
def test_the_row_of_the_run_is_that_of_numbers_json_to_the_last_digit(made):
    numbers = numbers_of(made)
    for question in ask(made):
        table = count_one(made, question, numbers, OPTIONS)  # nothing taken over from numbers.json
        reported = numbers["per_class"][question.name]
        assert {rate: table["chosen"][rate] for rate in RATES} == {rate: reported[rate] for rate in RATES}
        by_rule = numbers["operating_points"][0]["by"][question.name]
        assert {rate: by_rule[rate] for rate in RATES} == {rate: reported[rate] for rate in RATES}
        assert table["chosen"]["tp"] + table["chosen"]["fp"] == reported["called"]
        if table["stored"] is not None:
            (row,) = (row for row in table["rows"] if row["threshold"] == table["stored"])
            assert {**row, "x": 0}.items() >= {
                name: table["chosen"][name] for name in ("tp", "fp", "fn", "tn", "sensitivity", "specificity")
            }.items()


@pytest.mark.parametrize("made", [many(600), three_classes(), findings()], ids=["two classes", "three", "findings"])
def test_rows_are_few_rise_in_threshold_and_never_turn_back(made):
    numbers = numbers_of(made)
    for question in ask(made):
        table = count_one(made, question, numbers, OPTIONS)
        rows = table["rows"]
        assert 2 < len(rows) <= MOST_ROWS
        assert [row["threshold"] for row in rows] == sorted({row["threshold"] for row in rows})
        for name in ("tp", "fp"):
            assert [row[name] for row in rows] == sorted((row[name] for row in rows), reverse=True)
        assert all(row["tp"] + row["fn"] == table["positive"] for row in rows)
        assert all(row["tp"] + row["fp"] + row["fn"] + row["tn"] == table["n"] for row in rows)
        assert (rows[0]["fn"], rows[0]["tn"]) == (0, 0)  # at 0 everybody is called


def test_the_table_that_is_asked_for_first_is_made_ahead_and_once(studio, tmp_path, monkeypatch):
    run = write_result(tmp_path / "wetread-runs" / "run", three_classes())
    asked = []

    def compute(run, name):
        asked.append(name)
        time.sleep(0.2)
        return {"n": 3, "name": name}

    monkeypatch.setattr(operating, "_compute", compute)
    both = [threading.Thread(target=prepare_table, args=(run,)) for _ in range(2)]
    for one in both:
        one.start()
    for one in both:
        one.join(120)
    assert asked == ["a"]
    assert read_table(run, "a") == {"n": 3, "name": "a"}
    assert asked == ["a"]
    opened = []
    studio.studio.prepare = opened.append
    assert studio.get("/api/projects/terminal/runs/run/results").status_code == 200
    assert opened == [run]


def test_a_run_without_results_or_removed_meanwhile_leaves_nothing_behind(tmp_path, monkeypatch):
    prepare_table(tmp_path / "nothing")
    run = write_result(tmp_path / "run", many())

    def compute(run, name):
        run.rename(tmp_path / "trash")
        return {}

    monkeypatch.setattr(operating, "_compute", compute)
    prepare_table(run)
    assert not run.exists()


def test_thresholds_of_folds_move_alike_on_the_logit_scale():
    # One fold calls from 0.4, the other from 0.6; the model that is shipped from 0.5.
    p, cuts = np.array([0.45, 0.45, 0.55, 0.7]), np.array([0.4, 0.6, 0.6, 0.6])
    calls = calls_of(p, p >= cuts, cuts, 0.5)
    assert calls.at(None).tolist() == calls.at(0.5).tolist() == [True, False, False, True]
    # To 0.6 is a step of log 1.5: 0.4 becomes 0.5, and 0.6 becomes 9 / 13 = 0.692.
    assert calls.at(0.6).tolist() == [False, False, False, True]
    assert calls.at(0.4).tolist() == [True, False, True, True]  # 0.6 becomes 0.5, 0.4 becomes 4 / 13
    assert calls.at(0.0).all()
    assert not calls.at(1.0).any()


def test_one_threshold_for_all_is_what_it_says():
    p = np.array([0.1, 0.3, 0.5, 0.9])
    calls = calls_of(p, p >= 0.5, np.full(4, 0.5), 0.5)
    assert [int(calls.at(at).sum()) for at in (0.05, 0.2, 0.31, 0.5, 0.6, 0.95)] == [4, 3, 2, 2, 1, 0]


def test_counts_by_hand(tmp_path):
    made = two_classes([1, 1, 1, 0, 0, 0, 0, 1], [0.9, 0.8, 0.3, 0.7, 0.2, 0.1, 0.4, 0.6], 0.5)
    (question,) = ask(made)
    table = count_one(made, question, numbers_of(made), OPTIONS)
    assert {name: table["chosen"][name] for name in ("tp", "fp", "fn", "tn")} == {"tp": 3, "fp": 1, "fn": 1, "tn": 3}
    at = {row["threshold"]: (row["tp"], row["fp"], row["fn"], row["tn"]) for row in table["rows"]}
    assert at[0.25] == (4, 2, 0, 2)
    assert at[0.75] == (2, 0, 2, 4)


@pytest.mark.parametrize(
    ("sensitivity", "specificity"),
    [((0.86, 0.77, 0.92), (0.88, 0.8, 0.93)), ((1.0, 0.72, 1.0), (0.4, 0.2, 0.6)), ((0.5, 0.3, 0.7), (1.0, 0.8, 1.0))],
)
@pytest.mark.parametrize("prevalence", [0.001, 0.05, 0.5, 0.97])
def test_predictive_values_are_those_of_the_metrics(sensitivity, specificity, prevalence):
    found, cleared = (Interval(*one, "Wilson", 50) for one in (sensitivity, specificity))
    wanted = predictive_values(found, cleared, prevalence)
    terms = _terms({"sensitivity": found.as_dict(), "specificity": cleared.as_dict()})
    told = from_terms(terms, prevalence)
    for name in ("ppv", "npv"):
        one = getattr(wanted, name)
        assert told[name] == {
            key: round(value, 6) if isinstance(value, float) else value for key, value in one.as_dict().items()
        }


def test_where_nobody_is_called_there_is_no_ppv():
    found, cleared = Interval(0.0, 0.0, 0.2, "Wilson", 20), Interval(1.0, 0.8, 1.0, "Wilson", 20)
    told = from_terms(_terms({"sensitivity": found.as_dict(), "specificity": cleared.as_dict()}), 0.1)
    assert told["ppv"] is None
    assert told["npv"]["value"] == pytest.approx(0.9)
    assert from_terms(None, 0.1) == {"ppv": None, "npv": None}


# Through the server --------------------------------------------------------------------------------------------------


def test_the_table_is_computed_once_and_kept_until_the_predictions_change(studio, tmp_path, monkeypatch):
    made = many()
    run = write_result(tmp_path / "wetread-runs" / "run", made)
    found = studio.get("/api/projects/terminal/runs/run/operating").json()
    reported = numbers_of(made)["per_class"]["ill"]
    assert found["chosen"]["sensitivity"] == reported["sensitivity"]
    assert (found["class"], found["classes"], found["n"], found["unit"]) == ("ill", ["ill"], 120, "patient")
    assert found["points"][0]["main"]
    assert "terms" not in found["rows"][0]
    (kept,) = (run / "studio").glob("operating-*.json")

    def refuse(*args, **kwargs):
        raise AssertionError("a second child")

    with monkeypatch.context() as here:
        here.setattr(subprocess, "run", refuse)
        for prevalence in (0.05, 0.5):
            told = studio.get(f"/api/projects/terminal/runs/run/ppv?prevalence={prevalence}").json()
            wanted = predictive_values(
                Interval(**reported["sensitivity"]), Interval(**reported["specificity"]), prevalence
            )
            assert told["ppv"]["value"] == pytest.approx(wanted.ppv.value, abs=1e-6)
            assert told["npv"]["low"] == pytest.approx(wanted.npv.low, abs=1e-6)
        near = studio.get("/api/projects/terminal/runs/run/ppv?prevalence=0.5&threshold=0.93").json()
        assert abs(near["threshold"] - 0.93) < 0.05
        assert near["specificity"]["value"] > told["specificity"]["value"]
        nobody = studio.get("/api/projects/terminal/runs/run/operating?class=nobody")
        assert (nobody.status_code, nobody.json()["code"]) == (404, "no-class")
    # Other predictions: the old table must not be shown for them.
    truth = np.where(made.truth == 0, 1, 0)
    other = two_classes(truth, made.probabilities[:, 0] * 0.9, 0.5, patients=made.patients)
    (run / "predictions.csv").write_text(other.to_csv())
    (run / "numbers.json").write_text(json.dumps(numbers_of(other)))
    assert read_table(run, "ill")["chosen"]["tp"] != found["chosen"]["tp"]
    assert not kept.exists()


def test_what_cannot_be_told_is_said(studio, tmp_path):
    runs = tmp_path / "wetread-runs"
    run = write_result(runs / "run", many())
    for prevalence in ("0", "1", "nan", "x"):
        assert studio.get(f"/api/projects/terminal/runs/run/ppv?prevalence={prevalence}").status_code == 400
    (run / "predictions.csv").write_text("image\nx.png\n")
    broken = studio.get("/api/projects/terminal/runs/run/operating")
    assert (broken.status_code, broken.json()["code"]) == (400, "predictions")
    (run / "numbers.json").unlink()
    early = studio.get("/api/projects/terminal/runs/run/operating")
    assert (early.status_code, early.json()["code"]) == (400, "no-numbers")


@pytest.mark.parametrize("made", [many(), three_classes(), findings()], ids=["two classes", "three", "findings"])
def test_the_classes_to_choose_from_are_those_of_the_numbers(tmp_path, made):
    cases = read_cases(write_result(tmp_path / "run", made))
    assert classes_to_test(cases) == [question.name for question in ask(made)]


def test_a_finding_that_no_case_has_says_so(studio, tmp_path):
    made = findings()
    made.truth[made.truth[:, 1] == 1, 1] = 0
    write_result(tmp_path / "wetread-runs" / "run", made)
    answer = studio.get("/api/projects/terminal/runs/run/operating?class=mass")
    assert (answer.status_code, "no tested image has it" in answer.json()["message"]) == (404, True)


def test_the_server_loads_no_heavy_package():
    code = (
        "import sys, wetread.studio.result_routes; "
        "print([m for m in ('scipy', 'torch', 'sklearn', 'openvino') if m in sys.modules])"
    )
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert found.stdout.strip() == "[]"
