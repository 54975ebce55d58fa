import numpy as np
import pytest

from checks.audits import audit, audit_of_probe, clean_rows
from wetread.checks.wr305_masked_centre import check


@pytest.mark.parametrize(("mistakes", "severity"), [(0, "red"), (5, "amber"), (12, "info"), (60, None)])
def test_what_may_be_anatomy_is_judged_mildly(mistakes, severity):
    rows = clean_rows(100)
    share = np.repeat([0.2, 0.8], 100) + np.tile(np.linspace(0, 0.1, 100), 2)
    # So many of the first class outrank the second: the area is 1 - mistakes / 100.
    share[:mistakes] = 0.95
    found = check(audit_of_probe(rows, share, "masked centre"))
    assert (found and found.severity) == severity
    assert found is None or found.numbers["auroc"]["value"] == pytest.approx(1 - mistakes / 100)


def test_without_pictures_it_is_silent():
    assert check(audit()) is None
