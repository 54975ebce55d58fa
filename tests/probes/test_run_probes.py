"""All probes together: out of fold, quick, repeatable, and right about phantoms."""

import numpy as np
import pytest
from dataset.rows import facts, row
from fake.effort import least_seconds

from wetread.checks.finding import Audit
from wetread.checks.run_checks import run_checks
from wetread.dataset.duplicates import find_duplicates
from wetread.dataset.groups import assign_groups, assign_patients
from wetread.dataset.reading import read_images, rows_with_pictures
from wetread.dataset.scan import scan
from wetread.dataset.split import Fold, cross_validation, encode, locked_test
from wetread.phantoms.dataset import make_chest_effusion
from wetread.phantoms.knobs import ChestKnobs
from wetread.probes import run_probes as module
from wetread.probes.file_properties import FILE_PROPERTIES
from wetread.probes.header import HEADER
from wetread.probes.markers import MARKERS
from wetread.probes.probe import Features, Probe
from wetread.probes.run_probes import PROBES, run_probes

ALWAYS = {probe.name for probe in PROBES} - {"header fields", "source"}


def noise_rows(images, side=64):
    rng = np.random.default_rng(0)
    return [
        row(
            f"{n}",
            "ab"[n % 2],
            group=f"G{n // 4}" if n % 4 < 2 else f"H{n // 4}",
            picture=rng.integers(0, 256, (side, side)).astype(np.uint8),
            facts=facts(bytes=int(rng.integers(1000, 2000))),
        )
        for n in range(images)
    ]


def folds_of(rows, repeats=1):
    return cross_validation(rows, ["a", "b"], folds=3, repeats=repeats, seed=0), encode(rows, ["a", "b"])[0]


def test_every_row_is_tested_once_and_the_same_data_give_the_same_answer():
    rows = noise_rows(28)
    folds, labels = folds_of(rows, repeats=2)
    told, again = (run_probes(rows, labels, 2, folds) for _ in range(2))
    assert set(told) == ALWAYS
    for name, result in told.items():
        assert result.tested.tolist() == list(range(28))
        assert [one.image for one in result.rows] == [one.image for one in rows]
        assert result.probabilities.sum(axis=1) == pytest.approx(np.ones(28))
        assert np.array_equal(result.probabilities, again[name].probabilities)


def test_nothing_is_predicted_by_a_model_that_was_fitted_on_it():
    # The feature names the row, and the labels are random: only a leak could predict them.
    rows = noise_rows(80)
    probe = Probe("names", "names", lambda sight: Features(tuple(map(str, range(80))), np.eye(80)), at_most=0)
    folds, labels = folds_of(rows)
    told = run_probes(rows, labels, 2, folds, probes=[probe])["names"]
    for fold in folds:
        # Every unseen name looks alike.
        assert np.ptp(told.probabilities[fold.test, 1]) < 1e-9


def test_with_a_locked_test_set_only_that_is_tested():
    rows = noise_rows(28)
    folds = locked_test(rows, ["a", "b"], seed=0)
    labels, _ = encode(rows, ["a", "b"])
    told = run_probes(rows, labels, 2, folds)
    assert all(np.array_equal(result.tested, folds[0].test) for result in told.values())


def test_of_a_large_set_a_sample_of_groups_is_looked_at():
    rows = noise_rows(200)
    probe = Probe(
        "some", "some", lambda sight: Features(("one",), np.arange(len(sight.rows))[:, None] * 1.0), at_most=50
    )
    folds, labels = folds_of(rows)
    told = run_probes(rows, labels, 2, folds, probes=[probe])["some"]
    assert len(told.tested) == 50
    assert np.all(np.diff(told.tested) > 0)
    assert [one.image for one in told.rows] == [rows[n].image for n in told.tested]
    assert np.array_equal(told.labels, labels[told.tested])
    groups = [one.group for one in rows]
    cut = [
        name
        for name in {one.group for one in told.rows}
        if [one.group for one in told.rows].count(name) < groups.count(name)
    ]
    assert len(cut) <= 1  # the last one that was drawn


def test_a_fold_that_lost_a_class_in_the_sample_gets_the_prevalence():
    rows = noise_rows(8)
    labels = np.array([0, 1] * 4)
    fold = Fold(1, 1, np.array([0, 2, 4]), np.array([1, 3]))
    told = run_probes(rows, labels, 2, [fold], probes=[module.BORDERS])["borders"]
    assert told.probabilities.tolist() == [[0.5, 0.5]] * 2


def test_a_thousand_pictures_take_seconds():
    def spent(pictures):
        rows = noise_rows(pictures)
        folds, labels = folds_of(rows)
        return least_seconds(lambda: run_probes(rows, labels, 2, folds), enough=0, times=2)

    few, many = spent(50), spent(200)
    assert many < 3 * few  # most of it is done once, however many pictures there are
    assert many < 30  # about 1.3 s on a quiet machine


#: What these sets are asked about: shortcuts, and a table that contradicts headers. All are small, which is no news.
SEEN = ("WR30", "WR107")


def audited(folder, asked=PROBES):
    table = scan(folder)
    read_images(table)
    assign_patients(table)
    rows = rows_with_pictures(table)
    pairs = find_duplicates(rows)
    assign_groups(rows, pairs)
    classes = sorted({one.label for one in rows})
    folds = cross_validation(rows, classes, folds=5, repeats=1, seed=0)
    labels, _ = encode(rows, classes)
    probes = run_probes(rows, labels, len(classes), folds, probes=asked)
    positive = 1 if len(classes) == 2 else None
    audit = Audit(table, rows, classes, pairs, "cross-validation", [], [], folds, positive, probes)
    return {finding.code: finding for finding in run_checks(audit) if finding.code.startswith(SEEN)}


@pytest.mark.parametrize(
    ("knobs", "size", "asked", "codes"),
    [
        ({}, 64, PROBES, set()),
        # A trap is found by its own probe; what the others say of it is not asked here.
        ({"scanner_mix": 1.0}, 64, (FILE_PROPERTIES, HEADER), {"WR302"}),
        ({"shortcut_strength": 1.0}, 224, (FILE_PROPERTIES, MARKERS), {"WR308"}),
    ],
    ids=["honest", "scanner", "shortcut"],
)
def test_phantoms_are_silent_when_honest_and_their_traps_are_found(tmp_path, knobs, size, asked, codes):
    make_chest_effusion(tmp_path, images=40, patients=36, seed=3, size=size, knobs=ChestKnobs(**knobs))
    found = audited(tmp_path, asked)
    grave = {code for code, finding in found.items() if finding.severity != "info"}
    assert codes <= grave
    assert knobs or not grave
    for code in codes:
        assert found[code].severity == "red"
        assert found[code].images
