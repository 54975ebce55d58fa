"""Small counts in a table can point at a person; they are masked, and so is what they could be worked out from.

A count from 1 to 4 becomes ``<5``, a limit that many statistical offices use. Where only one cell of a sum is masked it
could be found by subtraction, so a second one is hidden as well.
"""

from __future__ import annotations

from collections.abc import Sequence

#: Counts of at least 1 and below this are masked.
LIMIT = 5
#: What a masked count shows, and what a cell shows that was hidden to protect another.
FEW, HIDDEN = f"<{LIMIT}", "hidden"


def mask_counts(rows: Sequence[Sequence[int]], total: int | None = None, *, limit: int = LIMIT) -> list[list[str]]:
    """Masks a table of counts.

    Args:
        rows: One row per level (female, male, missing), one count per column. The rows of a column add up to a number
            that the reader knows.
        total: Number of the column that is the sum of the others, where there is one.
        limit: Counts from 1 to below this are masked; 0 masks nothing.

    Returns:
        The cells as text.
    """
    shown = [[not 0 < value < limit for value in row] for row in rows]
    while _hide_partners(rows, shown, total):
        pass
    return [
        [str(value) if seen else FEW if value < limit else HIDDEN for value, seen in zip(row, visible, strict=True)]
        for row, visible in zip(rows, shown, strict=True)
    ]


def _hide_partners(rows: Sequence[Sequence[int]], shown: list[list[bool]], total: int | None) -> bool:
    """Hides a second cell in every sum with exactly one hidden cell; returns whether anything changed."""
    lines = [[(level, column) for level in range(len(rows))] for column in range(len(rows[0]) if rows else 0)]
    if total is not None:
        lines += [[(level, column) for column in range(len(row))] for level, row in enumerate(rows)]
    changed = False
    for line in lines:
        hidden = [cell for cell in line if not shown[cell[0]][cell[1]]]
        others = [cell for cell in line if shown[cell[0]][cell[1]] and rows[cell[0]][cell[1]] > 0]
        if len(hidden) == 1 and others:
            level, column = min(others, key=lambda cell: rows[cell[0]][cell[1]])
            shown[level][column] = False
            changed = True
    return changed
