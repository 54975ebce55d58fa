"""Agreement of several readers: the examples of the papers, small tables by hand, and laws."""

import numpy as np
import pytest

from wetread.metrics.agreement import (
    counted_adjusted_kappa,
    counted_fleiss_kappa,
    counted_krippendorff_alpha,
    counted_pair_kappa,
)
from wetread.metrics.bootstrap import patient_bootstrap_many
from wetread.metrics.confusion import cohen_kappa

# Fleiss 1971, table 1: 30 patients, 6 psychiatrists, 5 diagnoses; how many gave each diagnosis.
FLEISS = [
    "00060", "03003", "01401", "00006", "03030", "20400", "00402", "20310", "20040", "00006",
    "10050", "11040", "03300", "10050", "02031", "00501", "30012", "51000", "02040", "10203",
    "00006", "01050", "02013", "20040", "10041", "05010", "40002", "02040", "10500", "00006",
]  # fmt: skip

# Krippendorff 2011: four observers, twelve units, values 1 to 5, a point for missing.
KRIPPENDORFF = ["123321412...", "1233224125.3", ".3332342251.", "12332441251."]


def asked(statistic, ratings, *options):
    """The number itself; None where it is not defined."""
    value = statistic(ratings, *options)(np.ones((1, len(ratings))))[0]
    return None if np.isnan(value) else value


def fleiss_ratings():
    rows = [[k for k, n in enumerate(row) for _ in range(int(n))] for row in FLEISS]
    return np.array(rows)


def krippendorff_ratings():
    return np.array([[-1 if cell == "." else int(cell) - 1 for cell in row] for row in KRIPPENDORFF]).T


def test_the_example_of_fleiss():
    """Fleiss 1971 gives 0.430."""
    ratings = fleiss_ratings()
    assert np.bincount(ratings.ravel()).tolist() == [26, 26, 30, 55, 43]  # the totals of his table
    assert asked(counted_fleiss_kappa, ratings, 5) == pytest.approx(0.430, abs=0.0005)


def test_the_example_of_krippendorff():
    """Krippendorff 2011 gives 0.743 nominal, 0.815 ordinal and 0.849 interval."""
    ratings = krippendorff_ratings()
    assert (ratings >= 0).sum() == 41
    assert asked(counted_krippendorff_alpha, ratings, 5) == pytest.approx(0.743, abs=0.0005)
    assert asked(counted_krippendorff_alpha, ratings, 5, "ordinal") == pytest.approx(0.815, abs=0.0005)
    assert asked(counted_krippendorff_alpha, ratings, 5, "interval") == pytest.approx(0.849, abs=0.0005)
    assert asked(counted_krippendorff_alpha, ratings, 5, "interval", [1, 2, 3, 4, 5]) == pytest.approx(
        0.849, abs=0.0005
    )


def test_alpha_by_hand():
    """Images (1,1), (1,0), (0,0): of 6 ordered pairs' values 3 are 1 and 3 are 0; 2 pairs differ.

    Observed 2/6, expected 2 * 3 * 3 / (6 * 5) = 0.6, alpha = 1 - (1/3) / 0.6 = 4/9.
    """
    assert asked(counted_krippendorff_alpha, [[1, 1], [1, 0], [0, 0]], 2) == pytest.approx(4 / 9, abs=1e-12)
    # An image with a single reading adds nothing.
    assert asked(counted_krippendorff_alpha, [[1, 1], [1, 0], [0, 0], [1, -1]], 2) == pytest.approx(4 / 9, abs=1e-12)


def test_fleiss_by_hand():
    """The same three images: agreement (1 + 0 + 1) / 3, chance 1/4 + 1/4, kappa = (2/3 - 1/2) / (1/2) = 1/3."""
    assert asked(counted_fleiss_kappa, [[1, 1], [1, 0], [0, 0]], 2) == pytest.approx(1 / 3, abs=1e-12)
    assert asked(counted_fleiss_kappa, [[1, 1], [1, 0], [0, 0], [1, -1]], 2) == pytest.approx(1 / 3, abs=1e-12)


def test_adjusted_kappa_does_not_fall_with_prevalence():
    """98 normals on which both agree and two disagreements: kappa is near 0, the adjusted one 2 * 0.98 - 1."""
    ratings = np.array([[0, 0]] * 98 + [[1, 0], [0, 1]])
    assert asked(counted_pair_kappa, ratings, 2) == pytest.approx(1 - 0.02 / (2 * 0.01 * 0.99), abs=1e-12)
    assert asked(counted_adjusted_kappa, ratings, 2) == pytest.approx(0.96, abs=1e-12)
    # Three classes, agreement in 1 of 2 pairs: (3 * 0.5 - 1) / 2.
    assert asked(counted_adjusted_kappa, [[2, 2], [0, 1]], 3) == pytest.approx(0.25, abs=1e-12)


def test_pair_kappa_is_cohens_on_shared_images():
    random = np.random.default_rng(0)
    ratings = random.integers(0, 4, size=(80, 2))
    for weights in ("none", "linear", "quadratic"):
        known = cohen_kappa(ratings[:, 0], ratings[:, 1], 4, weights)
        extended = np.vstack([ratings, [[3, -1], [-1, 0]]])
        assert asked(counted_pair_kappa, extended, 4, weights) == pytest.approx(known, abs=1e-12)


def test_what_is_not_defined_is_none():
    always = np.zeros((5, 3), dtype=int)
    assert asked(counted_fleiss_kappa, always, 2) is None
    assert asked(counted_krippendorff_alpha, always, 2) is None
    assert asked(counted_pair_kappa, always[:, :2], 2) is None
    assert asked(counted_adjusted_kappa, always, 2) == 1.0  # its chance is one half, whatever was said
    never_together = np.array([[0, -1], [-1, 1]])
    assert asked(counted_fleiss_kappa, never_together, 2) is None
    assert asked(counted_krippendorff_alpha, never_together, 2) is None
    assert asked(counted_adjusted_kappa, never_together, 2) is None
    assert asked(counted_pair_kappa, never_together, 2) is None


@pytest.mark.parametrize("wrong", [[[0, 1, 2]], [[0, -2]], [[0.5, 1.0]], [0, 1], [[0], [1]]])
def test_wrong_tables_are_refused(wrong):
    with pytest.raises(ValueError, match=r"ratings|two readers"):
        asked(counted_pair_kappa, np.array(wrong), 2)
    with pytest.raises(ValueError, match="metric"):
        asked(counted_krippendorff_alpha, [[0, 1]], 2, "ratio")


def test_a_drawn_image_counts_as_often_as_it_is_drawn():
    """Counts of a resample give what the repeated rows give."""
    random = np.random.default_rng(3)
    ratings = np.where(random.random((60, 4)) < 0.1, -1, random.integers(0, 3, size=(60, 4)))
    counts = random.integers(0, 4, size=(5, 60)).astype(float)
    twins = [
        (counted_fleiss_kappa(ratings, 3), lambda rows: asked(counted_fleiss_kappa, rows, 3)),
        (counted_adjusted_kappa(ratings, 3), lambda rows: asked(counted_adjusted_kappa, rows, 3)),
        (
            counted_pair_kappa(ratings[:, :2], 3, "quadratic"),
            lambda rows: asked(counted_pair_kappa, rows[:, :2], 3, "quadratic"),
        ),
    ]
    for metric in ("nominal", "ordinal", "interval"):
        twins.append(
            (
                counted_krippendorff_alpha(ratings, 3, metric),
                lambda rows, metric=metric: asked(counted_krippendorff_alpha, rows, 3, metric),
            )
        )
    for statistic, plain in twins:
        drawn = [plain(np.repeat(ratings, row.astype(int), axis=0)) for row in counts]
        assert statistic(counts) == pytest.approx(drawn, abs=1e-12)


def test_intervals_by_patient():
    ratings = fleiss_ratings()
    statistics = {"fleiss": counted_fleiss_kappa(ratings, 5), "alpha": counted_krippendorff_alpha(ratings, 5)}
    found = patient_bootstrap_many(statistics, np.arange(30), resamples=500)
    assert 0.25 < found["fleiss"].low < 0.430 < found["fleiss"].high < 0.60
    assert found["alpha"].low < found["alpha"].value < found["alpha"].high
