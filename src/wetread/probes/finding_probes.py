"""The probes, asked about each of several findings at once: one small model per probe tells all of them.

An unknown label counts as the share of images with the finding: it pulls the model neither way. Which finding is given
away is then asked one by one, by `ProbeOfFindings.of_finding`.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from scipy.special import expit, logit

from wetread.dataset.split import Fold
from wetread.dataset.table import Row
from wetread.probes.learners import FOREST_ROWS, TREES, ridge_scores
from wetread.probes.probe import Features, Probe, ProbeResult
from wetread.probes.run_probes import PROBES, each_look
from wetread.shapes import Floats, Ints


@dataclass(frozen=True)
class ProbeOfFindings:
    """What a probe told of several findings, out of fold.

    Attributes:
        name: Of the probe.
        looks_at: As in `Probe`.
        tested: Numbers of the rows that were predicted, ascending.
        rows: These rows.
        truth: ``image finding`` of 1, 0 and NaN for them.
        probabilities: ``image finding`` for them.
        features: What was seen of them.
        seconds: For the whole probe.
    """

    name: str
    looks_at: str
    tested: Ints
    rows: list[Row]
    truth: Floats
    probabilities: Floats
    features: Features = field(repr=False)
    seconds: float = 0.0

    def of_finding(self, column: int) -> ProbeResult:
        """What it told of one finding, where its truth is known: class 0 is without it, class 1 with it."""
        known = np.flatnonzero(np.isfinite(self.truth[:, column]))
        p = self.probabilities[known, column]
        return ProbeResult(
            self.name,
            self.looks_at,
            self.tested[known],
            [self.rows[number] for number in known],
            self.truth[known, column].astype(np.int64),
            np.stack([1 - p, p], axis=1),
            Features(self.features.names, self.features.values[known]),
            self.seconds,
        )


def run_finding_probes(
    rows: list[Row],
    labels: Floats,
    folds: Sequence[Fold],
    *,
    probes: Sequence[Probe] = PROBES,
    seed: int = 0,
) -> dict[str, ProbeOfFindings]:
    """Predicts findings out of fold from each thing that should not tell them.

    Args:
        rows: Rows that have been read.
        labels: ``image finding`` of 1, 0 and NaN.
        folds: As for every other model; of repeated divisions only the first is used, since these are baselines.
        probes: What to look at.
        seed: Of the sample of groups that is drawn from a large set.

    Returns:
        By name of the probe, those that apply.
    """
    results = {}
    for look in each_look(rows, folds, probes, seed):
        probe, chosen, features = look.probe, look.chosen, look.features
        tested, probabilities = _predict(probe, features.values, labels[chosen], look.folds)
        if len(tested):
            results[probe.name] = ProbeOfFindings(
                probe.name,
                probe.looks_at,
                chosen[tested],
                [rows[number] for number in chosen[tested]],
                labels[chosen[tested]],
                probabilities,
                Features(features.names, features.values[tested]),
                time.perf_counter() - look.started,
            )
    return results


def _predict(probe: Probe, table: Floats, labels: Floats, folds: list[tuple[Ints, Ints]]) -> tuple[Ints, Floats]:
    """Places that were tested, ascending, and ``image finding`` probabilities for them."""
    tested = np.unique(np.concatenate([test for _, test in folds])) if folds else np.zeros(0, dtype=np.int64)
    probabilities = np.tile(_share(labels), (len(tested), 1))
    if table.shape[1] == 0:  # nothing differs, so nothing can be learnt: everybody gets the prevalence
        return tested, probabilities
    fit = _forest if probe.mixed else _ridge
    for train, test in folds:
        if len(train) and len(test):
            share = _share(labels[train])
            filled = np.where(np.isfinite(labels[train]), labels[train], share)
            probabilities[np.searchsorted(tested, test)] = fit(table[train], filled, table[test])
    return tested, probabilities


def _share(labels: Floats) -> Floats:
    """Of each finding the share of images that have it, of those where that is known; one half where it never is."""
    known = np.isfinite(labels)
    n = known.sum(axis=0)
    positive = np.where(known, labels, 0.0).sum(axis=0)
    return np.where(n > 0, positive / np.maximum(n, 1), 0.5)


def _ridge(table: Floats, labels: Floats, new: Floats) -> Floats:
    share = np.clip(labels.mean(axis=0), 1e-3, 1 - 1e-3)
    # As for classes: only the order within a finding counts; this keeps it and makes probabilities of it.
    probabilities: Floats = expit(logit(share) + 4 * (ridge_scores(table, labels, new) - labels.mean(axis=0)))
    return probabilities


def _forest(table: Floats, labels: Floats, new: Floats) -> Floats:
    # Imported here: scikit-learn costs half a second that --help need not pay.
    from sklearn.ensemble import RandomForestRegressor

    if len(table) > FOREST_ROWS:
        chosen = np.sort(np.random.default_rng(0).permutation(len(table))[:FOREST_ROWS])
        table, labels = table[chosen], labels[chosen]
    # Squared error of zeros and ones is the Gini impurity up to a factor, and takes the shares of unknown labels.
    model = RandomForestRegressor(TREES, min_samples_leaf=3, max_features="sqrt", random_state=0, n_jobs=1)
    predicted: Floats = np.asarray(model.fit(table, labels).predict(new)).reshape(len(new), -1)
    return np.clip(predicted, 0.0, 1.0)
