"""Two things at once, or one after another that was meant for something else: nothing is lost, and nothing returns."""

import contextlib
import shutil
import threading
import time

import pytest

from tests.studio.dropping import Dropped, picture_bytes, zip_bytes
from tests.studio.test_additions import drop, stored
from wetread import writing
from wetread.errors import InputError, OutputError
from wetread.studio import archives, run_routes, start_routes, tables, uploads
from wetread.studio.items import KeptTable
from wetread.studio.places import Home
from wetread.studio.project import Project
from wetread.studio.receiving import Upload
from wetread.studio.tries import Incoming, Tries


@pytest.fixture
def dropped(studio):
    return Dropped(studio)


@pytest.fixture
def run(dropped):
    """A run of the project, as far as the list of runs needs it."""
    folder = dropped.folder / "runs" / "r1"
    folder.mkdir(parents=True)
    (folder / "run.json").write_text('{"status": "finished", "started": "2024-01-01T00:00:00+00:00"}')
    return f"{dropped.base}/runs/r1"


def at_once(*works):
    """Does all of them at the same time; returns what each gave, or the error it ended with."""
    given = [None] * len(works)

    def do(number, work):
        try:
            given[number] = work()
        except Exception as error:
            given[number] = error

    threads = [threading.Thread(target=do, args=one) for one in enumerate(works)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    return given


def meeting(work, parties=2):
    """The same work, after which all who do it wait for each other, where nothing keeps them apart."""
    barrier = threading.Barrier(parties)

    def met(*args, **options):
        done = work(*args, **options)
        with contextlib.suppress(threading.BrokenBarrierError):
            barrier.wait(0.5)
        return done

    return met


def until(holds, seconds=20):
    deadline = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < deadline
        time.sleep(0.02)


# Undo ----------------------------------------------------------------------------------------------------------------


def test_undo_of_a_step_is_refused_when_another_came_after_it(dropped):
    one = dropped.put(picture_bytes(1), label="A")["items"][0]
    step = dropped.change(op="exclude", items=[one])["undo"]
    dropped.change(op="note", item=one, text="look")
    refused = dropped.change(400, op="undo", step=step)
    assert (refused["code"], refused["message"]) == ("other-step", "Something else was done since: Write a note.")
    assert (dropped.items[0]["note"], dropped.items[0]["excluded"]) == ("look", True)
    dropped.change(op="undo", step="Write a note")
    dropped.change(op="undo", step=step)
    assert not dropped.items[0]["excluded"]
    assert dropped.change(400, op="redo", step="Write a note")["code"] == "other-step"
    assert dropped.change(op="redo", step=step)["undo"] == step


def test_the_files_of_a_picture_that_is_taken_back_twice_go_both_times(dropped):
    kept = drop(dropped, [1], "A", "b0")
    for batch in ("b1", "b2"):
        drop(dropped, [2], "A", batch)
        dropped.change(op="undo")
        dropped.change(op="add-class", name=batch)
        assert stored(dropped) == set(kept)


# One file, two writers -----------------------------------------------------------------------------------------------


def test_a_training_and_a_check_may_be_asked_for_at_once(dropped, monkeypatch):
    for number in range(4):
        dropped.put(picture_bytes(number), f"{number}.png", "AB"[number % 2])
    monkeypatch.setattr(writing.os, "fsync", meeting(writing.os.fsync))
    one, other = at_once(dropped.project.snapshot, dropped.project.snapshot)
    assert one == other and one.read_text().count("\n") == 5


def test_two_runs_are_renamed_at_once(dropped, run, monkeypatch):
    shutil.copytree(dropped.folder / "runs" / "r1", dropped.folder / "runs" / "r2")
    monkeypatch.setattr(run_routes, "read_file", meeting(run_routes.read_file))
    studio = dropped.client.studio
    at_once(
        *(lambda run=run: run_routes.rename(studio, dropped.id, run, {"title": f"My {run}"}) for run in ("r1", "r2"))
    )
    assert {one["id"]: one["title"] for one in dropped.client.get(f"{dropped.base}/runs").json()["runs"]} == {
        "r1": "My r1",
        "r2": "My r2",
    }


# The trash -----------------------------------------------------------------------------------------------------------


def test_a_run_that_is_removed_twice_at_once_can_be_taken_back(dropped, run, monkeypatch):
    studio, folder = dropped.client.studio, dropped.folder / "runs" / "r1"
    came, other_came = [], threading.Event()

    def remove_folder(place, remove=run_routes.remove_folder):
        came.append(me := threading.get_ident())
        if me == came[0]:
            other_came.wait(0.5)
        else:  # the slower of the two begins when the faster has ended
            other_came.set()
            until(lambda: not folder.exists())
        remove(place)

    with monkeypatch.context() as patch:
        patch.setattr(run_routes, "remove_folder", remove_folder)
        given = at_once(*[lambda: run_routes.remove(studio, dropped.id, "r1", {})] * 2)
    assert sorted(type(one).__name__ for one in given) == ["Refusal", "dict"]
    assert dropped.client.post(f"{run}/restore").status_code == 200
    assert (folder / "run.json").is_file()


def test_a_run_comes_back_although_a_heatmap_was_finished_meanwhile(dropped, run):
    assert dropped.client.delete(run).status_code == 200
    writing.atomic_write(dropped.folder / "runs" / "r1" / "studio" / "heat" / "0" / "1~usual~usual.json", "{}")
    assert dropped.client.post(f"{run}/restore").status_code == 200
    assert (dropped.folder / "runs" / "r1" / "run.json").is_file()
    assert dropped.client.post(f"{run}/restore").status_code == 404


def test_a_project_comes_back_although_a_comparison_was_finished_meanwhile(dropped):
    dropped.put(picture_bytes(1), label="A")
    assert dropped.client.delete(dropped.base).status_code == 200
    writing.atomic_write(dropped.folder / "cache" / "compare" / "0" / "answer.json", "{}")
    assert dropped.client.post(f"/api/trash/{dropped.id}/restore").json() == {"id": dropped.id}
    assert dropped.counts == {"A": 1}
    assert dropped.client.post(f"/api/trash/{dropped.id}/restore").status_code == 404


def test_a_project_stays_while_a_file_comes_in(dropped):
    upload = Upload(dropped.project, "1.png", "A")
    upload.write(picture_bytes(1))
    refused = dropped.client.delete(dropped.base)
    assert (refused.status_code, refused.json()["message"]) == (409, "Images are being added to this project.")
    upload.finish()
    upload.discard()
    assert dropped.counts == {"A": 1}
    assert dropped.client.delete(dropped.base).status_code == 200


def test_a_project_stays_while_an_archive_is_taken_apart(dropped, monkeypatch):
    goes_on = threading.Event()
    monkeypatch.setattr(archives, "_plan", lambda *args, plan=archives._plan: goes_on.wait(30) and plan(*args))
    task = dropped.put(zip_bytes({f"{label}/1.png": picture_bytes(ord(label)) for label in "AB"}), "a.zip")["task"]
    assert dropped.client.delete(dropped.base).status_code == 409
    goes_on.set()
    until(lambda: dropped.client.get(f"{dropped.base}/tasks/{task}").json()["state"] == "done")
    assert dropped.counts == {"A": 1, "B": 1}
    assert dropped.client.delete(dropped.base).status_code == 200


def test_who_still_holds_a_removed_project_makes_no_folder_anew(dropped):
    held = dropped.project
    assert dropped.client.delete(dropped.base).status_code == 200
    for work in (
        lambda: held.change({"op": "add-class", "name": "A"}),
        lambda: held.reject("a.png", "", "", ""),
        lambda: Upload(held, "1.png"),
    ):
        with pytest.raises(InputError) as refused:
            work()
        assert refused.value.code == "no-project"
    assert not dropped.folder.exists()


def test_a_project_that_goes_while_the_start_page_is_made_is_not_on_it(studio, monkeypatch):
    here, going = (Dropped(studio).folder for _ in range(2))
    monkeypatch.setattr(Home, "projects", lambda self: [going, here])

    def run_folders(place, look=start_routes.run_folders):
        found = look(place)
        if place.parent == going and going.exists():
            start_routes.throw_away(studio.studio, going.name)
        return found

    monkeypatch.setattr(start_routes, "run_folders", run_folders)
    assert [one["id"] for one in studio.get("/api/start").json()["projects"]] == [here.name]


# Files that come in --------------------------------------------------------------------------------------------------


def test_a_table_that_comes_while_an_image_is_labelled_labels_it(dropped, monkeypatch):
    table = KeptTable({key: ["A", ""] for key in uploads.table_keys("", "1.png", dropped.project.pseudonyms)})
    later = []

    def add_item(self, item, batch="", add=Project.add_item):
        later.append(threading.Thread(target=tables.follow_table, args=(self, "labels.csv", table)))
        later[0].start()
        later[0].join(0.5)  # as far as it gets
        return add(self, item, batch)

    monkeypatch.setattr(Project, "add_item", add_item)
    dropped.put(picture_bytes(1), "1.png")
    later[0].join(20)
    assert dropped.counts == {"A": 1}


def test_of_a_try_that_is_cleared_while_it_comes_in_nothing_is_listed(studio):
    tries = Tries(studio.home, "terminal")
    incoming = Incoming(tries)
    incoming.append(picture_bytes(1))
    tries.clear()
    with contextlib.suppress(OutputError):
        incoming.keep("1.png")
    incoming.discard()
    assert studio.get("/api/projects/terminal/tries").json()["tries"] == []
