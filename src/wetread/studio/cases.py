"""The tested pictures of a run as cases to look through: truth, call, probability, outcome. Read from its files.

Held-out cases alone are counted. A picture that a model was trained on is listed as ``train`` and has no outcome, so
that no filter and no count can take it for a test; one without a label is ``unlabelled``.

All three tasks become one table: a row per case, a column per class or finding. *Asked* is the column that true and
false positives speak of: the positive class of two; of several classes or findings the one that the reader chose.
"""

from __future__ import annotations

import functools
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from wetread.dataset.table import NO_FINDING, USED, unquote_formula
from wetread.errors import InputError
from wetread.evaluation.finding_predictions import FindingPredictions
from wetread.evaluation.predictions import UNLABELLED, Predictions, read_predictions
from wetread.run_folder import RunFolder
from wetread.shapes import Bools, Floats, Ints
from wetread.studio.case_files import image_rows
from wetread.studio.large_tables import read_findings

TEST, TRAIN = "test", "train"
SPLITS = (TEST, TRAIN, UNLABELLED)
#: What a run is read from; when one of them changes it is read anew.
_FILES = ("images.csv", "predictions.csv", "refusal.csv", "numbers.json")


@dataclass(frozen=True)
class Cases:
    """The pictures of one run, in the order of images.csv.

    Attributes:
        task: binary, multiclass or multilabel.
        classes: Names of classes or findings, in the order of the columns.
        positive: The positive class of two, else None.
        ids: Number of each case's row in images.csv, rising.
        images: As images.csv calls them.
        names: What people are shown: the name that a project knows a picture by, else the image.
        patients: Patient of each; empty where not known.
        folds: Test fold in the first repeat; empty outside cross-validation.
        splits: test, train or unlabelled.
        statuses: in, edge or out; empty where nothing was fitted that can refuse.
        reasons: Why it is out or on the edge, or what to look at; mostly empty.
        truth: ``case class``: 1, 0, or NaN where not known.
        p: ``case class`` probabilities; NaN for cases that were not predicted.
        cuts: ``case class``: from which probability it was called; NaN where there is no threshold.
        called: ``case class``: what was called; False for cases that were not predicted.
        sets: ``case class``: which classes a case may belong to, at nine of ten (of findings: which are unsure); None
            where no set can be promised.
    """

    task: str
    classes: tuple[str, ...]
    positive: str | None
    ids: Ints
    images: list[str]
    names: list[str]
    patients: list[str]
    folds: list[str]
    splits: list[str]
    statuses: list[str]
    reasons: list[str]
    truth: Floats
    p: Floats
    cuts: Floats
    called: Bools
    sets: Bools | None

    @functools.cached_property
    def held_out(self) -> Bools:
        """One bool per case: was it tested by models that had not seen it? These alone are counted."""
        return np.array([split == TEST for split in self.splits], dtype=np.bool_)

    @functools.cached_property
    def place(self) -> dict[int, int]:
        """Id of a case -> its place in this table."""
        return {int(one): place for place, one in enumerate(self.ids)}

    @functools.cached_property
    def of_image(self) -> dict[str, int]:
        """Image -> id of its case."""
        return {image: int(one) for image, one in zip(self.images, self.ids, strict=True)}

    def column(self, name: str | None) -> int | None:
        """The asked column: that of a class by name, else that of the positive class of two, else None.

        Raises:
            InputError: There is no such class.
        """
        if not name:
            return None if self.positive is None else self.classes.index(self.positive)
        if name not in self.classes:
            raise InputError(
                "This run knows no such class.", remedy=f"Choose {', '.join(self.classes)}.", code="no-class"
            )
        return self.classes.index(name)

    def say_truth(self, place: int) -> str:
        """Its label, several findings joined by a comma; empty where nothing is known."""
        row = self.truth[place]
        if np.isnan(row).all():
            return ""
        return self._say(row == 1)

    def say_called(self, place: int, called: Bools | None = None) -> str:
        """What it was called, by the run or by the calls given; empty where it was not predicted."""
        if np.isnan(self.p[place]).all():
            return ""
        return self._say((self.called if called is None else called)[place])

    def _say(self, row: Bools) -> str:
        found = [name for name, here in zip(self.classes, row.tolist(), strict=True) if here]
        return ", ".join(found) or (NO_FINDING if self.task == "multilabel" else "")


def read_cases(run: Path) -> Cases:
    """Reads the cases of a finished run; what was read last is kept until its files change.

    Args:
        run: The run folder.

    Raises:
        InputError: No model was tested in it yet, or its files do not fit together.
    """
    if not (run / "numbers.json").is_file() or not (run / "predictions.csv").is_file():
        raise InputError(
            "There is no result yet.", remedy="Wait until the run has finished, or resume it.", code="no-numbers"
        )
    stamps = []
    for name in _FILES:
        try:
            status = (run / name).stat()
            stamps.append((status.st_mtime_ns, status.st_size))
        except OSError:
            stamps.append((0, 0))
    return _read(run, tuple(stamps))


# A page of cases is asked for at each scroll, and reading 10,000 rows takes half a second; two tabs may show two runs.
@functools.lru_cache(maxsize=2)
def _read(run: Path, stamps: tuple[tuple[int, int], ...]) -> Cases:
    del stamps
    folder = RunFolder(run)
    numbers = folder.read_json("numbers.json")
    try:
        predictions = read_tested(folder, numbers)
        table = image_rows(run)
        status = table.names.index("status")
        rows = [(number, table.row(number)) for number, cells in enumerate(table.rows) if cells[status] == USED]
        return _join(predictions, rows, numbers, folder)
    except (KeyError, TypeError, ValueError) as error:
        raise InputError(
            "The files of this run do not fit together.", remedy="Repeat the run.", file=run, code="no-run"
        ) from error


def read_tested(folder: RunFolder, numbers: dict[str, Any]) -> Predictions | FindingPredictions:
    """The predictions of a run, those of images without a label included.

    Raises:
        InputError: predictions.csv is missing or damaged.
    """
    path, classes = folder.path / "predictions.csv", tuple(numbers["classes"])
    if numbers["task"] == "multilabel":
        return read_findings(path, classes)
    return read_predictions(path, classes, numbers["positive"])


def _join(
    predictions: Predictions | FindingPredictions,
    rows: list[tuple[int, dict[str, str]]],
    numbers: dict[str, Any],
    folder: RunFolder,
) -> Cases:
    classes = tuple(numbers["classes"])
    row_of = {unquote_formula(image): row for row, image in enumerate(predictions.images)}
    images = [unquote_formula(row["image"]) for _, row in rows]
    places = np.array([row_of.get(image, -1) for image in images], dtype=np.int64)
    known = places >= 0
    truth, p, cuts, called = _tables(predictions, len(classes))
    refused = {unquote_formula(row["image"]): row for row in folder.read_table("refusal.csv")}
    statuses = predictions.statuses or [""] * len(predictions.images)
    splits = [_split(predictions.splits[n] if n >= 0 else "", row) for n, (_, row) in zip(places, rows, strict=True)]
    taught = [_of_label(row["label"], classes, numbers["task"]) for _, row in rows]
    spread = {
        "truth": np.where(known[:, None], truth[places], np.array(taught).reshape(len(rows), len(classes))),
        "p": np.where(known[:, None], p[places], np.nan),
        "cuts": np.where(known[:, None], cuts[places], np.nan),
        "called": known[:, None] & called[places],
    }
    return Cases(
        task=numbers["task"],
        classes=classes,
        positive=numbers["positive"],
        ids=np.array([number for number, _ in rows], dtype=np.int64),
        images=images,
        names=[unquote_formula(row.get("name") or row["image"]) for _, row in rows],
        patients=[unquote_formula(row["patient"]) for _, row in rows],
        folds=[row["fold"] for _, row in rows],
        splits=splits,
        statuses=[statuses[n] if n >= 0 else "" for n in places],
        reasons=[_reason(refused.get(image, {})) for image in images],
        sets=_sets(spread["p"], folder.find_json("refusal.json") or {}),
        **spread,
    )


def _split(tested: str, row: dict[str, str]) -> str:
    if tested == UNLABELLED or not row["label"]:
        return UNLABELLED
    return TEST if tested else TRAIN


def _tables(predictions: Predictions | FindingPredictions, columns: int) -> tuple[Floats, Floats, Floats, Bools]:
    """Truth, probability, threshold and call, each ``image class``."""
    if isinstance(predictions, FindingPredictions):
        cuts = np.full(predictions.truth.shape, 0.5) if predictions.thresholds is None else predictions.thresholds
        return predictions.truth, predictions.probabilities, cuts, predictions.called
    number = np.arange(columns)
    truth = np.where(predictions.truth[:, None] < 0, np.nan, predictions.truth[:, None] == number)
    cuts = np.full(predictions.probabilities.shape, np.nan)
    positive = predictions.positive_column
    if positive is not None and predictions.thresholds is not None:
        cuts[:, positive] = predictions.thresholds
    return truth, predictions.probabilities, cuts, predictions.predicted[:, None] == number


def _of_label(label: str, classes: tuple[str, ...], task: str) -> list[float]:
    """The truth of a picture that was not tested, from its label."""
    text = unquote_formula(label)
    if not text:
        return [float("nan")] * len(classes)
    names = set(text.split("|")) if task == "multilabel" else {text}
    return [float(name in names) for name in classes]


def _reason(row: dict[str, str]) -> str:
    return ". ".join(text for text in (row.get("reason"), row.get("note")) if text)


def _sets(p: Floats, refusal: dict[str, Any]) -> Bools | None:
    """Which classes each case may belong to, as `wetread.model.refusal.Refusal.sets` says it of new pictures."""
    quantiles = refusal.get("quantiles") or []
    if len(quantiles) != p.shape[1]:
        return None
    # The same comparison as `wetread.metrics.conformal.prediction_sets`, which needs SciPy; a test holds them together.
    if isinstance(quantiles[0], list):
        ends = np.array([[np.nan if one is None else one for one in pair] for pair in quantiles])
        absent, present = p <= ends[:, 0] + 1e-9, 1 - p <= ends[:, 1] + 1e-9
        unsure = (absent == present) & np.isfinite(p) & np.isfinite(ends).all(axis=1)
        return np.asarray(unsure)
    if None in quantiles:
        return None
    return np.asarray(1 - p <= np.array(quantiles, dtype=np.float64) + 1e-9)
