import numpy as np
import pytest

from checks.audits import audit, audit_of_probe, clean_rows
from wetread.checks.wr302_header_fields import check


def told(share_of_b):
    """A model name that stands in so many of the headers of class b, and in 10 % of class a."""
    rows = clean_rows(50)
    named = np.concatenate([np.arange(50) < 5, np.arange(50) < 50 * share_of_b]).astype(float)
    return audit_of_probe(rows, 0.2 + 0.6 * named, "header fields", features={"ManufacturerModelName X": named})


@pytest.mark.parametrize(("share_of_b", "severity"), [(0.9, "red"), (0.5, "amber")])
def test_a_device_that_goes_with_a_class_is_found_with_its_share_in_each_class(share_of_b, severity):
    found = check(told(share_of_b))
    assert found.severity == severity
    # Area of one step: (1 + sensitivity - false positive rate) / 2.
    assert found.numbers["auroc"]["value"] == pytest.approx((1 + share_of_b - 0.1) / 2, abs=1e-4)
    area = f"{(0.9 + share_of_b) / 2:.2f}"
    assert f"ManufacturerModelName X ({area}; a 10 %, b {100 * share_of_b:.0f} %)" in found.sentence


def test_a_device_of_both_classes_and_pictures_without_headers_are_silent():
    assert check(told(0.1)) is None
    assert check(audit()) is None
