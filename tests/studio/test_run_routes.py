"""Runs over HTTP: start, follow, stop, resume, rename, remove and take back; what is asked is checked."""

import json
import os
import signal
import time
from pathlib import Path

import pytest

from tests.studio.test_jobs import ENDLESS, FAKE, wait
from wetread.run_folder import RunFolder
from wetread.studio.items import Item
from wetread.studio.jobs import Jobs
from wetread.studio.plan_choices import RECIPES, estimate
from wetread.studio.processes import born
from wetread.studio.queue import job_path, jobs_of, read_job
from wetread.studio.run_wishes import run_command

P = "p-0000000a"
URL = f"/api/projects/{P}"


@pytest.fixture
def client(studio):
    """A project of two classes, and a stand-in for the command."""
    studio.studio.jobs.close()
    studio.studio.jobs = Jobs(studio.home, FAKE)
    folder = studio.home.path / P
    folder.mkdir()
    (folder / "project.json").write_text('{"format": 1, "name": "Chests", "created": ""}')
    project = studio.studio.project(P)
    for number, name in enumerate(("effusion", "normal")):
        project.change({"op": "add-class", "name": name})
        for image in range(10):
            one = number * 10 + image
            project.add_item(Item(f"{one:016x}", f"{one}.png", ".png", "PNG", class_id=f"c-{number + 1}"))
    yield studio
    for job in jobs_of(folder):
        if job.pid and born(job.pid) == job.born:
            os.killpg(job.pid, signal.SIGKILL)


def start(client, **wish):
    answer = client.post(f"{URL}/runs", json=wish)
    assert answer.status_code == 201, answer.text
    return answer.json()["run"]


def listed(client):
    return client.get(f"{URL}/runs").json()["runs"]


def events(client, run, after=0):
    return client.get(f"{URL}/runs/{run}/events?after={after}").json()


def ended(client, run, status="finished"):
    return wait(lambda: (told := events(client, run))["status"] == status and told)


def test_a_run_is_started_followed_and_listed(client):
    run = start(client, preset="quick", title="  First\tlook ", seed=3)
    waiting = listed(client)[0]
    assert (waiting["id"], waiting["title"], waiting["preset"]) == (run, "First look", "quick")
    seen, told = [], {"last": 0, "status": ""}
    while told["status"] != "finished":
        told = events(client, run, seen[-1]["seq"] if seen else 0)
        seen += told["events"]
        assert not told["reset"]
        time.sleep(0.02)
    assert [one["epoch"] for one in seen if one["kind"] == "epoch_done"] == list(range(1, 11))
    assert [one["seq"] for one in seen] == sorted({one["seq"] for one in seen})
    assert told["eta_s"] is None and told["step"] is None and events(client, run, told["last"])["events"] == []
    assert listed(client)[0]["status"] == "finished" and not listed(client)[0]["data_changed"]
    labels = read_job(job_path(client.home.path / P, run)).argv[1]
    argv = read_job(job_path(client.home.path / P, run)).argv
    assert labels.endswith(".csv") and "--seed=3" in argv
    assert f"--title={client.studio.project(P).name}" in argv  # what heads the report is not the name of the table
    client.studio.project(P).change({"op": "exclude", "items": [f"{0:016x}"]})
    assert listed(client)[0]["data_changed"]


def test_step_and_time_left_while_it_runs(client, monkeypatch):
    monkeypatch.setenv("FAKE_ITEMS", ENDLESS)
    run = start(client)
    told = wait(lambda: (one := events(client, run))["eta_s"] and one)
    assert told["status"] == "running" and told["step"]["title"] == "Training and testing"
    assert told["step"]["total"] == int(ENDLESS) and 0 < told["fraction"] < 1
    # It goes on as it went: each item takes three hundredths of a second at least, and what it took so far at most.
    left, done = told["step"]["total"] - told["step"]["done"], told["step"]["done"]
    worked = time.time() - read_job(job_path(client.home.path / P, run)).started
    assert 0.029 * left < told["eta_s"] < worked * left / done
    assert client.post(f"{URL}/runs/{run}/stop", json={}).status_code == 200
    assert ended(client, run, "stopped")["resumable"]
    monkeypatch.setenv("FAKE_ITEMS", "2")
    assert client.post(f"{URL}/runs/{run}/resume", json={}).status_code == 200
    ended(client, run)
    assert client.post(f"{URL}/runs/{run}/resume", json={}).status_code == 409


def test_an_event_that_is_not_there_any_more_starts_the_page_anew(client):
    run = start(client)
    ended(client, run)
    told = events(client, run, 10**6)
    assert told["reset"] and told["events"][0]["seq"] == 1


def test_rename_remove_and_take_back(client, tmp_path, monkeypatch):
    monkeypatch.setenv("FAKE_GATE", str(tmp_path / "gate"))
    run = start(client)
    assert client.delete(f"{URL}/runs/{run}").status_code == 409  # it works
    (tmp_path / "gate").touch()
    ended(client, run)
    wait(lambda: client.delete(f"{URL}/runs/{run}").status_code == 200)
    assert listed(client) == [] and client.get(f"{URL}/runs/{run}/events").status_code == 404
    assert not (client.home.path / P / "runs" / run).exists()
    assert client.delete(f"{URL}/runs/{run}").status_code == 404
    assert client.post(f"{URL}/runs/{run}/restore", json={}).status_code == 200
    assert client.post(f"{URL}/runs/{run}/rename", json={"title": "<b>mine</b>"}).json()["title"] == "<b>mine</b>"
    assert [(one["id"], one["title"], one["status"]) for one in listed(client)] == [(run, "<b>mine</b>", "finished")]
    assert client.post(f"{URL}/runs/{run}/restore", json={}).status_code == 404


def test_an_extra_is_made_of_a_finished_run_only(client, monkeypatch):
    monkeypatch.setenv("FAKE_ITEMS", ENDLESS)
    run = start(client)
    assert client.post(f"{URL}/runs/{run}/extras", json={"kind": "paper"}).status_code == 409
    client.post(f"{URL}/runs/{run}/stop", json={})
    ended(client, run, "stopped")
    monkeypatch.setenv("FAKE_ITEMS", "5")
    client.post(f"{URL}/runs/{run}/resume", json={})
    ended(client, run)
    assert client.post(f"{URL}/runs/{run}/extras", json={"kind": "learning-curve"}).status_code == 201
    wait(lambda: (found := events(client, run)["extras"]) and found[0]["state"] == "done")
    for kind in ("rm", None, ["paper"], "explain"):
        assert client.post(f"{URL}/runs/{run}/extras", json={"kind": kind}).status_code == 400


def test_an_audit_is_started_again_and_again(client):
    for _ in range(2):
        assert client.post(f"{URL}/audit", json={}).status_code == 201
        wait(lambda: client.get(f"{URL}/audit").json()["status"] == "finished")
        wait(lambda: not client.studio.jobs.busy(P))
    assert listed(client) == []  # it is no run
    assert events(client, "audit")["status"] == "finished"


def test_runs_of_the_terminal_are_shown_and_left_alone(client):
    folder = RunFolder.create(client.home.terminal / "chests-1")
    folder.write_status("running")
    folder.close()
    runs = client.get("/api/projects/terminal/runs").json()["runs"]
    assert [(one["id"], one["status"], one["ours"]) for one in runs] == [("chests-1", "interrupted", False)]
    assert client.get("/api/projects/terminal/runs/chests-1/events").json()["status"] == "interrupted"
    url = "/api/projects/terminal/runs/chests-1"
    wishes = {"stop": {}, "resume": {}, "rename": {"title": "x"}, "extras": {"kind": "paper"}, "restore": {}}
    assert {client.post(f"{url}/{verb}", json=wish).status_code for verb, wish in wishes.items()} == {403}
    assert (
        client.delete(url).status_code == 403 and client.post("/api/projects/terminal/runs", json={}).status_code == 403
    )
    assert client.get("/api/projects/terminal/audit").status_code == 404


@pytest.mark.parametrize("run", ["%2e%2e", "..%2f..%2fx", "-rf", "a%00b", "r+paper"])
def test_no_way_out_by_the_name_of_a_run(client, run):
    before = sorted(path.name for path in client.home.path.rglob("*"))
    assert client.get(f"{URL}/runs/{run}/events").status_code == 404
    for verb in ("stop", "rename", "restore"):
        assert client.post(f"{URL}/runs/{run}/{verb}", json={"title": "x"}).status_code in (404, 405)
    assert sorted(path.name for path in client.home.path.rglob("*")) == before


@pytest.mark.parametrize(
    "wish",
    [
        {"preset": "../x"}, {"preset": ["quick"]}, {"seed": -1}, {"seed": "7"}, {"seed": True}, {"seed": 2**31},
        {"recipe": "../../x"}, {"backbone": "/etc/passwd"}, {"laterality": "left"}, {"settings": ["--out=/tmp"]},
        {"settings": "epochs=3"}, {"settings": ["epochs=3\n--plan=/x"]}, {"positive": "a\x00b"}, {"positive": 3},
        {"classes": "effusion"}, {"classes": ["a,b"]}, {"title": "x" * 201}, {"title": {"a": 1}},
        {"settings": ["epoch=3"]}, {"settings": ["epochs=0"]}, {"settings": {"loss": "none"}},
        {"time_limit": "soon"}, {"time_limit": "-1"}, {"together": "x\ny"}, {"subgroups": [1]},
    ],
)  # fmt: skip
def test_a_wish_that_cannot_be_is_refused(client, wish):
    answer = client.post(f"{URL}/runs", json=wish)
    assert answer.status_code == 400 and answer.json()["message"], wish
    assert listed(client) == [] and not (client.home.path / P / "titles.json").exists()


def test_what_begins_with_a_dash_is_a_value_and_no_option(tmp_path):
    wish = {"positive": "--overwrite", "classes": ["-a", "b"], "settings": ["weights=--x"], "time_limit": 30}
    words = run_command(tmp_path / "l.csv", tmp_path / "r", wish)
    assert {"--positive=--overwrite", "--classes=-a,b", "--set=weights=--x", "--time-limit=30"} <= set(words)
    assert "--overwrite" not in words and words[0] == "run"


def test_a_setting_is_refused_with_the_name_that_may_be_meant(client):
    refused = client.post(f"{URL}/runs", json={"settings": ["epoch=3"]}).json()
    assert refused == {
        "message": "There is no decision epoch.", "remedy": "Remove it, or write epochs.", "code": "bad-setting",
        "file": None,
    }  # fmt: skip


def test_one_class_is_refused_with_a_way_out(client):
    client.studio.project(P).change({"op": "remove-class", "class": "c-2"})
    answer = client.post(f"{URL}/runs", json={})
    assert answer.status_code == 400 and answer.json()["code"] == "one-class"
    plan = client.get(f"{URL}/plan").json()
    assert not plan["can_train"] and plan["why_not"]["remedy"]


def test_choices_before_training(client):
    plan = client.get(f"{URL}/plan").json()
    assert plan["can_train"] and plan["classes"] == ["effusion", "normal"] and plan["images"] == 20
    assert [one["name"] for one in plan["presets"]] == ["quick", "standard", "best"]
    assert all(0 < one["low"] < one["minutes"] < one["high"] for one in plan["presets"])
    asked = {one["name"]: one["answer"] for one in plan["questions"]}
    assert asked == {"laterality": "", "positive": "effusion"}
    assert {one["name"]: one["title"] for one in plan["recipes"]} == RECIPES
    assert plan["subgroups"] == plan["together"] == []


def test_columns_are_offered_for_what_they_are_good_for(client):
    """Ten of each class; ages in thirds; five wards, each with both classes; one station has all effusions."""
    items = list(range(20))
    columns = [
        {
            "sex": "FM"[n % 2],
            "age": str(30 + n),
            "ward": "ABCDE"[n % 5],
            "station": "xyz"[0 if n < 10 else 1 + n % 2],
            "hospital": "NS"[n % 2],
            "same": "1",
            "batch": f"b{n}",
        }
        for n in items
    ]
    edits = [{"items": [f"{n:016x}"], "set": {"columns": columns[n]}} for n in items]
    client.studio.project(P).record("Columns", lambda contents: edits)
    plan = client.get(f"{URL}/plan").json()
    assert plan["subgroups"][0] == {"name": "sex", "groups": ["F", "M"], "default": True}
    assert plan["subgroups"][1] == {
        "name": "age", "groups": ["up to 36", "37 to 42", "43 and more"], "default": True
    }  # fmt: skip
    # The hospital divides as sex does, so it is compared only where it is asked for; the others make no groups.
    assert {one["name"]: one["default"] for one in plan["subgroups"][2:]} == {
        "station": True, "ward": True, "hospital": False
    }  # fmt: skip
    assert plan["together"] == [{"name": "ward", "values": 5}]
    # A patient who was in all wards makes them one case.
    client.studio.project(P).change({"op": "patients", "items": [f"{n:016x}" for n in range(5)], "patient": "P1"})
    assert client.get(f"{URL}/plan").json()["together"] == []
    words = run_command(Path("l.csv"), Path("r"), {"subgroups": ["sex", "age"], "together": "ward"})
    assert {"--subgroups=sex,age", "--together=ward"} <= set(words)


def test_minutes_are_those_of_the_last_run_scaled_to_the_images():
    timed = {"standard": (130.0, 200)}
    same = estimate("standard", 200, timed, weights=False)
    assert same["minutes"] == pytest.approx(130 / 60, abs=0.05) and "200 images" in same["basis"]
    more = estimate("standard", 2000, timed, weights=False)
    assert same["minutes"] < more["minutes"] < 10 * same["minutes"]
    assert estimate("quick", 200, {"standard": (300.0, 200)}, weights=False)["high"] < 6  # scaled, not guessed anew
    guess = estimate("quick", 1000, {}, weights=False, processors=2)
    assert guess["low"] < 40 / 60 < guess["high"]  # measured: 40 s
    assert estimate("quick", 1000, {}, weights=False, processors=16)["minutes"] < guess["minutes"]


def test_a_finished_run_is_the_measure_of_the_next(client):
    place = client.home.path / P / "runs" / "old"
    place.mkdir(parents=True)
    (place / "run.json").write_text(json.dumps({"status": "finished", "preset": "quick", "seconds": {"total": 77.0}}))
    numbers = {
        "headline": {"name": "auroc", "value": 0.9, "low": 0.8, "high": 0.95},
        "n": {"images": 20},
        "gate": "green",
    }
    (place / "numbers.json").write_text(json.dumps(numbers | {"estimate": "cross-validation", "classes": ["a", "b"]}))
    quick = client.get(f"{URL}/plan").json()["presets"][0]
    assert quick["minutes"] == pytest.approx(77 / 60, abs=0.05) and "77 seconds" in quick["basis"]
