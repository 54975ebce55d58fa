"""A data set with known faults -> a table of labels without them. Images are never touched; every change has a reason.

What is done, in this order: decisions of a review; keys of patients joined whose pictures are copies of each other, or
whom DICOM headers know as one; exact copies dropped but one; the same pixels under two labels dropped until somebody
decides; training images dropped whose patient is in the given test part. What is only proposed stands in
label_review.csv.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import count

from wetread.dataset.duplicates import Pair
from wetread.dataset.header_patients import BY_HEADERS, divided_patients
from wetread.dataset.readings import image_key
from wetread.dataset.review import DROP, KEEP, REVIEW_FILE, Doubt, review_csv, safe_image
from wetread.dataset.table import COLUMNS, NO_FINDING, Row, Table, quote_formula
from wetread.errors import InputError
from wetread.run_folder import RunFolder

FIXED_FILE, CHANGES_FILE = "labels_fixed.csv", "changes.csv"
DROPPED = "dropped"
#: Reasons that are a choice: such files were never part of the set.
_CHOSEN = ("its class was not asked for", "not named in", "lies outside")


@dataclass(frozen=True)
class Change:
    """One change to the table.

    Attributes:
        image: Which.
        what: ``dropped``; ``label: a -> b``; ``patient: a -> b``; ``split: a -> b``; ``nothing``.
        reason: Why, as a part of a sentence.
    """

    image: str
    what: str
    reason: str


@dataclass
class Fixes:
    """A table as it should be, and what was changed.

    Attributes:
        rows: Labelled rows that stay, with their new label, patient and part of the split.
        changes: In the order of the rows.
        doubts: What a person should decide, the most doubtful first, then what was decided.
        decisions: What was decided, by image.
    """

    rows: list[Fixed]
    changes: list[Change] = field(default_factory=list)
    doubts: list[Doubt] = field(default_factory=list)
    decisions: dict[str, str] = field(default_factory=dict)


@dataclass
class Fixed:
    """A row of the new table, and where it comes from."""

    row: Row
    label: str
    patient: str
    split: str
    dropped: str = ""
    decided: bool = False


def propose_fixes(
    table: Table,
    rows: Sequence[Row],
    pairs: Sequence[Pair],
    doubts: Iterable[Doubt] = (),
    decisions: Mapping[str, str] | None = None,
) -> Fixes:
    """Decides what to change.

    Args:
        table: After reading.
        rows: Its labelled rows with pictures; those set aside later (leaking, small classes) included.
        pairs: Duplicates among `rows`.
        doubts: Labels that the pictures contradict.
        decisions: Of a review, by image: keep, drop or a label.

    Returns:
        The rows that stay, the changes, and what to review.

    Raises:
        InputError: A table cannot name the images: they lie inside an array file, or are frames of one file.
    """
    _refuse_unnameable(table, rows)
    fixed = [Fixed(row, row.label, row.patient, row.given_split) for row in rows]
    changes: list[Change] = []
    decided = _apply(decisions or {}, fixed, changes)
    copied = [(pair.first, pair.second) for pair in pairs]
    cases = _unite(fixed, copied)
    if table.grouping != "none":
        _join_patients(fixed, cases, "copies of pictures join them", changes)
    if persons := divided_patients(table, rows):
        cases = _unite(fixed, [*copied, *((one[0], number) for one in persons for number in one[1:])])
        _name_unknown(fixed, persons)
        _join_patients(fixed, cases, BY_HEADERS, changes)
    copies = _drop_copies(fixed, pairs)
    _drop_leaking(fixed, cases, changes)
    changes += [Change(one.row.image, DROPPED, one.dropped) for one in fixed if one.dropped]
    places = {one.row.image: number for number, one in enumerate(fixed)}
    changes.sort(key=lambda change: places.get(change.image, len(places)))
    changes += [
        Change(row.image, DROPPED, row.reason)
        for row in table.unreadable
        if row.image not in places and not row.reason.startswith(_CHOSEN)
    ]
    kept = {one.row.image for one in fixed if not one.dropped}
    unsure = [
        one for one in (*_near_contradictions(fixed, pairs), *doubts) if one.image in kept or one.image in decided
    ]
    settled = [_as_doubt(decided[one.row.image], one) for one in fixed if one.row.image in decided]
    return Fixes([one for one in fixed if not one.dropped], changes, [*copies, *unsure, *settled], decided)


def write_fixed(folder: RunFolder, table: Table, fixes: Fixes) -> None:
    """Writes labels_fixed.csv, changes.csv and label_review.csv.

    Args:
        folder: Where to.
        table: As it was read; its images without a label are kept.
        fixes: As proposed.

    Raises:
        OutputError: A file cannot be written.
    """
    folder.write_text(FIXED_FILE, fixed_csv(table, fixes))
    folder.write_text(CHANGES_FILE, changes_csv(fixes.changes))
    folder.write_text(REVIEW_FILE, review_csv(fixes.doubts, fixes.decisions))


def fixed_csv(table: Table, fixes: Fixes) -> str:
    """The text of labels_fixed.csv: image, label, patient, split, then the user's other columns.

    A column without any value is left out, so that an unknown patient stays unknown. Where the truth of some findings
    is not known, each has a column of 1, 0, ? and blank instead of the label, which could not say it.
    """
    without = [Fixed(row, "", row.patient, row.given_split) for row in table.unlabelled]
    rows = sorted([*fixes.rows, *without], key=lambda one: one.row.image)
    columns: dict[str, list[str]] = {
        "image": [safe_image(one.row.image) for one in rows],
        "label": [quote_formula(one.label) for one in rows],
        "patient": [quote_formula(one.patient) for one in rows],
        "split": [one.split for one in rows],
    }
    if any(one.row.unknown for one in rows):
        del columns["label"]
        columns |= _mark_findings(rows)
    if table.grouping == "none":
        del columns["patient"]
    if not any(columns["split"]):
        del columns["split"]
    taken = {*COLUMNS, "folder"}
    for name in dict.fromkeys(name for one in rows for name in one.row.extra if name not in taken):
        columns[name] = [quote_formula(one.row.extra.get(name, "")) for one in rows]
    return _csv(tuple(map(quote_formula, columns)), zip(*columns.values(), strict=True))


def _mark_findings(rows: Sequence[Fixed]) -> dict[str, list[str]]:
    """A column of marks per finding: 1, 0, ? for uncertain, blank for missing; all blank where there is no label."""
    said = [set(one.label.split("|")) - {NO_FINDING, ""} for one in rows]
    findings = sorted(set().union(*said, *(one.row.unknown for one in rows)))

    def mark(one: Fixed, names: set[str], finding: str) -> str:
        if finding in names:
            return "1"
        if not one.label or finding in one.row.missing:
            return ""
        return "?" if finding in one.row.uncertain else "0"

    return {
        quote_formula(finding): [mark(one, names, finding) for one, names in zip(rows, said, strict=True)]
        for finding in findings
    }


def changes_csv(changes: Iterable[Change]) -> str:
    """The text of changes.csv: image, what, reason."""
    cells = ((safe_image(one.image), quote_formula(one.what), quote_formula(one.reason)) for one in changes)
    return _csv(("image", "what", "reason"), cells)


def _csv(header: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    buffer = io.StringIO()
    writer = csv.writer(buffer, lineterminator="\n")
    writer.writerow(header)
    writer.writerows(rows)
    return buffer.getvalue()


def _refuse_unnameable(table: Table, rows: Sequence[Row]) -> None:
    if table.source == "arrays" or any(row.source.frame for row in rows):
        what = "frames of one file" if table.source != "arrays" else "images inside an array file"
        raise InputError(
            f"A table of labels cannot name {what}, so there is nothing to write a cleaned table for.",
            remedy="Save the images as single files first; changes without --fix are in findings.json.",
            file=table.root,
            code="no-fix",
        )


def _apply(decisions: Mapping[str, str], fixed: list[Fixed], changes: list[Change]) -> dict[str, str]:
    """Carries a review out; returns what was decided by the names of the table."""
    places = {image_key(one.row.image): one for one in fixed}
    for image, decision in decisions.items():
        one = places.get(image)
        if one is None:
            changes.append(
                Change(image, "nothing", "the review names it, and it is no labelled image of this data set")
            )
            continue
        one.decided = True
        if decision == DROP:
            one.dropped = "so decided in the review"
        elif decision not in (KEEP, one.label):
            changes.append(Change(one.row.image, f"label: {one.label} -> {decision}", "so decided in the review"))
            one.label = decision
    return {one.row.image: decisions[image] for image, one in places.items() if one.decided}


def _unite(fixed: Sequence[Fixed], pairs: Iterable[tuple[int, int]]) -> list[int]:
    """Number of the case of each row: patients, joined by pairs of rows. A site that is kept together is no case."""
    parent = list(range(len(fixed)))

    def root(number: int) -> int:
        while parent[number] != number:
            parent[number] = parent[parent[number]]
            number = parent[number]
        return number

    first_of: dict[str, int] = {}
    joined = [(first_of.setdefault(one.patient, number), number) for number, one in enumerate(fixed) if one.patient]
    for a, b in [*joined, *pairs]:
        a, b = sorted((root(a), root(b)))
        parent[b] = a
    return [root(number) for number in range(len(fixed))]


def _join_patients(fixed: list[Fixed], cases: list[int], reason: str, changes: list[Change]) -> None:
    """Gives one key to the patients of a case: the first that occurs."""
    first: dict[int, str] = {}
    for one, case in zip(fixed, cases, strict=True):
        if one.patient:
            first.setdefault(case, one.patient)
    for one, case in zip(fixed, cases, strict=True):
        joined = first.get(case, "")
        if joined != one.patient:
            before = one.patient or "unknown"
            changes.append(Change(one.row.image, f"patient: {before} -> {joined}", reason))
            one.patient = joined


def _name_unknown(fixed: list[Fixed], persons: Iterable[Sequence[int]]) -> None:
    """A key for one image of each person of whom the table knows no patient at all, for the others to follow."""
    taken = {one.patient for one in fixed}
    free = (key for number in count(1) if (key := f"joined {number}") not in taken)
    for numbers in persons:
        if not any(fixed[number].patient for number in numbers):
            fixed[numbers[0]].patient = next(free)


def _drop_copies(fixed: list[Fixed], pairs: Iterable[Pair]) -> list[Doubt]:
    """Keeps one of each picture, and none where its copies have two labels; returns what is to be decided."""
    clusters: dict[int, list[int]] = {}
    exact = [pair for pair in pairs if pair.kind != "near"]
    leader = list(range(len(fixed)))
    for pair in exact:
        leader[pair.second] = leader[pair.first]
        clusters.setdefault(leader[pair.first], [leader[pair.first]]).append(pair.second)
    doubts = []
    for members in clusters.values():
        left = [fixed[number] for number in members if not fixed[number].dropped]
        decided = [one for one in left if one.decided]
        labels = {one.label for one in decided or left}
        if len(labels) == 1:
            # A copy in the given test part stays there: training images are easier to spare.
            keep = min(decided or left, key=lambda one: one.split != "test")
            for one in left:
                if one is not keep:
                    one.dropped = f"the same picture as {keep.row.image}"
        elif labels:
            for one in left:
                others = sorted({other.label for other in left} - {one.label})
                twin = next(other.row.image for other in left if other.label != one.label or other is not one)
                one.dropped = f"the same picture as {twin}, which is labelled {' and '.join(others) or one.label}"
                suggested = others[0] if len(others) == 1 else ""
                doubts.append(Doubt(one.row.image, one.label, suggested, 0.0, f"{one.dropped}; dropped until decided"))
    return doubts


def _near_contradictions(fixed: list[Fixed], pairs: Iterable[Pair]) -> list[Doubt]:
    """Nearly the same picture under two labels: nobody but a person knows whether something changed in between."""
    doubts = []
    for pair in pairs:
        for one, other in ((fixed[pair.first], fixed[pair.second]), (fixed[pair.second], fixed[pair.first])):
            if pair.kind == "near" and one.label != other.label and not one.dropped and not other.dropped:
                if one.decided and other.decided:
                    continue
                reason = f"nearly the same picture as {other.row.image}, which is labelled {other.label}"
                doubts.append(Doubt(one.row.image, one.label, other.label, 0.0, reason))
    return doubts


def _drop_leaking(fixed: list[Fixed], cases: list[int], changes: list[Change]) -> None:
    """Takes patients out of the other parts who are in the given test part; joins those in training and tuning part."""
    parts: dict[int, set[str]] = {}
    for one, case in zip(fixed, cases, strict=True):
        if not one.dropped:
            parts.setdefault(case, set()).add(one.split)
    for one, case in zip(fixed, cases, strict=True):
        found = parts.get(case, set())
        if one.dropped:
            continue
        if "test" in found and one.split != "test":
            one.dropped = "its patient, or a copy of it, is in the given test part"
        elif {"train", "tune"} <= found and one.split == "tune":
            changes.append(Change(one.row.image, "split: tune -> train", "its patient is in the training part too"))
            one.split = "train"


def _as_doubt(decision: str, one: Fixed) -> Doubt:
    """A decision that no doubt led to stays in the review, so that it is not lost when it is read again."""
    suggested = "" if decision in (KEEP, DROP) else decision
    return Doubt(one.row.image, one.row.label, suggested, 0.0, "decided before")
