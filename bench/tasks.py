"""The public sets beside the checkout as tasks that every competitor gets alike: pictures, labels, groups, folds.

Groups (patients, and copies of one picture) and folds come from wetread's own functions, in the order in which a run
calls them, so that `wetread run` on the task's table divides it in the same way. A task folder holds the pictures' own
bytes under numbers in random order, ``labels.csv`` for wetread and ``task.json`` for the peers.
"""

from __future__ import annotations

import csv
import hashlib
import io
import json
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from wetread.archive import read_member
from wetread.dataset.duplicates import find_duplicates
from wetread.dataset.groups import assign_groups, assign_patients
from wetread.dataset.reading import read_images, rows_with_pictures
from wetread.dataset.scan import scan
from wetread.dataset.split import cross_validation, encode, group_folds
from wetread.dataset.table import Row, Table
from wetread.writing import atomic_write, make_folder

#: Seed of the order, the folds and the validation parts; `wetread run` is given the same.
SEED = 0
FOLDS = 5


@dataclass(frozen=True)
class PublicTask:
    """A question to a public set.

    Attributes:
        name: For tables.
        data: Below the folder of public sets.
        classes: Only these; all if empty.
    """

    name: str
    data: str
    classes: tuple[str, ...] = ()


TASKS = (
    PublicTask("effusion, 2 classes", "cxr-nih-effusion", ("effusion", "no_finding")),
    PublicTask("effusion, 3 classes", "cxr-nih-effusion"),
    PublicTask("head CT, experiment 1", "head-ct-hemorrhage-rsna-tm/experiment1.tm"),
    PublicTask("head CT, experiment 4", "head-ct-hemorrhage-rsna-tm/experiment4.tm"),
    PublicTask("chest or abdomen", "chest-vs-abdomen-openi"),
    PublicTask("brain MRI, 4 classes", "brain-mri-tumor-4class"),
    PublicTask("NIH 64 pixels", "cxr-nih1000-64px-kcr2019"),
    PublicTask("MedNIST, 6 classes", "mednist-6class-64px"),
)


def folder_name(task: PublicTask) -> str:
    return "".join(letter if letter.isalnum() else "-" for letter in task.name).replace("--", "-")


def write_task(task: PublicTask, data: Path, folder: Path, *, most: int = 0) -> None:
    """Writes the folder of a task, unless it is there.

    Args:
        task: Which.
        data: Folder of the public sets.
        folder: Where to.
        most: Images of each class, for a smoke test; 0: all.
    """
    if (folder / "task.json").exists():
        return
    table, rows = _read(data / task.data, list(task.classes) or None)
    chosen = _some_of_each(rows, most) if most else rows
    order = np.random.default_rng(SEED).permutation(len(chosen))
    make_folder(folder / "images")
    lines = [("image", "label", "patient")]
    for number, row in enumerate(chosen[index] for index in order):
        name = f"images/{number:04d}{Path(row.source.name).suffix.lower()}"
        atomic_write(folder / name, _bytes_of(row))
        lines.append((name, row.label, row.group))
    buffer = io.StringIO()
    csv.writer(buffer, lineterminator="\n").writerows(lines)
    atomic_write(folder / "labels.csv", buffer.getvalue())
    settings = {name: value for name, value in table.provenance.items() if isinstance(value, int | float)}
    atomic_write(folder / "task.json", json.dumps(_divide(task.name, folder, settings), indent=1) + "\n")


def _read(data: Path, classes: list[str] | None) -> tuple[Table, list[Row]]:
    """Labelled pictures with their groups, as a run reads them."""
    table = scan(data, classes=classes)
    read_images(table)
    assign_patients(table)
    rows = rows_with_pictures(table)
    assign_groups(rows, find_duplicates(rows))
    return table, rows


def _divide(name: str, folder: Path, settings: dict[str, float]) -> dict:
    """What goes into task.json, from the table that wetread itself will read."""
    _, rows = _read(folder / "labels.csv", None)
    classes = sorted({row.label for row in rows})
    folds = cross_validation(rows, classes, folds=FOLDS, repeats=1, seed=SEED)
    labels, groups = encode(rows, classes)
    parts = [fold.train[group_folds(labels[fold.train], groups[fold.train], 5, SEED)[0]] for fold in folds]
    return {
        "name": name,
        "classes": classes,
        "settings": settings,
        "images": [row.image for row in rows],
        "pixels": hashlib.sha256("".join(row.pixel_sha256 for row in rows).encode()).hexdigest(),
        "labels": labels.tolist(),
        "groups": [row.group for row in rows],
        "folds": [row.folds[0] for row in rows],
        "validation": [part.tolist() for part in parts],
    }


def _some_of_each(rows: list[Row], most: int) -> list[Row]:
    kept: dict[str, int] = {}
    for row in rows:
        kept[row.label] = kept.get(row.label, 0) + 1
    seen: dict[str, int] = {}
    some = []
    for row in rows:
        seen[row.label] = seen.get(row.label, 0) + 1
        if (seen[row.label] - 1) % max(1, kept[row.label] // most) == 0:
            some.append(row)
    return some


def _bytes_of(row: Row) -> bytes:
    source = row.source
    return read_member(source.path, source.member) if source.member else source.path.read_bytes()
