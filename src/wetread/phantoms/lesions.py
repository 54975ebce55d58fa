"""What may be wrong with a chest besides fluid, gathered, and its effect on the lungs.

Lung is described by two things: the chord of what holds air, and how much denser than air it is. Each finding changes
one of them in place; nothing is laid over the picture.
"""

from __future__ import annotations

from dataclasses import dataclass

from wetread.phantoms.consolidation import Consolidation
from wetread.phantoms.nodule import Nodule
from wetread.phantoms.pneumothorax import Pneumothorax

#: All findings that the simulated chest radiographs know, in the order of the alphabet.
FINDINGS = ("cardiomegaly", "consolidation", "effusion", "nodule", "pneumothorax")


@dataclass(frozen=True)
class Lesions:
    """What one image shows besides fluid; the default is nothing.

    Args:
        nodules: None, one or more.
        consolidation: One, or none.
        pneumothorax: One, or none. Not on the side of an effusion: air over fluid has a level of its own, which is
            not simulated.
        large_heart: Whether the patient's heart is enlarged (see `wetread.phantoms.heart.with_heart`); only asks for
            its outline as a mask.
    """

    nodules: tuple[Nodule, ...] = ()
    consolidation: Consolidation | None = None
    pneumothorax: Pneumothorax | None = None
    large_heart: bool = False
