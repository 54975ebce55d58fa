"""Classifier and files -> one row per file. A file that cannot be read gets its reason, and the others go on."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

from wetread.dataset.table import WORKING_SIDE
from wetread.errors import ImageRejected
from wetread.images.decoder import Decoder
from wetread.images.source import Source
from wetread.model.classifier import Classifier
from wetread.shapes import Floats


def predict_files(
    classifier: Classifier, sources: Sequence[Source], decoder: Decoder, done: Callable[[int], None] = lambda _: None
) -> list[dict[str, Any]]:
    """Classifies files; their values become grey as in training, whatever their own headers say.

    Args:
        classifier: Any.
        sources: Image files.
        decoder: Running.
        done: Is told how many files are finished.

    Returns:
        In order of `sources`, one per frame where the classifier was trained on all frames: image, predicted,
        ``p_<class>`` and reason; predicted is empty where the file cannot be read, or where none of several findings
        is called.
    """
    if classifier.view.frame == "all":
        sources = _all_frames(sources, decoder)
    rows: list[dict[str, Any]] = [{} for _ in sources]
    outcomes = decoder.decode_many(sources, max_side=WORKING_SIDE, view=classifier.view)
    for count, (number, outcome) in enumerate(outcomes, start=1):
        row: dict[str, Any] = {"image": str(sources[number]), "predicted": ""}
        if isinstance(outcome, ImageRejected):
            row |= {f"p_{name}": "" for name in classifier.classes} | {"reason": outcome.reason}
        else:
            probabilities = classifier.probabilities([outcome.pixels])
            row["predicted"] = _say(classifier, probabilities)
            row |= {
                f"p_{name}": round(float(p), 6) for name, p in zip(classifier.classes, probabilities[0], strict=True)
            }
            row["reason"] = ""
        rows[number] = row
        done(count)
    return rows


def _say(classifier: Classifier, probabilities: Floats) -> str:
    """The class that is called; of several findings all that are, joined by ``|``."""
    decided = classifier.decide(probabilities)[0]
    if classifier.task == "multilabel":
        return "|".join(name for name, called in zip(classifier.classes, decided, strict=True) if called)
    return classifier.classes[int(decided)]


def _all_frames(sources: Sequence[Source], decoder: Decoder) -> list[Source]:
    frames = {number: getattr(found, "frames", 1) for number, found in decoder.survey(sources)}
    return [
        replace(source, frame=frame) if frames[number] > 1 else source
        for number, source in enumerate(sources)
        for frame in range(1, frames[number] + 1)
    ]
