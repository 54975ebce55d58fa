"""What there is to see in a data set before anything is trained: samples, facts by class, grey values, mean pictures.

Counts and medians only. Whether a difference means anything is measured by the checks (WR301 and its neighbours).
"""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from PIL import Image

from wetread.dataset.table import Row, Table
from wetread.images.facts import ImageFacts
from wetread.outcome import counted, in_words
from wetread.shapes import Floats

#: Pictures shown of each class.
SAMPLES = 8
#: Side of the mean pictures: enough to read a burned-in letter, little enough for a page.
MEAN_SIDE = 128
#: Values of one fact that are listed, and the share of a class that a value needs to be one of them.
VALUES_SHOWN, LEAST_SHARE = 4, 0.08
#: Numbers in a column with more distinct values than this are summed up by median and range.
FEW_NUMBERS = 4
#: Fewest pictures in a class, and in all others together, before a difference is pointed out.
FEWEST = 3
#: A value that only one class has is pointed out if the others, were they alike, would have it this often.
EXPECTED = 5
#: Stands behind a value that every picture of a class has.
ALL = "all"
NOT_STATED = "not stated"
NO_HEADER = "no header"

#: Columns of the user's own table that may be summed up. A list of names that are known to be harmless, because any
#: other column may hold names of people, and this page is made to be passed around.
COLUMNS = (
    "sex", "gender", "age", "view", "view_position", "projection", "laterality", "modality", "manufacturer", "device",
    "scanner", "site", "centre", "center", "hospital",
)  # fmt: skip

#: DICOM facts by class: keyword in `ImageFacts.header`, and what it is called on the page.
HEADERS = (
    ("Modality", "Modality"),
    ("Manufacturer", "Manufacturer"),
    ("ManufacturerModelName", "Model of the device"),
    ("BodyPartExamined", "Body part"),
    ("ViewPosition", "View"),
    ("PhotometricInterpretation", "Photometric interpretation"),
    ("BurnedInAnnotation", "Burned-in annotation"),
)

#: A value of a cell and what is said about it: its count, or the range around a median.
Entry = tuple[str, str]


@dataclass(frozen=True)
class Group:
    """The pictures of one class.

    Attributes:
        name: Of the class.
        rows: All its rows that were read.
        samples: A few of them, drawn at random.
        shades: ``image 256``, share of the pixels of each picture that have each grey value.
        mean: ``row column``, `MEAN_SIDE` square, 0..255: the mean of all pictures, each squashed to a square.
    """

    name: str
    rows: list[Row]
    samples: list[Row]
    shades: Floats
    mean: Floats


@dataclass(frozen=True)
class Line:
    """One fact, compared between classes.

    Attributes:
        title: What it is.
        cells: The entries of each class.
        remark: Where classes differ, a sentence that says so; else empty.
    """

    title: str
    cells: list[list[Entry]]
    remark: str = ""

    @property
    def same(self) -> bool:
        """True where every picture of every class has the same value."""
        found = {tuple(cell) for cell in self.cells}
        return len(found) == 1 and [note for _, note in found.pop()] == [ALL]


def make_group(name: str, rows: Sequence[Row], seed: int) -> Group:
    """Collects what is shown of one class.

    Args:
        name: Of the class.
        rows: Of the class; those without a picture are left out.
        seed: Of the sample; the same seed draws the same pictures.
    """
    shades, total, read = [], np.zeros((MEAN_SIDE, MEAN_SIDE)), []
    for row in rows:
        if row.picture is None or row.facts is None:
            continue
        grey = Image.fromarray(row.picture).convert("L")
        counts = np.array(grey.histogram(), dtype=np.float32)
        shades.append(counts / counts.sum())
        total += np.asarray(grey.resize((MEAN_SIDE, MEAN_SIDE), Image.Resampling.BILINEAR), dtype=np.float64)
        read.append(row)
    chosen = sorted(random.Random(f"{seed} {name}").sample(range(len(read)), min(SAMPLES, len(read))))
    stacked = np.array(shades).reshape(-1, 256)
    return Group(name, read, [read[number] for number in chosen], stacked, total / max(len(read), 1))


def make_groups(table: Table, seed: int) -> list[Group]:
    """One group per class, in alphabetical order."""
    return [make_group(name, [row for row in table.used if name in row.names], seed) for name in table.classes]


def compare(groups: Sequence[Group]) -> list[Line]:
    """The table of facts: a line per fact, a cell per class; facts that no picture has are left out."""
    size = _counted(groups, "Size in pixels", lambda row: f"{_facts(row).width} × {_facts(row).height}")
    sides = [
        _measured(groups, "Width", [[_facts(row).width for row in group.rows] for group in groups]),
        _measured(groups, "Height", [[_facts(row).height for row in group.rows] for group in groups]),
    ]
    if size.remark:  # says it all; "width differs" behind it would be the same thing three times
        sides = [Line(side.title, side.cells) for side in sides]
    densities = [[_density(row) for row in group.rows] for group in groups]
    lines = [
        _counted(groups, "Given split", lambda row: row.given_split or NOT_STATED, remarks=False),
        size,
        *([] if size.same else sides),
        _measured(groups, "Bytes per pixel of the file", densities, 2),
        _counted(groups, "Format", lambda row: _facts(row).format),
        _counted(groups, "Channels and depth", lambda row: f"{_facts(row).mode}, {_facts(row).bit_depth} bit"),
        _counted(groups, "Grey values made by", lambda row: _facts(row).intensity),
        *_grey_lines(groups),
        *(_counted(groups, f"{title} (header)", _header(keyword)) for keyword, title in HEADERS),
        *_column_lines(groups),
    ]
    return [line for line in lines if _says_something(line)]


def _grey_lines(groups: Sequence[Group]) -> list[Line]:
    """Grey values are what a disease changes too: shown, never remarked upon."""
    levels = np.arange(256)
    facts: tuple[tuple[str, int, Callable[[Floats], Floats]], ...] = (
        ("Mean grey value (0–255)", 0, lambda shades: shades @ levels),
        ("Black pixels (0–3), %", 1, lambda shades: 100 * shades[:, :4].sum(axis=1)),
        ("White pixels (252–255), %", 1, lambda shades: 100 * shades[:, 252:].sum(axis=1)),
    )
    lines = []
    for title, digits, measure in facts:
        values = [[float(value) for value in measure(group.shades)] for group in groups]
        lines.append(Line(title, _summarise(values, digits)))
    return lines


def _column_lines(groups: Sequence[Group]) -> list[Line]:
    names = list(dict.fromkeys(name for group in groups for row in group.rows for name in row.extra))
    lines = []
    for name in names:
        if name.strip().lower().replace(" ", "_") not in COLUMNS:
            continue
        title = f"{name} (your table)"
        numbers = [
            [value for row in group.rows if (value := _number(row.extra.get(name, ""))) is not None] for group in groups
        ]
        given = sum(bool(row.extra.get(name, "").strip()) for group in groups for row in group.rows)
        distinct = len({value for values in numbers for value in values})
        if given and sum(map(len, numbers)) == given and distinct > FEW_NUMBERS:
            lines.append(_measured(groups, title, numbers))
        else:
            lines.append(_counted(groups, title, _column(name)))
    return lines


def _counted(groups: Sequence[Group], title: str, value: Callable[[Row], str], remarks: bool = True) -> Line:
    counts = [Counter(value(row) for row in group.rows) for group in groups]
    return Line(
        title, [_list_counts(count) for count in counts], _say_counted(groups, title, counts) if remarks else ""
    )


def _measured(groups: Sequence[Group], title: str, values: list[list[float]], digits: int = 0) -> Line:
    return Line(title, _summarise(values, digits), _say_measured(groups, title, values, digits))


def _summarise(values: list[list[float]], digits: int) -> list[list[Entry]]:
    return [[_median_and_range(one, digits)] if one else [] for one in values]


def _list_counts(counts: Counter[str]) -> list[Entry]:
    if len(counts) == 1:
        return [(next(iter(counts)), ALL)]
    ranked = sorted(counts.items(), key=lambda item: (-item[1], item[0]))
    listed = [(value, count) for value, count in ranked[:VALUES_SHOWN] if count >= LEAST_SHARE * counts.total()]
    entries = [(value, str(count)) for value, count in listed]
    rest = ranked[len(listed) :]
    if not rest:
        return entries
    if not listed:
        return [(f"{len(rest)} different values", "")]
    if len(rest) == 1:
        return [*entries, (rest[0][0], str(rest[0][1]))]
    return [*entries, (f"{len(rest)} other values", str(sum(count for _, count in rest)))]


def _median_and_range(values: list[float], digits: int) -> Entry:
    low, high, middle = (f"{one:.{digits}f}" for one in (min(values), max(values), float(np.median(values))))
    return middle, ALL if low == high else f"{low} to {high}"


def _say_counted(groups: Sequence[Group], title: str, counts: list[Counter[str]]) -> str:
    """Points at a value that is the rule in one class and the exception in the others, or that one class alone has."""
    everywhere = sum(counts, Counter[str]())
    best, sentence = 0.0, ""
    for group, count in zip(groups, counts, strict=True):
        n, others = len(group.rows), everywhere.total() - len(group.rows)
        if min(n, others) < FEWEST:
            continue
        for value, here in sorted(count.items()):
            there = everywhere[value] - here
            gap = here / n - there / others
            is_rule = here >= 0.8 * n and gap > 0.5
            is_alone = not there and here >= 0.1 * n and here / n * others >= EXPECTED
            if gap > best and (is_rule or is_alone) and value != NO_HEADER:
                mine = f"all {n}" if here == n else f"{here} of the {n}"
                best = gap
                theirs = f"{there or 'none'} of the {counted(others, 'other')}"
                sentence = f"{title}, {value}: {mine} pictures of {in_words(group.name)}, {theirs}."
    return sentence


def _say_measured(groups: Sequence[Group], title: str, values: list[list[float]], digits: int) -> str:
    """Points at the two classes whose middle halves lie furthest apart, if any two do not overlap."""
    halves = [
        (float(np.quantile(one, 0.25)), float(np.quantile(one, 0.75)), in_words(group.name))
        for one, group in zip(values, groups, strict=True)
        if len(one) >= FEWEST
    ]
    if len(halves) < 2:
        return ""
    lower, upper = min(halves, key=lambda half: half[1]), max(halves, key=lambda half: half[0])
    texts = [[f"{end:.{digits}f}" for end in half[:2]] for half in (upper, lower)]
    if upper[0] <= lower[1] or texts[0][0] == texts[1][1]:
        return ""
    first, second = (one if one == two else f"{one} to {two}" for one, two in texts)
    return f"{title}: the middle half of {upper[2]} lies at {first}, that of {lower[2]} at {second}."


def _says_something(line: Line) -> bool:
    empty = {NOT_STATED, NO_HEADER}
    return any(text not in empty for cell in line.cells for text, _ in cell)


def _column(name: str) -> Callable[[Row], str]:
    return lambda row: row.extra.get(name, "").strip() or NOT_STATED


def _header(keyword: str) -> Callable[[Row], str]:
    def value(row: Row) -> str:
        facts = _facts(row)
        if facts.format != "DICOM":
            return NO_HEADER
        direct = {"Modality": facts.modality, "PhotometricInterpretation": facts.photometric}.get(keyword)
        return str(direct or facts.header.get(keyword) or NOT_STATED)

    return value


def _density(row: Row) -> float:
    facts = _facts(row)
    return facts.bytes / max(facts.width * facts.height, 1)


def _facts(row: Row) -> ImageFacts:
    assert row.facts is not None  # groups hold only rows that were read
    return row.facts


def _number(text: str) -> float | None:
    try:
        value = float(text)
    except ValueError:
        return None
    return value if np.isfinite(value) else None
