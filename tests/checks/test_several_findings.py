"""Checks where an image can have several findings: each is asked about alone, and bounds are as wide as that needs."""

import numpy as np
import pytest
from dataset.test_findings import finding_row, many
from probes.test_finding_probes import study

from checks.audits import audit
from wetread.checks import (
    wr202_imbalance,
    wr203_unknown_labels,
    wr301_file_properties,
    wr303_borders,
    wr307_source,
    wr308_text,
    wr402_classes_left_out,
)
from wetread.checks.finding import Audit
from wetread.checks.run_checks import run_checks
from wetread.probes.file_properties import FILE_PROPERTIES
from wetread.probes.finding_probes import run_finding_probes


def audit_of(rows, classes, **fields) -> Audit:
    found = audit(rows, **{"probes": {}, "classes": classes, "positive": None} | fields)
    found.table.multi = True
    return found


def test_the_finding_that_files_give_away_is_named():
    rows, labels, folds = study()
    probes = run_finding_probes(rows, labels, folds, probes=[FILE_PROPERTIES])
    found = wr301_file_properties.check(audit_of(rows, ["Edema", "Mass", "Hernia"], probes=probes))
    assert found.severity == "red"
    assert "for Edema, the most of 3 findings" in found.sentence
    assert found.numbers["finding"] == "Edema"
    assert found.numbers["strongest"] in ("bytes", "bytes per pixel")
    alone = probes["file properties"].of_finding(0).auroc(1)
    assert found.numbers["auroc"]["low"] < alone.low  # the bound is that of three questions
    assert found.numbers["auroc"]["level"] == pytest.approx(1 - 0.05 / 3)


def test_honest_files_are_silent():
    rows, labels, folds = study(seed=5)
    labels[:, 0] = labels[:, 1]
    probes = run_finding_probes(rows, labels, folds, probes=[FILE_PROPERTIES])
    assert wr301_file_properties.check(audit_of(rows, ["Edema", "Mass", "Hernia"], probes=probes)) is None
    for check in (wr303_borders, wr307_source, wr308_text):
        assert check.check(audit_of(rows, ["Edema", "Mass", "Hernia"], probes=probes)) is None


def test_a_finding_that_no_image_of_the_probe_has_is_passed_over():
    rows, labels, folds = study()
    labels[:, 1] = 0
    probes = run_finding_probes(rows, labels, folds, probes=[FILE_PROPERTIES])
    found = wr301_file_properties.check(audit_of(rows, ["Edema", "Mass", "Hernia"], probes=probes))
    assert "the most of 2 findings" in found.sentence


@pytest.mark.parametrize(("unknown", "severity"), [(0, None), (1, "info"), (11, "info"), (12, "amber")])
def test_unknown_labels_are_told(unknown, severity):
    rows = many({"Edema": 20, "Mass": 30})
    for n in range(unknown):
        one = rows[-1 - n]
        one.uncertain, one.missing = (("Mass",), ()) if n % 2 else ((), ("Mass",))
    found = wr203_unknown_labels.check(audit_of(rows, ["Edema", "Mass"]))
    assert (found and found.severity) == severity
    if found:
        assert found.images == tuple(one.image for one in rows if one.unknown)
        assert f"{unknown // 2} uncertain" in found.sentence


def test_unknown_labels_are_no_matter_of_classes():
    assert wr203_unknown_labels.check(audit()) is None


def test_a_finding_set_aside_is_told_with_its_counts():
    rows = many({"Edema": 20, "Mass": 30, "Hernia": 3})
    found = wr402_classes_left_out.check(audit_of(rows, ["Edema", "Mass"], small_classes=["Hernia"]))
    assert "Hernia (3 cases with it, 57 without)" in found.sentence
    assert found.images == ("0", "1", "2")


def test_rare_findings_are_no_imbalance_of_classes():
    assert wr202_imbalance.check(audit_of(many({"Edema": 55, "Mass": 2}), ["Edema", "Mass"])) is None


def test_every_check_runs_on_several_findings():
    rows, labels, folds = study()
    names = np.array(["Edema", "Mass", "Hernia"])
    with_labels = []
    for one, marks in zip(rows, labels, strict=True):
        told = finding_row(one.image, names[marks == 1], missing=names[np.isnan(marks)], group=one.group)
        told.picture, told.facts = one.picture, one.facts
        with_labels.append(told)
    probes = run_finding_probes(with_labels, labels, folds)
    found = run_checks(audit_of(with_labels, list(names), probes=probes, folds=folds))
    assert {"WR203", "WR301", "WR306"} <= {one.code for one in found}
