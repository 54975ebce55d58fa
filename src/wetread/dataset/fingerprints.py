"""What a run remembers of its pictures, so that they are known again under other names, in other formats, re-encoded.

Two things are kept, for two places:

- beside a run: ``fingerprints.safetensors``, with a digest of the decoded pixels of every image and a thumbnail of
  96 x 96, from which copies that are only nearly the same are found (see ``duplicates``);
- inside a model: the digests alone (`known_pixels`). A digest of a picture says nothing to those who do not have the
  picture. Patients are not kept there: a hashed patient number can be found by trying all numbers.
"""

from __future__ import annotations

import json
import struct
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from wetread.dataset.duplicates import CONFIRM_SIDE, find_duplicates
from wetread.dataset.table import Row
from wetread.images.source import Source

#: Hexadecimal digits kept of a SHA-256: 96 bits, so that among a million images no two meet by chance.
DIGITS = 24
#: Thumbnails kept, of the first images: 37 MB. Beyond, near copies are not looked for, and that is said.
MOST_THUMBNAILS = 4000
#: Name of the file in a run folder.
FILE = "fingerprints.safetensors"
MAX_HEADER = 64 << 20


@dataclass(frozen=True)
class Fingerprints:
    """Pictures as a run remembers them.

    Attributes:
        images: Path of each image, relative to the data folder.
        pixels: Shortened SHA-256 of the decoded pixels of each.
        thumbnails: ``image row column`` of 0..255 for the first of them.
    """

    images: list[str]
    pixels: list[str]
    thumbnails: NDArray[np.uint8]

    @property
    def complete(self) -> bool:
        """Whether every image has a thumbnail."""
        return len(self.thumbnails) == len(self.images)


def known_pixels(rows: Iterable[Row]) -> list[str]:
    """Shortened SHA-256 of the decoded pixels of rows, sorted, each once; what a model keeps of what it learnt from.

    Args:
        rows: Rows that have been read.
    """
    return sorted({row.pixel_sha256[:DIGITS] for row in rows if row.pixel_sha256})


def read_known_pixels(facts: Mapping[str, Any]) -> frozenset[str]:
    """The digests that a model keeps; empty where it keeps none.

    Args:
        facts: Of the classifier.
    """
    kept = facts.get("known_pixels")
    return frozenset(str(one)[:DIGITS] for one in kept) if isinstance(kept, list) else frozenset()


def take_fingerprints(rows: Sequence[Row], most: int = MOST_THUMBNAILS) -> Fingerprints:
    """Remembers pictures.

    Args:
        rows: Rows that have been read.
        most: Thumbnails to keep.
    """
    known = [row for row in rows if row.pixel_sha256]
    small = [_thumbnail(row) for row in known[:most]]
    empty = np.zeros((0, CONFIRM_SIDE, CONFIRM_SIDE), dtype=np.uint8)
    return Fingerprints(
        [row.image for row in known],
        [row.pixel_sha256[:DIGITS] for row in known],
        np.stack(small) if small and len(small) == len(known) else empty,
    )


def _thumbnail(row: Row) -> NDArray[np.uint8]:
    if row.picture is None:
        return np.zeros((CONFIRM_SIDE, CONFIRM_SIDE), dtype=np.uint8)
    image = Image.fromarray(row.picture).convert("L").resize((CONFIRM_SIDE, CONFIRM_SIDE), Image.Resampling.BOX)
    return np.asarray(image, dtype=np.uint8)


def pack_fingerprints(found: Fingerprints) -> bytes:
    """The bytes of fingerprints.safetensors."""
    from safetensors.numpy import save

    packed: bytes = save(
        {"thumbnails": np.ascontiguousarray(found.thumbnails)},
        metadata={"images": json.dumps(found.images), "pixels": json.dumps(found.pixels)},
    )
    return packed


def read_fingerprints(path: Path) -> Fingerprints | None:
    """Reads fingerprints.safetensors of a run; None where it is missing or damaged."""
    from safetensors import SafetensorError
    from safetensors.numpy import load

    try:
        data = path.read_bytes()
        (size,) = struct.unpack("<Q", data[:8])
        if size > MAX_HEADER:
            return None
        told = json.loads(data[8 : 8 + size])["__metadata__"]
        images, pixels = json.loads(told["images"]), json.loads(told["pixels"])
        thumbnails = np.asarray(load(data)["thumbnails"])
    except (OSError, ValueError, KeyError, TypeError, struct.error, SafetensorError):
        return None
    fits = thumbnails.dtype == np.uint8 and thumbnails.shape[1:] == (CONFIRM_SIDE, CONFIRM_SIDE)
    if not fits or len(images) != len(pixels) or len(thumbnails) not in (0, len(images)):
        return None
    return Fingerprints([str(one) for one in images], [str(one) for one in pixels], thumbnails)


def find_near(known: Fingerprints, rows: Sequence[Row]) -> dict[int, int]:
    """Finds rows whose picture is nearly one of those that are known, by the rules for near duplicates.

    Args:
        known: With thumbnails, else nothing is found.
        rows: Rows that have been read.

    Returns:
        Number of the row -> number of a known picture.
    """
    if not known.complete or not len(known.thumbnails):
        return {}
    # Every picture goes in under a name of its own: exact copies are found elsewhere, and would hide near ones here.
    learnt = [_stand_in(f"known {n}", picture) for n, picture in enumerate(known.thumbnails)]
    asked = [_stand_in(f"asked {n}", _thumbnail(row)) for n, row in enumerate(rows)]
    first = len(learnt)
    return {
        pair.second - first: pair.first for pair in find_duplicates(learnt + asked) if pair.first < first <= pair.second
    }


def _stand_in(name: str, picture: NDArray[np.uint8]) -> Row:
    return Row(name, Source(Path(name)), picture=picture, sha256=name, pixel_sha256=name)
