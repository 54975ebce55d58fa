"""Masks: where a finding is visible, read from picture files in the proportions of the picture."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Sequence

import numpy as np

from wetread.errors import ImageRejected, InputError
from wetread.images.decoder import Decoder
from wetread.images.source import Source
from wetread.shapes import Bools

#: Longest side; a mask is compared with cells, so no finer detail is needed.
SIDE = 320

#: Endings of image files. Whatever else follows a dot belongs to the name, as in the UIDs that name DICOM files.
ENDINGS = (".png", ".jpg", ".jpeg", ".tif", ".tiff", ".bmp", ".gif", ".webp", ".dcm", ".dicom", ".ima")
#: What may follow the name of the image in that of its mask.
MASK_ENDINGS = ("_mask", "-mask")
#: As many files are named where a mask could belong to several.
MOST_NAMED = 4


def match_masks(images: Sequence[str], masks: Sequence[str]) -> list[int | None]:
    """Finds the mask of each image: by folder and name, else by the bare name where one image and one mask have it.

    Endings of image files, and ``_mask`` at the end, do not count, nor do capitals.

    Args:
        images: Names inside the folder that was given, with forward slashes.
        masks: The same of the masks.

    Returns:
        Number of the mask per image; None where it has none.

    Raises:
        InputError: A mask could belong to several images, or an image have several masks. Code ``masks-unclear``.
    """
    found: list[int | None] = [None] * len(images)
    for key_of in (_key, lambda name: _key(name).rsplit("/", 1)[-1]):
        of_images, of_masks = _by_key(images, key_of), _by_key(masks, key_of)
        taken = set(found)
        for key, numbers in of_images.items():
            candidates = of_masks.get(key, [])
            if set(candidates) <= taken or all(found[number] is not None for number in numbers):
                continue
            if len(numbers) > 1 or len(candidates) > 1:
                raise _unclear([images[number] for number in numbers], [masks[number] for number in candidates])
            found[numbers[0]] = candidates[0]
    return found


def _key(name: str) -> str:
    key = name.casefold()
    for endings in (ENDINGS, MASK_ENDINGS):
        key = next((key.removesuffix(ending) for ending in endings if key.endswith(ending)), key)
    return key


def _by_key(names: Sequence[str], key_of: Callable[[str], str]) -> dict[str, list[int]]:
    found: defaultdict[str, list[int]] = defaultdict(list)
    for number, name in enumerate(names):
        found[key_of(name)].append(number)
    return found


def _unclear(images: list[str], masks: list[str]) -> InputError:
    return InputError(
        f"It is not clear which mask belongs to which image: {_listed(images)}, and the masks {_listed(masks)}."
        if len(masks) > 1
        else f"The mask {masks[0]} could belong to several images: {_listed(images)}.",
        remedy="Put the masks into folders with the names of those of the images, and give the folder above these.",
        code="masks-unclear",
    )


def _listed(names: list[str]) -> str:
    more = len(names) - MOST_NAMED
    return ", ".join(names[:MOST_NAMED]) + (f" and {more} more" if more > 0 else "")


def decode_masks(places: Sequence[Source], decoder: Decoder) -> list[Bools | None]:
    """Reads masks: everything brighter than half of the brightest pixel is the finding.

    Args:
        places: Image files.
        decoder: Running.

    Returns:
        ``row column`` per place, in order; None where a file cannot be read.
    """
    found: list[Bools | None] = [None] * len(places)
    for number, outcome in decoder.decode_many(places, max_side=SIDE):
        if not isinstance(outcome, ImageRejected):
            pixels = outcome.pixels if outcome.pixels.ndim == 2 else outcome.pixels.max(axis=-1)
            brightest = int(pixels.max())
            found[number] = pixels > brightest / 2 if brightest else np.zeros(pixels.shape, dtype=np.bool_)
    return found
