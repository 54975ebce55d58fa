"""Traps on the way from a stored value to a grey on the screen (PS3.4 section N.2)."""

from __future__ import annotations

import math

import numpy as np
from pydicom.dataset import Dataset
from pydicom.sequence import Sequence

from wetread.phantoms.traps_file import SIDE, Shown, Trap, encode, expect, grey_file, linear, ramp
from wetread.shapes import Ints


def grey_traps(seed: int) -> list[Trap]:
    """Photometric interpretation, rescaling, windows, tables, padding, frames."""
    return [*_polarity(seed), *_rescaled(seed), *_windowed(seed), *_tabled(seed), *_padded(seed), *_shaped(seed)]


def _polarity(seed: int) -> list[Trap]:
    stored = ramp()
    header = grey_file(
        seed, "monochrome1", stored, PhotometricInterpretation="MONOCHROME1", WindowCenter="2048", WindowWidth="4096"
    )
    grey = linear(2048, 4096)
    return [
        Trap(
            "monochrome1.dcm",
            "MONOCHROME1",
            "shows the lowest value white, after the window",
            encode(header),
            expect(stored, lambda x: 255 - grey(x)),
        )
    ]


def _rescaled(seed: int) -> list[Trap]:
    signed = ramp(-2048)
    halved = grey_file(
        seed,
        "signed-rescale",
        signed,
        signed=True,
        RescaleSlope="0.5",
        RescaleIntercept="1024",
        WindowCenter="1024",
        WindowWidth="1500",
    )
    window = linear(1024, 1500)
    hounsfield = ramp(-100, 1)
    zero = grey_file(
        seed,
        "ct-intercept-0",
        hounsfield,
        bits=16,
        signed=True,
        ct=True,
        RescaleSlope="1",
        RescaleIntercept="0",
        WindowCenter="40",
        WindowWidth="80",
    )
    junk = ramp() | 0xA000
    overlaid = grey_file(seed, "high-bits", junk, WindowCenter="2048", WindowWidth="4096")
    return [
        Trap(
            "signed_rescale.dcm",
            "signed pixels, slope 0.5, intercept 1024",
            "reads two's complement, then rescales, then applies the window",
            encode(halved),
            expect(signed, lambda x: window(0.5 * x + 1024)),
        ),
        Trap(
            "ct_intercept_0.dcm",
            "CT that stores HU as they are (intercept 0)",
            "believes the intercept, and does not subtract 1024 because it is a CT",
            encode(zero),
            expect(hounsfield, linear(40, 80)),
        ),
        Trap(
            "high_bits.dcm",
            "something else in the four bits above Bits Stored, as old overlays are",
            "masks what lies above High Bit",
            encode(overlaid),
            expect(junk & 0x0FFF, linear(2048, 4096)),
        ),
    ]


def _windowed(seed: int) -> list[Trap]:
    stored = ramp()
    plain = stored.copy()
    # Tails of equal values at both ends: whoever cuts percentiles off gets the same as who shows the whole range.
    plain.ravel()[:4], plain.ravel()[-4:] = 0, 4095
    bare = grey_file(seed, "no-window", plain)
    hounsfield = ramp(824, 2)  # with the intercept: -200 to 310 HU
    several = grey_file(
        seed,
        "windows",
        hounsfield,
        ct=True,
        RescaleSlope="1",
        RescaleIntercept="-1024",
        WindowCenter=["40", "80"],
        WindowWidth=["80", "200"],
    )
    first = linear(40, 80)
    bent = grey_file(seed, "sigmoid", stored, WindowCenter="2000", WindowWidth="1600", VOILUTFunction="SIGMOID")
    exact = grey_file(
        seed, "exact", ramp(0, 1), bits=8, WindowCenter="100", WindowWidth="60", VOILUTFunction="LINEAR_EXACT"
    )
    return [
        Trap(
            "no_window.dcm",
            "no window at all",
            "finds a range in the pixels, and says so",
            encode(bare),
            expect(plain, lambda x: 255 * x / 4095),
        ),
        Trap(
            "several_windows.dcm",
            "two windows, brain and subdural",
            "shows the first unless asked for the other",
            encode(several),
            expect(hounsfield, lambda x: first(x - 1024)),
        ),
        Trap(
            "sigmoid.dcm",
            "VOI LUT Function SIGMOID",
            "applies the sigmoid of PS3.3 C.11.2.1.3.1",
            encode(bent),
            expect(stored, lambda x: 255 / (1 + math.exp(-4 * (x - 2000) / 1600))),
        ),
        Trap(
            "linear_exact.dcm",
            "VOI LUT Function LINEAR_EXACT",
            "applies the ramp without the shift by half a value",
            encode(exact),
            expect(ramp(0, 1), lambda x: 255 * ((x - 100) / 60 + 0.5)),
        ),
    ]


def _table(first: int, bits: int, entries: Ints) -> Sequence:
    item = Dataset()
    item.add_new("LUTDescriptor", "US", [len(entries), first, bits])
    item.add_new("ModalityLUTType", "LO", "US")
    item.add_new("LUTData", "OW", entries.astype("<u2").tobytes())
    return Sequence([item])


def _tabled(seed: int) -> list[Trap]:
    stored = ramp()
    square = grey_file(
        seed,
        "voi-lut",
        stored,
        VOILUTSequence=_table(0, 12, np.arange(4096) ** 2 // 4095),
        WindowCenter="100",
        WindowWidth="50",
    )
    small = ramp(0, 1)
    # Falling, and starting at 20: values before the first entry take the first, PS3.3 C.11.1.1.1.
    falling = grey_file(
        seed,
        "modality-lut",
        small,
        bits=8,
        ModalityLUTSequence=_table(20, 16, 1000 - 4 * np.arange(200)),
        WindowCenter="600",
        WindowWidth="900",
    )
    window = linear(600, 900)
    return [
        Trap(
            "voi_lut.dcm",
            "VOI LUT sequence beside a window",
            "applies the table or the window, by default the table",
            encode(square),
            expect(stored, lambda x: 255 * (x * x // 4095) / 4095),
        ),
        Trap(
            "modality_lut.dcm",
            "modality LUT sequence that starts at 20",
            "looks values up before the window; values outside take the first or last entry",
            encode(falling),
            expect(small, lambda x: window(1000 - 4 * min(max(x - 20, 0), 199))),
        ),
    ]


def _padded(seed: int) -> list[Trap]:
    stored = ramp(-100, 1)
    stored[:, :6] = -2000
    padded = grey_file(
        seed,
        "padding",
        stored,
        bits=16,
        signed=True,
        ct=True,
        RescaleSlope="1",
        RescaleIntercept="0",
        PixelPaddingValue=-2000,
    )
    # No window: the padding must not stretch the range.
    inner = stored[:, 6:]
    low, high = float(inner.min()), float(inner.max())
    greys = expect(stored, lambda x: 0 if x == -2000 else 255 * (x - low) / (high - low))
    bright = ramp()
    bright[:, :6] = 0
    inverted = grey_file(
        seed,
        "padding-monochrome1",
        bright,
        PhotometricInterpretation="MONOCHROME1",
        WindowCenter="2048",
        WindowWidth="4096",
        PixelPaddingValue=0,
    )
    shown = linear(2048, 4096)
    return [
        Trap(
            "padding.dcm",
            "padding of -2000 around a CT without a window",
            "leaves the padding out when it looks for a range, and shows it black",
            encode(padded),
            greys,
        ),
        Trap(
            "padding_monochrome1.dcm",
            "padding in a MONOCHROME1 image",
            "shows the padding black, though the lowest value is white",
            encode(inverted),
            expect(bright, lambda x: 0 if x == 0 else 255 - shown(x)),
        ),
    ]


def _shaped(seed: int) -> list[Trap]:
    frames = np.stack([np.roll(ramp(), 3 * at, axis=1) for at in range(5)])
    many = grey_file(seed, "frames", frames, WindowCenter="2048", WindowWidth="4096")
    # Two even halves, one above the other: what matters is where they meet.
    stored = np.where(np.arange(SIDE)[:, None] < SIDE // 2, 512, 3072) + 32 * np.arange(SIDE)[None, :]
    tall = grey_file(seed, "aspect", stored, PixelAspectRatio=["2", "1"], WindowCenter="2048", WindowWidth="4096")
    window = linear(2048, 4096)
    shown: Shown = {(row, 5): (round(window(float(stored[row // 2, 5]))),) for row in (2, 12, 19, 30)}
    return [
        Trap(
            "multi_frame.dcm",
            "five frames in one file",
            "says how many there are and which one it shows; here the middle one is expected",
            encode(many),
            expect(frames[2], linear(2048, 4096)),
        ),
        Trap(
            "pixel_aspect.dcm",
            "pixels twice as tall as wide",
            "draws the picture twice as tall: 32 rows",
            encode(tall),
            shown,
        ),
    ]
