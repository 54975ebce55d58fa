"""CSV files of a run read row by row: as lists of dictionaries, 10,000 rows of 14 findings would take 70 MB.

The server stays small, so it keeps rows as tuples that share equal cells, and numbers as arrays.
"""

from __future__ import annotations

import csv
from array import array
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from wetread.dataset.table import unquote_formula
from wetread.errors import InputError
from wetread.evaluation.finding_predictions import FindingPredictions
from wetread.evaluation.predictions import UNLABELLED


@dataclass(frozen=True)
class LargeTable:
    """Rows of a CSV file.

    Attributes:
        names: Of the columns.
        rows: Cells of each row, in their order.
    """

    names: tuple[str, ...]
    rows: list[tuple[str, ...]]

    def __len__(self) -> int:
        return len(self.rows)

    def row(self, number: int) -> dict[str, str]:
        """Column -> cell of one row, counted from 0."""
        return dict(zip(self.names, self.rows[number], strict=False))


def read_large(path: Path) -> LargeTable:
    """Reads a CSV file of ours; empty where it is missing or no text."""
    shared: dict[str, str] = {}
    try:
        with _lines(path) as lines:
            names = tuple(next(lines, []))
            return LargeTable(names, [tuple(shared.setdefault(cell, cell) for cell in line) for line in lines])
    except (OSError, ValueError, csv.Error):
        return LargeTable((), [])


def read_findings(path: Path, findings: Sequence[str]) -> FindingPredictions:
    """`wetread.evaluation.finding_predictions.read_finding_predictions`, in a tenth of the memory.

    Args:
        path: predictions.csv.
        findings: Names in the order of the columns.

    Raises:
        InputError: The file is missing or has other columns.
    """
    texts: dict[str, list[str]] = {name: [] for name in ("image", "patient", "group", "split", "fold", "status")}
    shared: dict[str, str] = {}
    try:
        with _lines(path) as lines:
            place = {name: number for number, name in enumerate(next(lines, []))}
            kinds = ("truth", "p", *(("threshold",) if f"threshold_{findings[0]}" in place else ()))
            columns = {kind: [place[f"{kind}_{name}"] for name in findings] for kind in kinds}
            numbers = {kind: array("d") for kind in kinds}
            for line in lines:
                for name, told in texts.items():
                    cell = line[place[name]] if name in place else ""
                    told.append(shared.setdefault(cell, cell))
                for kind, places in columns.items():
                    numbers[kind].extend(float(line[number] or "nan") for number in places)
        shape = (len(texts["image"]), len(findings))
        tables = {kind: np.frombuffer(found, dtype=np.float64).reshape(shape) for kind, found in numbers.items()}
        pairs = zip(texts["split"], texts["status"], strict=True)
        # Of an image without a label that the model refuses nothing is said.
        given = tables["p"][[split != UNLABELLED or status != "out" for split, status in pairs]]
        if not ((given >= 0) & (given <= 1)).all():  # a table that somebody edited may hold anything
            raise ValueError("no probabilities")
        return _predictions(findings, texts, tables)
    except (OSError, KeyError, ValueError, IndexError, csv.Error) as error:
        raise InputError(
            f"{path.name} is missing or not a table of predictions of these findings.",
            remedy="Repeat the run.",
            file=path,
            code="predictions",
        ) from error


def _predictions(findings: Sequence[str], texts: dict[str, list[str]], tables: dict[str, Any]) -> FindingPredictions:
    return FindingPredictions(
        findings=tuple(findings),
        images=[unquote_formula(image) for image in texts["image"]],
        patients=[unquote_formula(patient) for patient in texts["patient"]],
        groups=texts["group"],
        splits=texts["split"],
        folds=texts["fold"],
        truth=tables["truth"],
        probabilities=tables["p"],
        thresholds=tables.get("threshold"),
        statuses=texts["status"],
    )


@contextmanager
def _lines(path: Path) -> Iterator[Iterator[list[str]]]:
    with path.open(encoding="utf-8", newline="") as handle:
        yield csv.reader(handle)
