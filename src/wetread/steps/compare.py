"""`compare`: several runs on the same cases."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from wetread.errors import InputError
from wetread.outcome import counted
from wetread.run_folder import RunFolder, versions

if TYPE_CHECKING:
    from wetread.evaluation.tested_cases import Shared, Tested

#: Where a comparison goes when nothing else is asked for.
OUT = Path("wetread-compare")


def compare(
    runs: Sequence[str | Path],
    *,
    out: str | Path | None = None,
    shared: bool = False,
    margin: float = 0.01,
    resamples: int = 2000,
    seed: int = 0,
) -> dict[str, Any]:
    """Compares runs on the same test cases, pair by pair, and writes compare.json and compare.html.

    Args:
        runs: Run folders, or folders of external tests; two or more.
        out: Where the two files go; by default ``wetread-compare``. An earlier comparison there is replaced.
        shared: Where the runs were tested on different cases, compare them on those that they share.
        margin: How much better is worth speaking of, in AUROC and shares.
        resamples: Bootstrap resamples of patients.
        seed: Of the resamples.

    Returns:
        Contents of compare.json, and ``page``, the page to read.

    Raises:
        InputError: The runs answer different questions, or were tested on different cases and `shared` is not set.
        OutputError: The files cannot be written.

    Example:
        >>> wetread.compare(["run-a", "run-b"])["pairs"][0]["verdict"]  # doctest: +SKIP
        'run-b is better by 0.03 AUROC (0.01 to 0.05)'
    """
    from wetread.evaluation.comparison import compare_all, order_by_auroc
    from wetread.evaluation.fold_differences import fold_difference
    from wetread.evaluation.tested_cases import find_shared, read_tested
    from wetread.outcome import DISCLAIMER
    from wetread.report.compare_page import write_compare_page
    from wetread.writing import check_place, make_folder

    _check(runs, margin, resamples)
    folders = [RunFolder.open(Path(run)) for run in runs]
    tested = [read_tested(folder, name) for folder, name in zip(folders, _names(folders), strict=True)]
    cases = find_shared(tested)
    _refuse_different(tested, cases, shared)
    found = compare_all(
        {run.name: run.predictions for run in cases.runs}, margin=margin, resamples=resamples, seed=seed
    )
    if cases.all_the_same:
        by_name = {run.name: run for run in tested}
        for pair in found["pairs"]:
            pair["folds"] = fold_difference(by_name[pair["first"]], by_name[pair["second"]])
    first = tested[0].numbers
    comparison = {
        "task": first["task"],
        "classes": first["classes"],
        "positive": first["positive"],
        "title": _shared_title(folders),
        "runs": [_describe(run, cases) for run in tested],
        "cases": {**found.pop("n"), "same": cases.all_the_same, "relabelled": cases.relabelled},
        "order": order_by_auroc(found["models"]),
        **found,
        "resamples": resamples,
        "seed": seed,
        "notes": _notes(tested, cases),
        "versions": versions(),
        "use": DISCLAIMER,
    }
    folder = RunFolder(make_folder(check_place(Path(out) if out is not None else OUT, "compare.json")))
    folder.write_json("compare.json", comparison)
    return {**comparison, "page": str(write_compare_page(folder))}


def _check(runs: Sequence[str | Path], margin: float, resamples: int) -> None:
    if isinstance(runs, str | Path) or len(runs) < 2:
        raise InputError("A comparison needs at least two runs.", remedy="Give two or more run folders.", code="usage")
    if len({Path(run).resolve() for run in runs}) < len(runs):
        raise InputError("A run is named twice.", remedy="Give each run folder once.", code="usage")
    if not 0 <= margin < 1:
        raise InputError(f"The margin {margin} is out of range.", remedy="Choose 0 to 1, such as 0.01.", code="usage")
    if not 100 <= resamples <= 100_000:
        raise InputError(f"{resamples} resamples are out of range.", remedy="Choose 100 to 100000.", code="usage")


def _shared_title(folders: Sequence[RunFolder]) -> str:
    """The title that all runs were given; empty where they have none, or several."""
    titles = {str(folder.read_json("run.json").get("title") or "") for folder in folders}
    return titles.pop() if len(titles) == 1 else ""


def _names(folders: Sequence[RunFolder]) -> list[str]:
    """The name of each folder; with that of the folder above where two are called alike, and a number if need be."""
    names = [folder.path.resolve().name for folder in folders]
    if len(set(names)) < len(names):
        names = [f"{folder.path.resolve().parent.name}/{folder.path.resolve().name}" for folder in folders]
    if len(set(names)) < len(names):
        names = [f"{name} ({number})" for number, name in enumerate(names, start=1)]
    return names


def _refuse_different(tested: Sequence[Tested], cases: Shared, shared: bool) -> None:
    """Numbers from different cases are not ranked; on shared ones only where that was asked for."""
    left = len(cases.runs[0].keys)
    relabelled = f", and {cases.relabelled} more under different labels" if cases.relabelled else ""
    told = f"{'; '.join(f'{run.name} on {len(run.keys)}' for run in tested)}; {left} are the same{relabelled}"
    if not cases.all_the_same and not shared:
        remedy = "Use --shared to compare them on the cases they share" if left else "Test them on the same images"
        raise InputError(
            f"The runs were tested on different cases, so their numbers cannot be ranked: {told}.",
            remedy=f"{remedy}, for instance with wetread evaluate.",
            code="different-cases",
        )
    if not _can_compare(cases):
        raise InputError(
            f"The cases that the runs share are of one class only, or there are none: {told}.",
            remedy="Test the runs on the same images, for instance with wetread evaluate.",
            code="different-cases",
        )


def _can_compare(cases: Shared) -> bool:
    from wetread.evaluation.finding_predictions import FindingPredictions
    from wetread.evaluation.findings import testable

    predictions = cases.runs[0].predictions
    if isinstance(predictions, FindingPredictions):
        return bool(testable(predictions))
    return len(set(predictions.truth.tolist())) > 1


def _describe(run: Tested, cases: Shared) -> dict[str, Any]:
    from wetread.outcome import headline

    return {
        "name": run.name,
        "estimate": run.numbers["estimate"],
        "gate": run.numbers["gate"],
        "own_number": headline(run.numbers),
        "tested": len(run.keys),
        "left_out": cases.left_out[run.name],
    }


def _notes(tested: Sequence[Tested], cases: Shared) -> list[str]:
    notes = []
    if not cases.all_the_same:
        left = ", ".join(f"{name} {count}" for name, count in cases.left_out.items() if count)
        notes.append(f"Compared on the {counted(len(cases.runs[0].keys), 'shared case')} only. Left out: {left}.")
    if cases.relabelled:
        stand = counted(cases.relabelled, "image stands", "images stand")
        are = "is" if cases.relabelled == 1 else "are"
        notes.append(f"{stand} under different labels in the runs, and {are} left out.")
    kinds = {run.numbers["estimate"] for run in tested}
    if len(kinds) > 1:
        told = ", ".join(f"{run.name}: {run.numbers['estimate']}" for run in tested)
        notes.append(f"The runs were tested in different ways ({told}), which is part of the difference.")
    for run in tested:
        if run.numbers["gate"] == "red":
            notes.append(f"The gate of {run.name} is red: its numbers may come from the data rather than the disease.")
    if not all(cases.runs[0].predictions.patients):
        notes.append("Patients are not known, so each image (or picture with its copies) counts as one.")
    return notes
