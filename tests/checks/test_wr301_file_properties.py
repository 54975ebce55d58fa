from dataclasses import replace

import numpy as np
import pytest

from checks.audits import audit, audit_of_probe, clean_rows
from wetread.checks import given_away
from wetread.checks.wr301_file_properties import check
from wetread.metrics.discrimination import auroc


def told(rows, gap):
    """A width that is larger by ``gap`` standard deviations in class b, as the probe would tell it."""
    width = np.array([100 + 10 * gap * (one.label == "b") for one in rows])
    width = width + np.random.default_rng(0).normal(size=len(rows)) * 10
    return audit_of_probe(
        rows, (width - width.min()) / np.ptp(width), "file properties", features={"height": width * 0, "width": width}
    )


@pytest.mark.parametrize(("gap", "severity"), [(4, "red"), (0.85, "amber")])
def test_a_width_that_tells_the_class_is_found_and_named(gap, severity):
    found = check(told(clean_rows(60), gap))
    assert found.severity == severity
    assert found.numbers["strongest"] == "width"
    low = found.numbers["auroc"]["low"]
    assert low > 0.7 if severity == "red" else 0.6 < low <= 0.7
    assert "median: a " in found.sentence


@pytest.mark.parametrize(
    ("value", "said"),
    [(25664, "25 660"), (163.5, "163.5"), (0.00001234, "0.00001234"), (0.0, "0"), (1e6, "1 000 000"), (-3.0, "-3")],
)
def test_a_median_is_told_without_powers_of_ten(value, said):
    assert given_away._say_plain(value) == said


@pytest.mark.parametrize(
    ("classes", "told"),
    [
        (6, "median: a 10, b 20, c 30, d 40, e 50, f 60"),
        (8, "median: a 10 to h 80, the lowest and highest of 8 classes"),
    ],
)
def test_every_class_has_its_median_or_the_range_is_told(classes, told):
    labels = np.repeat(np.arange(classes), 3)
    rows = clean_rows(classes * 3)[: classes * 3]
    result = audit_of_probe(
        rows, np.linspace(0, 1, len(rows)), "file properties", features={"width": 10.0 * (labels + 1)}
    ).probes["file properties"]
    assert given_away._strongest(replace(result, labels=labels), list("abcdefgh")[:classes])[2] == told


def test_nothing_is_learnt_from_the_files_of_an_external_test():
    at_home, elsewhere = told(clean_rows(60), 4), replace(told(clean_rows(60), 4), estimate="external test")
    assert "The network may have learnt" in check(at_home).sentence
    assert "may have learnt" not in check(elsewhere).sentence and "this set differ" in check(elsewhere).sentence


def test_the_images_that_it_is_surest_of_are_shown_some_of_each_class():
    found = check(told(clean_rows(60), 4))
    assert [name[0] for name in found.images] == ["a"] * 3 + ["b"] * 3


def test_an_auroc_that_chance_could_explain_is_silent_however_high():
    rows = clean_rows(6)
    share = np.array([0.1, 0.2, 0.3, 0.4, 0.6, 0.9, 0.35, 0.5, 0.55, 0.7, 0.8, 0.95])
    assert auroc(np.repeat([False, True], 6), share) > 0.7
    assert check(audit_of_probe(rows, share, "file properties")) is None


def test_several_classes_are_judged_too():
    rows = clean_rows(40, ("a", "b", "c"))
    share = np.full((120, 3), 0.1)
    share[np.arange(120), np.repeat([0, 1, 2], 40)] = 0.8
    assert check(audit(rows)) is None
    found = check(audit_of_probe(rows, share, "file properties"))
    assert (found.severity, found.numbers["auroc"]["value"]) == ("red", 1)


def test_properties_that_tell_nothing_are_silent():
    assert check(audit_of_probe(clean_rows(), np.random.default_rng(1).uniform(size=80), "file properties")) is None
    assert check(audit()) is None


def test_without_the_probe_it_is_silent():
    assert check(audit(probes={})) is None
