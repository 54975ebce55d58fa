import numpy as np

from checks.audits import audit, clean_rows, probe
from wetread.checks.wr303_borders import check


def told(blur_mistakes):
    """Borders that tell the class, and a blur that puts so many images on the wrong side."""
    rows = clean_rows(50)
    truth = np.repeat([0.0, 1.0], 50)
    blur = truth.copy()
    blur[:blur_mistakes] = 1.5
    borders = truth.copy()
    borders[:3] = 1.5
    scaled = {"borders": borders / 2, "blur": blur / 2}
    return audit(rows, probes={name: probe(rows, share, name=name) for name, share in scaled.items()})


def test_borders_that_tell_the_class_are_red():
    found = check(told(blur_mistakes=2))
    assert (found.severity, round(found.numbers["auroc"]["value"], 4)) == ("red", 0.94)


def test_where_the_classes_look_different_all_over_borders_may_be_anatomy():
    assert check(told(blur_mistakes=0)).severity == "amber"


def test_borders_that_tell_nothing_are_silent():
    rows = clean_rows(50)
    share = np.tile([0.3, 0.7], 50)
    assert check(audit(rows, probes={"borders": probe(rows, share, name="borders")})) is None
    assert check(audit()) is None
