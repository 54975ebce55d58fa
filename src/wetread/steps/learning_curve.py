"""How many more cases? The learning curve of a finished run."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from wetread.errors import Stopped
from wetread.outcome import counted
from wetread.progress import Listener, StepFinished, StepStarted, silent
from wetread.run_folder import RunFolder

if TYPE_CHECKING:
    from wetread.learning_curve.curve import LearningCurve


def draw_learning_curve(
    run: str | Path,
    *,
    draws: int = 20,
    sizes: Sequence[int] | None = None,
    out: str | Path | None = None,
    listen: Listener = silent,
) -> LearningCurve:
    """Forecasts what up to twice the cases would bring, from refits of the linear head on fewer of them.

    Writes learning_curve.json and learning_curve.html. An interrupted call goes on where it stopped.

    Args:
        run: A finished run folder, whose pictures must still be in the cache.
        draws: Training sets of each size, 5 to 500.
        sizes: Of the training sets, in patients (or cases, where patients are not known); by default six.
        out: Where the files go; by default the run folder.
        listen: Is told about progress.

    Returns:
        The verdict in one sentence, and all numbers.

    Raises:
        InputError: There is no finished run, its pictures are no longer in the cache, or sizes and draws make no curve.
        OutputError: The files cannot be written.
        Stopped: The user interrupted; finished draws are kept.
    """
    from wetread.learning_curve.cases import cases_of
    from wetread.learning_curve.curve import check_draws, check_sizes, learn_curve
    from wetread.learning_curve.refits import STEP
    from wetread.report.learning_curve_part import write_learning_curve
    from wetread.writing import remove_folder

    check_draws(draws)
    folder = RunFolder.open(Path(run))
    place = RunFolder(Path(out)) if out is not None else folder
    kept = place.path / "learning_curve"
    try:
        listen(StepStarted("features", "Measuring the pictures"))
        started = time.perf_counter()
        cases = cases_of(folder, lambda found: check_sizes(found, sizes))
        listen(
            StepFinished(
                "features", time.perf_counter() - started, f"{counted(len(cases.labels), 'image')}, {cases.sees}"
            )
        )
        listen(StepStarted(STEP, "Training on fewer cases", 1 + draws))
        started = time.perf_counter()
        found = learn_curve(cases, draws=draws, sizes=sizes, listen=listen, folder=kept)
        listen(StepFinished(STEP, time.perf_counter() - started, found.verdict.short))
    except KeyboardInterrupt:
        raise Stopped(
            "Stopped. Finished draws are kept.", remedy="The same command goes on from there.", file=place.path
        ) from None
    place.write_json("learning_curve.json", found.content)
    page = write_learning_curve(folder, found.content, place)
    remove_folder(kept)
    return replace(found, page=page)
