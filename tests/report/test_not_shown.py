"""What a report says that it does not show."""

import pytest

from wetread.outcome import DISCLAIMER
from wetread.report.given_away_part import say_given_away
from wetread.report.not_shown import not_shown

RUN = {"task": "binary", "classes": ["ill", "no_finding"], "n": {"patients": None, "trained_on": 77},
       "estimate": "cross-validation", "models": {}}  # fmt: skip
SEVERAL = RUN | {"task": "multilabel", "n": {"patients": 40, "trained_on": 1}}


def said(numbers, findings=(), *, fitted=False, test=None):
    return dict(not_shown(numbers, findings, {"fitted": fitted}, test))


def test_each_run_says_what_its_number_leaves_open():
    found = said(RUN)
    assert found["That it works elsewhere."].startswith("All images come from one collection.")
    assert found["That it saw the disease."].endswith(say_given_away(RUN, []))
    assert "That patients were kept apart." in found
    assert "from all 77 images," in found["The performance of one fixed model."]
    assert (
        found["What it does with other pictures."] == "It knows only ill, no finding, and calls anything one of these."
    )
    assert found["Any benefit to a patient."] == DISCLAIMER
    assert "from all 1 image," in said(SEVERAL)["The performance of one fixed model."]
    assert "That patients were kept apart." not in said(SEVERAL)
    assert "What was interrupted." not in found
    interrupted = dict(not_shown(RUN, [], {"fitted": False}, None, ["further divisions", "explaining cases"]))
    assert "by hand: further divisions, explaining cases. Going on" in interrupted["What was interrupted."]
    assert "The performance of one fixed model." not in said(RUN | {"estimate": "given test"})


@pytest.mark.parametrize(
    ("numbers", "knows"),
    [
        (RUN, "It knows only ill, no finding."),
        (SEVERAL, "It looks for ill, no finding, and passes over everything else."),
    ],
    ids=["classes", "findings"],
)
def test_what_it_refuses_stands_above_where_it_was_tried(numbers, knows):
    told = said(numbers, fitted=True)["What it does with other pictures."]
    assert told == f"{knows} Pictures unlike its own it refuses, as far as that was tried above."
    assert "refuses" not in said(numbers)["What it does with other pictures."]


def test_an_external_test_speaks_of_the_other_collection_and_of_patients_the_model_knows():
    elsewhere = RUN | {"estimate": "external test"}
    found = said(elsewhere, test={"refused": {"images": 2}})
    assert found["That it works elsewhere."].startswith("This is one other collection")
    assert "That patients are new to the model." in found
    assert found["What it does with other pictures."].endswith("as far as that was tried.")
    assert "calls anything" in said(elsewhere, test={"refused": None})["What it does with other pictures."]
