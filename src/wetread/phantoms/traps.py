"""A folder of small files that image readers get wrong, and a table of what a right reader makes of each.

The expected grey values come from the formulas of the standard, worked out one pixel at a time; no reader had a part
in them. Headers that look like a patient's are invented.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Callable
from pathlib import Path

from wetread.phantoms.traps_file import Trap
from wetread.writing import atomic_write

COLUMNS = ("file", "trap", "right_reader", "rejection", "pixels")
README = """Small files that image readers get wrong.

All content is SYNTHETIC; names and numbers in headers are invented.

Made by wetread.phantoms.traps.make_traps, seed {seed}

traps.csv  file, trap, what a right reader does, rejection (code of the refusal, or empty),
           pixels (row,column=grey or row,column=red/green/blue as displayed, 0 black to 255 white, counted from 0)
"""


def make_traps(folder: Path, *, seed: int = 2026, progress: Callable[[int, int], None] | None = None) -> Path:
    """Writes the trap pack.

    Args:
        folder: Where the files, ``traps.csv`` and ``README.txt`` go.
        seed: Identifiers follow from it; the same seed gives the same bytes.
        progress: Called with (files done, files in all).

    Returns:
        The path of ``traps.csv``.

    Raises:
        OutputError: The folder cannot be written.
    """
    traps = list_traps(seed)
    for at, trap in enumerate(traps):
        atomic_write(folder / trap.file, trap.content)
        if progress is not None:
            progress(at + 1, len(traps))
    atomic_write(folder / "README.txt", README.format(seed=seed))
    table = io.StringIO()
    writer = csv.DictWriter(table, COLUMNS, lineterminator="\n")
    writer.writeheader()
    writer.writerows(
        {
            "file": trap.file,
            "trap": trap.trap,
            "right_reader": trap.right_reader,
            "rejection": trap.rejection,
            "pixels": trap.pixels_text,
        }
        for trap in traps
    )
    return atomic_write(folder / "traps.csv", table.getvalue())


def list_traps(seed: int) -> list[Trap]:
    """All traps with their contents, in the order of the table."""
    from wetread.phantoms.traps_colour import colour_traps
    from wetread.phantoms.traps_encoding import encoding_traps
    from wetread.phantoms.traps_grey import grey_traps
    from wetread.phantoms.traps_header import header_traps
    from wetread.phantoms.traps_picture import picture_traps

    return [*grey_traps(seed), *colour_traps(seed), *header_traps(seed), *encoding_traps(seed), *picture_traps()]
