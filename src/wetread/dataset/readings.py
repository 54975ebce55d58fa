"""Rows of a table of labels -> one entry per image: repeated rows joined, readers brought to a consensus."""

from __future__ import annotations

import unicodedata
from collections import Counter, defaultdict
from dataclasses import dataclass, field

from wetread.dataset.labels_table import LabelsTable, Record


@dataclass(slots=True)
class Gathered:
    """All that a table says about one image.

    Attributes:
        image: As it is written first.
        labels: Sorted names; of several readers their consensus.
        known: False where no row has a label, so the image is predicted only.
        patient: Empty where unknown; so is site. A blank cell does not contradict a filled one.
        split: train, tune, test or empty.
        masks: Of all rows, each once.
        readings: Reader -> what he or she said, for the readers who said something. Empty without a reader column.
        extra: The other columns; of several values the first.
        uncertain: Findings that are uncertain, and present in no row; of several readers those half of them call so.
        missing: Findings about which no row says anything.
        lines: Of its rows.
        reason: Why it cannot be used; empty where it can. Holds no patient data.
    """

    image: str
    labels: tuple[str, ...] = ()
    known: bool = False
    patient: str = ""
    split: str = ""
    masks: tuple[str, ...] = ()
    site: str = ""
    readings: dict[str, tuple[str, ...]] = field(default_factory=dict)
    extra: dict[str, str] = field(default_factory=dict)
    uncertain: tuple[str, ...] = ()
    missing: tuple[str, ...] = ()
    lines: tuple[int, ...] = ()
    reason: str = ""


def gather(table: LabelsTable) -> list[Gathered]:
    """Joins the rows of each image.

    Labels of repeated rows: with readers, those that more than half of the readers gave. Without, in a multi-label
    table all of them, else the one that all rows agree on.

    Args:
        table: As read.

    Returns:
        One entry per image, in the order of the table; images that cannot be used are there with their reason.
    """
    rows: dict[str, list[Record]] = defaultdict(list)
    for record in table.records:
        rows[image_key(record.image)].append(record)
    readers = "reader" in table.columns
    return [_join(records, readers, table.multi) for records in rows.values()]


def image_key(image: str) -> str:
    """What two spellings of one path share: neither the slash nor the Unicode form counts."""
    path = image.replace("\\", "/")
    if not path.isascii():
        path = unicodedata.normalize("NFC", path)
    while path.startswith("./"):
        path = path[2:]
    return path


def _join(records: list[Record], readers: bool, multi: bool) -> Gathered:
    if len(records) == 1:
        return _take(records[0], readers)
    joined = Gathered(
        records[0].image,
        patient=next((record.patient for record in records if record.patient), ""),
        split=next((record.split for record in records if record.split), ""),
        masks=tuple(dict.fromkeys(record.mask for record in records if record.mask)),
        site=next((record.site for record in records if record.site), ""),
        extra=_join_extra(records),
        lines=tuple(record.line for record in records),
        known=any(record.known for record in records),
    )
    joined.reason = _contradiction(records)
    known = [record for record in records if record.known]
    if readers:
        joined.readings, reason = _readings(known, multi)
        joined.labels, disagreement = _consensus(joined.readings, multi)
        joined.reason = joined.reason or reason or disagreement
        _join_unknown(joined, known, _unsure_readers(known))
    elif multi:
        joined.labels = tuple(sorted({name for record in known for name in record.labels}))
        _join_unknown(joined, known, {name for record in known for name in record.uncertain})
    elif known:
        names = list(dict.fromkeys(record.labels for record in known))
        if len(names) > 1:
            joined.reason = joined.reason or f"listed under two labels: {' and '.join(name for (name,) in names[:2])}"
        else:
            joined.labels = names[0]
    return joined


def _take(record: Record, readers: bool) -> Gathered:
    """An image with one row, as nearly all are."""
    return Gathered(
        record.image,
        record.labels,
        record.known,
        record.patient,
        record.split,
        (record.mask,) if record.mask else (),
        record.site,
        {record.reader: record.labels} if readers and record.known else {},
        record.extra,
        record.uncertain,
        record.missing,
        (record.line,),
    )


def _join_unknown(joined: Gathered, known: list[Record], uncertain: set[str]) -> None:
    missing = set.intersection(*(set(record.missing) for record in known)) if known else set()
    joined.uncertain = tuple(sorted(uncertain - set(joined.labels)))
    joined.missing = tuple(sorted(missing - set(joined.labels) - uncertain))


def _unsure_readers(known: list[Record]) -> set[str]:
    """Findings that at least half of the readers who said something of them called uncertain."""
    unsure = Counter(name for record in known for name in record.uncertain)
    silent = Counter(name for record in known for name in record.missing)
    return {name for name, count in unsure.items() if 2 * count >= len(known) - silent[name]}


def _join_extra(records: list[Record]) -> dict[str, str]:
    extra: dict[str, str] = {}
    for record in records:
        for name, value in record.extra.items():
            if value or name not in extra:
                extra[name] = extra.get(name) or value
    return extra


def _contradiction(records: list[Record]) -> str:
    if len({record.patient for record in records if record.patient}) > 1:
        return "listed under two patients"
    splits = list(dict.fromkeys(record.split for record in records if record.split))
    if len(splits) > 1:
        return f"listed under two parts of the split: {splits[0]} and {splits[1]}"
    return ""


def _readings(known: list[Record], multi: bool) -> tuple[dict[str, tuple[str, ...]], str]:
    said: dict[str, list[tuple[str, ...]]] = defaultdict(list)
    for record in known:
        said[record.reader].append(record.labels)
    if multi:
        return {
            reader: tuple(sorted({name for labels in rows for name in labels})) for reader, rows in said.items()
        }, ""
    for reader, rows in said.items():
        if len(set(rows)) > 1:
            names = list(dict.fromkeys(name for (name,) in rows))
            return {}, f"reader {reader or 'without a name'} gave two labels: {names[0]} and {names[1]}"
    return {reader: rows[0] for reader, rows in said.items()}, ""


def _consensus(readings: dict[str, tuple[str, ...]], multi: bool) -> tuple[tuple[str, ...], str]:
    """The labels of more than half of the readers; in a single-label table a reason where there is none."""
    votes = Counter(name for labels in readings.values() for name in labels)
    agreed = tuple(sorted(name for name, count in votes.items() if 2 * count > len(readings)))
    if multi or agreed or not readings:
        return agreed, ""
    return (), f"readers disagree ({max(votes.values())} of {len(readings)})"
