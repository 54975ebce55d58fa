"""Differences fold by fold, where two cross-validations divided the same cases alike.

What is compared is then the procedure (training again on such data), not one trained model; folds share training
images, so the interval is the corrected t of Nadeau & Bengio 2003, 10.1023/A:1024068626366.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from wetread.dataset.table import USED
from wetread.evaluation.evaluate import as_dicts
from wetread.evaluation.finding_predictions import FindingPredictions
from wetread.evaluation.findings import macro_auroc_of_findings
from wetread.evaluation.tested_cases import Key, Tested
from wetread.metrics.discrimination import auroc, macro_auroc
from wetread.metrics.intervals import nadeau_bengio
from wetread.model.classifier import unpack_arrays
from wetread.shapes import Floats, Ints


@dataclass(frozen=True)
class _Fold:
    """One outer fold as its run kept it: which cases were predicted, with how many to learn from, and the AUROC."""

    cases: frozenset[Key]
    trained: int
    tested: int
    area: float | None


def fold_difference(first: Tested, second: Tested) -> dict[str, Any]:
    """The mean difference in AUROC over folds (second minus first) with its corrected interval.

    Args:
        first: A run with all its tested cases.
        second: Another one.

    Returns:
        ``auroc``, an interval with ``folds``; or ``reason``, why there is none: folds that were not kept, files that
        are damaged, and files of one run that do not fit together are three different things.
    """
    if any(run.numbers["estimate"] != "cross-validation" for run in (first, second)):
        return {"reason": "not both were cross-validated"}
    try:
        ours, theirs = _read_folds(first), _read_folds(second)
    except _FoldsError as error:
        return {"reason": str(error)}
    if not ours or not theirs:
        return {"reason": "the folds were not kept"}
    if {key: fold.cases for key, fold in ours.items()} != {key: fold.cases for key, fold in theirs.items()}:
        return {"reason": "the two runs divided the cases differently"}
    pairs = [(ours[key], theirs[key]) for key in ours]
    known = [(a, b) for a, b in pairs if a.area is not None and b.area is not None]
    values = [b.area - a.area for a, b in known if a.area is not None and b.area is not None]
    if len(values) < 2:
        return {"reason": "too few folds hold every class"}
    trained = float(np.mean([a.trained for a, _ in known]))
    tested = float(np.mean([a.tested for a, _ in known]))
    found = nadeau_bengio(values, trained, tested, bounds=(-1.0, 1.0))
    return {**as_dicts({"auroc": found}), "folds": len(values), "undefined": len(pairs) - len(values)}


class _FoldsError(Exception):
    """Why the folds of a run cannot be compared, in words."""


def _read_folds(run: Tested) -> dict[str, _Fold]:
    """Name of the fold -> what it holds; empty where folds were not kept."""
    try:
        folders = sorted(path for path in (run.folder.path / "folds").iterdir() if (path / "fold.json").is_file())
    except OSError:
        return {}
    try:
        keys = _keys_of_rows(run)
        return {path.name: _read_fold(path, run, keys) for path in folders}
    except (KeyError, IndexError) as error:  # of row numbers and names: contents of the files are read in _load
        raise _FoldsError(f"the folds of {run.name} do not fit its images.csv and predictions.csv") from error


def _keys_of_rows(run: Tested) -> list[Key]:
    """Row number of a fold -> case. Rows are numbered in the order of images.csv, those in use with a label."""
    case = dict(zip(run.predictions.images, run.keys, strict=True))
    rows = [row for row in run.folder.read_table("images.csv") if row["status"] == USED and row["label"]]
    return [case[row["image"]] for row in rows]


def _read_fold(folder: Path, run: Tested, keys: Sequence[Key]) -> _Fold:
    train, test, table = _load(folder, run.name)
    place = {key: number for number, key in enumerate(run.keys)}
    rows = np.array([place[keys[number]] for number in test])
    groups = np.array(run.predictions.groups)
    learnt = {str(groups[place[keys[number]]]) for number in train}
    return _Fold(
        frozenset(keys[number] for number in test),
        len(learnt),
        len(set(groups[rows].tolist())),
        _area(run, rows, table),
    )


def _load(folder: Path, name: str) -> tuple[Ints, Ints, Floats]:
    """Training rows, test rows, and what the rung chosen in the fold said of the latter, ``image class``."""
    try:
        chosen = json.loads((folder / "fold.json").read_text(encoding="utf-8"))["chosen"]
        arrays = unpack_arrays((folder / "arrays.safetensors").read_bytes())
        return arrays["train"], arrays["test"], arrays[f"probabilities.{chosen}"]
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise _FoldsError(f"the files of the folds of {name} are damaged") from error


def _area(run: Tested, rows: Ints, table: Floats) -> float | None:
    predictions = run.predictions
    if isinstance(predictions, FindingPredictions):
        return macro_auroc_of_findings(predictions.truth[rows], table)
    truth, column = predictions.truth[rows], predictions.positive_column
    return macro_auroc(truth, table) if column is None else auroc(truth == column, table[:, column])
