import numpy as np
import pytest

from checks.audits import audit, clean_rows, probe
from wetread.checks.wr306_low_information import check


def told(**mistakes):
    """Probes that let so many of 100 images of the first class outrank the second."""
    rows = clean_rows(100)
    probes = {}
    for name, wrong in mistakes.items():
        share = np.repeat([0.2, 0.8], 100) + np.tile(np.linspace(0, 0.1, 100), 2)
        share[:wrong] = 0.95
        probes[name] = probe(rows, share, name=name)
    return audit(rows, probes=probes)


@pytest.mark.parametrize(("mistakes", "severity"), [(0, "amber"), (15, "info"), (60, None)])
def test_it_is_information_and_never_red(mistakes, severity):
    found = check(told(histogram=mistakes))
    assert (found and found.severity) == severity


def test_the_better_of_the_two_is_told_and_both_are_noted():
    found = check(told(histogram=15, blur=10))
    assert found.numbers["probe"] == "blur"
    assert {name: area["value"] for name, area in found.numbers["aurocs"].items()} == pytest.approx(
        {"histogram": 0.85, "blur": 0.9}
    )
    assert "the blur reaches" in found.sentence


def test_without_pictures_it_is_silent():
    assert check(audit()) is None
