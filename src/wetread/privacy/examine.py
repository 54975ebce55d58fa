"""A file -> what in it would identify somebody: which elements and of which kind, never what they say."""

from __future__ import annotations

import io
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from typing import Any, BinaryIO

from pydicom import Dataset
from pydicom.datadict import dictionary_has_tag, dictionary_keyword

from wetread.images.dicom_file import read_dataset
from wetread.images.gate import identify
from wetread.privacy import kept
from wetread.privacy.dates import NO_TIME
from wetread.privacy.pictures import metadata_kinds
from wetread.privacy.profile import CHARACTERISTICS, DEVICE, basic_action

#: Kinds of exposures, in the order of how directly they identify; pictures add those of `metadata_kinds`.
KINDS = (
    "name", "identifier", "place", "date", "text", "private", "overlay", "curve", "icon", "burned-in", "preamble",
    "meta", "uid", "device", "characteristic",
)  # fmt: skip
#: Kinds that say who it is, or may; the others matter only together with something else.
IDENTIFYING = frozenset(KINDS[: KINDS.index("uid")]) | {"comment", "exif", "xmp", "iptc", "trailer", "other"}
_PLACES = ("Institution", "Address", "Telephone", "Telecom", "Department", "Location", "Region", "Country", "Site")
_IDENTIFIERS = ("ID", "Identif", "Number", "Insurance", "Barcode")
#: The elements of group 0002 that name stations, PS3.10 section 7.1.
_META = frozenset(
    (
        *("SourceApplicationEntityTitle", "SendingApplicationEntityTitle", "ReceivingApplicationEntityTitle"),
        *("SourcePresentationAddress", "SendingPresentationAddress", "ReceivingPresentationAddress"),
        *("PrivateInformationCreatorUID", "PrivateInformation"),
    )
)
#: Expected in a file that says of itself that it was de-identified: pseudonyms, other UIDs, shifted dates.
_REPLACED = frozenset(("PatientID", "PatientName", "DeidentificationMethod"))
#: What our own cleaning puts in place of a value.
_DUMMIES = frozenset((kept.DUMMY_TEXT, "OTHER", "0", "000D", NO_TIME))
_MAX_DEPTH = 40


@dataclass(frozen=True)
class Exposure:
    """One element that would identify, or may.

    Attributes:
        tag: ``(0010,0010)``; within items ``(0008,1140)/(0008,1155)``; empty for what is no element.
        keyword: As the standard names it; empty for private elements.
        kind: One of `KINDS`, or of `wetread.privacy.pictures.metadata_kinds`.
        action: What the Basic Profile does with it; empty where it has no row, and wetread removes it nevertheless.
    """

    tag: str
    keyword: str
    kind: str
    action: str


@dataclass(frozen=True)
class PhiReport:
    """What one file exposes.

    Attributes:
        format: As `wetread.images.gate.FORMATS`.
        exposures: Each element once, however many items hold it.
        burned_in: What the header says about text in the pixels: YES, NO, or empty.
        deidentified: The header says that the identity of the patient was removed.
    """

    format: str
    exposures: tuple[Exposure, ...] = ()
    burned_in: str = ""
    deidentified: bool = False

    @property
    def kinds(self) -> list[str]:
        """The kinds it exposes, each once."""
        return sorted({exposure.kind for exposure in self.exposures})

    @property
    def identifies(self) -> bool:
        """Whether something in it may say who it is."""
        return any(exposure.kind in IDENTIFYING for exposure in self.exposures)

    def as_dict(self) -> dict[str, Any]:
        """As plain values."""
        return asdict(self)

    @classmethod
    def from_dict(cls, plain: dict[str, Any]) -> PhiReport:
        """The inverse of `as_dict`."""
        return cls(**{**plain, "exposures": tuple(Exposure(**one) for one in plain["exposures"])})


def summarise(reports: Iterable[PhiReport]) -> Counter[str]:
    """Counts in how many files each kind occurs."""
    return Counter(kind for report in reports for kind in report.kinds)


def examine_open(handle: BinaryIO) -> PhiReport:
    """Examines an open file. Runs in a child; everybody else asks `wetread.privacy.cleaner.Cleaner.examine`.

    Raises:
        Refused: It is no picture, or cannot be read.
    """
    kind = identify(handle)
    if kind != "DICOM":
        return PhiReport(kind, tuple(Exposure("", "", one, "X") for one in metadata_kinds(handle.read(), kind)))
    start = handle.read(132)
    handle.seek(0)
    dataset, _, _ = read_dataset(handle)
    exposures = examine_header(dataset)
    if start[128:] == b"DICM" and any(start[:128]):
        exposures.insert(0, Exposure("", "", "preamble", "X"))
    flag = str(dataset.get("BurnedInAnnotation") or "").strip().upper()
    return PhiReport("DICOM", tuple(exposures), flag if flag in ("YES", "NO") else "", _says_removed(dataset))


def examine_bytes(data: bytes) -> PhiReport:
    """`examine_open` for bytes."""
    return examine_open(io.BytesIO(data))


def examine_header(dataset: Dataset) -> list[Exposure]:
    """Lists the elements of a header that would identify.

    In a header that says that the identity was removed (Patient Identity Removed, Longitudinal Temporal Information
    Modified), pseudonyms, UIDs and shifted dates are taken for what they claim to be.

    Args:
        dataset: With its items and, where it has some, its file meta information.
    """
    found: dict[Exposure, None] = {}
    meta = getattr(dataset, "file_meta", None) or ()
    for element in meta:
        if element.keyword in _META and not _is_empty(element.value):
            found[Exposure(_name(int(element.tag)), element.keyword, "meta", "X")] = None
    removed = _says_removed(dataset)
    dated = removed and str(dataset.get("LongitudinalTemporalInformationModified") or "") in ("MODIFIED", "REMOVED")
    for exposure in _walk(dataset, "", 0):
        replaced = removed and (exposure.kind == "uid" or exposure.keyword in _REPLACED)
        if not replaced and not (dated and exposure.kind == "date"):
            found[exposure] = None
    if str(dataset.get("BurnedInAnnotation") or "").strip().upper() == "YES":
        found[Exposure("(0028,0301)", "BurnedInAnnotation", "burned-in", "")] = None
    return list(found)


def _says_removed(dataset: Dataset) -> bool:
    return str(dataset.get("PatientIdentityRemoved") or "").strip().upper() == "YES"


def _walk(dataset: Dataset, above: str, depth: int) -> Iterable[Exposure]:
    for tag in sorted(dataset.keys()):
        number = int(tag)
        name = above + _name(number)
        if number >> 16 < 8 or not number & 0xFFFF:
            continue
        try:
            element = dataset[tag]
            value, vr = element.value, str(element.VR)
        except Exception:  # what cannot be converted may still hold a name
            yield Exposure(name, "", "text", "")
            continue
        if _is_empty(value):
            continue
        keyword = dictionary_keyword(number) if dictionary_has_tag(number) else ""
        kind = _classify(number, keyword, vr, value)
        if kind:
            yield Exposure(name, keyword, kind, basic_action(number) or "")
        elif vr == "SQ" and depth < _MAX_DEPTH:
            for item in value:
                yield from _walk(item, f"{name}/", depth + 1)


def _classify(tag: int, keyword: str, vr: str, value: Any) -> str:
    """The kind of one element; empty where it exposes nothing by itself."""
    group, action = tag >> 16, basic_action(tag)
    if group % 2:
        return "private"
    if group & 0xFF00 in (0x5000, 0x6000):
        return "curve" if group & 0xFF00 == 0x5000 else "overlay"
    if keyword == "IconImageSequence":
        return "icon"
    if vr == "PN":
        return "name"
    if vr in ("DA", "DT"):
        return "date"
    if vr == "TM":
        return "date" if action else ""
    if vr == "UI":
        return "uid" if any(not kept.is_known_uid(str(one)) for one in _listed(value)) else ""
    if vr == "SQ":
        return _kind_of_text(keyword) if action == "X" else ""
    if action is not None:
        return "characteristic" if keyword in CHARACTERISTICS else _kind_of_text(keyword)
    if vr in ("LT", "ST", "UT", "UC", "UR", "AE") or not keyword:
        return "text"
    return _unlisted(keyword, vr, value)


def _unlisted(keyword: str, vr: str, value: Any) -> str:
    """Elements without a row: codes and numbers that are none, since somebody typed something else into them."""
    values = [str(one) for one in _listed(value)]
    if vr == "CS":
        # A code that we do not know is no exposure yet; one that cannot be a code is.
        return "text" if any(len(one) > 16 or not one.isascii() or "^" in one for one in values) else ""
    if vr in ("IS", "DS"):
        return "" if all(kept.is_plain_number(keyword, one) for one in values) else "text"
    return ""


def _kind_of_text(keyword: str) -> str:
    if keyword in DEVICE:
        return "device"
    if any(word in keyword for word in _PLACES):
        return "place"
    if "Name" in keyword or "Physician" in keyword or "Operator" in keyword:
        return "name"
    return "identifier" if any(word in keyword for word in _IDENTIFIERS) else "text"


def _listed(value: Any) -> Sequence[Any]:
    return list(value) if isinstance(value, list | tuple) or type(value).__name__ == "MultiValue" else [value]


def _is_empty(value: Any) -> bool:
    if isinstance(value, bytes):
        return not value.strip(b" \0")
    plain = "" if value is None else str(value).strip(" \0")
    return plain == "" or plain in _DUMMIES or (hasattr(value, "__len__") and len(value) == 0)


def _name(tag: int) -> str:
    return f"({tag >> 16:04X},{tag & 0xFFFF:04X})"
