"""The permutation test in words: which model was fitted to shuffled labels, which is not the one that is reported."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from wetread.outcome import say_share

#: What the ridge classifier of the test saw, by the rung that it shares the features with.
SEEN = {
    "classical": "the classical features",
    "frozen": "what the frozen backbone sees",
    "combined": "what the frozen backbone sees and the classical features",
}


def is_of_this_kind(numbers: Mapping[str, Any]) -> bool:
    """Whether the model reported is, like the one of the test, a linear one on features that are not learnt here.

    A network learns its own features, in a fold or as part of an ensemble: that a ridge classifier tells the label
    says nothing for it, and that it does not says nothing against it.

    Args:
        numbers: Of numbers.json.
    """
    chosen = numbers.get("chosen") or {}
    return not (chosen.get("network") or (chosen.get("ensemble") and "network" in chosen))


def say_test(chance: Mapping[str, Any]) -> str:
    """``a ridge classifier on the classical features reaches an AUROC of 0.77 (P = 0.002 by 500 shufflings ...)``.

    Args:
        chance: As numbers.json holds it; runs of earlier versions hold less.
    """
    told = f"a ridge classifier on {SEEN.get(str(chance.get('sees')), 'features of the pictures')}"
    told += f" reaches an AUROC of {say_share(chance['statistic'])}" if "statistic" in chance else ""
    by = f"{chance['permutations']} shufflings" if "permutations" in chance else "shufflings"
    return f"{told} (P = {chance['p']:.2g} by {by} of the labels)"
