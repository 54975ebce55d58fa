import numpy as np
import pytest

from wetread.learning_curve.power_law import EXPONENTS, PowerLaw, fit_power_law

SIZES = np.array([20.0, 40, 80, 160])


def test_an_exact_law_is_found_again():
    law = fit_power_law(SIZES, 0.1 + 2.0 * SIZES**-0.5)
    assert (float(law.rest), float(law.span), float(law.exponent)) == pytest.approx((0.1, 2.0, 0.5), abs=1e-9)
    assert law.at([400.0]) == pytest.approx(0.1 + 2.0 / 20)  # 400 ** -0.5 is a twentieth


def test_many_curves_at_once_are_the_same_as_one_by_one():
    table = np.random.default_rng(0).uniform(0.1, 0.4, (30, 4))
    together = fit_power_law(SIZES, table)
    for number, row in enumerate(table):
        alone = fit_power_law(SIZES, row)
        assert together.at(SIZES)[number] == pytest.approx(alone.at(SIZES), abs=1e-12)


def test_bounds_hold():
    rising = fit_power_law(SIZES, [0.1, 0.2, 0.3, 0.4])  # more cases never make it worse
    assert rising.span == 0 and rising.at([10.0, 1000.0]).tolist() == pytest.approx([float(rising.rest)] * 2)
    assert float(rising.rest) == pytest.approx(np.average([0.1, 0.2, 0.3, 0.4], weights=SIZES))
    steep = fit_power_law(SIZES, 50 * SIZES**-2.0 - 0.001)  # the error never falls below nothing
    assert steep.rest >= 0 and steep.at([1e9]) >= 0 and EXPONENTS[0] <= steep.exponent <= EXPONENTS[-1]


def test_no_law_within_the_bounds_fits_better():
    random = np.random.default_rng(1)
    errors = 0.05 + SIZES**-0.4 + random.normal(0, 0.02, 4)

    def loss(law):
        return float((SIZES * (law.at(SIZES) - errors) ** 2).sum())

    best = loss(fit_power_law(SIZES, errors))
    for exponent in EXPONENTS[::8]:
        for rest in np.linspace(0, 0.3, 31):
            for span in np.linspace(0, 3, 31):
                assert best <= loss(PowerLaw(np.array(rest), np.array(span), np.array(exponent))) + 1e-12


def test_larger_sizes_weigh_more():
    # a level of four numbers that no law can follow: their mean, weighted by size
    flat = fit_power_law(SIZES, [0.2, 0.2, 0.2, 0.35])
    assert float(flat.rest) == pytest.approx((20 * 0.2 + 40 * 0.2 + 80 * 0.2 + 160 * 0.35) / 300)
