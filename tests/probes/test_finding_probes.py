"""Probes of several findings: what is given away is told of the right finding, out of fold, whatever is unknown."""

import numpy as np
import pytest
from dataset.rows import facts, row

from wetread.dataset.split import Fold, group_folds
from wetread.dataset.table import Row
from wetread.probes.file_properties import FILE_PROPERTIES
from wetread.probes.finding_probes import run_finding_probes
from wetread.probes.low_information import HISTOGRAM


def study(n=160, seed=0, unknown=0.1) -> tuple[list[Row], np.ndarray, list[Fold]]:
    """The first finding shows in the size of the file, the second in nothing; the third is dark."""
    random = np.random.default_rng(seed)
    labels = (random.random((n, 3)) < 0.3).astype(np.float32)
    rows = [
        row(
            f"{i}.png",
            group=f"G{i}",
            facts=facts(bytes=1000 + 500 * int(labels[i, 0]) + int(random.integers(0, 200))),
            picture=random.integers(0, 200 - 90 * int(labels[i, 2]), (24, 24)).astype(np.uint8),
        )
        for i in range(n)
    ]
    labels[random.random(labels.shape) < unknown] = np.nan
    tests = group_folds(labels, np.arange(n), 5, 0)
    return rows, labels, [Fold(1, k, np.setdiff1d(np.arange(n), test), test) for k, test in enumerate(tests, start=1)]


@pytest.fixture(scope="module")
def told():
    """The study, seen by two probes once: rows, labels, and the results by name of the probe."""
    rows, labels, folds = study()
    return rows, labels, run_finding_probes(rows, labels, folds, probes=[FILE_PROPERTIES, HISTOGRAM])


@pytest.mark.parametrize(("probe", "column"), [(FILE_PROPERTIES, 0), (HISTOGRAM, 2)])
def test_the_finding_that_is_given_away_is_told_and_no_other(probe, column, told):
    _, labels, results = told
    result = results[probe.name]
    assert result.probabilities.shape == labels.shape
    assert result.probabilities.min() >= 0 and result.probabilities.max() <= 1
    areas = [result.of_finding(k).auroc(1).value for k in range(3)]
    assert areas[column] > 0.95
    assert all(0.3 < area < 0.7 for k, area in enumerate(areas) if k != column)


def test_one_finding_alone_has_only_images_of_which_it_is_known(told):
    rows, labels, results = told
    result = results["file properties"].of_finding(1)
    known = np.isfinite(labels[:, 1])
    assert [one.image for one in result.rows] == [rows[n].image for n in np.flatnonzero(known)]
    np.testing.assert_array_equal(result.labels, labels[known, 1])
    np.testing.assert_allclose(result.probabilities.sum(axis=1), 1)


def test_files_that_are_all_alike_tell_the_prevalence():
    rows, labels, folds = study()
    same = [row(one.image, group=one.group) for one in rows]
    result = run_finding_probes(same, labels, folds, probes=[FILE_PROPERTIES])["file properties"]
    np.testing.assert_allclose(result.probabilities, np.tile(np.nanmean(labels, axis=0), (len(rows), 1)), rtol=1e-6)
