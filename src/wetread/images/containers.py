"""Files that hold many pictures: kept open from one picture to the next, since reading their lists takes seconds."""

from __future__ import annotations

import os
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from typing import TYPE_CHECKING

from wetread.archive import Archive
from wetread.errors import InputError
from wetread.images.facts import ImageFacts
from wetread.images.gate import Refused
from wetread.shapes import Picture

if TYPE_CHECKING:
    from wetread.images.arrays import ArrayReader

#: Items that may be skipped without more ado; the way to later ones is unpacked, which may take seconds.
_FAR = 100


class Containers:
    """Reads members of archives and items of array files; the last of either stays open.

    A file that was changed in between is opened anew.

    Args:
        aside: Entered while a file is opened: a list of 100,000 members takes seconds, which no member can help.
    """

    def __init__(self, aside: Callable[[], AbstractContextManager[None]] = nullcontext) -> None:
        self._aside = aside
        self._archive: tuple[tuple[object, ...], Archive] | None = None
        self._arrays: tuple[tuple[object, ...], ArrayReader] | None = None
        self._next = 0

    def member(self, path: Path, name: str) -> bytes:
        """The bytes of one member of an archive.

        Raises:
            Refused: ``unreadable`` where there is no such file, ``damaged`` where it is no sound archive or has no such
                member.
        """
        state = _state(path)
        try:
            if self._archive is None or self._archive[0] != state:
                if self._archive is not None:  # closed first: two lists of 100,000 members need not be in memory
                    self._archive[1].close()
                    self._archive = None
                with self._aside():
                    self._archive = state, Archive(path)
            return self._archive[1].read(name)
        except InputError as error:
            raise Refused("damaged") from error

    def item(self, path: Path, array: str, number: int) -> tuple[Picture, ImageFacts]:
        """One picture of an array file, and the facts of the array.

        Args:
            path: The file.
            array: Name of the array in it; may be empty where there is only one.
            number: Of the picture, from 0.

        Raises:
            Refused: ``no-frame`` where there is no such picture, and as `wetread.images.arrays.ArrayReader`.
        """
        from wetread.images.arrays import ArrayReader

        state = (*_state(path), array)
        if self._arrays is None or self._arrays[0] != state:
            if self._arrays is not None:
                self._arrays[1].close()
                self._arrays = None
            with self._aside():
                self._arrays = state, ArrayReader(path, array)
        reader, ahead = self._arrays[1], number - self._next
        if not 0 <= ahead < _FAR:
            with self._aside():
                reader.seek(number)
        self._next = number
        try:
            return reader.picture(number), reader.facts
        except IndexError as error:
            raise Refused("no-frame") from error


def _state(path: Path) -> tuple[object, ...]:
    """What changes when another file takes the place of this one."""
    try:
        status = path.stat()
    except (OSError, ValueError) as error:
        raise Refused("unreadable") from error
    return os.fspath(path), status.st_ino, status.st_size, status.st_mtime_ns
