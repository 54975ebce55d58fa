"""The verb `readers`: how readers compare with each other, with a truth, and with a model."""

from __future__ import annotations

import time
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from wetread.errors import InputError
from wetread.outcome import counted
from wetread.progress import Listener, StepFinished, StepStarted, silent
from wetread.request import as_path
from wetread.run_folder import RunFolder
from wetread.writing import check_place, make_folder, remove_folder

if TYPE_CHECKING:
    from wetread.readers.protocol import Ties
    from wetread.readers.results import Study

#: What an earlier `readers` leaves, and a later one replaces.
RESULTS = "readers.json"


def compare_readers(
    table: str | Path,
    *,
    model: str | Path | None = None,
    truth: str | None = None,
    people: str | Path | None = None,
    columns: Sequence[str] | None = None,
    label_column: str | None = None,
    positive: str | None = None,
    cut: float | None = None,
    ties: str = "leave out",
    out: str | Path | None = None,
    anonymous: bool = False,
    resamples: int = 10_000,
    seed: int = 0,
    listen: Listener = silent,
) -> dict[str, Any]:
    """Compares readers with each other, with the truth where it is known, and with a model on the same images.

    Args:
        table: One column per reader, or one row per reading; CSV, TSV or a workbook.
        model: A run folder; its held-out predictions at their stored threshold are compared.
        truth: The column that holds the truth, where that is not known by its name.
        people: A second table with the columns reader and experience.
        columns: The columns of the readers, where they are not found by themselves.
        label_column: Of a table with one row per reading, the column that holds the labels.
        positive: Of two labels, the one that means that the finding is there.
        cut: Of labels that are ordered numbers, from which on the finding is there.
        ties: What a tie of an even number of readers is: leave out, absent or present.
        out: Where the results go; by default ``<table>-readers`` here.
        anonymous: Call the readers R1, R2 ...
        resamples: How often patients are drawn for the F1s.
        seed: Of the draws.
        listen: Is told about progress.

    Returns:
        The contents of readers.json, and ``folder`` and ``report``: where everything lies.

    Raises:
        InputError: The table, the run or an option cannot be used.
        OutputError: The results cannot be written.
    """
    from wetread.readers.results import analyse
    from wetread.report.readers_page import write_readers_page

    settled = _check(ties, resamples)
    path = Path(table)
    folder = RunFolder(check_place(Path(out) if out else Path(f"{path.stem}-readers"), RESULTS))
    started = time.monotonic()
    listen(StepStarted("readings", "Reading the table"))
    study, experience = _read(
        path, as_path(model), truth, as_path(people), columns, label_column, positive, cut, anonymous
    )
    n = len(study.readings.images)
    listen(
        StepFinished(
            "readings",
            time.monotonic() - started,
            f"{counted(len(study.readings.readers), 'reader')}, {counted(n, 'image')}",
        )
    )
    started = time.monotonic()
    listen(StepStarted("comparison", "Comparing, drawing patients"))
    found = analyse(study, experience, ties=settled, resamples=resamples, seed=seed)
    listen(StepFinished("comparison", time.monotonic() - started, f"{resamples} resamples of patients"))
    make_folder(folder.path)
    _write(folder, study, found)
    page = write_readers_page(folder)
    return {**found, "folder": str(folder.path), "report": str(page)}


def _check(ties: str, resamples: int) -> Ties:
    known: dict[str, Ties] = {"leave out": "leave out", "absent": "absent", "present": "present"}
    if ties not in known:
        raise InputError(
            f"{ties} is no way to settle a tie.", remedy="Choose 'leave out', absent or present.", code="usage"
        )
    if not 100 <= resamples <= 1_000_000:
        raise InputError(f"{resamples} resamples are not possible.", remedy="Choose 100 to 1000000.", code="usage")
    return known[ties]


def _read(
    path: Path,
    model: Path | None,
    truth: str | None,
    people: Path | None,
    columns: Sequence[str] | None,
    label: str | None,
    positive: str | None,
    cut: float | None,
    anonymous: bool,
) -> tuple[Study, dict[str, str]]:
    from wetread.readers.held_out import match, read_held_out
    from wetread.readers.people import read_people
    from wetread.readers.results import make_study
    from wetread.readers.table import read_readings

    held_out = read_held_out(model) if model else None
    single = held_out is not None and not held_out.several
    readings = read_readings(
        path,
        truth=truth,
        label=label,
        columns=columns,
        positive=positive,
        cut=cut,
        known=held_out.classes if held_out and single else (),
        finding=held_out.positive if held_out else None,
        anonymous=anonymous,
    )
    experience = dict(readings.experience)
    if people is not None:
        told = read_people(people)
        experience |= {readings.written[name]: what for name, what in told.items() if name in readings.written}
        strangers = [name for name in told if name not in readings.written]
        if strangers and len(strangers) == len(told):
            raise InputError(
                f"None of the readers in {people.name} is in {path.name}.",
                remedy="Write their names as in the table of readings.",
                file=people,
                code="other-readers",
            )
    matched = match(held_out, readings.images, readings.findings) if held_out else None
    return make_study(readings, matched), experience


def _write(folder: RunFolder, study: Study, found: dict[str, Any]) -> None:
    from wetread.readers.imrmc import as_input_file, as_table
    from wetread.readers.results import agreement_csv, export_imrmc, f1_csv, truth_csv

    for name in ("readers.csv", "truth.csv", "imrmc.csv", "imrmc.imrmc"):  # of an earlier call, with other options
        (folder.path / name).unlink(missing_ok=True)
    remove_folder(folder.path / "imrmc")
    folder.write_json(RESULTS, found)
    folder.write_text("agreement.csv", agreement_csv(found))
    if found["protocols"]:
        folder.write_text("readers.csv", f1_csv(found))
    if found["truth"]:
        folder.write_text("truth.csv", truth_csv(found))
    exported = export_imrmc(study)
    for number, (finding, rows) in enumerate(exported.items(), start=1):
        # Numbered, since the name of a finding may be no name of a file.
        name = "imrmc" if len(exported) == 1 else f"imrmc/{number:02d}"
        folder.write_text(f"{name}.csv", as_table(rows))
        folder.write_text(f"{name}.imrmc", as_input_file(rows, f"wetread readers: {finding}"))
