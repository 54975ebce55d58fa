"""`run_lab`: one lab, from its name to its page."""

from __future__ import annotations

import importlib
import time
from pathlib import Path
from typing import Any

from wetread.errors import InputError, OutputError, Stopped
from wetread.labs.catalogue import Lab, find_lab
from wetread.labs.workbench import Workbench
from wetread.outcome import DISCLAIMER
from wetread.progress import Listener, silent
from wetread.request import as_path
from wetread.run_folder import RunFolder, versions
from wetread.writing import FolderLock, make_folder

#: Where labs go when no folder is named.
PLACE = Path("wetread-labs")
#: What a folder was begun for, so that two labs are never mixed.
WISH = "wish.json"
#: On the page of a shrunken lab.
SMALL = "This is the small form: everything was shrunken so that it ends soon. Its numbers mean nothing."


def run_lab(
    name: str,
    out: str | Path | None = None,
    *,
    seed: int = 0,
    small: bool = False,
    data: str | Path | None = None,
    listen: Listener = silent,
) -> dict[str, Any]:
    """Does a lab: runs below one folder, lab.json with every number shown, and lab.html.

    What is finished below `out` is not done again, so the same call goes on after an interruption.

    Args:
        name: As `wetread.labs.catalogue.LABS` names it.
        out: The lab's folder; by default one below ``wetread-labs``, named after the lab, its seed and its form.
        seed: Of data and runs. A class that shares a seed gets the same numbers.
        small: Everything shrunken, to see that it works.
        data: Original images, for the labs that take some.
        listen: Is told about progress.

    Returns:
        Contents of lab.json, with ``folder`` and ``page``.

    Raises:
        InputError: There is no such lab, it takes no data, or the data cannot be used.
        OutputError: `out` holds something else, or cannot be written.
        Stopped: The user interrupted; the same call goes on.

    Example:
        >>> run_lab("leak", small=True)["see"][0]  # doctest: +SKIP
        'A coin cannot be seen on a CT. Divided by patient the AUROC is ...'
    """
    lab, given = find_lab(name), as_path(data)
    _check(lab, seed, given)
    place = Path(out) if out is not None else PLACE / _folder_name(lab, seed, small)
    folder = _open(place, {"lab": lab.name, "seed": seed, "small": small, "data": given.name if given else None})
    bench = Workbench(place, seed, small, given, minutes=lab.minutes, listen=listen)
    started = time.perf_counter()
    lock = FolderLock(place / "lock")
    try:
        found = _work(lab, bench)
    except (KeyboardInterrupt, Stopped):
        raise Stopped(
            "Stopped. What is finished is kept.", remedy="The same command goes on from there.", file=place
        ) from None
    finally:
        lock.release()
    seconds = round(time.perf_counter() - started, 1)
    content = _describe(lab, bench, found, seconds)
    folder.write_json("lab.json", content)
    from wetread.report.lab_page import write_lab_page

    return {**content, "folder": str(place), "page": str(write_lab_page(folder))}


def _work(lab: Lab, bench: Workbench) -> dict[str, Any]:
    module, function = lab.made_by
    work = getattr(importlib.import_module(f"wetread.labs.{module}"), function)
    found: dict[str, Any] = work(bench)
    return found


def _check(lab: Lab, seed: int, data: Path | None) -> None:
    if not 0 <= seed < 1_000_000:
        raise InputError(f"The seed {seed} is out of range.", remedy="Choose 0 to 999999.", code="seed")
    if data is None:
        return
    if not lab.takes_data:
        raise InputError(f"The lab {lab.name} makes its own data.", remedy="Leave --data out.", file=data, code="usage")
    if not data.exists():
        raise InputError(f"There is no {data}.", remedy="Check the path.", file=data, code="no-data")


def _folder_name(lab: Lab, seed: int, small: bool) -> str:
    return lab.name + (f"-seed-{seed}" if seed else "") + ("-small" if small else "")


def _open(place: Path, wish: dict[str, Any]) -> RunFolder:
    """The lab's folder: new, empty, or begun for the same lab."""
    folder = RunFolder(place)
    begun = folder.find_json(WISH) if place.is_dir() else None
    try:
        taken = begun is None and place.exists() and (place.is_file() or any(place.iterdir()))
    except OSError as error:
        raise OutputError(
            f"{place} cannot be looked into.", remedy="Choose another --out FOLDER.", file=place
        ) from error
    if taken or begun not in (None, wish):
        what = f"holds the lab {begun['lab']}, begun otherwise" if isinstance(begun, dict) else "holds other files"
        raise OutputError(f"{place} {what}.", remedy="Choose an empty or new folder with --out FOLDER.", file=place)
    make_folder(place)
    if begun is None:
        folder.write_json(WISH, wish)
    return folder


def _describe(lab: Lab, bench: Workbench, found: dict[str, Any], seconds: float) -> dict[str, Any]:
    warnings = [SMALL] if bench.small else []
    return {
        "lab": lab.name,
        "title": lab.title,
        "question": lab.question,
        "seed": bench.seed,
        "small": bench.small,
        "warnings": warnings,
        "seconds": seconds,
        "stages_done_now": bench.done_now,
        "commands": bench.commands,
        **found,
        "see": [*warnings, *found["see"]],
        "versions": versions(),
        "use": DISCLAIMER,
    }
