"""Engines take turns: each gets ready once, then does one piece of work whenever a line arrives, so that a busy minute
slows all of them and compiling is not measured. Runs in every environment.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable


def take_turns(work: Callable[[], dict], facts: dict, turns: int) -> None:
    """Warms up, says so, then works: ``turns`` times by itself, or, with 0, once per line until the input ends.

    Args:
        work: One piece, an epoch say; returns ``seconds`` and what else is worth telling.
        facts: Told with each turn.
        turns: How often; 0 to be told.
    """
    warm = work()
    print(json.dumps(facts | {"turn": 0, "first": warm}), flush=True)
    # `readline`, since iterating over a pipe reads ahead and would wait for lines that nobody has written yet.
    lines = range(turns) if turns else iter(sys.stdin.readline, "")
    for number, _ in enumerate(lines, start=1):
        print(json.dumps(facts | {"turn": number} | work()), flush=True)
