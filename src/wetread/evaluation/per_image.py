"""What tables of predictions share, whatever an image can be: rows are chosen and joined, and read from a file."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping, Sequence
from dataclasses import fields, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np

from wetread.dataset.table import unquote_formula
from wetread.shapes import Bools

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

    Table = TypeVar("Table", bound=DataclassInstance)


def take_rows(table: Table, chosen: Bools) -> Table:
    """Some of the images: of every list and array that has a row for each."""
    numbers = np.flatnonzero(chosen).tolist()
    kept: dict[str, Any] = {}
    for name, value in _columns(table):
        if isinstance(value, np.ndarray):
            kept[name] = value[chosen]
        elif isinstance(value, list):  # statuses are empty where nothing can refuse
            kept[name] = [value[number] for number in numbers] if value else []
    return replace(table, **kept)


def join_rows(one: Table, other: Table) -> Table:
    """The images of one table, then those of another of the same model; what only one of them has is None."""
    joined: dict[str, Any] = {}
    for (name, first), (_, second) in zip(_columns(one), _columns(other), strict=True):
        if isinstance(first, np.ndarray):
            joined[name] = None if second is None else np.concatenate([first, second])
        elif isinstance(first, list):
            joined[name] = (first or [""] * _length(one)) + (second or [""] * _length(other))
    return replace(one, **joined)


def read_rows(path: Path) -> list[dict[str, str]]:
    """Rows of predictions.csv; OSError where it cannot be read."""
    return list(csv.DictReader(io.StringIO(path.read_text(encoding="utf-8"))))


def read_columns(rows: Sequence[Mapping[str, str]]) -> dict[str, list[str]]:
    """What stands of each image beside truth and probabilities; KeyError where a column is missing."""
    return {
        "images": [unquote_formula(row["image"]) for row in rows],
        "patients": [unquote_formula(row["patient"]) for row in rows],
        "groups": [row["group"] for row in rows],
        "splits": [row["split"] for row in rows],
        "folds": [row["fold"] for row in rows],
        "statuses": [row.get("status") or "" for row in rows],
    }


def _length(table: DataclassInstance) -> int:
    return max(len(value) for _, value in _columns(table) if isinstance(value, list))


def _columns(table: DataclassInstance) -> list[tuple[str, Any]]:
    return [(entry.name, getattr(table, entry.name)) for entry in fields(table)]
