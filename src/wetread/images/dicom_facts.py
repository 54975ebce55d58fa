"""What may be said about a DICOM file, and the key that tells which files belong to one patient."""

from __future__ import annotations

import hashlib
import re
from typing import Any

from wetread.images.known_words import is_known_code, known_maker

#: The only elements whose values leave the file: how the picture was made, never whose it is, where or when.
#: StationName is left out: departments name stations after rooms, streets and people.
HARMLESS = (
    "Modality",
    "Manufacturer",
    "ManufacturerModelName",
    "BodyPartExamined",
    "ViewPosition",
    "PatientPosition",
    "Laterality",
    "ImageLaterality",
    "PresentationIntentType",
    "ConversionType",
    "DetectorType",
    "ScanningSequence",
    "SequenceVariant",
    "MagneticFieldStrength",
    "RepetitionTime",
    "EchoTime",
    "KVP",
    "Exposure",
    "ConvolutionKernel",
    "SliceThickness",
    "PixelSpacing",
    "ImagerPixelSpacing",
    "Rows",
    "Columns",
    "NumberOfFrames",
    "SamplesPerPixel",
    "PhotometricInterpretation",
    "BitsAllocated",
    "BitsStored",
    "PixelRepresentation",
    "BurnedInAnnotation",
    "LossyImageCompression",
)
#: Words of a device or a code string. A damaged length can put a neighbouring name into any text; what does not look
#: like such words is dropped, ``^`` (the separator in names) and long digit runs (identifiers, dates) included.
_WORDS = re.compile(r"[A-Za-z0-9 .,_()/+\-]{1,40}")
_LONG_NUMBER = re.compile(r"\d{6,}")


def harmless_facts(dataset: Any) -> dict[str, Any]:
    """The values of `HARMLESS` that the data set has, as numbers, words or lists of these.

    Args:
        dataset: A pydicom data set.
    """
    facts: dict[str, Any] = {}
    for keyword in HARMLESS:
        plain = _known(keyword, _plain(_get(dataset, keyword)))
        if plain is not None and plain != []:
            facts[keyword] = plain
    return facts


def harmless_word(dataset: Any, keyword: str) -> str | None:
    """One text of the header if it is a word that may leave the file, else None.

    Args:
        dataset: A pydicom data set.
        keyword: One of `HARMLESS`.
    """
    assert keyword in HARMLESS
    word = _known(keyword, _plain(_get(dataset, keyword)))
    return word if isinstance(word, str) and word else None


def _get(dataset: Any, keyword: str) -> Any:
    try:
        return dataset.get(keyword)
    except Exception:  # pydicom converts on access; one bad element must not cost the picture
        return None


def _known(keyword: str, value: Any) -> Any:
    """A text in a form in which no name can travel: somebody may have typed one where a code or a device belongs."""
    if isinstance(value, list):
        words = [_known(keyword, item) for item in value]
        return None if None in words else words
    if not isinstance(value, str):
        return value
    if keyword == "Manufacturer":
        return known_maker(value) or _number_of(value)
    if keyword in ("ManufacturerModelName", "ConvolutionKernel"):
        # Names of devices cannot be listed; nearly all have a number, and people have none.
        return value if any(letter.isdigit() for letter in value) or is_known_code(value) else _number_of(value)
    return value if is_known_code(value.upper()) else None


def _number_of(text: str) -> str:
    """Equal for equal texts, so that devices can be told apart: four digits of a hash."""
    return f"other {hashlib.sha256(text.encode('utf-8', 'replace')).hexdigest()[:4]}"


def _plain(value: Any) -> Any:
    if value is None:
        return None
    if isinstance(value, (int, float)):  # IS and DS values of pydicom are subclasses
        number = float(value)
        return None if not abs(number) < 1e12 else int(number) if isinstance(value, int) else number
    if isinstance(value, str):
        word = value.strip(" \0")
        return word if _WORDS.fullmatch(word) and not _LONG_NUMBER.search(word) else None
    if isinstance(value, (list, tuple)) or type(value).__name__ == "MultiValue":
        items = [_plain(item) for item in list(value)[:8]]
        return None if any(item is None or isinstance(item, list) for item in items) else items
    return None


def patient_key(dataset: Any) -> str | None:
    """A key that is equal for the files of one patient: 16 hex digits of a SHA-256, never the identifier itself.

    From Patient ID; where that is empty, from name and birth date together, since a name alone is shared by many.
    The key groups files. It does not anonymise: who knows all identifiers of a hospital can try them one by one.

    Args:
        dataset: A pydicom data set.
    """
    identifier = _text(dataset, "PatientID")
    if identifier:
        return _hash("id", identifier)
    name, birth = _text(dataset, "PatientName").rstrip("^").upper(), _text(dataset, "PatientBirthDate")
    return _hash("name", name, birth) if name and birth else None


def _text(dataset: Any, keyword: str) -> str:
    return " ".join(str(_get(dataset, keyword) or "").replace("\0", " ").split())


def _hash(*parts: str) -> str:
    text = "\x1f".join(("wetread patient", *parts))
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:16]
