"""Counted statistics must say what the plain function says about the repeated rows."""

import numpy as np
import pytest

from wetread.metrics import calibration, confusion, counted, counted_calibration, discrimination

N = 60


@pytest.fixture(scope="module")
def data():
    random = np.random.default_rng(11)
    truth = random.random(N) < 0.3
    p = np.round(1 / (1 + np.exp(0.5 - 1.2 * truth - random.normal(size=N))), 1).clip(0.05, 0.95)
    classes = np.arange(N) % 3
    table = random.dirichlet(np.ones(3), size=N) * 0.6 + 0.4 * np.eye(3)[classes]
    counts = random.integers(0, 4, size=(40, N)).astype(float)
    counts[0] = 1
    counts[1] = truth  # only positives: most numbers are undefined
    counts[2] = ~truth
    return truth, p, p >= 0.5, classes, table, table.argmax(axis=1), counts


def line(part):
    def plain(truth, p):
        found = calibration.calibration_slope_intercept(truth, p)
        return None if found is None else getattr(found, part)

    return plain


def share(successes, trials):
    return successes.sum() / trials.sum() if trials.any() else None


PAIRS = {
    "auroc": (counted.auroc, discrimination.auroc, "truth p"),
    "average_precision": (counted.average_precision, discrimination.average_precision, "truth p"),
    "f1": (counted.f1, confusion.f1, "truth called"),
    "sensitivity": (counted.rate, share, "hit truth"),
    "macro_f1": (counted.macro_f1, confusion.macro_f1, "classes named 3"),
    "balanced_accuracy": (counted.balanced_accuracy, confusion.balanced_accuracy, "classes named 3"),
    "kappa": (counted.cohen_kappa, confusion.cohen_kappa, "classes named 3"),
    "kappa_quadratic": (counted.cohen_kappa, confusion.cohen_kappa, "classes named 3 quadratic"),
    "macro_auroc": (counted.macro_auroc, discrimination.macro_auroc, "classes table"),
    "brier": (counted_calibration.brier, calibration.brier, "truth p"),
    "brier_table": (counted_calibration.brier, calibration.brier, "classes table"),
    "skill": (counted_calibration.brier_skill, calibration.brier_skill, "truth p"),
    "skill_table": (counted_calibration.brier_skill, calibration.brier_skill, "classes table"),
    "slope": (lambda y, p: counted_calibration.calibration_line(y, p, "slope"), line("slope"), "truth p"),
    "intercept": (lambda y, p: counted_calibration.calibration_line(y, p, "intercept"), line("intercept"), "truth p"),
    "large": (lambda y, p: counted_calibration.calibration_line(y, p, "in_the_large"), line("in_the_large"), "truth p"),
}


@pytest.mark.parametrize("name", PAIRS)
def test_counting_equals_repeating_rows(name, data):
    truth, p, called, classes, table, named, counts = data
    build, plain, columns = PAIRS[name]
    words = columns.split()
    known = {"truth": truth, "p": p, "called": called, "classes": classes, "table": table, "named": named}
    known |= {"hit": truth & called, "3": 3, "quadratic": "quadratic"}
    arguments = [known[word] for word in words]

    def repeated(rows):
        return plain(*(a[rows] if isinstance(a, np.ndarray) else a for a in arguments))

    expected = counted.by_rows(repeated)(counts)
    found = build(*arguments)(counts)
    assert found.shape == (len(counts),)
    assert np.isfinite(expected[0])
    np.testing.assert_allclose(found, expected, rtol=1e-7, atol=1e-9, equal_nan=True)


def test_a_row_of_ones_is_the_data(data):
    truth, p, *_ = data
    assert counted.auroc(truth, p)(np.ones((1, N)))[0] == pytest.approx(discrimination.auroc(truth, p), abs=1e-12)


def test_undefined_resamples_are_nan_without_a_warning(data):
    truth, p, called, *_ = data
    only_negatives = (~truth).astype(float)[None]
    with np.errstate(all="raise"):
        assert np.isnan(counted.auroc(truth, p)(only_negatives)[0])
        assert np.isnan(counted.average_precision(truth, p)(only_negatives)[0])
        assert np.isnan(counted.rate(truth & called, truth)(only_negatives)[0])
        assert np.isnan(counted_calibration.calibration_line(truth, p, "slope")(only_negatives)[0])


def test_a_success_must_be_a_trial():
    with pytest.raises(ValueError, match="success"):
        counted.rate([1, 1], [1, 0])


def draws(rows, n=40, seed=3):
    return np.random.default_rng(seed).poisson(1.0, size=(n, rows)).astype(np.float64)


@pytest.mark.parametrize("positives", [3, 30, 57])
@pytest.mark.parametrize("ties", [False, True])
@pytest.mark.parametrize("name", ["auroc", "average_precision"])
def test_ranks_of_rare_and_common_findings_are_those_of_repeated_rows(positives, ties, name):
    random = np.random.default_rng(positives)
    truth = np.arange(60) < positives
    score = random.normal(size=60) + truth
    score = score.round() if ties else score
    counts = draws(60)
    plain = getattr(discrimination, name)
    drawn = (np.repeat(np.arange(60), one.astype(int)) for one in counts)
    expected = [plain(truth[rows], score[rows]) for rows in drawn]
    found = getattr(counted, name)(truth, score)(counts)
    np.testing.assert_allclose(found, [np.nan if one is None else one for one in expected], rtol=1e-12)


@pytest.mark.parametrize("name", ["auroc", "average_precision"])
def test_cases_may_belong_to_other_rows_than_their_own(name):
    truth, score = np.array([0, 1, 1, 0, 1]), np.array([0.1, 0.8, 0.3, 0.5, 0.9])
    rows = np.array([4, 0, 0, 2, 5])  # rows 1 and 3 have no case, row 0 has two
    counts = draws(6)
    expected = getattr(counted, name)(truth, score)(counts[:, rows])
    np.testing.assert_allclose(getattr(counted, name)(truth, score, rows)(counts), expected)


@pytest.mark.parametrize("width", [3, counted.LONG_ROW + 5])
def test_running_totals_begin_with_nothing(width):
    table = np.arange(4 * width, dtype=float).reshape(4, width)
    total = counted.running_total(table)
    np.testing.assert_array_equal(total[0], 0)
    np.testing.assert_array_equal(total[1:], np.cumsum(table, axis=0))


def test_what_is_remembered_is_asked_once_per_table():
    asked = []

    def statistic(counts):
        asked.append(1)
        return counts.sum(axis=1)

    remembered = counted.once(statistic)
    first, second = draws(5), draws(5, seed=4)
    for counts in (first, first, second, first):
        np.testing.assert_array_equal(remembered(counts), counts.sum(axis=1))
    assert len(asked) == 3


def test_a_mean_of_columns_passes_over_what_is_not_known():
    table = np.array([[1.0, np.nan], [3.0, 5.0], [np.nan, 7.0]])
    counts = np.array([[1.0, 1.0, 1.0], [2.0, 1.0, 0.0], [1.0, 0.0, 0.0]])
    np.testing.assert_allclose(counted.mean_of_columns(table)(counts), [4.0, (5 / 3 + 5) / 2, np.nan])
    both = counted.mean_of([counted.mean_of_columns(table[:, :1]), counted.mean_of_columns(table[:, 1:])])
    np.testing.assert_allclose(both(counts), counted.mean_of_columns(table)(counts))


def known_findings(random, rows=40, findings=4):
    truth = (random.random((rows, findings)) < 0.3).astype(float)
    truth[random.random(truth.shape) < 0.2] = np.nan
    return truth, random.normal(size=truth.shape) + np.nan_to_num(truth)


def test_a_micro_average_is_that_of_repeated_images():
    truth, score = known_findings(np.random.default_rng(1))
    counts = draws(40)
    repeated = (np.repeat(np.arange(40), one.astype(int)) for one in counts)
    expected = [discrimination.micro_auroc(truth[rows], score[rows]) for rows in repeated]
    np.testing.assert_allclose(counted.micro_auroc(truth, score)(counts), expected, rtol=1e-12)
    nothing = counted.micro_auroc(np.full((5, 2), np.nan), np.ones((5, 2)))
    assert np.isnan(nothing(np.ones((3, 5)))).all()


@pytest.mark.parametrize("rows", [None, "shared"])
def test_components_say_the_area_itself_and_come_near_in_resamples(rows):
    random = np.random.default_rng(2)
    truth, score = random.random(400) < 0.4, random.normal(size=400).round(1)
    place = np.arange(400) if rows is None else np.arange(400) // 2
    quick, slow = counted.auroc_by_components(truth, score, place), counted.auroc_by_ranks(truth, score, place)
    ones = np.ones((1, place.max() + 1))
    assert quick(ones)[0] == pytest.approx(slow(ones)[0], abs=1e-12)
    counts = draws(place.max() + 1, 500)
    # the rest of every pair averages to half the inverse root of their number, at most
    assert np.abs(quick(counts) - slow(counts)).max() < 5 * 0.5 / np.sqrt(160 * 240)
    assert np.isnan(counted.auroc_by_components(truth[truth], score[truth])(np.ones((2, truth.sum())))).all()


def test_sums_join_with_sums_and_with_what_is_more():
    random = np.random.default_rng(3)
    truth, score = random.random(50) < 0.4, random.normal(size=50)
    rate, mean = counted.rate(truth, np.ones(50, dtype=bool)), counted.mean_of_columns(score[:30, None])
    counts = draws(50)
    both = counted.mean_of([rate, mean, rate])
    assert isinstance(both, counted.OfSums)  # the mean of columns has fewer rows than the counts
    np.testing.assert_allclose(both(counts), (2 * rate(counts) + mean(counts)) / 3)
    mixed = counted.minus(counted.auroc(truth, score), rate)
    assert not isinstance(mixed, counted.OfSums)
    np.testing.assert_allclose(mixed(counts), counted.auroc(truth, score)(counts) - rate(counts))
    assert counted.once(rate) is rate


def test_brier_and_skill_from_the_same_sums_are_exact_and_other_rows_count_nothing():
    random = np.random.default_rng(0)
    truth, p, rows = random.random(60) < 0.4, random.random(60), np.arange(10, 70)
    counts = np.ones((1, 100))
    counts[0, :10] = 7
    found = [one(counts)[0] for one in counted_calibration.brier_and_skill(truth, p, rows)]
    assert found == pytest.approx([calibration.brier(truth, p), calibration.brier_skill(truth, p)])
    assert np.isnan(counted_calibration.brier_and_skill([1, 1], [0.5, 0.6])[1](np.ones((1, 2)))[0])
