"""The labels that readers used -> findings that are there or not, and classes in order.

Four kinds: several findings per image (joined by ``|`` or one column each); two labels, one of which means that the
finding is there; classes that exclude each other, each of which is then told from all others; numbers with an order.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from wetread.dataset.label_names import fold_name
from wetread.errors import InputError
from wetread.readers.columns import ABSENT, MARKS, UNSURE

FINDINGS, YES_NO, CLASSES, ORDERED = "findings", "yes or no", "classes", "ordered numbers"

#: What the finding of labels such as 0 and 1 is called where nobody says.
NAMELESS = "positive"


@dataclass(frozen=True)
class Vocabulary:
    """What the labels of a table mean.

    Attributes:
        kind: `FINDINGS`, `YES_NO`, `CLASSES` or `ORDERED`.
        findings: What is present or absent, each judged by itself.
        classes: The labels themselves, in order, where each reading is one of them; empty for several findings.
        present: Label -> the findings it says are there.
        left_out: Labels that say nothing of the findings: of somebody who was unsure, or unknown to the model.
        notes: Sentences about what was assumed.
    """

    kind: str
    findings: tuple[str, ...]
    classes: tuple[str, ...]
    present: Mapping[str, tuple[str, ...]]
    left_out: tuple[str, ...] = ()
    notes: list[str] = field(default_factory=list)


def same_name(name: str) -> str:
    """What two spellings of a label share: neither case nor spaces nor underscores count."""
    return fold_name(name.replace("_", " "))


def make_vocabulary(
    counts: Mapping[str, int],
    *,
    multi: bool,
    positive: str | None = None,
    cut: float | None = None,
    known: Sequence[str] = (),
    name: str | None = None,
) -> Vocabulary:
    """Decides what labels mean.

    Args:
        counts: How often each label occurs.
        multi: A reading may hold several.
        positive: Of two labels, the one that means that the finding is there.
        cut: Of ordered numbers, from which on the finding is there.
        known: The classes of the model, where there is one; a label beyond them cannot be compared with it.
        name: What to call the finding of labels such as 0 and 1; the model's positive class.

    Raises:
        InputError: No label is left, or `positive` or `cut` fits none.
    """
    names = sorted(counts, key=_by_number)
    unsure = tuple(label for label in names if _is_unsure(label, names))
    names = [label for label in names if label not in unsure]
    notes = _tell_left_out("of readers who were not sure", unsure, counts)
    if not names:
        raise InputError(
            "The table holds no reading.",
            remedy="Fill the readers' labels in; a blank cell is not read.",
            code="no-readings",
        )
    if multi:
        present = {label: (label,) for label in names} | dict.fromkeys(unsure, ())
        return Vocabulary(FINDINGS, tuple(names), (), present, unsure, notes)
    if cut is not None:
        return _cut(names, cut, unsure, name, notes)
    strange = _strange(names, known)
    notes += _tell_left_out("that the model does not know", strange, counts)
    names = [label for label in names if label not in strange]
    if positive is None and name is not None and same_name(name) in map(same_name, names):
        positive = name
    if len(names) > 2 or (len(names) == 2 and _both_said(names, positive) is None and not positive):
        return _of_classes(names, unsure + strange, positive, notes)
    return _yes_no(names, positive, name, unsure + strange, notes)


def _by_number(label: str) -> tuple[float, str]:
    return (float(label), "") if label.isdigit() else (float("inf"), label)


def _is_unsure(label: str, names: Sequence[str]) -> bool:
    if label == "-1":  # a mark beside 0 and 1 only
        return {name for name in names if name.casefold() not in UNSURE} <= {"0", "1"}
    return label.casefold() in UNSURE


def _tell_left_out(why: str, labels: Sequence[str], counts: Mapping[str, int]) -> list[str]:
    if not labels:
        return []
    told = ", ".join(f"{label} ({counts[label]})" for label in labels[:8])
    return [f"Labels {why} were left out: {told}."]


def _strange(names: Sequence[str], known: Sequence[str]) -> tuple[str, ...]:
    """Labels that are no class of the model, provided that some are; marks such as 0 and 1 are never strange.

    Nor is, beside a model of two classes, any label that says that there is nothing: normal, no effusion.
    """
    classes = {same_name(one) for one in known}
    ours = [label for label in names if same_name(label) in classes]
    if not ours:
        return ()
    others = [label for label in names if label not in ours and label.casefold() not in MARKS]
    return tuple(label for label in others if len(classes) != 2 or not _says_absent(label))


def _says_absent(label: str) -> bool:
    said = label.casefold()
    if said.replace(" ", "") in ABSENT:  # as it stands: a lone hyphen is a label too
        return True
    said = said.replace("_", " ").replace("-", " ")
    return said.replace(" ", "") in ABSENT or said.startswith(("no ", "not "))


def _both_said(names: Sequence[str], positive: str | None) -> str | None:
    """Of two labels the one that is the finding; None where neither says that there is none."""
    if positive is not None:
        return next((label for label in names if same_name(label) == same_name(positive)), None)
    absent = [label for label in names if _says_absent(label)]
    return next(label for label in names if label not in absent) if len(absent) == 1 else None


def _yes_no(
    names: list[str], positive: str | None, name: str | None, left_out: tuple[str, ...], notes: list[str]
) -> Vocabulary:
    if len(names) == 2:
        yes = _both_said(names, positive) or _both_said(names, None)
    else:
        yes = None if _says_absent(names[0]) else names[0]
        if positive is not None and same_name(positive) != same_name(names[0]) and names[0].casefold() not in MARKS:
            yes = None
        notes = [*notes, f"Every reading says {names[0]}, so nobody can be told apart."]
    if yes is None and len(names) == 2:
        raise InputError(
            f"Neither {names[0]} nor {names[1]} is {positive}.",
            remedy="Name one of them with --positive.",
            code="usage",
        )
    finding = yes if yes is not None and yes.casefold() not in MARKS else (name or positive or NAMELESS)
    no = [label for label in names if label != yes]
    if yes is not None:
        absent = f"{no[0]} means that it is absent" if no else "no label means that it is absent"
        notes = [*notes, f"{yes} means that {finding if finding != yes else 'it'} is there, {absent}."]
    classes = (*no, *([yes] if yes is not None else []))
    present = {label: (finding,) if label == yes else () for label in names} | dict.fromkeys(left_out, ())
    return Vocabulary(YES_NO, (finding,), classes, present, left_out, notes)


def _of_classes(names: list[str], left_out: tuple[str, ...], positive: str | None, notes: list[str]) -> Vocabulary:
    present = {label: (label,) for label in names} | dict.fromkeys(left_out, ())
    ordered = all(label.isdigit() for label in names)
    if positive is not None:
        yes = _both_said(names, positive)
        if yes is None:
            raise InputError(
                f"No reading says {positive}; the labels are {', '.join(names[:10])}.",
                remedy="Say from which number on it is there: --cut N." if ordered else "Name one with --positive.",
                code="usage",
            )
        present = {label: (yes,) if label == yes else () for label in present}
        notes = [*notes, f"{yes} is told from all other labels."]
        return Vocabulary(ORDERED if ordered else CLASSES, (yes,), tuple(names), present, left_out, notes)
    if ordered:
        first, last = names[0], names[-1]
        notes = [*notes, f"The labels {first} to {last} have an order. --cut N makes a yes-or-no question of them."]
    return Vocabulary(ORDERED if ordered else CLASSES, tuple(names), tuple(names), present, left_out, notes)


def _cut(names: list[str], cut: float, unsure: tuple[str, ...], name: str | None, notes: list[str]) -> Vocabulary:
    if not all(label.isdigit() for label in names):
        words = next(label for label in names if not label.isdigit())
        raise InputError(
            f"--cut needs labels that are whole numbers, and {words} is none.", remedy="Leave --cut out.", code="usage"
        )
    finding = name or f"{cut:g} or more"
    present = {label: (finding,) if float(label) >= cut else () for label in names} | dict.fromkeys(unsure, ())
    if len({present[label] for label in names}) == 1:
        raise InputError(
            f"All labels lie on one side of {cut:g}; they go from {names[0]} to {names[-1]}.",
            remedy="Choose another --cut.",
            code="usage",
        )
    told = f"{cut:g} or more means that {name or 'the finding'} is there."
    return Vocabulary(ORDERED, (finding,), tuple(names), present, unsure, [*notes, told])


def count_labels(readings: Sequence[tuple[str, ...]]) -> Counter[str]:
    """How often each label occurs in readings, the most frequent spelling of each first."""
    return Counter(label for labels in readings for label in labels)
