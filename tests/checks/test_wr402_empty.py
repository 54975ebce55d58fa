"""A class or finding that the data name and no image shows is told, never dropped in silence."""

import pytest
from dataset.rows import write_images

from checks.audits import audit, skipped_row
from wetread.checks.wr402_classes_left_out import check
from wetread.dataset.scan import scan


def folders(root, *more):
    write_images(
        root, *(f"{more}{label}/{number}.png" for more in more or [""] for label in "ab" for number in range(3))
    )
    return root


def test_an_empty_class_folder_is_named(tmp_path):
    (folders(tmp_path) / "rare" / "deeper").mkdir(parents=True)
    table = scan(tmp_path)
    assert (table.empty, table.classes) == (["rare"], ["a", "b"])
    assert any("rare" in note for note in table.notes)


def test_an_empty_class_folder_of_a_split_is_named_unless_another_part_has_it(tmp_path):
    folders(tmp_path, "train/", "test/")
    write_images(tmp_path, "train/c/1.png")
    for place in ("test/c", "test/rare", "train/rare"):
        (tmp_path / place).mkdir(parents=True)
    assert scan(tmp_path).empty == ["rare"]


@pytest.mark.parametrize("options", [{"finding": "a"}, {"classes": ["a", "b"]}])
def test_what_was_not_asked_for_is_not_missed(tmp_path, options):
    (folders(tmp_path) / "rare").mkdir()
    assert scan(tmp_path, **options).empty == []


@pytest.mark.parametrize("rows", ["1,0,0;0,1,0", "1,0,0;1,1,0;0,0,0"])
def test_a_column_without_a_single_1_is_named(tmp_path, rows):
    lines = [f"{number}.png,{row}" for number, row in enumerate(rows.split(";"))]
    write_images(tmp_path, *(f"{number}.png" for number in range(len(lines))))
    (tmp_path / "labels.csv").write_text("\n".join(["image,Mass,Effusion,Hernia", *lines]))
    assert scan(tmp_path).empty == ["Hernia"]


def empty_audit(**fields):
    found = audit(**fields)
    found.table.empty = ["Hernia"]
    return found


def test_the_check_names_it_alone_and_beside_a_small_class():
    alone = check(empty_audit())
    assert (alone.severity, alone.numbers["empty"]) == ("amber", ["Hernia"]) and "Hernia" in alone.sentence
    left = skipped_row("r.png", "its class has 1 cases, fewer than 5", "rare")
    both = check(empty_audit(skipped=[left], small_classes=["rare"]))
    assert "rare" in both.sentence and "Hernia" in both.sentence and both.images == ("r.png",)
