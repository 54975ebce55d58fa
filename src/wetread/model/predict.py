"""Classifier and files -> one row per file. A file that cannot be read gets its reason, and the others go on."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from wetread.dataset.table import WORKING_SIDE
from wetread.errors import ImageRejected
from wetread.images.decoder import Decoder
from wetread.model.classifier import Classifier


def predict_files(
    classifier: Classifier, paths: Sequence[Path], decoder: Decoder, done: Callable[[int], None] = lambda _: None
) -> list[dict[str, Any]]:
    """Classifies files.

    Args:
        classifier: Any.
        paths: Image files.
        decoder: Running.
        done: Is told how many files are finished.

    Returns:
        In order of `paths`: image, predicted, ``p_<class>`` and reason; predicted is empty where the file cannot be
        read.
    """
    rows: list[dict[str, Any]] = [{} for _ in paths]
    for count, (number, outcome) in enumerate(decoder.decode_many(list(paths), max_side=WORKING_SIDE), start=1):
        row: dict[str, Any] = {"image": str(paths[number]), "predicted": ""}
        if isinstance(outcome, ImageRejected):
            row |= {f"p_{name}": "" for name in classifier.classes} | {"reason": outcome.reason}
        else:
            probabilities = classifier.probabilities([outcome.pixels])
            row["predicted"] = classifier.classes[int(classifier.decide(probabilities)[0])]
            row |= {
                f"p_{name}": round(float(p), 6) for name, p in zip(classifier.classes, probabilities[0], strict=True)
            }
            row["reason"] = ""
        rows[number] = row
        done(count)
    return rows
