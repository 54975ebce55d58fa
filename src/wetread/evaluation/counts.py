"""How many images and patients were tested, with each class or finding and without it: ``n`` of numbers.json."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from wetread.dataset.table import Table
from wetread.evaluation.finding_predictions import FindingPredictions
from wetread.evaluation.predictions import Predictions
from wetread.outcome import in_words
from wetread.shapes import Bools


@dataclass(frozen=True)
class Side:
    """The tested cases that have a class or finding, or those known to be without it.

    Attributes:
        name: Of the class or finding.
        has: True for the cases that have it.
        count: How many they are.
        unit: What is counted: patients; where they are not known different pictures, or images if none has a copy.
    """

    name: str
    has: bool
    count: int
    unit: str

    @property
    def which(self) -> str:
        """``with small mass`` or ``without small mass``."""
        return f"{'with' if self.has else 'without'} {in_words(self.name)}"


def count_cases(predictions: Predictions | FindingPredictions, table: Table, trained_on: int | None) -> dict[str, Any]:
    """Counts what was tested.

    Where patients are known, an image that names none is a patient of its own (with its copies, that is: its group);
    all such images together are not one patient.

    Args:
        predictions: Labelled ones, of every tested image.
        table: The data set.
        trained_on: Images that the shipped model was fitted on; None where that is not known.

    Returns:
        ``images``; ``patients``, None where they are not known; ``per_class`` and ``patients_per_class``, those with
        each class or finding; ``trained_on``; and what became of every file. Of findings also ``without`` and
        ``patients_without``, the images and patients known not to have each, and in images ``unknown``,
        ``without_finding`` and ``several_findings``. Where patients are not known and some images are copies,
        ``pictures``, ``pictures_per_class`` and ``pictures_without`` count the different ones.
    """
    known = table.grouping != "none"
    names = predictions.findings if isinstance(predictions, FindingPredictions) else predictions.classes
    who = [
        (patient, "" if patient else group)
        for patient, group in zip(predictions.patients, predictions.groups, strict=True)
    ]

    def of_each(chosen: Bools) -> dict[str, int]:
        return dict(zip(names, chosen.sum(axis=0).tolist(), strict=True))

    def units_of_each(chosen: Bools) -> dict[str, int]:
        return {
            name: len({who[place] for place in np.flatnonzero(column)})
            for name, column in zip(names, chosen.T, strict=True)
        }

    units = len(set(who))
    counts: dict[str, Any] = {"images": len(who), "patients": units if known else None}
    sides: dict[str, Bools] = {}
    if isinstance(predictions, FindingPredictions):
        has, lacks = predictions.truth == 1, predictions.truth == 0
        sides = {"per_class": has, "without": lacks}
        counts |= {
            "per_class": of_each(has),
            "without": of_each(lacks),
            "unknown": of_each(~predictions.known),
            "without_finding": int(lacks.all(axis=1).sum()),
            "several_findings": int((has.sum(axis=1) > 1).sum()),
        }
    else:
        sides = {"per_class": predictions.truth[:, None] == np.arange(len(names))}
        counts["per_class"] = of_each(sides["per_class"])
    counts |= {"trained_on": trained_on, **table.ledger()}
    if known:
        counts |= {f"patients_{kind}": units_of_each(chosen) for kind, chosen in sides.items()}
    elif units < len(who):
        counts["pictures"] = units
        counts |= {f"pictures_{kind}": units_of_each(chosen) for kind, chosen in sides.items()}
    return counts


def count_units(n: Mapping[str, Any]) -> int:
    """How many were tested of what `find_sides` counts: patients, different pictures, or images."""
    return int(n.get("patients") or n.get("pictures") or n["images"])


def find_sides(n: Mapping[str, Any]) -> list[Side]:
    """The cases with each class or finding and, of findings, without it; in the units that intervals count.

    Args:
        n: Of numbers.json. Runs of older versions did not count those without a finding; nor are they given here.
    """
    unit, kinds = "images", ("per_class", "without")
    for found, name in (("patients", "patients"), ("pictures", "different pictures")):
        if n.get(f"{found}_per_class"):
            unit, kinds = name, (f"{found}_per_class", f"{found}_without")
    return [
        Side(str(name), has, int(count), unit)
        for kind, has in zip(kinds, (True, False), strict=True)
        for name, count in (n.get(kind) or {}).items()
    ]


def find_rarest(n: Mapping[str, Any]) -> Side | None:
    """The fewest of `find_sides`: what a number rests on where it rests on least. None where nothing was counted."""
    return min(find_sides(n), key=lambda side: side.count, default=None)
