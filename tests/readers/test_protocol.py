"""Both protocols of CheXNet: a table worked out by hand, plain loops, and readers of known skill."""

from itertools import combinations

import numpy as np
import pytest
from fake.effort import least_seconds

from wetread.metrics.confusion import f1
from wetread.readers.protocol import majority, majority_comparisons, paper_comparisons, score
from wetread.readers.resample import draw_counts, percentiles
from wetread.readers.simulate import Skill, expected_f1, simulate_readers

NAN = np.nan

# Five images.        1  2  3  4  5
A = np.array([1.0, 1, 0, 0, 0])
B = np.array([1.0, 0, 1, 0, 0])
C = np.array([1.0, 1, 1, 0, 0])
M = np.array([1.0, 0, 0, 1, 0])
READERS = np.stack([A, B, C])[:, :, None]
MODEL = M[:, None]
FIVE = list("abcde")


def test_the_papers_protocol_by_hand():
    """F1 = 2 both / (calls of one + calls of the other).

    AB 2*1/4 = .5, AC 2*2/5 = .8, BC .8, AM 2*1/4 = .5, BM .5, CM 2*1/5 = .4.
    A (.5 + .8 + .5) / 3 = .6, B .6, C (.8 + .8 + .4) / 3 = 2/3, model (.5 + .5 + .4) / 3 = 7/15.
    Without the model: A .65, B .65, C .8.
    """
    found = score(paper_comparisons(READERS, MODEL), FIVE, resamples=10)
    assert found.values[:, 0] == pytest.approx([0.6, 0.6, 2 / 3, 7 / 15, 0.65, 0.65, 0.8], abs=1e-12)
    assert found.undefined.tolist() == [0]
    alone = score(paper_comparisons(READERS, None), FIVE, resamples=10)
    assert alone.values[:, 0] == pytest.approx([0.65, 0.65, 0.8], abs=1e-12)


def test_the_project_pages_protocol_by_hand():
    """Two others are tied wherever they differ, and such an image is left out.

    A against B and C: image 2 is tied, the truth of 1 3 4 5 is 1 1 0 0, A says 1 0 0 0: 2*1/3.
    B against A and C: image 3 is tied, the truth of 1 2 4 5 is 1 1 0 0, B says 1 0 0 0: 2/3.
    C against A and B: 2 and 3 are tied, the truth of 1 4 5 is 1 0 0, C says the same: 1.
    Model: against BC 2*1/4, against AC 2*1/4, against AB 2*1/3; their mean is 5/9.
    """
    found = score(majority_comparisons(READERS, MODEL), FIVE, resamples=10)
    assert found.values[:, 0] == pytest.approx([2 / 3, 2 / 3, 1, 5 / 9], abs=1e-12)
    assert found.ties.tolist() == [4]


def test_ties_may_be_votes_instead():
    """A against B and C with ties present: truth 1 1 1 0 0, A 1 1 0 0 0: 2*2/5. With ties absent: 1 0 1 0 0: 2*1/4."""
    present = score(majority_comparisons(READERS, None, "present"), FIVE, resamples=10)
    absent = score(majority_comparisons(READERS, None, "absent"), FIVE, resamples=10)
    assert present.values[0, 0] == pytest.approx(0.8, abs=1e-12)
    assert absent.values[0, 0] == pytest.approx(0.5, abs=1e-12)


def test_a_majority_needs_two_readings():
    group = np.array([[1.0, 1, NAN, NAN], [1, NAN, NAN, 0], [0, NAN, NAN, 0]])[:, :, None]
    vote, ties = majority(group)
    assert vote[:, 0] == pytest.approx([1, NAN, NAN, 0], nan_ok=True)
    assert ties.tolist() == [0]
    alone, _ = majority(group[:1])
    assert alone[:, 0] == pytest.approx([1, 1, NAN, NAN], nan_ok=True)


def test_two_are_compared_on_the_images_they_share():
    """A without image 2 and B without 3: they share 1 4 5, on which both say 1 0 0."""
    a, b = A.copy(), B.copy()
    a[1], b[2] = NAN, NAN
    found = score(paper_comparisons(np.stack([a, b])[:, :, None], None), FIVE, resamples=10)
    assert found.values[:, 0] == pytest.approx([1, 1], abs=1e-12)


def test_who_shares_no_image_has_no_number():
    nothing = np.full(5, NAN)
    found = score(paper_comparisons(np.stack([A, B, nothing])[:, :, None], MODEL), FIVE, resamples=10)
    assert found.values[:4, 0] == pytest.approx([0.5, 0.5, NAN, 0.5], nan_ok=True)
    assert percentiles(found.values[2, 0], found.draws[:, 2, 0], 5) is None


def test_an_undefined_f1_counts_as_zero_and_is_counted():
    """B and C call nothing, so their F1 is not defined; those with A, who does, are 0 by themselves."""
    never = np.zeros(5)
    found = score(paper_comparisons(np.stack([A, never, never])[:, :, None], None), FIVE, resamples=50)
    assert found.values[:, 0] == pytest.approx([0, 0, 0], abs=1e-12)
    assert found.undefined.tolist() == [1]
    assert 0 < found.undefined_draws < 1


def test_pooled_and_mean_of_findings():
    """A second finding on which A and B agree once of one: F1s .5 and 1, pooled 2*(1+1)/(4+2), mean .75."""
    second = np.array([0.0, 0, 0, 0, 1])
    both = np.stack([np.stack([A, second], axis=1), np.stack([B, second], axis=1)])
    found = score(paper_comparisons(both, None), FIVE, resamples=10)
    assert found.values[0] == pytest.approx([0.5, 1, 2 / 3, 0.75], abs=1e-12)
    first_only = score(paper_comparisons(both, None), FIVE, resamples=10, pooled=[0])
    assert first_only.values[0] == pytest.approx([0.5, 1, 0.5, 0.5], abs=1e-12)


def test_resamples_are_what_a_loop_would_find():
    random = np.random.default_rng(1)
    readers = np.where(random.random((4, 60, 2)) < 0.1, NAN, random.random((4, 60, 2)) < 0.4)
    model = (random.random((60, 2)) < 0.4).astype(float)
    patients = [str(number // 2) for number in range(60)]
    counts = next(draw_counts(patients, 5, seed=3))
    assert (counts[:, ::2] == counts[:, 1::2]).all()  # the images of a patient are drawn together
    assert counts.sum(axis=1).tolist() == [60] * 5
    paper = score(paper_comparisons(readers, model), patients, resamples=5, seed=3)
    everybody = np.concatenate([readers, model[None]])
    for number, row in enumerate(counts.astype(int)):
        drawn = np.repeat(everybody, row, axis=1)
        for who in range(5):
            expected = []
            for other in set(range(5)) - {who}:
                known = np.isfinite(drawn[who, :, 1]) & np.isfinite(drawn[other, :, 1])
                expected.append(f1(drawn[other, known, 1], drawn[who, known, 1]) or 0.0)
            assert paper.draws[number, who, 1] == pytest.approx(np.mean(expected), abs=1e-12)


def test_both_protocols_see_the_same_draws():
    pieces = [np.concatenate(list(draw_counts(list("aabbc"), 40, seed=9))) for _ in range(2)]
    assert (pieces[0] == pieces[1]).all()
    assert (np.concatenate(list(draw_counts(list("aabbc"), 40, seed=8))) != pieces[0]).any()


def test_four_readers_have_no_ties():
    random = np.random.default_rng(0)
    readers = (random.random((4, 200, 3)) < 0.3).astype(float)
    assert majority_comparisons(readers, None).ties.tolist() == [0, 0, 0]


def test_known_skill_is_recovered():
    """Over 40 studies of 300 patients, about 95 % of the intervals hold the F1 that the skills lead to."""
    skills = [Skill(0.8, 0.9), Skill(0.7, 0.95), Skill(0.9, 0.8), Skill(0.75, 0.9)]
    model = Skill(0.85, 0.92)
    everybody = [*skills, model]
    planted = {pair: expected_f1(everybody[pair[0]], everybody[pair[1]], 0.3) for pair in combinations(range(5), 2)}
    rows = [np.mean([value for pair, value in planted.items() if who in pair]) for who in range(5)]
    gap = rows[4] - np.mean(rows[:4])
    inside, studies = np.zeros(6), 40
    for seed in range(studies):
        study = simulate_readers(everybody, cases=300, prevalence=0.3, seed=seed)
        called = study.called[:, :, None]
        found = score(
            paper_comparisons(called[:4], called[4]), list(map(str, study.patients)), resamples=300, seed=seed
        )
        for who in range(5):
            interval = percentiles(found.values[who, 0], found.draws[:, who, 0], 300)
            inside[who] += interval.low <= rows[who] <= interval.high
        drawn = found.draws[:, 4, 0] - found.draws[:, :4, 0].mean(axis=1)
        low, high = np.quantile(drawn, [0.025, 0.975])
        inside[5] += low <= gap <= high
    assert inside.sum() / (6 * studies) > 0.90
    assert (inside / studies > 0.82).all()


def test_ten_thousand_resamples_of_the_papers_size_take_seconds():
    """420 images, 14 findings, four readers and a model; about one second each, four times that allowed here."""
    random = np.random.default_rng(0)
    readers = (random.random((4, 420, 14)) < 0.2).astype(float)
    model = (random.random((420, 14)) < 0.2).astype(float)
    spent = least_seconds(
        lambda: score(paper_comparisons(readers, model), list(map(str, range(420)))), enough=15, times=3
    )
    assert spent < 15
