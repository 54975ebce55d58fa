"""What weights are imported from: one file, a folder or a .zip with a few files beside each other."""

from __future__ import annotations

import zipfile
from pathlib import Path
from types import TracebackType

from wetread.archive import Archive
from wetread.errors import InputError

#: Files are held in memory; the largest encoders have 1.2 GB.
MOST_BYTES = 4 << 30


class Bundle:
    """A file, folder or .zip, opened for reading; nothing is unpacked.

    A single folder around everything, as in a .zip of a folder, is looked into.

    Args:
        path: The file, folder or .zip.

    Attributes:
        path: As given.
        names: Of its files, without the folder they lie in.

    Raises:
        InputError: There is nothing at that path, or the archive is refused (``archive``).
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._archive: Archive | None = None
        self._members: dict[str, str] = {}
        try:
            self.names = self._open()
        except OSError as error:
            raise InputError(
                f"{path} cannot be read.",
                remedy="Check the path, and your permission to read it.",
                file=path,
                code="no-file",
            ) from error

    def _open(self) -> list[str]:
        path = self.path
        if path.is_dir():
            self._folder = _descend(path)
            return sorted(entry.name for entry in self._folder.iterdir() if entry.is_file())
        if not path.is_file():
            raise InputError(f"There is no file or folder {path}.", remedy="Check the path.", file=path, code="no-file")
        if _is_plain_zip(path):
            self._archive = Archive(path)
            self._members = _without_folder([member.name for member in self._archive.members])
            return sorted(self._members)
        self._folder = path.parent
        return [path.name]

    def read(self, name: str, at_most: int = MOST_BYTES) -> bytes:
        """The bytes of one file.

        Raises:
            InputError: There is no such file, it cannot be read, or it is too large.
        """
        if name not in self.names:
            raise self._unreadable(name)
        if self._archive is not None:
            return self._archive.read(self._members[name])
        try:
            if (self._folder / name).stat().st_size > at_most:
                raise self._unreadable(name)
            return (self._folder / name).read_bytes()
        except OSError as error:
            raise self._unreadable(name) from error

    def beside(self, name: str) -> bytes | None:
        """A small file that lies beside a single file, or in the folder or .zip; None where there is none."""
        if name in self.names:
            return self.read(name, 1 << 20)
        if self._archive is None and self.path.is_file() and (self._folder / name).is_file():
            place = self._folder / name
            return place.read_bytes() if place.stat().st_size <= 1 << 20 else None
        return None

    def _unreadable(self, name: str) -> InputError:
        return InputError(
            f"{name} of {self.path} cannot be read, or is too large.",
            remedy="Check the file and your permission to read it.",
            file=self.path,
            code="no-file",
        )

    def close(self) -> None:
        """Closes the archive; may be called twice."""
        if self._archive is not None:
            self._archive.close()

    def __enter__(self) -> Bundle:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def _is_plain_zip(path: Path) -> bool:
    """A .zip that is no file of `torch.save`, which is one as well and has a ``data.pkl`` inside."""
    with open(path, "rb") as handle:
        if handle.read(2) != b"PK":
            return False
    try:
        with zipfile.ZipFile(path) as packed:
            return not any(name.endswith("/data.pkl") or name == "data.pkl" for name in packed.namelist())
    except (zipfile.BadZipFile, ValueError, NotImplementedError, OSError):
        # Half a .pt is refused as one; only what calls itself .zip is refused as an archive.
        return path.suffix.lower() == ".zip"


def _descend(folder: Path) -> Path:
    entries = [entry for entry in folder.iterdir() if not entry.name.startswith((".", "__MACOSX"))]
    return entries[0] if len(entries) == 1 and entries[0].is_dir() else folder


def _without_folder(names: list[str]) -> dict[str, str]:
    """Name without its folder -> member, for files that lie together at the top or in one folder."""
    hidden = ("__MACOSX/", ".")
    wanted = [name for name in names if not name.startswith(hidden) and not name.rpartition("/")[2].startswith(".")]
    folders = {name.rpartition("/")[0] for name in wanted}
    only = folders.pop() if len(folders) == 1 else ""
    return {name.removeprefix(f"{only}/"): name for name in wanted if "/" not in name.removeprefix(f"{only}/")}
