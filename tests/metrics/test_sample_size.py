"""Anchors: Hanley and McNeil 1982, and the figures of the design memo for an interval of 0.05 to each side."""

import pytest

from wetread.metrics.sample_size import cases_for_half_width, hanley_mcneil_error


def test_the_error_by_hand():
    # A = 0.8, 50 and 50: Q1 = 0.8/1.2 = 0.66667, Q2 = 1.28/1.8 = 0.71111;
    # (0.16 + 49 * 0.026667 + 49 * 0.071111) / 2500 = 4.95111 / 2500
    assert hanley_mcneil_error(0.8, 50, 50) == pytest.approx((4.951111 / 2500) ** 0.5, rel=1e-5)


@pytest.mark.parametrize(
    ("area", "share", "cases"), [(0.8, 0.5, 310), (0.8, 0.1, 1200), (0.9, 0.5, 160), (0.9, 0.1, 680)]
)
def test_cases_for_five_points_to_each_side(area, share, cases):
    assert cases_for_half_width(area, share, 0.05) == cases


def test_more_certainty_needs_more_cases():
    assert cases_for_half_width(0.8, 0.5, 0.02) > cases_for_half_width(0.8, 0.5, 0.05)
    assert cases_for_half_width(0.8, 0.5, 0.05, level=0.99) > cases_for_half_width(0.8, 0.5, 0.05)
    assert cases_for_half_width(0.8, 0.5, 1e-6) is None


@pytest.mark.parametrize("wrong", [(-0.1, 5, 5), (1.1, 5, 5), (0.8, 0, 5), (0.8, 5, 0)])
def test_what_makes_no_sense_is_refused(wrong):
    with pytest.raises(ValueError, match="area"):
        hanley_mcneil_error(*wrong)


@pytest.mark.parametrize("wrong", [(0.8, 0, 0.05), (0.8, 1, 0.05), (0.8, 0.5, 0)])
def test_widths_and_shares_out_of_range_are_refused(wrong):
    with pytest.raises(ValueError, match="share"):
        cases_for_half_width(*wrong)
