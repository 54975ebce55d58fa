"""The start page: projects that come, go and come back."""

import json
import re
import shutil

import pytest

import wetread
from wetread.errors import InputError
from wetread.studio import samples
from wetread.studio.answers import Refusal
from wetread.studio.places import Home


def make(studio, name="Chests"):
    reply = studio.post("/api/projects", json={"name": name})
    assert reply.status_code == 201
    return reply.json()["id"]


def test_an_empty_home_is_a_start_page(studio):
    page = studio.get("/api/start").json()
    assert page["version"] == wetread.__version__
    assert (page["home_name"], page["projects"], page["terminal"]) == ("home", [], None)
    assert {sample["name"] for sample in page["samples"]} == set(samples.SAMPLES)
    assert page["free_gb"] > 0


def test_a_new_project_is_a_folder_without_its_name(studio):
    project = make(studio, "  Chests   of 2024 ")
    assert re.fullmatch(r"p-[0-9a-f]{8}", project)
    told = json.loads((studio.home.path / project / "project.json").read_text())
    assert (told["format"], told["name"]) == (1, "Chests of 2024")
    card = studio.get("/api/start").json()["projects"][0]
    assert card.items() >= {"id": project, "name": "Chests of 2024", "items": 0, "classes": [], "runs": 0}.items()
    assert (card["thumbs"], card["last"], card["damaged"]) == ([], None, False)


def test_a_project_can_be_renamed(studio):
    project = make(studio)
    assert studio.post(f"/api/projects/{project}/rename", json={"name": "Heads"}).json()["name"] == "Heads"
    assert studio.get("/api/start").json()["projects"][0]["name"] == "Heads"
    created = json.loads((studio.home.path / project / "project.json").read_text())["created"]
    assert studio.post(f"/api/projects/{project}/rename", json={"name": ""}).status_code == 400
    assert json.loads((studio.home.path / project / "project.json").read_text()) == {
        "format": 1,
        "name": "Heads",
        "created": created,
    }


def test_a_removed_project_can_be_taken_back(studio):
    project, other = make(studio, "one"), make(studio, "other")
    assert studio.request("DELETE", f"/api/projects/{project}").json() == {"trash": project}
    assert [card["id"] for card in studio.get("/api/start").json()["projects"]] == [other]
    assert studio.request("DELETE", f"/api/projects/{project}").status_code == 404
    assert studio.post(f"/api/trash/{project}/restore").json() == {"id": project}
    assert {card["name"] for card in studio.get("/api/start").json()["projects"]} == {"one", "other"}
    assert studio.post(f"/api/trash/{project}/restore").status_code == 404


def test_a_damaged_project_does_not_hide_the_others(studio):
    good, bad = make(studio, "good"), make(studio, "bad")
    (studio.home.path / bad / "project.json").write_text("{")
    cards = {card["id"]: card for card in studio.get("/api/start").json()["projects"]}
    assert cards[good]["name"] == "good" and bad in cards
    assert studio.post(f"/api/projects/{bad}/rename", json={"name": "mended"}).status_code == 200
    assert "mended" in {card["name"] for card in studio.get("/api/start").json()["projects"]}


def test_runs_of_the_terminal_are_counted(studio, finished_run):
    shutil.copytree(finished_run.folder, studio.home.terminal / "run")
    assert studio.get("/api/start").json()["terminal"] == {"runs": 1}


def test_the_last_finished_run_is_on_the_card(studio, finished_run):
    project = make(studio)
    shutil.copytree(finished_run.folder, studio.home.path / project / "runs" / "20260101-000000-abcd")
    card = studio.get("/api/start").json()["projects"][0]
    assert card["runs"] == 1 and card["last"]["run"] == "20260101-000000-abcd"
    assert card["last"]["headline"]["text"] == finished_run.headline


def test_a_sample_becomes_a_project(studio, monkeypatch, chest_set):
    def draw(name, folder, task):
        shutil.copytree(chest_set, folder)

    monkeypatch.setattr(samples, "_make", draw)
    made = studio.post("/api/samples", json={"name": "chest-effusion"})
    assert made.status_code == 201
    project = studio.studio.project(made.json()["project"])
    project.tasks.wait(600)
    assert project.tasks.state(made.json()["task"])["state"] == "done"
    summary = project.summary()
    assert {one["name"] for one in summary["classes"]} == {"effusion", "no_effusion"}
    assert (summary["counts"]["items"], summary["counts"]["patients"]) == (60, 40)
    card = studio.get("/api/start").json()["projects"][0]
    assert card["items"] == 60 and len(card["thumbs"]) == 4
    assert not (project.folder / "cache" / "sample").exists()


@pytest.mark.parametrize("name", (None, "traps", "../x", 3, ["chest"]))
def test_only_samples_of_the_page_are_made(studio, name):
    assert studio.post("/api/samples", json={"name": name}).status_code == 404
    assert studio.home.projects() == []


def test_a_sample_that_cannot_be_made_says_so(studio, monkeypatch):
    def fail(name, folder, task):
        raise InputError("The sample could not be made.", code="no-sample")

    monkeypatch.setattr(samples, "_make", fail)
    made = studio.post("/api/samples", json={"name": "chest-effusion"}).json()
    tasks = studio.studio.project(made["project"]).tasks
    tasks.wait(600)
    assert tasks.state(made["task"])["error"]["code"] == "no-sample"


# Places ---------------------------------------------------------------------------------------------------------------

NO_RUNS = ("", ".", "..", ".hidden", "-rf", "a/b", "a\\b", "a b", "a\0", "a" * 81, "ä", "run\n", "../p-00000000")


@pytest.mark.parametrize("name", NO_RUNS)
def test_what_is_no_name_of_a_run_is_no_path(tmp_path, name):
    home = Home(tmp_path / "home", tmp_path)
    with pytest.raises(Refusal) as refused:
        home.run_folder("terminal", name, exists=False)
    assert refused.value.status == 404


@pytest.mark.parametrize("name", ("", "terminal", "p-1234567", "p-1234567G", "p-12345678\n", "P-12345678", "../x"))
def test_what_is_no_project_has_no_folder(tmp_path, name):
    with pytest.raises(Refusal):
        Home(tmp_path).project_folder(name)


def test_names_that_a_terminal_made_are_runs(tmp_path):
    home = Home(tmp_path / "home", tmp_path / "runs")
    for name in ("20260101-000000-abcd", "my_run.v2", "a", "A" * 80):
        (home.terminal / name).mkdir(parents=True)
        assert home.run_folder("terminal", name) == home.terminal / name


def test_a_project_of_another_home_is_none(tmp_path):
    (tmp_path / "one" / "p-00000000").mkdir(parents=True)
    with pytest.raises(Refusal):  # a folder without project.json is no project of ours
        Home(tmp_path / "one").project_folder("p-00000000")


def test_ids_are_new(tmp_path):
    home = Home(tmp_path)
    assert len({home.new_id() for _ in range(50)}) == 50
