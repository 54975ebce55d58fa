"""Array files: ``.npz`` (a zip of NumPy arrays, as MedMNIST comes) and IDX (as MNIST comes), gzip or not.

Nothing is unpickled. What a header claims is held against the size of its file before anything is allocated.

Sources: NEP 1 (the NPY format); Y. LeCun's page of MNIST, "The IDX file format".
"""

from __future__ import annotations

import io
import math
import os
import warnings
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
from numpy.lib import format as npy
from numpy.typing import NDArray

from wetread.archive import Archive, ArchiveLimits
from wetread.errors import InputError
from wetread.images.gate import Refused, gunzip_start, open_plain_file
from wetread.images.packed import PackedBytes, Packing

#: Bytes of an array that is read as a whole: labels.
MAX_WHOLE_BYTES = 256 << 20
#: An array may be larger than what is allowed to a file in an archive, since it is never in memory.
_NPZ_LIMITS = ArchiveLimits(entries=1000, total_bytes=1 << 40, entry_bytes=1 << 40)
#: NumPy itself refuses headers of more than 10,000 bytes.
_NPY_HEADER_BYTES = 16 << 10
#: The third byte of an IDX file names the type; numbers are big endian.
_IDX_TYPES = {0x08: "u1", 0x09: "i1", 0x0B: ">i2", 0x0C: ">i4", 0x0D: ">f4", 0x0E: ">f8"}
_GZIP = b"\x1f\x8b"
_ZIP = b"PK\x03\x04"
_PLAIN_KINDS = "buif"


@dataclass(frozen=True)
class ArrayHeader:
    """What an array says about itself.

    Attributes:
        format: ``NPZ`` or ``IDX``.
        dtype: Type of its numbers.
        shape: Its sides.
        fortran: The first side varies fastest.
    """

    format: str
    dtype: np.dtype[Any]
    shape: tuple[int, ...]
    fortran: bool = False

    @property
    def is_volumes(self) -> bool:
        """Whether its items have three sides: ``item depth row column``, with or without channels."""
        return len(self.shape) == 5 or (len(self.shape) == 4 and not {1, 3} & {self.shape[1], self.shape[3]})


def read_header(path: Path, member: str = "") -> ArrayHeader:
    """The header of an array, checked against the size of its file; arguments and errors as in `open_array`."""
    array = open_array(path, member)
    array.handle.close()
    return array.header


def read_whole(path: Path, member: str = "") -> NDArray[Any]:
    """Reads a small array, such as labels: plain numbers, or texts (type ``S`` or ``U``).

    Args:
        path: A .npz or IDX file.
        member: Name of the array inside a .npz file.

    Raises:
        Refused: As in `open_array`, and ``too-large`` above 256 MB.
    """
    array = open_array(path, member, kinds=_PLAIN_KINDS + "SU")
    with array.handle:
        header = array.header
        size = math.prod(header.shape) * header.dtype.itemsize
        if size > MAX_WHOLE_BYTES:
            raise Refused("too-large")
        data = array.data.read(array.start, size)
    return np.frombuffer(data, dtype=header.dtype).reshape(header.shape, order="F" if header.fortran else "C")


def list_arrays(path: Path) -> list[str]:
    """Names of the arrays of a .npz file, in its order.

    Raises:
        InputError: With code ``archive``: it is no sound zip file.
    """
    with Archive(path, _NPZ_LIMITS) as archive:
        return [member.name.removesuffix(".npy") for member in archive.members if member.name.endswith(".npy")]


def looks_like_npz(start: bytes) -> bool:
    """Tells whether a file that begins with these bytes (at least 1000) is a zip whose first entry is an array."""
    length = int.from_bytes(start[26:28], "little")  # APPNOTE 4.3.7
    return start.startswith(_ZIP) and start[30 : 30 + length].endswith(b".npy")


def looks_like_idx(start: bytes) -> int:
    """The number of sides of the array in an IDX file that begins with these bytes (at least 100), packed or not; 0:
    it is none.
    """
    start = gunzip_start(start, 4)
    return start[3] if len(start) >= 4 and start[:2] == b"\0\0" and start[2] in _IDX_TYPES and start[3] <= 5 else 0


@dataclass(frozen=True)
class OpenArray:
    """An array whose file is open: its header, its bytes when unpacked, and where the numbers begin in them."""

    header: ArrayHeader
    handle: BinaryIO
    data: PackedBytes
    start: int


def open_array(path: Path, member: str, *, kinds: str = _PLAIN_KINDS) -> OpenArray:
    """Opens an array; arguments and errors as in `wetread.images.arrays.ArrayReader`.

    Args:
        path: A .npz or IDX file.
        member: Name of the array inside a .npz file.
        kinds: Letters of the types that may come, as in ``numpy.dtype.kind``.
    """
    handle = _open_file(path)
    try:
        start = handle.read(4096)
        array = _open_npz(handle, path, member) if start.startswith(_ZIP) else _open_idx(handle, start)
        header = array.header
        # Objects would have to be unpickled; structures and dates are no pictures.
        if (
            header.dtype.kind not in kinds
            or header.dtype.itemsize < 1
            or (header.dtype.kind in _PLAIN_KINDS and header.dtype.itemsize > 8)
        ):
            raise Refused("unsupported")
    except BaseException:
        handle.close()
        raise
    return array


def _open_file(path: Path) -> BinaryIO:
    """As `open_plain_file`, without its limit on the size: an array is read a piece at a time."""
    try:
        return open_plain_file(path)
    except Refused as refusal:
        if refusal.code != "too-large":
            raise
    try:
        return open(path, "rb")
    except OSError as error:
        raise Refused("unreadable") from error


def _open_npz(handle: BinaryIO, path: Path, member: str) -> OpenArray:
    try:
        with Archive(path, _NPZ_LIMITS) as archive:
            names = [one.name for one in archive.members if one.name.endswith(".npy")]
            if not member and len(names) != 1:
                raise Refused("unsupported")
            stretch = archive.locate(f"{member}.npy" if member else names[0])
    except InputError as error:
        raise Refused("damaged") from error
    data = PackedBytes(
        handle,
        start=stretch.start,
        packed=stretch.packed,
        size=stretch.size,
        packing="deflate" if stretch.deflated else "stored",
        crc=stretch.crc,
    )
    header, start = _read_npy_header(data.read(0, min(stretch.size, _NPY_HEADER_BYTES)))
    _check_bytes(header, stretch.size - start)
    return OpenArray(header, handle, data, start)


def _read_npy_header(start: bytes) -> tuple[ArrayHeader, int]:
    """The header at the beginning of an array, and how many bytes it takes."""
    stream = io.BytesIO(start)
    try:
        version = npy.read_magic(stream)
        read = {(1, 0): npy.read_array_header_1_0, (2, 0): npy.read_array_header_2_0}.get(version)
        if read is None:  # 3.0 is for structures with names beyond Latin-1
            raise Refused("unsupported")
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # headers written by Python 2
            shape, fortran, dtype = read(stream)
    except Refused:
        raise
    except Exception as error:  # a literal of Python is parsed in there, which fails in many ways
        raise Refused("damaged") from error
    if any(isinstance(side, bool) or side < 0 for side in shape):
        raise Refused("damaged")
    return ArrayHeader("NPZ", dtype, tuple(shape), bool(fortran)), stream.tell()


def _open_idx(handle: BinaryIO, start: bytes) -> OpenArray:
    packing: Packing = "gzip" if start.startswith(_GZIP) else "stored"
    sides = looks_like_idx(start)
    begin = 4 + 4 * sides
    start = gunzip_start(start, begin)
    if sides == 0:
        raise Refused("damaged" if packing == "gzip" and not start else "not-an-image")
    if len(start) < begin:
        raise Refused("truncated")
    shape = tuple(int.from_bytes(start[at : at + 4], "big") for at in range(4, begin, 4))
    header = ArrayHeader("IDX", np.dtype(_IDX_TYPES[start[2]]), shape)
    stored = os.fstat(handle.fileno()).st_size
    size = begin + math.prod(shape) * header.dtype.itemsize
    if packing == "stored":
        _check_bytes(header, stored - begin)
    elif size > _NPZ_LIMITS.ratio * stored + _NPZ_LIMITS.ratio_from:
        raise Refused("too-large")
    return OpenArray(header, handle, PackedBytes(handle, start=0, packed=stored, size=size, packing=packing), begin)


def _check_bytes(header: ArrayHeader, present: int) -> None:
    """What the header claims must be what is there."""
    claimed = math.prod(header.shape) * header.dtype.itemsize
    # Objects are stored as one pickle of any length; they are refused later, by their type.
    if claimed != present and not header.dtype.hasobject:
        raise Refused("truncated" if claimed > present else "damaged")
