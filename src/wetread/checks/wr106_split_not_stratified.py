"""WR106: the parts of a given split have the classes in different proportions."""

from __future__ import annotations

from typing import Any

from wetread.checks.finding import AMBER, INFO, Audit, Finding
from wetread.checks.given_away import chance_of
from wetread.outcome import say_percent

#: How unlikely by chance, over all classes, and how far apart, in parts of the cases.
CHANCE = 0.01
DIFFERENT = 0.10


def check(audit: Audit) -> Finding | None:
    """Where a class has shares 10 points apart in training and test part (Fisher's exact test, p < 0.01), in cases.

    Amber where the number comes from that test part, else for information. Nothing is said of a split that could not be
    used.
    """
    if audit.table.split_unused:
        return None
    parts: dict[bool, dict[str, set[str]]] = {False: {}, True: {}}
    for row in audit.rows:
        if row.given_split:
            for name in row.names:
                parts[row.given_split == "test"].setdefault(name, set()).add(row.group or row.image)
    train, test = ({name: len(cases) for name, cases in part.items()} for part in (parts[False], parts[True]))
    compared = _compare(train, test, audit.classes)
    if not compared:
        return None
    worst = max(compared, key=lambda one: abs(one["test"] - one["train"]))
    return Finding(
        "WR106",
        "The given split is not stratified",
        AMBER if audit.estimate == "given test" else INFO,
        f"{worst['class']} makes up {say_percent(worst['train'])} of the cases in the training part and "
        f"{say_percent(worst['test'])} in the test part, which chance hardly explains. Sensitivity and specificity "
        "survive that; predictive values, accuracy and calibration do not, and a split that differs in this may differ "
        "in more.",
        "Ask how the parts were made (another hospital, another year?). Else leave the split out and let wetread "
        "divide the data, by patient and with the classes in proportion.",
        numbers={"classes": compared},
    )


def _compare(train: dict[str, int], test: dict[str, int], classes: list[str]) -> list[dict[str, Any]]:
    """The classes whose shares differ."""
    of_train, of_test = sum(train.values()), sum(test.values())
    if not of_train or not of_test:
        return []
    tests = len(classes) if len(classes) > 2 else 1
    found = []
    for name in classes:
        share, other = train.get(name, 0) / of_train, test.get(name, 0) / of_test
        if abs(share - other) < DIFFERENT:
            continue
        p = tests * chance_of(test.get(name, 0), of_test, train.get(name, 0), of_train)
        if p < CHANCE:
            found.append({"class": name, "train": round(share, 4), "test": round(other, 4), "p": p})
    return found
