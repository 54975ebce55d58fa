"""Data sets fetched, made, and freed of what identifies a patient."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from wetread.errors import InputError
from wetread.outcome import counted
from wetread.progress import Listener, StepAdvanced, StepFinished, StepStarted, silent
from wetread.request import as_path

if TYPE_CHECKING:
    from wetread.phantoms.catalogue import PhantomSet
    from wetread.privacy.outcome import Outcome
    from wetread.public_sets.public_set import PublicSet


def list_data() -> tuple[list[PublicSet], list[PhantomSet]]:
    """The public sets that `get_data` fetches and the phantoms that `make_data` makes."""
    from wetread.phantoms.catalogue import PHANTOMS
    from wetread.public_sets.get import list_sets

    return list_sets(), list(PHANTOMS.values())


def get_data(
    name: str,
    folder: str | Path | None = None,
    *,
    accept: Callable[[PublicSet], bool] | None = None,
    parts: int | None = None,
    listen: Listener = silent,
) -> Path:
    """Fetches a public data set; see `wetread.public_sets.get.get_set`, which this calls.

    Args:
        name: As `list_data` names it.
        folder: Where data sets go; by default the user's own data folder.
        accept: Is shown licence and size, and says whether to go on; None: the caller has read them.
        parts: How many archives of a set that comes in several.
        listen: Is told about progress.

    Returns:
        What `run` takes.
    """
    from wetread.public_sets.get import get_set

    return get_set(name, folder, accept=accept, parts=parts, listen=listen)


def make_data(
    name: str,
    folder: str | Path | None = None,
    *,
    images: int | None = None,
    patients: int | None = None,
    seed: int = 2026,
    knobs: Mapping[str, float] | None = None,
    listen: Listener = silent,
) -> Path:
    """Makes a set of phantoms: simulated images with known truth, as DICOM with masks and a table.

    Args:
        name: chest-effusion, chest, chest-abdomen, head-ct or traps; `list_data` tells more.
        folder: A new or empty folder; by default one of that name here.
        images: How many; by default what suits the set.
        patients: Of how many patients.
        seed: The same seed gives the same files, byte by byte.
        knobs: By name; what is not named keeps its default.
        listen: Is told about progress.

    Returns:
        The folder, ready for `run`.

    Raises:
        InputError: There is no such set or knob, a number does not fit, or the folder holds other files.
    """
    from wetread.phantoms.catalogue import make_phantoms

    folder = Path(name if folder is None else folder)
    made_before = any((folder / table).is_file() for table in ("labels.csv", "traps.csv"))
    if folder.exists() and any(folder.iterdir()) and not made_before:
        raise InputError(f"{folder} holds other files.", remedy="Choose a new folder.", file=folder, code="not-empty")
    listen(StepStarted("make", "Rendering phantoms", images))
    started = time.perf_counter()
    total = 0

    def tell(done: int, of: int) -> None:
        nonlocal total
        total = of
        listen(StepAdvanced("make", done, of))

    make_phantoms(name, folder, images=images, patients=patients, seed=seed, knobs=knobs, progress=tell)
    listen(StepFinished("make", time.perf_counter() - started, counted(total, "image")))
    return folder


def deidentify(
    data: str | Path,
    out: str | Path,
    *,
    blank: Sequence[tuple[int, int, int, int]] = (),
    keep_dates: bool = False,
    keep_device: bool = False,
    keep_columns: Sequence[str] = (),
    labels: str | Path | None = None,
    secret: str | Path | None = None,
    mapping: str | Path | None = None,
    listen: Listener = silent,
) -> Outcome:
    """Writes a de-identified copy of a data set by the Basic Profile (PS3.15 annex E). The originals are not touched.

    Args:
        data: A folder, a .zip or one file.
        out: A new folder.
        blank: Rectangles of pixels to overwrite in every image: left, top, width, height.
        keep_dates: Keep dates; by default those of a patient are shifted by a constant number of days.
        keep_device: Keep names and serial numbers of devices.
        keep_columns: Columns of tables to take over as they are.
        labels: A table of labels outside the folder.
        secret: The file that holds the secret of the pseudonyms, or will hold it; by default it is thrown away.
        mapping: A file to write that tells originals and new names; whoever has it can undo everything.
        listen: Is told about progress.

    Returns:
        What became of every file, and which images may show text in their pixels.

    Raises:
        InputError: There is nothing to do, or the places are mixed up.
        OutputError: A file cannot be written.
        Stopped: The user interrupted.
    """
    from wetread.privacy.folder import deidentify_folder

    return deidentify_folder(
        Path(data),
        Path(out),
        blank=tuple(blank),
        keep_dates=keep_dates,
        keep_device=keep_device,
        keep_columns=keep_columns,
        labels=as_path(labels),
        secret=as_path(secret),
        mapping=as_path(mapping),
        listen=listen,
    )
