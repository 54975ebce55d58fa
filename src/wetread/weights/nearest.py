"""A name that no weights have -> those that may be meant, and a way to get them that works."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable, Mapping

from wetread.weights.catalogue import CATALOGUE

#: Letters from which on a part of a name points to the name.
_TELLING = 3

#: Likeness from which on one name may be a slip of another, as difflib counts it.
_ALIKE = 0.6

#: What is further behind the nearest name than this is another thing.
_BEHIND = 0.25


def find_nearest(name: str, here: Iterable[str] = (), *, said: Mapping[str, str] | None = None) -> list[str]:
    """Names of weights that may be meant, best first, at most three.

    Args:
        name: As somebody wrote it: a part of a name, another spelling, a slip, or a network alone.
        here: Names in the weights home; they come before others that are as near.
        said: What people call a network, spelled plainly -> its name in timm.

    Returns:
        Names of the weights home and of the catalogue; empty where nothing is near.
    """
    asked = _plain(name)
    asked = _plain((said or {}).get(asked, asked))
    at_hand = list(here)
    near = {one: max(_likeness(asked, way) for way in _ways(one)) for one in dict.fromkeys([*at_hand, *CATALOGUE])}
    least = max(_ALIKE, max(near.values()) - _BEHIND)
    found = [one for one, likeness in near.items() if one != name and likeness >= least]
    return sorted(found, key=lambda one: (-near[one], one not in at_hand))[:3]


def is_known(name: str) -> bool:
    """Whether `wetread weights get` can take this name: the catalogue or timm knows it, or it names a repository.

    Loads timm, which takes seconds, for a name that the catalogue does not know.
    """
    known = {*CATALOGUE, *(one.network for one in CATALOGUE.values()), *(one.repository for one in CATALOGUE.values())}
    if name in known - {""} or re.fullmatch(r"[\w.-]+/[\w.-]+", name):
        return True
    from wetread.weights.describe import default_weights

    try:
        return default_weights(name) != ""
    except RuntimeError:  # timm knows the network, and no weights of that tag
        return False


def say_how_to_get(name: str, here: Iterable[str] = (), *, said: Mapping[str, str] | None = None) -> str:
    """The remedy for a name that is not in the weights home.

    Args:
        name: As somebody wrote it.
        here: Names in the weights home.
        said: What people call a network, spelled plainly -> its name in timm.

    Returns:
        The command that fetches them where there is something to fetch, else the nearest names.
    """
    if is_known(name):
        return f"Fetch them with `wetread weights get {name}`, or bring them: `wetread weights import FILE`."
    near = find_nearest(name, here, said=said)
    return (f"Do you mean {' or '.join(near)}? " if near else "") + "`wetread weights list` names those that there are."


def _plain(name: str) -> str:
    return re.sub(r"[^a-z0-9]", "", name.lower())


def _ways(name: str) -> set[str]:
    """How weights may be called: by their name, without its tag, by their network or repository."""
    known = CATALOGUE.get(name)
    told = {name, name.split(".")[0]} | ({known.network, known.repository.rpartition("/")[2]} if known else set())
    return {_plain(one) for one in told if one}


def _likeness(asked: str, way: str) -> float:
    """1: the same letters; a part counts for more than a slip."""
    if asked == way:
        return 1.0
    inside = len(asked) >= _TELLING and asked in way
    ratio = difflib.SequenceMatcher(None, asked, way).ratio()
    return (2 + ratio) / 3 if inside else ratio
