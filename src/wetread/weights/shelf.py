"""All weights at a glance: those that lie here, those that can be fetched, those that wetread leaves to others."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from wetread.weights.catalogue import CATALOGUE, ELSEWHERE, Elsewhere, KnownWeights
from wetread.weights.stored import Damaged, StoredWeights, examine_home, weights_home


@dataclass(frozen=True)
class Shelf:
    """All weights.

    Attributes:
        home: The folder they lie in.
        stored: Weights that lie there and can be used.
        damaged: Folders there that cannot.
        known: Weights that can be had by name; those that are stored are among them.
        elsewhere: Weights that wetread does not fetch.
    """

    home: Path
    stored: list[StoredWeights]
    damaged: list[Damaged]
    known: list[KnownWeights]
    elsewhere: list[Elsewhere]

    def as_dict(self) -> dict[str, Any]:
        """Everything, in types that JSON knows."""
        return {
            "home": str(self.home),
            "stored": [one.as_dict() for one in self.stored],
            "damaged": [{**asdict(one), "path": str(one.path)} for one in self.damaged],
            "known": [asdict(one) for one in self.known],
            "elsewhere": [asdict(one) for one in self.elsewhere],
        }


def look_at_shelf() -> Shelf:
    """Looks at the weights home and the catalogue; nothing is fetched, and no tensor is read."""
    stored, damaged = examine_home()
    return Shelf(weights_home(), stored, damaged, list(CATALOGUE.values()), list(ELSEWHERE))
