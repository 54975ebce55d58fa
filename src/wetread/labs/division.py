"""Rows of a set of phantoms with a column that says who trains and who tests."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

#: Columns of the tables that labs write.
KEPT = ("image", "label", "patient")


#: Share of the patients who only train where pictures are divided one by one: a split of which nothing is left without
#: the tested patients is not used by `wetread run`, not even where a leak is allowed.
ONLY_TRAIN = 0.3


def divide_by_patient(rows: Sequence[Mapping[str, str]], test: float, seed: int) -> list[dict[str, str]]:
    """Sets patients aside for the test, all their images with them.

    Args:
        rows: Of a labels.csv.
        test: Share of the patients; of those with the same labels each.
        seed: Of the draw.

    Returns:
        image, label, patient and split (train or test).
    """
    tested = _draw_patients(rows, test, np.random.default_rng([seed, 61]))
    return _told(rows, [row["patient"] in tested for row in rows])


def divide_by_picture(rows: Sequence[Mapping[str, str]], test: float, seed: int) -> list[dict[str, str]]:
    """Sets pictures aside for the test though others of the same patients train: the mistake.

    Args:
        rows: Of a labels.csv.
        test: Share of the pictures.
        seed: Of the draw.
    """
    rng = np.random.default_rng([seed, 62])
    spared = _draw_patients(rows, ONLY_TRAIN, rng)
    open_to_draw = [at for at, row in enumerate(rows) if row["patient"] not in spared]
    order = rng.permutation(len(open_to_draw))
    tested = {open_to_draw[at] for at in order[: round(test * len(rows))]}
    return _told(rows, [at in tested for at in range(len(rows))])


def _draw_patients(rows: Sequence[Mapping[str, str]], share: float, rng: np.random.Generator) -> set[str]:
    """The same share of those with each set of labels, so that both classes are in both parts."""
    labels: dict[str, set[str]] = {}
    for row in rows:
        labels.setdefault(row["patient"], set()).add(row["label"])
    drawn: set[str] = set()
    for kind in sorted({tuple(sorted(found)) for found in labels.values()}):
        alike = sorted(patient for patient, found in labels.items() if tuple(sorted(found)) == kind)
        drawn |= {alike[at] for at in rng.permutation(len(alike))[: round(share * len(alike))]}
    return drawn


def _told(rows: Sequence[Mapping[str, str]], tested: Sequence[bool]) -> list[dict[str, str]]:
    return [
        {name: row[name] for name in KEPT} | {"split": "test" if test else "train"}
        for row, test in zip(rows, tested, strict=True)
    ]
