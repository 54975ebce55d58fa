"""Table 1: who and what was in each part of the data, by class. Counts of patients where patients are known.

Characteristics come from columns of the user's own table; one that the table does not have is named as missing, never
guessed. Sex, view, device and site are counted per level, age as median and quartiles, with what is missing.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from statistics import quantiles

from wetread.dataset.columns import plain_name
from wetread.paper.document import Table
from wetread.paper.facts import Facts, Image
from wetread.paper.partitions import Part, class_names, find_parts, say_class
from wetread.paper.small_counts import LIMIT, mask_counts
from wetread.paper.wording import ask, percent, say_name, say_number

#: Characteristic -> names its column may have, compared without case and separators; the first that is there wins.
COLUMNS = {
    "Sex": ("sex", "gender", "patientsex", "patientgender"),
    "Age": ("age", "patientage", "ageyears", "ageinyears", "ageatstudy"),
    "View": ("view", "viewposition", "projection", "position"),
    "Device": ("device", "scanner", "manufacturer", "manufacturermodelname", "devicemodel", "model", "vendor"),
    "Site": ("site", "hospital", "centre", "center", "institution", "institute", "siteid", "hospitalid", "centerid"),
}

#: Characteristics of a person; the others are of an image.
OF_PATIENTS = ("Sex", "Age")

#: Above this many levels a column is text rather than groups, and only their number is told.
MOST_LEVELS = 8
#: Quartiles of fewer people would tell their ages.
FEWEST_FOR_QUARTILES = 5
#: One column per class is readable up to here.
MOST_COLUMNS = 6

MISSING = "not given"
_SEX = {"f": "female", "female": "female", "w": "female", "woman": "female", "m": "male", "male": "male", "man": "male"}
_AGE = re.compile(r"0*(\d{1,3}(?:\.\d+)?)\s*(y|m|w|d|years?|months?|weeks?|days?)?", re.IGNORECASE)
_YEARS = {"y": 1.0, "m": 1 / 12, "w": 7 / 365.25, "d": 1 / 365.25}


@dataclass(frozen=True)
class Column:
    """One column of the table: a part of the data, all of it or one class; ``total`` if the sum of those after it."""

    part: str
    name: str
    images: tuple[Image, ...]


@dataclass(frozen=True)
class Line:
    """One line: a characteristic, its level, and a cell per column."""

    characteristic: str
    level: str
    cells: tuple[str, ...]


def find_column(facts: Facts, characteristic: str) -> str | None:
    """The user's column that holds a characteristic of `COLUMNS`; None where there is none with any value."""
    by_plain = {plain_name(name): name for name in facts.columns}
    return next((by_plain[name] for name in COLUMNS[characteristic] if name in by_plain), None)


def make_table1(facts: Facts, *, limit: int = LIMIT) -> tuple[Table, Table]:
    """Table 1.

    Args:
        facts: Of the run.
        limit: Counts below this are masked; 0 shows all.

    Returns:
        For the text (one column per class where they fit) and in full, one row per part, class and level, for a CSV.
    """
    parts, names = find_parts(facts), class_names(facts)
    every = [column for part in parts for column in _columns(part, names)]
    by_class = len(every) <= MOST_COLUMNS
    shown = every if by_class else [column for column in every if column.name == "all"]
    lines = _lines(facts, shown, names, limit, by_class)
    titles = [_title(column, len(parts) > 1) for column in shown]
    rows = tuple((_label(line), *line.cells) for line in lines)
    text = Table(
        caption="Table 1. Characteristics of the data by partition" + (" and class." if by_class else "."),
        columns=("Characteristic", *titles),
        rows=rows,
        widths=(2.2, *(1.3 for _ in titles)),
        note=_note(facts, limit),
        strong=frozenset(number for number, line in enumerate(lines) if not any(line.cells)),
    )
    full = lines if by_class else _lines(facts, every, names, limit, by_class=True)
    cells = tuple(
        (column.part, say_class(column.name), line.characteristic, line.level, line.cells[number])
        for number, column in enumerate(every)
        for line in full
        if line.cells[number]
    )
    return text, Table("", ("partition", "class", "characteristic", "level", "value"), cells)


def _columns(part: Part, names: Sequence[str]) -> list[Column]:
    found = [Column(part.title, "all", part.images)]
    return found + [Column(part.title, name, part.of(name).images) for name in names]


def _title(column: Column, several: bool) -> str:
    name = "all" if column.name == "all" else say_class(column.name)
    return f"{column.part}: {name}" if several else ("All" if name == "all" else name)


def _label(line: Line) -> str:
    return f"\N{EM SPACE}{line.level}" if line.level else line.characteristic


def _lines(facts: Facts, columns: Sequence[Column], names: Sequence[str], limit: int, by_class: bool) -> list[Line]:
    found = []
    if facts.unit:
        title = f"{facts.unit.capitalize()}s"
        found.append(Line(title, "", tuple(say_number(_people(column.images)) for column in columns)))
    found.append(Line("Images", "", tuple(say_number(len(column.images)) for column in columns)))
    if facts.knows_patients:
        found.append(
            Line("Images per patient, mean (most)", "", tuple(_per_patient(column.images) for column in columns))
        )
    if not by_class:
        found.append(Line("Images with", "", ("",) * len(columns)))
        found += [
            Line("Images with", say_class(name), tuple(_with(column, name) for column in columns)) for name in names
        ]
    for characteristic in COLUMNS:
        key = find_column(facts, characteristic)
        if key is None:
            continue
        if characteristic == "Age":
            found += _age_lines(facts, columns, key, limit)
        else:
            found += _level_lines(facts, columns, characteristic, key, limit)
    return found


def _people(images: Sequence[Image]) -> int:
    return len({image.patient for image in images})


def _per_patient(images: Sequence[Image]) -> str:
    counts = Counter(image.patient for image in images)
    return f"{len(images) / len(counts):.1f} ({max(counts.values())})" if counts else ""


def _with(column: Column, name: str) -> str:
    number = sum(name in image.names for image in column.images)
    return f"{say_number(number)} ({percent(number, len(column.images))})"


def _values(facts: Facts, images: Sequence[Image], key: str, characteristic: str) -> list[str]:
    """One value per patient or per image; a patient with two values has none."""
    read: Callable[[str], str] = (lambda value: _SEX.get(value.lower(), value)) if characteristic == "Sex" else str
    if characteristic not in OF_PATIENTS or not facts.knows_patients:
        return [read(image.extra.get(key, "")) for image in images]
    found: dict[str, set[str]] = {}
    for image in images:
        value = read(image.extra.get(key, ""))
        found.setdefault(image.patient, set()).update([value] if value else [])
    return [next(iter(values)) if len(values) == 1 else "" for values in found.values()]


def _level_lines(facts: Facts, columns: Sequence[Column], characteristic: str, key: str, limit: int) -> list[Line]:
    values = [_values(facts, column.images, key, characteristic) for column in columns]
    levels = Counter(value for found in values for value in found if value)
    unit = "patients" if characteristic in OF_PATIENTS and facts.knows_patients else "images"
    head = Line(f"{characteristic}, {unit} (%)", "", ("",) * len(columns))
    if len(levels) > MOST_LEVELS:
        cells = tuple(f"{len(set(found) - {''})} different values" for found in values)
        return [Line(f"{characteristic}, {unit}", "", cells)]
    order = [*sorted(levels, key=lambda level: (-levels[level], level)), ""]
    counts = [[found.count(level) for found in values] for level in order]
    masked = mask_counts(counts, total=0 if len(columns) > 1 else None, limit=limit)
    lines = [head]
    for level, numbers, texts in zip(order, counts, masked, strict=True):
        cells = tuple(
            f"{say_number(number)} ({percent(number, len(found))})" if text == str(number) else text
            for number, text, found in zip(numbers, texts, values, strict=True)
        )
        lines.append(Line(head.characteristic, say_name(level) or MISSING, cells))
    return lines


def _age_lines(facts: Facts, columns: Sequence[Column], key: str, limit: int) -> list[Line]:
    head = "Age in years" + (", at the first image" if facts.knows_patients else "")
    ages = [_ages(facts, column.images, key) for column in columns]
    missing = [sum(age is None for age in found) for found in ages]
    counts = [[len(found) - gone for found, gone in zip(ages, missing, strict=True)], missing]
    texts = mask_counts(counts, total=0 if len(columns) > 1 else None, limit=limit)[1]
    return [
        Line(head, "", ("",) * len(columns)),
        Line(
            head, "median (quartiles)", tuple(_quartiles([age for age in found if age is not None]) for found in ages)
        ),
        Line(head, MISSING, tuple(texts)),
    ]


def _ages(facts: Facts, images: Sequence[Image], key: str) -> list[float | None]:
    """Years, the lowest of each patient; None where no age was given."""
    if not facts.knows_patients:
        return [read_age(image.extra.get(key, "")) for image in images]
    youngest: dict[str, float | None] = {}
    for image in images:
        age, known = read_age(image.extra.get(key, "")), youngest.get(image.patient)
        youngest[image.patient] = known if age is None else age if known is None else min(age, known)
    return list(youngest.values())


@lru_cache(maxsize=1 << 12)
def read_age(text: str) -> float | None:
    """``63``, ``063Y``, ``8 months`` -> years; None for anything else, and above 130.

    The DICOM form (PS3.5 section 6.2, AS) is three digits and D, W, M or Y.
    """
    found = _AGE.fullmatch(text.strip())
    if found is None:
        return None
    years = float(found[1]) * _YEARS[(found[2] or "y")[0].lower()]
    return years if years <= 130 else None


def _quartiles(ages: Sequence[float]) -> str:
    if len(ages) < FEWEST_FOR_QUARTILES:
        return "too few to say" if ages else ""
    low, middle, high = quantiles(ages, n=4, method="inclusive")
    return f"{middle:.0f} ({low:.0f} to {high:.0f})"


def _note(facts: Facts, limit: int) -> str:
    absent = [name for name in COLUMNS if find_column(facts, name) is None]
    told = []
    if facts.several:
        told.append("An image can show several findings and counts in each.")
    elif facts.knows_patients:
        told.append("A patient with images of several classes counts in each.")
    if not facts.knows_patients:
        copies = "near-identical images are one picture, and all else" if facts.pictures else "everything"
        told.append(f"The data do not say which images belong to one patient; {copies} is counted per image.")
    if limit:
        told.append(
            "Counts from 1 to "
            f"{limit - 1} are "
            "shown as "
            f"<{limit}, and "
            "a second cell is hidden where they could be worked out by subtraction."
        )
    if absent:
        told.append(ask(f"{', '.join(absent).lower()}: the table of labels has no such column; add them if you can"))
    return " ".join(told)


def characteristics(facts: Facts) -> list[str]:
    """Which characteristics the user's table tells, in the order of the table."""
    return [name.lower() for name in COLUMNS if find_column(facts, name)]
