from dataclasses import replace

import pytest

from checks.audits import audit
from wetread.checks.label_errors import LabelExamination
from wetread.checks.wr501_label_errors import check
from wetread.dataset.review import Doubt

DOUBTS = [Doubt("a3.png", "a", "b", 0.97, "looks like b"), Doubt("b4.png", "b", "a", 0.91, "looks like a")]
HONEST = LabelExamination(DOUBTS, contrary=8, sure=2, wrong=0.0, chance=1.0, images=80)


def test_a_few_hard_cases_are_silent():
    assert check(audit(label_errors=HONEST)) is None


def test_labels_contradicted_surely_are_for_information_and_the_doubtful_ones_are_shown():
    found = check(audit(label_errors=replace(HONEST, sure=3)))
    assert (found.severity, found.images) == ("info", ("a3.png", "b4.png"))
    assert "labelled a, looks like b" in found.sentence
    assert "png" not in found.sentence, "a file name may be a patient's"
    assert found.numbers["suggested"] == {"a3.png": "b", "b4.png": "a"}
    assert check(audit(label_errors=replace(HONEST, sure=3, images=200))) is None


def test_errors_that_do_not_die_out_are_amber_and_never_red():
    found = check(audit(label_errors=replace(HONEST, wrong=0.1, chance=0.004, images=400)))
    assert found.severity == "amber"
    assert "about 10 % of all labels" in found.sentence


@pytest.mark.parametrize(
    "changes",
    [{"wrong": 0.1, "chance": 0.02}, {"wrong": 0.05, "chance": 0.001}, {"wrong": 0.1, "chance": 0.001, "images": 399}],
)
def test_what_chance_explains_and_what_hardly_matters_is_silent(changes):
    assert check(audit(label_errors=replace(HONEST, **changes))) is None


def test_nobody_examined_the_labels_so_nothing_is_said():
    assert check(audit()) is None
