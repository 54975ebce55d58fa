"""The laws of every division: a group is on one side, classes keep their share, a seed repeats it."""

from collections import Counter
from pathlib import Path

import numpy as np
import pytest

from dataset.rows import row
from wetread.dataset.split import (
    MIN_GIVEN_TEST,
    MIN_GIVEN_TRAIN,
    cross_validation,
    encode,
    find_leaking_rows,
    given_test,
    group_folds,
    locked_test,
    set_leaking_rows_aside,
    settle_given_split,
)
from wetread.dataset.table import Table
from wetread.errors import InputError

CLASSES = ["a", "b"]


def draw_rows(seed, patients=30):
    """Patients with one to five images each, of one class or of both."""
    rng = np.random.default_rng(seed)
    rows = []
    for patient in range(patients):
        usual = CLASSES[patient % 3 == 0]
        for image in range(rng.integers(1, 6)):
            label = rng.choice(CLASSES) if patient % 7 == 0 else usual
            rows.append(row(f"{patient}-{image}", label, group=f"G{patient}"))
    return [rows[number] for number in rng.permutation(len(rows))]


def groups_of(rows, numbers):
    return {rows[number].group for number in numbers}


@pytest.mark.parametrize("seed", range(12))
def test_no_group_is_ever_on_both_sides(seed):
    rows = draw_rows(seed)
    divisions = cross_validation(rows, CLASSES, folds=5, repeats=2, seed=seed) + locked_test(rows, CLASSES, seed=seed)
    for fold in divisions:
        assert not groups_of(rows, fold.train) & groups_of(rows, fold.test)
        assert sorted([*fold.train, *fold.test]) == list(range(len(rows)))
        assert {rows[number].label for number in fold.test} == {rows[n].label for n in fold.train} == set(CLASSES)


def test_each_image_is_tested_once_per_repeat_and_its_row_says_in_which_fold():
    rows = draw_rows(3)
    folds = cross_validation(rows, CLASSES, folds=4, repeats=3, seed=0)
    for repeat in (1, 2, 3):
        inside = {number: fold.number for fold in folds if fold.repeat == repeat for number in fold.test}
        assert [inside[number] for number in range(len(rows))] == [one.folds[repeat - 1] for one in rows]
    assert {one.split for one in rows} == {"cv"}


def test_a_seed_repeats_the_division_and_another_changes_it():
    first, again, other = (
        [fold.test.tolist() for fold in cross_validation(draw_rows(1), CLASSES, folds=5, repeats=1, seed=seed)]
        for seed in (4, 4, 5)
    )
    assert first == again != other


@pytest.mark.parametrize("per_patient", [1, 2])
@pytest.mark.parametrize("seed", range(5))
def test_folds_keep_the_share_of_a_rare_class(seed, per_patient):
    # scikit-learn issue 32478: before 1.8 a shuffled StratifiedGroupKFold gave folds of 5 to 25 % here.
    labels = np.repeat((np.arange(200) < 30).astype(np.int64), per_patient)
    groups = np.repeat(np.arange(200), per_patient)
    shuffled = np.random.default_rng(seed).permutation(len(labels))
    for part in group_folds(labels[shuffled], groups[shuffled], 5, seed):
        assert 0.14 <= labels[shuffled][part].mean() <= 0.16
        assert len(part) == 40 * per_patient


def test_folds_are_fewer_where_a_class_has_fewer_groups():
    labels = np.array([0] * 20 + [1] * 3)
    parts = group_folds(labels, np.arange(23), 5, 0)
    assert len(parts) == 3
    assert all(labels[part].sum() == 1 for part in parts)


def test_a_class_of_a_single_patient_cannot_be_divided():
    with pytest.raises(InputError, match="single patient"):
        group_folds(np.array([0, 0, 0, 1, 1]), np.array([0, 1, 2, 3, 3]), 2, 0)


def test_a_locked_test_holds_about_a_fifth_of_each_class():
    rows = [row(f"{n}", CLASSES[n % 4 == 0], group=f"G{n}") for n in range(400)]
    fold = locked_test(rows, CLASSES, seed=0)[0]
    assert Counter(rows[number].label for number in fold.test) == {"a": 60, "b": 20}
    assert [one.split for one in rows].count("test") == len(fold.test) == 80


def test_a_given_test_is_taken_as_it_is():
    rows = [row(f"{n}", given_split=part) for n, part in enumerate(["train", "test", "tune", "test", ""])]
    fold = given_test(rows)[0]
    assert (fold.train.tolist(), fold.test.tolist()) == ([0, 2, 4], [1, 3])
    assert [one.split for one in rows] == ["train", "test", "train", "test", "train"]


def test_training_rows_of_tested_groups_are_set_aside():
    rows = [row("1", group="G1", given_split="test"), row("2", group="G1", given_split="train")]
    rows += [row("3", group="G2", given_split="train"), row("4", group="G1", given_split="")]
    leaking = find_leaking_rows(rows)
    assert [one.image for one in leaking] == ["2", "4"]
    set_leaking_rows_aside(leaking)
    assert [one.status for one in rows] == ["used", "skipped", "used", "skipped"]
    assert "test set" in rows[1].reason


def rows_of(parts, *, shared=False):
    """``{split: {label: cases}}`` -> rows; the parts are of other cases, or share them."""
    return [
        row(f"{split}-{label}-{n}", label, group=f"{'' if shared else split}{label}{n}", given_split=split)
        for split, counts in parts.items()
        for label, count in counts.items()
        for n in range(count)
    ]


def given(parts):
    """``{split: {label: separate cases}}`` -> rows and what became of the split that came with them."""
    rows = rows_of(parts)
    table = Table(Path(), "splits", rows)
    return settle_given_split(table, rows), rows, table.notes


ENOUGH = {"a": MIN_GIVEN_TEST, "b": MIN_GIVEN_TEST}


def test_a_given_test_set_carries_the_estimate_if_it_is_large_enough():
    assert given({"train": ENOUGH, "test": ENOUGH})[0] == "given test"
    estimate, _, notes = given({"train": ENOUGH, "test": ENOUGH | {"b": MIN_GIVEN_TEST - 1}})
    assert estimate == ""
    assert f"only {MIN_GIVEN_TEST - 1} separate cases" in notes[0]
    assert given({"train": ENOUGH, "test": ENOUGH | {"b": 1}})[2][0].startswith(
        "The given test set has only 1 separate case in its smallest class, from which no number can come; all "
    )


def test_a_given_test_set_of_one_class_says_that_it_lacks_the_other():
    rows = rows_of({"train": ENOUGH, "test": {"a": 20}})
    table = Table(Path(), "splits", rows)
    assert settle_given_split(table, rows) == ""
    assert table.split_unused == ("The given test set has no case of at least one class, from which no number can come")
    assert table.notes[-1:] == [f"{table.split_unused}; all 40 labelled images were cross-validated instead."]


def test_a_large_set_whose_split_is_not_used_is_not_said_to_be_cross_validated():
    rows = rows_of({"train": {"a": 600, "b": 600}, "test": {"a": 20}})
    table = Table(Path(), "splits", rows)
    assert settle_given_split(table, rows) == ""
    assert table.notes[-1].endswith("all 1220 labelled images were divided anew instead.")


@pytest.mark.parametrize(("part", "title"), [("tune", "validation"), ("test", "test")])
def test_labels_that_only_a_held_out_part_has_are_named(part, title):
    others = [name for name in ("train", "tune", "test") if name != part]
    _, _, notes = given(dict.fromkeys(others, ENOUGH) | {part: ENOUGH | {"Dog": 2}})
    assert notes[-1].startswith(f"Dog occurs only in the {title} part of the given split: another spelling")
    _, _, notes = given({"train": ENOUGH, part: ENOUGH | dict.fromkeys("cdefg", 2)})
    assert notes[-1].startswith(f"c, d, e and 2 more occur only in the {title} part")


def test_of_a_split_that_is_used_nothing_is_said():
    rows = rows_of({"train": ENOUGH, "test": ENOUGH})
    table = Table(Path(), "splits", rows)
    assert (settle_given_split(table, rows), table.split_unused) == ("given test", "")


def test_copies_do_not_make_a_given_test_set_larger():
    rows = [row(f"{n}", "ab"[n % 2], group=f"G{n % 10}", given_split="test") for n in range(100)]
    rows += [row(f"t{n}", "ab"[n % 2], group=f"T{n}", given_split="train") for n in range(40)]
    assert settle_given_split(Table(Path(), "splits", rows), rows) == ""


def test_a_validation_set_stands_in_for_a_missing_test_set():
    estimate, rows, notes = given({"train": ENOUGH, "tune": ENOUGH})
    assert estimate == "given test"
    assert Counter(one.given_split for one in rows) == {"train": 20, "test": 20}
    assert "validation" in notes[0]


def test_beside_a_test_set_the_validation_set_is_trained_on():
    estimate, rows, notes = given({"train": ENOUGH, "tune": ENOUGH, "test": ENOUGH})
    assert (estimate, notes) == ("given test", [])
    assert len(given_test(rows)[0].train) == 40


@pytest.mark.parametrize("parts", [{"": ENOUGH}, {"train": ENOUGH}, {"test": ENOUGH}])
def test_one_part_alone_is_no_split(parts):
    assert given(parts)[0] == ""


def test_a_class_that_the_training_part_lacks_cannot_be_tested_as_given():
    # Such as the sub-folder "images" of an unlabelled test folder.
    estimate, _, notes = given({"train": ENOUGH, "test": ENOUGH | {"c": 20}})
    assert estimate == ""
    assert "training" in notes[0]


def test_a_training_part_that_leaks_away_cannot_carry_a_given_test():
    rows = [
        row(f"{part}{n}", "ab"[n % 2], group=f"G{n}" if n % 2 else f"{part}{n}", given_split=part)
        for part in ("train", "test")
        for n in range(40)
    ]
    assert settle_given_split(Table(Path(), "splits", rows), rows) == ""
    # Asked to use the split as it is, nothing leaks away.
    assert settle_given_split(Table(Path(), "splits", rows), rows, allow_leak=True) == "given test"


@pytest.mark.parametrize("few", [MIN_GIVEN_TRAIN - 1, MIN_GIVEN_TRAIN])
def test_a_leak_that_is_allowed_does_not_spare_a_training_part_that_is_too_small(few):
    rows = rows_of({"train": {"a": 20, "b": few}, "test": ENOUGH}, shared=True)
    table = Table(Path(), "splits", rows)
    assert settle_given_split(table, rows, allow_leak=True) == ("" if few < MIN_GIVEN_TRAIN else "given test")
    assert [note.startswith("The given training part has only") for note in table.notes] == [True] * (
        few < MIN_GIVEN_TRAIN
    )


def test_encode_numbers_classes_in_their_order_and_groups_in_order_of_appearance():
    rows = [row("1", "b", group="G9"), row("2", "a", group="G1"), row("3", "b", group="G9"), row("4", "a")]
    labels, groups = encode(rows, CLASSES)
    assert (labels.tolist(), groups.tolist()) == ([1, 0, 1, 0], [0, 1, 0, 2])
