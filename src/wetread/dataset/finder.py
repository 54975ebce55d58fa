"""Which file a table means by what it writes: a path, a bare name, a name without its ending."""

from __future__ import annotations

import os
import unicodedata
from collections import defaultdict
from collections.abc import Iterable
from pathlib import Path

from wetread.dataset.listing import Entry, fold_file_name
from wetread.images.source import Source


class Finder:
    """Finds the file that a table means: as written, else by its bare name where that is unique.

    Args:
        entries: The files of the data set.
        table: Name of the table inside the data set; paths may be written from its folder.
        folders: Folders on disk from which paths outside the data set may be written; none for an archive.
    """

    def __init__(self, entries: Iterable[Entry], table: str = "", folders: Iterable[Path] = ()) -> None:
        self._folders = tuple(folders)
        self._beside = table.rpartition("/")[0]
        self._by_path: dict[str, Entry] = {}
        self._by_name: dict[str, list[Entry]] = defaultdict(list)
        self._by_stem: dict[str, list[Entry]] = defaultdict(list)
        for entry in entries:
            self._by_path[unicodedata.normalize("NFC", entry.name)] = entry
            name = fold_file_name(entry.parts[-1])
            self._by_name[name].append(entry)
            self._by_stem[name.rsplit(".", 1)[0]].append(entry)

    def __call__(self, written: str) -> Entry | None:
        """The file, or None where there is none or more than one."""
        if not written or "\x00" in written:
            return None
        written = written.replace("\\", "/")
        path = os.path.normpath(unicodedata.normalize("NFC", written)).replace("\\", "/")
        inside = self._by_path.get(path) or self._by_path.get(f"{self._beside}/{path}")
        if inside is not None:
            return inside
        outside = self._look_outside(written)
        if outside is not None:
            return outside
        bare = fold_file_name(written.rsplit("/", 1)[-1])
        # Many tables leave the ending out.
        matches = self._by_name.get(bare) or self._by_stem.get(bare, [])
        return matches[0] if len(matches) == 1 else None

    def _look_outside(self, written: str) -> Entry | None:
        for folder in self._folders:
            for form in ("NFC", "NFD"):
                path = folder / unicodedata.normalize(form, written)
                try:
                    if path.is_file():
                        return Entry(Path(os.path.relpath(path, self._folders[0])).as_posix(), Source(path))
                except (OSError, ValueError):
                    continue
        return None
