"""Operating points as plans spell them."""

import numpy as np
import pytest

from wetread.metrics.operating_point import cost_threshold, sensitivity_threshold, youden_threshold
from wetread.metrics.point_rule import DEFAULT_RULES, PointRule, read_rule, rules_to_store

TRUTH = [0, 0, 0, 1, 0, 1, 1, 1]
P = [0.1, 0.2, 0.3, 0.35, 0.5, 0.6, 0.8, 0.9]


@pytest.mark.parametrize(
    ("text", "rule"),
    [
        ("youden", PointRule("youden")),
        ("sensitivity", PointRule("sensitivity", share=0.95)),
        (" Sensitivity >= 0.9 ", PointRule("sensitivity", share=0.9)),
        ("specificity>=0.8", PointRule("specificity", share=0.8)),
        ("cost", PointRule("cost")),
        ("cost=5", PointRule("cost", ratio=5)),
        ("cost=2.5@0.02", PointRule("cost", ratio=2.5, prevalence=0.02)),
        ("f1", PointRule("f1")),
    ],
)
def test_rules_are_read_as_they_are_spelt(text, rule):
    assert read_rule(text) == rule


@pytest.mark.parametrize("text", ["", "best", "sensitivity>=1.2", "sensitivity>=0", "cost=0", "cost=3@1", "cost=1..2"])
def test_what_is_no_rule_is_refused_with_the_spelling(text):
    with pytest.raises(ValueError, match=r"sensitivity>=0\.9"):
        read_rule(text)


def test_a_rule_chooses_what_its_function_chooses():
    assert read_rule("youden").choose(TRUTH, P) == youden_threshold(TRUTH, P)
    assert read_rule("sensitivity>=0.75").choose(TRUTH, P) == sensitivity_threshold(TRUTH, P, 0.75)
    assert read_rule("cost=5@0.1").choose(TRUTH, P) == cost_threshold(TRUTH, P, 5, 0.1)
    assert {name: PointRule(name).choose([1, 1], [0.2, 0.4]) for name in DEFAULT_RULES} == dict.fromkeys(DEFAULT_RULES)


def test_the_rule_of_the_plan_comes_first_and_the_menu_is_whole():
    assert list(rules_to_store("f1")) == ["f1", "youden", "sensitivity", "specificity", "cost"]
    assert list(rules_to_store("cost=5")) == ["cost=5", *DEFAULT_RULES]
    assert rules_to_store("cost=5")["cost=5"].ratio == 5


def test_cost_of_one_at_the_prevalence_of_the_data_makes_the_fewest_errors():
    cut = cost_threshold(TRUTH, P)
    errors = [int(np.sum((np.array(P) >= t) != np.array(TRUTH))) for t in np.linspace(0.01, 0.99, 99)]
    assert int(np.sum((np.array(P) >= cut) != np.array(TRUTH))) == min(errors) == 1


def test_dear_misses_lower_the_threshold_and_rare_cases_raise_it():
    assert cost_threshold(TRUTH, P, 100) == pytest.approx(0.325)  # all four cases found at one false alarm
    assert cost_threshold(TRUTH, P, 0.01) == pytest.approx(0.55)  # no false alarm
    assert cost_threshold(TRUTH, P, 1, 0.001) == pytest.approx(0.55)
    assert cost_threshold(TRUTH, P, 1, 0.999) == pytest.approx(0.325)


def test_it_may_be_cheapest_to_call_nobody_or_everybody():
    truth, p = [1, 0, 1, 0], [0.2, 0.6, 0.4, 0.8]  # turned round
    assert cost_threshold(truth, p, 0.01) > 0.8
    assert cost_threshold(truth, p, 100) < 0.2
    assert cost_threshold([1, 0], [0.5, 0.5], 3) < 0.5
    with pytest.raises(ValueError, match="above 0"):
        cost_threshold(truth, p, 0)
    with pytest.raises(ValueError, match="prevalence"):
        cost_threshold(truth, p, 1, 1.0)
