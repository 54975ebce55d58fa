"""What became of each file: found, excluded with reasons, labelled, divided, tested. In the manner of a STARD diagram.

The counts come from images.csv and numbers.json, and each level is the one above it minus what stands beside it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from wetread.dataset.table import NO_FILE
from wetread.paper.document import Table
from wetread.paper.facts import Facts
from wetread.paper.partitions import Part, class_names, find_parts, say_class
from wetread.paper.wording import count, percent, say_name, say_number, sentence

#: More reasons or classes than this are summed up in one line of a box; the table of the flow has them all.
MOST_LINES = 6


@dataclass(frozen=True)
class Box:
    """One box: a title with its count, and lines below it."""

    title: str
    lines: tuple[str, ...] = ()


@dataclass(frozen=True)
class Step:
    """One level of the diagram.

    Attributes:
        boxes: One to three side by side.
        beside: What leaves at this level; None where nothing can.
        parent: Which box of the level above it hangs on; all of them where None.
    """

    boxes: tuple[Box, ...]
    beside: Box | None = None
    parent: int | None = None


def make_flow(facts: Facts) -> list[Step]:
    """The levels of the diagram, from the files that were found to the results of the test.

    Args:
        facts: Of the run.
    """
    reasons, missing = _left_out(facts)
    excluded, beside = sum(reasons.values()), sum(facts.beside.values())
    absent = (f"named in the table, but not there: {say_number(missing)}",) if missing else ()
    labelled = len(facts.images)
    readable = labelled + facts.unlabelled
    steps = [
        Step(
            (Box(f"Files found: {say_number(readable + excluded + beside)}", absent),),
            _listed("Not images of the set", facts.beside),
        ),
        Step((Box(f"Images of the set: {say_number(readable + excluded)}"),), _listed("Excluded", reasons)),
        *_read(facts, readable),
        Step((Box(f"Labelled images: {say_number(labelled)}", (_patients(facts), *_outcomes(facts))),)),
    ]
    return steps + _divided(facts) + _called(facts)


def _left_out(facts: Facts) -> tuple[dict[str, int], int]:
    """Reason -> excluded images that were found, and how many a table names that were not."""
    reasons = dict(facts.excluded)
    return reasons, reasons.pop(NO_FILE, 0)


def _listed(title: str, reasons: Mapping[str, int]) -> Box:
    """``Excluded: 7`` with its reasons; the rarest are summed up."""
    total = sum(reasons.values())
    lines = [f"{say_name(reason)}: {say_number(number)}" for reason, number in reasons.items()]
    if len(lines) > MOST_LINES:
        rest = sum(list(reasons.values())[MOST_LINES - 1 :])
        lines = [*lines[: MOST_LINES - 1], f"other reasons: {say_number(rest)}"]
    return Box(f"{title}: {say_number(total)}", tuple(lines))


def _read(facts: Facts, readable: int) -> list[Step]:
    """Where some images have no label."""
    if not facts.unlabelled:
        return []
    without = Box(f"Without a label: {say_number(facts.unlabelled)}", ("predicted, not tested",))
    return [Step((Box(f"Images used: {say_number(readable)}"),), without)]


def _patients(facts: Facts) -> str:
    if facts.knows_patients:
        return count(facts.patients, "patient")
    return "patients not known" + (f"; {count(facts.pictures, facts.unit)}" if facts.unit else "")


def _outcomes(facts: Facts) -> tuple[str, ...]:
    every = Part("", "", facts.images)
    return _per_class(facts, every)


def _per_class(facts: Facts, part: Part) -> tuple[str, ...]:
    lines = []
    for name in class_names(facts):
        inside = part.of(name)
        people = f" of {count(inside.patients, facts.unit)}" if facts.unit else ""
        lines.append(f"{say_class(name)}: {count(len(inside.images), 'image')}{people}")
    if len(lines) > MOST_LINES:
        return (f"{len(facts.classes)} {'findings' if facts.several else 'classes'}, see Table 1",)
    return tuple(lines)


def _divided(facts: Facts) -> list[Step]:
    parts = find_parts(facts)
    if facts.crossed:
        folds, repeats = facts.plan.get("folds"), facts.repeats
        lines = [count(folds, "fold") + (f", {repeats} repeats" if repeats > 1 else "")] if folds else []
        lines.append(
            "each image tested by models that saw "
            + ("no image of its patient" if facts.knows_patients else "no copy of it")
        )
        return [Step((Box(f"Tested by cross-validation: {say_number(_tested(facts))}", tuple(lines)),))]
    boxes = tuple(
        Box(
            f"{part.title}: {count(len(part.images), 'image')}",
            ((count(part.patients, facts.unit),) if facts.unit else ()) + _per_class(facts, part),
        )
        for part in parts
    )
    return [Step(boxes)] if boxes else []


def _tested(facts: Facts) -> int:
    return int(facts.numbers["n"]["images"])


def _called(facts: Facts) -> list[Step]:
    """Result of the index test by reference standard, for two classes."""
    matrix = (facts.numbers.get("confusion") or {}).get("matrix")
    if facts.positive is None or not matrix or len(matrix) != 2:
        return []
    positive = facts.classes.index(facts.positive)
    others = (say_name(facts.positive), say_name(facts.classes[1 - positive]))
    boxes = []
    for title, called in (("Called positive", positive), ("Called negative", 1 - positive)):
        have, have_not = matrix[positive][called], matrix[1 - positive][called]
        lines = (f"reference {others[0]}: {say_number(have)}", f"reference {others[1]}: {say_number(have_not)}")
        boxes.append(Box(f"{title}: {say_number(have + have_not)}", lines))
    last = len(find_parts(facts)) - 1
    return [Step(tuple(boxes), parent=None if facts.crossed else last)]


def flow_table(steps: Sequence[Step]) -> Table:
    """The same as a table, for those who cannot see the diagram and for copying."""
    rows = []
    for step in steps:
        for box in step.boxes:
            rows.append((*_split(box.title), "; ".join(box.lines)))
        if step.beside is not None:
            rows.append((*_split(step.beside.title), "; ".join(step.beside.lines)))
    return Table(
        "Table S1. Flow of images and patients, as in Figure 1.",
        ("Step", "Number", "Of these"),
        tuple(rows),
        (2.2, 1, 4),
    )


def _split(title: str) -> tuple[str, str]:
    name, _, number = title.rpartition(": ")
    return (name, number)


def say_flow(steps: Sequence[Step]) -> str:
    """The diagram in sentences."""
    told = [box.title for step in steps for box in step.boxes]
    left = [step.beside.title for step in steps if step.beside is not None and not step.beside.title.endswith(": 0")]
    return sentence("; ".join(told)) + (f" Set aside: {'; '.join(left)}." if left else "")


def say_exclusions(facts: Facts) -> str:
    """Which files were not used, and why, in a sentence."""
    excluded_for, missing = _left_out(facts)
    beside, excluded = sum(facts.beside.values()), sum(excluded_for.values())
    are = "is" if missing == 1 else "are"
    absent = f" {count(missing, 'further image')} {are} named in the table, but {are} not there." if missing else ""
    readable = len(facts.images) + facts.unlabelled
    told = f"Of {count(readable + excluded + beside, 'file')} found"
    if beside:
        were = "was no image" if beside == 1 else "were no images"
        told += f", {say_number(beside)} {were} of the data set (tables, masks, texts) and"
    else:
        told += ","
    if not excluded:
        return f"{told} none of {count(readable, 'image')} was excluded.{absent}"
    reasons = "; ".join(f"{say_name(reason)} (n = {say_number(number)})" for reason, number in excluded_for.items())
    share, were = percent(excluded, readable + excluded), "was" if excluded == 1 else "were"
    return f"{told} {count(excluded, 'image')} ({share} of all images) {were} excluded: {reasons}.{absent}"
