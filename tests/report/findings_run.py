"""A run folder of images with several findings, put together from its pieces: a ridge takes the place of training."""

from pathlib import Path

import numpy as np
from scipy.special import expit, logit

from wetread.dataset.duplicates import find_duplicates
from wetread.dataset.findings import choose_findings, label_matrix
from wetread.dataset.groups import assign_groups, assign_patients
from wetread.dataset.reading import read_images, rows_with_pictures
from wetread.dataset.scan import scan
from wetread.dataset.split import cross_validation
from wetread.evaluation.finding_numbers import numbers_of_findings, prevalence_predictions
from wetread.evaluation.finding_predictions import FindingPredictions
from wetread.explanation.cases import choose_cases
from wetread.explanation.gallery import explain_cases
from wetread.metrics.operating_point import youden_threshold
from wetread.model.features import classical_features
from wetread.probes.finding_probes import run_finding_probes
from wetread.probes.learners import ridge_scores
from wetread.report.html import write_page
from wetread.report.thumbnails import write_thumbnails
from wetread.run_folder import FINISHED, RunFolder, versions


class Looker:
    """As much of a classifier as occlusion asks for."""

    finest = 128
    backbone, parts = None, ()

    def __init__(self, classes, features, labels):
        self.classes, self._features, self._labels = classes, features, labels

    def margin(self, inputs, target):
        scores = ridge_scores(self._features, self._labels[:, [target]], classical_features(inputs.pictures))
        return 4 * scores[:, 0]


def build_run(
    data: Path, out: Path, *, cases: int = 4, minimum: int = 10, resamples: int = 200, probes=None
) -> RunFolder:
    """Everything a run writes that its page needs; returns its folder."""
    table = scan(data)
    view, reason = read_images(table)
    assign_patients(table)
    rows = rows_with_pictures(table)
    assign_groups(rows, find_duplicates(rows))
    findings, aside = choose_findings(table, rows, minimum)
    labels = label_matrix(rows, findings)
    folds = cross_validation(rows, findings, folds=5, repeats=1, seed=0, labels=labels)
    features = classical_features([row.picture for row in rows]).astype(np.float64)
    share = np.nanmean(labels, axis=0)
    filled = np.where(np.isfinite(labels), labels, share)
    p, cuts = np.zeros(labels.shape), np.zeros(labels.shape)
    for fold in folds:
        p[fold.test] = ridge_scores(features[fold.train], filled[fold.train], features[fold.test])
        inside = ridge_scores(features[fold.train], filled[fold.train], features[fold.train])
        inside = expit(logit(share) + 4 * (inside - share))
        for column in range(len(findings)):
            known = np.isfinite(labels[fold.train, column])
            cuts[fold.test, column] = youden_threshold(labels[fold.train, column][known] == 1, inside[known, column])
    p = expit(logit(share) + 4 * (p - share))
    selected = FindingPredictions(
        tuple(findings),
        [row.image for row in rows],
        [row.patient for row in rows],
        [row.group for row in rows],
        [row.split for row in rows],
        [str(row.folds[0]) for row in rows],
        labels.astype(np.float64),
        p,
        cuts,
    )
    options = {} if probes is None else {"probes": probes}
    told = run_finding_probes(rows, labels, folds, **options)
    made = {"prevalence": prevalence_predictions(selected, share)}
    for name, one in told.items():
        made[name] = selected.with_probabilities(one.probabilities)
    made |= {"classical": selected, "selected": selected}
    numbers = numbers_of_findings(
        made,
        table=table,
        estimate="cross-validation",
        trained_on=len(rows),
        gate="amber",
        rule="youden",
        thresholds=np.median(cuts, axis=0).tolist(),
        chosen={"classical": 5},
        shipped="classical",
        seconds={name: one.seconds for name, one in told.items()} | {"classical": 2.5, "selected": 2.5},
        sees={name: one.looks_at for name, one in told.items()},
        by_repeat=[p],
        set_aside=aside,
        resamples=resamples,
    )
    folder = RunFolder.create(out)
    chosen = choose_cases(selected, cases, 0)
    looker = {"classical": Looker(tuple(findings), features, filled)}
    index, files = explain_cases([(case, rows[case.number].picture, looker, "classical") for case in chosen], selected)
    for name, content in files.items():
        folder.write_bytes(f"heatmaps/{name}", content)
    folder.write_json("heatmaps/index.json", index)
    folder.write_text("images.csv", table.to_csv())
    folder.write_json("findings.json", [])
    folder.write_json("numbers.json", numbers)
    folder.write_text("predictions.csv", selected.to_csv())
    facts = {"notes": table.notes, "grouping": table.grouping, "ledger": table.ledger(), "multi": True}
    folder.write_status(
        FINISHED,
        **facts,
        command=["wetread", "run", data.name],
        data=data.name,
        seed=0,
        preset="quick",
        error=None,
        fingerprint="0" * 64,
        view={"values": str(view), "frame": view.frame, "reason": reason},
        device="cpu",
        versions=versions(),
    )
    write_thumbnails(folder, table)
    write_page(folder)
    folder.close()
    return folder
