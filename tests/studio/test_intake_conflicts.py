"""Files that contradict each other as they come in: one picture in two classes, one name for two files."""

from urllib.parse import quote

import pytest

from tests.studio.dropping import Dropped, picture_bytes, zip_bytes
from tests.studio.test_uploads import dicom_bytes
from wetread.studio.audit import GIVEN_TWICE, audit_of
from wetread.studio.project import Project

TABLE = b"image,label,patient\nimages/1.png,effusion,A\nimages/2.png,normal,B\nimages/3.png,effusion,C\n"


@pytest.fixture
def dropped(studio):
    return Dropped(studio)


def drop(dropped, files, batch="one drop"):
    """Drops {path: (bytes, class)} as one addition; returns the answers."""
    answers = []
    for path, (data, label) in files.items():
        headers = {"X-Name": quote(path, safe=""), "X-Class": quote(label, safe=""), "X-Batch": batch}
        answers.append(dropped.client.put(f"{dropped.base}/items", content=data, headers=headers).json())
    return answers


def both(dropped):
    """Three pictures in malignant, two of them in benign too; returns the answers to the two."""
    drop(dropped, {f"malignant/{one}.png": (picture_bytes(one), "malignant") for one in range(3)})
    return drop(dropped, {f"benign/b{one}.png": (picture_bytes(one), "benign") for one in range(2)}, "another")


def contradictions(dropped):
    return [one for one in audit_of(dropped.project)["before_train"] if one["code"] == GIVEN_TWICE]


def test_a_picture_of_two_classes_is_said_and_both_classes_are_there(dropped):
    answers = both(dropped)
    assert dropped.counts == {"malignant": 3, "benign": 0}
    ids = {one["name"]: one["id"] for one in dropped.summary["classes"]}
    assert answers[1]["given"] == {
        "id": dropped.by_name["1.png"]["id"],
        "name": "b1.png",
        "in": ids["malignant"],
        "as": ids["benign"],
    }
    assert answers[1]["reason"] == "The same file is here already, in malignant, and came as benign too."
    shown = dropped.by_name
    assert (shown["0.png"]["also"], shown["0.png"]["doubt"]) == (["benign"], True)
    assert (shown["2.png"]["also"], shown["2.png"]["doubt"]) == ([], False)


def test_what_is_left_where_it_is_stays_a_finding_of_the_audit_until_somebody_decides(dropped):
    both(dropped)
    for number in range(10, 22):
        dropped.put(picture_bytes(number), f"{number}.png", "benign")
    (told,) = contradictions(dropped)
    assert (told["severity"], told["images_total"]) == ("amber", 2)
    assert told["sentence"] == "2 images in malignant came as benign too, as the very same files."
    reread = Project(dropped.folder, dropped.project.decoder)  # as after a restart
    assert [one["also"] for one in reread.items()["items"]][:3] == [["benign"], ["benign"], []]
    fixes = {one["label"]: one["change"] for one in told["fixes"]}
    for label, counts in (
        ("Move to benign", {"malignant": 1, "benign": 14}),
        ("Leave out, label in doubt", {"malignant": 1, "benign": 12}),
        ("malignant is right", {"malignant": 3, "benign": 12}),
    ):
        dropped.change(**fixes[label])
        assert (dropped.counts, contradictions(dropped)) == (counts, [])
        dropped.change(op="undo")
        assert len(contradictions(dropped)) == 1 and dropped.counts == {"malignant": 3, "benign": 12}
    dropped.change(
        op="merge-classes", **{"from": told["fixes"][0]["change"]["class"], "into": dropped.items[0]["class"]}
    )
    assert contradictions(dropped) == []


def test_an_archive_tells_its_contradictions_too(dropped):
    twice = {"malignant/1.png": picture_bytes(1), "benign/1.png": picture_bytes(1), "benign/2.png": picture_bytes(2)}
    end = dropped.put_archive(zip_bytes(twice))
    assert (end["added"], end["duplicates"], len(end["given"]), len(dropped.counts)) == (2, 1, 1, 2)


def test_the_same_folder_again_is_no_contradiction_where_a_table_says_the_class(dropped):
    pictures = {f"eff/images/{one}.png": (picture_bytes(one), "images") for one in (1, 2, 3)}
    drop(dropped, {**pictures, "eff/labels.csv": (TABLE, "")})
    again = drop(dropped, pictures, "again")
    assert [one["given"] for one in again] == [None] * 3
    assert dropped.counts == {"effusion": 2, "normal": 1}


def test_masks_beside_the_images_of_a_table_do_not_become_images_of_a_class(dropped):
    files = {f"eff/images/{one}.png": (picture_bytes(one), "images") for one in (1, 2, 3)}
    masks = {f"eff/masks/{one}.png": (picture_bytes(10 + one), "masks") for one in (1, 3)}
    *_, told = drop(dropped, {**masks, **files, "eff/labels.csv": (TABLE, "")})
    assert dropped.counts == {"effusion": 2, "normal": 1}
    assert dropped.summary["unlabelled"] == 2
    assert len(told["items"]) == 3
    assert "Not in it, so without a class: 2 images of the same folder." in told["reason"]
    dropped.change(op="undo")
    assert dropped.counts == {"masks": 2, "images": 3}


def test_masks_of_another_kind_share_the_stem_alone(dropped, tmp_path):
    """As `wetread data make chest-effusion` writes them: images/P1.dcm and masks/P1.png."""
    for number in (1, 2):
        dropped.put(picture_bytes(number), f"eff/masks/P{number}.png", "masks")
        dropped.put(dicom_bytes(tmp_path, number), f"eff/images/P{number}.dcm", "images")
    dropped.put(b"image,label,patient\nimages/P1.dcm,effusion,A\nimages/P2.dcm,normal,B\n", "eff/labels.csv")
    assert dropped.counts == {"masks": 2, "effusion": 1, "normal": 1}
    kinds = {one["kind"] for one in dropped.items if one["class"] != dropped.by_name["P1.png"]["class"]}
    assert kinds == {"DICOM"}


def test_masks_that_come_after_their_table_do_not_match_by_name(dropped):
    dropped.put(TABLE, "labels.csv")
    dropped.put(picture_bytes(11), "masks/1.png")
    dropped.put(picture_bytes(1), "new/images/1.png")
    assert dropped.counts == {"effusion": 1}
    assert [one["class"] is None for one in dropped.items] == [True, False]


def test_masks_in_an_archive_do_not_match_by_name(dropped):
    members = {f"images/{one}.png": picture_bytes(one) for one in (1, 2, 3)}
    members |= {f"masks/{one}.png": picture_bytes(10 + one) for one in (1, 3)}
    dropped.put_archive(zip_bytes({"labels.csv": TABLE, **members}))
    assert (dropped.counts, dropped.summary["unlabelled"]) == ({"effusion": 2, "normal": 1}, 2)


@pytest.mark.parametrize("row", ["1.png", "1"])
def test_a_name_that_fits_two_files_is_refused_and_said(dropped, row):
    for folder, number in (("left", 1), ("right", 2)):
        dropped.put(picture_bytes(number), f"{folder}/1.png")
    dropped.put(picture_bytes(3), "left/2.png")
    told = dropped.put(f"image,label\n{row},sick\n2.png,well\n".encode(), "t.csv")
    assert dropped.counts == {"well": 1}
    assert "Not followed, since more than one image is meant by the same name: 1.png." in told["reason"]
    dropped.change(op="exclude", items=[one["id"] for one in dropped.items[1:2]])
    dropped.put(f"image,label\n{row},sick\n".encode(), "again.csv")  # one of the two is left out
    assert dropped.counts == {"well": 1, "sick": 1}


def test_a_path_from_elsewhere_still_means_the_one_file_of_that_name(dropped):
    """As the terminal finds it: nothing lies at the path, and one file alone has the name."""
    dropped.put(picture_bytes(1), "mine/1.png")
    dropped.put(b"image,label\n/data/old/1.png,sick\n", "t.csv")
    assert dropped.counts == {"sick": 1}


def test_every_small_class_is_named_with_those_that_are_left_out_of_training(dropped):
    number = 0
    for name, size in (("a", 12), ("b", 7), ("c", 4), ("d", 3)):
        for _ in range(size):
            number += 1
            dropped.put(picture_bytes(number), f"{number}.png", name)
    (told,) = [one for one in audit_of(dropped.project)["before_train"] if one["code"] == "few-images"]
    assert told["sentence"] == (
        "d has 3 images, c has 4 images, b has 7 images; from fewer than 10 no number can be believed. "
        "Left out of training, having fewer than 5 separate cases: c, d."
    )
    dropped.change(
        op="patients",
        items=[one["id"] for one in dropped.items if one["name"] in ("13.png", "14.png", "15.png", "16.png")],
        patient="P",
    )
    (told,) = [one for one in audit_of(dropped.project)["before_train"] if one["code"] == "few-images"]
    assert (
        "separate cases: b, c, d. Fewer than two classes remain, so that no model can be trained." in told["sentence"]
    )


def test_the_bin_lists_gives_back_and_empties(studio):
    def make(name):
        return studio.post("/api/projects", json={"name": name}).json()["id"]

    one, other, kept = make("one"), make("other"), make("kept")
    secret = studio.home.path / ".secrets" / f"{one}.secret"
    studio.studio.project(one).pseudonyms.patient("x")
    assert secret.exists()
    for project in (one, other):
        studio.request("DELETE", f"/api/projects/{project}")
    assert studio.get("/api/start").json()["trash"] == 2
    listed = studio.get("/api/trash").json()["projects"]
    assert {(each["id"], each["name"]) for each in listed} == {(one, "one"), (other, "other")}
    assert all(each["removed"].startswith("20") for each in listed)
    studio.post(f"/api/trash/{other}/restore")
    assert studio.request("DELETE", "/api/trash").json() == {"removed": 1}
    assert studio.get("/api/trash").json() == {"projects": []}
    assert not (studio.home.trash / one).exists() and not secret.exists()
    assert {card["id"] for card in studio.get("/api/start").json()["projects"]} == {other, kept}
    assert studio.request("DELETE", "/api/trash").json() == {"removed": 0}


def test_the_start_page_says_what_trains_and_what_waits_for_whom(studio):
    from wetread.studio.queue import WAITING, WORKING, new_job

    first, second = (studio.post("/api/projects", json={"name": name}).json()["id"] for name in ("first", "second"))
    for project, run, state in ((first, "r1", WORKING), (second, "r2", WAITING)):
        new_job(studio.home.project_folder(project), run, "run", []).write(state=state)
    cards = {card["id"]: card["live"] for card in studio.get("/api/start").json()["projects"]}
    assert cards[first]["status"] == "running"
    assert cards[second] == {"status": "queued", "fraction": None, "waits_for": {"id": first, "name": "first"}}
    events = studio.get(f"/api/projects/{second}/runs/r2/events").json()
    assert events["waits_for"] == {"id": first, "name": "first"}
