"""What a data set from elsewhere calls things -> what the model calls them; the rest is set aside and counted."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from wetread.errors import InputError
from wetread.outcome import counted
from wetread.shapes import Floats

if TYPE_CHECKING:
    from wetread.dataset.table import Row, Table
    from wetread.model.classifier import Classifier

#: Names listed in a message.
LISTED = 20


@dataclass(frozen=True)
class Matched:
    """Rows to test on.

    Attributes:
        rows: With labels in the model's words.
        present: The model's classes or findings that occur, in the model's order.
        positive: The positive class of two.
        labels: ``row finding`` of 1, 0 and NaN in the model's order; None where each image has one class.
        set_aside: Class or finding that the model does not know -> images.
        missing: The model's classes or findings that do not occur.
        renamed: Name here -> name of the model, where they differ.
    """

    rows: list[Row]
    present: list[str]
    positive: str | None
    labels: Floats | None = None
    set_aside: dict[str, int] = field(default_factory=dict)
    missing: tuple[str, ...] = ()
    renamed: dict[str, str] = field(default_factory=dict)

    def without_skipped(self) -> Matched:
        """The same without rows that were skipped since, and without classes that are gone with them."""
        used = [number for number, row in enumerate(self.rows) if row.status == "used"]
        rows = [self.rows[number] for number in used]
        if self.labels is not None:
            return replace(self, rows=rows, labels=self.labels[used])
        left = {row.label for row in rows}
        gone = tuple(name for name in self.present if name not in left)
        present = [name for name in self.present if name in left]
        return replace(self, rows=rows, present=present, missing=self.missing + gone)


def match_labels(table: Table, rows: Sequence[Row], classifier: Classifier, names: Mapping[str, str]) -> Matched:
    """Gives rows the labels that the model uses; rows of other classes are skipped.

    Names match where they differ in case and spaces only, hyphens and underscores included; anything else must be said.

    Args:
        table: Of these rows; gets notes.
        rows: Labelled rows with pictures; changed in place.
        classifier: The model.
        names: Name in the data set -> name of the model.

    Raises:
        InputError: Nothing matches, a name is unknown, or the model answers another kind of question.
    """
    several = classifier.task == "multilabel"
    if several != table.multi:
        raise _other_question(classifier, table)
    here = sorted({name for row in rows for name in (*row.names, *row.unknown)})
    if several:
        from wetread.dataset.table import NO_FINDING

        here = [name for name in here if name != NO_FINDING]
    translate = _translate(here, classifier.classes, names)
    counts = Counter(name for row in rows for name in row.names if name in here)
    unknown = {name: counts[name] for name in here if name not in translate}
    known = [name for name in classifier.classes if name in translate.values()]
    missing = tuple(name for name in classifier.classes if name not in known)
    renamed = {name: ours for name, ours in translate.items() if name != ours}
    if not known or (not several and len(known) < 2 and unknown):
        raise _nothing_matches(classifier, here, counts, known, table)
    _note(table, unknown, missing, renamed, several=several)
    if several:
        labels = _finding_labels(rows, classifier.classes, translate)
        return Matched(list(rows), known, None, labels, unknown, missing, renamed)
    kept = []
    for row in rows:
        if row.label in translate:
            row.label = translate[row.label]
            kept.append(row)
        else:
            row.skip("its class is not one that the model knows")
    return Matched(kept, known, classifier.positive, None, unknown, missing, renamed)


def _fold(name: str) -> str:
    from wetread.dataset.label_names import fold_name

    return fold_name(name.replace("_", " ").replace("-", " "))


def _translate(here: Sequence[str], ours: Sequence[str], names: Mapping[str, str]) -> dict[str, str]:
    by_fold = {_fold(name): name for name in ours}
    found = {name: name if name in ours else by_fold.get(_fold(name), "") for name in here}
    for asked, answer in names.items():
        # Several spellings of one name, each a class of its own, are all meant, unless one is written just so.
        theirs = [asked] if asked in here else [name for name in here if _fold(name) == _fold(asked)]
        known = answer if answer in ours else by_fold.get(_fold(answer), "")
        if not theirs:
            raise _no_such_name(f'There is no "{asked}" in the data set; there are: ', here[:LISTED])
        if not known:
            raise _no_such_name(f'The model does not know "{answer}"; it knows: ', ours)
        found |= dict.fromkeys(theirs, known)
    return {name: known for name, known in found.items() if known}


def _no_such_name(told: str, names: Sequence[str]) -> InputError:
    return InputError(
        f"{told}{', '.join(names)}.",
        remedy='Write --map "NAME IN THE DATA=NAME OF THE MODEL".',
        code="unknown-class",
    )


def _finding_labels(rows: Sequence[Row], ours: Sequence[str], translate: Mapping[str, str]) -> Floats:
    """``row finding``: 1, 0, and NaN where the set does not say."""
    import numpy as np

    labels = np.full((len(rows), len(ours)), np.nan)
    for column, name in enumerate(ours):
        theirs = {other for other, known in translate.items() if known == name}
        if not theirs:
            continue
        for number, row in enumerate(rows):
            if theirs & set(row.findings):
                labels[number, column] = 1.0
            elif not theirs & set(row.unknown):
                labels[number, column] = 0.0
    return labels


def _note(
    table: Table, unknown: Mapping[str, int], missing: Sequence[str], renamed: Mapping[str, str], *, several: bool
) -> None:
    if renamed:
        told = ", ".join(f"{name} as {ours}" for name, ours in renamed.items())
        table.notes.append(f"Read in the model's words: {told}.")
    if unknown and several:
        table.notes.append(f"The model does not look for: {', '.join(unknown)}.")
    elif unknown:
        told = ", ".join(f"{name} ({count})" for name, count in unknown.items())
        table.notes.append(f"Set aside, since the model knows no such class: {told}.")
    if missing:
        what = "findings" if several else "classes"
        table.notes.append(f"Of the model's {what} not in this data set: {', '.join(missing)}.")


def _nothing_matches(
    classifier: Classifier, here: Sequence[str], counts: Mapping[str, int], known: Sequence[str], table: Table
) -> InputError:
    kind = "findings" if classifier.task == "multilabel" else "classes"
    theirs = ", ".join(f"{name} ({counted(counts[name], 'image')})" for name in list(here)[:LISTED])
    only = f" Only {known[0]} matches." if known else " None matches."
    unmatched = next((name for name in here if _fold(name) not in {_fold(one) for one in known}), here[0])
    wanted = next((name for name in classifier.classes if name not in known), classifier.classes[0])
    return InputError(
        f"The {kind} do not match. The model knows: {', '.join(classifier.classes)}. The data set has: {theirs}.{only}",
        remedy=f'Say which is which, for instance: --map "{unmatched}={wanted}".',
        file=table.root,
        code="unknown-class",
    )


def _other_question(classifier: Classifier, table: Table) -> InputError:
    if classifier.task == "multilabel":
        return InputError(
            f"The model looks for findings of which an image can have several ({', '.join(classifier.classes)}); in "
            "the data set each image has one class.",
            remedy="Give a table with a column for each finding, or with several names in one cell.",
            file=table.root,
            code="other-question",
        )
    return InputError(
        f"An image of the data set can have several findings ({', '.join(table.findings[:LISTED])}); the model tells "
        f"{' from '.join(classifier.classes)}.",
        remedy='Ask for the finding that the model knows: --finding "NAME".',
        file=table.root,
        code="other-question",
    )
