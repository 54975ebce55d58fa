"""A passage: one or more sentences with a name, so that a checklist can point at what the text says."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Passage:
    """Sentences about one thing.

    Attributes:
        key: Its name; checklists refer to it.
        place: Where it stands: ``Methods, Data``.
        text: The sentences; may hold gaps for the author.
    """

    key: str
    place: str
    text: str
