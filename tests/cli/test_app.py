"""Exit codes, messages and JSON of the command line."""

import json
import os
import signal
import subprocess
import sys
import time

import pytest
import typer
from dataset.rows import write_images

import wetread.steps
from cli.command import call, dry_run
from wetread.cli.app import app
from wetread.evaluation.advice import ALONE, OF_DATA, ONCE

VERBS = [
    "run",
    "demo",
    "check",
    "show",
    "predict",
    "report",
    "explain",
    "look",
    "evaluate",
    "compare",
    "readers",
    "learning-curve",
    "studio",
    "learn",
    "lab",
    "paper",
    "export",
    "deidentify",
    "doctor",
    "data list",
    "data get",
    "data make",
    "weights list",
    "weights get",
    "weights import",
]


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    names = [f"{label}/{number}.png" for label in ("cat", "dog") for number in range(12)]
    return write_images(tmp_path_factory.mktemp("data") / "pets", *names)


@pytest.mark.parametrize("verb", VERBS)
def test_every_verb_has_a_help_page(verb):
    ending = call(*verb.split(), "--help")
    assert (ending.code, ending.err) == (0, "")
    assert f"wetread {verb} [OPTIONS]" in ending.out


def test_every_verb_is_listed_in_the_help():
    assert {verb.split()[0] for verb in VERBS} == {
        *(command.callback.__name__.replace("_", "-") for command in app.registered_commands),
        "data",
        "weights",
    }


@pytest.mark.parametrize(
    "typed",
    [
        ("run",),
        ("runn", "x"),  # codespell:ignore runn
        ("run", "x", "--flavour", "red"),
        ("run", "x", "--seed", "many"),
        ("data", "make", "chest", "--images", "none"),
    ],
)
def test_a_mistyped_command_is_a_2_with_its_usage_or_its_json(typed):
    ending = call(*typed)
    assert ending.code == 2
    assert "Error" in ending.err
    assert "Traceback" not in ending.err
    ending = call(*typed, "--json")
    assert ending.code == 2
    assert ending.json["error"]["code"] == "usage"
    assert ending.json["error"]["message"]


def test_no_command_shows_the_help_and_is_a_2():
    ending = call()
    assert ending.code == 2
    assert "Usage" in ending.out + ending.err


@pytest.mark.parametrize(
    ("option", "value", "code", "words"),
    [
        ("--preset", "heroic", "preset", "quick, standard, best"),
        ("--seed", "-1", "seed", "0 to 2147483647"),
        ("--classes", "cat,cow", "unknown-class", "cat, dog"),
        ("--positive", "cow", "unknown-class", "cat, dog"),
        ("--plan", "nowhere.yaml", None, "nowhere.yaml"),
        ("--labels", "nowhere.csv", "no-file", "nowhere.csv"),
    ],
)
def test_a_choice_that_does_not_exist_names_those_that_do(data, tmp_path, option, value, code, words):
    ending = dry_run(data, tmp_path / "run", option, value, "--json")
    assert words in ending.message()
    error = ending.json["error"]
    assert error["remedy"]
    assert code in (None, error["code"])


def test_json_is_one_object_on_standard_output(data, tmp_path):
    ending = dry_run(data, tmp_path / "run", "--json")
    assert ending.code in (0, 1)
    found = ending.json
    assert (found["folder"], found["numbers"]) == (str(tmp_path / "run"), {})
    assert ending.code == (found["gate"] == "red")
    assert {one["code"] for one in found["findings"]} >= {"WR105", "WR201"}


def test_an_error_in_json_has_code_message_file_and_remedy(tmp_path):
    ending = call("check", tmp_path / "nowhere", "--out", tmp_path / "run", "--json")
    error = ending.json["error"]
    assert error["code"] == "no-data"
    assert error["file"] == str(tmp_path / "nowhere")
    assert error["remedy"] == "Check the path."
    assert error["message"] in ending.message()


def test_a_red_gate_is_a_1(tmp_path):
    names = [f"{label}/{number}.png" for label in "ab" for number in range(6)]
    ending = dry_run(write_images(tmp_path / "few", *names), tmp_path / "run", "--json")
    assert (ending.code, ending.json["gate"]) == (1, "red")


def test_a_fault_of_ours_is_a_3_without_traceback_and_without_data(monkeypatch, tmp_path):
    def fault(*args, **kwargs):
        raise ValueError("Musterfrau^Erika")

    monkeypatch.setattr(wetread.steps, "check", fault)
    ending = call("check", tmp_path, "--json")
    assert "ValueError" in ending.message(3)
    assert "Musterfrau" not in ending.err + ending.out
    assert ending.json["error"]["code"] == "fault"


def test_a_folder_that_is_no_run_cannot_be_reported_on(tmp_path):
    assert "not a run folder" in call("report", tmp_path).message()


def test_resume_without_a_stopped_run_says_so(data, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert "no stopped run of pets" in call("run", data, "--resume", "--quiet").message()


def test_ctrl_c_is_a_130_in_any_verb(monkeypatch, tmp_path):
    def interrupted(*args, **kwargs):
        raise KeyboardInterrupt

    monkeypatch.setattr(wetread.steps, "predict", interrupted)
    ending = call("predict", tmp_path, tmp_path)
    assert (ending.code, "Traceback" in ending.err) == (130, False)


@pytest.mark.skipif(os.name != "posix", reason="signals are POSIX signals")
def test_a_run_that_is_interrupted_leaves_a_folder_marked_stopped(tmp_path):
    names = [f"{label}/{number}.png" for label in "ab" for number in range(300)]
    data, out = write_images(tmp_path / "data", *names), tmp_path / "run"
    command = [sys.executable, "-m", "wetread", "run", str(data), "--out", str(out), "--device", "cpu", "--quiet"]
    child = subprocess.Popen(command, stderr=subprocess.PIPE, text=True)
    deadline = time.monotonic() + 300
    while not (out / "events.jsonl").is_file() or '"step_advanced"' not in (out / "events.jsonl").read_text():
        assert child.poll() is None, child.stderr.read()
        assert time.monotonic() < deadline
        time.sleep(0.02)
    child.send_signal(signal.SIGINT)
    message = child.communicate(timeout=300)[1]
    assert child.returncode == 130
    assert "--resume" in message
    assert "Traceback" not in message
    assert json.loads((out / "run.json").read_text())["status"] == "stopped"


def test_advice_knows_which_options_stand_alone_and_which_tell_of_the_data():
    commands = typer.main.get_command(app).commands
    alone, valued = {}, {}
    for verb in ("run", "check"):
        options = [one for one in commands[verb].params if one.param_type_name == "option"]
        alone[verb] = {name for one in options if one.is_flag for name in one.opts}
        valued[verb] = {name for one in options if not one.is_flag for name in one.opts}
    assert set(ALONE) == alone["run"]
    assert set(ONCE) <= alone["run"] | {"--out"}
    assert set(OF_DATA) == (valued["run"] & valued["check"]) - {"--out"}
