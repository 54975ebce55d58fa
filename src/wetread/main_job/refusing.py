"""The stage that fits the refusal of the shipped model, and measures it on pictures that it was not fitted on."""

from __future__ import annotations

import csv
import io
from typing import TYPE_CHECKING, Any

import numpy as np

from wetread.main_job.fitting import Trained
from wetread.main_job.preparation import Prepared
from wetread.main_job.session import step
from wetread.metrics.intervals import wilson_by_patient
from wetread.outcome import say_percent
from wetread.progress import Listener, Notice
from wetread.run_folder import RunFolder
from wetread.shapes import Bools, Ints

if TYPE_CHECKING:
    from wetread.dataset.split import Fold
    from wetread.model.refusal import Answer, Refusal
    from wetread.training.refusal_probes import Copies

#: Pictures of the run in a pack of changed ones, and generated pictures in the other packs, at most.
PACK = 40
GENERATED = 20
COLUMNS = ("row", "image", "status", "score", "reason", "note")


#: Why nothing is refused. A refusal that was tried on no picture is not handed over: nobody could say how often it
#: refuses what it should take.
UNTRIED = (
    "The model cannot refuse: no fold leaves {fewest} {whom} to learn from, so no new picture could be tried on a "
    "refusal. Learning what to refuse takes a few more than {fewest} {whom}."
)


def fit_refusal(prepared: Prepared, trained: Trained, folder: RunFolder, tell: Listener) -> Refusal | None:
    """Fits the refusal; writes refusal.json and refusal.csv, or neither where there are too few patients.

    Each tested image is judged by a refusal that was fitted on the training rows of its fold (first repeat), so the
    rate of own pictures refused is one on new patients. Images of folds that leave too few patients are not judged.

    Returns:
        What goes into the model folder; None where there are too few patients, in all or in every fold.
    """
    from wetread.training.refusal_probes import make_copies, probes_see
    from wetread.training.refusing import FEWEST_PATIENTS

    # Where patients are not known every image is taken as one of its own.
    whom = "images" if prepared.table.grouping == "none" else "patients"
    sees = "frozen" if trained.final.backbone is not None else "classical"
    with step(tell, "refuse", "Learning what to refuse") as done:
        copies = make_copies(trained.data.inputs, probes_see(trained.final.backbone), prepared.plan.seed)
        final = _fit(prepared, trained, copies, sees, trained.development)
        if final is None:
            why = f"fewer than {FEWEST_PATIENTS} {whom}: too few to say how new ones look"
            done(why)
            return None
        folds = [result.fold for result in trained.results if result.fold.repeat == 1]
        tried = ((fold, _judge_of(fold, final, prepared, trained, copies, sees)) for fold in folds)
        judges = [(fold, judge) for fold, judge in tried if judge is not None]
        if not judges:
            why = UNTRIED.format(fewest=FEWEST_PATIENTS, whom=whom)
            tell(Notice(why))
            done(f"fewer than {FEWEST_PATIENTS} {whom} in every training part: nothing could be tried")
            return None
        answers: dict[int, Answer] = {}
        for fold, judge in judges:
            headers = [prepared.rows[row].facts for row in fold.test]
            found = judge.answers(trained.data.inputs.take(fold.test), headers)
            answers |= dict(zip(fold.test.tolist(), found, strict=True))
        final.quantiles, sets, finding_sets = _sets(prepared, trained)
        rates = _rates(answers, prepared.groups)
        packs = _try_packs(*judges[0], copies, trained, prepared)
        final.facts |= {"own": rates, "packs": packs}
        measured = {"own": rates, "packs": packs, "sets": sets, "finding_sets": finding_sets}
        folder.write_json("refusal.json", {**final.described(), **measured})
        folder.write_text("refusal.csv", _to_csv(prepared, answers))
        done(_summary(rates, packs))
    return final


def read_statuses(folder: RunFolder) -> dict[str, str]:
    """Image -> in, edge or out, of the tested images; empty where nothing was fitted."""
    return {row["image"]: row["status"] for row in folder.read_table("refusal.csv") if row.get("status")}


def _fit(prepared: Prepared, trained: Trained, copies: Copies, sees: str, rows: Ints) -> Refusal | None:
    from wetread.training.refusing import fit_refusal_on

    return fit_refusal_on(
        trained.data.inputs,
        rows,
        prepared.groups,
        copies,
        sees,
        prepared.plan.seed,
        headers=[row.facts for row in prepared.rows],
        mirrored=prepared.plan.laterality == "free",
    )


def _judge_of(
    fold: Fold, final: Refusal, prepared: Prepared, trained: Trained, copies: Copies, sees: str
) -> Refusal | None:
    """The refusal that may judge the test rows of a fold: that of the model where it was fitted on the same rows."""
    if np.array_equal(np.sort(fold.train), np.sort(trained.development)):
        return final
    return _fit(prepared, trained, copies, sees, fold.train)


def _rates(answers: dict[int, Answer], groups: Ints) -> dict[str, Any]:
    """How many of the judged images are out (refused) and on the edge, each with its Wilson interval over patients."""
    statuses = np.array([answer.status for answer in answers.values()])
    whose = groups[np.array(list(answers))]
    return {
        "refused": round(float((statuses == "out").mean()), 6),
        "n": len(statuses),
        "out": _share(statuses == "out", whose),
        "edge": _share(statuses == "edge", whose),
    }


def _share(hits: Bools, groups: Ints) -> dict[str, Any]:
    """A share of images with its interval; images of one patient count for what they are worth together."""
    found = wilson_by_patient(hits, groups)
    assert found is not None
    numbers = {key: round(value, 6) if isinstance(value, float) else value for key, value in found.as_dict().items()}
    return numbers | {"count": int(hits.sum())}


def _try_packs(
    fold: Fold, judge: Refusal, copies: Copies, trained: Trained, prepared: Prepared
) -> dict[str, dict[str, Any]]:
    """What becomes of pictures that should be refused: generated ones, and changed ones of patients not learnt from.

    Args:
        fold: Its test rows are those patients.
        judge: Was fitted on its training rows.
        copies: Changed copies of some pictures.
        trained: For the pictures and the backbone.
        prepared: Says whose each picture is.
    """
    from wetread.model.inputs import Inputs
    from wetread.training.refusal_packs import generated_packs

    backbone = trained.final.backbone
    packs = {name: Inputs(made, backbone) for name, made in generated_packs(GENERATED, prepared.plan.seed).items()}
    chosen = np.flatnonzero(np.isin(copies.rows, fold.test))[:PACK]
    if len(chosen):
        packs |= {name: one.take(chosen) for name, one in copies.inputs.items()}
    found = {}
    for name, inputs in packs.items():
        answers = judge.answers(inputs)
        # Each generated picture stands for itself; copies of several pictures of a patient stand together.
        whose = prepared.groups[copies.rows[chosen]] if name in copies.inputs else np.arange(len(answers))
        refused = _share(np.array([answer.status == "out" for answer in answers]), whose)
        noted = sum(bool(answer.note) for answer in answers)
        found[name] = {"refused": refused["value"], "n": len(answers), "interval": refused, "noted": noted}
    return found


def _sets(prepared: Prepared, trained: Trained) -> tuple[Any, list[dict[str, Any]], list[dict[str, Any]]]:
    """Quantiles from held-out probabilities of the first repeat, and what the sets made by them promise and do.

    The latter by class, or by finding; the other of the two lists is empty.
    """
    from wetread.evaluation.finding_sets import describe_finding_sets
    from wetread.training.pooling import pool
    from wetread.training.refusing import describe_sets, fit_sets

    plan, pooled = prepared.plan, pool(trained.results, "selected", prepared.plan)
    truth, table = prepared.labels[pooled.rows], pooled.by_repeat[0]
    quantiles, groups = fit_sets(truth, table, plan.task), prepared.groups[pooled.rows]
    fold_of = {int(row): one.fold.number for one in trained.results if one.fold.repeat == 1 for row in one.fold.test}
    folds = np.array([fold_of[int(row)] for row in pooled.rows])
    if plan.task == "multilabel":
        return quantiles, [], describe_finding_sets(truth, table, folds, groups, plan.classes)
    return quantiles, describe_sets(truth, table, folds, groups, plan.classes), []


def _to_csv(prepared: Prepared, answers: dict[int, Answer]) -> str:
    """Row number -> image, as the model names its nearest cases, and what became of the tested ones."""
    from wetread.dataset.table import quote_formula

    buffer = io.StringIO()
    writer = csv.writer(buffer, lineterminator="\n")
    writer.writerow(COLUMNS)
    for number, row in enumerate(prepared.rows):
        answer = answers.get(number)
        told = ("", "", "", "") if answer is None else (answer.status, answer.score, answer.reason, answer.note)
        writer.writerow([number, quote_formula(row.image), *told])
    return buffer.getvalue()


def _summary(rates: dict[str, Any], packs: dict[str, dict[str, Any]]) -> str:
    tried = {name: float(pack["refused"]) for name, pack in packs.items() if name != "mirrored"}
    least = min(tried, key=lambda name: tried[name])
    own, others = say_percent(rates["refused"]), say_percent(tried[least])
    return f"refuses {own} of its own kind, and {others} of {least} at least"
