"""Everything that is said of a reader study: the contents of readers.json, and the same as tables."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from wetread.dataset.table import quote_formula
from wetread.errors import InputError
from wetread.outcome import DISCLAIMER
from wetread.readers import protocol
from wetread.readers.agreement import agreement_of_findings, agreement_of_labels
from wetread.readers.held_out import Matched
from wetread.readers.imrmc import Row, imrmc_rows
from wetread.readers.people import make_strata
from wetread.readers.protocol import Comparisons, Scores, Ties
from wetread.readers.resample import drop_lone_intervals, percentiles
from wetread.readers.strata import average_and_difference, by_experience, times
from wetread.readers.table import Readings
from wetread.readers.truth import against_truth
from wetread.readers.words import SOURCES, VERDICTS, method_of, warnings_of
from wetread.shapes import Floats

#: The columns beside the findings, where there are several: all their images pooled, and the mean of their F1s.
POOLED, MEAN = "all findings pooled", "mean of the findings"

PROTOCOLS = {
    "paper": "Each against each (the paper)",
    "majority": "Against the majority of the others (the project page)",
}

#: Resamples of everything but the F1s.
RESAMPLES = 2000


@dataclass(frozen=True)
class Study:
    """Readings and model on the same images.

    Attributes:
        readings: On those images only.
        model: ``image finding``: 1, 0; None without a model.
        model_scores: ``image finding``; None without a model.
        groups: The patient of each image.
        patients_from: the table, the run or nobody.
        facts: Of the model, for readers.json; None without one.
    """

    readings: Readings
    model: Floats | None
    model_scores: Floats | None
    groups: list[str]
    patients_from: str
    facts: dict[str, Any] | None


def make_study(readings: Readings, matched: Matched | None) -> Study:
    """Keeps the images that somebody read and, with a model, that it predicted, and the readers who read any of them.

    Raises:
        InputError: There is nobody to compare with.
    """
    kept = readings.read.any(axis=0)
    if matched is not None:
        kept &= np.isfinite(matched.marks).any(axis=1)
        if not kept.any():
            raise InputError(
                "No image that somebody read has a held-out prediction.",
                remedy="Readers and model must see the same images.",
                code="other-images",
            )
    if (readings.read.any(axis=1).sum() < 2) and matched is None and readings.truth is None:
        raise InputError(
            "One reader alone cannot be compared with anybody.",
            remedy="Add a second reader, the truth (--truth COLUMN) or a model (--model RUN).",
            code="one-reader",
        )
    numbers = np.flatnonzero(kept).tolist()
    took_part = np.asarray(readings.read[:, kept].any(axis=1))
    absent = [name for name, there in zip(readings.readers, took_part, strict=True) if not there]
    known, said_by = list(readings.patients), "the table" if readings.patients_known else "nobody"
    if matched is not None and not readings.patients_known:
        known = [group or patient for group, patient in zip(matched.groups, known, strict=True)]
        said_by = "the run" if matched.patients_known else "nobody"
    chosen = replace(
        readings,
        images=[readings.images[n] for n in numbers],
        patients=[readings.patients[n] for n in numbers],
        readers=[name for name in readings.readers if name not in absent],
        marks=readings.marks[took_part][:, kept],
        levels=readings.levels[took_part][:, kept],
        scores=None if readings.scores is None else readings.scores[took_part][:, kept],
        seconds=None if readings.seconds is None else readings.seconds[took_part][:, kept],
        truth=None if readings.truth is None else readings.truth[kept],
        notes=readings.notes + [f"{name} read none of the images compared, and was set aside." for name in absent],
    )
    groups = [known[n] for n in numbers]
    if matched is None:
        return Study(chosen, None, None, groups, said_by, None)
    return Study(chosen, matched.marks[kept], matched.scores[kept], groups, said_by, matched.facts)


def analyse(
    study: Study,
    experience: Mapping[str, str],
    *,
    ties: Ties = "leave out",
    resamples: int = protocol.RESAMPLES,
    others: int = RESAMPLES,
    seed: int = 0,
) -> dict[str, Any]:
    """Computes everything.

    Args:
        study: From `make_study`.
        experience: Reader -> what is known of him or her.
        ties: What a tie among an even number of readers is.
        resamples: Of patients, for the F1s.
        others: Of patients, for everything else.
        seed: Of all draws.

    Returns:
        The contents of readers.json.
    """
    readings, groups = study.readings, study.groups
    names, findings, options = readings.readers, readings.findings, {"resamples": others, "seed": seed}
    strata = make_strata(names, experience)
    columns = [*findings, POOLED, MEAN] if len(findings) > 1 else list(findings)
    protocols: dict[str, Any] = {}
    layers: list[dict[str, Any]] = []
    if len(names) > 1:
        pooled = _pooled(study)
        paper = _score(study, protocol.paper_comparisons(readings.marks, study.model), resamples, seed, pooled)
        major = _score(study, protocol.majority_comparisons(readings.marks, study.model, ties), resamples, seed, pooled)
        protocols = {
            "paper": _tell(study, paper, "paper", columns),
            "majority": _tell(study, major, "majority", columns) | {"rule": ties},
        }
        row = None if study.model is None else len(names)
        layers = by_experience(strata, names, columns, paper, readings.marks, groups, model_row=row, **options)
    found: dict[str, Any] = {
        "table": readings.name,
        "layout": readings.layout,
        "kind": readings.vocabulary.kind,
        "findings": list(findings),
        "columns": columns,
        "shown": POOLED if len(findings) > 1 else findings[0],
        "n": _counts(study),
        "patients_from": study.patients_from,
        "readers": _tell_readers(study, experience),
        "model": study.facts,
        "protocols": protocols,
        "truth": _against_truth(study, options),
        "agreement": agreement_of_findings(names, findings, readings.marks, study.model, groups, **options),
        "labels": agreement_of_labels(names, readings.vocabulary, readings.levels, groups, **options),
        "strata": layers,
        "times": times(names, readings.seconds, strata),
        "left_out": list(readings.vocabulary.left_out),
        "notes": readings.notes,
        "problems": [{"line": one.line, "what": one.what} for one in readings.problems],
    }
    drop_lone_intervals(found, found["n"]["patients"])
    found["warnings"] = warnings_of(found)
    found["method"] = method_of(found, resamples, others, seed)
    return found | {"sources": list(SOURCES), "seed": seed, "use": DISCLAIMER}


def _pooled(study: Study) -> list[int]:
    """The findings that are pooled: with a model, those that it knows."""
    every = range(len(study.readings.findings))
    if study.facts is None:
        return list(every)
    return [number for number in every if study.readings.findings[number] in study.facts["findings"]]


def _score(study: Study, compared: Comparisons, resamples: int, seed: int, pooled: Sequence[int]) -> Scores:
    return protocol.score(compared, study.groups, resamples=resamples, seed=seed, pooled=pooled)


def _tell(study: Study, scores: Scores, name: str, columns: Sequence[str]) -> dict[str, Any]:
    names, findings = study.readings.readers, study.readings.findings
    return {
        "title": PROTOCOLS[name],
        "columns": {column: _tell_column(study, scores, number) for number, column in enumerate(columns)},
        "undefined": dict(zip(findings, scores.undefined.tolist(), strict=True)),
        "undefined_draws": round(scores.undefined_draws, 6),
        "ties": dict(zip(findings, scores.ties.tolist(), strict=True)),
        "readers": len(names),
    }


def _tell_column(study: Study, scores: Scores, column: int) -> dict[str, Any]:
    """One table as in the paper: readers, their average, the model, the difference."""
    names, patients = study.readings.readers, len(set(study.groups))
    everybody = [*names, *(["model"] if study.model is not None else [])]
    rows = []
    for number, name in enumerate(everybody):
        interval = percentiles(float(scores.values[number, column]), scores.draws[:, number, column], patients)
        f1 = None if interval is None else _rounded(interval.as_dict())
        rows.append({"name": name, "kind": "model" if number == len(names) else "reader", "f1": f1})
    model_row = len(names) if study.model is not None else None
    told: dict[str, Any] = {"rows": rows}
    told |= average_and_difference(scores, range(len(names)), model_row, column, patients)
    if len(scores.values) > len(everybody):
        alone = range(len(everybody), len(scores.values))
        told["without_model"] = average_and_difference(scores, alone, model_row, column, patients)
    return told


def _rounded(interval: dict[str, Any]) -> dict[str, Any]:
    return {name: round(value, 6) if isinstance(value, float) else value for name, value in interval.items()}


def _counts(study: Study) -> dict[str, Any]:
    read = study.readings.read
    return {
        "images": read.shape[1],
        "patients": len(set(study.groups)),
        "readers": read.shape[0],
        "readings": int(read.sum()),
        "missing": int((~read).sum()),
        "read_by_all": int(read.all(axis=0).sum()),
        "problems": len(study.readings.problems),
    }


def _tell_readers(study: Study, experience: Mapping[str, str]) -> list[dict[str, Any]]:
    readings = study.readings
    called = np.nansum(readings.marks, axis=1)
    return [
        {
            "name": name,
            "experience": experience.get(name, ""),
            "read": int(readings.read[number].sum()),
            "missing": int((~readings.read[number]).sum()),
            "called": dict(zip(readings.findings, called[number].astype(int).tolist(), strict=True)),
        }
        for number, name in enumerate(readings.readers)
    ]


def _against_truth(study: Study, options: dict[str, int]) -> dict[str, Any]:
    readings = study.readings
    if readings.truth is None:
        return {}
    found = {}
    for number, finding in enumerate(readings.findings):
        known = study.facts is not None and finding in study.facts["findings"]
        found[finding] = against_truth(
            readings.readers,
            readings.truth[:, number],
            readings.marks[:, :, number],
            readings.scores,
            study.model[:, number] if study.model is not None and known else None,
            study.model_scores[:, number] if study.model_scores is not None and known else None,
            study.groups,
            **options,
        )
    return found


def export_imrmc(study: Study) -> dict[str, list[Row]]:
    """Finding -> rows for iMRMC, of the findings of which both sides of the truth are known."""
    readings, found = study.readings, {}
    if readings.truth is None:
        return {}
    for number, finding in enumerate(readings.findings):
        truth = readings.truth[:, number]
        if {0.0, 1.0} <= set(truth[np.isfinite(truth)].tolist()):
            scores = None if study.model_scores is None else study.model_scores[:, number]
            marks = readings.marks[:, :, number]
            found[finding] = imrmc_rows(readings.readers, readings.images, truth, marks, readings.scores, scores)
    return found


def f1_csv(found: dict[str, Any]) -> str:
    """The tables of both protocols: protocol, finding, row, kind, f1, low, high, significant."""
    rows: list[list[Any]] = []
    for name, told in found["protocols"].items():
        for column, one in told["columns"].items():
            rows += [[name, column, row["name"], row["kind"], *_cells(row["f1"]), ""] for row in one["rows"]]
            rows += [[name, column, "average of the readers", "average", *_cells(one.get("average")), ""]]
            rows += _difference_row(name, column, "model minus average", one)
            plain = one.get("without_model", {})
            if plain:
                title = "average, readers as the only references"
                rows += [[name, column, title, "average", *_cells(plain.get("average")), ""]]
                rows += _difference_row(name, column, "model minus that", plain)
    return _csv(("protocol", "finding", "row", "kind", "f1", "low", "high", "significant"), rows)


def _difference_row(name: str, column: str, title: str, told: dict[str, Any]) -> list[list[Any]]:
    gap = told.get("difference")
    if gap is None:
        return []
    verdict = {True: "yes", False: "no", None: VERDICTS[None]}[gap["significant"]]
    return [[name, column, title, "difference", *_cells(gap), verdict]]


def agreement_csv(found: dict[str, Any]) -> str:
    """All numbers of agreement: finding, measure, a, b, n, value, low, high; a and b are blank for all readers."""
    rows: list[list[Any]] = []
    tables = {**found["agreement"], **({"all labels": found["labels"]} if found["labels"] else {})}
    for finding, told in tables.items():
        for pair in told["pairs"]:
            for measure in ("kappa", "pabak"):
                if measure in pair:
                    rows.append([finding, measure, pair["a"], pair["b"], pair["n"], *_cells(pair[measure])])
        for measure in ("fleiss", "alpha", "alpha_ordinal", "alpha_quadratic", "pabak"):
            if measure in told:
                rows.append([finding, measure, "", "", told["read_by_all"], *_cells(told[measure])])
    return _csv(("finding", "measure", "a", "b", "n", "value", "low", "high"), rows)


def truth_csv(found: dict[str, Any]) -> str:
    """Numbers against the truth: finding, row, measure, value, low, high."""
    rows: list[list[Any]] = []
    for finding, told in found["truth"].items():
        for row in [*told.get("rows", []), {"name": "average of the readers", **told.get("average", {})}]:
            for measure in ("sensitivity", "specificity", "auroc"):
                if measure in row:
                    rows.append([finding, row["name"], measure, *_cells(row[measure])])
                if measure in row.get("minus", {}):
                    rows.append([finding, row["name"], f"model minus this, {measure}", *_cells(row["minus"][measure])])
    return _csv(("finding", "row", "measure", "value", "low", "high"), rows)


def _cells(one: dict[str, Any] | None) -> list[Any]:
    return ["not defined", "", ""] if not one else [one["value"], one.get("low", ""), one.get("high", "")]


def _csv(columns: Sequence[str], rows: Iterable[Sequence[Any]]) -> str:
    buffer = io.StringIO()
    writer = csv.writer(buffer, lineterminator="\n")
    writer.writerow(columns)
    writer.writerows([quote_formula(cell) if isinstance(cell, str) else cell for cell in row] for row in rows)
    return buffer.getvalue()
