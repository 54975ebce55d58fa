"""What a model has seen, and which images of another data set it therefore knows already.

A test on known images, or on known patients, is none: both are found before anything is predicted.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from wetread.errors import InputError
from wetread.run_folder import RunFolder

if TYPE_CHECKING:
    from wetread.dataset.duplicates import Pair
    from wetread.dataset.fingerprints import Fingerprints
    from wetread.dataset.table import Row, Table
    from wetread.model.classifier import Classifier

#: Where patients have the numbers that people gave them. Elsewhere they are counted anew in every data set.
COMPARABLE = ("column", "filename")

#: How an image can be known, the surest first.
PATIENT, FILE, PIXELS, NEAR, COPY = "patient", "file", "pixels", "near", "copy"

WORDS = {
    PATIENT: "of a patient in its own data",
    FILE: "with the bytes of an image in its own data",
    PIXELS: "with the pixels of an image in its own data",
    NEAR: "nearly the same as an image in its own data",
    COPY: "copied from such an image",
}


@dataclass(frozen=True)
class Tried:
    """A model to be tested elsewhere.

    Attributes:
        classifier: The model.
        folder: The run that made it; None where only the model is there.
        numbers: numbers.json of that run; empty where it is not there.
    """

    classifier: Classifier
    folder: RunFolder | None
    numbers: dict[str, Any]


@dataclass(frozen=True)
class Seen:
    """What a model has seen.

    Attributes:
        patients: Numbers of its patients, where they can be compared with those of others.
        files: SHA-256 of its files.
        pixels: Shortened SHA-256 of its decoded pixels.
        fingerprints: Of its pictures, where its run kept them.
        limits: What could not be compared, in sentences.
    """

    patients: frozenset[str] = frozenset()
    files: frozenset[str] = frozenset()
    pixels: frozenset[str] = frozenset()
    fingerprints: Fingerprints | None = None
    limits: tuple[str, ...] = ()


@dataclass
class Overlap:
    """Rows of a data set that a model knows.

    Attributes:
        rows: Each with the reason, a key of `WORDS`.
        limits: What could not be compared.
    """

    rows: list[tuple[Row, str]] = field(default_factory=list)
    limits: tuple[str, ...] = ()

    def counts(self) -> dict[str, int]:
        """How many rows for each reason."""
        return {reason: count for reason in WORDS if (count := sum(why == reason for _, why in self.rows))}


def open_tried(place: Path) -> Tried:
    """Loads a model with all that is known of where it comes from.

    Args:
        place: A run folder or a model folder; of a model folder inside a run, the run counts.

    Raises:
        ModelRejected: There is no model, or a damaged one.
        InputError: It is the folder of an external test.
    """
    from wetread.model.classifier import load_classifier

    run = next((one for one in (place, place.resolve().parent) if _is_run_of(one, place)), None)
    folder = RunFolder.open(run) if run is not None else None
    if folder is not None and folder.read_json("run.json").get("kind") == "external":
        raise InputError(
            f"{place} is an external test, which holds no model.",
            remedy="Give the run, or the model folder, that was tested there.",
            file=place,
            code="no-model",
        )
    classifier = load_classifier(place)
    has_numbers = folder is not None and (folder.path / "numbers.json").is_file()
    return Tried(classifier, folder, folder.read_json("numbers.json") if folder is not None and has_numbers else {})


def _is_run_of(run: Path, place: Path) -> bool:
    return (run / "run.json").is_file() and (run == place or place.resolve() == (run / "model").resolve())


def read_seen(tried: Tried) -> Seen:
    """What a model has seen, from its run, else from what it keeps itself."""
    from wetread.dataset.fingerprints import FILE as KEPT
    from wetread.dataset.fingerprints import read_fingerprints, read_known_pixels

    pixels = read_known_pixels(tried.classifier.facts)
    if tried.folder is None:
        limits = ["Patients and near copies could not be compared: only the model was given, without its run."]
        if not pixels:
            limits.append("Pixels could not be compared either: the model keeps no digests of its training images.")
        return Seen(pixels=pixels, limits=tuple(limits))
    rows = [row for row in tried.folder.read_table("images.csv") if row["status"] == "used" and row["label"]]
    kept = read_fingerprints(tried.folder.path / KEPT)
    limits = []
    if kept is None:
        limits.append("Near copies could not be compared: the run kept no thumbnails for that.")
    elif not kept.complete:
        limits.append("Near copies were not compared: the training set is too large.")
    known = _grouping(tried) in COMPARABLE
    if not known:
        limits.append("Patients could not be compared: the training set has no patient numbers of its own.")
    patients = frozenset(fold_patient(row["patient"]) for row in rows if row["patient"]) if known else frozenset()
    return Seen(
        patients,
        frozenset(row["sha256"] for row in rows if row["sha256"]),
        pixels | frozenset(kept.pixels if kept is not None else ()),
        kept,
        tuple(limits),
    )


def _grouping(tried: Tried) -> str:
    return str(tried.numbers.get("grouping") or tried.classifier.facts.get("grouping") or "none")


def fold_patient(number: str) -> str:
    """A patient number without case, spaces and leading zeros: file names write 00000061, tables 61.

    The apostrophe that keeps spreadsheets from running a cell as a formula goes too.
    """
    from wetread.dataset.table import unquote_formula

    folded = unquote_formula(number).strip().casefold()
    return folded.lstrip("0") or "0" if folded.isdigit() else folded


def find_overlap(
    seen: Seen, table: Table, rows: Sequence[Row], pairs: Iterable[Pair], *, other_patients: bool = False
) -> Overlap:
    """Finds what of a data set a model knows.

    Args:
        seen: By the model.
        table: The data set, for how its patients are known.
        rows: Its rows, read and with patients.
        pairs: Copies among them: whoever is a copy of what is known is known.
        other_patients: Equal patient numbers name other people, so they are not compared.
    """
    from wetread.dataset.fingerprints import DIGITS, find_near

    reasons: dict[int, str] = {}
    limits = list(seen.limits)
    comparable = table.grouping in COMPARABLE and not other_patients
    if other_patients:
        limits.append("Patients were not compared: you said that equal numbers name other people.")
    elif seen.patients and not comparable:
        limits.append("Patients could not be compared: the external set has no patient numbers of its own.")
    for number, row in enumerate(rows):
        if comparable and row.patient and fold_patient(row.patient) in seen.patients:
            reasons[number] = PATIENT
        elif row.sha256 in seen.files:
            reasons[number] = FILE
        elif row.pixel_sha256 and row.pixel_sha256[:DIGITS] in seen.pixels:
            reasons[number] = PIXELS
    if seen.fingerprints is not None:
        for number in find_near(seen.fingerprints, rows):
            reasons.setdefault(number, NEAR)
    _spread(reasons, list(pairs))
    return Overlap([(rows[number], reasons[number]) for number in sorted(reasons)], tuple(limits))


def _spread(reasons: dict[int, str], pairs: list[Pair]) -> None:
    """Copies of known images are known, and copies of these."""
    grew = True
    while grew:
        before = len(reasons)
        for pair in pairs:
            for known, other in ((pair.first, pair.second), (pair.second, pair.first)):
                if known in reasons:
                    reasons.setdefault(other, COPY)
        grew = len(reasons) > before


def say_overlap(overlap: Overlap) -> str:
    """``3 of a patient in its own data, 1 nearly the same as an image in its own data``."""
    return ", ".join(f"{count} {WORDS[reason]}" for reason, count in overlap.counts().items())
