"""Who was tested: with and without, in images and in patients, those of nobody included."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from wetread.dataset.table import Table
from wetread.evaluation.counts import Side, count_cases, count_units, find_rarest, find_sides
from wetread.evaluation.finding_predictions import FindingPredictions
from wetread.evaluation.predictions import Predictions
from wetread.evaluation.trust import Evidence, judge_size, judge_width

#: Two images of one patient, one of another, three of nobody, of which two are copies.
WHO = {
    "images": [f"{n}.png" for n in range(6)],
    "patients": ["p", "p", "q", "", "", ""],
    "groups": ["g", "g", "h", "i", "i", "p"],
    "splits": ["cv"] * 6,
    "folds": [""] * 6,
}


def table(grouping="column"):
    return Table(Path(), "folder", [], grouping=grouping)


def classes():
    truth = np.array([0, 0, 1, 1, 1, 1])
    even = np.full((6, 2), 0.5)
    return Predictions(("a", "b"), "b", **WHO, truth=truth, predicted=truth, probabilities=even, thresholds=None)


def findings():
    truth = np.array([[1, 0], [0, 1], [1, np.nan], [1, 0], [1, 0], [0, 0]])
    return FindingPredictions(("x", "y"), **WHO, truth=truth, probabilities=np.full((6, 2), 0.5))


def test_images_without_a_patient_are_not_one_patient_together():
    n = count_cases(classes(), table(), 7)
    assert (n["images"], n["patients"], n["trained_on"]) == (6, 4, 7)  # p, q, the copies, and the last by itself
    assert n["per_class"] == {"a": 2, "b": 4}
    assert n["patients_per_class"] == {"a": 1, "b": 3}


def test_where_patients_are_not_known_none_are_counted_and_copies_are_one_picture():
    n = count_cases(replace(classes(), patients=[""] * 6), table("none"), None)
    assert n["patients"] is None and "patients_per_class" not in n
    assert (n["images"], n["pictures"], n["pictures_per_class"]) == (6, 4, {"a": 1, "b": 3})
    assert find_rarest(n) == Side("a", True, 1, "different pictures") and count_units(n) == 4


def test_where_no_image_has_a_copy_images_are_counted():
    alone = replace(classes(), patients=[""] * 6, groups=list("abcdef"))
    n = count_cases(alone, table("none"), None)
    assert "pictures" not in n and count_units(n) == 6
    assert find_rarest(n) == Side("a", True, 2, "images")


def test_of_findings_copies_are_one_picture_on_either_side():
    n = count_cases(replace(findings(), patients=[""] * 6), table("none"), None)
    assert (n["pictures_per_class"], n["pictures_without"]) == ({"x": 3, "y": 1}, {"x": 2, "y": 3})
    assert {side.unit for side in find_sides(n)} == {"different pictures"}


def test_the_light_counts_the_pictures_that_its_interval_counts():
    n = {"images": 72, "patients": None, "per_class": {"glioma": 18, "pituitary": 18}, "pictures": 62}
    n |= {"pictures_per_class": {"glioma": 18, "pituitary": 11}}
    headline = {"value": 0.75, "low": 0.66, "high": 0.82}
    evidence = Evidence({"task": "multiclass", "n": n, "headline": headline}, [], {}, {}, {}, "runs/a")
    assert judge_size(evidence).evidence.startswith("11 different pictures with pituitary, the fewest")
    assert "about 160 cases like these" in judge_width(evidence).evidence  # 62 * 1.6 ** 2


def test_of_findings_both_sides_are_counted_and_what_is_not_known_is_on_neither():
    n = count_cases(findings(), table(), 6)
    assert (n["per_class"], n["without"], n["unknown"]) == ({"x": 4, "y": 1}, {"x": 2, "y": 4}, {"x": 0, "y": 1})
    assert n["patients_per_class"] == {"x": 3, "y": 1}
    assert n["patients_without"] == {"x": 2, "y": 3}  # one patient with an image of either kind counts on both sides
    assert (n["without_finding"], n["several_findings"]) == (1, 0)


@pytest.mark.parametrize(
    ("n", "rarest"),
    [
        ({"patients_per_class": {"x": 500}, "patients_without": {"x": 10}}, Side("x", False, 10, "patients")),
        ({"per_class": {"x": 5}, "without": {"x": 10}}, Side("x", True, 5, "images")),
        ({"patients_per_class": {"x": 500}}, Side("x", True, 500, "patients")),  # of an older version
        ({}, None),
    ],
)
def test_the_rarer_side_is_what_a_number_rests_on(n, rarest):
    assert find_rarest(n) == rarest
    assert rarest is None or rarest in find_sides(n)


def test_a_side_in_words():
    assert Side("small_mass", False, 3, "images").which == "without small mass"
