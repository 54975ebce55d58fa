"""What the numbers of a run do not show, for its report and for the studio."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from wetread.outcome import DISCLAIMER, counted, in_words
from wetread.report.given_away_part import say_given_away


def not_shown(
    numbers: Mapping[str, Any],
    findings: Iterable[Mapping[str, Any]],
    refusal: Mapping[str, Any],
    test: Mapping[str, Any] | None,
    left_out: Sequence[str] = (),
) -> list[tuple[str, str]]:
    """What is not shown, and why, one after the other.

    Args:
        numbers: Of numbers.json.
        findings: Of findings.json.
        refusal: Of `wetread.report.refusal_part.read_refusal`.
        test: Of an external test what `wetread.report.external_part.read_external` says of it, else None.
        left_out: What an interruption left out of the run, as run.json names it.
    """
    elsewhere = test is not None
    refuses = bool(refusal["fitted"] or (test and test.get("refused")))
    one, another = (
        "All images come from one collection.",
        "This is one other collection; the next may be different again.",
    )
    said = [
        (
            "That it works elsewhere.",
            f"{another if elsewhere else one} At another hospital, with another device, numbers usually fall, often a "
            "lot. Only a test there can tell.",
        ),
        (
            "That it saw the disease.",
            f"A number says that classes can be told apart, not by what. {say_given_away(numbers, findings)}",
        ),
        ("That the labels are right.", "The model was judged by the labels it was given."),
    ]
    if not numbers["n"].get("patients"):
        apart = "are new to the model" if elsewhere else "were kept apart"
        said.append((f"That patients {apart}.", "Nothing in the data says which images belong to one patient."))
    if numbers["estimate"] == "cross-validation":
        said.append(
            (
                "The performance of one fixed model.",
                "Cross-validation tests the procedure; the model in the folder was made by the same procedure from all "
                f"{counted(numbers['n']['trained_on'], 'image')}, and has not been tested itself.",
            )
        )
    if left_out:
        what = ", ".join(left_out)
        said.append(("What was interrupted.", f"Left out by hand: {what}. Going on with --resume makes up for it."))
    return [
        *said,
        ("What it does with other pictures.", _knows(numbers, refuses, elsewhere)),
        ("Any benefit to a patient.", DISCLAIMER),
    ]


def _knows(numbers: Mapping[str, Any], refuses: bool, elsewhere: bool) -> str:
    names = ", ".join(map(in_words, numbers["classes"]))
    several = numbers["task"] == "multilabel"
    only = f"It looks for {names}, and passes over everything else." if several else f"It knows only {names}"
    if refuses:
        tried = "" if elsewhere else " above"
        return f"{only.rstrip('.')}. Pictures unlike its own it refuses, as far as that was tried{tried}."
    return only if several else f"{only}, and calls anything one of these."
