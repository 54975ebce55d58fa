"""What the page says of thresholds, prevalence, calibration, decisions and groups; every number from numbers.json."""

import base64
import hashlib
import json
import re

import numpy as np
import pytest
from markupsafe import Markup

from tests.evaluation.test_evaluate import predictions
from tests.evaluation.test_findings import predictions as finding_predictions
from tests.evaluation.test_subgroups import rows_of
from wetread.evaluation.decision import THRESHOLDS
from wetread.evaluation.evaluate import evaluate
from wetread.evaluation.findings import evaluate_findings
from wetread.evaluation.judgement import judge
from wetread.report.judgement_part import SCRIPT, SCRIPT_HASH, judgement, say_decision
from wetread.report.page import page_environment
from wetread.report.subgroup_part import say_gaps, subgroup_tables

PAGE = """{% from "judgement_part.html.j2" import judgement_part with context %}
{% from "subgroup_part.html.j2" import subgroup_part with context %}
{{ judgement_part(judgement) }}{{ subgroup_part(subgroups) }}"""


def numbers_of(one, positive, points, final):
    before = 0.8 * one.probabilities + 0.2 / one.probabilities.shape[1]  # less sure than they should be
    evaluated = (evaluate_findings if hasattr(one, "findings") else evaluate)(one, before, resamples=100)
    n = len(one.images)
    rows = rows_of(n, site=["north_wing" if k % 3 else "<south>" for k in range(n)])
    stored = {**evaluated, **judge(one, rows, points, final, resamples=100), "positive": positive}
    return json.loads(json.dumps(stored))


def render(numbers):
    drawn = {}

    def keep(name, chart):
        drawn[name] = chart
        return Markup(chart.svg())

    shown = judgement(numbers, keep)
    page = page_environment().from_string(PAGE).render(judgement=shown, subgroups=subgroup_tables(numbers))
    return page, drawn


@pytest.fixture(scope="module")
def two():
    one = predictions(n=240)
    cuts = {rule: np.full(240, cut) for rule, cut in (("youden", 0.5), ("sensitivity", 0.2), ("cost=5", 0.1))}
    return numbers_of(one, "yes", cuts, dict.fromkeys(cuts, (0.4,)))


def test_two_classes(two):
    page, drawn = render(two)
    assert set(drawn) == {"calibration-before", "calibration-after", "decision-01"}
    row = two["operating_points"][1]["by"]["yes"]
    assert "a sensitivity of at least 0.95" in page and f"{row['sensitivity']['value']:.2f}" in page
    assert "a miss counting 5 times a false alarm" in page
    assert page.count('<tr class="best"') == 2  # the rule in use, and the reader's own prevalence
    assert not re.search(r">\s*(nan|None)\b|NaN", page.replace("<p>None of the", ""))
    assert "&lt;south&gt;" in page and "<south>" not in page


def test_several_classes_and_findings_are_shown_without_a_positive_class():
    three = predictions(n=240, classes=("a", "b", "c"), positive=None)
    page, drawn = render(numbers_of(three, None, {}, {}))
    assert "What other thresholds would do" not in page and "was the class that was called right" in page
    assert {"calibrated-01", "calibrated-03", "decision-03"} <= set(drawn)
    many = finding_predictions(n=240)
    page, drawn = render(numbers_of(many, None, {"youden": many.thresholds, "f1": many.thresholds}, {}))
    assert "Finding by finding" in page and page.count("<details>") == 6
    groups = re.findall(r'<details class="group by-finding"><summary><b>(\w+)</b>(.*?)</summary>', page)
    assert [name for name, _ in groups] == ["Edema", "Mass", "Hernia"]
    assert re.search(r"AUROC 0\.\d\d to 0\.\d\d in 2 of 2 groups", groups[0][1])
    rest = page[page.index('class="group by-finding"') :]
    assert "site: north wing" in rest and "site: &lt;south&gt;" in rest and not re.search(r">\s*(nan|None)\b", rest)


def test_findings_in_groups_say_what_differs_and_where_nothing_can_be_said():
    sure, unsure = ({"value": -0.2, "low": -0.3, "high": -0.1, "p_holm": p} for p in (0.01, 0.4))
    area = {"value": 0.7, "low": 0.6, "high": 0.8}
    told = {"positive": 20, "negative": 30, "auroc": area, "sensitivity": area, "specificity": area}
    few = {"positive": 9, "negative": 30, "too_few": "too few to say"}
    women = {"group": "F", "by_finding": {"Mass": told | {"gap": {"auroc": sure, "sensitivity": unsure}}, "Scar": few}}
    men = {"group": "M", "by_finding": {"Mass": few, "Scar": few}}
    shown = subgroup_tables({"subgroups": [{"column": "sex", "groups": [women, men]}], "positive": None})
    assert shown["findings_sentence"] == (
        "Of 2 comparisons these are more than chance: Mass: AUROC of sex F is 0.20 lower than that of the rest."
    )
    mass, scar = shown["findings"]
    assert (mass["areas"], mass["told"], mass["groups"], mass["compared"], mass["differ"]) == ((0.7, 0.7), 1, 2, 2, 1)
    assert scar["areas"] is None and subgroup_tables({"subgroups": [], "positive": None})["findings"] == []


def test_a_sentence_names_six_gaps_at_most():
    gap = {"value": 0.1, "p_holm": 0.001}
    columns = [{"column": "site", "groups": [{"group": str(k), "gap": {"auroc": gap}} for k in range(9)]}]
    assert say_gaps(columns).endswith("site 5 is 0.10 higher than that of the rest; and 3 more.")


def test_an_old_run_or_one_without_anything_shows_nothing():
    page, drawn = render({"positive": "yes", "calibration": {"slope": 1.0, "ece": 0.1}})
    assert "<h2" not in page and not drawn


def test_a_correction_that_was_not_fitted_is_not_claimed(two):
    one = {"temperature": 1.0, "offset": [], "cases": 30}
    stored = {"method": "temperature", "fewest": 50, "folds": [one], "final": one}
    said = "Too few cases to calibrate (fewer than 50): probabilities are those of the models."
    assert said in render({"positive": "yes", "calibration": {}, "recalibration": stored})[0]
    page, _ = render({**two, "recalibration": stored})
    assert said in page and "The correction was fitted" not in page
    assert "The correction was fitted" in render(two)[0]


def test_where_nothing_was_corrected_there_are_no_two_plots_of_the_same(two):
    same = {"calibration": {**two["calibration"], "before": two["calibration"]["after"]}}
    page, drawn = render({**two, **same})
    assert "calibration-after" in drawn and "calibration-before" not in drawn
    assert "<b>Calibration.</b> As the model gives them, and as used everywhere" in page and "<th>Value</th>" in page
    assert "Nothing was corrected: probabilities are those of the models." in page
    page, _ = render(two)
    assert "<b>Before calibration.</b>" in page and "<th>Before</th><th>After</th>" in page


def test_the_brier_score_of_several_classes_says_that_it_asks_for_the_call(two):
    three = numbers_of(predictions(n=240, classes=("a", "b", "c"), positive=None), None, {}, {})
    assert "<td>Brier score of the call (0 is best)</td>" in render(three)[0]
    assert "<td>Brier score (0 is best)</td>" in render(two)[0]


def test_the_script_is_the_only_one_that_may_run():
    digest = base64.b64encode(hashlib.sha256(SCRIPT.encode()).digest()).decode()
    assert f"sha256-{digest}" == SCRIPT_HASH
    assert not re.search(r"fetch|XMLHttp|import|innerHTML|\beval\b|http", SCRIPT)


def test_the_sentence_names_where_the_model_is_better():
    grid = {"thresholds": THRESHOLDS.tolist()}
    assert "between 35 % and 62.5 % on does better" in say_decision({
        **grid, "surely": [[0.03, 0.03], [0.1, 0.3], [0.35, 0.625]], "better": [[0.02, 0.7]],
    })  # fmt: skip
    assert "could be chance" in say_decision({"surely": [], "better": [[0.2, 0.4]]})
    assert "At no threshold" in say_decision({"surely": [], "better": []})


@pytest.mark.parametrize(
    ("ranges", "told"),
    [
        ([[0.02, 0.03], [0.08, 0.1]], "between 8 % and 10 % on"),  # four thresholds are missing between them
        ([[0.02, 0.03], [0.05, 0.06]], "between 2 % and 6 % on"),
        ([[0.02, 0.04], [0.07, 0.08]], "between 2 % and 4 % on"),
        ([[0.1, 0.18], [0.2, 0.3]], "between 10 % and 30 % on"),
        ([[0.2, 0.3], [0.35, 0.4]], "between 20 % and 40 % on"),
        ([[0.2, 0.3], [0.375, 0.4]], "between 20 % and 30 % on"),
        ([[0.05, 0.05]], "a probability of 5 % on"),
    ],
)
def test_one_missing_threshold_is_bridged_where_nothing_is_sure_and_none_where_it_is(ranges, told):
    grid = {"thresholds": THRESHOLDS.tolist()}
    assert told in say_decision({**grid, "surely": [], "better": ranges})
    sure = max(ranges, key=lambda one: one[1] - one[0])
    ends = [f"{100 * end:g} %" for end in dict.fromkeys(sure)]
    assert f"{' and '.join(ends)} on does better" in say_decision({**grid, "surely": ranges, "better": []})


def test_every_second_threshold_is_bridged_by_its_place_too():
    grid = {"thresholds": THRESHOLDS[::2].tolist()}
    low, middle, high = (THRESHOLDS[::2][n].item() for n in (2, 4, 6))
    said = say_decision({**grid, "surely": [], "better": [[low, low], [middle, high]]})
    assert f"between {100 * low:g} % and {100 * high:g} % on" in said


def test_the_sentence_on_gaps():
    def column(p):
        gap = {"value": -0.123, "p_holm": p}
        gaps = {"auroc": gap, "sensitivity": gap | {"p_holm": 1}}
        return [{"column": "sex", "groups": [{"group": "F", "gap": gaps}]}]

    assert say_gaps(column(0.01)) == (
        "Of 2 comparisons these are more than chance: AUROC of sex F is 0.12 lower than that of the rest."
    )
    assert say_gaps(column(0.5)).startswith("None of the 2 comparisons")
    assert say_gaps([]) == ""
