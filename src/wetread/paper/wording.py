"""How counts, shares, intervals and lists are said in a manuscript, and how a gap for its author is marked."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from wetread.outcome import in_words, say_percent, say_share

#: A gap for the author. Writers set it apart; nothing else in the text looks like it.
GAP = re.compile(r"\[AUTHOR: [^\[\]]*\]")

#: A word that ends like a file: it may be the name of a person, and says nothing to a reader.
_FILE = re.compile(
    r"\S*\.(csv|tsv|txt|xlsx?|ods|png|jpe?g|tiff?|bmp|dcm|dicom|npy|npz|zip|tm|json|gz)\b(#\w+|\[\d+\])?", re.IGNORECASE
)


#: Stands where a name was.
WITHHELD = "(withheld)"


def ask(what: str) -> str:
    """``[AUTHOR: what]``; brackets inside become round ones."""
    return f"[AUTHOR: {what.replace('[', '(').replace(']', ')')}]"


def say_name(name: str) -> str:
    """The name of a class or column with spaces for underscores, on one line, without brackets that mean a gap."""
    return " ".join(in_words(name).split()).replace("[", "(").replace("]", ")")


def count(number: int, thing: str, things: str = "") -> str:
    """``1 image``, ``1 200 images``; the plural may be given."""
    return f"{say_number(number)} {thing if number == 1 else things or thing + 's'}"


def say_number(number: int) -> str:
    """An integer with a thin space for thousands."""
    return f"{number:,}".replace(",", "\N{NARROW NO-BREAK SPACE}")


def percent(part: float, whole: float) -> str:
    """As `say_percent`; a dash where there is no whole."""
    # No-break spaces, so that no line begins with the sign.
    return say_percent(part / whole).replace(" ", "\N{NO-BREAK SPACE}") if whole else "\N{EN DASH}"


def join(names: Iterable[str], word: str = "and") -> str:
    """``a``, ``a and b``, ``a, b and c``."""
    found = list(names)
    if len(found) < 2:
        return "".join(found)
    return f"{', '.join(found[:-1])} {word} {found[-1]}"


def say_value(number: float) -> str:
    """Two decimals, more where a share would read as 1.00; a true minus sign."""
    text = say_share(abs(number)) if abs(number) <= 1 else f"{abs(number):.2f}"
    return f"\N{MINUS SIGN}{text}" if number < 0 and float(text) else text


def interval(one: Mapping[str, Any]) -> str:
    """``0.81 to 0.93``; a dash where the number has none."""
    if one.get("low") is None or one.get("high") is None:
        return "\N{EN DASH}"
    return f"{say_value(one['low'])} to {say_value(one['high'])}"


def span(one: Mapping[str, Any]) -> str:
    """``0.88 (95 % CI 0.81 to 0.93)``."""
    level = 100 * float(one.get("level") or 0.95)
    bounds = interval(one)
    told = say_value(one["value"])
    return told if bounds == "\N{EN DASH}" else f"{told} ({level:.3g} % CI {bounds})"


def sentence(text: str) -> str:
    """A text with a capital at its start and one full stop at its end."""
    text = text.strip()
    return text[:1].upper() + text[1:] + ("" if text.endswith((".", "?", "!", "]")) else ".")


def without_names(text: str, names: frozenset[str]) -> str:
    """A sentence of a run without names of files and patients.

    Args:
        text: As findings.json or images.csv has it.
        names: Images, their last parts and keys of patients.
    """
    kept = str(text)
    for name in sorted((name for name in names if " " in name and name in kept), key=len, reverse=True):
        kept = kept.replace(name, WITHHELD)
    kept = _FILE.sub("a file", kept)
    words = [re.sub(r"^[('\"]*|[)'\".,;:]*$", "", word) for word in kept.split()]
    hidden: Sequence[str] = [word for word in words if word in names and not word.isdecimal()]
    for word in hidden:
        kept = re.sub(rf"(?<!\w){re.escape(word)}(?!\w)", WITHHELD, kept)
    return kept
