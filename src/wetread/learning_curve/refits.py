"""The linear head fitted anew on every training set, and what it says of the groups held out, draw by draw.

Each finished draw is stored at once, so that an interrupted curve goes on where it stopped.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from wetread.learning_curve.cases import Cases
from wetread.learning_curve.divisions import Division, divide
from wetread.learning_curve.strengths import ASKED_DRAWS, choose_strengths
from wetread.model.classifier import pack_arrays, unpack_arrays
from wetread.model.linear import LinearFit, LinearPart
from wetread.progress import Listener, StepAdvanced
from wetread.shapes import Floats, Ints
from wetread.writing import atomic_write

#: Of the step that these refits are.
STEP = "refit"


@dataclass(frozen=True)
class Draw:
    """What was said of one test part.

    Attributes:
        test: Row numbers.
        scores: ``size row class``, a logit each; only their order within a class counts.
    """

    test: Ints
    scores: Floats


def refit(
    cases: Cases, sizes: Sequence[int], draws: int, listen: Listener, folder: Path | None = None
) -> tuple[list[Draw], tuple[float, ...]]:
    """Fits the head on every training set of every draw.

    Args:
        cases: All of them.
        sizes: Groups in each training set, ascending.
        draws: How many.
        listen: Is told about progress.
        folder: Keeps finished draws until all are there; None to keep none.

    Returns:
        The draws, and the strength of the penalty: one for each class or finding.
    """
    divisions = divide(cases.labels, cases.groups, sizes, draws, cases.seed)
    key = _key(cases, sizes)
    work = _Work(listen, 1 + draws)
    strengths = _strengths(cases, divisions, work, folder, key)
    return [_one(cases, one, strengths, work, number, folder, key) for number, one in enumerate(divisions)], strengths


class _Work:
    """Counts what is done, and what was done before an interruption."""

    def __init__(self, listen: Listener, total: int) -> None:
        self._listen, self._total, self._done, self._skipped = listen, total, 0, 0

    def advance(self, what: str, *, skipped: bool = False) -> None:
        self._done += 1
        self._skipped += skipped
        self._listen(StepAdvanced(STEP, self._done, self._total, what, self._skipped))


def _strengths(
    cases: Cases, divisions: list[Division], work: _Work, folder: Path | None, key: str
) -> tuple[float, ...]:
    """The strength of the penalty, as stored before or chosen now."""
    path = folder / "strengths.json" if folder is not None else None
    found = _read_strengths(path, key)
    skipped = found is not None
    if found is None:
        found = choose_strengths(cases, [one.trains[-1] for one in divisions[:ASKED_DRAWS]])
        if path is not None:
            atomic_write(path, json.dumps({"key": key, "strengths": found}) + "\n")
    work.advance("strength of the penalty", skipped=skipped)
    return found


def _read_strengths(path: Path | None, key: str) -> tuple[float, ...] | None:
    if path is None:
        return None
    try:
        stored = json.loads(path.read_text(encoding="utf-8"))
        return tuple(map(float, stored["strengths"])) if stored["key"] == key else None
    except (OSError, ValueError, KeyError, TypeError):
        return None


def _one(
    cases: Cases,
    division: Division,
    strengths: Sequence[float],
    work: _Work,
    number: int,
    folder: Path | None,
    key: str,
) -> Draw:
    path = folder / f"draw-{number + 1:03d}.safetensors" if folder is not None else None
    draw = _read_draw(path, division, key)
    skipped = draw is not None
    if draw is None:
        tested = cases.take(division.test)
        scores = [fit_head(cases, train, strengths).logits_of_features(tested) for train in division.trains]
        draw = Draw(division.test, np.stack(scores))
        if path is not None:
            mark = np.frombuffer(key.encode(), dtype=np.uint8)
            arrays = {"test": draw.test.astype(np.int64), "scores": draw.scores, "key": mark}
            atomic_write(path, pack_arrays(arrays), durable=False)
    work.advance(f"draw {number + 1}", skipped=skipped)
    return draw


def fit_head(cases: Cases, train: Ints, strengths: Sequence[float]) -> LinearPart:
    """The linear head, fitted on some rows at given strengths of the penalty."""
    features, labels = cases.take(train), cases.labels[train]
    fit = LinearFit(cases.sees, features, labels, len(cases.classes), embedded=cases.embedded)
    return fit.at_each(strengths)


def _read_draw(path: Path | None, division: Division, key: str) -> Draw | None:
    """A stored draw; None where there is none, or a damaged one, or one of other data or sizes."""
    if path is None:
        return None
    try:
        arrays = unpack_arrays(path.read_bytes())
        same = arrays["key"].tobytes() == key.encode() and np.array_equal(arrays["test"], division.test)
        return Draw(division.test, arrays["scores"].astype(np.float64)) if same else None
    except (OSError, ValueError, KeyError):
        return None


def _key(cases: Cases, sizes: Sequence[int]) -> str:
    """SHA-256 of what a draw depends on."""
    digest = hashlib.sha256(repr((cases.sees, cases.seed, cases.inner_folds, tuple(sizes))).encode())
    for array in (cases.features, cases.labels, cases.groups):
        digest.update(np.ascontiguousarray(array).tobytes())
    return digest.hexdigest()
