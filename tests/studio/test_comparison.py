"""Runs are compared by the command, on the same cases or not at all; the answer is kept."""

import subprocess
import time

import numpy as np

from tests.studio.result_runs import many, two_classes, write_result

URL = "/api/projects/terminal/compare"


def wait(client, runs):
    deadline = time.monotonic() + 300
    while (found := client.get(f"{URL}?runs={runs}").json())["state"] == "running":
        assert time.monotonic() < deadline
        time.sleep(0.2)
    return found


def test_two_runs_on_the_same_cases(studio, tmp_path, monkeypatch):
    made = many(80)
    worse = two_classes(
        np.where(made.truth == 0, 1, 0), np.random.default_rng(1).random(80), 0.5, patients=made.patients
    )
    runs = tmp_path / "wetread-runs"
    write_result(runs / "one", made, plan={"epochs": 10, "network": "small"})
    write_result(runs / "two", worse, plan={"epochs": 20, "network": "small"})
    first = studio.get(f"{URL}?runs=one,two").json()
    assert (first["state"], first["comparison"]) == ("running", None)
    found = wait(studio, "one,two")
    assert found["state"] == "done"
    assert found["comparison"]["order"][0] == "one"
    assert found["comparison"]["cases"]["images"] == 80
    assert "page" not in found["comparison"]
    assert found["settings_differ"] == [
        {
            "name": "epochs",
            "values": {"one": 10, "two": 20},
            "reasons": {"one": "because of epochs", "two": "because of epochs"},
        }
    ]

    def refuse(*args, **kwargs):
        raise AssertionError("a second child")

    monkeypatch.setattr(subprocess, "run", refuse)
    assert studio.get(f"{URL}?runs=one,two").json() == found


def test_runs_on_other_cases_are_not_ranked(studio, tmp_path):
    runs = tmp_path / "wetread-runs"
    made = many(40)
    write_result(runs / "one", made)
    write_result(runs / "two", made, contents={image: b"other" + image.encode() for image in made.images})
    found = wait(studio, "one,two")
    assert (found["state"], found["comparison"]) == ("refused", None)
    assert found["refusal"]["code"] == "different-cases"
    assert "different cases" in found["refusal"]["message"]


def test_what_cannot_be_compared(studio, tmp_path):
    runs = tmp_path / "wetread-runs"
    write_result(runs / "one", many(40))
    (runs / "two").mkdir()
    for query, status in (("one", 400), ("one,one", 400), ("", 400), ("one,none", 404), ("one,../one", 404),
                          ("one,two", 409)):  # fmt: skip
        assert studio.get(f"{URL}?runs={query}").status_code == status, query
