"""What a refusal compares: pictures -> blocks of features of length one, headers -> words, colours -> a share.

The classical features are taken apart into blocks, because each sees something else go wrong: gradients see another
part of the body, textures see noise, grey levels an inversion, the pattern a rotation. In one long vector the many
numbers of the gradients would drown the others; white noise, whose gradients point everywhere alike, then looks like
the mean of all radiographs (measured: none of it refused).
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from wetread.model.features import BLOCK, CELL, LBP_GRID, ORIENTATIONS, SIDE, THUMBNAIL
from wetread.model.inputs import Inputs
from wetread.model.way_up import as_roots, unit
from wetread.shapes import Floats, Picture

_LENGTHS = {
    "gradients": (SIDE // CELL - BLOCK + 1) ** 2 * BLOCK**2 * ORIENTATIONS,
    "textures": LBP_GRID**2 * 10,
    "grey levels": 32,
    "brightness": THUMBNAIL**2,
}
_ENDS = np.cumsum(list(_LENGTHS.values()))
#: Block -> its columns in the classical features.
COLUMNS = {
    name: slice(int(end - length), int(end)) for (name, length), end in zip(_LENGTHS.items(), _ENDS, strict=True)
}

#: Length of what the probes see without an embedding: all blocks, and the pattern.
PROBED = sum(_LENGTHS.values()) + _LENGTHS["brightness"]

#: What probes look at where a backbone keeps places: these, and the one of pictures upside down at their way up.
WAY_UP, UPSIDE_DOWN = "way up", "rotated 180"
#: From so many pictures on places alone tell the way up: of pictures upside down they refused 76 in 100 of chests and
#: abdomens where 75 were at hand, and 97 and 99 of brains and of six kinds where 264 and 360 were. The way up gave 96,
#: 99 and 98, and costs four looks at each picture.
ENOUGH_PLACES = 150
#: Sights for which the places of pictures are asked for.
PLACED = ("places", WAY_UP)

#: How far the strongest colour of a pixel lies above the weakest for it to count as coloured, of 255.
_COLOURED = 30

#: Modalities that give the same kind of picture (PS3.3 section C.7.3.1.1.1): radiographs have three names.
_FAMILIES = {"CR": "radiograph", "DX": "radiograph", "RG": "radiograph", "DR": "radiograph"}


def see(inputs: Inputs, sees: str) -> dict[str, NDArray[np.float32]]:
    """Pictures -> what distances are taken in: blocks by name, each ``image feature`` with rows of length one.

    Args:
        inputs: The pictures.
        sees: ``frozen`` for the embedding of their backbone, ``classical`` for the blocks of the classical features.
    """
    if sees == "frozen":
        return {"embedding": unit(inputs.embedding())}
    return classical_blocks(inputs.classical())


def see_for_probes(inputs: Inputs, sees: str) -> dict[str, NDArray[np.float32]]:
    """Pictures -> what the probes look at.

    Which way up a picture is, is told by what lies where. An embedding is a mean over all places, so it hardly knows;
    the maps that it is the mean of know best, and without the other blocks (measured on brain MRI in three planes:
    of pictures upside down 73 % were refused by everything else, 83 % with places as well, 97 % by places alone).

    Args:
        inputs: The pictures.
        sees: ``way up`` for how pictures differ from themselves upside down; ``places`` for the maps of their backbone
            in 3 x 3 fields; ``classical`` for the blocks of the classical features; ``frozen`` for these and the
            embedding, where the backbone keeps no places.

    Raises:
        ValueError: There is no backbone, or it has not what is asked for.
    """
    if sees == WAY_UP:
        blocks_up = inputs.way_up()
        if blocks_up is None:
            raise ValueError("no places to look at")
        return dict(zip(("last", "middle"), blocks_up, strict=False))
    if sees == "places":
        places = inputs.places()
        if places is None:
            raise ValueError("no places to look at")
        return {"places": as_roots(places)}
    blocks = classical_blocks(inputs.classical())
    return blocks | see(inputs, sees) if sees == "frozen" else blocks


def sharpest(inputs: Inputs, sees: str) -> str:
    """What the probes should look at where they may see ``frozen`` or ``classical``: places, if there are any."""
    if sees != "frozen" or inputs.places() is None:
        return sees
    return WAY_UP if len(inputs) < ENOUGH_PLACES else "places"


def sight_of(sees: str, change: str) -> str:
    """What the probe of one change looks at, where probes look at ``sees``."""
    return "places" if sees == WAY_UP and change != UPSIDE_DOWN else sees


def classical_blocks(features: NDArray[np.float32]) -> dict[str, NDArray[np.float32]]:
    """Classical features -> their blocks, and the pattern: the small picture without its mean and contrast."""
    blocks = {name: unit(features[:, columns]) for name, columns in COLUMNS.items()}
    small = features[:, COLUMNS["brightness"]]
    return blocks | {"pattern": unit(small - small.mean(axis=1, keepdims=True))}


def colour_shares(pictures: Sequence[Picture]) -> Floats:
    """The coloured part of each picture, 0 to 1; a few coloured letters on a radiograph are a small part."""
    return np.array([_colour_share(picture) for picture in pictures])


def _colour_share(picture: Picture) -> float:
    if picture.ndim == 2:
        return 0.0
    small = np.asarray(Image.fromarray(picture).resize((48, 48), Image.Resampling.BOX)).astype(np.int16)
    return float((np.ptp(small, axis=2) > _COLOURED).mean())


def kind_of(modality: str | None) -> str:
    """DICOM Modality -> the kind of picture; empty where the file says nothing."""
    known = (modality or "").strip().upper()
    return _FAMILIES.get(known, known)
