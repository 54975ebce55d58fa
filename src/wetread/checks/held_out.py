"""Which part of a split that came with the data is tested, and what a run did where it leaks."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from wetread.checks.finding import Audit
from wetread.dataset.table import USED, Row
from wetread.outcome import counted


def held_out_part(rows: Iterable[Row]) -> str:
    """``test``, or ``tune`` where there is no test part; empty where there is neither.

    As `wetread.dataset.split.settle_given_split` does it: a validation part beside a test part is learnt from, together
    with the training part and with rows that stand in no part. Checks of data that are not divided come before it.
    """
    given = {row.given_split for row in rows}
    return next((part for part in ("test", "tune") if part in given), "")


def is_torn(rows: Iterable[Row]) -> bool:
    """Whether the division that the number comes from has some of these rows on one side and some on the other."""
    return len({(row.split, row.folds) for row in rows if row.status == USED and row.split}) > 1


def say_mended(audit: Audit, belonging: Iterable[Sequence[Row]]) -> str:
    """What a run did about a given split that leaks, in a sentence; empty where the number suffers from it.

    Args:
        audit: Of the data set.
        belonging: Rows that a test must not tear apart, such as those of one patient.
    """
    if not audit.run or any(is_torn(rows) for rows in belonging):
        return ""
    if audit.leaking:
        were = "was" if len(audit.leaking) == 1 else "were"
        return (
            f"The number of this run does not suffer: {counted(len(audit.leaking), 'training image')} of tested "
            f"patients, or with copies of tested pictures, {were} set aside."
        )
    return (
        "The number of this run does not suffer: the split was not used, and wetread divided the images anew, with "
        "patients and copies kept together."
    )
