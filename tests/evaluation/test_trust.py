"""Each light in each of its colours, from evidence that deserves it."""

import pytest

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
        ({"slope": number(1.6, 0.9, 2.4)}, "green"),  # the interval leaves 1 possible
        ({"slope": number(1.6, 1.3, 1.9)}, "amber"),
        ({"slope": 0.5}, "amber"),
    ],
)
def test_calibration_after_any_correction(after, colour):
    assert lights({"calibration": {"before": {"slope": 0.1}, "after": after}})["calibration"]["light"] == colour


def test_the_worst_finding_of_several_is_named():
    several = {"edema": {"slope": 1.0}, "small_mass": {"before": {}, "after": {"slope": 0.4}}}
    light = lights({"calibration": several})["calibration"]
    assert light["light"] == "amber"
    assert "small mass" in light["evidence"]


@pytest.mark.parametrize(("own", "noise", "colour"), [(0.02, 1.0, "green"), (0.09, 1.0, "amber"), (0.02, 0.8, "amber")])
def test_refusal(own, noise, colour):
    known = {"own": {"refused": own}, "packs": {"noise": {"refused": noise}, "mirrored": {"refused": 0.0}}}
    assert lights(refusal=known)["refusal"]["light"] == colour


def test_without_refusal_anything_is_called_a_class():
    assert lights(refusal={})["refusal"]["light"] == trust.RED


@pytest.mark.parametrize(("passed", "colour"), [(7, "green"), (4, "amber"), (2, "red")])
def test_explanations(passed, colour):
    assert lights(explanations={"passed": passed, "tests": 7})["explanations"]["light"] == colour
