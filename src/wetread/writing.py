"""The one place that opens files for writing.

Everything wetread leaves on disk goes through `atomic_write` (a whole file, or nothing) or `AppendLog` (one line at a
time). A reader therefore never meets half a file, whenever the process was killed: temp file in the same folder,
flush, fsync, rename, fsync of the folder.
"""

from __future__ import annotations

import contextlib
import errno
import os
import shutil
from pathlib import Path
from types import TracebackType
from typing import IO

from wetread.errors import OutputError

#: Bytes that stay free on the disk beyond what is being written.
SPARE_BYTES = 1 << 20


def atomic_write(path: Path, content: bytes | str) -> Path:
    """Writes a whole file or leaves the old one untouched.

    Args:
        path: Where the file goes; its folder is made if needed.
        content: All of it; text is stored as UTF-8.

    Returns:
        The same path.

    Raises:
        OutputError: The disk is full, or the place cannot be written.
    """
    data = content.encode("utf-8") if isinstance(content, str) else content
    make_folder(path.parent)
    # 40 letters of four bytes each, and the rest, fit into the 255 bytes of a name.
    temporary = path.with_name(f".{path.name[:40]}.{os.getpid()}.tmp")
    try:
        free = shutil.disk_usage(path.parent).free
        if free < len(data) + SPARE_BYTES:
            raise OSError(errno.ENOSPC, "disk full")
        with open(temporary, "wb") as handle:
            handle.write(data)
            handle.flush()
            os.fsync(handle.fileno())
        temporary.replace(path)
        _sync_folder(path.parent)
    except OSError as error:
        with contextlib.suppress(OSError):
            temporary.unlink(missing_ok=True)
        raise _explain(error, path) from error
    return path


def make_folder(path: Path) -> Path:
    """Makes a folder and its parents; raises `OutputError` where that is not possible."""
    try:
        path.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise _explain(error, path) from error
    return path


def sweep_temporaries(folder: Path) -> int:
    """Removes what a killed process left half written below a folder; returns how many files that were."""
    leftovers = [path for path in folder.rglob(".*.tmp") if path.is_file()]
    for path in leftovers:
        with contextlib.suppress(OSError):
            path.unlink()
    return len(leftovers)


class AppendLog:
    """A file that only grows, one line per call, each line flushed: what a reader follows while work goes on."""

    def __init__(self, path: Path) -> None:
        make_folder(path.parent)
        try:
            self._handle: IO[str] = open(path, "a", encoding="utf-8", newline="\n")  # noqa: SIM115 - closed in close()
        except OSError as error:
            raise _explain(error, path) from error
        self._path = path

    def append(self, line: str) -> None:
        """Adds one line; raises `OutputError` where the disk refuses."""
        try:
            self._handle.write(line.rstrip("\n") + "\n")
            self._handle.flush()
        except OSError as error:
            raise _explain(error, self._path) from error

    def close(self) -> None:
        """Closes the file; nothing can be appended afterwards."""
        self._handle.close()

    def __enter__(self) -> AppendLog:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


class FolderLock:
    """Keeps a second process out of a folder; freed by the system when the process dies, however it dies.

    Raises:
        OutputError: Another process works there.
    """

    def __init__(self, path: Path) -> None:
        make_folder(path.parent)
        try:
            self._handle: IO[str] | None = open(path, "w", encoding="utf-8")  # noqa: SIM115 - closed in release()
        except OSError as error:
            raise _explain(error, path) from error
        if os.name != "posix":
            return
        import fcntl

        try:
            # lockf, not flock: a surviving child of a killed run would keep a flock.
            fcntl.lockf(self._handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            self._handle.close()
            raise OutputError(
                f"Another wetread is working in {path.parent}.",
                remedy="Wait for it to end, or choose another --out FOLDER.",
                file=path.parent,
                code="run-busy",
            ) from error

    def release(self) -> None:
        """Lets others into the folder; may be called twice."""
        if self._handle is not None:
            self._handle.close()
            self._handle = None


def _sync_folder(folder: Path) -> None:
    # Windows cannot open folders; there the rename alone has to do.
    if os.name != "posix":
        return
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _explain(error: OSError, path: Path) -> OutputError:
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return OutputError(
            f"The disk is full: {path} was not written.",
            remedy="Free some space, then repeat the command with --resume.",
            file=path,
            code="disk-full",
        )
    if error.errno in (errno.EACCES, errno.EPERM, errno.EROFS):
        return OutputError(
            f"No permission to write {path}.",
            remedy="Choose another place with --out FOLDER.",
            file=path,
            code="not-writable",
        )
    if error.errno in (errno.ENOTDIR, errno.EEXIST, errno.EISDIR):
        return OutputError(
            f"{path} cannot be written: something else is in its place.",
            remedy="Choose another place with --out FOLDER.",
            file=path,
            code="not-writable",
        )
    return OutputError(
        f"{path} could not be written ({errno.errorcode.get(error.errno or 0, 'unknown reason')}).",
        remedy="Choose another place with --out FOLDER.",
        file=path,
        code="not-writable",
    )
