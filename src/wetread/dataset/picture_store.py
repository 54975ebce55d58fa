"""Working pictures: in memory while they are few, in an unnamed file from then on, so that memory stays flat."""

from __future__ import annotations

import numpy as np

from wetread.shapes import Picture
from wetread.writing import Scratch

#: Bytes of pictures that are kept in memory: about 5,000 of 320 pixels, 2,000 of 518.
IN_MEMORY = 512 << 20
#: Bytes of one scratch file. Each is mapped when it is full.
BLOCK = 256 << 20


class PictureStore:
    """Takes pictures and gives them back as arrays; past a limit these are windows into a file.

    The system reads a page of such an array when it is touched and may drop it again, so a hundred thousand pictures
    need the disk, not the memory. The file has no name: when the process ends, however it ends, it is gone.

    Args:
        in_memory: Bytes to keep in memory.
    """

    def __init__(self, in_memory: int = IN_MEMORY) -> None:
        self._left = in_memory
        self._scratch: Scratch | None = None
        self._used = 0

    def keep(self, picture: Picture) -> Picture:
        """The same values; the array given may be forgotten.

        Args:
            picture: ``row column`` or ``row column 3``, uint8.

        Raises:
            OutputError: The disk is full.
        """
        if picture.nbytes <= self._left:
            self._left -= picture.nbytes
            # A picture that came through a pipe is a window into a larger buffer.
            return np.array(picture)
        if self._scratch is None or self._used + picture.nbytes > BLOCK:
            self._scratch, self._used = Scratch(BLOCK), 0
        start = self._used
        self._used += picture.nbytes
        kept = self._scratch.put(np.ascontiguousarray(picture).data.cast("B"), start)
        return np.frombuffer(kept, dtype=np.uint8).reshape(picture.shape)
