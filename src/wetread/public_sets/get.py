"""One public set: say its licence and size, fetch what is missing, check it, unpack it."""

from __future__ import annotations

import difflib
import os
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from wetread.download.known import KnownHashes
from wetread.download.patience import PATIENCE, Patience
from wetread.download.remote_file import RemoteFile, say_bytes
from wetread.errors import InputError, OutputError, Stopped
from wetread.progress import Listener, silent
from wetread.public_sets.catalogue import PUBLIC_SETS
from wetread.public_sets.public_set import PublicSet
from wetread.writing import SPARE_BYTES, FolderLock, make_folder

#: The environment variable that moves the data home.
HOME_VARIABLE = "WETREAD_DATA_HOME"


def list_sets() -> list[PublicSet]:
    """All public sets, those made for lessons first."""
    return list(PUBLIC_SETS.values())


def data_home() -> Path:
    """Where public sets go: ``WETREAD_DATA_HOME``, or ``data`` in the user's own folder for wetread."""
    chosen = os.environ.get(HOME_VARIABLE)
    if chosen:
        return Path(chosen).expanduser()
    import platformdirs

    return platformdirs.user_data_path("wetread", appauthor=False) / "data"


def find_set(name: str, parts: int | None = None) -> PublicSet:
    """Finds a set by name.

    Args:
        name: As `list_sets` names it.
        parts: How many of its archives; all if None. Titles and sizes are those of the part then, while the counts of
            images and patients stay those of the whole.

    Raises:
        InputError: There is no such set, or it does not come in so many parts.
    """
    if name not in PUBLIC_SETS:
        near = difflib.get_close_matches(name, PUBLIC_SETS, n=1)
        raise InputError(
            f"There is no public set {name}.",
            remedy=(f"Do you mean {near[0]}? " if near else "") + "`wetread data list` names them all.",
            code="no-set",
        )
    whole = PUBLIC_SETS[name]
    archives = [file for file in whole.files if file.unpack_to]
    if parts is None or parts == len(archives):
        return whole
    if len(archives) < 2 or not 1 <= parts <= len(archives):
        remedy = f"Choose 1 to {len(archives)} parts." if len(archives) > 1 else "Leave the number of parts out."
        raise InputError(f"{name} does not come in {parts} parts.", remedy=remedy, code="parts")
    files = tuple(file for file in whole.files if file not in archives[parts:])
    title = f"{whole.title}, archives 1 to {parts} of {len(archives)}"
    return replace(whole, title=title, files=files, bytes=sum(file.bytes or 0 for file in files))


def get_set(
    name: str,
    folder: str | Path | None = None,
    *,
    accept: Callable[[PublicSet], bool] | None,
    parts: int | None = None,
    listen: Listener = silent,
    patience: Patience = PATIENCE,
) -> Path:
    """Brings a public set onto this computer; what is there already is checked and not fetched again.

    Args:
        name: As `list_sets` names it.
        folder: The data home to use; by default `data_home`. The set gets a folder of its name there.
        accept: Is shown the set, with the bytes still to be fetched, before anything is; returns whether its licence
            and size are accepted. None: they were accepted beforehand. Not asked where nothing is missing.
        parts: How many archives of a set that comes in several; all if None.
        listen: Is told about progress.
        patience: With the servers.

    Returns:
        What `wetread run` takes: a folder, or a .zip, .tm or .npz.

    Raises:
        InputError: There is no such set, it was not accepted, or a file cannot be had; ``offline`` says how to bring
            it by hand.
        OutputError: The disk is full, cannot be written, or another process fetches this set.
        Stopped: The user interrupted; the next call goes on.
    """
    wanted = find_set(name, parts)
    home = Path(folder) if folder is not None else data_home()
    place = make_folder(home / name)
    lock = FolderLock(home / f".{name}.lock")
    try:
        missing = [file for file in wanted.files if not _is_there(file, place)]
        if missing:
            _require_room(missing, wanted, place)
            if accept is not None and not accept(_rest(wanted, missing)):
                raise InputError(
                    f"{name} was not fetched: its licence and size were not accepted.",
                    remedy="Repeat the command and accept them.",
                    code="not-accepted",
                )
        _bring(wanted, place, KnownHashes(home / "known.json"), listen, patience)
    except KeyboardInterrupt as error:
        raise Stopped(
            f"Stopped. What was fetched of {name} is kept.", remedy="Repeat the command to go on.", file=place
        ) from error
    finally:
        lock.release()
    return place / wanted.ready


def _bring(wanted: PublicSet, place: Path, known: KnownHashes, listen: Listener, patience: Patience) -> None:
    # Imported here: `wetread data list` needs no network code.
    from wetread.download.fetch import fetch
    from wetread.download.unpack import unpack_tar

    for file in wanted.files:
        unpacked = place / file.unpack_to
        if file.unpack_to and unpacked.is_dir():
            continue
        try:
            path = fetch(file, place, listen=listen, known_hashes=known, patience=patience)
        except InputError as error:
            more = sum(not _is_there(other, place) for other in wanted.files) - 1
            if error.code == "offline" and more > 0:
                error.remedy += f" {more} more files are missing: `wetread data list {wanted.name}` names them."
            raise
        if file.unpack_to:
            unpack_tar(path, unpacked, listen=listen)
    if wanted.prepare is not None:
        wanted.prepare(place)


def _is_there(file: RemoteFile, place: Path) -> bool:
    # An archive may be deleted once it is unpacked.
    return (place / file.name).is_file() or (bool(file.unpack_to) and (place / file.unpack_to).is_dir())


def _rest(wanted: PublicSet, missing: list[RemoteFile]) -> PublicSet:
    if len(missing) == len(wanted.files):
        return wanted
    return replace(wanted, files=tuple(missing), bytes=sum(file.bytes or file.at_most for file in missing))


def _require_room(missing: list[RemoteFile], wanted: PublicSet, place: Path) -> None:
    """Refuses before the first byte what cannot end well; an archive needs its size once more when it is unpacked."""
    size = _rest(wanted, missing).bytes
    if any(file.unpack_to for file in missing):
        size *= 2
    here = sum(part.stat().st_size for part in place.glob("*.part"))
    needed = size - here + SPARE_BYTES
    free = shutil.disk_usage(place).free
    if free < needed:
        raise OutputError(
            f"{wanted.name} needs {say_bytes(needed)}; the disk has {say_bytes(free)} free.",
            remedy="Free some space, or choose another folder"
            + (", or fetch a part of it." if len(wanted.files) > 1 and wanted.prepare else "."),
            file=place,
            code="disk-full",
        )
