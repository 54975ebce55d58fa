"""Which part of a split that came with the data is tested."""

from __future__ import annotations

from collections.abc import Iterable

from wetread.dataset.table import Row


def held_out_part(rows: Iterable[Row]) -> str:
    """``test``, or ``tune`` where there is no test part; empty where there is neither.

    As `wetread.dataset.split.settle_given_split` does it: a validation part beside a test part is learnt from, together
    with the training part and with rows that stand in no part. Checks of data that are not divided come before it.
    """
    given = {row.given_split for row in rows}
    return next((part for part in ("test", "tune") if part in given), "")
