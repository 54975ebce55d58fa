"""Names of findings and classes as people write them -> one spelling each."""

from __future__ import annotations

import re
import unicodedata
from collections import Counter, defaultdict
from collections.abc import Mapping

#: What says in a multi-label table that there is nothing to find (without case, spaces and separators).
NONE_NAMES = frozenset(
    (
        *("nofinding", "nofindings", "normal", "none", "healthy", "negative", "noabnormality", "noabnormalities"),
        *("nopathology", "unremarkable", "nothing"),
    )
)

#: What programs write into a cell that has no value. ``none`` is not among them: people mean it.
NOT_AVAILABLE = frozenset(("na", "n/a", "#n/a", "nan", "<na>", "null"))

# Direction marks and other invisible characters; the two joiners (U+200C, U+200D) belong to several scripts.
_INVISIBLE = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\xad\u200b\u200e\u200f\u202a-\u202e\u2060-\u2069\ufeff]")
_QUOTED = re.compile(r"'([^']*)'|\"([^\"]*)\"")


def clean_name(text: str) -> str:
    """A name in NFC, without control characters, with single spaces and none at its ends."""
    return " ".join(_INVISIBLE.sub("", unicodedata.normalize("NFC", text)).split())


def fold_name(name: str) -> str:
    """What two spellings of one name share: neither case nor spaces count."""
    return "".join(name.casefold().split())


def says_none(name: str) -> bool:
    """True for names such as ``No Finding``."""
    return re.sub(r"[\W_]+", "", name.casefold()) in NONE_NAMES


def holds_several(cell: str) -> bool:
    """True for ``a|b`` and for lists such as ``['a', 'b']``; a spreadsheet formula is one name, whatever it holds."""
    return ("|" in cell and cell[0] not in "=+@") or (cell[:1] == "[" and cell[-1:] == "]")


def split_names(cell: str) -> tuple[str, ...]:
    """The names in one cell, cleaned, sorted, each once.

    Args:
        cell: ``Edema|Effusion``, or a list as PadChest writes it: ``['edema', 'effusion']``.
    """
    if not holds_several(cell):
        parts = [cell]
    elif "|" in cell:
        parts = cell.split("|")
    else:
        parts = [single or double for single, double in _QUOTED.findall(cell)] or cell[1:-1].split(",")
    return tuple(sorted({name for part in parts if (name := clean_name(part))}))


def join_spellings(counts: Mapping[str, int]) -> tuple[dict[str, str], list[str]]:
    """Joins names that differ only by case and spaces to the most frequent of their spellings.

    Args:
        counts: How often each spelling occurs; of equally frequent ones the first is kept.

    Returns:
        Spelling -> name, for all spellings; and one sentence per name that was joined.
    """
    families: dict[str, Counter[str]] = defaultdict(Counter)
    for name, count in counts.items():
        families[fold_name(name)][name] += count
    kept, notes = {}, []
    for spellings in families.values():
        best, _ = spellings.most_common(1)[0]
        kept.update(dict.fromkeys(spellings, best))
        if len(spellings) > 1:
            others = ", ".join(f"{name} ({spellings[name]})" for name in spellings if name != best)
            notes.append(f"Read as {best}: {others}; they differ only in case or spaces.")
    return kept, notes
