"""Label arrays -> names of classes or findings for every picture."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from wetread.dataset.array_names import name_classes

#: More different values than this are measurements rather than classes.
MAX_CLASSES = 1000


class NoClasses(ValueError):  # noqa: N818 - a verdict on an array, put into words by the caller
    """The numbers stand for no classes; the text says why."""


@dataclass(frozen=True)
class NamedLabels:
    """What the label arrays of one file mean.

    Attributes:
        classes: Names by number.
        several: A picture can have any number of them; else it has one.
        one_hot: Each row of the array was 1 for its class and 0 elsewhere.
        labels: Per array, per picture: its names.
    """

    classes: list[str]
    several: bool
    one_hot: bool
    labels: list[list[tuple[str, ...]]]


def name_labels(arrays: Sequence[NDArray[Any]], known: str = "") -> NamedLabels:
    """Gives names to the labels of all parts of a data set together.

    Args:
        arrays: ``picture``, ``picture 1`` or ``picture class``; numbers or texts. At least one.
        known: A public set, from `wetread.dataset.array_names.find_set`.

    Raises:
        NoClasses: They are measurements, or the parts do not fit together.
    """
    columns = {1 if array.ndim == 1 else array.shape[1] if array.ndim == 2 else 0 for array in arrays}
    if len(columns) > 1 or 0 in columns:
        raise NoClasses("its label arrays have different shapes")
    if columns == {1}:
        return _name_single([array.ravel() for array in arrays], known)
    return _name_matrix(arrays, known)


def _name_single(arrays: Sequence[NDArray[Any]], known: str) -> NamedLabels:
    if any(array.dtype.kind in "SU" for array in arrays):
        texts = [[_text(value) for value in array.tolist()] for array in arrays]
        classes = sorted({text for part in texts for text in part if text})
        _check_count(len(classes))
        return NamedLabels(classes, False, False, [[(text,) if text else () for text in part] for part in texts])
    numbers = [_whole_numbers(array) for array in arrays]
    values = sorted({int(value) for array in numbers for value in np.unique(array)})
    _check_count(len(values))
    if values and values[0] >= 0 and values[-1] < MAX_CLASSES:
        classes = name_classes(known, values[-1] + 1)
        names = {value: (classes[value],) for value in values}
    else:
        names = {value: (f"class {value}",) for value in values}
        classes = [name for (name,) in names.values()]
    return NamedLabels(classes, False, False, [[names[value] for value in array.tolist()] for array in numbers])


def _name_matrix(arrays: Sequence[NDArray[Any]], known: str) -> NamedLabels:
    if any(array.dtype.kind in "SU" for array in arrays):
        raise NoClasses("its labels are several texts per picture")
    numbers = [_whole_numbers(array) for array in arrays]
    if any(array.size and not 0 <= array.min() <= array.max() <= 1 for array in numbers):
        raise NoClasses("its labels are several numbers per picture that are not all 0 or 1")
    one_hot = all(bool((array.sum(axis=1) == 1).all()) for array in numbers)
    classes = name_classes(known, numbers[0].shape[1], several=not one_hot)
    # Few different rows occur, so each is put into words once.
    seen: dict[bytes, tuple[str, ...]] = {}
    labels = []
    for array in numbers:
        part = []
        for row in array.astype(np.uint8):
            key = row.tobytes()
            if key not in seen:
                seen[key] = tuple(classes[number] for number in np.flatnonzero(row))
            part.append(seen[key])
        labels.append(part)
    return NamedLabels(classes, not one_hot, one_hot, labels)


def _whole_numbers(array: NDArray[Any]) -> NDArray[np.int64]:
    if array.dtype.kind == "f" and not (np.isfinite(array).all() and (array == np.rint(array)).all()):
        raise NoClasses("its labels are measurements, not classes")
    if array.size and not -(2**62) < float(array.min()) <= float(array.max()) < 2**62:
        raise NoClasses("its labels are measurements, not classes")
    return array.astype(np.int64)


def _check_count(count: int) -> None:
    if count > MAX_CLASSES:
        raise NoClasses(f"its labels have {count} different values")


def _text(value: str | bytes) -> str:
    text = value.decode("utf-8", "replace") if isinstance(value, bytes) else value
    return unicodedata.normalize("NFC", text.strip())
