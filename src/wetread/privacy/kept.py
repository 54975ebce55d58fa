"""Which values may stay although the table of the profile has no row for them: numbers, and words of closed lists.

PS3.15 keeps whatever Table E.1-1 does not name. That suffices for headers that obey the standard, not for those in
which somebody typed a name where a code belongs. Here nothing that a person could have typed stays: a text stays if it
is one of the words of `wetread.images.known_words`, a number if it is one, a code if the dictionary of codes has it
(its meaning is then written anew).
"""

from __future__ import annotations

import re
from functools import cache
from typing import Any

from pydicom._uid_dict import UID_dictionary
from pydicom.datadict import dictionary_has_tag

from wetread.images.known_words import is_known_code, known_maker

__all__ = [
    "DUMMY_TEXT",
    "REQUIRED_TEXTS",
    "TABLES",
    "is_known_code",
    "is_known_tag",
    "is_known_uid",
    "is_plain_number",
    "keep_text",
    "keeps_bytes",
    "known_meaning",
]

#: Short texts (LO, SH) that stay where they are one of these, by keyword.
_TEXTS: dict[str, re.Pattern[str]] = {
    "RescaleType": re.compile(
        r"HU|US|OD|PCT|EDR?|Z_EFF|HU_MOD|MGML|EDW|IW|K_WIDTH|BQML|CPS|NONE|UNSPECIFIED|normalized"
    ),
    "ModalityLUTType": re.compile(r"HU|US|OD|PCT|EDR?|Z_EFF|HU_MOD|MGML|EDW|IW|K_WIDTH|NONE|UNSPECIFIED"),
    "ConvolutionKernel": re.compile(
        r"[A-Z][a-z]?\d{1,2}[a-z]?|FC\d{1,2}|STANDARD|BONE|BONEPLUS|LUNG|SOFT|DETAIL|EDGE|CHEST|[1-5]", re.ASCII
    ),
}
#: Texts that some object definitions ask for; they become a dummy, all other texts go.
REQUIRED_TEXTS = frozenset(
    [
        "Manufacturer",
        "ManufacturerModelName",
        "SoftwareVersions",
        "PulseSequenceName",
        "ReceiveCoilName",
        "TransmitCoilName",
        "ConvolutionKernel",
        "RescaleType",
        "ModalityLUTType",
        "PositionReferenceIndicator",
        "LUTExplanation",
        "LUTLabel",
        "SegmentAlgorithmName",
        "ContentLabel",
        "SegmentLabel",
    ]
)
DUMMY_TEXT = "REMOVED"
#: Tables of colours and greys.
TABLES = frozenset(
    f"{start}{colour}PaletteColorLookupTableData"
    for colour in ("Red", "Green", "Blue", "Alpha")
    for start in ("", "Segmented")
) | {"LUTData"}
#: Elements of bytes that stay: these, and where frames begin. Pixels are handled apart.
_BYTES = TABLES | {"ExtendedOffsetTable", "ExtendedOffsetTableLengths"}
#: A whole number from here on may be an identifier or a date.
_LARGEST = 10_000_000
#: Quantities that may be larger: activities in becquerel, counts, bytes.
_LARGE = frozenset(
    [
        "RadionuclideTotalDose",
        "RadiopharmaceuticalSpecificActivity",
        "RadionuclideActivity",
        "CountsAccumulated",
        "EncapsulatedPixelDataValueTotalLength",
        "FrameReferenceTime",
        "PrimaryPromptsCountsAccumulated",
        "SecondaryCountsAccumulated",
        "TransducerFrequency",
        "PhysicalDeltaX",
        "PhysicalDeltaY",
    ]
)
_NUMBER = re.compile(r"[+-]?(?:\d{1,15}(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d{1,3})?", re.ASCII)


def is_known_uid(text: str) -> bool:
    """Whether a UID names a class, a syntax or a part of the standard, PS3.6 annex A; those name no instance."""
    return text.strip(" \0") in UID_dictionary


def is_plain_number(keyword: str, text: str) -> bool:
    """Whether a text (IS, DS) is a number, and not so large that it could be an identifier."""
    text = text.strip(" \0")
    if not _NUMBER.fullmatch(text):
        return False
    return keyword in _LARGE or abs(float(text)) < _LARGEST


def keep_text(keyword: str, text: str) -> str | None:
    """The form in which a short text (LO, SH) may stay; None where it may not."""
    plain = text.strip(" \0")
    if keyword == "Manufacturer":
        return known_maker(plain)
    pattern = _TEXTS.get(keyword)
    return plain if pattern is not None and pattern.fullmatch(plain) else None


def keeps_bytes(keyword: str) -> bool:
    """Whether an element of bytes may stay."""
    return keyword in _BYTES


def is_known_tag(tag: int) -> bool:
    """Whether the value of an element of tags (AT) names an element of the dictionary."""
    return bool(dictionary_has_tag(tag))


def known_meaning(scheme: str, code: str) -> str | None:
    """The meaning of a code as the dictionary writes it, PS3.16 annex D and its context groups; None if unknown.

    Args:
        scheme: Coding Scheme Designator; SRT and its older names are looked up as SNOMED CT.
        code: Code Value.
    """
    scheme, code = scheme.strip(" \0"), code.strip(" \0")
    meanings, older = _codes()
    if scheme in ("SRT", "SNM3", "99SDM"):
        scheme, code = "SCT", older.get(code, "")
    return meanings.get(scheme, {}).get(code)


@cache
def _codes() -> tuple[dict[str, dict[str, str]], dict[str, str]]:
    # Imported here: the dictionary is large, and most headers hold no codes.
    from pydicom.sr._concepts_dict import concepts
    from pydicom.sr._snomed_dict import mapping

    found: dict[str, dict[str, str]] = {}
    every: Any = concepts
    for scheme, names in every.items():
        found[scheme] = {code: entry[0] for codes in names.values() for code, entry in codes.items()}
    return found, dict(mapping.get("SRT", {}))
