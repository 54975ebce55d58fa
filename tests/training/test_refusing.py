"""How a refusal is fitted: thresholds by hand, the cloud against scikit-learn, and too little to fit on."""

import numpy as np
import pytest
from model.refusal_pictures import heads
from scipy.special import stdtrit
from sklearn.covariance import ledoit_wolf

from wetread.model.inputs import Inputs
from wetread.training.refusal_packs import CHANGES, generated_packs
from wetread.training.refusal_probes import make_copies
from wetread.training.refusal_space import fit_cloud, parts_by_group, shrunken_covariance
from wetread.training.refusing import cut_off, cut_together, describe_sets, fit_refusal_on, fit_sets


def test_the_cut_is_the_ranked_score():
    # 99 scores: rank 100 x .95 = 95.
    scores = np.random.default_rng(0).permutation(np.arange(1.0, 100.0))[:, None]
    assert cut_off(scores, 0.05, 99).tolist() == [95.0]


def test_where_there_are_too_few_the_cut_lies_beyond_the_largest():
    scores = np.arange(20.0)[:, None]
    assert cut_off(scores, 0.005, 20)[0] == pytest.approx(
        19 + 2.8609 - 1.7558, abs=2e-3
    )  # t with 19 degrees of freedom at .995 and 20/21
    assert cut_off(scores, 1 / 21, 20)[0] == 19
    # Twenty pictures of five patients are five.
    assert cut_off(scores, 1 / 21, 5)[0] == pytest.approx(19 + stdtrit(4, 20 / 21) - stdtrit(4, 5 / 6))


def test_scores_that_agree_leave_each_other_all_of_the_share():
    # 19 cases, a tenth: rank 20 x .9 = 18, so one may lie beyond; by either score it is the same one.
    rising = np.arange(19.0)
    cuts, extrapolated = cut_together(np.stack([rising, 3 * rising], axis=1), 0.1, 19)
    assert (cuts.tolist(), extrapolated) == ([17.0, 51.0], False)


def test_scores_that_disagree_share_what_may_lie_beyond():
    # Two different cases would lie beyond, one too many: each gets a twentieth, rank 20 x .95 = 19, and none does.
    rising = np.arange(19.0)
    cuts, extrapolated = cut_together(np.stack([rising, -rising], axis=1), 0.1, 19)
    assert (cuts.tolist(), extrapolated) == ([18.0, 0.0], False)


def test_one_picture_far_out_blinds_no_score():
    scores = np.random.default_rng(0).normal(size=(300, 4))
    expected, _ = cut_together(scores, 0.03, 300)
    scores[np.argmax(scores[:, 2]), 2] = 1e6
    np.testing.assert_array_equal(cut_together(scores, 0.03, 300)[0], expected)
    out = (scores > expected).any(axis=1).sum()
    assert 5 <= out <= 9  # rank 301 x .97 = 292: eight may


def test_copies_of_a_picture_are_in_or_out_together():
    rising = np.minimum(np.arange(19.0), 17)
    assert cut_together(rising[:, None], 0.1, 19)[0].tolist() == [17.0]  # else both would lie beyond


def test_few_patients_with_many_pictures_are_few():
    cuts, extrapolated = cut_together(np.arange(19.0)[:, None], 0.1, 5)
    assert extrapolated and cuts[0] > 18


def test_the_covariance_is_that_of_ledoit_and_wolf():
    random = np.random.default_rng(1)
    centred = random.normal(size=(60, 12)) @ random.normal(size=(12, 12))
    centred -= centred.mean(axis=0)
    np.testing.assert_allclose(shrunken_covariance(centred), ledoit_wolf(centred, assume_centered=True)[0], atol=1e-6)


def test_the_cloud_of_constant_features_has_a_distance():
    distances = fit_cloud(np.ones((20, 5), dtype=np.float32), 3).distances(np.ones((4, 5)))
    assert np.isfinite(distances).all()


def test_parts_keep_patients_together():
    groups = np.array([3, 1, 1, 2, 3, 0, 4, 5, 6, 2])
    parts = parts_by_group(groups, 0)
    assert all(len(set(parts[groups == one])) == 1 for one in groups)
    assert set(parts) == set(range(5))


def fit(pictures, groups, **options):
    data = Inputs(pictures)
    return fit_refusal_on(
        data,
        np.arange(len(pictures)),
        np.asarray(groups),
        make_copies(data, "classical", 0, most=40),
        "classical",
        0,
        **options,
    )


def test_one_patient_and_nine_images_say_nothing():
    assert fit(heads(12), np.zeros(12, dtype=int)) is None
    assert fit(heads(9), np.arange(9)) is None


def test_ten_patients_are_enough_and_extrapolated():
    refusal = fit(heads(10), np.arange(10))
    assert refusal.facts["extrapolated"]
    assert {answer.status for answer in refusal.answers(Inputs(generated_packs(4, 0)["noise"]))} == {"out"}


def test_identical_and_constant_pictures_can_be_fitted_on():
    blank = [np.full((40, 40), 7, dtype=np.uint8)] * 14
    refusal = fit(blank, np.arange(14))
    assert np.isfinite(refusal.out).all()
    assert refusal.answers(Inputs(blank[:1]))[0].status != "out"
    assert refusal.answers(Inputs(heads(1)))[0].status == "out"


def test_a_change_that_training_pictures_hold_is_not_refused():
    plain = heads(60)
    mixed = [CHANGES["inverted"](picture) if number % 2 else picture for number, picture in enumerate(plain)]
    refusal = fit(mixed, np.arange(60))
    assert "inverted" not in [probe.name for probe in refusal.probes]
    new = heads(10, seed=4)
    answers = refusal.answers(Inputs([CHANGES["inverted"](picture) for picture in new]))
    assert sum(answer.status == "out" for answer in answers) <= 2


def test_mirroring_says_nothing_where_pictures_are_shown_mirrored():
    assert "mirrored" in [probe.name for probe in fit(heads(30), np.arange(30)).probes]
    assert "mirrored" not in [probe.name for probe in fit(heads(30), np.arange(30), mirrored=True).probes]


def test_a_patient_does_not_vouch_for_himself():
    # Three copies for each patient: were they counted as neighbours, all distances would be nil.
    pictures = [picture for picture in heads(30) for _ in range(3)]
    refusal = fit(pictures, np.repeat(np.arange(30), 3))
    answers = refusal.answers(Inputs(heads(20, seed=8)))
    assert sum(answer.status == "out" for answer in answers) <= 3


def test_sets_of_findings_know_what_is_unknown():
    truth = np.array([[1.0, np.nan]] * 12 + [[0.0, np.nan]] * 12)
    pairs = fit_sets(truth, np.full((24, 2), 0.5), "multilabel")
    assert pairs == ((0.5, 0.5), (None, None))


def test_sets_are_described_by_folds():
    truth, fold = np.repeat([0, 1], 20), np.tile([1, 2], 20)
    sure = np.where(truth[:, None] == np.arange(2), 0.9, 0.1)
    told = describe_sets(truth, sure, fold, np.arange(40), ("a", "b"))
    assert [(one["n"], one["covered"], one["unsure"], one["empty"]) for one in told] == [(20, 1.0, 0.0, 0.0)] * 2
    assert told[0]["range"] == pytest.approx([0.7839, 0.9819], abs=1e-4)
    rows = np.arange(23)
    few = describe_sets(np.array([0] * 20 + [1] * 3), np.tile([0.6, 0.4], (23, 1)), rows % 2, rows, ("a", "b"))
    assert few[1]["range"] is None and few[1]["covered"] is None


def test_what_sets_reach_is_told_for_the_patients_and_not_for_their_images():
    # Class a: 100 images of 20 patients; class b: 20 of 4, of whom nothing can be told.
    truth = np.repeat([0, 1], [100, 20])
    sure = np.where(truth[:, None] == np.arange(2), 0.9, 0.1)
    groups = np.arange(120) // 5
    a, b = describe_sets(truth, sure, groups % 2, groups, ("a", "b"))
    assert (a["n"], a["patients"], b["n"], b["patients"]) == (100, 20, 20, 4)
    assert a["range"] == pytest.approx([0.7839, 0.9819], abs=1e-4)  # of 20; of 100 it would be 0.85 to 0.94
    assert b["range"] is None and b["covered"] == 1.0


def test_packs_are_repeatable():
    first, again = generated_packs(3, 5), generated_packs(3, 5)
    assert all(np.array_equal(a, b) for name in first for a, b in zip(first[name], again[name], strict=True))
    assert {name: packs[0].ndim for name, packs in first.items()} == {
        "noise": 2,
        "photographs": 3,
        "grey photographs": 2,
    }
