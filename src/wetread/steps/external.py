"""`evaluate`: a model on data from elsewhere."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from wetread.errors import OutputError
from wetread.outcome import Run
from wetread.progress import Listener, silent
from wetread.request import Request, as_path
from wetread.run_folder import RUNNING, RunFolder

if TYPE_CHECKING:
    from wetread.main_job.overlap import Tried


def evaluate(
    model: str | Path,
    data: str | Path,
    *,
    labels: str | Path | None = None,
    label_column: str | None = None,
    finding: str | None = None,
    names: Mapping[str, str] | None = None,
    out: str | Path | None = None,
    without_overlap: bool = False,
    other_patients: bool = False,
    seed: int = 0,
    overwrite: bool = False,
    listen: Listener = silent,
) -> Run:
    """An external test: the model as it is, at the threshold it has, on data from elsewhere.

    Args:
        model: A run folder or a model folder.
        data: As for `run`, with the labels that are true there.
        labels: As for `run`.
        label_column: As for `run`.
        finding: As for `run`; asked for by itself where the model tells one finding from everything else.
        names: What the data call a class or finding -> what the model calls it.
        out: Where the test goes; by default ``external/<name of the data>`` in the run, or in ``wetread-external``.
        without_overlap: Leave out what the model knows (patients, pixels, near copies) instead of stopping.
        other_patients: Patient numbers that occur in both sets name different people.
        seed: Of resamples.
        overwrite: Replace an earlier test in `out`; it stays as it was where nothing comes of this one.
        listen: Is told about progress.

    Returns:
        The test as a run: numbers, findings, report. ``external.json`` in its folder holds what became of each number.

    Raises:
        ModelRejected: There is no model, or a damaged one.
        InputError: The data cannot be used, the classes do not match, or the model knows some of the images.
        OutputError: The folder cannot be written.
        Stopped: The user interrupted.

    Example:
        >>> wetread.evaluate("run", "other-hospital", names={"normal": "no_effusion"}).headline  # doctest: +SKIP
        'AUROC 0.84 (95 % interval 0.75 to 0.90), 80 images of 60 patients, external test'
    """
    from wetread.main_job.external import assess, place_of, read_elsewhere, write_external_page
    from wetread.main_job.overlap import open_tried
    from wetread.main_job.session import working_in

    request = Request(Path(data), as_path(labels), seed=seed, device="cpu", finding=finding, label_column=label_column)
    request.validate()
    tried = open_tried(Path(model))
    place = Path(out) if out is not None else Path(place_of(tried, request))
    _refuse_own_place(tried, Path(model), place)
    folder = RunFolder.create(place, overwrite=overwrite, resumable=False)
    with working_in(folder, request, listen) as tell:
        folder.write_status(RUNNING, kind="external")
        elsewhere = read_elsewhere(
            tried,
            request,
            dict(names or {}),
            folder,
            tell,
            without_overlap=without_overlap,
            other_patients=other_patients,
        )
        numbers = assess(tried, elsewhere, request, folder, tell)
        write_external_page(folder, elsewhere, tried, tell)
        return Run(folder.path, numbers, [one.as_dict() for one in elsewhere.findings], elsewhere.gate)


def _refuse_own_place(tried: Tried, model: Path, place: Path) -> None:
    """A test is not written over the model that it tests, whatever may be overwritten."""
    own = {model.resolve()} | ({tried.folder.path.resolve()} if tried.folder is not None else set())
    if place.resolve() in own:
        raise OutputError(
            f"{place} holds the model that is to be tested.",
            remedy="Choose another --out FOLDER, or leave it out.",
            file=place,
            code="run-exists",
        )
