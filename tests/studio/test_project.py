"""The project store: changes and their way back, what survives a crash, the table for a run, 10,000 items."""

import json

import pytest
from fake.effort import least_seconds

from wetread.dataset.labels_file import read_labels
from wetread.errors import InputError
from wetread.studio.items import Item
from wetread.studio.project import Project
from wetread.studio.tasks import Tasks


@pytest.fixture
def project(tmp_path):
    return Project.create(tmp_path / "p-00000001", "Lungs", None)


def fill(project, names="ab", each=2):
    """``each`` items of each class; item 3 of class a has the id 000000000000000a3 cut to 16 digits."""
    for name in names:
        class_id = project.find_class(name)
        for number in range(each):
            stem = f"{name}{number}".rjust(16, "0")
            project.add_item(Item(stem, f"{name}{number}.png", ".png", "PNG", class_id=class_id))


def counts(project):
    return {one["name"]: one["count"] for one in project.summary()["classes"]}


def again(project):
    """As after a restart of the server."""
    return Project(project.folder, None)


def id_of(name):
    return name.rjust(16, "0")


def test_a_new_project_is_empty(project):
    summary = project.summary()
    assert (summary["id"], summary["name"], summary["version"]) == ("p-00000001", "Lungs", 0)
    assert summary["classes"] == summary["rejected"] == []
    assert summary["counts"] == {"items": 0, "patients": 0, "dicom": 0, "rejected": 0, "excluded": 0}
    assert summary["undo"] is summary["redo"] is None
    assert project.items() == {"total": 0, "items": []}


def test_a_damaged_project_json_costs_the_name_only(project):
    fill(project)
    (project.folder / "project.json").write_text("{")
    assert again(project).summary()["name"] == "Project"
    assert counts(again(project)) == {"a": 2, "b": 2}


CHANGES = [
    ({"op": "add-class", "name": " new  one "}, {"a": 2, "b": 2, "new one": 0}, "New class new one"),
    ({"op": "rename-class", "class": "c-1", "name": "z"}, {"z": 2, "b": 2}, "Rename a to z"),
    ({"op": "merge-classes", "from": "c-1", "into": "c-2"}, {"b": 4}, "Merge a into b"),
    ({"op": "remove-class", "class": "c-2"}, {"a": 2}, "Remove the class b"),
    ({"op": "move", "items": [id_of("a0")], "class": "c-2"}, {"a": 1, "b": 3}, "Move 1 image to b"),
    ({"op": "move", "items": [id_of("a0"), id_of("b0")], "class": None}, {"a": 1, "b": 1}, "Move 2 images out"),
    ({"op": "exclude", "items": [id_of("a0"), id_of("a1")]}, {"a": 0, "b": 2}, "Leave out 2 images"),
]


@pytest.mark.parametrize(("wish", "after", "text"), CHANGES, ids=lambda one: one.get("op", "") if "op" in one else "")
def test_a_change_can_be_taken_back_and_made_again_also_after_a_restart(project, wish, after, text):
    fill(project)
    before = {"a": 2, "b": 2}
    summary = project.change(wish)
    assert counts(project) == counts(again(project)) == after
    assert summary["undo"].startswith(text)
    project = again(project)
    assert project.undo()["redo"].startswith(text)
    assert counts(project) == counts(again(project)) == before
    project = again(project)
    project.change({"op": "redo"})
    assert counts(project) == counts(again(project)) == after


def test_notes_doubts_and_patients_are_kept_and_taken_back(project):
    fill(project)
    item = id_of("a0")
    project.change({"op": "note", "item": item, "text": " a shadow "})
    project.change({"op": "doubt", "item": item, "doubt": True})
    project.change({"op": "patients", "items": [item, id_of("b1")], "patient": "P7"})
    shown = again(project).item(item)
    assert (shown["note"], shown["doubt"], shown["patient"]) == ("a shadow", True, "P7")
    assert project.items(query="SHADOW")["total"] == 1
    assert project.items(query="p7")["total"] == 2
    for _ in range(3):
        project.undo()
    shown = again(project).item(item)
    assert (shown["note"], shown["doubt"], shown["patient"]) == ("", False, "")
    with pytest.raises(InputError, match="nothing to undo"):
        project.undo()


def test_a_new_change_forgets_what_could_be_made_again(project):
    fill(project)
    project.change({"op": "rename-class", "class": "c-1", "name": "x"})
    project.undo()
    project.change({"op": "rename-class", "class": "c-1", "name": "y"})
    assert project.summary()["redo"] is None
    project.undo()
    assert counts(project) == {"a": 2, "b": 2}


def test_a_change_of_nothing_is_no_step(project):
    fill(project)
    version = project.version
    project.change({"op": "move", "items": [id_of("a0")], "class": "c-1"})
    project.change({"op": "include", "items": [id_of("a0")]})
    assert (project.version, project.summary()["undo"]) == (version, None)


BAD = [
    {},
    {"op": "format-disk"},
    {"op": "add-class", "name": "A"},  # a run could not tell it from a
    {"op": "add-class", "name": "  "},
    {"op": "add-class", "name": "NA"},
    {"op": "add-class", "name": "x|y"},
    {"op": "add-class", "name": "x" * 81},
    {"op": "add-class", "name": 7},
    {"op": "rename-class", "class": "c-9", "name": "x"},
    {"op": "rename-class", "class": "c-1", "name": "b"},
    {"op": "merge-classes", "from": "c-1", "into": "c-1"},
    {"op": "move", "items": ["0" * 16], "class": "c-1"},
    {"op": "move", "items": [], "class": "c-1"},
    {"op": "move", "items": "all", "class": "c-1"},
    {"op": "move", "items": [["a"]], "class": "c-1"},
    {"op": "move", "items": [id_of("a0")], "class": ["c-1"]},
    {"op": "note", "item": id_of("a0"), "text": "x" * 2001},
    {"op": "doubt", "item": id_of("a0"), "doubt": "yes"},
    {"op": "settings", "settings": {"deidentify": "no"}},
    {"op": "settings", "settings": {"other": True}},
]


@pytest.mark.parametrize("wish", BAD, ids=str)
def test_a_change_that_makes_no_sense_is_refused_and_leaves_no_trace(project, wish):
    fill(project)
    written = project._journal.path.read_bytes()
    with pytest.raises(InputError):
        project.change(wish)
    assert project._journal.path.read_bytes() == written


def test_an_item_is_added_once(project):
    fill(project, "a", 1)
    assert not project.add_item(Item(id_of("a0"), "other.png", ".png", "PNG"))
    assert again(project).items()["items"][0]["name"] == "a0.png"


def test_a_class_is_found_by_id_by_name_and_by_another_spelling(project):
    fill(project, "a", 1)
    assert project.find_class("c-1") == project.find_class("a") == project.find_class(" A ") == "c-1"
    assert project.find_class("") is None
    project.change({"op": "remove-class", "class": "c-1"})
    assert project.find_class("a") == "c-1"  # it comes back, so that undo still makes sense
    assert counts(project) == {"a": 0}
    project.undo()
    assert counts(project) == {"a": 1}


def test_a_torn_last_line_is_ignored_and_the_next_line_stands_by_itself(project):
    fill(project, "a", 3)
    path = project.folder / "items.jsonl"
    path.write_bytes(path.read_bytes()[:-20])  # as a crash in the middle of a write leaves it
    project = again(project)
    assert counts(project) == {"a": 2}
    project.add_item(Item(id_of("b0"), "b0.png", ".png", "PNG", class_id="c-1"))
    assert counts(project) == counts(again(project)) == {"a": 3}
    assert again(project).items()["total"] == 3


@pytest.mark.parametrize("rubbish", [b"\x00\xff\n", b"[1,2]\n", b"{}\n", b'{"undo":1}\n', b"[" * 100_000 + b"\n"])
def test_rubbish_in_the_journal_costs_no_other_line(project, rubbish):
    fill(project, "a", 1)
    path = project.folder / "items.jsonl"
    path.write_bytes(rubbish + path.read_bytes() + rubbish)
    assert counts(again(project)) == {"a": 1}


def test_two_programs_see_and_keep_what_the_other_writes(project):
    other = again(project)
    fill(project, "a", 1)
    fill(other, "b", 1)
    fill(project, "c", 1)
    assert counts(project) == counts(other) == counts(again(project)) == {"a": 1, "b": 1, "c": 1}


def test_pages_of_items_by_class(project):
    fill(project, "ab", 5)
    project.change({"op": "exclude", "items": [id_of("a0")]})
    project.change({"op": "move", "items": [id_of("a1")], "class": None})
    totals = {name: project.items(name)["total"] for name in ("all", "c-1", "c-2", "none", "excluded", "c-77")}
    assert totals == {"all": 10, "c-1": 3, "c-2": 5, "none": 1, "excluded": 1, "c-77": 0}
    page = project.items("c-2", offset=3, limit=10)
    assert [one["name"] for one in page["items"]] == ["b3.png", "b4.png"]
    assert page["total"] == 5


def test_patients_from_names_folders_headers_and_the_user(tmp_path):
    def patients(*items):
        project = Project.create(tmp_path / f"p-{len(list(tmp_path.iterdir())):08d}", "x", None)
        for number, values in enumerate(items):
            project.add_item(
                Item(**{"id": f"{number:016x}", "name": "a.png", "suffix": ".png", "kind": "PNG", **values})
            )
        shown = [one["patient"] for one in project.items()["items"]]
        return shown, project.summary()["patients_from"]

    assert patients({"name": "00000061_012.png"}, {"name": "00000061_013.png"}, {"name": "00000062_000.png"}) == (
        ["00000061", "00000061", "00000062"],
        "filename",
    )
    folders = ({"path": "A/Jane"}, {"path": "B/Jane"}, {"path": "B/Joe"})
    assert patients(*folders) == (["F0001", "F0001", "F0002"], "folder")
    dicom = ({"kind": "DICOM", "subject": "PA"}, {"kind": "DICOM", "subject": "PB"}, {"kind": "DICOM"})
    assert patients(*dicom) == (["PA", "PB", ""], "dicom")
    assert patients({"kind": "DICOM", "subject": "PA"}, {"kind": "DICOM", "subject": "PA"}) == (["", ""], "none")
    mixed = ({"patient": "X"}, {"kind": "DICOM", "subject": "PA"}, {"kind": "DICOM", "subject": "PB"})
    assert patients(*mixed) == (["X", "PA", "PB"], "dicom")
    assert patients({}, {}) == (["", ""], "none")


def test_the_snapshot_holds_what_counts_and_nothing_else(project):
    fill(project, "ab", 3)
    project.change({"op": "exclude", "items": [id_of("a0")]})
    project.change({"op": "move", "items": [id_of("b0")], "class": None})
    project.change({"op": "patients", "items": [id_of("a1")], "patient": "P1"})
    place = project.snapshot()
    assert place.parent == project.folder
    assert place.name == project.snapshot_name()
    assert place.read_text().splitlines() == [
        "image,label,patient",
        f"images/{id_of('a1')}.png,a,P1",
        f"images/{id_of('a2')}.png,a,",
        f"images/{id_of('b1')}.png,b,",
        f"images/{id_of('b2')}.png,b,",
    ]
    project.change({"op": "note", "item": id_of("a1"), "text": "a note is no label"})
    assert project.snapshot() == place
    project.change({"op": "rename-class", "class": "c-1", "name": "x"})
    assert project.snapshot() != place
    project.undo()
    assert project.snapshot_name() == place.name


def test_the_snapshot_has_a_column_for_what_somebody_has(project):
    fill(project)
    before = project.snapshot_name()
    further = {"a0": {"sex": "F"}, "a1": {"Sex": "M", "site": "A; B|C"}, "b0": {"view": "PA"}}
    edits = [{"items": [id_of(name)], "set": {"columns": columns}} for name, columns in further.items()]
    project.record("Columns", lambda contents: edits)
    project.change({"op": "exclude", "items": [id_of("b0")]})
    project.change({"op": "patients", "items": [id_of("a1")], "patient": "P1"})
    place = project.snapshot()
    assert place.read_text().splitlines() == [
        "image,label,patient,Sex,site",
        f"images/{id_of('a0')}.png,a,,F,",
        f"images/{id_of('a1')}.png,a,P1,M,A; B|C",
        f"images/{id_of('b1')}.png,b,,,",
    ]
    read = read_labels("labels.csv", place.read_bytes())
    assert (read.records[1].site, read.records[1].extra) == ("A; B|C", {"Sex": "M"})
    assert again(project).snapshot() == place and place.name == project.snapshot_name()
    for _ in range(3):
        project.undo()
    assert project.snapshot_name() == before


@pytest.mark.parametrize("name", ["=1+1", "a, b; c", '"q"', "0", "Café ☕", "@x", "no finding", "-", "p,q\ttab"])
def test_a_run_reads_the_very_names_of_the_classes(project, name):
    fill(project)
    project.change({"op": "rename-class", "class": "c-1", "name": name})
    shown = next(iter(counts(project)))
    records = read_labels("labels.csv", project.snapshot().read_bytes()).records
    assert {record.labels for record in records} == {(shown,), ("b",)}


def test_a_snapshot_needs_two_classes(project):
    with pytest.raises(InputError, match="no class has images"):
        project.snapshot()
    fill(project, "a")
    with pytest.raises(InputError, match="only the class a"):
        project.snapshot()


def test_the_item_behind_an_image_of_a_run(project):
    fill(project)
    assert project.item_of(f"images/{id_of('a0')}.png").name == "a0.png"
    assert project.item_of("images/nothing.png") is None
    assert project.source(id_of("a0")).path == project.folder / "images" / f"{id_of('a0')}.png"
    with pytest.raises(InputError):
        project.source("../../etc/passwd")


def test_ten_thousand_items_are_read_in_well_under_a_second(tmp_path):
    folder = tmp_path / "p-00000009"
    folder.mkdir()
    facts = {"bit_depth": 8, "mode": "grey", "bytes": 300_000, "intensity": "as stored"}
    lines = [{"edit": [{"class": "c-1", "set": {"name": "a"}}]}]
    for number in range(10_000):
        name = f"{number // 3:08d}_{number % 3:03d}.png"
        item = {"id": f"{number:016x}", "name": name, "suffix": ".png", "kind": "PNG", "class_id": "c-1"}
        lines.append({"add": {**item, "width": 1024, "height": 1024, "facts": facts}})
    (folder / "items.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))
    project = Project(folder, None)
    told = []

    def look():
        fresh = Project(folder, None)
        told.append((fresh.summary(), fresh.items(limit=200)))

    assert least_seconds(look, enough=0.8) < 0.8
    summary, page = told[0]
    assert (summary["counts"]["items"], summary["counts"]["patients"], page["total"]) == (10_000, 3334, 10_000)

    def move_and_back():
        project.change({"op": "move", "items": [f"{number:016x}" for number in range(5000)], "class": None})
        project.undo()

    assert least_seconds(move_and_back, enough=0.8) < 0.8


def test_the_secret_lies_beside_the_project_for_its_owner_alone(project):
    name = project.pseudonyms.patient("4711")
    assert again(project).pseudonyms.patient("4711") == name
    place = project.folder.parent / ".secrets" / "p-00000001.secret"
    assert place.stat().st_mode & 0o077 == 0
    assert not any(path.name.endswith(".secret") for path in project.folder.rglob("*"))


def test_a_task_says_how_far_it_is_and_how_it_ended(tmp_path):
    tasks = Tasks(tmp_path / "tasks")

    def work(task):
        task.total(3)
        task.count("added")
        task.count("duplicate")
        task.count("rejected", {"name": "x"})

    done = tasks.start(work)

    def fail(task):
        raise InputError("It broke.", remedy="Mend it.", code="broken")

    failed = tasks.start(fail)
    tasks.wait(600)
    state = tasks.state(done)
    assert (state["state"], state["done"], state["total"], state["added"], state["duplicates"]) == ("done", 3, 3, 1, 1)
    assert state["rejected"] == [{"name": "x"}]
    assert Tasks(tmp_path / "tasks").state(done) == state
    assert tasks.state(failed)["error"] == {"message": "It broke.", "remedy": "Mend it.", "code": "broken"}
    assert tasks.state("../../etc/passwd") is tasks.state("0" * 16) is None


def test_a_task_whose_server_died_has_failed(tmp_path):
    (tmp_path / f"{'a' * 16}.json").write_text('{"state": "running", "done": 4}')
    state = Tasks(tmp_path).state("a" * 16)
    assert (state["state"], state["done"], state["error"]["code"]) == ("failed", 4, "interrupted")
