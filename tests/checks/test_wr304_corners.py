import numpy as np
import pytest

from checks.audits import audit, audit_of_probe, clean_rows
from wetread.checks.wr304_corners import check


@pytest.mark.parametrize(("gap", "severity"), [(2.0, "red"), (0.85, "amber"), (0.0, None)])
def test_corners_are_judged_by_their_lower_bound(gap, severity):
    rows = clean_rows(60)
    bright = np.random.default_rng(0).normal(size=120) + np.repeat([0, gap], 60)
    share = (bright - bright.min()) / np.ptp(bright)
    found = check(audit_of_probe(rows, share, "corners", features={"brightest in the upper left corner": bright}))
    assert (found and found.severity) == severity
    assert found is None or "brightest in the upper left corner" in found.sentence


def test_without_pictures_it_is_silent():
    assert check(audit()) is None
