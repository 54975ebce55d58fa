"""The patient bootstrap: SciPy's BCa on the very same draws, laws, fallbacks, and what it covers."""

from types import SimpleNamespace

import numpy as np
import pytest
from fake.effort import least_seconds
from scipy import stats
from scipy.special import ndtri

from wetread.metrics import bootstrap, counted, counted_calibration
from wetread.metrics.bootstrap import patient_bootstrap, patient_bootstrap_many
from wetread.metrics.calibration import expected_calibration_error
from wetread.metrics.delong import delong
from wetread.metrics.discrimination import auroc
from wetread.metrics.mix import OfSides, sides_by_label, sides_of


def mean_of(x):
    return lambda counts: counts @ x / counts.sum(axis=1)


def by_label(labels, statistic):
    """The statistic, as one that looks at each label by itself."""
    return OfSides(statistic, sides_by_label(labels))


def recorded(statistic, seen):
    def statistic_that_remembers(counts):
        values = statistic(counts)
        seen.extend(values.tolist())
        return values

    return statistic_that_remembers


def patients_and_scores(random, patients=30, images=4, share=0.7, area=0.85):
    """Twice so many patients; ``share`` of the variance of a score belongs to the patient, not to the image."""
    truth = np.repeat(np.arange(2 * patients) < patients, images)
    person = np.repeat(random.normal(size=2 * patients), images)
    noise = np.sqrt(share) * person + np.sqrt(1 - share) * random.normal(size=len(truth))
    return truth, np.sqrt(2) * ndtri(area) * truth + noise, np.repeat(np.arange(2 * patients), images)


def test_bca_equals_scipy_on_the_same_draws():
    x = np.random.default_rng(1).exponential(size=40)
    seen = []
    found = patient_bootstrap(recorded(mean_of(x), seen), np.arange(40), resamples=999, seed=3)
    draws = SimpleNamespace(bootstrap_distribution=np.array(seen[1:1000]))
    theirs = stats.bootstrap((x,), np.mean, n_resamples=0, bootstrap_result=draws, method="BCa").confidence_interval
    assert (found.low, found.high) == pytest.approx(tuple(theirs), rel=1e-9, abs=1e-12)
    assert found.method == "patient bootstrap BCa, 999 resamples"
    assert found.value == pytest.approx(x.mean())
    assert found.n == 40


def test_bca_counts_half_of_the_ties_as_scipy_does():
    x = (np.arange(40) < 29).astype(float)  # a proportion: many resamples equal the value
    seen = []
    patient_bootstrap(recorded(mean_of(x), seen), np.arange(40), resamples=999)
    draws = SimpleNamespace(bootstrap_distribution=np.array(seen[1:1000]))
    theirs = stats.bootstrap((x,), np.mean, n_resamples=0, bootstrap_result=draws, method="BCa", confidence_level=0.8)
    found = patient_bootstrap(mean_of(x), np.arange(40), resamples=999, level=0.8)
    assert (found.low, found.high) == pytest.approx(tuple(theirs.confidence_interval), rel=1e-9, abs=1e-12)


def test_bca_with_strata_equals_scipy_with_two_samples():
    random = np.random.default_rng(2)
    x = np.concatenate([random.exponential(size=25), random.exponential(3, size=35)])
    second = np.arange(60) >= 25

    def ratio(counts):
        return (counts @ (x * second) / counts[:, second].sum(axis=1)) / (
            counts @ (x * ~second) / counts[:, ~second].sum(axis=1)
        )

    seen = []
    found = patient_bootstrap(by_label(second, recorded(ratio, seen)), np.arange(60), second, resamples=999)
    draws = SimpleNamespace(bootstrap_distribution=np.array(seen[1:1000]))
    theirs = stats.bootstrap(
        (x[:25], x[25:]),
        lambda a, b, axis: b.mean(axis=axis) / a.mean(axis=axis),
        n_resamples=0,
        bootstrap_result=draws,
        method="BCa",
        vectorized=True,
    ).confidence_interval
    assert (found.low, found.high) == pytest.approx(tuple(theirs), rel=1e-9, abs=1e-12)


def test_draws_are_those_of_a_bootstrap():
    """The spread over resamples is the standard error, and every stratum keeps its size."""
    x = np.random.default_rng(4).normal(size=200)
    strata = np.arange(200) % 4 == 0
    tables = []
    seen = []

    def keep(counts):
        tables.append(counts)
        return mean_of(x)(counts)

    patient_bootstrap(by_label(strata, recorded(keep, seen)), np.arange(200), strata, resamples=3000)
    within = np.mean([0.25 * x[strata].var(), 0.75 * x[~strata].var()]) * 2
    assert np.std(seen[1:3001]) == pytest.approx(np.sqrt(within / 200), rel=0.05)
    drawn = np.concatenate(tables)[1:3001]
    assert (drawn[:, strata].sum(axis=1) == 50).all()
    assert (drawn.sum(axis=1) == 200).all()
    assert (drawn == 0).mean() == pytest.approx(np.exp(-1), abs=0.01)


def test_all_images_of_a_patient_come_together():
    patients = np.array(["b", "a", "b", "c", "a", "b", "d"] * 6)  # names, in any order
    patients = np.char.add(patients, np.repeat(list("123456"), 7))
    tables = []

    def keep(counts):
        tables.append(counts)
        return counts.sum(axis=1)

    patient_bootstrap(keep, patients, resamples=50)
    drawn = np.concatenate(tables)
    assert len(drawn) == 1 + 50 + 24
    for name in np.unique(patients):
        assert (np.ptp(drawn[:, patients == name], axis=1) == 0).all()


def test_strata_are_sets_of_labels_and_lone_sets_are_pooled():
    patients = np.repeat(np.arange(40), 2)
    label = np.zeros(80, dtype=int)
    label[0:20] = 1  # patients 0-9: label 1 only
    label[20] = 1  # patient 10 has both
    label[22:24] = 2  # patient 11 has label 2 only
    tables = []

    def keep(counts):
        tables.append(counts)
        return counts.sum(axis=1)

    patient_bootstrap(by_label(label, keep), patients, label, resamples=200)
    drawn = np.concatenate(tables)[1:201, ::2]
    assert (drawn[:, :10].sum(axis=1) == 10).all()
    assert (drawn[:, 10:12].sum(axis=1) == 2).all()  # the two lone patients stand in for each other
    assert set(drawn[:, 10]) == {0, 1, 2}
    assert (drawn[:, 12:].sum(axis=1) == 28).all()


def test_copies_of_an_image_add_no_certainty():
    truth, score, patients = patients_and_scores(np.random.default_rng(5), images=1)
    once = patient_bootstrap(counted.auroc(truth, score), patients, truth)
    many = [np.repeat(column, 5) for column in (truth, score, patients)]
    five = patient_bootstrap(counted.auroc(many[0], many[1]), many[2], many[0])
    assert five.value == pytest.approx(once.value)
    assert five.high - five.low == pytest.approx(once.high - once.low, rel=0.08)
    assert five.n == once.n == 60
    by_image = delong(many[0], many[1])
    assert by_image.high - by_image.low < 0.6 * (five.high - five.low)  # what the patients protect from


def test_same_seed_same_numbers():
    truth, score, patients = patients_and_scores(np.random.default_rng(6))
    first, again, other = (
        patient_bootstrap(counted.auroc(truth, score), patients, truth, resamples=300, seed=seed) for seed in (1, 1, 2)
    )
    assert first == again
    assert first != other


def test_statistics_share_their_resamples():
    truth, score, patients = patients_and_scores(np.random.default_rng(7))
    statistics = {"a": counted.auroc(truth, score)}
    statistics["minus a"] = by_label(truth, lambda counts: -counted.auroc(truth, score)(counts))
    statistics["nothing"] = by_label(truth, lambda counts: statistics["a"](counts) + statistics["minus a"](counts))
    found = patient_bootstrap_many(statistics, patients, truth, resamples=300)
    assert found["a"].low == pytest.approx(-found["minus a"].high, abs=1e-9)
    assert (found["nothing"].low, found["nothing"].high) == (0, 0)
    assert "every resample gives the same value" in found["nothing"].method
    assert found["a"] == patient_bootstrap(statistics["a"], patients, truth, resamples=300)


def test_plain_functions_of_rows_work_too():
    truth, score, patients = patients_and_scores(np.random.default_rng(8), patients=15)
    slow = patient_bootstrap(counted.by_rows(lambda rows: auroc(truth[rows], score[rows])), patients, resamples=200)
    fast = patient_bootstrap(counted.auroc(truth, score), patients, resamples=200)
    assert (slow.low, slow.high) == pytest.approx((fast.low, fast.high), abs=1e-9)


def test_few_patients_get_percentiles():
    x = np.arange(19.0)
    found = patient_bootstrap(mean_of(x), np.arange(19), resamples=500)
    assert found.method == "patient bootstrap percentile, 500 resamples (fewer than 20 patients)"
    assert patient_bootstrap(mean_of(np.arange(20.0)), np.arange(20), resamples=500).method.endswith("500 resamples")


def test_percentiles_are_those_of_the_draws():
    seen = []
    found = patient_bootstrap(recorded(mean_of(np.arange(10.0)), seen), np.arange(10), resamples=400, level=0.8)
    assert (found.low, found.high) == pytest.approx(tuple(np.quantile(seen[1:], [0.1, 0.9])))
    assert found.level == 0.8


def test_where_bca_cannot_say_percentiles_do():
    def share_of_patients_drawn(counts):
        return (counts > 0).mean(axis=1)  # 1 in the data, about 0.63 in every resample

    found = patient_bootstrap(share_of_patients_drawn, np.arange(50), resamples=300)
    assert found.method.endswith("(the value lies outside all resamples)")
    assert (found.value, found.high) == (1, 1)
    assert 0.5 < found.low < 0.63
    outlier = mean_of((np.arange(20) == 0).astype(float))
    assert patient_bootstrap(outlier, np.arange(20), resamples=300).method == "patient bootstrap BCa, 300 resamples"
    found = patient_bootstrap(outlier, np.arange(20), resamples=300, level=1 - 1e-11)
    assert found.method.endswith("(too skewed for BCa)")


def test_undefined_resamples_are_skipped_and_told():
    x = np.random.default_rng(9).normal(size=30)

    def needs_patient_zero(counts):
        return np.where(counts[:, 0] > 0, mean_of(x)(counts), np.nan)

    found = patient_bootstrap(needs_patient_zero, np.arange(30), resamples=1000)
    assert "percentile" in found.method
    undefined = int(found.method.split("(")[1].split()[0])
    assert undefined == pytest.approx(1000 * np.exp(-1), abs=60)
    assert np.isfinite([found.low, found.high]).all()


def test_an_undefined_statistic_has_no_interval():
    truth = np.zeros(30, dtype=bool)
    assert patient_bootstrap(counted.auroc(truth, np.arange(30)), np.arange(30)) is None


def test_a_biased_statistic_still_encloses_its_value():
    random = np.random.default_rng(10)
    p = random.random(200)
    truth = random.random(200) < p
    error = counted.by_rows(lambda rows: expected_calibration_error(truth[rows], p[rows]))
    found = patient_bootstrap(error, np.arange(200), truth, resamples=300)
    assert 0 <= found.low <= found.value <= found.high <= 1


def test_impossible_input_is_refused():
    with pytest.raises(ValueError, match="strata"):
        patient_bootstrap(mean_of(np.ones(3)), [1, 2, 3], [1, 2])
    with pytest.raises(ValueError, match="resamples"):
        patient_bootstrap(mean_of(np.ones(3)), [1, 2, 3], resamples=1)
    with pytest.raises(ValueError, match="level"):
        patient_bootstrap(mean_of(np.ones(3)), [1, 2, 3], level=95)


def test_only_drawing_patients_covers_the_truth():
    """Four images per patient, 150 studies of 30 + 30 patients: taking images as independent promises far too much."""
    random = np.random.default_rng(77)
    by_image = by_patient = 0
    for _ in range(150):
        truth, score, patients = patients_and_scores(random)
        naive = delong(truth, score)
        honest = patient_bootstrap(counted.auroc(truth, score), patients, truth, resamples=300)
        by_image += naive.low <= 0.85 <= naive.high
        by_patient += honest.low <= 0.85 <= honest.high
    assert by_image / 150 < 0.88
    assert by_patient / 150 > 0.90


def test_ten_statistics_in_a_few_seconds():
    random = np.random.default_rng(12)
    truth = random.random(400) < 0.4
    p = 1 / (1 + np.exp(0.6 - 1.2 * truth - random.normal(size=400)))
    called = p >= 0.5
    statistics = {
        "auroc": counted.auroc(truth, p),
        "ap": counted.average_precision(truth, p),
        "sensitivity": counted.rate(truth & called, truth),
        "specificity": counted.rate(~truth & ~called, ~truth),
        "ppv": counted.rate(truth & called, called),
        "f1": counted.f1(truth, called),
        "kappa": counted.cohen_kappa(truth, called, 2),
        "brier": counted_calibration.brier(truth, p),
        "skill": counted_calibration.brier_skill(truth, p),
        "slope": counted_calibration.calibration_line(truth, p, "slope"),
    }
    found = {}
    spent = least_seconds(
        lambda: found.update(patient_bootstrap_many(statistics, np.arange(400) // 2, truth)), enough=8, times=3
    )
    assert spent < 8  # about 0.8 s on one quiet core
    assert all(interval.method == "patient bootstrap BCa, 2000 resamples" for interval in found.values())
    assert all(interval.low < interval.value < interval.high for interval in found.values())


def test_what_needs_only_sums_gets_the_bounds_of_its_rows():
    """The short way (sums by patient, one matrix product) and the long way (a column per row) are one."""
    truth, score, patients = patients_and_scores(np.random.default_rng(13))
    called = score > 0.5
    rate, mean = counted.rate(truth & called, truth), counted.mean_of_columns(np.where(truth, score, np.nan)[:, None])
    short = {"rate": rate, "mean": mean, "gap": counted.minus(rate, mean), "both": counted.mean_of([rate, mean])}
    assert all(isinstance(one, counted.OfSums) for one in short.values())
    long = {name: OfSides(lambda counts, one=one: one(counts), sides_of(one)) for name, one in short.items()}
    first = patient_bootstrap_many(short | {"auroc": counted.auroc(truth, score)}, patients, truth, resamples=400)
    second = patient_bootstrap_many(long, patients, truth, resamples=400)
    for name, other in second.items():
        one = first[name]
        assert (one.value, one.low, one.high) == pytest.approx((other.value, other.low, other.high), abs=1e-9)
        assert (one.n, one.method) == (other.n, other.method)


def test_sums_have_bca_bounds_however_many_patients():
    x = np.random.default_rng(14).exponential(size=(6000, 1))
    sums = counted.mean_of_columns(x)
    assert patient_bootstrap(sums, np.arange(6000), resamples=100).method == "patient bootstrap BCa, 100 resamples"
    found = patient_bootstrap(mean_of(x[:, 0]), np.arange(6000), resamples=100)
    assert found.method == "patient bootstrap percentile, 100 resamples (more than 5000 patients)"


def test_threads_do_not_change_the_draws(monkeypatch):
    x = np.random.default_rng(15).normal(size=9000)
    two = patient_bootstrap(mean_of(x), np.arange(9000), resamples=200)
    monkeypatch.setattr(bootstrap, "THREADS", 1)
    assert patient_bootstrap(mean_of(x), np.arange(9000), resamples=200) == two


@pytest.mark.parametrize("positives", [51, 2000])
@pytest.mark.parametrize("most", [1, 4])
def test_components_give_the_interval_of_ranking_every_resample_anew(positives, most, monkeypatch):
    """At the smallest size for which they are used, with the rarest finding and a common one; the same draws."""
    monkeypatch.setattr(bootstrap, "MOST_FOR_BCA", 0)  # leaving out 5,000 patients by ranks would take a minute
    random = np.random.default_rng(16)
    patients = np.repeat(np.arange(5000), random.integers(1, most + 1, size=5000))[: counted.MANY_CASES]
    truth = np.arange(counted.MANY_CASES) < positives
    score = 1.5 * truth + random.normal(size=5000)[patients] + 0.5 * random.normal(size=len(truth))
    quick = counted.auroc(truth, score)
    assert isinstance(quick, counted.OfSums)
    assert positives * (len(truth) - positives) >= counted.MANY_PAIRS
    statistics = {"quick": lambda counts: quick(counts), "slow": counted.auroc_by_ranks(truth, score), "sums": quick}
    found = patient_bootstrap_many(statistics, patients, resamples=1000)
    assert (found["quick"].low, found["quick"].high) == pytest.approx((found["slow"].low, found["slow"].high), abs=1e-3)
    assert found["sums"].value == pytest.approx(auroc(truth, score), abs=1e-12)
    assert found["sums"].method == "patient bootstrap BCa, 1000 resamples of DeLong's components"


def test_fewer_cases_or_pairs_are_ranked_in_every_resample():
    random = np.random.default_rng(17)
    n = counted.MANY_CASES
    assert not isinstance(counted.auroc(np.arange(n - 1) < n / 2, random.normal(size=n - 1)), counted.OfSums)
    assert not isinstance(counted.auroc(np.arange(n) < 50, random.normal(size=n)), counted.OfSums)


def test_a_hundred_thousand_predictions_in_seconds():
    """14 findings share 200 resamples; the whole 2,000 are in bench/bootstrap_speed.py."""
    random = np.random.default_rng(18)
    truth = random.random((100_000, 14)) < 0.1
    score = (truth + random.normal(size=truth.shape)).astype(np.float32)
    found = {}

    def work():
        areas = {str(k): counted.auroc(truth[:, k], score[:, k]) for k in range(14)}
        everything = areas | {"mean": counted.mean_of(list(areas.values()))}
        found.update(patient_bootstrap_many(everything, np.arange(100_000) // 2, resamples=200))

    # About a second; ranking every resample anew takes about fifteen, on the same machine in the same hour.
    once = least_seconds(lambda: np.argsort(score[:, 0], kind="stable"), enough=0, times=10)
    assert least_seconds(work, enough=100 * once, times=3) < 0.4 * 200 * 14 * once
    assert all(one.low < one.value < one.high for one in found.values())
