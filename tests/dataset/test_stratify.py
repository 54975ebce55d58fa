"""Folds of several findings: groups whole, every finding in proportion, a seed repeats them."""

import numpy as np
import pytest
from sklearn.model_selection import StratifiedGroupKFold

from dataset.test_findings import finding_row
from wetread.dataset.findings import label_matrix
from wetread.dataset.split import cross_validation, locked_test, settle_given_split
from wetread.dataset.stratify import class_folds, finding_folds, hold_out
from wetread.dataset.table import Table
from wetread.errors import InputError

SHARES = (0.03, 0.08, 0.15, 0.25, 0.40)


def study(seed, patients=200, unknown=0.0):
    """Patients with one to three images; a finding lasts in two images of three."""
    random = np.random.default_rng(seed)
    groups = np.repeat(np.arange(patients), random.integers(1, 4, patients))
    ill = random.random((patients, len(SHARES))) < SHARES
    for column, share in enumerate(SHARES):  # never fewer than the share says: the test is about folds
        ill[: round(share * patients), column] |= ill[:, column].sum() < share * patients
    labels = (ill[groups] & (random.random((len(groups), len(SHARES))) < 0.9)).astype(np.float32)
    labels[random.random(labels.shape) < unknown] = np.nan
    order = random.permutation(len(groups))
    return labels[order], groups[order]


@pytest.mark.parametrize("unknown", [0.0, 0.2])
@pytest.mark.parametrize("seed", range(6))
def test_folds_keep_groups_whole_and_the_share_of_every_finding(seed, unknown):
    labels, groups = study(seed, unknown=unknown)
    parts = finding_folds(labels, groups, 5, seed)
    assert sorted(np.concatenate(parts).tolist()) == list(range(len(labels)))
    assert sum(len(set(groups[part].tolist())) for part in parts) == len(set(groups.tolist()))
    overall = np.nanmean(labels, axis=0)
    for part in parts:
        assert abs(len(part) - len(labels) / 5) <= 0.05 * len(labels)
        assert (np.nansum(labels[part], axis=0) >= 1).all()
        # Within 2 points of 3 to 40 %; drawn by chance, folds of 80 images differ by 10.
        np.testing.assert_allclose(np.nanmean(labels[part], axis=0), overall, atol=0.035 if unknown else 0.025)


def test_a_finding_nearly_everybody_has_is_spread_by_its_absence():
    labels = np.ones((100, 2), dtype=np.float32)
    labels[:5, 0] = 0
    labels[::2, 1] = 0
    assert [int((labels[part, 0] == 0).sum()) for part in finding_folds(labels, np.arange(100), 5, 0)] == [1] * 5


def test_a_finding_with_fewer_groups_than_folds_is_in_as_many_as_it_can_be():
    labels = np.zeros((60, 2), dtype=np.float32)
    labels[:3, 0] = 1
    labels[::3, 1] = 1
    parts = finding_folds(labels, np.arange(60), 5, 0)
    assert sorted(int(labels[part, 0].sum()) for part in parts) == [0, 0, 1, 1, 1]


def test_a_seed_repeats_the_folds_and_another_changes_them():
    labels, groups = study(0)
    first, again, other = ([part.tolist() for part in finding_folds(labels, groups, 5, seed)] for seed in (1, 1, 2))
    assert first == again != other


def test_one_patient_cannot_be_divided_and_few_make_fewer_folds():
    with pytest.raises(InputError, match="one patient"):
        finding_folds(np.ones((4, 2)), np.zeros(4, dtype=int), 5, 0)
    assert len(finding_folds(np.ones((4, 2)), np.array([0, 0, 1, 2]), 5, 0)) == 3


@pytest.mark.parametrize("share", [0.05, 0.055, 0.13, 0.15, 0.35, 0.4, 0.5])
def test_the_share_that_is_held_out_is_the_share_that_was_asked_for(share):
    labels = np.arange(200) % 2
    held_out = hold_out(labels, np.arange(200), share, 0)
    assert len(held_out) == pytest.approx(200 * share, abs=1)
    assert labels[held_out].sum() == pytest.approx(100 * share, abs=1)


@pytest.mark.parametrize(("rare", "share", "given"), [(6, 0.055, 1), (3, 0.15, 1), (2, 0.5, 1), (20, 0.15, 3)])
def test_a_rare_class_stands_on_both_sides_and_makes_the_share_hardly_larger(rare, share, given):
    labels = (np.arange(200) < rare).astype(int)
    for seed in range(5):
        held_out = hold_out(labels, np.arange(200), share, seed)
        assert labels[held_out].sum() == given
        assert abs(len(held_out) - 200 * share) <= 1


def test_patients_of_any_size_are_held_out_whole():
    """Not just those with few images, which fit in anywhere."""
    random = np.random.default_rng(0)
    sizes = random.integers(1, 9, 120)
    groups = np.repeat(np.arange(120), sizes)
    labels = random.integers(0, 2, 120)[groups]
    mean = []
    for seed in range(20):
        held_out = hold_out(labels, groups, 0.15, seed)
        inside = np.unique(groups[held_out])
        assert not set(inside) & set(groups[np.setdiff1d(np.arange(len(groups)), held_out)])
        assert len(held_out) / len(groups) == pytest.approx(0.15, abs=0.01)
        mean.append(sizes[inside].mean())
    assert np.mean(mean) == pytest.approx(sizes.mean(), rel=0.1)


def test_findings_are_held_out_in_proportion_and_never_nobody():
    labels, groups = study(0)
    held_out = hold_out(labels, groups, 0.15, 0)
    assert len(held_out) / len(labels) == pytest.approx(0.15, abs=0.02)
    np.testing.assert_allclose(labels[held_out].mean(axis=0), labels.mean(axis=0), atol=0.04)
    assert 0 < len(hold_out(np.eye(8), np.arange(8), 0.05, 0)) < 8  # each has what no other has
    with pytest.raises(InputError, match="one patient"):
        hold_out(np.ones((4, 2)), np.zeros(4, dtype=int), 0.2, 0)
    with pytest.raises(InputError, match="single patient"):
        hold_out(np.array([0, 0, 0, 1, 1]), np.array([0, 1, 2, 3, 3]), 0.2, 0)


def rows_of(labels, groups):
    names = [f"f{column}" for column in range(labels.shape[1])]
    return [
        finding_row(f"{n}", [name for name, has in zip(names, one, strict=True) if has == 1], group=f"G{group}")
        for n, (one, group) in enumerate(zip(labels, groups, strict=True))
    ], names


def test_divisions_of_rows_take_a_matrix():
    rows, names = rows_of(*study(3))
    labels = label_matrix(rows, names)
    folds = cross_validation(rows, names, folds=5, repeats=2, seed=0, labels=labels)
    assert len(folds) == 10 and all(len(one.folds) == 2 for one in rows)
    for fold in folds:
        assert not {rows[n].group for n in fold.train} & {rows[n].group for n in fold.test}
    test = locked_test(rows, names, seed=0, labels=labels)[0].test
    assert 0.15 < len(test) / len(rows) < 0.25
    np.testing.assert_allclose(labels[test].mean(axis=0), labels.mean(axis=0), atol=0.03)


@pytest.mark.parametrize(("testable", "estimate"), [(2, "given test"), (1, "")])
def test_a_given_test_set_serves_if_it_can_test_half_of_the_findings(testable, estimate):
    rows = [
        finding_row(
            f"{part}{n}",
            [name for column, name in enumerate("abc") if (part == "train" or column < testable) and (n + column) % 2],
            group=f"{part}{n}",
            given_split=part,
        )
        for part in ("train", "test")
        for n in range(40)
    ]
    table = Table(rows[0].source.path, "table", rows, multi=True)
    assert settle_given_split(table, rows) == estimate
    assert ("half of its findings" in " ".join(table.notes)) == (estimate == "")


def test_thirty_thousand_groups_take_seconds():
    random = np.random.default_rng(0)
    labels = (random.random((30_000, 14)) < np.geomspace(0.002, 0.2, 14)).astype(np.float32)
    parts = finding_folds(labels, np.arange(30_000), 5, 0)
    shares = np.array([labels[part].mean(axis=0) for part in parts])
    assert np.ptp(shares, axis=0).max() < 0.002


def draw_classes(seed, patients, classes, most_images, mixed):
    """Patients of one class each, of whose images some have another."""
    random = np.random.default_rng(seed)
    groups = np.repeat(np.arange(patients), random.integers(1, most_images + 1, patients))
    shares = random.dirichlet(np.full(classes, 2.0))
    labels = random.choice(classes, patients, p=shares)[groups]
    other = random.random(len(groups)) < mixed
    labels[other] = random.choice(classes, int(other.sum()), p=shares)
    order = random.permutation(len(groups))
    return labels[order], groups[order]


def farthest(labels, parts):
    """Largest distance of the share of a class in a fold from its share in all, and of a fold from its size."""
    shares = np.eye(labels.max() + 1)[labels]
    share = max(np.abs(shares[part].mean(axis=0) - shares.mean(axis=0)).max() for part in parts)
    return share, max(abs(len(part) / len(labels) - 1 / len(parts)) for part in parts)


@pytest.mark.parametrize(
    ("patients", "classes", "most_images", "mixed"), [(40, 2, 6, 0.1), (100, 3, 4, 0.1), (200, 6, 20, 0.3)]
)
def test_classes_are_spread_as_evenly_as_scikit_learn_spreads_them(patients, classes, most_images, mixed):
    found, wanted = [], []
    for seed in range(8):
        labels, groups = draw_classes(seed, patients, classes, most_images, mixed)
        parts = class_folds(labels, groups, 5, seed)
        splitter = StratifiedGroupKFold(len(parts), shuffle=True, random_state=seed)
        found.append(farthest(labels, parts))
        wanted.append(farthest(labels, [test for _, test in splitter.split(labels, labels, groups)]))
    assert (np.mean(found, axis=0) <= 1.05 * np.mean(wanted, axis=0)).all()


def test_no_class_is_missing_from_a_fold_or_from_all_others_where_that_can_be():
    # Two patients have the rare class, in a set of large groups.
    groups = np.repeat(np.arange(12), 10)
    labels = np.zeros(120, dtype=np.int64)
    labels[[0, 10]] = 1
    parts = class_folds(labels, groups, 5, 0)
    assert [int(labels[part].sum()) for part in parts] == [1, 1]
