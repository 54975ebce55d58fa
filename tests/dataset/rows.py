"""Rows as the scanner and the reader would make them, without any file."""

import hashlib
from pathlib import Path

import numpy as np
from fake.pictures import write_png

from wetread.dataset.table import Row
from wetread.images.facts import ImageFacts


def facts(**changes):
    usual = {"format": "PNG", "width": 64, "height": 64, "bit_depth": 8, "mode": "grey", "bytes": 1000}
    return ImageFacts(**usual | changes)


def row(image, label="a", *, picture=None, key=None, facts=None, **fields):
    """A row that was read; ``key`` stands for the bytes of its file, so that equal keys are equal files."""
    digest = hashlib.sha256((key or image).encode()).hexdigest()
    return Row(
        image,
        Path(image),
        label,
        facts=facts or globals()["facts"](),
        picture=np.zeros((8, 8), np.uint8) if picture is None else picture,
        sha256=fields.pop("sha256", digest),
        pixel_sha256=fields.pop("pixel_sha256", digest),
        **fields,
    )


def write_images(root, *names, seed=0):
    """Writes tiny noisy PNG files, folders included; every file differs."""
    rng = np.random.default_rng(seed)
    for name in names:
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        write_png(path, rng.integers(0, 256, (16, 16)))
    return root
