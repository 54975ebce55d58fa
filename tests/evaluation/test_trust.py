"""Each light in each of its colours, from evidence that deserves it."""

import shlex

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wetread.evaluation import trust
from wetread.evaluation.trust import Evidence, judge


def number(value, low, high):
    return {"value": value, "low": low, "high": high, "method": "DeLong, logit scale", "n": 240}


def numbers(**changed):
    """A run nothing is wrong with."""
    return {
        "task": "binary",
        "n": {
            "images": 300,
            "patients": 240,
            "per_class": {"a": 150, "b": 150},
            "patients_per_class": {"a": 120, "b": 120},
        },
        "headline": number(0.9, 0.86, 0.93),
        "models": {"file properties": {"auroc": number(0.55, 0.5, 0.6), "sees": "files"}, "selected": {}},
        "gain_over_file_properties": number(0.35, 0.3, 0.4),
        "chance": {"p": 0.002},
        "calibration": {
            "after": {"slope": number(1.1, 0.9, 1.3), "ece": number(0.04, 0.02, 0.08), "ece_if_perfect": 0.03}
        },
    } | changed


REFUSAL = {"own": {"refused": 0.02}, "packs": {"noise": {"refused": 1.0}, "mirrored": {"refused": 0.02}}}


def lights(changed=None, findings=(), refusal=REFUSAL, explanations=None, external=None):
    evidence = Evidence(
        numbers(**(changed or {})),
        list(findings),
        refusal,
        {"passed": 7, "tests": 7} if explanations is None else explanations,
        {"b": "AUROC 0.80"} if external is None else external,
        "runs/a",
    )
    return {one["name"]: one for one in judge(evidence)}


def finding(code, severity, remedy="Do something."):
    return {"code": code, "severity": severity, "sentence": f"{code} was found.", "remedy": remedy}


def test_a_run_nothing_is_wrong_with_has_green_lights_only():
    found = lights()
    assert {one["light"] for one in found.values()} == {"green"}
    assert not any(one["improve"] for one in found.values())
    assert all(one["evidence"] for one in found.values())


def test_everything_that_is_not_green_says_what_to_do():
    found = lights(
        {
            "n": {"images": 40, "patients": None, "per_class": {"a": 20, "b": 20}},
            "headline": number(0.6, 0.4, 0.8),
            "calibration": {},
        },
        [finding("WR301", "red")],
        {},
        {},
        {},
    )
    assert all(one["improve"] for one in found.values() if one["light"] != "green")
    assert {name for name, one in found.items() if one["light"] == "green"} == set()


@pytest.mark.parametrize(
    ("changed", "findings", "colour"),
    [
        ({"leak_allowed": 4}, [], "red"),
        ({}, [finding("WR101", "red")], "red"),
        ({}, [finding("WR102", "info")], "green"),
        ({}, [finding("WR105", "amber")], "amber"),
        ({}, [finding("WR107", "red")], "red"),
        ({}, [finding("WR101", "amber")], "amber"),  # a run has mended the split that came with the data
    ],
)
def test_leak(changed, findings, colour):
    assert lights(changed, findings)["leak"]["light"] == colour


def test_the_gravest_shortcut_counts():
    found = lights(findings=[finding("WR304", "amber"), finding("WR301", "red"), finding("WR201", "red")])
    assert (found["shortcut"]["light"], found["shortcut"]["evidence"]) == ("red", "WR301 was found.")


@pytest.mark.parametrize(
    ("changed", "colour"),
    [
        ({"chance": {"p": 0.2}}, "red"),
        ({"headline": number(0.55, 0.45, 0.65)}, "red"),
        ({"gain_over_file_properties": number(0.02, -0.03, 0.06)}, "red"),
        ({"models": {"blurred": {"auroc": number(0.88, 0.8, 0.9), "sees": "a blur"}}}, "amber"),
        ({"models": {}, "chance": None}, "none"),
    ],
)
def test_baselines(changed, colour):
    assert lights(changed)["baseline"]["light"] == colour


TEST = {"p": 0.002, "statistic": 0.77, "sees": "classical", "permutations": 500}
RIDGE = "ridge classifier on the classical features reaches an AUROC of 0.77 (P = 0.002 by 500 shufflings"


@pytest.mark.parametrize(
    ("chosen", "of_this_kind"),
    [
        (None, True),  # a run of before
        ({"classical": 3, "frozen": 2, "ensemble": 4}, True),
        ({"classical": 3, "network": 0}, True),
        ({"classical": 0, "network": 10}, False),
        ({"classical": 0, "network": 0, "ensemble": 5}, False),  # a part of it learns its own features
    ],
)
def test_another_models_test_speaks_neither_for_nor_against_a_network(chosen, of_this_kind):
    guessing, well = number(0.51, 0.37, 0.66), number(0.9, 0.86, 0.93)
    coin = lights({"chosen": chosen, "chance": TEST, "headline": guessing})["baseline"]
    assert coin["light"] == "red"
    assert (f"There is something to learn, though: a {RIDGE}" in coin["evidence"]) == of_this_kind
    assert (coin["evidence"] == "Not shown to be better than guessing: AUROC 0.51 (0.37 to 0.66).") != of_this_kind
    good = lights({"chosen": chosen, "chance": TEST, "headline": well})["baseline"]
    assert (good["light"], RIDGE in good["evidence"]) == ("green", of_this_kind)
    unlucky = lights({"chosen": chosen, "chance": TEST | {"p": 0.2}, "headline": well})["baseline"]
    assert (unlucky["light"] == "red") == of_this_kind


@pytest.mark.parametrize(
    ("divisions", "colour", "told"),
    [
        ([0.72, 0.78], "amber", "the model 0.72 in the same division (0.76 averaged over several)"),
        ([0.75, 0.70], "green", "the model 0.75 in the same division (0.76 averaged over several)"),
        ([0.76], "green", "the model 0.76;"),
    ],
)
def test_baselines_of_one_division_meet_the_model_of_that_division(divisions, colour, told):
    models = {"blur": {"auroc": number(0.69, 0.6, 0.8), "sees": "a blur"}}
    run = {"headline": number(0.76, 0.7, 0.82), "models": models, "repeats": {"auroc": divisions}, "chance": TEST}
    light = lights(run)["baseline"]
    assert light["light"] == colour and "(blur) reaches 0.69; " + told in light["evidence"]


@pytest.mark.parametrize(
    "changed",
    [
        {"gain_over_file_properties": number(0.02, -0.03, 0.06)},
        {"models": {"blurred": {"auroc": number(0.88, 0.8, 0.9), "sees": "a blur"}}},
    ],
)
def test_where_nothing_gives_the_label_away_more_cases_are_what_could_help(changed):
    few, given_away = lights(changed), lights(changed, [finding("WR301", "red")])
    assert "learning-curve" in few["baseline"]["improve"]
    assert " check " in given_away["baseline"]["improve"]


def test_a_gain_of_the_first_division_is_called_so():
    gain = number(0.02, -0.03, 0.06) | {"division": 1}
    assert "+0.06), in the first division." in lights({"gain_over_file_properties": gain})["baseline"]["evidence"]


@pytest.mark.parametrize(("patients", "colour"), [(100, "green"), (99, "amber"), (30, "amber"), (29, "red")])
def test_size_goes_by_the_rarest_class(patients, colour):
    n = {"images": 900, "patients": 800, "per_class": {}, "patients_per_class": {"many": 700, "few_cases": patients}}
    light = lights({"n": n})["size"]
    assert light["light"] == colour
    assert f"{patients} patients with few cases" in light["evidence"]


@pytest.mark.parametrize(("low", "high", "colour"), [(0.85, 0.94, "green"), (0.8, 0.94, "amber"), (0.7, 0.95, "red")])
def test_width_tells_how_many_cases_would_do(low, high, colour):
    light = lights({"headline": number(0.9, low, high)})["width"]
    assert light["light"] == colour
    assert ("about 160 patients" in light["evidence"]) == (colour != "green")


@pytest.mark.parametrize(
    ("after", "colour"),
    [
        ({"slope": number(1.1, 0.9, 1.3)}, "green"),
        ({"slope": number(1.4, 0.9, 1.9)}, "green"),  # the interval leaves 1 possible
        ({"slope": number(1.6, 0.9, 2.4)}, "none"),  # and this one nearly anything
        ({"slope": number(-0.9, -2.7, 1.2)}, "none"),
        ({"slope": number(1.6, 1.3, 1.9)}, "amber"),
        ({"slope": 0.5}, "amber"),
    ],
)
def test_calibration_after_any_correction(after, colour):
    assert lights({"calibration": {"before": {"slope": 0.1}, "after": after}})["calibration"]["light"] == colour


def test_the_worst_finding_of_several_is_named():
    several = {"edema": {"slope": 1.0}, "small_mass": {"before": {}, "after": {"slope": 0.4}}}
    light = lights(of_findings(several))["calibration"]
    assert light["light"] == "amber"
    assert "small mass" in light["evidence"]


@pytest.mark.parametrize(("own", "noise", "colour"), [(0.02, 1.0, "green"), (0.09, 1.0, "amber"), (0.02, 0.8, "amber")])
def test_refusal(own, noise, colour):
    known = {"own": {"refused": own}, "packs": {"noise": {"refused": noise}, "mirrored": {"refused": 0.0}}}
    assert lights(refusal=known)["refusal"]["light"] == colour


@pytest.mark.parametrize(
    ("shares", "told"),
    [
        ({"noise": 1.0, "inverted": 1.0}, "and all of each of 2 kinds of other pictures."),
        ({"noise": 1.0, "inverted": 0.996}, "and at least 99 % of each of 2 kinds of other pictures."),
        ({"noise": 0.29}, "and at least 29 % of one kind of other pictures. Weakest: noise."),
    ],
)
@pytest.mark.parametrize("mirrored", [True, False])
def test_what_is_refused_is_told_in_words_that_hold(shares, told, mirrored):
    packs = {name: {"refused": share} for name, share in shares.items()}
    packs |= {"mirrored": {"refused": 0.0}} if mirrored else {}
    said = lights(refusal={"own": {"refused": 0.02}, "packs": packs})["refusal"]["evidence"]
    assert said.startswith(f"Refuses 2 % of its own kind, {told}")
    assert ("Mirrored pictures do not count" in said) == mirrored


def test_without_refusal_anything_is_called_a_class():
    assert lights(refusal={})["refusal"]["light"] == trust.RED


@pytest.mark.parametrize(("passed", "colour"), [(7, "green"), (4, "amber"), (2, "red")])
def test_explanations(passed, colour):
    assert lights(explanations={"passed": passed, "tests": 7})["explanations"]["light"] == colour


def line(slope, intercept=None, **more):
    return {"after": {"slope": slope} | ({} if intercept is None else {"intercept": intercept}) | more, "n": 500}


def of_findings(calibration, **changed):
    rows = {name: {"auroc": number(0.9, 0.8, 0.95)} for name in calibration}
    names = [*calibration]
    return {"task": "multilabel", "classes": names, "per_class": rows, "calibration": calibration} | changed


def test_a_finding_with_a_wide_interval_does_not_hide_another_that_is_off():
    several = {"a": line(number(0.4, 0.0, 1.1)), "b": line(number(0.6, 0.5, 0.7)), "c": line(number(1.0, 0.9, 1.1))}
    light = lights(of_findings(several, classes=["a", "b", "c", "d"]))["calibration"]
    assert light["light"] == "amber"
    assert "0.60 (0.50 to 0.70; 1 is right) for b" in light["evidence"]
    assert "Of 2 findings it is the farthest off, and 1 is beyond the limits." in light["evidence"]
    assert "for 2 more" in light["evidence"]


def test_how_many_cases_a_mean_over_classes_takes_follows_from_its_own_interval():
    numbers = {"task": "multiclass", "headline": number(0.62, 0.55, 0.67), "n": {"images": 152, "per_class": {"a": 9}}}
    assert "about 220 cases like these" in lights(numbers)["width"]["evidence"]


@pytest.mark.parametrize(
    ("intercept", "colour"),
    [
        (number(2.0, 1.8, 2.2), "amber"),
        (number(-0.4, -0.6, -0.2), "amber"),
        (number(0.2, 0.1, 0.3), "green"),  # odds within a third of what is right
        (number(0.3, -0.1, 0.6), "green"),
        (number(0.5, -0.1, 1.1), "none"),
    ],
)
def test_a_right_slope_with_a_wrong_intercept_is_not_calibrated(intercept, colour):
    light = lights({"calibration": line(number(1.0, 0.9, 1.1), intercept)})["calibration"]
    assert light["light"] == colour
    assert f"{intercept['value']:.2f} (" in light["evidence"]


@pytest.mark.parametrize(
    ("area", "told"),
    [(1.0, "the classes do not overlap"), (0.995, "hardly overlap"), (0.5, "all but alike")],
)
def test_a_slope_that_is_not_defined_is_not_put_down_to_too_few_cases(area, told):
    one = {"calibration": {"n": 500, "after": {"ece": 0.01}}, "headline": number(area, 0.99, 1.0)}
    light = lights(one)["calibration"]
    assert light["light"] == "none"
    assert "not defined" in light["evidence"] and told in light["evidence"] and "Too few" not in light["evidence"]


def test_a_finding_without_a_slope_stands_beside_those_with_one():
    several = of_findings({"a": line(number(1.0, 0.9, 1.1)), "all_apart": {"n": 80, "after": {"ece": 0.1}}})
    several["per_class"]["all_apart"]["auroc"] = number(1.0, 0.95, 1.0)
    light = lights(several)["calibration"]
    assert (light["light"], light["improve"]) == ("none", "wetread evaluate runs/a NEW_DATA")
    assert "Not defined for all apart, since the classes do not overlap." in light["evidence"]


@pytest.mark.parametrize(
    ("passed", "tests", "colour"), [(0, 0, "none"), (2, 2, "none"), (3, 3, "green"), (0, 2, "red")]
)
def test_heatmaps_are_not_called_tested_by_hardly_a_test(passed, tests, colour):
    light = lights(explanations={"passed": passed, "tests": tests})["explanations"]
    assert light["light"] == colour
    assert "0 of 0" not in light["evidence"]


def few(of_a, **more):
    return {"images": 400, "patients": 400, "per_class": {}, "patients_per_class": {"a": of_a, "b": 400 - of_a}} | more


@pytest.mark.parametrize(("of_a", "colour"), [(10, "none"), (26, "none"), (60, "green")])
def test_no_shortcut_is_said_only_where_one_could_have_been_seen(of_a, colour):
    light = lights({"n": few(of_a)})["shortcut"]
    assert light["light"] == colour
    assert "No probe was shown to tell the label. Tried: file properties." in light["evidence"]
    assert (f"{of_a} patients with a" in light["evidence"]) == (colour == "none")


def test_a_probe_of_the_body_is_no_search_for_a_shortcut():
    light = lights({"models": {"blur": {"auroc": number(0.6, 0.5, 0.7), "sees": "a blur"}}})["shortcut"]
    assert (light["light"], "Nothing was tried" in light["evidence"]) == ("none", True)


def test_findings_in_which_a_shortcut_could_hide_are_counted():
    n = few(60, patients_without={"a": 340, "b": 60}, patients_per_class={"a": 60, "b": 340, "c": 5})
    n["patients_without"]["c"] = 395
    headline = number(0.9, 0.86, 0.93) | {"mean_over": ["a", "b", "c"]}
    light = lights(of_findings({}, n=n, headline=headline))["shortcut"]
    assert (light["light"], "for 1 of 3 findings" in light["evidence"]) == ("none", True)
    headline["mean_over"] = ["a", "b"]
    assert lights(of_findings({}, n=n, headline=headline))["shortcut"]["light"] == "green"


def test_the_few_without_a_finding_count_as_well_as_the_few_with_one():
    n = {
        "images": 510,
        "patients": 510,
        "per_class": {},
        "patients_per_class": {"x": 500},
        "patients_without": {"x": 10},
    }
    found = lights({"n": n, "headline": number(0.9, 0.7, 0.95)})
    assert found["size"]["light"] == "red"
    assert "10 patients without x, the fewest" in found["size"]["evidence"]
    assert "patients like these are needed" in found["width"]["evidence"]


def test_classes_in_other_shares_are_no_patients_on_both_sides():
    assert lights(findings=[finding("WR106", "amber")])["leak"]["light"] == "green"


@given(
    st.sampled_from([{}, {"passed": 0, "tests": 0}]),
    st.sampled_from([{}, {"n": 500, "after": {"ece": 0.1}}, {"a": {"n": 90, "after": {}}}]),
    st.sampled_from([{}, {"selected": {"auroc": number(0.9, 0.8, 0.95)}}]),
    st.sampled_from([{}, {"own": {"refused": 0.0}, "packs": {}}, {"own": {"refused": 0.0}, "packs": {"mirrored": {}}}]),
    st.sampled_from([None, {"p": 0.001}]),
    st.sampled_from([{}, {"a": 0, "b": 300}]),
    st.floats(0.5, 1.0),
)
def test_a_light_without_evidence_is_never_green(explanations, calibration, models, refusal, chance, per_class, area):
    """Everything else is as good as can be; what was not looked at must not profit from that."""
    for pack in refusal.get("packs", {}).values():
        pack["refused"] = 0.0
    changed = {
        "n": {"images": 300, "patients": None, "per_class": per_class},
        "headline": number(area, 0.51, 1.0),
        "calibration": calibration,
        "per_class": {"a": {}},
        "models": models,
        "chance": chance,
    }
    found = lights(changed, refusal=refusal, explanations=explanations, external={})
    silent = {"explanations", "calibration", "shortcut", "baseline", "elsewhere"}
    assert {found[name]["light"] for name in silent} == {"none"}
    assert found["refusal"]["light"] in ("none", "red") and found["size"]["light"] in ("none", "red")
    assert not any(one["light"] == "green" for one in found.values())
    assert all(one["evidence"] and one["improve"] for one in found.values())


@pytest.mark.parametrize("left_out", [["learning what to refuse"], ["explaining cases", "testing the heatmaps"], []])
def test_what_was_interrupted_is_made_up_for_not_begun_anew(left_out):
    command = shlex.split("wetread run pets --preset quick --overwrite --out runs/a")
    evidence = Evidence(numbers(), [], {}, {}, {}, "runs/a", command, left_out=left_out)
    found = {one["name"]: one for one in judge(evidence)}
    again = "wetread run pets --preset quick --out runs/a --resume"
    refusal, maps = found["refusal"], found["explanations"]
    assert (refusal["light"], maps["light"]) == ("red", "none")
    assert (refusal["improve"] == again, "was interrupted" in refusal["evidence"]) == (len(left_out) == 1,) * 2
    assert (maps["improve"] == again, "was interrupted" in maps["evidence"]) == (len(left_out) == 2,) * 2


def after(command, run="runs/a", **changed):
    """The advice of the lights of a run that was made with this command."""
    told = numbers(calibration={"after": {"slope": number(0.5, 0.4, 0.6)}}, headline=number(0.52, 0.4, 0.6), **changed)
    evidence = Evidence(told, [finding("WR301", "red")], REFUSAL, {}, {}, run, shlex.split(command))
    return {one["name"]: one["improve"] for one in judge(evidence)}


def test_advice_repeats_the_command_of_the_run():
    found = after(
        "wetread run 'my data' --preset quick --out runs/a --set 'operating_point=sensitivity>=0.9' "
        "--set=calibration=none --labels sheet.csv --resume -q --allow-leak"
    )
    kept = "wetread run 'my data' --set 'operating_point=sensitivity>=0.9'"
    assert found["explanations"] == (
        f"{kept} --set calibration=none --labels sheet.csv --allow-leak --out runs/a-standard --preset standard"
    )
    assert found["calibration"] == (
        "wetread run 'my data' --preset quick --set 'operating_point=sensitivity>=0.9' --labels sheet.csv --allow-leak "
        "--out runs/a-platt --set calibration=platt"
    )
    assert found["shortcut"] == "wetread check 'my data' --labels sheet.csv --fix"


def corrected(method, cases):
    return {"method": method, "fewest": 50, "folds": [{"cases": 80}, {"cases": cases}], "final": {}}


@pytest.mark.parametrize(
    ("task", "stored", "method"),
    [
        ("binary", {"recalibration": corrected("temperature", 80)}, "platt"),
        ("binary", {"recalibration": corrected("temperature", 9)}, ""),  # nothing can be fitted there
        ("binary", {"recalibration": corrected("platt", 80)}, ""),  # it was done, and did not help
        ("binary", {"recalibration": None}, "platt"),
        ("multiclass", {"recalibration": corrected("temperature", 80)}, ""),  # they take no other
        ("multiclass", {"recalibration": None}, "temperature"),
        ("multiclass", {}, ""),  # a run of before: nobody knows
    ],
)
def test_a_correction_is_advised_only_where_it_would_be_taken_and_fitted(task, stored, method):
    advice = after("wetread run d", task=task, **stored)["calibration"]
    command = f"wetread run d --out runs/a-{method} --set calibration={method}"
    assert advice == (command if method else "Collect more cases.")


@pytest.mark.parametrize("command", ["", "ipykernel_launcher.py -f kernel.json", "wetread run --resume --out runs/a"])
def test_advice_names_no_data_where_the_command_is_not_known(command):
    found = after(command)
    assert found["explanations"] == "wetread run DATA --preset standard"
    assert found["calibration"] == "wetread run DATA --set calibration=platt"
    assert found["shortcut"] == "wetread check DATA --fix"


def test_advice_can_be_pasted_where_a_folder_has_a_space():
    assert after("wetread run d", "runs/my run")["width"] == "wetread learning-curve 'runs/my run'"


def test_an_external_test_whose_own_checks_are_red_is_no_green_light():
    evidence = Evidence(
        numbers(), [], REFUSAL, {"passed": 7, "tests": 7}, {"b": "AUROC 0.80", "c": "AUROC 0.9"}, "r", (), ["c"]
    )
    found = {one["name"]: one for one in judge(evidence)}["elsewhere"]
    assert (found["light"], bool(found["improve"])) == ("amber", True)
    assert "b: AUROC 0.80" in found["evidence"] and "The checks of c ended red" in found["evidence"]


def test_more_luck_than_error_is_not_called_a_part_of_it():
    line = {"slope": number(1.0, 0.9, 1.1), "ece": 0.08, "ece_if_perfect": 0.09}
    evidence = lights({"calibration": {"after": line}})["calibration"]["evidence"]
    assert "calibration error 0.08, luck alone gives 0.09" in evidence
    assert "of which" not in evidence


@pytest.mark.parametrize(
    ("judged", "colour", "told"),
    [
        (1, "none", "for a. It is the only finding that can be judged. Too few cases to say it for 5 more."),
        (5, "none", "Of 5 findings it is the farthest off, and none is beyond the limits. Too few cases to say it"),
        (6, "green", "Of 6 findings it is the farthest off, and none is beyond the limits."),
    ],
)
def test_probabilities_are_green_only_where_every_finding_was_judged(judged, colour, told):
    stored = {name: line(number(1.0, 0.9, 1.1)) for name in "abcdef"[:judged]}
    stored |= {name: {"n": 20, "after": {"ece": 0.1}} for name in "abcdef"[judged:5]}  # too few for a slope, and stored
    light = lights(of_findings(stored, classes=list("abcdef")))["calibration"]
    assert (light["light"], bool(light["improve"])) == (colour, colour != "green")
    assert told in light["evidence"]


def test_a_finding_that_is_off_turns_the_light_amber_though_others_are_not_judged():
    light = lights(of_findings({"a": line(number(0.6, 0.5, 0.7))}, classes=["a", "b"]))["calibration"]
    assert light["light"] == "amber" and "1 findings" not in light["evidence"]
