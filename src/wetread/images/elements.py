"""Elements of a DICOM header as numbers and tables, read with tolerance: a bad one counts as absent."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from pydicom import Dataset

from wetread.images.gate import Refused


def functional_group(dataset: Dataset, index: int, name: str) -> Dataset:
    """The item that holds for one frame: its own, the shared one, or the header (PS3.3 section C.7.6.16.1.1)."""
    own = dataset.get("PerFrameFunctionalGroupsSequence") or []
    shared = dataset.get("SharedFunctionalGroupsSequence") or []
    for group in (*own[index : index + 1], *shared[:1]):
        if group.get(name):
            item: Dataset = group[name].value[0]
            return item
    return dataset


def read_integer(dataset: Dataset, keyword: str) -> int | None:
    """The value of an element as an integer; None where it is absent, empty or no number."""
    try:
        value: Any = dataset.get(keyword)
        return None if value is None or value == "" else int(value)
    except (TypeError, ValueError, OverflowError):
        return None


def read_number(item: Dataset, keyword: str, default: float) -> float:
    """The first value of an element as a number; the default where it is absent, empty or no number."""
    numbers = read_numbers(item, keyword)
    return numbers[0] if numbers and np.isfinite(numbers[0]) else default


def read_numbers(item: Dataset, keyword: str) -> list[float]:
    """All values of an element; not a number where one is empty or no number."""
    try:
        value = item.get(keyword)
    except Exception:  # pydicom converts on access, and "1,5" is no decimal string
        return []
    several = value if value is not None and not isinstance(value, (str, bytes, int, float)) else [value]
    return [_float(one) for one in several] if value is not None and value != "" else []


def _float(value: Any) -> float:
    try:
        return float(value)
    except (TypeError, ValueError):
        return float("nan")


def read_windows(item: Dataset) -> list[tuple[float, float]]:
    """Window Center and Window Width of each window; not a number where one of the two is missing."""
    centers, widths = read_numbers(item, "WindowCenter"), read_numbers(item, "WindowWidth")
    return list(zip(centers, widths, strict=False))


def read_table(item: Dataset, *, signed: bool, little: bool = True) -> tuple[NDArray[np.uint16], int, int]:
    """A lookup table, PS3.3 sections C.11.1.1 and C.11.2.1.1.

    Args:
        item: Of a Modality or VOI LUT Sequence.
        signed: Its input can be negative, and so can its first input value.
        little: Byte order of the file.

    Returns:
        Its entries, its first input value, bits of its output.

    Raises:
        Refused: ``damaged``.
    """
    count, first, bits = (int(number) for number in item.LUTDescriptor)
    count = count or 65536  # 0 stands for 2^16, which 16 bits cannot hold
    raw: Any = item.LUTData
    if isinstance(raw, bytes):
        packed = len(raw) < 2 * count and bits == 8  # 8-bit entries, two in a word
        order = "<" if little else ">"
        entries = np.frombuffer(raw[: len(raw) // 2 * 2], dtype=np.uint8 if packed else f"{order}u2")
    else:
        entries = np.atleast_1d(np.asarray(raw, dtype=np.int64)) & 0xFFFF
    table = entries[:count].astype(np.uint16)
    if len(table) == 0 or not 8 <= bits <= 16:
        raise Refused("damaged")
    if first >= 32768 and signed:
        first -= 65536
    return table, first, max(bits, int(table.max()).bit_length())
