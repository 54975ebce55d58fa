"""A data set -> one without what identifies: PS3.15 Annex E, Basic Profile, with shifted dates.

The result is built up from nothing: an element is in it because a rule below put it there. What no rule speaks of, what
cannot be converted and what pydicom has never heard of is therefore gone.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any

from pydicom import Dataset, config
from pydicom.datadict import dictionary_keyword
from pydicom.dataelem import DataElement
from pydicom.sequence import Sequence

from wetread.privacy import kept
from wetread.privacy.dates import NO_DATE, NO_TIME, cap_age, keep_time, shift_date, shift_datetime
from wetread.privacy.options import Options
from wetread.privacy.profile import CHARACTERISTICS, DEVICE, EDITION, UNSHIFTED, basic_action
from wetread.privacy.pseudonyms import Pseudonyms, plain_key

#: Context group 7050 of PS3.16: what was done, in codes.
_METHODS = {
    "113100": "Basic Application Confidentiality Profile",
    "113101": "Clean Pixel Data Option",
    "113106": "Retain Longitudinal Temporal Information Full Dates Option",
    "113107": "Retain Longitudinal Temporal Information Modified Dates Option",
    "113108": "Retain Patient Characteristics Option",
    "113109": "Retain Device Identity Option",
}
_SUBJECT = frozenset(("PatientID", "PatientName"))
#: Written anew at the end, by what was done.
_OURS = frozenset(
    [
        "PatientIdentityRemoved",
        "DeidentificationMethod",
        "DeidentificationMethodCodeSequence",
        "LongitudinalTemporalInformationModified",
        "SpecificCharacterSet",
    ]
)
#: Copied, not cleaned, by `wetread.privacy.dicom_output`.
_PIXELS = frozenset((0x7FE00008, 0x7FE00009, 0x7FE00010))
_TEMPORAL = ("DA", "TM", "DT")
#: Device texts that no row of the table names; kept with the others where the device may be known.
_DEVICE_TEXTS = DEVICE | {"ManufacturerModelName", "SoftwareVersions"}
#: The form of a device's texts; ``^`` separates names, and long numbers are identifiers.
_DEVICE_WORDS = re.compile(r"[A-Za-z0-9 .,_()/+\-]{1,64}")


@dataclass
class Subject:
    """Whose data set it is.

    Attributes:
        key: The identifier in the original; empty where none is known.
        patient: Pseudonym; empty where no patient is known.
        days: Shift of dates.
    """

    key: str = field(repr=False)
    patient: str
    days: int


def find_subject(dataset: Dataset, pseudonyms: Pseudonyms, fallback: str = "") -> Subject:
    """Tells whose data set it is, as `wetread.images.dicom_facts.patient_key` does.

    Args:
        dataset: The original.
        pseudonyms: Of the project.
        fallback: Stands for the patient in the shift of dates where the header names none, not even a study.
    """
    identifier = _text(dataset, "PatientID")
    name, birth = _text(dataset, "PatientName").rstrip("^").upper(), _text(dataset, "PatientBirthDate")
    key = identifier or (f"{name}\x1f{birth}" if name and birth else "")
    shifted_by = key or _text(dataset, "StudyInstanceUID") or fallback
    return Subject(key, pseudonyms.patient(key) if key else "", pseudonyms.days(shifted_by))


def deidentify_dataset(
    dataset: Dataset, pseudonyms: Pseudonyms, options: Options | None = None, *, fallback: str = ""
) -> tuple[Dataset, Subject, Counter[str]]:
    """Builds a data set without what identifies; the original is left as it is.

    Args:
        dataset: The header, with or without pixels; pixel elements are not taken over.
        pseudonyms: Of the project: the same original becomes the same pseudonym, UID and shift.
        options: What stays.
        fallback: As in `find_subject`.

    Returns:
        The new data set without file meta information, whose it is, and how many elements were kept, changed and
        removed.
    """
    options = options or Options()
    subject = find_subject(dataset, pseudonyms, fallback)
    cleaning = _Cleaning(pseudonyms, options, subject)
    result = cleaning.clean(dataset)
    _describe(result, options)
    return result, subject, cleaning.counts


def _describe(result: Dataset, options: Options) -> None:
    """Says what was done, PS3.3 sections C.7.1.1 and C.12.1.1, PS3.15 section E.1.1."""
    codes = ["113100"]
    codes += {"shift": ["113107"], "keep": ["113106"], "remove": []}[options.dates]
    codes += ["113101"] * (options.no_text_left and bool(options.blank))
    codes += ["113108"] * options.characteristics + ["113109"] * options.device
    items = []
    for code in sorted(codes):
        item = Dataset()
        item.CodeValue, item.CodingSchemeDesignator, item.CodeMeaning = code, "DCM", _METHODS[code]
        items.append(item)
    result.PatientIdentityRemoved = "YES"
    result.DeidentificationMethod = f"wetread, PS3.15 Basic Profile {EDITION}"
    result.DeidentificationMethodCodeSequence = Sequence(items)
    words = {"shift": "MODIFIED", "keep": "UNMODIFIED", "remove": "REMOVED"}
    result.LongitudinalTemporalInformationModified = words[options.dates]
    if options.no_text_left:
        result.BurnedInAnnotation = "NO"


class _Cleaning:
    """One data set on its way; the rules, in the order in which they are asked."""

    def __init__(self, pseudonyms: Pseudonyms, options: Options, subject: Subject) -> None:
        self.pseudonyms = pseudonyms
        self.options = options
        self.subject = subject
        self.counts: Counter[str] = Counter()

    def clean(self, dataset: Dataset) -> Dataset:
        """A new data set of what may stay, items of sequences included."""
        result = Dataset()
        for tag in sorted(dataset.keys()):
            element = self._clean_at(dataset, int(tag))
            if element is not None:
                result.add(element)
        _drop_odd_tables(result)
        return result

    def _clean_at(self, dataset: Dataset, tag: int) -> DataElement | None:
        group = tag >> 16
        if tag in _PIXELS:
            return None
        # Private, commands and meta information, group lengths, curves and overlays, and what nobody knows.
        outside = group % 2 or group < 8 or not tag & 0xFFFF or group & 0xFF00 in (0x5000, 0x6000)
        if outside or not kept.is_known_tag(tag):
            self.counts["removed"] += 1
            return None
        keyword = dictionary_keyword(tag)
        if keyword in _OURS:
            return None
        try:
            original = dataset[tag]
            element = self._decide(original, keyword)
        except RecursionError:
            raise
        except Exception:  # pydicom converts on access, and a damaged value may be anything
            element = None
        self._count(element, dataset.get_item(tag))
        return element

    def _count(self, element: DataElement | None, original: Any) -> None:
        if element is None:
            self.counts["removed"] += 1
        elif element.VR != "SQ":
            same = getattr(original, "VR", None) == element.VR and getattr(original, "value", None) == element.value
            self.counts["kept" if same else "changed"] += 1

    def _decide(self, element: DataElement, keyword: str) -> DataElement | None:
        action = basic_action(int(element.tag))
        if keyword in _SUBJECT:
            return self._name_subject(element, keyword)
        if element.VR in _TEMPORAL and keyword not in UNSHIFTED:
            return self._shift(element, action or "X")
        if keyword in CHARACTERISTICS and self.options.characteristics:
            return self._keep(element, keyword)
        if keyword in _DEVICE_TEXTS and self.options.device:
            return self._keep_device(element)
        if action == "X":
            return None
        if element.VR == "UI":
            return self._each(element, self._map_uid)
        if element.VR == "SQ":
            return self._clean_sequence(element, keyword, action)
        if action in ("Z", "X/Z"):
            return _empty(element)
        if action is not None:
            return self._dummy(element, keyword)
        return self._keep(element, keyword)

    def _name_subject(self, element: DataElement, keyword: str) -> DataElement:
        value = plain_key(str(element.value or ""))
        if keyword == "PatientID" and value:
            # Not always the patient of the file: an item may speak of another one.
            return _with(element, self.pseudonyms.patient(value))
        return _with(element, self.subject.patient)

    def _shift(self, element: DataElement, action: str) -> DataElement | None:
        values = [str(value) for value in _values(element)]
        if not values:
            return _empty(element) if action != "X" else None
        if self.options.dates == "remove":
            dummy = {"DA": NO_DATE, "TM": NO_TIME, "DT": NO_DATE}[element.VR]
            return None if action == "X" else _with(element, dummy if "D" in action else "")
        days, times = (0 if self.options.dates == "keep" else self.subject.days), self.options.times
        moved: list[str | None]
        if element.VR == "TM":
            moved = [keep_time(value, times=times) for value in values]
        elif element.VR == "DA":
            moved = [shift_date(value, days) for value in values]
        else:
            moved = [shift_datetime(value, days, times=times) for value in values]
        if None in moved:
            return None if action == "X" else _with(element, NO_DATE if "D" in action else "")
        return _with(element, moved)

    def _keep_device(self, element: DataElement) -> DataElement | None:
        words = [str(value).strip() for value in _values(element)]
        return _with(element, words) if all(map(_DEVICE_WORDS.fullmatch, words)) else None

    def _map_uid(self, text: str) -> str:
        plain = text.strip(" \0")
        return plain if not plain or kept.is_known_uid(plain) else self.pseudonyms.uid(plain)

    def _clean_sequence(self, element: DataElement, keyword: str, action: str | None) -> DataElement | None:
        if action == "X/Z":
            # Where an empty one is not asked for, it is not allowed either: one item or none at all.
            return _empty(element) if keyword == "AcquisitionContextSequence" else None
        return _empty(element) if action == "Z" else self._clean_items(element)

    def _clean_items(self, element: DataElement) -> DataElement | None:
        """A sequence of what is left of its items; None where nothing is."""
        items = [item for item in map(self._clean_item, element.value) if item is not None]
        if not items and len(element.value):
            return None
        return DataElement(element.tag, "SQ", Sequence(items))

    def _clean_item(self, item: Dataset) -> Dataset | None:
        result = self.clean(item)
        if "CodeValue" in item or "LongCodeValue" in item or "URNCodeValue" in item:
            scheme, code = _text(item, "CodingSchemeDesignator"), _text(item, "CodeValue")
            meaning = kept.known_meaning(scheme, code)
            if meaning is None:
                return None
            result.CodeValue, result.CodingSchemeDesignator, result.CodeMeaning = code, scheme, meaning[:64]
        return result if len(result) else None

    def _dummy(self, element: DataElement, keyword: str) -> DataElement | None:
        """A value of the right kind that says nothing."""
        if element.VR in ("LO", "SH", "PN", "AE", "ST", "LT", "UT", "UC"):
            return _with(element, kept.DUMMY_TEXT)
        if element.VR in ("OB", "OW", "UN", "OF", "OD", "OL", "OV"):
            return _with(element, bytes(8))
        if element.VR in ("IS", "DS", "AS"):
            return _with(element, "000D" if element.VR == "AS" else "0")
        return self._keep(element, keyword) or (_with(element, "OTHER") if element.VR == "CS" else None)

    def _keep(self, element: DataElement, keyword: str) -> DataElement | None:
        """The element if its value is of a closed list or a number."""
        values = _values(element)
        if not values:
            return _empty(element)
        if element.VR in ("IS", "DS"):
            return _with(element, values) if all(kept.is_plain_number(keyword, str(one)) for one in values) else None
        if element.VR == "CS":
            words = [str(one).strip(" \0") if kept.is_known_code(str(one)) else "OTHER" for one in values]
            unknown = words == ["OTHER"] and str(values[0]).strip(" \0") != "OTHER"
            return None if unknown and keyword not in kept.REQUIRED_TEXTS else _with(element, words)
        if element.VR in ("LO", "SH"):
            texts = [kept.keep_text(keyword, str(one)) for one in values]
            dummy = _with(element, kept.DUMMY_TEXT) if keyword in kept.REQUIRED_TEXTS else None
            return dummy if None in texts else _with(element, texts)
        if element.VR == "AS":
            ages = [cap_age(str(one)) for one in values]
            return None if None in ages else _with(element, ages)
        if element.VR == "AT":
            return _with(element, values) if all(kept.is_known_tag(int(one)) for one in values) else None
        if all(isinstance(one, int | float) for one in values):
            return _with(element, values)
        return _with(element, element.value) if isinstance(element.value, bytes) and kept.keeps_bytes(keyword) else None

    def _each(self, element: DataElement, change: Callable[[str], str]) -> DataElement:
        return _with(element, [change(str(value)) for value in _values(element)])


def _drop_odd_tables(result: Dataset) -> None:
    """Tables of greys and colours are bytes that nobody looks at: they stay where they are as long as announced."""
    palette = str(result.get("PhotometricInterpretation") or "") == "PALETTE COLOR"
    for keyword in kept.TABLES & {element.keyword for element in result}:
        stem = keyword.removeprefix("Segmented").removesuffix("Data")
        announced = result.get(f"{stem}Descriptor")
        value = result[keyword].value
        count = int(announced[0] or 65536) if announced is not None and len(announced) == 3 else -1
        size = len(value) if isinstance(value, bytes) else 2 * len(_values(result[keyword]))
        fits = size in (count, count + count % 2, 2 * count)
        if not fits and not (keyword.startswith("Segmented") and palette and count > 0):
            del result[keyword]


def _values(element: DataElement) -> list[Any]:
    """The values of an element; none for an empty one."""
    value: Any = element.value
    if value is None or (isinstance(value, str) and not value.strip(" \0")) or value == b"":
        return []
    if isinstance(value, list | tuple) or type(value).__name__ == "MultiValue":
        return list(value)
    return [value]


def _with(element: DataElement, value: Any) -> DataElement:
    if isinstance(value, Iterable) and not isinstance(value, str | bytes):
        values = list(value)
        value = values[0] if len(values) == 1 else values if values else None
    return DataElement(element.tag, element.VR, value, validation_mode=config.IGNORE)


def _empty(element: DataElement) -> DataElement:
    return DataElement(element.tag, element.VR, Sequence() if element.VR == "SQ" else None)


def _text(dataset: Dataset, keyword: str) -> str:
    try:
        return plain_key(str(dataset.get(keyword) or ""))
    except Exception:  # as above
        return ""
