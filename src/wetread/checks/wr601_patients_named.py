"""WR601: the files themselves name patients, or hold what leads to them."""

from __future__ import annotations

from wetread.checks.finding import INFO, Audit, Finding
from wetread.outcome import counted

#: Kinds of `wetread.privacy.examine` that identify only together with something else.
ALONE_HARMLESS = ("uid", "device", "characteristic", "burned-in", "colour-profile")
#: Kinds as a reader knows them.
TITLES = {
    "name": "names",
    "identifier": "identifiers",
    "place": "places",
    "date": "dates",
    "text": "free text",
    "private": "private elements",
    "overlay": "overlays",
    "curve": "curves",
    "icon": "small pictures in the header",
    "preamble": "something before the header",
    "meta": "stations of the network",
    "comment": "comments",
    "exif": "EXIF data",
    "xmp": "XMP data",
    "iptc": "IPTC data",
    "trailer": "bytes after the picture",
}


def check(audit: Audit) -> Finding | None:
    """For information: it does not touch the number, and it matters before anything is passed on."""
    kinds = {kind: number for kind, number in (audit.phi or {}).items() if number and kind not in ALONE_HARMLESS}
    if not kinds:
        return None
    listed = ", ".join(f"{TITLES.get(kind, kind)} in {number}" for kind, number in _most(kinds))
    return Finding(
        "WR601",
        "The files name patients",
        INFO,
        f"Files hold what may identify patients ({listed}; up to {counted(max(kinds.values()), 'file')}). "
        "Nothing of it goes into the run folder, the report or the model.",
        "Before you pass the files on: wetread deidentify DATA OUT.",
        numbers={"files_by_kind": dict(_most(kinds))},
    )


def _most(kinds: dict[str, int]) -> list[tuple[str, int]]:
    return sorted(kinds.items(), key=lambda item: -item[1])
