import numpy as np
import pytest

from checks.audits import audit, audit_of_probe, clean_rows
from wetread.checks.wr308_text import check
from wetread.probes.markers import KINDS


def told(in_a, in_b, kind="text", of=50, rows=None):
    """So many of the first class and of the second show some kind of writing."""
    rows = rows or clean_rows(of)
    written = np.concatenate([np.arange(of) < in_a, np.arange(of) < in_b])
    features = {name: written if name == kind else np.zeros(2 * of) for name in KINDS}
    return audit_of_probe(rows, np.full(2 * of, 0.5), "text and marks", features=features)


@pytest.mark.parametrize(("in_a", "in_b", "severity"), [(2, 30, "red"), (2, 15, "amber"), (15, 2, "amber")])
def test_rates_that_differ_are_found(in_a, in_b, severity):
    found = check(told(in_a, in_b))
    assert found.severity == severity
    assert f"Pictures of b show text {'more' if in_b > in_a else 'less'} often" in found.sentence
    assert f"a {2 * in_a} %, b {2 * in_b} %" in found.sentence


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_of_writing_counts_and_its_images_are_shown(kind):
    found = check(told(0, 20, kind))
    assert found.images == tuple(f"b{n}.png" for n in range(20))
    assert found.numbers["compared"][0]["kind"] == kind


@pytest.mark.parametrize(("in_a", "in_b"), [(2, 11), (5, 14), (25, 30), (0, 0), (50, 50)])
def test_a_small_difference_or_one_that_chance_could_make_is_silent(in_a, in_b):
    assert check(told(in_a, in_b)) is None


def test_many_images_of_one_patient_count_once():
    rows = clean_rows(50)
    for one in rows[50:]:
        one.group = f"G{one.label}{int(one.image[1:-4]) // 25}"
    # 20 of 50 images with writing, but of one patient of two.
    assert check(told(0, 20, rows=rows)) is None


def test_without_the_probe_it_is_silent():
    assert check(audit()) is None
