"""What was added at once is taken back at once, and its files go when nothing can need them."""

from urllib.parse import quote

import pytest

from studio.dropping import Dropped, picture_bytes, zip_bytes


@pytest.fixture
def dropped(studio):
    return Dropped(studio)


def drop(dropped, numbers, label="", batch="b1"):
    """As a browser drops several files at once; returns their ids."""
    found = []
    for number in numbers:
        headers = {"X-Name": f"{number}.png", "X-Class": quote(label), "X-Batch": batch}
        answer = dropped.client.put(f"{dropped.base}/items", content=picture_bytes(number), headers=headers).json()
        found += answer["items"]
    return found


def stored(dropped):
    return {place.stem for place in (dropped.folder / "images").iterdir()}


def names(dropped):
    return sorted(one["name"] for one in dropped.items)


def test_an_addition_is_taken_back_as_a_whole_with_its_class_and_made_again_also_after_a_restart(dropped):
    drop(dropped, [1], "A", "b0")
    new = drop(dropped, [2, 3], "B")
    assert dropped.summary["undo"] == "Add 2 images"
    after = dropped.change(op="undo")
    assert dropped.counts == {"A": 1}
    assert (names(dropped), after["counts"]["items"]) == (["1.png"], 1)
    assert (after["undo"], after["redo"]) == ("Add 1 image", "Add 2 images")
    assert set(new) <= stored(dropped)  # Redo needs them
    dropped.client.studio.forget(dropped.id)
    dropped.change(op="redo")
    assert dropped.counts == {"A": 1, "B": 2}
    assert names(dropped) == ["1.png", "2.png", "3.png"]
    dropped.change(op="undo")
    dropped.change(op="undo")
    assert (dropped.counts, names(dropped)) == ({}, [])


def test_the_files_go_when_redo_can_no_longer_bring_them_back(dropped):
    kept = drop(dropped, [1], "A", "b0")
    new = drop(dropped, [2, 3], "A")
    thumbs = [path for path in (dropped.folder / "cache").rglob("*") if path.is_file() and path.stem in new]
    assert len(thumbs) == 2
    dropped.change(op="undo")
    dropped.change(op="add-class", name="C")
    assert stored(dropped) == set(kept)
    assert not any(path.exists() for path in thumbs)
    # The same files can come again, and stay.
    assert drop(dropped, [2], "C", "b2") == new[:1]
    dropped.change(op="rename-class", **{"class": "c-1"}, name="D")
    assert stored(dropped) == {*kept, new[0]}
    assert dropped.counts == {"D": 1, "C": 1}


def test_what_a_run_has_read_stays_and_is_shown(dropped):
    new = drop(dropped, [1, 2], "A", "b0") + drop(dropped, [3], "B")
    dropped.project.snapshot()
    dropped.change(op="undo")
    dropped.change(op="add-class", name="C")
    assert stored(dropped) == set(new)
    assert dropped.project.item_of(f"images/{new[2]}.png").name == "3.png"
    assert dropped.project.source(new[2]).path.exists()
    assert dropped.summary["counts"]["items"] == 2


def test_a_class_that_got_other_images_meanwhile_stays(dropped):
    first = drop(dropped, [1], "A", "b0")
    drop(dropped, [2], "B")
    dropped.put(picture_bytes(3), "3.png", "B")  # without the name of an addition: it is not taken back
    dropped.change(op="undo")
    assert dropped.counts == {"A": 1, "B": 1}
    assert names(dropped) == ["1.png", "3.png"]
    assert set(first) < stored(dropped)


def test_changes_in_between_are_taken_back_in_their_turn(dropped):
    [one] = drop(dropped, [1], "A")
    dropped.change(op="note", item=one, text="look")
    drop(dropped, [2], "A")
    texts = []
    for _ in range(3):
        texts.append(dropped.summary["undo"])
        dropped.change(op="undo")
    assert texts == ["Add 1 image", "Write a note", "Add 1 image"]
    assert names(dropped) == []
    for _ in range(3):
        dropped.change(op="redo")
    assert [(item["name"], item["note"]) for item in dropped.items] == [("1.png", "look"), ("2.png", "")]


def test_an_archive_is_one_addition(dropped):
    members = {f"{label}/{number}.png": picture_bytes(number) for number, label in enumerate("AABB")}
    headers = {"X-Name": "set.zip", "X-Class": "", "X-Batch": "b9"}
    dropped.client.put(f"{dropped.base}/items", content=zip_bytes(members), headers=headers)
    dropped.project.tasks.wait(600)
    assert dropped.counts == {"A": 2, "B": 2}
    assert dropped.change(op="undo")["counts"]["items"] == 0
    assert dropped.counts == {}
    assert dropped.change(op="redo")["counts"]["items"] == 4
