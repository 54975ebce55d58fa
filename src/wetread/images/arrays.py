"""Pictures in array files, read a piece at a time: an array may be larger than the memory."""

from __future__ import annotations

import math
from pathlib import Path
from types import TracebackType
from typing import Any

import numpy as np

from wetread.images.array_format import ArrayHeader, open_array
from wetread.images.facts import ImageFacts
from wetread.images.gate import Refused, check_size
from wetread.images.intensity import PERCENTILES, Values, full_range, map_levels, stretch, to_byte
from wetread.images.pictures import merge_equal_channels
from wetread.shapes import Picture

#: Pictures in one array. The largest public sets of this kind hold some 240,000.
MAX_ITEMS = 5_000_000
#: Bytes of the first pictures from which the range of values is taken where the type does not tell it.
_SAMPLE_BYTES = 4 << 20


class ArrayReader:
    """Reads pictures out of an array ``item row column``, ``item row column 1`` or ``item row column 3``.

    Items in increasing order are read in one pass; after that, jumping costs some milliseconds. One thread at a time.

    Args:
        path: A .npz or IDX file, by its content.
        member: Name of the array inside a .npz file; may be empty where there is only one.

    Attributes:
        count: How many pictures there are.
        shape: Rows and columns of each, and 3 where they are in colour.
        intensity: How stored values become 0..255, the same for every picture of the array.

    Raises:
        Refused: ``unsupported`` for volumes, other shapes and types that are no plain numbers; ``damaged``,
            ``truncated`` or ``too-large`` where header and file do not fit; ``unreadable``.
    """

    def __init__(self, path: Path, member: str = "") -> None:
        self._array = open_array(path, member)
        try:
            header = self._array.header
            self.count, self.shape = _check_pictures(header)
            self._item = math.prod(self.shape) * header.dtype.itemsize
            self.intensity = _choose_intensity(header.dtype, self._sample)
        except BaseException:
            self._array.handle.close()
            raise

    def picture(self, item: int) -> Picture:
        """One picture.

        Args:
            item: Its number, from 0.

        Returns:
            ``row column`` or ``row column 3``, 0 black .. 255 white. Three equal channels come back as one.

        Raises:
            Refused: The array is damaged or ends too early.
            IndexError: There is no such item.
        """
        values = self.stored(item)
        if values.dtype == np.uint8:
            picture = values
        elif values.dtype == np.bool_:
            picture = values * np.uint8(255)
        else:
            picture = map_levels(values, lambda levels, counts: _as_bytes(levels, counts, self.intensity))
        return np.ascontiguousarray(merge_equal_channels(picture))

    def stored(self, item: int) -> Values:
        """One picture as it is stored: ``row column`` or ``row column 3``, any plain type; raises as `picture`."""
        if not 0 <= item < self.count:
            raise IndexError(item)
        data = self._array.data.read(self._array.start + item * self._item, self._item)
        values = np.frombuffer(data, dtype=self._array.header.dtype).reshape(self.shape)
        return values if values.dtype.isnative else values.astype(values.dtype.newbyteorder("="))

    def seek(self, item: int) -> None:
        """Goes to a picture ahead of time: in a packed array all before it is unpacked, a second per 200 MB or so."""
        if 0 < item < self.count:
            self._array.data.read(self._array.start + item * self._item, 1)

    @property
    def facts(self) -> ImageFacts:
        """The facts that are the same for every picture; ``bytes`` are those of one picture when unpacked."""
        dtype = self._array.header.dtype
        return ImageFacts(
            format=self._array.header.format,
            width=self.shape[1],
            height=self.shape[0],
            bit_depth=1 if dtype.kind == "b" else 8 * dtype.itemsize,
            mode="rgb" if len(self.shape) == 3 else "float" if dtype.kind == "f" else "grey",
            bytes=self._item,
            intensity=self.intensity,
        )

    def _sample(self) -> Values:
        """Finite values of the first pictures."""
        count = min(self.count, max(1, _SAMPLE_BYTES // self._item))
        values = np.concatenate([self.stored(item).ravel() for item in range(count)] or [np.zeros(1)])
        return values[np.isfinite(values)] if values.dtype.kind == "f" else values

    def close(self) -> None:
        """Closes the file; may be called twice."""
        self._array.handle.close()

    def __enter__(self) -> ArrayReader:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def _check_pictures(header: ArrayHeader) -> tuple[int, tuple[int, ...]]:
    """How many pictures an array holds and the sides of each."""
    shape = header.shape
    if len(shape) == 4 and shape[3] == 1:
        shape = shape[:3]
    if len(shape) not in (3, 4) or (len(shape) == 4 and shape[3] != 3) or (header.fortran and shape[0] > 1):
        # The items of a Fortran array lie interleaved: one picture would need the whole of it.
        raise Refused("unsupported")
    check_size(shape[2], shape[1], samples=3 if len(shape) == 4 else 1, bits=8 * header.dtype.itemsize)
    if shape[0] > MAX_ITEMS:
        raise Refused("too-large")
    return shape[0], shape[1:]


_UNIT, _SIGNED_UNIT, _BYTES, _WORDS = "range 0..1", "range -1..1", "range 0..255", "full range 0..65535"


def _choose_intensity(dtype: np.dtype[Any], sample: Any) -> str:
    """How values become 0..255; where the type does not tell, by the first pictures of the array."""
    if dtype.kind == "b" or dtype == np.uint8:
        return "as stored"
    if dtype.kind == "u" and dtype.itemsize == 2:
        return _WORDS
    values = sample()
    low, high = (float(values.min()), float(values.max())) if values.size else (0.0, 0.0)
    if dtype.kind == "f" and low >= -1 and high <= 1:
        return _UNIT if low >= 0 else _SIGNED_UNIT
    return _BYTES if low >= 0 and high <= 255 else PERCENTILES


def _as_bytes(values: Values, counts: Any, intensity: str) -> Picture:
    """Maps values (``value``) to 0..255 as chosen."""
    if intensity == _WORDS:
        return full_range(values, 16)
    if intensity == PERCENTILES:
        return stretch(values, counts)
    real = np.asarray(values, dtype=np.float64)
    if intensity == _SIGNED_UNIT:
        return to_byte((real + 1.0) / 2.0)
    return to_byte(real if intensity == _UNIT else real / 255.0)
