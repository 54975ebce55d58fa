import pytest

from checks.audits import audit, clean_rows
from wetread.checks.wr202_imbalance import check


@pytest.mark.parametrize(("common", "severity"), [(30, "info"), (99, "info"), (100, "amber")])
def test_uneven_classes_are_found_with_their_ratio(common, severity):
    found = check(audit(clean_rows(common, "a") + clean_rows(10, "b")))
    assert found.severity == severity
    assert found.numbers == {"images_per_class": {"a": common, "b": 10}, "ratio": common / 10}
    assert f"always says a is right in {100 * common / (common + 10):.0f} %" in found.sentence


def test_even_classes_are_silent():
    assert check(audit(clean_rows(29, "a") + clean_rows(10, "b"))) is None
