"""What is known of the readers: a small table, or a column -> strata of experience."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from wetread.dataset.columns import SYNONYMS, plain_name
from wetread.dataset.raw_table import take_header
from wetread.dataset.table_file import read_table_file
from wetread.errors import InputError
from wetread.readers.columns import FURTHER, read_number

#: Years at which strata begin where there are more than `MOST_STRATA` different ones.
YEARS = ((5.0, "under 5 years"), (10.0, "5 to 10 years"), (float("inf"), "10 years or more"))
MOST_STRATA = 4


def read_people(path: Path) -> dict[str, str]:
    """Reads a table with the columns reader and experience (or role, level, years).

    Args:
        path: CSV, TSV or a workbook.

    Returns:
        Reader -> experience, as written; blank cells are left out.

    Raises:
        InputError: It cannot be read, or lacks one of the columns.
    """
    raw = read_table_file(path, "table of readers")
    header = take_header(raw) if raw.rows else []
    plain = {plain_name(name): name for name in reversed(header)}
    names = (*SYNONYMS["reader"], "name", "readers")
    reader = next((plain[plain_name(name)] for name in names if plain_name(name) in plain), None)
    what = next((plain[plain_name(name)] for name in FURTHER["experience"] if plain_name(name) in plain), None)
    if reader is None or what is None:
        missing = "reader" if reader is None else "experience, role or years"
        raise InputError(
            f"{path.name} has no column {missing}; it has: {', '.join(header[:12])}.",
            remedy="Write the columns reader and experience.",
            file=path,
            code="bad-table",
        )
    places = header.index(reader), header.index(what)
    return {row[places[0]]: row[places[1]] for row in raw.rows if row[places[0]] and row[places[1]]}


def make_strata(readers: Sequence[str], experience: Mapping[str, str]) -> dict[str, list[str]]:
    """Groups readers by experience.

    Args:
        readers: Their names.
        experience: Of some or all of them; numbers are years.

    Returns:
        Stratum -> its readers, in their order, readers of unknown experience last; empty where nothing is known, or all
        are alike.
    """
    known = {reader: experience[reader] for reader in readers if experience.get(reader)}
    years = {reader: number for reader, text in known.items() if (number := _as_years(text)) is not None}
    names = dict(known)
    if len(years) == len(known) and len(set(years.values())) > MOST_STRATA:
        names = {reader: next(name for end, name in YEARS if number < end) for reader, number in years.items()}
    elif len(years) == len(known):
        names = {reader: f"{number:g} years" for reader, number in years.items()}
    ordered = sorted(set(names.values()), key=lambda name: _least(name, names, years))
    strata = {stratum: [reader for reader in readers if names.get(reader) == stratum] for stratum in ordered}
    rest = [reader for reader in readers if reader not in names]
    if rest and strata:
        strata["not known"] = rest
    return strata if len(strata) > 1 else {}


def _as_years(text: str) -> float | None:
    try:
        return read_number(text.casefold().removesuffix("years").removesuffix("y"))
    except ValueError:
        return None


def _least(stratum: str, names: Mapping[str, str], years: Mapping[str, float]) -> tuple[float, str]:
    """Strata of years go up; others stand in the order of the alphabet."""
    return min((years.get(reader, 0.0) for reader, name in names.items() if name == stratum), default=0.0), stratum
