"""The one place where arrays are checked, at the entry of every public function.

Arrays that do not fit together are a programmer's mistake: ``ValueError``. A class without a case is a property of the
data: the functions return ``None`` for it, and nothing here complains.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from wetread.shapes import Bools


def as_truth(truth: ArrayLike, name: str = "truth") -> Bools:
    """Return a yes/no column (bool, or numbers 0 and 1) as a one-dimensional bool array."""
    array = np.asarray(truth)
    if array.ndim != 1 or array.size == 0:
        raise ValueError(f"{name} must be a column with at least one row, not of shape {array.shape}")
    if array.dtype == np.bool_:
        return array
    if array.dtype.kind not in "iuf" or not np.isin(array, (0, 1)).all():
        raise ValueError(f"{name} must hold only True and False, or 1 and 0")
    return array.astype(np.bool_)


def as_scores(score: ArrayLike, rows: int, name: str = "score") -> NDArray[np.float64]:
    """Return a column of finite numbers with one number per row."""
    array = np.asarray(score, dtype=np.float64)
    if array.shape != (rows,):
        raise ValueError(f"{name} must hold {rows} numbers, one per row of truth, not shape {array.shape}")
    if not np.isfinite(array).all():
        raise ValueError(f"{name} must be finite; {int((~np.isfinite(array)).sum())} values are not")
    return array


def as_probabilities(p: ArrayLike, rows: int, name: str = "p") -> NDArray[np.float64]:
    """Return a column of probabilities in [0, 1] with one per row."""
    array = as_scores(p, rows, name)
    if array.min() < 0 or array.max() > 1:
        raise ValueError(f"{name} must lie in [0, 1], found {array.min():g} to {array.max():g}")
    return array


def as_classes(numbers: ArrayLike, n_classes: int | None = None, name: str = "truth") -> NDArray[np.int64]:
    """Return a column of class numbers 0, 1, ... as int64, below ``n_classes`` where that is given."""
    array = np.asarray(numbers)
    if array.ndim != 1 or array.size == 0:
        raise ValueError(f"{name} must be a column with at least one row, not of shape {array.shape}")
    if array.dtype.kind not in "iub":
        raise ValueError(f"{name} must hold class numbers (integers), not {array.dtype}")
    if array.min() < 0 or (n_classes is not None and array.max() >= n_classes):
        raise ValueError(f"{name} must hold class numbers from 0 to {'...' if n_classes is None else n_classes - 1}")
    return array.astype(np.int64)


def as_class_table(probabilities: ArrayLike, rows: int, name: str = "probabilities") -> NDArray[np.float64]:
    """Return an ``image class`` table of finite numbers with two classes or more."""
    array = np.asarray(probabilities, dtype=np.float64)
    if array.ndim != 2 or array.shape[0] != rows or array.shape[1] < 2:
        raise ValueError(f"{name} must be a table of {rows} images and at least two classes, not {array.shape}")
    if not np.isfinite(array).all():
        raise ValueError(f"{name} must be finite")
    return array


def as_probability_table(probabilities: ArrayLike, rows: int, name: str = "probabilities") -> NDArray[np.float64]:
    """Return an ``image class`` table whose rows lie in [0, 1] and add up to 1 (within 1e-3, for float16 models)."""
    array = as_class_table(probabilities, rows, name)
    if array.min() < 0 or array.max() > 1 or np.abs(array.sum(axis=1) - 1).max() > 1e-3:
        raise ValueError(f"each row of {name} must lie in [0, 1] and add up to 1")
    return array


def known_pairs(truth: ArrayLike, probabilities: ArrayLike) -> tuple[Bools, NDArray[np.float64], NDArray[np.intp]]:
    """Return every pair of an image and a class whose truth is known: is it there, its score, its image.

    There may be none.

    Args:
        truth: Class number per image, or ``image finding`` of 1, 0 and NaN (not known).
        probabilities: ``image class`` or ``image finding``; finite where the truth is known.
    """
    given = np.asarray(truth)
    if given.ndim != 2:
        classes = as_classes(given)
        table = as_class_table(probabilities, len(classes))
        said = np.eye(table.shape[1])[as_classes(classes, table.shape[1])]
    else:
        said, table = np.asarray(given, dtype=np.float64), np.asarray(probabilities, dtype=np.float64)
        if said.shape != table.shape or said.size == 0:
            raise ValueError(f"truth {said.shape} and probabilities {table.shape} must be tables of one shape")
        if not np.isin(said[~np.isnan(said)], (0, 1)).all():
            raise ValueError("truth must hold 1 (there), 0 (not there) or NaN (not known)")
    known = ~np.isnan(said)
    if not np.isfinite(table[known]).all():
        raise ValueError("probabilities must be finite where the truth is known")
    return said[known] == 1, table[known], np.nonzero(known)[0]


def as_column(values: ArrayLike, rows: int, name: str) -> NDArray[Any]:
    """Return a column of anything (patient names, labels) with one entry per row."""
    array = np.asarray(values)
    if array.shape != (rows,):
        raise ValueError(f"{name} must hold {rows} entries, one per row, not shape {array.shape}")
    return array


def check_level(level: float) -> None:
    """Refuse a confidence level outside (0, 1); 95 instead of 0.95 is the usual slip."""
    if not 0 < level < 1:
        raise ValueError(f"level must lie between 0 and 1, for example 0.95, not {level}")
