"""Names that come in from outside -> names that may be shown, and hashed names by which a table may mean a file."""

from __future__ import annotations

import re
import unicodedata
from pathlib import PurePosixPath

from wetread.dataset.label_names import NOT_AVAILABLE, clean_name, holds_several
from wetread.dataset.listing import fold_file_name
from wetread.errors import InputError
from wetread.privacy.pseudonyms import Pseudonyms

MOST_CLASS_LETTERS = 80
MOST_NAME_LETTERS = 200
#: Control characters, and those that turn the direction of writing, behind which a name can hide its ending.
_UNSEEN = re.compile("[\x00-\x1f\x7f-\x9f\u200b\u200e\u200f\u2028-\u202e\u2060-\u2069\ufeff]")


def split_path(written: str) -> tuple[str, str]:
    """A path as a browser or an archive gives it -> folders with forward slashes, and the bare name; never empty."""
    text = _UNSEEN.sub("", unicodedata.normalize("NFC", written.encode("utf-8", "replace").decode("utf-8")))
    parts = [part[:MOST_NAME_LETTERS] for part in text.replace("\\", "/").split("/") if part.strip(". ")]
    return "/".join(parts[-8:-1]), parts[-1] if parts else "unnamed"


def class_name(written: str) -> str:
    """The name of a class, cleaned; empty for none.

    Raises:
        InputError: A table of labels could not hold it: it would be read as several names, or as no value.
    """
    name = clean_name(written.encode("utf-8", "replace").decode("utf-8"))
    if not name:
        return ""
    if len(name) > MOST_CLASS_LETTERS:
        raise _refuse(f"The name of a class has at most {MOST_CLASS_LETTERS} letters.")
    if name.casefold() in NOT_AVAILABLE:
        raise _refuse(f"{name} means that no value is known, so it cannot be a class.")
    if holds_several(name):
        raise _refuse("The name of a class may hold no |, and may not stand in square brackets.")
    return name


def _refuse(message: str) -> InputError:
    return InputError(message, remedy="Choose another name.", code="class-name")


def table_keys(path: str, name: str, pseudonyms: Pseudonyms) -> tuple[str, ...]:
    """Hashed names by which a table may mean a file, the surest first: its paths, its name, its name without ending.

    The table may lie in any of the folders above the file, so each of them may be where its paths begin. Hashed, since
    names of files may be those of patients, and a table stays in the journal for files that come later.
    """
    written = [f"{folders}{one}" for folders in _folders(path) for one in _name_and_stem(name)]
    return tuple(dict.fromkeys(pseudonyms.name("file", one) for one in [*written, *_name_and_stem(name)]))


def row_keys(written: str, pseudonyms: Pseudonyms) -> tuple[str, ...]:
    """Hashed names under which a table keeps what it says of an image.

    Where it gives a path, the name alone means a file only if nothing lies at that path, as in
    `wetread.dataset.finder.Finder`: it is kept as a loose key.
    """
    path, name = split_path(written)
    bare = [pseudonyms.name("file", one) for one in _name_and_stem(name)]
    if path:
        sure = [pseudonyms.name("file", folders + fold_file_name(name)) for folders in _folders(path)]
        return tuple(dict.fromkeys([*sure, *map(loose, bare)]))
    return tuple(dict.fromkeys(bare))


def loose(key: str) -> str:
    """The key under which a table keeps a row by its bare name where it gives a path."""
    return f"~{key}"


def _folders(path: str) -> list[str]:
    """A path as it is written from each of its folders, the longest first, each with a slash at the end."""
    parts = fold_file_name(path).split("/") if path else []
    return ["/".join(parts[start:]) + "/" for start in range(len(parts))]


def _name_and_stem(name: str) -> list[str]:
    folded = fold_file_name(name)
    return [folded, PurePosixPath(folded).stem if PurePosixPath(folded).suffix else folded]
