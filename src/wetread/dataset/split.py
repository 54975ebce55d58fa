"""Folds and test sets by group, stratified and seeded: no group ever stands on both sides."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

import numpy as np

from wetread.dataset.findings import count_findings
from wetread.dataset.stratify import class_folds, finding_folds
from wetread.dataset.table import Row, Table
from wetread.outcome import counted
from wetread.shapes import Floats, Ints

#: From this many groups on, one locked test set is precise enough and cheaper than cross-validation.
LOCKED_TEST_GROUPS = 1000

#: Fewest groups per class in a given test set for it to carry the headline: with 10 against 10 a 95 % interval of
#: the AUROC is about 0.35 wide, with fewer it says next to nothing.
MIN_GIVEN_TEST = 10

#: Fewest groups per class in the training part of a given split; with fewer there are no folds inside it.
MIN_GIVEN_TRAIN = 5


@dataclass(frozen=True)
class Fold:
    """One division of the rows: what is fitted on, and what is predicted.

    Attributes:
        repeat: From 1.
        number: Fold within the repeat, from 1.
        train: Row numbers to fit on.
        test: Row numbers to predict.
    """

    repeat: int
    number: int
    train: Ints
    test: Ints


def group_folds(labels: Ints | Floats, groups: Ints, folds: int, seed: int) -> list[Ints]:
    """Divides rows into folds that keep groups whole and classes in proportion.

    Args:
        labels: Class number per row; or ``image finding`` of 1, 0 and NaN, see `finding_folds`.
        groups: Group number per row.
        folds: How many; reduced where a class has fewer groups.
        seed: Of the shuffle.

    Returns:
        For each fold the numbers of its rows, ascending.

    Raises:
        InputError: A class has fewer than two groups.
    """
    if labels.ndim == 2:
        return finding_folds(labels.astype(np.float64), groups, folds, seed)
    return class_folds(labels.astype(np.int64), groups, folds, seed)


def cross_validation(
    rows: list[Row], classes: list[str], *, folds: int, repeats: int, seed: int, labels: Floats | None = None
) -> list[Fold]:
    """Repeated stratified group cross-validation; writes `split` and `folds` into the rows.

    Args:
        rows: To be divided.
        classes: Names in the order of class numbers; not looked at where `labels` are given.
        folds: Of each repeat.
        repeats: Divisions.
        seed: Of the first division; the others follow it.
        labels: Of rows that can have several findings, as `label_matrix` makes them.
    """
    encoded, groups = (labels, number_groups(rows)) if labels is not None else encode(rows, classes)
    divisions = []
    numbers = np.arange(len(rows))
    for row in rows:
        row.split, row.folds = "cv", ()
    for repeat in range(1, repeats + 1):
        for number, test in enumerate(group_folds(encoded, groups, folds, seed + repeat), start=1):
            divisions.append(Fold(repeat, number, np.setdiff1d(numbers, test), test))
            for index in test:
                rows[index].folds = (*rows[index].folds, number)
    return divisions


def locked_test(rows: list[Row], classes: list[str], *, seed: int, labels: Floats | None = None) -> list[Fold]:
    """Sets one fifth of the groups aside, stratified, to be opened once; arguments as for `cross_validation`."""
    encoded, groups = (labels, number_groups(rows)) if labels is not None else encode(rows, classes)
    test = group_folds(encoded, groups, 5, seed)[0]
    return [_one_fold(rows, test)]


def given_test(rows: list[Row]) -> list[Fold]:
    """Uses the test set that came with the data; writes `split` into the rows."""
    return [_one_fold(rows, np.array([n for n, row in enumerate(rows) if row.given_split == "test"], dtype=np.int64))]


def _one_fold(rows: list[Row], test: Ints) -> Fold:
    inside = set(test.tolist())
    for number, row in enumerate(rows):
        row.split = "test" if number in inside else "train"
    return Fold(1, 1, np.setdiff1d(np.arange(len(rows)), test), test)


def settle_given_split(table: Table, rows: list[Row], *, allow_leak: bool = False) -> str:
    """Decides whether a split that came with the data carries the estimate.

    A set with train and validation parts but no test part is tested on its validation part: nothing of wetread has
    looked at it.

    Where images can have several findings, half of the findings must be testable: official test parts of fourteen
    findings nearly always have some that nobody has, whose numbers then stay blank.

    Args:
        table: Gets a note about the decision, and why the split is not used where it is not; and one about labels that
            only a held-out part has.
        rows: Labelled rows with groups; `given_split` may be changed from tune to test.
        allow_leak: Training rows of tested groups stay, so they count among what is left to train on.

    Returns:
        ``given test`` or an empty string (no given split, or one too small to say anything).
    """
    alone = [] if table.multi else _say_labels_of_one_part(rows)
    estimate = _settle(table, rows, allow_leak)
    table.notes += alone
    return estimate


def _settle(table: Table, rows: list[Row], allow_leak: bool) -> str:
    present = {row.given_split for row in rows}
    if "test" not in present and "tune" in present:
        for row in rows:
            row.given_split = "test" if row.given_split == "tune" else row.given_split
        held_out = "validation"
    else:
        held_out = "test"
    test = [row for row in rows if row.given_split == "test"]
    if not test or all(row.given_split == "test" for row in rows):
        return ""
    tested = set() if allow_leak else {row.group for row in test}
    left = [row for row in rows if row.given_split != "test" and row.group not in tested]
    if table.multi:
        fewest, fewest_left = _median_groups(test, table.findings), _median_groups(left, table.findings)
        smallest = "for half of its findings"
    else:
        classes = {row.label for row in rows}
        fewest, fewest_left = _fewest_groups(test, classes), _fewest_groups(left, classes)
        smallest = "in its smallest class"
    if fewest >= MIN_GIVEN_TEST and fewest_left < MIN_GIVEN_TRAIN:
        part = f"Without what is also in the given {held_out} set, its" if not allow_leak else "The given"
        table.split_unused = (
            f"{part} training part has only {counted(fewest_left, 'separate case')} {smallest}, too few to train on"
        )
    elif fewest < MIN_GIVEN_TEST:
        has = f"only {counted(fewest, 'separate case')} {smallest}"
        if not fewest and not table.multi:
            has = "no case of at least one class"
        table.split_unused = f"The given {held_out} set has {has}, from which no number can come"
    if table.split_unused:
        small = len({row.group or row.image for row in rows}) < LOCKED_TEST_GROUPS
        done = "cross-validated" if small else "divided anew"
        table.notes.append(f"{table.split_unused}; all {len(rows)} labelled images were {done} instead.")
        return ""
    if held_out == "validation":
        table.notes.append("The data came with a validation but no test set; the validation set was kept for the test.")
    return "given test"


def _say_labels_of_one_part(rows: list[Row]) -> list[str]:
    """A sentence for a held-out part of a given split that has labels which no other part has: often a spelling."""
    parts: dict[str, set[str]] = {}
    for row in rows:
        parts.setdefault(row.label, set()).add(row.given_split)
    if len(set.union(set(), *parts.values()) - {""}) < 2:
        return []
    told = []
    for part, title in (("tune", "validation"), ("test", "test")):
        alone = sorted(label for label, found in parts.items() if found == {part})
        if alone:
            named = ", ".join(alone[:3]) + (f" and {len(alone) - 3} more" if len(alone) > 3 else "")
            told.append(
                f"{named} {'occurs' if len(alone) == 1 else 'occur'} only in the {title} part of the given split: "
                "another spelling of a label, or a part that lacks a class?"
            )
    return told


def _fewest_groups(rows: list[Row], classes: set[str]) -> int:
    """Groups of the class that has the fewest."""
    counts = Counter(label for label, _ in {(row.label, row.group) for row in rows})
    return min(counts.get(label, 0) for label in classes)


def _median_groups(rows: list[Row], findings: list[str]) -> int:
    """Groups that the middle finding has, or lacks where fewer lack it; of two middle ones the better."""
    fewest = sorted(counts.fewest for counts in count_findings(rows, findings).values())
    return fewest[len(fewest) // 2] if fewest else 0


def find_leaking_rows(rows: list[Row]) -> list[Row]:
    """Training rows whose group also stands in the given test set."""
    tested = {row.group for row in rows if row.given_split == "test"}
    return [row for row in rows if row.given_split != "test" and row.group in tested]


def set_leaking_rows_aside(leaking: list[Row]) -> None:
    """Skips training rows that `find_leaking_rows` found, so that the test stays a test."""
    for row in leaking:
        row.skip("same patient or same picture as in the given test set; not trained on")


def encode(rows: list[Row], classes: list[str]) -> tuple[Ints, Ints]:
    """Class number and group number of each row."""
    numbers = {name: number for number, name in enumerate(classes)}
    return np.array([numbers[row.label] for row in rows], dtype=np.int64), number_groups(rows)


def number_groups(rows: list[Row]) -> Ints:
    """Group number of each row, in order of appearance."""
    groups: dict[str, int] = {}
    return np.array([groups.setdefault(row.group or row.image, len(groups)) for row in rows], dtype=np.int64)
