"""Lists of image names that say which part of the data they are: ``train_val_list.txt`` and ``test_list.txt``."""

from __future__ import annotations

import re

from wetread.dataset.columns import IMAGE_NAME, SPLIT_NAMES
from wetread.dataset.labels_text import find_encoding
from wetread.errors import InputError

#: The official lists of ChestX-ray14 (NIH); training and validation come as one list.
NIH_LISTS: dict[str, str] = {"train_val_list.txt": "train", "test_list.txt": "test"}

_MAX_BYTES = 64 << 20


def read_split_list(name: str, data: bytes) -> list[str] | None:
    """Reads a list with one image name per line.

    Args:
        name: Of the file; a word of it says which part the list is.
        data: Its content.

    Returns:
        The names in their order, each once; None where the name names no part, or a line is no name of an image file.
    """
    if not split_of_list(name) or len(data) > _MAX_BYTES:
        return None
    try:
        text = data.decode(find_encoding(name, data), errors="replace")
    except InputError:
        return None
    lines = [line.strip() for line in text.lstrip("\ufeff").splitlines()]
    names = [line for line in lines if line]
    if not names or not all(IMAGE_NAME.search(line) and len(line) < 1024 for line in names):
        return None
    # Names may hold commas, but a table of several columns ending in a name is no list.
    if any(len(IMAGE_NAME.findall(cell)) for line in names for cell in re.split(r"[,;\t|]", line)[:-1]):
        return None
    return list(dict.fromkeys(names))


def split_of_list(name: str) -> str:
    """The part that a list is for by its name: train, tune, test, or nothing. ``train_val`` is train."""
    base = name.replace("\\", "/").rsplit("/", 1)[-1].lower()
    if base in NIH_LISTS:
        return NIH_LISTS[base]
    stem = base.rsplit(".", 1)[0]
    parts = {SPLIT_NAMES[word] for word in re.split(r"[\W_\d]+", stem) if word in SPLIT_NAMES}
    if parts == {"train", "tune"}:
        return "train"
    return parts.pop() if len(parts) == 1 else ""
