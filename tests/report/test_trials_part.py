"""Lamps and sentences of the tests; a method is grey for a reason; nothing breaks the page."""

import pytest

from wetread.explanation.trials.run_trials import TRIALS
from wetread.report.page import page_environment
from wetread.report.trials_part import describe_trials, verdict_of


def method(**verdicts):
    trials = {
        name: {
            "verdict": verdicts.get(name, "not run"),
            "sentence": f"What {name} found <here>.",
            "value": None,
            "against": "",
            "source": "",
        }
        for name in TRIALS
    }
    passed, failed = (sum(one == what for one in verdicts.values()) for what in ("pass", "fail"))
    return {
        "passed": passed,
        "tests": passed + failed,
        "badge": f"passes {passed} of {passed + failed}",
        "trials": trials,
        "heat outside the body": 0.125,
    }


def found(**methods):
    pair = {"methods": ["occlusion", "grad-cam"], "rank correlation": 0.614, "hottest tenth, overlap": 0.2}
    return {"methods": methods, "agreement": [pair], "sample": 12, "masks": 8}


def rendered(trials):
    template = page_environment().from_string(
        '{% from "trials_part.html.j2" import trials_part %}{{ trials_part(trials) }}'
    )
    return template.render(trials=trials)


def test_a_lamp_and_a_sentence_for_each_test():
    trials = describe_trials(found(occlusion=method(weights="pass", deletion="fail")))
    lamps = [row["cells"][0]["lamp"] for row in trials["rows"]]
    assert lamps == ["green", "none", "red", "none", "none", "none", "none"]
    page = rendered(trials)
    assert "Occlusion (mean)</b> passes 1 of 2 tests" in page
    assert "What deletion found &lt;here&gt;." in page
    assert "13 % <small>not judged" in page
    assert "Occlusion (mean) and Grad-CAM: 0.61" in page


def test_the_tested_model_is_called_as_on_the_rest_of_the_page():
    tested = found(occlusion=method(weights="pass") | {"rung": "combined"})
    page = rendered(describe_trials(tested))
    assert "</b> of the backbone with classical features passes 1 of 1" in page
    assert "<small>backbone with classical features</small></th>" in page


def test_many_methods_stand_as_lamps_with_sentences_below():
    trials = describe_trials(found(occlusion=method(), rise=method(), smoothgrad=method(weights="fail")))
    page = rendered(trials)
    assert "<details" in page and page.count("What weights found") == 6  # in a title, and in the list


@pytest.mark.parametrize(
    ("verdicts", "grey"),
    [
        ({"weights": "fail", "labels": "pass", "deletion": "pass"}, True),
        ({"weights": "pass", "deletion": "fail", "repeat": "fail"}, True),
        ({"weights": "pass", "deletion": "fail"}, False),
        ({}, False),
    ],
)
def test_a_method_is_grey_where_it_shows_no_model_or_fails_more_than_half(verdicts, grey):
    told = verdict_of("rise", found(rise=method(**verdicts)))
    assert told["grey"] is grey
    assert bool(told["why"]) is grey


def test_a_verdict_on_another_model_does_not_count():
    stored = found(occlusion=method(weights="fail") | {"rung": "classical"})
    assert verdict_of("occlusion", stored)["grey"] is True
    assert verdict_of("occlusion", stored | {"model": "classical"})["grey"] is True
    other = verdict_of("occlusion", stored | {"model": "network"})
    assert (other["badge"], other["grey"]) == ("not tested", False)
    assert "classical model" in other["why"] and "network model" in other["why"]
    page = rendered(describe_trials(stored | {"model": "network"}))
    assert "another model than the one chosen" in page


@pytest.mark.parametrize("damaged", [{}, {"methods": {"rise": {}}}, {"methods": {"rise": method()}}, {"methods": 3}])
def test_what_is_missing_or_damaged_shows_nothing(damaged):
    assert describe_trials(damaged) == {}
    assert rendered(describe_trials(damaged)).strip() == ""
    assert verdict_of("occlusion", damaged) == {"badge": "not tested", "grey": False, "why": ""}
