"""Models loaded and used."""

from __future__ import annotations

import time
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from wetread.errors import InputError
from wetread.progress import Listener, StepAdvanced, StepFinished, StepStarted, silent
from wetread.run_folder import RunFolder

if TYPE_CHECKING:
    from wetread.model.classifier import Classifier


def predict(
    model: str | Path,
    images: str | Path | Sequence[str | Path],
    *,
    out: str | Path | None = None,
    listen: Listener = silent,
) -> list[dict[str, Any]]:
    """Classifies images with a model folder or run folder.

    Args:
        model: A run folder or a model folder.
        images: One image, a folder or .zip of images, or several of these.
        out: A folder that gets predictions.csv.
        listen: Is told about progress.

    Returns:
        One dict per image: image, predicted, ``p_<class>``, status (in, edge or out; what is out gets no class and no
        probability), unsure (the classes that cannot be ruled out, where there are several), nearest (training cases
        of what is out), reason (why it is out, or could not be read).

    Raises:
        ModelRejected: The model is damaged.
        InputError: There are no images.
    """
    from wetread.dataset.listing import sources_in
    from wetread.images.cache import default_cache
    from wetread.images.decoder import Decoder
    from wetread.model.classifier import load_classifier
    from wetread.model.predict import case_names, predict_files

    given = [images] if isinstance(images, str | Path) else list(images)
    sources = [source for one in given for source in sources_in(Path(one))]
    if not sources:
        raise InputError(
            "There are no images to predict.", remedy="Give files or a folder of images.", code="no-images"
        )
    classifier = load_classifier(Path(model))
    listen(StepStarted("predict", "Predicting", len(sources)))
    started = time.perf_counter()
    with Decoder(cache=default_cache()) as decoder:
        rows = predict_files(
            classifier,
            sources,
            decoder,
            lambda n: listen(StepAdvanced("predict", n, len(sources))),
            cases=case_names(Path(model)),
        )
    listen(StepFinished("predict", time.perf_counter() - started, f"{len(rows)} images"))
    if out is not None:
        from wetread.dataset.table import quote_formula

        columns = list(rows[0])
        cells = [[quote_formula(value) if isinstance(value, str) else value for value in row.values()] for row in rows]
        RunFolder(Path(out)).write_table("predictions.csv", columns, cells)
    return rows


def load(model: str | Path) -> Classifier:
    """Loads a classifier from a run folder or model folder; see `wetread.model.classifier.Classifier`."""
    from wetread.model.classifier import load_classifier

    return load_classifier(Path(model))
