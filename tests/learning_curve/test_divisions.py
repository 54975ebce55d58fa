import numpy as np

from wetread.learning_curve.divisions import PARTS, choose_sizes, divide, groups_by_side, strata_of


def test_strata_are_label_sets_and_single_ones_are_joined():
    groups = np.array([0, 0, 1, 2, 3, 4, 4, 5])
    labels = np.array([0, 0, 0, 1, 1, 0, 1, 0])
    strata = strata_of(labels, groups)
    assert strata[0] == strata[1] == strata[5] and strata[2] == strata[3] != strata[0]
    assert strata[4] not in (strata[0], strata[2])  # both labels, alone


def test_strata_of_findings_go_by_the_rarest_one():
    # the second finding is rarer, so a group with both belongs to it
    labels = np.array([[1, 0], [1, 0], [1, 0], [1, 1], [np.nan, 1], [0, 0], [0, np.nan]], dtype=float)
    strata = strata_of(labels, np.arange(7))
    assert strata.tolist() == [0, 0, 0, 1, 1, 2, 2]


def test_groups_stay_whole_and_sizes_are_nested():
    random = np.random.default_rng(0)
    groups = np.repeat(np.arange(50), random.integers(1, 4, 50))
    labels = (groups % 2).astype(np.int64)
    divisions = divide(labels, groups, (10, 20, 40), 7, seed=3)
    assert len(divisions) == 7
    for one in divisions:
        assert [len(set(groups[train])) for train in one.trains] == [10, 20, 40]
        assert len(set(groups[one.test])) == 10
        for train in one.trains:
            assert not set(groups[train]) & set(groups[one.test])
            counts = np.bincount(labels[np.unique(groups[train], return_index=True)[1] * 0 + train[:1]], minlength=2)
            assert counts.sum() == len(set(groups[train]))
        assert set(one.trains[0]) < set(one.trains[1]) < set(one.trains[2])
        # a group is in with all its images or not at all
        assert all(np.isin(np.flatnonzero(groups == g), one.trains[0]).all() for g in set(groups[one.trains[0]]))


def test_every_beginning_holds_the_classes_in_proportion():
    labels = np.repeat([0, 1], [75, 25])
    for one in divide(labels, np.arange(100), (12, 40, 80), 10, seed=1):
        assert [abs(labels[train].sum() - len(train) / 4) <= 1.01 for train in one.trains] == [True] * 3
        assert labels[one.test].sum() == 5


def test_so_many_draws_test_every_group_once():
    tests = [one.test for one in divide(np.arange(60) % 3, np.arange(60), (20, 48), PARTS, seed=0)]
    assert sorted(np.concatenate(tests).tolist()) == list(range(60))


def test_the_seed_decides():
    labels, groups = np.arange(40) % 2, np.arange(40)
    first, again, other = (divide(labels, groups, (10, 32), 1, seed=seed)[0] for seed in (1, 1, 2))
    assert np.array_equal(first.test, again.test) and not np.array_equal(first.test, other.test)


def test_sizes_are_evenly_spaced_ratios_up_to_what_the_test_leaves():
    sizes = choose_sizes(np.arange(200) % 2, np.arange(200))
    assert sizes[0] == 20 and sizes[-1] == 160 and len(sizes) == 6
    ratios = np.diff(np.log(sizes))
    assert ratios.max() - ratios.min() < 0.06
    # of a class with 25 of 200 groups, five are in the smallest training set
    assert choose_sizes((np.arange(200) < 25).astype(np.int64), np.arange(200))[0] == 40
    # and where it is rarer still, the curve keeps its length all the same
    assert choose_sizes((np.arange(200) < 10).astype(np.int64), np.arange(200))[0] == 40


def test_sides_are_counted_in_groups():
    assert groups_by_side(np.array([0, 0, 0, 1, 1, 1, 1]), np.array([0, 1, 2, 3, 3, 3, 3])) == [3, 1]
    several = np.array([[1, 0], [1, 1], [1, np.nan], [0, 1]])
    assert groups_by_side(several, np.array([0, 0, 1, 2])) == [2, 1, 2, 1]
