"""Exact and near duplicates: candidates by perceptual hash, confirmed on aligned pixels.

Standardised views look alike (two chest films of two patients may share a hash), so a candidate counts only where
its pixels, at 96 x 96, correlate above `MIN_CORRELATION`. Hashes: pHash (DCT) and dHash (Zauner 2010; Krawetz 2011);
both must agree within `MAX_DISTANCE` of 64 bits.

Of 50 chest radiographs this finds 50 saved anew as JPEG of quality 30, 50 at half the size, 48 with another gamma, 47
with 0.5 % cut off each side, 40 with 1 %, and 7 with 2 %: larger crops escape, and the reports must not promise more.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from scipy.fft import dctn

from wetread.dataset.near_hashes import Hashes, near_pairs
from wetread.dataset.table import Row
from wetread.shapes import Floats, Picture

MAX_DISTANCE = 4
MIN_CORRELATION = 0.97
#: Two crops of one film agree in their mid frequencies; two films of similar patients only in the coarse ones.
MIN_DETAIL_CORRELATION = 0.80
CONFIRM_SIDE = 96

#: Thumbnails kept while pairs are confirmed: a hundred thousand would take gigabytes, so the others are made again.
REMEMBERED = 2048


@dataclass(frozen=True)
class Pair:
    """Two rows that show the same picture.

    Attributes:
        first: Row number.
        second: Row number, larger than `first`.
        kind: file (same bytes), pixels (same decoded pixels) or near.
        correlation: Of their 96 x 96 thumbnails, 1 for exact pairs.
    """

    first: int
    second: int
    kind: str
    correlation: float = 1.0


def find_duplicates(rows: list[Row]) -> list[Pair]:
    """Finds all pairs of rows with the same picture.

    Args:
        rows: Rows that have been read.

    Returns:
        Pairs in order of row number. Of n identical images only n - 1 pairs are listed, each image with an earlier one.
    """
    pairs: dict[tuple[int, int], Pair] = {}
    exact: set[int] = set()
    for kind, key in (("file", "sha256"), ("pixels", "pixel_sha256")):
        first_with: dict[str, int] = {}
        for number, row in enumerate(rows):
            first = first_with.setdefault(getattr(row, key), number)
            if first != number and number not in exact:
                pairs[first, number] = Pair(first, number, kind)
                exact.add(number)
    rest = [number for number, row in enumerate(rows) if number not in exact and row.picture is not None]
    seen = [picture for number in rest if (picture := rows[number].picture) is not None]

    @lru_cache(REMEMBERED)
    def thumbnail(place: int) -> Floats:
        return _thumbnail(seen[place])

    for a, b in near_pairs(_hashes(seen), MAX_DISTANCE).tolist():
        correlation = _correlate(thumbnail(a), thumbnail(b))
        if correlation >= MIN_CORRELATION and _same_detail(thumbnail(a), thumbnail(b)):
            pair = Pair(rest[a], rest[b], "near", round(correlation, 4))
            pairs[pair.first, pair.second] = pair
    return [pairs[key] for key in sorted(pairs)]


def _thumbnail(picture: Picture) -> Floats:
    image = Image.fromarray(picture).convert("L").resize((CONFIRM_SIDE, CONFIRM_SIDE), Image.Resampling.BOX)
    return np.asarray(image, dtype=np.float32)


def _hashes(pictures: Sequence[Picture]) -> Hashes:
    """``image 2``: pHash and dHash of each picture."""
    hashes = np.zeros((len(pictures), 2), dtype=np.uint64)
    for number, picture in enumerate(pictures):
        small = _thumbnail(picture)
        hashes[number] = np.concatenate([_phash(small), _dhash(small)]).view(np.uint64)
    return hashes


def _phash(thumbnail: Floats) -> NDArray[np.uint8]:
    small = thumbnail.reshape(32, CONFIRM_SIDE // 32, 32, CONFIRM_SIDE // 32).mean(axis=(1, 3))
    low = np.asarray(dctn(small, norm="ortho"))[:8, :8].ravel()
    return np.packbits(low > np.median(low[1:]))


def _dhash(thumbnail: Floats) -> NDArray[np.uint8]:
    image = Image.fromarray(thumbnail).resize((9, 8), Image.Resampling.BOX)
    small = np.asarray(image)
    return np.packbits((small[:, 1:] > small[:, :-1]).ravel())


def _correlate(a: Floats, b: Floats) -> float:
    from_mean_a, from_mean_b = a - a.mean(), b - b.mean()
    scale = float(np.sqrt((from_mean_a * from_mean_a).sum() * (from_mean_b * from_mean_b).sum()))
    # Two empty pictures of one grey are the same picture; a black and a white one are not.
    return float((from_mean_a * from_mean_b).sum()) / scale if scale > 1e-6 else float(np.array_equal(a, b))


def _same_detail(a: Floats, b: Floats) -> bool:
    return _correlate(_detail(a), _detail(b)) >= MIN_DETAIL_CORRELATION


def _detail(thumbnail: Floats) -> Floats:
    coarse = thumbnail.reshape(12, 8, 12, 8).mean(axis=(1, 3)).repeat(8, axis=0).repeat(8, axis=1)
    detail: Floats = thumbnail - coarse
    return detail
