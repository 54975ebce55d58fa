"""The one place that opens files for writing.

Everything wetread leaves on disk goes through `atomic_write` (a whole file, or nothing), `AppendLog` (one line at a
time) or `PartFile` (a download that may take several attempts). A reader therefore never meets half a file, whenever
the process was killed: temp file in the same folder, flush, fsync, rename, fsync of the folder.
"""

from __future__ import annotations

import contextlib
import errno
import mmap
import os
import shutil
import tempfile
import threading
import zipfile
from collections.abc import Iterator
from pathlib import Path
from types import TracebackType
from typing import IO

from wetread.errors import OutputError

#: Bytes that stay free on the disk beyond what is being written.
SPARE_BYTES = 1 << 20


def atomic_write(path: Path, content: bytes | str, *, durable: bool = True) -> Path:
    """Writes a whole file or leaves the old one untouched.

    Args:
        path: Where the file goes; its folder is made if needed.
        content: All of it; text is stored as UTF-8.
        durable: Also after a power cut. Without it a file may come back empty then, in half the time: for what can be
            made again and carries a checksum.

    Returns:
        The same path.

    Raises:
        OutputError: The disk is full, or the place cannot be written.
    """
    data = content.encode("utf-8") if isinstance(content, str) else content
    make_folder(path.parent)
    temporary = _beside(path)
    try:
        free = shutil.disk_usage(path.parent).free
        if free < len(data) + SPARE_BYTES:
            raise OSError(errno.ENOSPC, "disk full")
        with open(temporary, "wb") as handle:
            handle.write(data)
            if durable:
                handle.flush()
                os.fsync(handle.fileno())
        temporary.replace(path)
        if durable:
            _sync_folder(path.parent)
    except OSError as error:
        with contextlib.suppress(OSError):
            temporary.unlink(missing_ok=True)
        raise _explain(error, path) from error
    return path


@contextlib.contextmanager
def atomic_zip(path: Path) -> Iterator[zipfile.ZipFile]:
    """Writes a zip file member by member; it bears its name when the block ends well, and is gone where it does not.

    Args:
        path: Where the file goes; its folder is made if needed.

    Yields:
        The open archive; members are stored as they are unless they say otherwise.

    Raises:
        OutputError: The disk is full, or the place cannot be written.
    """
    make_folder(path.parent)
    temporary = _beside(path)
    try:
        with open(temporary, "wb") as handle:
            with zipfile.ZipFile(handle, "w") as packed:
                yield packed
            handle.flush()
            os.fsync(handle.fileno())
        temporary.replace(path)
        _sync_folder(path.parent)
    except BaseException as error:
        with contextlib.suppress(OSError):
            temporary.unlink(missing_ok=True)
        if isinstance(error, OSError):
            raise _explain(error, path) from error
        raise


def _beside(path: Path) -> Path:
    """Where a file is written before it takes its place: two threads that write the same file do not share it."""
    # 40 letters of four bytes each, and the rest, fit into the 255 bytes of a name.
    return path.with_name(f".{path.name[:40]}.{os.getpid()}.{threading.get_native_id()}.tmp")


def make_folder(path: Path) -> Path:
    """Makes a folder and its parents; raises `OutputError` where that is not possible."""
    try:
        path.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise _explain(error, path) from error
    return path


def check_place(path: Path, ours: str) -> Path:
    """Refuses a place for results that holds something else; to be asked before anything is computed.

    Args:
        path: Need not exist.
        ours: Name of a file by which a folder is known to hold earlier results of the same kind.

    Returns:
        The path.

    Raises:
        OutputError: It holds other files, is a file, or cannot be looked into.
    """
    try:
        taken = path.exists() and (not path.is_dir() or (any(path.iterdir()) and not (path / ours).is_file()))
    except OSError as error:
        raise OutputError(
            f"{path} cannot be looked into.",
            remedy="Choose another place with --out FOLDER.",
            file=path,
            code="not-writable",
        ) from error
    if taken:
        raise OutputError(
            f"{path} holds other files.",
            remedy="Choose an empty or new folder with --out FOLDER.",
            file=path,
            code="not-empty",
        )
    return path


def remove_folder(path: Path) -> None:
    """Removes a folder of ours with all that is in it; what is not there, or cannot be removed, is left alone."""
    shutil.rmtree(path, ignore_errors=True)


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

    def fileno(self) -> int:
        """Number of the open file, for a child process that goes on writing at its end."""
        return self._handle.fileno()

    def close(self) -> None:
        """Closes the file; nothing can be appended afterwards."""
        self._handle.close()

    def __enter__(self) -> AppendLog:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


class PartFile:
    """A file that arrives in pieces, over several attempts, and bears its name only when it is whole.

    Until then it lies beside its place as ``<name>.part``, and stays there when the process ends: the next `PartFile`
    of that path goes on behind its last byte. One process at a time; `FolderLock` sees to that.

    Args:
        path: Where the whole file goes.

    Raises:
        OutputError: The place cannot be written, or the disk fills up.
    """

    def __init__(self, path: Path) -> None:
        make_folder(path.parent)
        self.path = path
        self.part = path.with_name(path.name + ".part")
        try:
            self._handle: IO[bytes] = open(self.part, "ab")  # noqa: SIM115 - closed in close()
        except OSError as error:
            raise _explain(error, self.part) from error
        self.size = self.part.stat().st_size

    def append(self, piece: bytes) -> None:
        """Adds bytes at the end."""
        try:
            self._handle.write(piece)
        except OSError as error:
            raise _explain(error, self.part) from error
        self.size += len(piece)

    def flush(self) -> None:
        """Hands what was added to the system, so that others can read it in ``part``."""
        try:
            self._handle.flush()
        except OSError as error:
            raise _explain(error, self.part) from error

    def restart(self) -> None:
        """Forgets all bytes."""
        self.flush()
        try:
            self._handle.truncate(0)
        except OSError as error:
            raise _explain(error, self.part) from error
        self.size = 0

    def commit(self, *, durable: bool = True) -> Path:
        """Gives the file its name, in place of an earlier one; returns the path.

        Args:
            durable: As for `atomic_write`; without it for what `keep_file` or another file takes the place of at once.
        """
        try:
            self._handle.flush()
            if durable:
                os.fsync(self._handle.fileno())
            self._handle.close()  # before the rename: Windows renames no open file
            self.part.replace(self.path)
            if durable:
                _sync_folder(self.path.parent)
        except OSError as error:
            raise _explain(error, self.path) from error
        return self.path

    def discard(self) -> None:
        """Removes the part for good."""
        self.close()
        with contextlib.suppress(OSError):
            self.part.unlink(missing_ok=True)

    def close(self) -> None:
        """Closes the file and leaves the part where it is; may be called twice."""
        # A full disk may refuse the last buffered bytes; they are fetched again next time.
        with contextlib.suppress(OSError):
            self._handle.close()

    def __enter__(self) -> PartFile:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


class Scratch:
    """A file without a name for arrays that need not stay in memory; it is gone when the process ends.

    Args:
        size: Bytes it can hold.

    Raises:
        OutputError: There is no place for temporary files, or the disk fills up.
    """

    def __init__(self, size: int) -> None:
        self._place = Path(tempfile.gettempdir())
        try:
            self._handle: IO[bytes] = tempfile.TemporaryFile(prefix="wetread-")  # noqa: SIM115 - lives as long as its arrays
            os.truncate(self._handle.fileno(), size)
            #: The whole file, read-only; a page of it is read when it is touched and may be dropped again.
            self.bytes = memoryview(mmap.mmap(self._handle.fileno(), size, access=mmap.ACCESS_READ))
        except OSError as error:
            raise _explain(error, self._place) from error

    def put(self, data: memoryview, start: int) -> memoryview:
        """Stores bytes from a position on; returns the part of ``bytes`` that holds them."""
        try:
            # Not through the mapping: a full disk would be a signal there, and here it is an error.
            self._handle.seek(start)
            self._handle.write(data)
            self._handle.flush()
        except OSError as error:
            raise _explain(error, self._place) from error
        return self.bytes[start : start + data.nbytes]


def keep_file(file: Path, place: Path) -> Path:
    """Moves a file of the same disk to where it stays, also after a power cut; returns the place.

    Raises:
        OutputError: The disk refuses.
    """
    try:
        with open(file, "rb+") as handle:
            os.fsync(handle.fileno())
        file.replace(place)
        _sync_folder(place.parent)
    except OSError as error:
        raise _explain(error, place) from error
    return place


class FolderLock:
    """Keeps a second process out of a folder; freed by the system when the process dies, however it dies.

    Where the file system has no locks, as some network drives, it keeps nobody out.

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
            if error.errno not in (errno.EACCES, errno.EAGAIN):
                return  # POSIX: only these two say that somebody has it
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
            remedy="Free some space, then repeat the command; a run goes on with --resume.",
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
