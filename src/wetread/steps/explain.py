"""The verb `explain`: where a model looked in the user's own images, and whether such maps may be believed."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from wetread.errors import InputError
from wetread.outcome import counted
from wetread.progress import Listener, Notice, StepAdvanced, StepFinished, StepStarted, silent
from wetread.request import as_seconds
from wetread.run_folder import RunFolder
from wetread.writing import check_place, remove_folder

if TYPE_CHECKING:
    from wetread.dataset.table import Table
    from wetread.explanation.on_files import ExplainedImage
    from wetread.images.source import Source
    from wetread.model.classifier import Classifier
    from wetread.shapes import Bools, Picture

#: Tells a folder of explanations from one of something else.
PAGE = "explain.html"
#: What an earlier call leaves beside it, and a later one replaces.
FOLDERS = ("overlays", "raw")


@dataclass(frozen=True)
class Explanations:
    """What `explain` gives back; shows itself in a notebook.

    Attributes:
        images: One for each image, with its maps (`wetread.explanation.heatmap.Heatmap`), or with the reason why there
            is none.
        content: The contents of explanations.json.
        files: PNG files by name: overlays, pictures and the colour scale.
        folder: Where everything was written; None where nothing was.
    """

    images: list[ExplainedImage]
    content: dict[str, Any]
    files: dict[str, bytes]
    folder: Path | None = None

    @property
    def page(self) -> Path | None:
        """The page, where one was written."""
        return self.folder / PAGE if self.folder else None

    def __repr__(self) -> str:
        count = sum(one.is_explained for one in self.images)
        return f"{count} of {counted(len(self.images), 'image')} explained by {', '.join(self.content['methods'])}"

    def _repr_html_(self) -> str:
        from wetread.report.explain_page import fragment

        return fragment(self.content, self.files)


def explain(
    model: str | Path | Classifier,
    images: str | Path | Picture | Sequence[str | Path | Picture],
    *,
    method: str | Sequence[str] = (),
    target: str | int | None = None,
    test: bool = False,
    masks: str | Path | None = None,
    mask_of: str | int | None = None,
    time_limit: str | float | None = None,
    out: str | Path | None = None,
    seed: int = 0,
    resamples: int = 1000,
    listen: Listener = silent,
) -> Explanations:
    """Shows where a model looked.

    Args:
        model: A run folder, a model folder, or a classifier that was loaded.
        images: One image, a folder or .zip of images, several of these, or pictures as arrays ``row column`` or
            ``row column 3``, uint8, as displayed.
        method: Names of methods, ``all``, or nothing for two of different kinds.
        target: The class to explain, by name or by number from 0; by default the positive one of two, else the one that
            is called.
        test: Test the explanations on these images.
        masks: A folder of masks with the names of the images: where the finding is visible.
        mask_of: The class that the masks show; by default the positive one, and of a model without one `target`.
        time_limit: After this time no further test is begun, as `wetread.request.as_seconds` reads it.
        out: Where overlays, raw maps and the page go; nothing is written without it.
        seed: Of methods that draw something, and of the tests.
        resamples: How often patients are drawn for intervals of the tests.
        listen: Is told about progress.

    Returns:
        The maps; a picture in a notebook.

    Raises:
        ModelRejected: The model is damaged.
        InputError: There are no images, or none can be read; a method or class does not exist.
        OutputError: The folder holds something else, or cannot be written.

    Example:
        >>> wetread.explain("runs/chest", "new/")  # doctest: +SKIP
        12 of 12 images explained by grad-cam, occlusion
    """
    from wetread.explanation.on_files import (
        answer,
        choose_methods,
        explain_images,
        find_class,
        find_training_cases,
        refuse_unread,
    )
    from wetread.model.classifier import Classifier, load_classifier
    from wetread.report.explain_page import describe

    place = check_place(Path(out), PAGE) if out is not None else None
    classifier = model if isinstance(model, Classifier) else load_classifier(Path(model))
    methods = choose_methods(classifier, [method] if isinstance(method, str) else list(method))
    if target is not None:
        find_class(classifier, target)  # before anything is read
    if masks is not None and not test:
        raise InputError("Masks are for tests.", remedy="Add --test.", code="usage")
    column = _class_of_masks(classifier, mask_of, target) if masks is not None else None
    seconds = as_seconds(time_limit)
    given = _read(classifier, images, listen)
    refuse_unread(given)
    shown = _Masks(_masks(Path(masks), given, listen), column) if masks is not None else _Masks([None] * len(given))
    started = time.perf_counter()
    listen(StepStarted("explain", "Explaining", len(methods)))
    answer(classifier, given, target)
    explain_images(
        classifier,
        given,
        methods,
        seed=seed,
        done=lambda count, name: listen(StepAdvanced("explain", count, len(methods), name)),
    )
    find_training_cases(classifier, given, _run_of(model))
    explained = sum(one.is_explained for one in given)
    listen(StepFinished("explain", time.perf_counter() - started, f"{explained} of {counted(len(given), 'image')}"))
    if test:
        run = _run_of(model)
        wish = _Wish(methods, seed, resamples, seconds)
        tests = _test(classifier, run, given, shown, wish, listen)
    else:
        tests = _known_tests(classifier, _run_of(model))
    content, files = describe(classifier, given, methods, tests)
    if place is not None:
        _write(place, content, files, given)
    return Explanations(given, content, files, place)


def _read(classifier: Classifier, images: Any, listen: Listener) -> list[ExplainedImage]:
    """Files or arrays -> pictures, each with its name."""
    import numpy as np

    from wetread.dataset.listing import sources_in
    from wetread.explanation.on_files import ExplainedImage, read_files
    from wetread.images.cache import default_cache
    from wetread.images.decoder import Decoder

    given: list[Any] = [images] if isinstance(images, str | Path | np.ndarray) else list(images)
    if any(isinstance(one, np.ndarray) for one in given):
        return [ExplainedImage(f"picture {n}", _as_picture(one)) for n, one in enumerate(given, start=1)]
    named = [(source, _name(source, Path(one))) for one in given for source in sources_in(Path(one))]
    if not named:
        raise InputError(
            "There are no images to explain.", remedy="Give files or a folder of images.", code="no-images"
        )
    started = time.perf_counter()
    listen(StepStarted("read", "Reading images"))
    with Decoder(cache=default_cache()) as decoder:
        found = read_files(classifier, [source for source, _ in named], decoder)
    for one, (_, name) in zip(found, named, strict=True):
        one.image = name
    readable = sum(one.picture is not None for one in found)
    listen(StepFinished("read", time.perf_counter() - started, f"{readable} of {len(found)} can be read"))
    return found


def _name(source: Source, given: Path) -> str:
    """The name of an image in the folder or archive that was given: a page may travel, and its path should not."""
    text = str(source)
    return text.removeprefix(f"{given}/") if text.startswith(f"{given}/") else text[text.rfind(source.name) :]


def _as_picture(array: Any) -> Picture:
    colour = getattr(array, "ndim", 0) == 3 and array.shape[-1] == 3
    if str(getattr(array, "dtype", "")) != "uint8" or not (array.ndim == 2 or colour) or not array.size:
        raise InputError(
            "This is no picture.",
            remedy="Give arrays of uint8, row column or row column 3, as displayed: 0 black, 255 white.",
            code="no-picture",
        )
    picture: Picture = array
    return picture


def _class_of_masks(classifier: Classifier, mask_of: str | int | None, target: str | int | None) -> int:
    """The class that the masks show."""
    from wetread.explanation.on_files import find_class

    name = next((one for one in (mask_of, classifier.positive, target) if one is not None), None)
    if name is None:
        raise InputError(
            "This model has several classes, and a mask can show any of them.",
            remedy="Say which one with --mask-of CLASS.",
            code="usage",
        )
    return find_class(classifier, name)


def _masks(folder: Path, images: Sequence[ExplainedImage], listen: Listener) -> list[Bools | None]:
    """The mask of each image; None where it has none."""
    from wetread.dataset.listing import sources_in
    from wetread.explanation.masks import decode_masks, match_masks
    from wetread.images.decoder import Decoder

    if not folder.exists():
        raise InputError(f"There is no folder {folder}.", remedy="Check the path.", file=folder, code="no-masks")
    sources = list(sources_in(folder))
    numbers = match_masks([one.image for one in images], [_name(source, folder) for source in sources])
    wanted = [(image, sources[number]) for image, number in enumerate(numbers) if number is not None]
    if not wanted:
        raise InputError(
            f"No mask in {folder} has the name of an image.",
            remedy="Name each mask as its image: chest1.dcm and chest1.png.",
            file=folder,
            code="no-masks",
        )
    found: list[Bools | None] = [None] * len(images)
    with Decoder() as decoder:
        for (number, _), mask in zip(wanted, decode_masks([one for _, one in wanted], decoder), strict=True):
            found[number] = mask
    unreadable = sum(found[number] is None for number, _ in wanted)
    if unreadable:
        listen(Notice(f"{counted(unreadable, 'mask')} cannot be read."))
    return found


@dataclass(frozen=True)
class _Masks:
    """Masks of all images, and the class that they show."""

    masks: list[Bools | None]
    column: int | None = None


@dataclass(frozen=True)
class _Wish:
    """What is asked of the tests."""

    methods: Sequence[str]
    seed: int
    resamples: int
    seconds: float | None


def _test(
    classifier: Classifier,
    run: RunFolder | None,
    images: Sequence[ExplainedImage],
    masks: _Masks,
    wish: _Wish,
    listen: Listener,
) -> dict[str, Any]:
    from wetread.explanation.trials.run_trials import STEP, TRIALS, run_trials
    from wetread.main_job.explaining import refit_from_run

    rows = [n for n, one in enumerate(images) if one.is_explained]
    table = _as_table([images[n] for n in rows])
    known = _say_known(classifier, run, table, listen)
    # An image without a patient stands for itself.
    patients = [row.patient or f"image {n}" for n, row in enumerate(table.rows)]
    started = time.perf_counter()
    listen(StepStarted("features", "Looking for the pictures of the run"))
    retrain, why = refit_from_run(classifier, run)
    listen(StepFinished("features", time.perf_counter() - started, "found" if retrain else why))
    started = time.perf_counter()
    listen(StepStarted(STEP, "Testing the heatmaps", len(wish.methods) * len(TRIALS)))
    found = run_trials(
        classifier,
        [picture for n in rows if (picture := images[n].picture) is not None],
        [classifier.classes.index(images[n].target) for n in rows],
        [masks.masks[n] for n in rows],
        shows=None if masks.column is None else [masks.column] * len(rows),
        methods=wish.methods,
        retrain=retrain,
        why_no_labels=why,
        patients=patients,
        listen=listen,
        seed=wish.seed,
        resamples=wish.resamples,
        seconds=wish.seconds,
    )
    best = found.best
    listen(StepFinished(STEP, time.perf_counter() - started, f"{best.method} {best.badge} tests" if best else ""))
    people = len(set(patients)) if table.grouping != "none" else None
    return found.as_dict() | {"here": True, "patients": people, "known": known}


def _as_table(images: Sequence[ExplainedImage]) -> Table:
    """Images as a run would take them up, with patients where headers or file names tell them."""
    from wetread.dataset.groups import assign_patients
    from wetread.dataset.table import Row, Table
    from wetread.images.facts import ImageFacts
    from wetread.images.source import Source

    rows = [
        Row(
            one.image,
            Source(Path(one.image)),
            sha256=one.sha256,
            pixel_sha256=one.pixel_sha256,
            facts=one.facts or ImageFacts("", 0, 0, 8, "grey", 0),  # of a picture that came as an array
            picture=one.picture,
        )
        for one in images
    ]
    table = Table(Path(), "folder", rows)
    assign_patients(table)
    return table


def _say_known(classifier: Classifier, run: RunFolder | None, table: Table, listen: Listener) -> str:
    """A sentence where the model knows some of the pictures: on these its maps are judged too kindly."""
    from wetread.main_job.overlap import Tried, find_overlap, read_seen, say_overlap

    numbers = run.find_json("numbers.json") or {} if run is not None else {}
    overlap = find_overlap(read_seen(Tried(classifier, run, numbers)), table, table.rows, [])
    if not overlap.rows:
        return ""
    said = (
        f"The model knows {len(overlap.rows)} of these {counted(len(table.rows), 'picture')} "
        f"({say_overlap(overlap)}), so its maps are judged more kindly than on new ones."
    )
    listen(Notice(said))
    return said


def _run_of(model: Any) -> RunFolder | None:
    """The run that made a model; None where that is not known."""
    if not isinstance(model, str | Path):
        return None
    for folder in (Path(model), Path(model).resolve().parent):
        if (folder / "run.json").is_file() and (folder == Path(model) or Path(model).name == "model"):
            return RunFolder(folder)
    return None


def _known_tests(classifier: Classifier, run: RunFolder | None) -> dict[str, Any]:
    """What the run that made the model found of its methods; empty where that is not known."""
    found = run.find_json("explanations.json") if run is not None else None
    # The run tests a model of one fold, which need not be of the kind of the one that it handed over.
    return found | {"model": classifier.rung} if found else {}


def _write(place: Path, content: dict[str, Any], files: dict[str, bytes], images: Sequence[ExplainedImage]) -> None:
    from wetread.report.explain_page import raw_file, write_explain_page

    folder = RunFolder(place)
    for name in FOLDERS:
        remove_folder(place / name)
    for name, data in files.items():
        folder.write_bytes(name, data)
    for number, one in enumerate(images, start=1):
        for method, heatmap in one.maps.items():
            folder.write_bytes(raw_file(number, method), _npy(heatmap.values))
    folder.write_json("explanations.json", content)
    write_explain_page(folder, content, files)


def _npy(values: Any) -> bytes:
    import io

    import numpy as np

    buffer = io.BytesIO()
    np.lib.format.write_array(buffer, np.ascontiguousarray(values, dtype=np.float64))  # numbers are never pickled
    return buffer.getvalue()
