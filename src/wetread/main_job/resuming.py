"""Going on with a run: only with the data it began with, and not where nothing is left to do.

Asked before the run folder is touched. What a run knows of its data stands in images.csv: names and labels of all
files, and a hash of the content of each that was read.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from wetread.errors import InputError
from wetread.main_job.intake import list_images
from wetread.outcome import Run
from wetread.progress import Listener, Notice
from wetread.request import LATERALITY, PRESETS, Request, name_of
from wetread.run_folder import FINISHED, RunFolder

if TYPE_CHECKING:
    from wetread.dataset.table import Row
    from wetread.training.fingerprint import Fingerprint
    from wetread.training.rules import Asked

#: Files whose content is compared, spread over the whole set; each fold compares the pixels of all once more.
CONTENTS_COMPARED = 200


def find_finished(place: Path, request: Request, listen: Listener) -> Run | None:
    """What `--resume` gives back at once: a run that has finished.

    Args:
        place: The run folder.
        request: What the user asked for.
        listen: Is told that the run has finished before.

    Returns:
        None where there is something to go on with.

    Raises:
        InputError: The run there began with other data. Nothing was written.
    """
    folder = RunFolder(place)
    if not (place / "run.json").is_file():
        return None
    _refuse_other_data(folder, request)
    told = folder.read_json("run.json")
    if told.get("status") != FINISHED or told.get("left_out") or not (place / "numbers.json").is_file():
        return None
    listen(Notice(f"The run in {place} has finished; nothing was done. --overwrite trains it anew."))
    return Run.open(place)


def keep_measured(folder: RunFolder, measured: Fingerprint, request: Request) -> Fingerprint:
    """What only the first start of a run measures, or is told: the pace of training, the time limit, about sides.

    Args:
        folder: Of the run that goes on.
        measured: Now.
        request: Of this start; what it says comes first.
    """
    try:
        told = folder.find_json("fingerprint.json")
    except InputError:
        return measured
    if not isinstance(told, dict):
        return measured
    rate, limit, laterality = (told.get(name) for name in ("rate", "time_limit", "laterality"))
    kept: dict[str, Any] = {}
    if isinstance(rate, int | float) and told.get("device") == measured.device:  # the pace is that of a device
        kept["rate"] = float(rate)
    if isinstance(limit, int | float) and request.time_limit is None:
        kept["time_limit"] = float(limit)
    if laterality in LATERALITY and request.laterality is None:
        kept["laterality"] = laterality
    return replace(measured, **kept)


def as_begun(folder: RunFolder, asked: Asked, measured: Fingerprint) -> Asked:
    """What was asked for when a run began, where this start does not ask anew; what its plan does not say stays.

    Planned like that, only what somebody changed in its plan.yaml differs.

    Args:
        folder: Of the run that goes on.
        asked: By this start.
        measured: Knows the classes and the weights.
    """
    from wetread.report.plan_part import plan_values, read_plan

    begun = plan_values(read_plan(folder))
    preset, seed, positive, backbone = map(begun.get, ("preset", "seed", "positive", "backbone"))
    if preset in PRESETS:
        asked = replace(asked, preset=preset)
    if isinstance(seed, int) and not asked.seed:
        asked = replace(asked, seed=seed)
    if asked.positive is None and positive in measured.classes and len(measured.classes) == 2 and not measured.several:
        asked = replace(asked, positive=positive)
    if asked.backbone is None and isinstance(backbone, str) and (not backbone or measured.find(backbone) is not None):
        asked = replace(asked, backbone=backbone or "none")
    return asked


def _refuse_other_data(folder: RunFolder, request: Request) -> None:
    """Compares names, labels and the content of some files with images.csv; a run without one has read nothing yet."""
    known = {line["image"]: line for line in folder.read_table("images.csv")}
    if not known:
        return
    table = list_images(request)
    begun = {_file(image, line): line for image, line in known.items()}
    given = {row.image: row for row in table.rows}
    others = sorted(begun.keys() ^ given.keys())
    if others:
        told = f"{len(others)} of their files are not the same, such as {others[0]}"
        raise _other_data(folder, request, told)
    relabelled = [name for name, row in given.items() if row.label != begun[name]["label"]]
    if relabelled:
        raise _other_data(
            folder, request, f"{len(relabelled)} of their labels are not the same, such as that of {relabelled[0]}"
        )
    hashed = [row for row in table.used if begun[row.image]["sha256"] and row.source.item is None]
    changed = _find_changed(hashed[:: max(1, len(hashed) // CONTENTS_COMPARED)], begun)
    if changed is not None:
        raise _other_data(folder, request, f"the content of {changed} is not the same")


def _find_changed(rows: Sequence[Row], begun: Mapping[str, Mapping[str, str]]) -> str | None:
    """The first image whose bytes are not those that were read then."""
    from wetread.archive import Archive
    from wetread.images.gate import Refused, open_plain_file

    with ExitStack() as stack:
        archives: dict[Path, Archive] = {}
        for row in rows:
            source = row.source
            try:
                if source.member:
                    if source.path not in archives:
                        archives[source.path] = stack.enter_context(Archive(source.path))
                    found = hashlib.sha256(archives[source.path].read(source.member)).hexdigest()
                else:
                    with open_plain_file(source.path) as handle:
                        found = hashlib.file_digest(handle, "sha256").hexdigest()
            except (Refused, OSError):
                return row.image
            if found != begun[row.image]["sha256"]:
                return row.image
    return None


def _file(image: str, line: dict[str, str]) -> str:
    """The file of a row, which is one of its frames where all frames were taken."""
    file = line.get("file") or ""
    return file if file and image.startswith(f"{file}#") else image


def _other_data(folder: RunFolder, request: Request, told: str) -> InputError:
    began = folder.read_json("run.json").get("data") or "other data"
    return InputError(
        f"{folder.path} holds a run of {began}, which did not begin with these data ({name_of(request.data)}): {told}.",
        remedy="Give the data, the labels and the classes that it began with, or another --out FOLDER.",
        file=folder.path,
        code="other-data",
    )
