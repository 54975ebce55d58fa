from dataclasses import replace

import numpy as np
import pytest
from dataset.rows import facts

from checks.audits import audit, clean_rows
from wetread.checks.wr301_file_properties import check
from wetread.metrics.discrimination import auroc


def rows_of_width(gap):
    rows = clean_rows(60)
    rng = np.random.default_rng(0)
    for one in rows:
        one.facts = facts(width=round(100 + gap * (one.label == "b") + rng.normal() * 10), bytes=1000)
    return rows, np.array([one.facts.width for one in rows])


@pytest.mark.parametrize(("gap", "severity"), [(40, "red"), (8.5, "amber")])
def test_a_width_that_tells_the_class_is_found_and_named(gap, severity):
    rows, width = rows_of_width(gap)
    found = check(audit(rows, properties=(width - width.min()) / np.ptp(width)))
    assert found.severity == severity
    assert found.numbers["strongest"] in ("width", "aspect", "bytes per pixel")
    low = found.numbers["auroc"]["low"]
    assert low > 0.7 if severity == "red" else 0.6 < low <= 0.7
    assert "median: a " in found.sentence


def test_an_auroc_that_chance_could_explain_is_silent_however_high():
    rows, width = rows_of_width(30)
    few = [*rows[:6], *rows[60:66]]
    width = np.array([one.facts.width for one in few])
    share = (width - width.min()) / np.ptp(width)
    share[[0, 1]] = 1
    assert auroc(np.repeat([False, True], 6), share) > 0.62
    assert check(audit(few, properties=share)) is None


def test_several_classes_are_judged_too():
    rows = clean_rows(40, ("a", "b", "c"))
    for one in rows:
        one.facts = facts(width=64 + 10 * "abc".index(one.label))
    share = np.full((120, 3), 0.1)
    share[np.arange(120), np.repeat([0, 1, 2], 40)] = 0.8
    assert check(audit(rows)) is None
    found = check(replace(audit(rows), properties=share))
    assert (found.severity, found.numbers["auroc"]["value"]) == ("red", 1)


def test_properties_that_tell_nothing_are_silent():
    rng = np.random.default_rng(1)
    assert check(audit(properties=rng.uniform(size=80))) is None
    assert check(audit()) is None
