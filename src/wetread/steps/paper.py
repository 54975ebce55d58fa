"""The paper kit of a finished run."""

from __future__ import annotations

import time
from pathlib import Path

from wetread.progress import Listener, StepFinished, StepStarted, silent
from wetread.run_folder import RunFolder


def write_paper(run: str | Path, *, small_counts: bool = False, listen: Listener = silent) -> Path:
    """Writes what a manuscript needs of a run: methods, flow, tables, results and filled reporting checklists.

    Args:
        run: A finished run folder.
        small_counts: Show counts of one to four patients in Table 1, which are masked otherwise.
        listen: Is told about progress.

    Returns:
        The folder ``paper`` inside the run: paper.docx, paper.html, paper.md, flow.svg, flow.png and tables as CSV.

    Raises:
        InputError: It is no run folder, or no model was tested in it.
        OutputError: The kit cannot be written.
    """
    from wetread.paper.kit import write_paper as write_kit

    folder = RunFolder.open(Path(run))
    listen(StepStarted("paper", "Writing the paper kit", 0))
    started = time.perf_counter()
    path = write_kit(folder, small_counts=small_counts)
    listen(StepFinished("paper", time.perf_counter() - started, str(path)))
    return path
