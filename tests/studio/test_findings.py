"""Projects of findings: several per image, each present, absent or unknown, from the table to what a run reads."""

import json

import pytest

from tests.studio.dropping import Dropped, picture_bytes, zip_bytes
from wetread.dataset.labels_file import gather, read_labels
from wetread.studio.findings import merge_marks, read_marks

CELLS = b"image,finding\n0.png,Mass|Edema\n1.png,Mass\n2.png,No Finding\n3.png,\n"
COLUMNS = b"image,Edema,Mass\n0.png,1,1\n1.png,0,1\n2.png,0,0\n3.png,,1\n4.png,u,0\n5.png,,\n"


@pytest.fixture
def dropped(studio):
    return Dropped(studio)


def pictures(dropped, count, start=0, label=""):
    return [dropped.put(picture_bytes(n), f"{n}.png", label)["items"][0] for n in range(start, start + count)]


def told(dropped):
    """Finding -> images with it, without it, of which that is unknown."""
    return {one["name"]: (one["count"], one["absent"], one["unknown"]) for one in dropped.summary["classes"]}


def shown(dropped, number):
    names = {one["id"]: one["name"] for one in dropped.summary["classes"]}
    return {names[one]: mark for one, mark in dropped.by_name[f"{number}.png"]["findings"].items()}


def listed(dropped, which, mark="present"):
    found = dropped.client.get(f"{dropped.base}/items?class={which}&mark={mark}").json()["items"]
    return [item["name"] for item in found]


def id_of(dropped, name):
    return next(one["id"] for one in dropped.summary["classes"] if one["name"] == name)


def as_a_run(data):
    """Image -> what a run makes of it: present, uncertain and missing findings."""
    table = read_labels("labels.csv", data)
    assert table.multi
    return {row.image: (row.labels, row.uncertain, row.missing) for row in gather(table) if row.known}


def mark_enough(dropped, *names, count=20):
    """Pictures of which half have each finding, so that a run would learn them; the table leaves nothing open."""
    ids = pictures(dropped, count, 100)
    rows = [f"{100 + n}.png,{'|'.join(name for k, name in enumerate(names) if (n >> k) & 1)}|" for n in range(count)]
    dropped.put(("image,finding\n" + "\n".join(row.replace(",|", ",none|") for row in rows)).encode(), "more.csv")
    return ids


def test_a_table_of_several_findings_makes_an_empty_project_one_of_findings(dropped):
    pictures(dropped, 5)
    answer = dropped.put(CELLS, "t.csv")
    assert answer["status"] == "table" and len(answer["items"]) == 3
    assert "may have several findings in this project: Edema, Mass." in answer["reason"]
    assert dropped.summary["use"] == "findings"
    assert told(dropped) == {"Edema": (1, 2, 0), "Mass": (2, 1, 0)}
    assert dropped.summary["nothing"]["count"] == 1
    assert dropped.summary["unlabelled"] == 2
    assert dropped.change(op="undo")["use"] == "classes"
    assert dropped.counts == {}
    assert dropped.change(op="redo")["use"] == "findings"
    assert told(dropped) == {"Edema": (1, 2, 0), "Mass": (2, 1, 0)}


def test_columns_keep_what_is_uncertain_and_what_is_not_said(dropped):
    dropped.put(COLUMNS, "t.csv")
    assert dropped.summary["use"] == "findings"  # before any image came
    pictures(dropped, 6)
    assert told(dropped) == {"Edema": (1, 2, 2), "Mass": (3, 2, 0)}
    assert shown(dropped, 4) == {"Edema": "u", "Mass": "0"}
    assert shown(dropped, 3) == {"Mass": "1"}
    assert dropped.summary["unlabelled"] == 1
    edema = id_of(dropped, "Edema")
    assert listed(dropped, edema) == ["0.png"]
    assert listed(dropped, edema, "absent") == ["1.png", "2.png"]
    assert listed(dropped, edema, "unknown") == ["3.png", "4.png"]
    assert listed(dropped, "nothing") == ["2.png"]
    assert listed(dropped, "none") == ["5.png"]


def test_an_archive_brings_its_table_and_its_images(dropped):
    members = {"set/labels.csv": CELLS, **{f"set/images/{n}.png": picture_bytes(n) for n in range(3)}}
    end = dropped.put_archive(zip_bytes(members))
    assert any("several findings" in note for note in end["notes"])
    assert told(dropped) == {"Edema": (1, 2, 0), "Mass": (2, 1, 0)}


def test_a_folder_of_a_download_is_no_class_of_its_own(dropped):
    pictures(dropped, 3, label="images")
    dropped.put(CELLS, "t.csv")
    assert dropped.summary["use"] == "findings"
    assert dropped.change(op="use", what="classes")["classes"][0]["count"] == 3


def test_classes_stay_and_the_findings_wait_for_a_word(dropped):
    pictures(dropped, 2, label="sick")
    pictures(dropped, 2, 2, label="well")
    answer = dropped.put(CELLS, "t.csv")
    assert "this project has classes, which stay" in answer["reason"]
    assert dropped.summary["use"] == "classes"
    assert dropped.summary["has"] == ["classes", "findings"]
    assert dropped.counts == {"sick": 2, "well": 2}
    assert dropped.change(op="use", what="findings")["undo"] == "Use findings"
    assert told(dropped) == {"Edema": (1, 2, 0), "Mass": (2, 1, 0)}
    again = dropped.put(b"image,label\n0.png,sick\n3.png,ill\n", "c.csv")
    assert "It gives one class per image." in again["reason"]
    assert told(dropped) == {"Edema": (1, 2, 0), "Mass": (2, 1, 0)}
    dropped.change(op="use", what="classes")
    assert dropped.counts == {"sick": 2, "well": 1, "ill": 1}


def test_a_second_table_adds_and_corrects_and_blanks_nothing(dropped):
    pictures(dropped, 6)
    dropped.put(COLUMNS, "t.csv")
    dropped.put(b"image,Edema,Fibrosis\n3.png,0,1\n1.png,,0\n0.png,1,1\n", "u.csv")
    assert shown(dropped, 3) == {"Edema": "0", "Mass": "1", "Fibrosis": "1"}
    assert shown(dropped, 1) == {"Edema": "0", "Mass": "1", "Fibrosis": "0"}
    assert shown(dropped, 2) == {"Edema": "0", "Mass": "0"}


def test_findings_are_said_by_hand_and_taken_back(dropped):
    ids = pictures(dropped, 3)
    dropped.put(CELLS, "t.csv")
    mass = id_of(dropped, "Mass")
    dropped.change(op="mark", items=ids[:2], finding=mass, mark="absent")
    assert told(dropped)["Mass"] == (0, 3, 0)
    assert dropped.summary["undo"] == "Mass absent in 2 images"
    dropped.change(op="mark", items=[ids[2]], finding="all", mark="unknown")
    assert dropped.summary["unlabelled"] == 1
    dropped.change(op="mark", items=[ids[2]], finding=mass, mark="present")
    assert shown(dropped, 2) == {"Mass": "1"}
    for _ in range(3):
        dropped.change(op="undo")
    assert told(dropped) == {"Edema": (1, 2, 0), "Mass": (2, 1, 0)}


def test_findings_are_renamed_merged_and_removed(dropped):
    pictures(dropped, 6)
    dropped.put(COLUMNS, "t.csv")
    dropped.change(op="rename-class", **{"class": id_of(dropped, "Mass")}, name="Nodule")
    wish = {"from": id_of(dropped, "Edema"), "into": id_of(dropped, "Nodule")}
    dropped.change(op="merge-classes", **wish)
    assert told(dropped) == {"Nodule": (3, 1, 1)}  # of 4.png one is uncertain
    assert dropped.summary["undo"] == "Merge Edema into Nodule"
    dropped.change(op="undo")
    assert told(dropped) == {"Edema": (1, 2, 2), "Nodule": (3, 2, 0)}
    dropped.change(op="remove-class", **{"class": id_of(dropped, "Edema")})
    assert told(dropped) == {"Nodule": (3, 2, 0)}
    dropped.change(op="undo")
    assert told(dropped) == {"Edema": (1, 2, 2), "Nodule": (3, 2, 0)}


@pytest.mark.parametrize(
    "wish",
    [
        {"op": "mark", "items": "?", "finding": "c-9", "mark": "present"},
        {"op": "mark", "items": "?", "finding": "c-1", "mark": "perhaps"},
        {"op": "move", "items": "?", "class": None},
        {"op": "use", "what": "nothing"},
        {"op": "settings", "settings": {"findings": False}},
        {"op": "rename-class", "class": "c-1", "name": "No finding"},
        {"op": "rename-class", "class": "c-1", "name": "Sex"},
        {"op": "merge-classes", "from": "c-1", "into": "c-1"},
    ],
)
def test_what_makes_no_sense_of_findings_is_refused(dropped, wish):
    ids = pictures(dropped, 2)
    dropped.put(CELLS, "t.csv")
    version = dropped.summary["version"]
    dropped.change(400, **(wish | ({"items": ids} if "items" in wish else {})))
    assert dropped.summary["version"] == version


def test_images_dropped_on_a_finding_show_it_and_folders_stay_classes(dropped):
    dropped.put(CELLS, "t.csv")
    pictures(dropped, 1, 50, label="mass")
    pictures(dropped, 1, 51, label="folder")
    assert shown(dropped, 50) == {"Mass": "1"}
    assert shown(dropped, 51) == {}
    assert list(told(dropped)) == ["Edema", "Mass"]


@pytest.mark.parametrize(
    "table",
    [
        CELLS,
        COLUMNS,
        b"image,A,B\n0.png,1,\n1.png,1,\n2.png,,1\n3.png,,1\n4.png,1,1\n",  # ticks: a blank is absent
        b"image,A,B\n0.png,1,-1\n1.png,0,1\n2.png,,1\n3.png,1,\n",  # CheXpert: a blank is absent
        b"image,A,B,C\n0.png,1,0,u\n1.png,0,1,u\n2.png,1,0,u\n3.png,1,,0\n",
    ],
)
def test_a_run_reads_of_the_project_what_it_would_read_of_the_table(dropped, table):
    pictures(dropped, 6)
    dropped.put(table, "t.csv")
    names = {item["id"]: item["name"] for item in dropped.items}
    rows = dropped.project.rows()
    found = {names[row.image[7:-4]]: (row.findings, row.uncertain, row.missing) for row in rows}
    assert found == as_a_run(table)
    from wetread.studio.snapshot import snapshot_text

    again = as_a_run(snapshot_text(rows, findings=True).encode())
    assert {names[image[7:-4]]: said[0] for image, said in again.items()} == {
        name: said[0] for name, said in found.items()
    }
    # A finding of which nothing is known anywhere has no column; a blank that would be read as absent is written as u.
    known = {name for said in again.values() for kind in said for name in kind}
    for image, said in again.items():
        _, uncertain, missing = found[names[image[7:-4]]]
        assert set(said[1] + said[2]) == set(uncertain + missing) & known


def test_findings_that_exclude_each_other_are_still_findings_for_a_run(dropped):
    ids = pictures(dropped, 4)
    dropped.put(CELLS, "t.csv")
    edema, mass = id_of(dropped, "Edema"), id_of(dropped, "Mass")
    dropped.change(op="mark", items=ids[:2], finding=edema, mark="absent")
    dropped.change(op="mark", items=ids[2:], finding=edema, mark="present")
    dropped.change(op="mark", items=ids[2:], finding=mass, mark="absent")
    from wetread.studio.snapshot import snapshot_text

    def read():
        return sorted(as_a_run(snapshot_text(dropped.project.rows(), findings=True).encode()).values())

    assert read() == [(("Edema",), (), ()), (("Edema",), (), ()), (("Mass",), (), ()), (("Mass",), (), ())]
    dropped.change(op="mark", items=[ids[3]], finding=mass, mark="unknown")
    assert sorted(said[0] for said in read()) == [("Edema",), ("Edema",), ("Mass",), ("Mass",)]
    assert [said for said in read() if said[1]] == [(("Edema",), ("Mass",), ())]


def test_the_table_of_a_run_and_its_name(dropped):
    mark_enough(dropped, "A", "B", count=40)
    place = dropped.project.snapshot()
    assert place.name == dropped.project.snapshot_name()
    assert as_a_run(place.read_bytes())[f"images/{dropped.by_name['103.png']['id']}.png"] == (("A", "B"), (), ())


def test_few_cases_are_said_before_training_by_the_rule_of_the_run(dropped):
    ids = mark_enough(dropped, "A", "B", "C", "D", count=24)  # D: only 8 to 15 have it
    plan = dropped.client.get(f"{dropped.base}/plan").json()
    assert plan["can_train"] and plan["classes"] == [] and plan["images"] == 24
    assert plan["findings"] == ["A", "B", "C"]
    assert [one["name"] for one in plan["questions"]] == ["laterality"]
    before = dropped.client.get(f"{dropped.base}/audit").json()["before_train"]
    aside = next(one for one in before if one["code"] == "findings-aside")
    assert "D (8 with it)" in aside["sentence"] and aside["severity"] == "amber"
    dropped.change(op="patients", items=ids[:20], patient="P1")  # five cases are left
    plan = dropped.client.get(f"{dropped.base}/plan").json()
    assert not plan["can_train"] and "10 separate cases with it and 10 without" in plan["why_not"]["message"]
    answer = dropped.client.post(f"{dropped.base}/runs", json={})
    assert answer.status_code == 400 and answer.json()["code"] == "finding-too-small"
    assert dropped.client.post(f"{dropped.base}/audit", json={}).status_code == 400


def test_columns_beside_findings_stay_columns(dropped):
    table = b"image,finding,sex,diabetes\n" + b"".join(
        f"{n}.png,{'A|B' if n % 2 else 'none|'},{'FM'[n % 2]},{n % 3 // 2}\n".encode() for n in range(24)
    )
    ids = pictures(dropped, 24)
    dropped.put(table, "t.csv")
    plan = dropped.client.get(f"{dropped.base}/plan").json()
    assert {one["name"] for one in plan["subgroups"]} >= {"sex"}
    dropped.change(op="mark", items=[ids[0]], finding=id_of(dropped, "A"), mark="unknown")
    read = read_labels("labels.csv", dropped.project.snapshot().read_bytes())
    assert read.findings == ("A", "B") and read.others == ["sex"]


def test_a_project_of_findings_is_there_after_a_restart(dropped, studio):
    pictures(dropped, 6)
    dropped.put(COLUMNS, "t.csv")
    from wetread.studio.project import Project

    again = Project(dropped.folder, dropped.project.decoder)
    assert again.summary() == dropped.project.summary()
    marks = [item.findings for item in again._contents.items.values()]
    assert len({id(one) for one in marks}) == len({json.dumps(one) for one in marks})
    again.change({"op": "undo"})
    assert again.summary()["use"] == "classes"


@pytest.mark.parametrize(
    ("marks", "after"),
    [
        ({"a": "1", "b": "0"}, {"b": "1"}),
        ({"a": "0", "b": "0"}, {"b": "0"}),
        ({"a": "0", "b": "u", "c": "1"}, {"b": "u", "c": "1"}),
        ({"a": "0"}, {}),
        ({"a": "u"}, {"b": "u"}),
        ({}, {}),
    ],
)
def test_two_findings_become_one_as_a_run_joins_two_spellings(marks, after):
    assert merge_marks(marks, "a", "b") == after


def test_marks_of_a_kept_table():
    assert read_marks("10u-", ["c-1", "c-2", "c-3", "c-4"]) == {"c-1": "1", "c-2": "0", "c-3": "u"}
    assert read_marks("", ["c-1"]) == {}
