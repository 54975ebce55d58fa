"""The verb `look`: what is inside a model, as a page to browse."""

from __future__ import annotations

import time
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from wetread.errors import ImageRejected, InputError, Stopped
from wetread.outcome import DISCLAIMER, counted
from wetread.progress import Listener, Notice, StepAdvanced, StepFinished, StepStarted, silent
from wetread.request import as_seconds
from wetread.run_folder import RunFolder
from wetread.writing import atomic_write, check_place, make_folder, remove_folder

if TYPE_CHECKING:
    from wetread.insight.found import Shown
    from wetread.model.classifier import Classifier

#: What an earlier `look` leaves, and a later one replaces.
RESULTS = "look.json"
#: Pictures from --images that are read.
MOST_IMAGES = 48


def look_inside(
    model: str | Path,
    *,
    images: str | Path | Sequence[str | Path] | None = None,
    layers: str | Sequence[str] | None = None,
    channels: int = 12,
    time_limit: str | float | None = "5min",
    out: str | Path | None = None,
    seed: int = 0,
    listen: Listener = silent,
) -> dict[str, Any]:
    """Looks inside a model: what classes, channels and first filters want to see, maps of real pictures, all as points.

    Args:
        model: A run folder or a model folder.
        images: Pictures whose maps are shown; by default some of the run's held-out ones, where the cache holds them.
        layers: Names of layers, or ``all``; by default at most six.
        channels: Most channels per layer, 1 to 512.
        time_limit: For gradient ascent, shared between layers: minutes, or ``90s``, ``45min``, ``2h``.
        out: Where the page goes; by default ``look`` in the run folder, or ``<name>-look`` here.
        seed: The same seed draws the same pictures, as far as the time limit does not cut them short.
        listen: Is told about progress.

    Returns:
        The contents of look.json, and ``folder`` and ``page``: where everything lies.

    Raises:
        ModelRejected: The model is damaged.
        InputError: There are no such layers or images.
        OutputError: The results cannot be written.
        Stopped: The user interrupted; the page shows what was finished.
    """
    from wetread.insight.found import Wishes
    from wetread.insight.tour import look_through
    from wetread.model.classifier import load_classifier

    seconds = as_seconds(time_limit)
    if seconds == 0:
        raise InputError(
            "A time limit of 0 leaves no time to draw anything.",
            remedy="Give minutes, such as 5, or 90s, 2h.",
            code="usage",
        )
    if not 1 <= channels <= 512:
        raise InputError(f"{channels} channels cannot be shown.", remedy="Choose 1 to 512.", code="usage")
    names = [layers] if isinstance(layers, str) else list(layers or ())
    started = time.monotonic()
    folder = RunFolder(_place(Path(model), Path(out) if out is not None else None))
    classifier = load_classifier(Path(model))
    shown, every, notes = _pictures(Path(model), classifier, images, listen)
    wishes = Wishes(tuple(names), channels, seconds if seconds is not None else 300.0, seed)
    tour = look_through(classifier, shown, every, wishes, listen)
    content = {
        "use": DISCLAIMER,
        "model": Path(model).resolve().name,
        "rung": classifier.rung,
        "task": classifier.task,
        "names": list(classifier.classes),
        "trained_on_these": bool(every),
        "settings": {"channels": channels, "seconds": wishes.seconds, "seed": seed, "steps": wishes.steps},
        "seconds": round(time.monotonic() - started, 1),
        "stopped": tour.stopped,
        **tour.content,
    }
    content["left_out"] = notes + content["left_out"]
    page = _write(folder, content, tour.files)
    if tour.stopped:
        raise Stopped("Stopped. The page shows what was finished.", remedy=f"See {page}.", file=page)
    return {**content, "folder": str(folder.path), "page": str(page)}


def _place(model: Path, out: Path | None) -> Path:
    """Where the page goes; refuses a place that holds something else, before anything is computed."""
    if out is None:
        is_run = (model / "run.json").is_file()
        out = model / "look" if is_run else Path(f"{model.resolve().name}-look")
    return check_place(out, RESULTS)


def _write(folder: RunFolder, content: dict[str, Any], files: dict[str, bytes]) -> Path:
    from wetread.report.insight_page import write_insight_page

    make_folder(folder.path)
    remove_folder(folder.path / "pictures")
    for name, data in files.items():
        # Hundreds of small files that can be drawn again.
        atomic_write(folder.path / "pictures" / name, data, durable=False)
    folder.write_json(RESULTS, content)
    return write_insight_page(folder)


def _pictures(
    model: Path, classifier: Classifier, images: str | Path | Sequence[str | Path] | None, listen: Listener
) -> tuple[list[Shown], list[Shown], list[str]]:
    """Pictures to show, all pictures of the run, and what the page should say of them."""
    every, notes = _of_run(model, listen)
    if images is not None:
        given = [images] if isinstance(images, str | Path) else list(images)
        return _of_files(classifier, given, listen), every, notes
    return _some(every), every, notes


def _of_run(model: Path, listen: Listener) -> tuple[list[Shown], list[str]]:
    from wetread.dataset.rebuild import rebuild_table
    from wetread.evaluation.subgroup_columns import find_columns
    from wetread.insight.found import Shown

    if not (model / "run.json").is_file():
        return [], []
    folder = RunFolder.open(model)
    try:
        table = rebuild_table(folder)
    except InputError as error:
        listen(Notice(error.message))
        return [], [f"{error.message} So there is no map of them, and real pictures come from --images only."]
    said = {row["image"]: row.get("predicted", "") for row in folder.read_table("predictions.csv")}
    rows = [row for row in table.used if row.picture is not None]
    columns = find_columns(rows)[:3] if rows else []
    groups = [
        {one.name: one.groups[one.members[number]] for one in columns if one.members[number] >= 0}
        for number in range(len(rows))
    ]
    shown = [
        Shown(row.image, row.picture, row.label, said.get(row.image, ""), facts)
        for row, facts in zip(rows, groups, strict=True)
        if row.picture is not None
    ]
    return shown, []


def _some(every: list[Shown]) -> list[Shown]:
    """Held-out pictures to show: one of each class in turn, those that were called right first."""
    rightly = sorted(every, key=lambda one: one.label != one.predicted)
    first = {one.label: one for one in reversed(rightly) if one.label}
    taken = {one.name for one in first.values()}
    wrong = [one for one in every if one.predicted and one.predicted != one.label and one.name not in taken]
    return [*list(first.values())[::-1][:2], *wrong[:1], *[one for one in rightly if one.name not in taken][:1]]


def _of_files(classifier: Classifier, given: Sequence[str | Path], listen: Listener) -> list[Shown]:
    from wetread.dataset.listing import sources_in
    from wetread.images.cache import default_cache
    from wetread.images.decoder import Decoder
    from wetread.insight.found import Shown

    sources = [source for one in given for source in sources_in(Path(one))][:MOST_IMAGES]
    if not sources:
        raise InputError("There are no images to show.", remedy="Give files or a folder of images.", code="no-images")
    listen(StepStarted("read", "Reading images", len(sources)))
    started = time.perf_counter()
    found: dict[int, Shown] = {}
    with Decoder(cache=default_cache()) as decoder:
        outcomes = decoder.decode_many(sources, max_side=classifier.working_side, view=classifier.view)
        for done, (number, outcome) in enumerate(outcomes, start=1):
            if not isinstance(outcome, ImageRejected):
                found[number] = Shown(sources[number].name, outcome.pixels)
            listen(StepAdvanced("read", done, len(sources)))
    listen(StepFinished("read", time.perf_counter() - started, f"{len(found)} of {counted(len(sources), 'image')}"))
    if not found:
        raise InputError(
            "None of the images can be read.", remedy="wetread predict says why, file by file.", code="no-images"
        )
    return [found[number] for number in sorted(found)]
