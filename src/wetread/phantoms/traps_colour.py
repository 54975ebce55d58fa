"""Traps of colour (PS3.3 section C.7.6.3.1.2)."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from wetread.phantoms.traps_file import PLACES, SIDE, Shown, Trap, colour_file, encode, grey_file


def _colours() -> NDArray[np.uint8]:
    """Reddish, greenish and bluish stripes of rising brightness, ``row column 3``."""
    rows, columns = np.mgrid[:SIDE, :SIDE]
    channels = [60 + 10 * rows, 200 - 8 * columns, 40 + 5 * rows + 6 * columns]
    return np.stack(channels, axis=-1).astype(np.uint8)


def colour_traps(seed: int) -> list[Trap]:
    """Order of the channels, other colour spaces, palettes."""
    colours = _colours()
    shown = _expect(colours)
    planes = colour_file(seed, "planar", np.moveaxis(colours, -1, 0), PlanarConfiguration=1)
    other = colour_file(seed, "ybr", _to_ybr(colours), PhotometricInterpretation="YBR_FULL")
    return [
        Trap(
            "planar_1.dcm",
            "Planar Configuration 1: all red, then all green, then all blue",
            "puts the planes together",
            encode(planes),
            shown,
        ),
        Trap(
            "ybr_full.dcm",
            "YBR_FULL",
            "converts luminance and chrominance to red, green and blue",
            encode(other),
            shown,
        ),
        _palette(seed),
    ]


def _palette(seed: int) -> Trap:
    rows, columns = np.mgrid[:SIDE, :SIDE]
    stored = (16 * rows + columns).astype(np.int64)
    colours = np.stack([255 - stored, stored, (stored * 7) % 256], axis=-1).astype(np.uint8)
    entries = np.stack([255 - np.arange(256), np.arange(256), (np.arange(256) * 7) % 256])
    header = grey_file(seed, "palette", stored, bits=8, PhotometricInterpretation="PALETTE COLOR")
    for name, table in zip(("Red", "Green", "Blue"), entries, strict=True):
        header.add_new(f"{name}PaletteColorLookupTableDescriptor", "US", [256, 0, 16])
        header.add_new(f"{name}PaletteColorLookupTableData", "OW", (table * 257).astype("<u2").tobytes())
    return Trap(
        "palette_colour.dcm",
        "PALETTE COLOR with entries of 16 bits",
        "looks the colours up; the stored numbers are no greys",
        encode(header),
        _expect(colours),
    )


def _to_ybr(colours: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Red, green and blue to YBR_FULL by the equations of the standard."""
    matrix = np.array([[0.2990, 0.5870, 0.1140], [-0.1687, -0.3313, 0.5000], [0.5000, -0.4187, -0.0813]])
    values: NDArray[Any] = colours.astype(float) @ matrix.T + [0, 128, 128]
    return np.clip(np.round(values), 0, 255).astype(np.uint8)


def _expect(colours: NDArray[np.uint8]) -> Shown:
    return {at: tuple(int(channel) for channel in colours[at]) for at in PLACES}
