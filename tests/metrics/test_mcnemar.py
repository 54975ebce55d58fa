"""McNemar's test against numbers worked out by hand."""

import numpy as np
import pytest

from wetread.metrics.mcnemar import mcnemar


def columns(only_first, only_second, both=3, neither=2):
    first = [1] * only_first + [0] * only_second + [1] * both + [0] * neither
    second = [0] * only_first + [1] * only_second + [1] * both + [0] * neither
    return first, second


def test_one_against_seven():
    """Table 1 of Fagerland 2013: 2 * (1 + 8) / 256, and 8 / 256 less."""
    found = mcnemar(*columns(1, 7))
    assert found[:2] == (1, 7)
    assert found.p_exact == pytest.approx(18 / 256)
    assert found.p_mid == pytest.approx(10 / 256)


def test_which_one_comes_first_does_not_matter():
    assert mcnemar(*columns(7, 1))[2:] == mcnemar(*columns(1, 7))[2:]


def test_an_even_split_is_no_evidence():
    """C(4, 2) / 16 = 0.375, of which half is taken away."""
    found = mcnemar(*columns(2, 2))
    assert found.p_exact == 1.0
    assert found.p_mid == pytest.approx(1 - 0.375 / 2)


def test_models_that_never_disagree():
    assert mcnemar(*columns(0, 0)) == (0, 0, 1.0, 1.0)


def test_all_on_one_side():
    assert mcnemar(*columns(0, 5)).p_exact == pytest.approx(2 / 32)


def test_thousands_of_disagreements_stay_finite():
    found = mcnemar(*columns(3000, 3200))
    assert 0 < found.p_mid < found.p_exact < 0.05


def test_the_mid_p_holds_its_level():
    """Of 20 fair coins each outcome's p value, weighed with its chance: at most 5 % lie below 0.05, or little more."""
    from scipy.stats import binom

    p = np.array([mcnemar(*columns(k, 20 - k)).p_mid for k in range(21)])
    assert binom.pmf(np.arange(21), 20, 0.5)[p < 0.05].sum() < 0.055


@pytest.mark.parametrize("bad", [([1, 0], [1]), ([1, 2], [1, 0])])
def test_columns_that_do_not_fit_are_refused(bad):
    with pytest.raises(ValueError):
        mcnemar(*bad)
