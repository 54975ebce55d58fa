"""Models loaded and used."""

from __future__ import annotations

import time
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from wetread.errors import InputError, OutputError
from wetread.progress import Listener, StepAdvanced, StepFinished, StepStarted, silent
from wetread.run_folder import RunFolder
from wetread.writing import check_place

if TYPE_CHECKING:
    from wetread.model.classifier import Classifier

#: The table that `predict` writes, alone in its folder.
TABLE = "predictions.csv"
#: How its first line begins, and what it holds besides; the table of a run knows no reasons.
_BEGINS, _HOLDS = "image,predicted,", ("status", "unsure", "nearest", "reason")


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
        out: A folder that gets predictions.csv: a new or empty one, or one that holds nothing but what an earlier call
            wrote, which is replaced.
        listen: Is told about progress.

    Returns:
        One dict per image: image, predicted, ``p_<class>``, status (in, edge or out; what is out gets no class and no
        probability), unsure (the classes that cannot be ruled out, where there are several), nearest (training cases
        of what is out), reason (why it is out, or could not be read).

    Raises:
        ModelRejected: The model is damaged.
        InputError: There are no images.
        OutputError: The folder is that of a run, or holds other files.
    """
    from wetread.dataset.listing import sources_in
    from wetread.images.cache import default_cache
    from wetread.images.decoder import Decoder
    from wetread.model.classifier import load_classifier
    from wetread.model.predict import case_names, predict_files

    place = _check_place(Path(out)) if out is not None else None
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
    listen(
        StepFinished("predict", time.perf_counter() - started, f"{len(rows)} {'image' if len(rows) == 1 else 'images'}")
    )
    if place is not None:
        from wetread.dataset.table import quote_formula

        columns = list(rows[0])
        cells = [[quote_formula(value) if isinstance(value, str) else value for value in row.values()] for row in rows]
        RunFolder(place).write_table(TABLE, columns, cells)
    return rows


def _check_place(place: Path) -> Path:
    """Refuses a place that holds anything but earlier results of `predict`: a run keeps a table of the same name.

    Raises:
        OutputError: It does, or cannot be looked into.
    """
    check_place(place, TABLE)
    if not place.exists():
        return place
    try:
        others = [entry.name for entry in place.iterdir() if entry.name != TABLE and not entry.name.startswith(".")]
        if not others and (place / TABLE).is_file():
            with (place / TABLE).open(encoding="utf-8", newline="") as table:
                first = table.readline().rstrip("\r\n")
            if not first.startswith(_BEGINS) or not set(_HOLDS) <= set(first.split(",")):
                others = [TABLE]
    except (OSError, ValueError):
        others = [TABLE]
    if not others:
        return place
    if (place / "run.json").is_file():
        told = "is a run folder, and its predictions.csv is part of the run"
    else:
        told = f"holds what wetread predict did not write: {others[0]}"
    raise OutputError(
        f"{place} {told}.", remedy="Choose an empty or new folder with --out FOLDER.", file=place, code="not-empty"
    )


def load(model: str | Path) -> Classifier:
    """Loads a classifier from a run folder or model folder; see `wetread.model.classifier.Classifier`."""
    from wetread.model.classifier import load_classifier

    return load_classifier(Path(model))
