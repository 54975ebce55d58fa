"""Traps of the header: what is missing, what is doubled, and what names a person."""

from __future__ import annotations

from typing import Any

import numpy as np

from wetread.phantoms.marker import GLYPHS
from wetread.phantoms.traps_file import Trap, encode, expect, grey_file, linear, ramp
from wetread.shapes import Ints

#: Invented; a reader must not let any of these words out.
FAKE_NAMES = ("Mustermann", "Ottilie", "Beispielweg", "19330229", "AB-4711", "Sanssouci")


def header_traps(seed: int) -> list[Trap]:
    """Missing elements, doubled identifiers, planted names, letters in the picture."""
    stored = ramp()
    window: dict[str, Any] = {"WindowCenter": "2048", "WindowWidth": "4096"}
    unknown = grey_file(seed, "no-photometric", stored, PhotometricInterpretation=None, **window)
    shapeless = grey_file(seed, "no-rows", stored, Rows=None, **window)
    return [
        Trap(
            "no_photometric.dcm",
            "Photometric Interpretation is missing",
            "takes MONOCHROME2, by far the most common, and says so",
            encode(unknown),
            expect(stored, linear(2048, 4096)),
        ),
        Trap(
            "no_rows.dcm", "Rows is missing", "refuses: the shape is unknown", encode(shapeless), rejection="incomplete"
        ),
        *_doubled(seed, stored, window),
        _named(seed, stored, window),
        _lettered(seed),
    ]


def _doubled(seed: int, stored: Ints, window: dict[str, Any]) -> list[Trap]:
    traps = []
    for at, pixels in enumerate((stored, np.flipud(stored).copy())):
        header = grey_file(seed, "doubled", pixels, **window)
        traps.append(
            Trap(
                f"same_uid_{at + 1}.dcm",
                "two files with one SOP Instance UID and different pixels",
                "keeps both apart and reports them; files are told apart by content",
                encode(header),
                expect(pixels, linear(2048, 4096)),
            )
        )
    return traps


def _named(seed: int, stored: Ints, window: dict[str, Any]) -> Trap:
    header = grey_file(
        seed,
        "named",
        stored,
        PatientName="Mustermann^Ottilie",
        PatientID="AB-4711",
        PatientBirthDate="19330229",
        PatientAddress="Beispielweg 1",
        InstitutionName="Klinik Sanssouci",
        ImageComments="Seen by Dr. Mustermann",
        **window,
    )
    block = header.private_block(0x0011, "WETREAD TRAP", create=True)
    block.add_new(0x01, "LO", "Mustermann, Ottilie, AB-4711")
    return Trap(
        "named_person.dcm",
        "an invented name, address and number in public and private elements",
        "shows the picture, and lets none of the words into logs, tables or reports",
        encode(header),
        expect(stored, linear(2048, 4096)),
    )


def _lettered(seed: int) -> Trap:
    stored = ramp(40, 0)
    for at, letter in enumerate("RL"):
        for row, line in enumerate(GLYPHS[letter]):
            for column, cell in enumerate(line):
                if cell == "#":
                    stored[4 + row, 2 + 7 * at + column] = 255
    header = grey_file(seed, "letters", stored, bits=8, BurnedInAnnotation="YES")
    return Trap(
        "burned_in.dcm",
        "letters burned into the pixels",
        "shows the picture and warns: Burned In Annotation is YES",
        encode(header),
        expect(stored, lambda x: x) | {(4, 2): (255,), (10, 10): (255,)},
    )
