"""Array files as data sets: a MedMNIST or Keras ``.npz`` file, IDX files as MNIST comes -> rows.

One picture is one item of an array; given splits are kept. Nothing is decoded here.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

from wetread.dataset.array_labels import NamedLabels, NoClasses, name_labels
from wetread.dataset.array_names import ORDINAL, find_set
from wetread.dataset.labels_file import SPLIT_NAMES
from wetread.dataset.table import COMPANION, NO_FINDING, Row
from wetread.errors import REJECTIONS, InputError
from wetread.images.array_format import list_arrays, looks_like_idx, looks_like_npz, read_header, read_whole
from wetread.images.arrays import ArrayReader
from wetread.images.gate import Refused
from wetread.images.source import Source

_IMAGE_WORDS = ("images", "image", "imgs", "x", "data")
_LABEL_WORDS = ("labels", "label", "y", "targets", "target")
#: ``train-images-idx3-ubyte.gz``, ``t10k-labels.idx1-ubyte``, ``emnist-letters-test-images-idx3-ubyte``.
_IDX_NAME = re.compile(
    r"(?:(.*?)[-_.])??(?:([a-z0-9]+)[-_.])?(images|labels)[-_.]idx\d[-_.]ubyte(\.gz)?", re.IGNORECASE
)
_START_BYTES = 4096


@dataclass
class ArrayListing:
    """The pictures of array files.

    Attributes:
        rows: One per picture, in the order in which they are stored; then files that only accompany them, skipped.
        classes: Names by number, in the order of the file.
        notes: Sentences about what was found, for the report.
        multi: A picture can have several findings.
        ordinal: The classes have an order.
    """

    rows: list[Row]
    classes: list[str]
    notes: list[str] = field(default_factory=list)
    multi: bool = False
    ordinal: bool = False


@dataclass(frozen=True)
class _Part:
    """One array of pictures, and where its labels lie, if anywhere."""

    images: Path
    labels: Path | None
    split: str = ""
    member: str = ""
    label_member: str = ""


def is_array_file(path: Path) -> bool:
    """Whether a file is a .npz or an IDX file, by its content."""
    start = _start_of(path)
    return looks_like_npz(start) or looks_like_idx(start) > 0


def find_arrays(root: Path, paths: Iterable[Path]) -> ArrayListing | None:
    """Reads a data set that consists of array files.

    Args:
        root: The data set: a folder, or one array file.
        paths: The files of the folder that lie in none of its sub-folders.

    Returns:
        None where it is none: a folder with sub-folders is one only by its IDX files, since a .npz file beside class
        folders holds something else.

    Raises:
        InputError: It is one, but cannot be used.
    """
    if root.is_file():
        start = _start_of(root)
        if looks_like_npz(start):
            return read_npz_listing(root)
        return read_idx_listing(root) if looks_like_idx(start) else None
    paths = list(paths)
    sets = {_idx_set(path) for path in paths if _is_idx_images(path)}
    arrays = [path for path in paths if path.suffix.lower() == ".npz" and looks_like_npz(_start_of(path))]
    if not sets and (not arrays or any(entry.is_dir() and entry.name[0] != "." for entry in root.iterdir())):
        return None
    if len(sets) > 1 or (not sets and len(arrays) > 1):
        names = sorted(sets) if sets else [path.name for path in arrays]
        raise InputError(
            f"{root} holds several data sets: {', '.join(names[:5])}.",
            remedy="Give one of its files as DATA.",
            file=root,
            code="several-arrays",
        )
    if sets:
        first = next(path for path in paths if _is_idx_images(path))
        found = read_idx_listing(first, paths)
    elif _pair_members(list_arrays(arrays[0])):
        found = read_npz_listing(arrays[0])
    else:
        return None
    found.rows += _companions(found, paths)
    return found


def read_npz_listing(path: Path) -> ArrayListing:
    """Lists the pictures of a .npz file: ``train_images`` and ``train_labels``, ``x_train`` and ``y_train``, or the
    same without parts.

    Args:
        path: The file.

    Raises:
        InputError: It is damaged, or holds no pictures with labels.
    """
    members = list_arrays(path)
    pairs = _pair_members(members)
    if not pairs:
        raise InputError(
            f"{path.name} holds no pictures; its arrays are: {', '.join(members[:12])}.",
            remedy="Name its arrays train_images and train_labels, test_images and test_labels.",
            file=path,
            code="no-arrays",
        )
    parts = [_Part(path, path if labels else None, split, images, labels) for split, (images, labels) in pairs.items()]
    listing = _list(parts, find_set(path.stem), path)
    used = {name for pair in pairs.values() for name in pair}
    if unused := [name for name in members if name not in used]:
        listing.notes.append(f"Arrays that were left out: {', '.join(unused[:5])}.")
    return listing


def read_idx_listing(path: Path, paths: Iterable[Path] | None = None) -> ArrayListing:
    """Lists the pictures of the IDX files that belong together by their names.

    Args:
        path: One of them.
        paths: Where the others are looked for; None: beside it.

    Raises:
        InputError: One of them is damaged, or there are no labels.
    """
    wanted = _idx_set(path)
    found: dict[tuple[str, str], Path] = {}
    for one in sorted(path.parent.iterdir() if paths is None else paths):  # "x-ubyte" comes before "x-ubyte.gz"
        matched = _IDX_NAME.fullmatch(one.name)
        if matched and _idx_set(one) == wanted:
            found.setdefault(((matched[2] or "").lower(), matched[3].lower()), one)
    parts = [
        _Part(one, found.get((word, "labels")), "test" if word == "t10k" else SPLIT_NAMES.get(word, ""))
        for (word, kind), one in found.items()
        if kind == "images"
    ]
    if not parts:
        raise InputError(
            f"{path.name} is one of two files; the one with the pictures is not beside it.",
            remedy="Put files such as train-images-idx3-ubyte and train-labels-idx1-ubyte into one folder.",
            file=path,
            code="no-arrays",
        )
    known = find_set(path.name) or find_set(path.parent.name)
    if not known and "mnist" not in wanted.lower() + path.parent.name.lower():
        known = "mnist"  # the bare names are those of the digits
    return _list(parts, known, path.parent)


def _list(parts: list[_Part], known: str, root: Path) -> ArrayListing:
    labelled = [part for part in parts if part.labels is not None]
    if not labelled:
        raise InputError(
            f"{root} has pictures, but no labels.",
            remedy="Put the labels beside them, such as train_labels or train-labels-idx1-ubyte.",
            file=root,
            code="no-labels",
        )
    try:
        named = name_labels([read_whole(part.labels or root, part.label_member) for part in labelled], known)
    except Refused as refusal:
        raise _explain(refusal, root, "its labels") from refusal
    except NoClasses as reason:
        raise InputError(
            f"{root.name} cannot be used: {reason}.",
            remedy="Give one whole number per picture, or a 0 or 1 per finding.",
            file=root,
            code="array-labels",
        ) from reason
    listing = ArrayListing([], named.classes, multi=named.several, ordinal=known in ORDINAL)
    labels = dict(zip(labelled, named.labels, strict=True))
    for part in parts:
        listing.rows += _rows(part, labels.get(part), named, listing.notes)
    if known:
        listing.notes.append(f"The labels are numbers; the names of the classes are those of {known}.")
    if named.one_hot:
        listing.notes.append("Each row of the labels is 1 for one class and 0 elsewhere.")
    if listing.ordinal:
        listing.notes.append("The classes have an order; each is told apart as a class of its own.")
    return listing


def _rows(part: _Part, labels: list[tuple[str, ...]] | None, named: NamedLabels, notes: list[str]) -> list[Row]:
    name = part.member or part.images.name
    try:
        header = read_header(part.images, part.member)
        if header.is_volumes:
            sides = " x ".join(map(str, header.shape[1:]))
            raise InputError(
                f"{part.images.name} holds volumes of {sides}; wetread reads pictures.",
                remedy="Export slices as PNG or DICOM, one file each, with their patient in the labels table.",
                file=part.images,
                code="volumes",
            )
        with ArrayReader(part.images, part.member) as reader:
            count, shape, intensity = reader.count, reader.shape, reader.intensity
    except Refused as refusal:
        raise _explain(refusal, part.images, name) from refusal
    if labels is not None and len(labels) != count:
        raise InputError(
            f"{name} holds {count} pictures, but there are {len(labels)} labels for them.",
            remedy="Copy or export both again.",
            file=part.images,
            code="array-labels",
        )
    how = "" if intensity == "as stored" else f", stored values shown by their {intensity}"
    notes.append(f"{name}: {count} pictures of {shape[0]} x {shape[1]}{how}.")
    width = len(str(max(0, count - 1)))  # so that rows sorted by name are in the order of the file
    rows = []
    for item in range(count):
        source = Source(part.images, member=part.member, item=item)
        row = Row(f"{name}[{item:0{width}d}]", source, given_split=part.split)
        if labels is not None:
            _label(row, labels[item], named.several)
        rows.append(row)
    return rows


def _label(row: Row, names: tuple[str, ...], several: bool) -> None:
    row.label = "|".join(names) or (NO_FINDING if several else "")
    row.findings = names if several else ()


def _companions(found: ArrayListing, paths: Iterable[Path]) -> list[Row]:
    used = {row.source.path for row in found.rows}
    rows = []
    for path in paths:
        if path not in used:
            row = Row(path.name, Source(path), companion=True)
            row.skip(
                COMPANION + ("labels of the pictures" if _IDX_NAME.fullmatch(path.name) else "no array of pictures")
            )
            rows.append(row)
    return rows


def _pair_members(members: Iterable[str]) -> dict[str, tuple[str, str]]:
    """Split ("" without) -> the names of the arrays of its pictures and of its labels ("" without)."""
    images: dict[str, str] = {}
    labels: dict[str, str] = {}
    for member in members:
        words = re.split(r"[-_. ]+", member.lower())
        splits = [SPLIT_NAMES[word] for word in words if word in SPLIT_NAMES]
        others = [word for word in words if word not in SPLIT_NAMES]
        if len(others) == 1 and len(splits) <= 1:
            split = splits[0] if splits else ""
            if others[0] in _IMAGE_WORDS:
                images.setdefault(split, member)
            elif others[0] in _LABEL_WORDS:
                labels.setdefault(split, member)
    return {split: (member, labels.get(split, "")) for split, member in images.items()}


def _idx_set(path: Path) -> str:
    """The part of an IDX name that is the same for all files of one set."""
    matched = _IDX_NAME.fullmatch(path.name)
    return (matched[1] or "") if matched else path.name


def _is_idx_images(path: Path) -> bool:
    matched = _IDX_NAME.fullmatch(path.name)
    return bool(matched) and matched[3].lower() == "images" and looks_like_idx(_start_of(path)) >= 3  # type: ignore[index]


def _start_of(path: Path) -> bytes:
    """The first bytes of a file; none where it is no plain file."""
    try:
        if not path.is_file():
            return b""
        with open(path, "rb") as handle:
            return handle.read(_START_BYTES)
    except OSError:
        return b""


def _explain(refusal: Refused, path: Path, what: str) -> InputError:
    reason, remedy = REJECTIONS[refusal.code]
    return InputError(f"Cannot read {what} in {path}: {reason}.", remedy=remedy, file=path, code=refusal.code)
