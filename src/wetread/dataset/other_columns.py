"""Columns of a table beside image and label: which tell a trait or a source, and which tell whose picture it is."""

from __future__ import annotations

import re

from wetread.dataset.columns import SYNONYMS, plain_name

#: What people ask about a patient or a picture first, in this order.
TRAITS: tuple[str, ...] = tuple(
    map(
        plain_name,
        (
            *("sex", "gender", "patient_sex", "patient_gender", "age", "patient_age", "age_years", "age_group"),
            *("ethnicity", "race", "bmi", "smoker", "portable", "contrast"),
        ),
    )
)

#: Columns that tell a source, beside those that mean a site. Others with few values (side, stage, sex) may tell the
#: disease itself, so only names decide.
SOURCES = frozenset(
    plain_name(name)
    for name in (
        *SYNONYMS["site"],
        *("source", "origin", "dataset", "data_set", "database", "collection", "cohort", "study_site", "location"),
        *("department", "ward", "country", "city", "scanner", "scanner_id", "device", "machine", "vendor"),
        *("manufacturer", "manufacturer_model_name", "model_name", "scanner_model", "equipment", "station"),
        *("modality", "view", "view_position", "projection", "portable", "acquisition", "protocol", "url"),
    )
)

#: Parts of names of columns that say whose picture it is, when it was made, or what is on it.
_NOT = re.compile(
    r"(uid|mrn|ssn|birth|dob|date|time|accession|path|file|folder|comment|note|report|text|impression|phone|mail|"
    r"address|zip|postcode|insurance|physician|doctor|operator|name|initials|url|hash|sha|index|fold|split|subset|bbox|"
    r"mask|box)"
)
_OF_THE_PICTURE = ("image", "label", "patient", "split", "reader", "mask")
_IDENTIFIERS = frozenset(plain_name(name) for meaning in _OF_THE_PICTURE for name in SYNONYMS[meaning])


def tells_trait(name: str) -> bool:
    """True for names such as sex and age."""
    return plain_name(name) in TRAITS


def tells_source(name: str) -> bool:
    """True for names such as hospital, scanner and view."""
    return plain_name(name) in SOURCES


def tells_who(name: str) -> bool:
    """True for names that say whose picture it is, when it was made, or what is on it; traits and sources never do."""
    plain = plain_name(name)
    if tells_trait(name) or tells_source(name):
        return False
    return plain in _IDENTIFIERS or plain.endswith("id") or _NOT.search(plain) is not None
