"""A classification task as the peers see it: picture files, labels, folds; predictions go back as one JSON file.

Runs in every environment of this folder, so it needs nothing but NumPy and Pillow. The task folder is written by
``bench/tasks.py``: the pictures' own bytes under names that tell nothing, and ``task.json``.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image


@dataclass(frozen=True)
class Fold:
    """Row numbers: `test` is predicted; `validation` is the part of `train` that a recipe may choose by."""

    number: int
    train: np.ndarray
    validation: np.ndarray
    test: np.ndarray

    @property
    def fitted(self) -> np.ndarray:
        """What is left to fit on where a recipe keeps a validation part."""
        return np.setdiff1d(self.train, self.validation)


@dataclass(frozen=True)
class Task:
    """Pictures with labels and folds. `settings` are those of a Teachable Machine project, where it was one."""

    name: str
    key: str
    classes: list[str]
    images: list[Path]
    labels: np.ndarray
    groups: list[str]
    folds: list[Fold]
    settings: dict[str, float]

    def picture(self, row: int, mode: str = "RGB") -> Image.Image:
        """As Pillow reads it."""
        with Image.open(self.images[row]) as image:
            return image.convert(mode)


def read_task(folder: Path) -> Task:
    text = (folder / "task.json").read_text(encoding="utf-8")
    stored = json.loads(text)
    number = np.array(stored["folds"])
    folds = [
        Fold(fold, np.flatnonzero(number != fold), np.array(validation), np.flatnonzero(number == fold))
        for fold, validation in enumerate(stored["validation"], start=1)
    ]
    return Task(
        stored["name"],
        hashlib.sha256(text.encode()).hexdigest(),
        stored["classes"],
        [folder / image for image in stored["images"]],
        np.array(stored["labels"]),
        stored["groups"],
        folds,
        stored["settings"],
    )


#: fold -> ``image class`` probabilities of its test rows.
Fit = Callable[[Fold], np.ndarray]


def run_task(competitor: str, fit_of: Callable[[Task, argparse.Namespace], Fit], arguments: Callable = lambda _: None):
    """The command line of a peer: all folds of a task, predictions into a file, one JSON line for people."""
    started = time.perf_counter()
    parser = argparse.ArgumentParser()
    parser.add_argument("task", type=Path, help="folder with task.json")
    parser.add_argument("--out", type=Path, required=True, help="JSON file for the predictions")
    parser.add_argument("--quick", action="store_true", help="a smoke test: one epoch, two folds")
    arguments(parser)
    options = parser.parse_args()
    task = read_task(options.task)
    fit = fit_of(task, options)
    table = np.full((len(task.labels), len(task.classes)), np.nan)
    for fold in list(_folds(task, options.quick)):
        table[fold.test] = fit(fold)
        print(f"{competitor}, {task.name}: fold {fold.number} of {len(task.folds)}", flush=True)
    seconds = time.perf_counter() - started
    write_result(options.out, task, competitor, table, seconds, quick=options.quick)
    said = {"competitor": competitor, "set": task.name, "seconds": round(seconds, 1), "predictions": str(options.out)}
    print(json.dumps(said))


def write_result(out: Path, task: Task, competitor: str, table: np.ndarray, seconds: float, *, quick: bool) -> None:
    """Whole or not at all, since a result that exists is not computed again."""
    result = {
        "competitor": competitor,
        "set": task.name,
        "key": task.key,
        "quick": quick,
        "seconds": seconds,
        "probabilities": [[None if np.isnan(p) else float(p) for p in row] for row in table],
    }
    part = out.with_suffix(".part")
    part.write_text(json.dumps(result), encoding="utf-8")
    part.replace(out)


def _folds(task: Task, quick: bool) -> Iterator[Fold]:
    yield from task.folds[:2] if quick else task.folds
