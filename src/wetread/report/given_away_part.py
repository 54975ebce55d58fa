"""Whether things that are no disease tell the label, in one sentence: what was tried, and no more than that."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from wetread.outcome import SEE_ANATOMY

#: Checks of what can never be anatomy.
CODES = frozenset(("WR301", "WR302", "WR303", "WR304", "WR307", "WR308"))


def say_given_away(numbers: Mapping[str, Any], findings: Iterable[Mapping[str, Any]]) -> str:
    """The sentence of a report.

    Args:
        numbers: Of numbers.json; its models that have ``sees`` are the probes that were tried.
        findings: Of findings.json.
    """
    what = "a finding" if numbers["task"] == "multilabel" else "the label"
    if any(one["code"] in CODES for one in findings):
        return "Here things that are no disease tell a good deal: see what was found above."
    tried = [name for name, row in numbers["models"].items() if "sees" in row and name not in SEE_ANATOMY]
    if not tried:
        return f"Whether files, headers, edges or writing in the pictures give {what} away was not tested in this run."
    return (
        f"Models that saw no more than one of these were not shown to tell {what}: {', '.join(tried)}. "
        "That is no proof that none can, and what they cannot see may still do so."
    )
