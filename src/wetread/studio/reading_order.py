"""Which cases a reading session holds, and in which order each reader meets them. Pure: no files, no server.

Everybody reads the same cases, each in an order of his or her own, so that fatigue and learning fall on different
cases. The order follows from the seed of the session and the number of the reader; the names under which a reader meets
cases follow from nothing: they are drawn anew by the system for each reader, and tell neither order nor origin.
"""

from __future__ import annotations

import random
import secrets
from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

from wetread.studio.answers import Refusal

#: Fewer cases are no session; so few of a class say next to nothing of how well it is seen.
FEWEST, FEWEST_OF_CLASS = 2, 5
#: Cases of one session: more than a day of reading.
MOST = 2000
TEST, ALL = "test", "all"


@dataclass(frozen=True)
class ReadingCase:
    """One picture of a session. All of this stays on the server.

    Attributes:
        image: As the run, or the project, calls it; joins it to the predictions of a model.
        truth: Its label, several findings joined by ``|``.
        patient: Empty where not known.
        case: Row in images.csv of the run; None without a run.
        item: Id of the item of the project; empty with a run.
        held_out: The run tested it with a model that had not seen it.
    """

    image: str
    truth: str
    patient: str = ""
    case: int | None = None
    item: str = ""
    held_out: bool = False

    def as_dict(self) -> dict[str, Any]:
        """For the file of the session."""
        return asdict(self)


def draw_cases(pool: Sequence[ReadingCase], wanted: str | int, seed: int) -> list[ReadingCase]:
    """Chooses the cases of a session.

    Args:
        pool: All cases with a label.
        wanted: ``test``: those that a model was tested on; ``all``; or so many of the former, drawn by the seed. Where
            nothing was held out (a project without a run), all count as such.
        seed: Of the draw.

    Returns:
        In the order of the pool.

    Raises:
        Refusal: There are fewer than two (409, ``too-few-cases``), or too many (400).
    """
    tested = [case for case in pool if case.held_out] or list(pool)
    chosen = list(pool) if wanted == ALL else tested
    if isinstance(wanted, int):
        numbers = sorted(random.Random(f"{seed}/cases").sample(range(len(tested)), min(wanted, len(tested))))
        chosen = [tested[number] for number in numbers]
    if len(chosen) < FEWEST:
        raise Refusal(
            409,
            f"A reading session needs at least {FEWEST} cases with a label.",
            "Add images with labels, or choose a run that was tested.",
            "too-few-cases",
        )
    if len(chosen) > MOST:
        raise Refusal(
            400, f"A session holds at most {MOST} cases, not {len(chosen)}.", "Choose a number of cases.", "too-many"
        )
    return chosen


def draw_order(cases: int, seed: int, reader: int) -> list[int]:
    """The order in which a reader meets cases: their numbers, each once.

    Args:
        cases: How many.
        seed: Of the session.
        reader: Number of the reader, from 1; the same number and seed give the same order.
    """
    order = list(range(cases))
    random.Random(f"{seed}/reader/{reader}").shuffle(order)
    return order


def draw_names(cases: int) -> list[str]:
    """Names without a meaning, one per case, no two alike."""
    names: set[str] = set()
    while len(names) < cases:
        names.add(secrets.token_hex(8))
    # A set has an order of its own, which would follow from the names and not from chance.
    drawn = sorted(names)
    secrets.SystemRandom().shuffle(drawn)
    return drawn


def say_few(truths: Sequence[str], classes: Sequence[str]) -> str:
    """What is too few to say anything of; empty where there is enough of each class.

    Args:
        truths: Of the cases, several findings joined by ``|``.
        classes: Of the session.
    """
    counts = Counter(name for truth in truths for name in truth.split("|"))
    rare = [f"{name} ({counts[name]})" for name in classes if counts[name] < FEWEST_OF_CLASS]
    if not rare:
        return ""
    return f"Too few cases to judge readers by: fewer than {FEWEST_OF_CLASS} of {', '.join(rare)}."
