"""Maps that are kept, maps that are being made, and what a badge says."""

import json
from concurrent.futures import Future

import pytest

from wetread.images.source import Source
from wetread.studio import heatmaps
from wetread.studio.answers import Refusal
from wetread.studio.heatmaps import Heatmaps, badge_of

MAP = {"values": [[1.0, -1.0]], "method": "occlusion", "target": "a", "box": [0, 0, 1, 1], "model": "shipped"}


class Slow:
    """Predictors that finish when they are told to."""

    def __init__(self):
        self.asked = []

    def submit_heatmap(self, run, source, method, target, *, case, beside):
        future = Future()
        self.asked.append((method, target, case, beside, future))
        return future

    def methods(self, run):
        return [{"name": "occlusion", "title": "Occlusion", "usual": True}]


@pytest.fixture
def run(tmp_path):
    place = tmp_path / "run"
    (place / "model").mkdir(parents=True)
    (place / "model" / "golden.json").write_text("{}")
    return place


@pytest.fixture
def picture(tmp_path):
    (tmp_path / "a.png").write_text("x")
    return Source(tmp_path / "a.png")


@pytest.fixture(autouse=True)
def impatient(monkeypatch):
    monkeypatch.setattr(heatmaps, "PATIENCE", 0.02)


def find(found, run, picture, method="occlusion", target="a", name="5", case=5):
    return found.find(run, picture, run / "studio" / "heat", name, method, target, case)


def test_a_slow_map_is_waited_for_once_and_kept(run, picture):
    slow = Slow()
    maps = Heatmaps(slow)
    assert find(maps, run, picture) == {"state": "working"}
    assert find(maps, run, picture) == {"state": "working"}
    assert len(slow.asked) == 1
    slow.asked[0][-1].set_result(dict(MAP))
    told = find(maps, run, picture)
    assert told["values"] == MAP["values"]
    assert told["badge"]["verdict"] == "untested"
    # Another server finds the file and asks nobody.
    assert find(Heatmaps(None), run, picture) == told


def test_a_map_of_an_earlier_model_is_not_shown(run, picture):
    slow = Slow()
    find(Heatmaps(slow), run, picture)
    slow.asked[0][-1].set_result(dict(MAP))
    (run / "model" / "golden.json").write_text("{ }")
    assert find(Heatmaps(slow), run, picture) == {"state": "working"}


def test_a_map_by_another_method_goes_along(run, picture):
    slow = Slow()
    maps = Heatmaps(slow)
    find(maps, run, picture)
    slow.asked[0][-1].set_result(dict(MAP))
    find(maps, run, picture, "rise")
    assert slow.asked[1][3] == MAP
    find(maps, run, picture, "rise", target="b")
    assert slow.asked[2][3] is None
    find(maps, run, picture, "rise", name="55")
    assert slow.asked[3][3] is None


def test_who_leafs_on_does_not_wait_for_what_was_passed(run, picture):
    slow = Slow()
    maps = Heatmaps(slow)
    for name in "1234":
        find(maps, run, picture, name=name)
    assert [one[-1].cancelled() for one in slow.asked] == [True, True, False, False]


def test_an_error_is_told_once_and_the_next_try_is_fresh(run, picture):
    slow = Slow()
    maps = Heatmaps(slow)
    find(maps, run, picture)
    slow.asked[0][-1].set_exception(Refusal(504, "Too slow.", "Again."))
    with pytest.raises(Refusal, match="Too slow"):
        find(maps, run, picture)
    assert find(maps, run, picture) == {"state": "working"}


def test_nothing_is_left_of_a_picture_that_was_cleared_meanwhile(run, picture):
    slow = Slow()
    find(Heatmaps(slow), run, picture)
    picture.path.unlink()
    slow.asked[0][-1].set_result(dict(MAP))
    assert not list(run.rglob("*~*.json"))


def test_names_of_classes_and_methods_cannot_leave_the_folder(run, picture):
    slow = Slow()
    maps = Heatmaps(slow)
    find(maps, run, picture, target="../../../x")
    slow.asked[0][-1].set_result(dict(MAP))
    assert [path.parent.parent for path in run.rglob("*~*.json")] == [run / "studio" / "heat"]
    for method in ("../x", "a/b", "A", "a" * 41, "a~b"):
        with pytest.raises(Refusal) as caught:
            find(maps, run, picture, method)
        assert caught.value.code == "unknown-method"


def test_a_run_without_a_model_says_so(tmp_path, picture):
    with pytest.raises(Refusal) as caught:
        find(Heatmaps(Slow()), tmp_path, picture)
    assert (caught.value.status, caught.value.code) == (409, "no-model")


def trials(**verdicts):
    found = {name: {"verdict": verdict, "sentence": f"{name} says."} for name, verdict in verdicts.items()}
    run = [one for one in verdicts.values() if one != "not run"]
    return {
        "methods": {"occlusion": {"passed": run.count("pass"), "tests": len(run), "trials": found}},
        "counts": ["occlusion"],
    }


def test_what_a_badge_says():
    good = badge_of(trials(weights="pass", labels="pass", agreement="not run"), "occlusion")
    assert good == {"passed": 2, "tests": 2, "verdict": "passed", "reason": "", "failed": []}
    mixed = badge_of(trials(weights="pass", labels="pass", pointing="fail"), "occlusion")
    assert (mixed["verdict"], mixed["reason"]) == ("partly", "pointing says.")
    bad = badge_of(trials(weights="pass", labels="fail", pointing="fail"), "occlusion")
    assert bad["verdict"] == "failed"
    assert bad["reason"] == "Read it as a picture, not as evidence. labels says."
    # A map that does not depend on the model is none, however many other tests it passes.
    same = badge_of(trials(labels="pass", pointing="pass", repeat="pass", weights="fail"), "occlusion")
    assert same["verdict"] == "failed"
    assert "weights says." in same["reason"]


def test_a_method_that_was_tested_on_another_model_is_untested():
    found = trials(weights="pass") | {"counts": []}
    assert badge_of(found, "occlusion")["verdict"] == "untested"
    assert badge_of({}, "occlusion")["verdict"] == "untested"
    assert badge_of(found, "rise")["tests"] == 0


def test_methods_are_asked_once(run):
    maps = Heatmaps(Slow())
    (run / "explanations.json").write_text(json.dumps(trials(weights="pass")))
    told = maps.methods(run)
    assert told[0]["badge"]["verdict"] == "passed"
    assert Heatmaps(None).methods(run) == told


def test_the_badge_of_a_real_run(finished_run):
    tests = heatmaps.tests_of(finished_run.folder)
    badge = badge_of(tests, tests["best"])
    assert (badge["passed"], badge["tests"]) == (tests["passed"], tests["tests"])
