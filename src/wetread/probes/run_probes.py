"""Every probe, out of fold, by the folds of the run."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from wetread.dataset.split import Fold
from wetread.dataset.table import Row
from wetread.probes.borders import BORDERS
from wetread.probes.corners import CORNERS
from wetread.probes.file_properties import FILE_PROPERTIES
from wetread.probes.header import HEADER
from wetread.probes.learners import forest, ridge
from wetread.probes.low_information import BLUR, HISTOGRAM
from wetread.probes.markers import MARKERS
from wetread.probes.masked_centre import MASKED_CENTRE
from wetread.probes.probe import Features, Probe, ProbeResult, Sight
from wetread.probes.source import SOURCE
from wetread.shapes import Floats, Ints

PROBES: tuple[Probe, ...] = (
    FILE_PROPERTIES,
    HEADER,
    BORDERS,
    CORNERS,
    MASKED_CENTRE,
    HISTOGRAM,
    BLUR,
    SOURCE,
    MARKERS,
)


def run_probes(
    rows: list[Row],
    labels: Ints,
    classes: int,
    folds: Sequence[Fold],
    *,
    probes: Sequence[Probe] = PROBES,
    seed: int = 0,
) -> dict[str, ProbeResult]:
    """Predicts labels out of fold from each thing that should not tell them.

    Args:
        rows: Rows that have been read.
        labels: Class number per row.
        classes: How many classes there are.
        folds: As for every other model; of repeated divisions only the first is used, since these are baselines. With
            them stand the model's predictions of that division alone, not the average over all.
        probes: What to look at.
        seed: Of the sample of groups that is drawn from a large set.

    Returns:
        By name of the probe, those that apply. ``file properties`` is always there.
    """
    results = {}
    for look in each_look(rows, folds, probes, seed):
        probe, chosen, features = look.probe, look.chosen, look.features
        tested, probabilities = _predict(probe, features, labels[chosen], classes, look.folds)
        if not len(tested):
            continue
        results[probe.name] = ProbeResult(
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


@dataclass(frozen=True)
class Look:
    """What a probe sees.

    Attributes:
        probe: Which.
        chosen: Numbers of the rows that it looks at, ascending.
        features: Of these rows.
        folds: Training and test part of each fold, in places of the chosen rows.
        started: When it began to look, in seconds of `time.perf_counter`.
    """

    probe: Probe
    chosen: Ints
    features: Features
    folds: list[tuple[Ints, Ints]]
    started: float


def each_look(rows: list[Row], folds: Sequence[Fold], probes: Sequence[Probe], seed: int) -> Iterator[Look]:
    """What each probe sees, of those that apply; of a large set a sample of groups, the same for all that want as many.

    Args:
        rows: Rows that have been read.
        folds: Of repeated divisions only the first is used.
        probes: What to look at.
        seed: Of the samples.
    """
    first = [fold for fold in folds if fold.repeat == 1]
    samples: dict[int, tuple[Ints, Sight]] = {}
    for probe in probes:
        started = time.perf_counter()
        size = probe.at_most if 0 < probe.at_most < len(rows) else len(rows)
        if size not in samples:
            chosen = sample_rows(rows, size, seed)
            samples[size] = chosen, Sight([rows[number] for number in chosen])
        chosen, sight = samples[size]
        features = probe.features(sight)
        if features is not None:
            yield Look(probe, chosen, features, _within(first, chosen), started)


def sample_rows(rows: list[Row], size: int, seed: int) -> Ints:
    """Numbers of that many rows, ascending: groups in random order, of the last one only as many as are still missing.

    A cut group does no harm: the folds, which keep groups whole, are those of the run.
    """
    if size >= len(rows):
        return np.arange(len(rows))
    _, group = np.unique([row.group or row.image for row in rows], return_inverse=True)
    place = np.random.default_rng(seed).permutation(int(group.max()) + 1)[group]
    order = np.argsort(place, kind="stable")
    return np.sort(order[:size])


def _within(folds: Sequence[Fold], chosen: Ints) -> list[tuple[Ints, Ints]]:
    """Training and test part of each fold, in places of the sample."""
    return [(np.flatnonzero(np.isin(chosen, fold.train)), np.flatnonzero(np.isin(chosen, fold.test))) for fold in folds]


def _predict(
    probe: Probe, features: Features, labels: Ints, classes: int, folds: list[tuple[Ints, Ints]]
) -> tuple[Ints, Floats]:
    """Places that were tested, ascending, and ``image class`` probabilities for them."""
    tested = np.unique(np.concatenate([test for _, test in folds])) if folds else np.zeros(0, dtype=np.int64)
    table = features.values
    share = np.bincount(labels, minlength=classes) / max(len(labels), 1)
    probabilities = np.tile(share, (len(tested), 1))
    if table.shape[1] == 0:  # nothing differs, so nothing can be learnt: everybody gets the prevalence
        return tested, probabilities
    fit = forest if probe.mixed else ridge
    for train, test in folds:
        if len(test) and len(np.unique(labels[train])) > 1:
            probabilities[np.searchsorted(tested, test)] = fit(table[train], labels[train], classes, table[test])
    return tested, probabilities
