"""Labs in their small form: ordinary runs, one page, every number in lab.json."""

import json
import re
import shlex

import pytest
import typer.main

from labs.page import check_page
from wetread.cli.app import app
from wetread.labs.run_lab import run_lab

#: Lab -> runs below its folder. Experiments 2, 3 and 5 are as 1 and 4 with more slices; imbalance is done in
#: test_run_lab.py.
SMALL = {
    "hemorrhage-1": ["draw-1"],
    "hemorrhage-4": ["grey"],
    "repeat": ["seed-0", "seed-1", "again"],
    "shortcut": ["device-run", "device-elsewhere"],
    "leak": ["coin-by-patient", "coin-by-picture"],
    "label-noise": ["wrong-0", "wrong-20"],
    "learning-rate": ["rate-0.0003", "rate-0.03"],
    "how-many-cases": ["half"],
}


@pytest.mark.parametrize("name", SMALL)
def test_a_small_lab(name, tmp_path, shared_phantoms, plain_runs):
    found = run_lab(name, tmp_path / "lab", small=True)
    for run in SMALL[name]:
        assert (tmp_path / "lab" / run / "report.html").is_file()
    _check_commands(found["commands"])
    page = check_page(tmp_path / "lab", found)
    _check_numbers(found)
    if name == "repeat":
        assert found["same_model"]
        assert found["same_training"]
    if name == "hemorrhage-1":
        assert found["ordering"]["verdict"].startswith("One experiment has no order")
        assert "0.31 to 0.83" in page  # around the published 6 of 10
    if name == "leak":
        by_patient, by_picture = (row[2] for row in found["parts"][0]["rows"])
        assert by_patient["low"] < 0.5 < by_patient["high"]  # nothing can be learnt
        assert by_picture["low"] > max(0.6, by_patient["high"])  # and yet
        told = json.loads((tmp_path / "lab" / "coin-by-picture" / "findings.json").read_text())
        assert [one["severity"] for one in told if one["code"] == "WR107"] == ["red"]  # headers know whose head it is
        assert "the model recognises heads" in found["see"][1] and "by picture" in page
    if name == "learning-rate":
        assert "<polyline" in page


def test_what_is_not_of_its_kind_is_refused(tmp_path, shared_phantoms):
    found = run_lab("not-my-kind-of-image", tmp_path / "lab", small=True)
    check_page(tmp_path / "lab", found)
    rows = {row[0]: row for row in found["parts"][0]["rows"]}
    assert set(rows) == {"new chest films", "abdomen films", "head CT", "noise", "scenes", "grey scenes"}
    assert rows["noise"][3]["value"] == 1.0
    assert rows["new chest films"][3]["value"] < 0.5


def _check_commands(commands):
    """Each can be typed: the verb and all its options are known."""
    root = typer.main.get_command(app)
    for line in commands:
        words = shlex.split(line)
        assert words.pop(0) == "wetread"
        command = root
        while words and words[0] in getattr(command, "commands", {}):
            command = command.commands[words.pop(0)]
        known = {flag for parameter in command.params for flag in parameter.opts}
        flags = {word for word in words if re.match(r"--?[a-z]", word)}
        if line.startswith("wetread data make"):  # knobs belong to the set
            flags = {flag for flag in flags if flag in ("--n", "--seed", "--out")}
        assert flags <= known, line


def _check_numbers(found):
    """Every interval lies around its value, inside [0, 1]."""
    cells = [value for part in found["parts"] for row in part.get("rows", ()) for value in row]
    cells += [rate for part in found["parts"] for one in part.get("shown", ()) for _, rate in one["rates"]]
    intervals = [cell for cell in cells if isinstance(cell, dict) and "low" in cell]
    assert intervals
    assert all(0 <= one["low"] <= one["value"] <= one["high"] <= 1 for one in intervals)
