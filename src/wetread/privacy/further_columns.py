"""Further columns of a table of labels -> those that may lie beside the images, since they do not tell whose they are.

Kept is what makes groups: sex, age, view, site, device, stage. Names, numbers, dates and free texts are left out, by
the name of their column or by what stands in it. Ages above 89 become 90 (45 CFR 164.514(b)(2)(i)(C)). Less strict than
`wetread.privacy.table`, which is for what leaves the house: here words of the user stay as they are written.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from wetread.dataset.columns import plain_name
from wetread.dataset.label_names import NOT_AVAILABLE, clean_name
from wetread.dataset.other_columns import TRAITS, tells_source, tells_trait, tells_who
from wetread.dataset.table import quote_formula
from wetread.privacy.dates import cap_age

AGE_WORDS = frozenset(("age", "ages"))
DATE_WORDS = frozenset(("date", "day", "datum", "time", "datetime", "timestamp", "when"))
BIRTH_WORDS = frozenset(("birth", "born", "dob", "birthdate", "birthday", "death", "died", "dod"))
#: What stands in names and numbers of people.
PERSONAL = re.compile(r"\^|\d{6}|@")

#: Most columns of a table that are kept, and most letters of a cell or of the name of a column; longer ones are texts.
MOST_COLUMNS, LONGEST = 12, 40
#: More values than this, or whole numbers from here on, are those of single patients or examinations.
MOST_VALUES, _COUNTING = 30, 1000
_NUMBER_WORDS = frozenset(("no", "nr", "num", "number", "nummer", "code", "key", "pin", "serial"))
_DATE = re.compile(r"\d{1,4}[-/.]\d{1,2}[-/.]\d{1,4}|\b(19|20)\d\d[-/.](0?[1-9]|1[0-2])\b|://")
_NUMBER = re.compile(r"[+-]?\d{1,9}(?:[.,]\d+)?(?:[eE][+-]?\d{1,3})?", re.ASCII)
_WHOLE = re.compile(r"\d+", re.ASCII)
#: Units of ages by a word in the name of their column: how many make 90 years.
_NINETY = {"month": 1080, "mo": 1080, "week": 4696, "wk": 4696, "day": 32_873}


@dataclass
class FurtherColumns:
    """What became of the further columns.

    Attributes:
        kept: Name -> cells in the order of the rows; empty where nothing is known.
        left_out: Names of the others, as they were written.
    """

    kept: dict[str, list[str]] = field(default_factory=dict)
    left_out: list[str] = field(default_factory=list)


def keep_further_columns(columns: Mapping[str, Sequence[str]]) -> FurtherColumns:
    """Tells which columns may be kept, and cleans their cells.

    Args:
        columns: Name -> cells, as `wetread.dataset.readings.gather` has them in ``extra``.

    Returns:
        At most `MOST_COLUMNS` of them: traits of the patient first, then sources, then the others in their order.
    """
    found = FurtherColumns()
    for written in sorted(columns, key=_rank):
        clean = {cell: _clean(cell) for cell in set(columns[written])}  # few differ
        cells = [clean[cell] for cell in columns[written]]
        name = clean_name(written.replace(",", " "))  # commas stand between names of columns where they are chosen
        if not any(cells):
            continue
        if len(found.kept) == MOST_COLUMNS or not _may_stay(name, cells) or quote_formula(name) != name:
            found.left_out.append(written)
        elif plain_name(name) not in map(plain_name, found.kept):
            capped = {cell: cap_written_age(cell, name) for cell in set(cells)} if _holds_ages(name) else {}
            found.kept[name] = [capped.get(cell, cell) for cell in cells]
    return found


def words_of(column: str) -> set[str]:
    """The words in the name of a column, ``birth`` and ``date`` of ``BirthDate``."""
    return set(re.findall(r"[a-z]+", re.sub(r"([a-z])([A-Z])", r"\1 \2", column).lower()))


def read_age(cell: str) -> str | None:
    """An age in years or as DICOM has it (``058Y``), 90 where it is above 89 years; None where it is neither."""
    if re.fullmatch(r"\d{3}[DWMY]", cell):
        return cap_age(cell)
    if not re.fullmatch(r"\d{1,3}(?:[.,]\d{1,4})?", cell):
        return None
    return cell if float(cell.replace(",", ".")) < 90 else "90"


def cap_written_age(cell: str, column: str) -> str:
    """An age however it is written (``63``, ``063Y``, ``60-69``), 90 years where a number in it is above that.

    Args:
        cell: What stands there.
        column: The name of its column, which may say that ages are in months, weeks or days.
    """
    words = {word.removesuffix("s") for word in words_of(column)}
    most = next((limit for unit, limit in _NINETY.items() if unit in words), 90)
    if most == 90 and (known := read_age(cell)) is not None:
        return known
    numbers = [float(one.replace(",", ".")) for one in re.findall(r"\d+(?:[.,]\d+)?", cell)]
    return str(most) if any(number >= most for number in numbers) else cell


def _rank(name: str) -> int:
    plain = plain_name(name)
    return TRAITS.index(plain) if plain in TRAITS else len(TRAITS) + (not tells_source(name))


def _clean(cell: str) -> str:
    text = clean_name(cell)
    # What a spreadsheet would take for a formula is no name of a group.
    return "" if text.casefold() in NOT_AVAILABLE - {"na"} or quote_formula(text) != text else text


def _may_stay(name: str, cells: Sequence[str]) -> bool:
    words = words_of(name)
    if not name or len(name) > LONGEST or tells_who(name) or words & (BIRTH_WORDS | _NUMBER_WORDS):
        return False
    if words & DATE_WORDS and not _holds_ages(name):
        return False
    filled = [cell for cell in cells if cell]
    levels = {cell.casefold() for cell in filled}
    if max(map(len, levels)) > LONGEST or any(map(_is_personal, levels)):
        return False
    if tells_trait(name) or tells_source(name):
        return True
    if all(map(_NUMBER.fullmatch, levels)) and not _count(levels):
        return True
    return 2 * len(levels) <= len(filled) and len(levels) <= MOST_VALUES


def _holds_ages(name: str) -> bool:
    return bool(words_of(name) & AGE_WORDS) or (tells_trait(name) and "age" in plain_name(name))


def _is_personal(cell: str) -> bool:
    if _NUMBER.fullmatch(cell) and not _WHOLE.fullmatch(cell):
        return False  # decimals
    return PERSONAL.search(cell) is not None or _DATE.search(cell) is not None


def _count(levels: set[str]) -> bool:
    """Whole numbers, some of them large."""
    return all(map(_WHOLE.fullmatch, levels)) and max(map(int, levels)) >= _COUNTING
