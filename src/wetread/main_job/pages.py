"""What a run hands over: explained cases, the model folder, the report."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from wetread.main_job.fitting import Trained
from wetread.main_job.preparation import Prepared
from wetread.main_job.session import step
from wetread.main_job.trust_gate import write_trust
from wetread.outcome import counted
from wetread.progress import Listener, StepAdvanced
from wetread.run_folder import RUNNING, RunFolder

if TYPE_CHECKING:
    from wetread.dataset.table import Table
    from wetread.evaluation.finding_predictions import FindingPredictions
    from wetread.evaluation.predictions import Predictions


def explain(
    prepared: Prepared,
    trained: Trained,
    predictions: Predictions | FindingPredictions,
    folder: RunFolder,
    tell: Listener,
) -> None:
    """Makes the heatmaps of the worst errors and of random cases."""
    from wetread.explanation.cases import choose_cases
    from wetread.explanation.gallery import explain_cases

    cases = choose_cases(predictions, prepared.plan.cases, prepared.plan.seed)
    with step(tell, "explain", "Explaining cases", len(cases)) as done:
        number_of = {row.image: number for number, row in enumerate(prepared.rows)}
        explained = []
        for case in cases:
            row = number_of[predictions.images[case.number]]
            result = next(one for one in trained.results if one.fold.repeat == 1 and row in one.fold.test)
            explained.append((case, trained.data.pictures[row], result.classifiers, result.chosen))
        index, files = explain_cases(
            explained, predictions, lambda count: tell(StepAdvanced("explain", count, len(cases)))
        )
        for name, content in files.items():
            folder.write_bytes(f"heatmaps/{name}", content)
        folder.write_json("heatmaps/index.json", index)
        maps = sum(len(one["maps"]) for one in index["cases"])
        done(f"{counted(len(cases), 'case')}, {counted(maps, 'map')}")


def save_model(prepared: Prepared, trained: Trained, numbers: dict[str, Any], folder: RunFolder) -> None:
    """Writes the model folder, which tells what is known of the model."""
    from wetread.dataset.fingerprints import FILE, known_pixels, pack_fingerprints, take_fingerprints
    from wetread.images.view import View
    from wetread.main_job.external_drop import numbers_to_keep
    from wetread.model.classifier import with_facts
    from wetread.outcome import headline
    from wetread.run_folder import versions

    facts = {
        "tested": headline(numbers),
        "gate": prepared.gate,
        "trained_on": {"images": len(trained.development), "classes": list(prepared.plan.classes)},
        "grouping": prepared.table.grouping,
        "seed": prepared.plan.seed,
        "versions": versions(),
        "known_pixels": known_pixels(prepared.rows[number] for number in trained.development),
        "numbers": numbers_to_keep(numbers),
        "limits": "Knows only these classes; "
        + ("refuses pictures unlike its own, as far as that was tried" if trained.final.refusal else "refuses none")
        + ". Not tested elsewhere.",
    }
    plan = prepared.plan
    view = View.parse(plan.view, frame=plan.frame)
    classifier = replace(with_facts(trained.final, facts), view=view, working_side=plan.working_side)
    classifier.save(folder.path / "model")
    folder.write_bytes(FILE, pack_fingerprints(take_fingerprints(prepared.rows)))


def write_check_report(table: Table, verdict: str, folder: RunFolder, tell: Listener) -> None:
    """Writes thumbnails and the page of a check."""
    from wetread.report.html import write_check_page
    from wetread.report.thumbnails import write_thumbnails

    with step(tell, "report", "Writing the page") as done:
        write_thumbnails(folder, table)
        write_check_page(folder, verdict)
        done(str(folder.report))


def write_run_report(folder: RunFolder, table: Table, tell: Listener) -> None:
    """Writes thumbnails, history, the page, and what a paper needs."""
    from wetread.paper.kit import write_paper
    from wetread.report.html import write_page
    from wetread.report.thumbnails import write_thumbnails

    with step(tell, "report", "Writing the report") as done:
        write_thumbnails(folder, table)
        folder.write_history()
        write_trust(folder)
        folder.write_status(RUNNING)  # the page tells the seconds of the steps before it
        write_page(folder)
        write_paper(folder)
        done(str(folder.report))
