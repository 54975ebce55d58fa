"""Findings of an audit, the buttons that do away with them, and what to read before training."""

import csv
import hashlib
import json

import pytest

from tests.studio.test_jobs import wait
from wetread.dataset.header_patients import BY_HEADERS
from wetread.studio.audit import audit_of, before_training, check_page
from wetread.studio.items import Item
from wetread.studio.project import Project
from wetread.studio.queue import ENDED, job_path, new_job

NAMES = {"a": "c-1", "b": "c-2"}


def item_id(number):
    return f"{number:016x}"


def image(number):
    return f"images/{item_id(number)}.png"


@pytest.fixture
def project(tmp_path):
    """Twelve images of the class a, twelve of b, eight of c."""
    project = Project.create(tmp_path / "p-0000000a", "Chests", decoder=None)
    for name in ("a", "b", "c"):
        project.change({"op": "add-class", "name": name})
    for number in range(32):
        kind = f"c-{number // 12 + 1}"
        project.add_item(Item(item_id(number), f"{number}.png", ".png", "PNG", class_id=kind, patient=f"P{number:02d}"))
    return project


def audit(project, *findings, changes=()):
    """Writes what an audit leaves."""
    folder = project.folder / "runs" / "audit"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "run.json").write_text('{"status": "finished"}')
    (folder / "findings.json").write_text(json.dumps([*findings]))
    with open(folder / "changes.csv", "w", newline="") as handle:
        csv.writer(handle).writerows([("image", "what", "reason"), *changes])
    new_job(project.folder, "audit", "audit", [], project.snapshot().name).write(state=ENDED, code=0)
    return audit_of(project)


def finding(code, images=(), severity="amber", **numbers):
    text = {"title": code, "sentence": f"{code} was found.", "remedy": "Look.", "page": f"{code}.md"}
    return {"code": code, "severity": severity, "images": [*map(image, images)], "numbers": numbers, **text}


def fixes(told, number=0):
    return {one["label"]: one["change"] for one in told["findings"][number]["fixes"]}


def press(project, told, label):
    project.change(fixes(told)[label])


def test_nothing_was_checked_yet(project):
    told = audit_of(project)
    assert told["status"] == "none" and told["findings"] == [] and told["gate"] is None and not told["stale"]
    assert [(one["severity"], one["code"]) for one in told["before_train"]] == [
        ("red", "few-images"),
        ("info", "no-audit"),
    ]


def test_one_of_each_copy_stays(project):
    changes = [
        (image(1), "dropped", f"the same picture as {image(0)}"),
        (image(2), "dropped", f"the same picture as {image(0)}"),
        (image(3), "dropped", f"the same picture as {image(15)}, which is labelled b"),
        (image(9), "patient: P09 -> P08", "copies of pictures join them"),
    ]
    told = audit(project, finding("WR102", [0, 1, 2, 8, 9]), changes=changes)
    assert fixes(told) == {
        "Leave out 2 copies; one of each stays": {"op": "exclude", "items": [item_id(1), item_id(2)]},
        "Join 1 image to the patient P08": {"op": "patients", "items": [item_id(9)], "patient": "P08"},
    }
    press(project, told, "Leave out 2 copies; one of each stays")
    assert "Leave out" not in str(fixes(audit_of(project))) and audit_of(project)["stale"]
    project.undo()
    assert "Leave out 2 copies; one of each stays" in fixes(audit_of(project)) and not audit_of(project)["stale"]


def test_whom_the_headers_join_a_button_joins(project):
    changes = [
        (image(9), "patient: P09 -> P08", BY_HEADERS),
        (image(4), "patient: P04 -> P01", "copies of pictures join them"),
    ]
    told = audit(project, finding("WR107", [8, 9], "red"), changes=changes)
    assert fixes(told) == {
        "Join 1 image to the patient P08": {"op": "patients", "items": [item_id(9)], "patient": "P08"}
    }
    press(project, told, "Join 1 image to the patient P08")
    assert project.item(item_id(9))["patient"] == "P08" and fixes(audit_of(project)) == {}


def test_one_pair_under_two_labels_can_be_settled_at_a_glance(project):
    changes = [
        (image(n), "dropped", f"the same picture as {image(m)}, which is labelled x") for n, m in ((0, 12), (12, 0))
    ]
    told = audit(project, finding("WR103", [0, 12], "red"), changes=changes)
    assert list(fixes(told)) == [
        "Both are a", "Both are b", "Leave out 2 images until somebody decides", "Mark 2 labels as doubtful",
    ]  # fmt: skip
    press(project, told, "Both are b")
    assert project.item(item_id(0))["class"] == project.item(item_id(12))["class"] == "c-2"


def test_several_pairs_are_decided_one_by_one(project):
    told = audit(project, finding("WR103", [0, 12, 1, 13]))
    assert fixes(told) == {
        "Mark 4 labels as doubtful": {"op": "doubt", "items": [item_id(n) for n in (0, 12, 1, 13)], "doubt": True}
    }
    press(project, told, "Mark 4 labels as doubtful")
    assert project.item(item_id(13))["doubt"] and fixes(audit_of(project)) == {}


def test_contradicted_labels_are_offered_by_what_is_suggested(project):
    suggested = {image(0): "b", image(1): "b", image(12): "a", image(13): "gone"}
    told = audit(project, finding("WR501", [0, 1, 12, 13], suggested=suggested))
    assert list(fixes(told)) == ["Mark 4 labels as doubtful", "Move 1 image to a", "Move 2 images to b"]
    assert fixes(told)["Move 2 images to b"] == {"op": "move", "items": [item_id(0), item_id(1)], "class": "c-2"}
    assert "--fix" not in told["findings"][0]["remedy"]


@pytest.mark.parametrize("code", ["WR403", "WR401"])
def test_odd_and_unreadable_pictures_are_left_out_and_the_finding_is_settled(project, code):
    told = audit(project, finding(code, [4, 5, 40]))
    assert told["findings"][0]["images"] == [item_id(4), item_id(5)] and not told["findings"][0]["settled"]
    press(project, told, "Leave out 2 images")
    told = audit_of(project)
    assert told["findings"][0]["settled"] and fixes(told) == {}
    assert code not in [one["code"] for one in told["before_train"]]


def test_a_small_class_is_left_out_where_two_others_remain(project):
    cases = {"a": 12, "b": 12, "c": 8}
    told = audit(project, finding("WR201", severity="red", cases_per_class=cases))
    assert list(fixes(told)) == ["Leave out the class c (8 images)"]
    assert fixes(audit(project, finding("WR201", cases_per_class={"a": 12, "c": 8}))) == {}
    assert list(fixes(audit(project, finding("WR402", classes=["c"])))) == ["Leave out the class c (8 images)"]


@pytest.mark.parametrize("code", ["WR308", "WR303", "WR602", "WR105", "WR999"])
def test_no_button_where_leaving_out_would_do_harm(project, code):
    assert fixes(audit(project, finding(code, [0, 1]))) == {}


def test_gate_and_what_to_read_before_training(project):
    told = audit(project, finding("WR103", [0, 12], "red"), finding("WR105"), finding("WR104", severity="info"))
    assert told["gate"] == "red"
    read = [(one["severity"], one["code"]) for one in told["before_train"]]
    assert read == [("red", "few-images"), ("red", "WR103"), ("amber", "WR105")]
    project.change({"op": "move", "items": [item_id(0)], "class": None})
    read = [one["code"] for one in before_training(project, [], "finished", True)]
    assert read == ["few-images", "unlabelled", "stale-audit"]


def test_one_class_is_not_enough(tmp_path):
    project = Project.create(tmp_path / "p-0000000b", "Empty", decoder=None)
    assert [one["code"] for one in audit_of(project)["before_train"]] == ["two-classes"]


def test_the_page_of_a_check_is_plain_text_in_blocks():
    blocks = check_page("WR201.md")
    assert blocks[0] == {
        "tag": "p",
        "text": "The smallest class has few separate cases (patients, where they are known).",
    }
    assert {"tag": "h3", "text": "Why it matters"} in blocks
    assert any(one["tag"] == "tr" and one["cells"] for one in check_page("WR501.md"))
    assert all("](" not in one["text"] and "**" not in one["text"] for one in blocks)


@pytest.mark.parametrize("name", ["../../errors.py", "WR999.md", "WR201.md\n", ""])
def test_only_pages_of_checks_are_read(name):
    assert check_page(name) == ()


def test_a_hostile_findings_file_breaks_nothing(project):
    odd = {
        "code": "WR102",
        "severity": "red",
        "images": ["../../etc/passwd", "", "\x00"],
        "numbers": None,
        "page": "../x",
    }
    told = audit(project, odd, {"code": None}, finding("WR501", suggested={"../x": "{0}"}))
    assert [one["images"] for one in told["findings"]] == [[], []] and told["findings"][0]["page"] == []


def test_the_job_file_of_the_audit_is_no_run(project):
    audit(project)
    assert job_path(project.folder, "audit", "audit").name == "audit.json"


def test_a_real_audit_finds_a_copy_and_its_button_takes_it_away(studio, chest_set):
    folder = studio.home.path / "p-0000000a"
    project = Project.create(folder, "Chests", decoder=None)
    ids = {name: project.find_class(name) for name in ("effusion", "no_effusion")}
    (folder / "images").mkdir()
    rows = [row.split(",") for row in (chest_set / "labels.csv").read_text().splitlines()[1:]][:24]
    for number, (name, label, patient, *_) in enumerate([*rows, rows[0]]):
        data = (chest_set / name).read_bytes() + b"\0" * (number == len(rows))  # the same pixels in another file
        item = Item(
            hashlib.sha256(data).hexdigest()[:16], "x.dcm", ".dcm", "DICOM", class_id=ids[label], patient=patient
        )
        (folder / item.file).write_bytes(data)
        project.add_item(item)
    url = "/api/projects/p-0000000a/audit"
    assert studio.post(url, json={}).status_code == 201
    told = wait(lambda: (one := studio.get(url).json())["status"] not in ("queued", "running") and one, seconds=400)
    assert told["status"] == "finished" and told["error"] is None and not told["stale"]
    copies = next(one for one in told["findings"] if one["code"] == "WR102")
    assert len(copies["images"]) == 2 and copies["fixes"][0]["label"] == "Leave out 1 copy; one of each stays"
    assert studio.post("/api/projects/p-0000000a/changes", json=copies["fixes"][0]["change"]).status_code == 200
    told = studio.get(url).json()
    copies = next(one for one in told["findings"] if one["code"] == "WR102")
    assert told["stale"] and copies["fixes"] == []
    log = (folder / "jobs" / "audit.log").read_text()
    assert "P0" not in log and "SYN" not in log
