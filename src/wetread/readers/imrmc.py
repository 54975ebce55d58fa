"""Export for iMRMC, the software of the FDA for studies with several readers and several cases.

Both its readers of files are served: the R package takes a table with the columns readerID, caseID, modalityID and
score, in which readerID -1 gives the truth of a case; the program with a window takes the same rows below a line
``BEGIN DATA:`` and the four sizes of the study (user manual, 4.1.1 Study Raw Data; test-one-versus-many.imrmc shows
that a modality may have readers of its own). The model is a reader of a modality of its own: one against many.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

import numpy as np

from wetread.shapes import Floats

COLUMNS = ("readerID", "caseID", "modalityID", "score")
#: What marks a row of truth: its reader and its modality.
TRUTH_READER, TRUTH_MODALITY = "-1", "truth"
READERS, MODEL = "readers", "model"

Row = tuple[str, str, str, str]


def imrmc_rows(
    names: Sequence[str],
    images: Sequence[str],
    truth: Floats,
    marks: Floats,
    scores: Floats | None,
    model_scores: Floats | None,
) -> list[Row]:
    """The rows of a study of one finding.

    Args:
        names: Of the readers.
        images: Names of the cases.
        truth: ``image``: 1, 0, NaN not known; such a case is left out.
        marks: ``reader image``: 1, 0, NaN not read.
        scores: ``reader image``: confidences; used where every reading has one, else the marks are the scores.
        model_scores: ``image``: probabilities, or None.

    Returns:
        readerID, caseID, modalityID, score: first the truth of each case, then the readings.
    """
    cases, readers = _identifiers(images), _identifiers(names)
    known = np.flatnonzero(np.isfinite(truth)).tolist()
    read = np.isfinite(marks)
    complete = scores is not None and bool(np.isfinite(scores[read]).all())
    rated = scores if complete and scores is not None else marks
    rows: list[Row] = [(TRUTH_READER, cases[n], TRUTH_MODALITY, str(int(truth[n]))) for n in known]
    for number, reader in enumerate(readers):
        rows += [(reader, cases[n], READERS, _say(rated[number, n])) for n in known if read[number, n]]
    if model_scores is not None:
        there = [n for n in known if np.isfinite(model_scores[n])]
        rows += [(_free(MODEL, readers), cases[n], MODEL, _say(model_scores[n])) for n in there]
    return rows


def as_table(rows: Sequence[Row]) -> str:
    """The text of a CSV file for the R package."""
    return "\n".join(map(",".join, [COLUMNS, *rows])) + "\n"


def as_input_file(rows: Sequence[Row], title: str) -> str:
    """The text of a file for the program: title, sizes, ``BEGIN DATA:`` and the rows.

    Args:
        rows: From `imrmc_rows`.
        title: One line about the study.
    """
    truths = [row for row in rows if row[0] == TRUTH_READER]
    ill = sum(row[3] == "1" for row in truths)
    readings = [row for row in rows if row[0] != TRUTH_READER]
    readers, modalities = ({row[column] for row in readings} for column in (0, 2))
    sizes = [f"N0: {len(truths) - ill}", f"N1: {ill}", f"NR: {len(readers)}", f"NM: {len(modalities)}"]
    lines = [" ".join(title.split()), "", *sizes, "", "BEGIN DATA:", *map(",".join, rows)]
    return "\n".join(lines) + "\n"


def _identifiers(names: Sequence[str]) -> list[str]:
    """Names without what separates fields, each still different; none is -1, which means the truth."""
    found: list[str] = []
    for name in names:
        plain = re.sub(r"[\s,;\"'=+@]+", "_", name).strip("_") or "unnamed"
        found.append(_free("reader_-1" if plain == TRUTH_READER else plain, found))
    return found


def _free(name: str, taken: Sequence[str]) -> str:
    number, free = 2, name
    while free in taken:
        free, number = f"{name}_{number}", number + 1
    return free


def _say(value: float) -> str:
    return f"{value:.10g}"
