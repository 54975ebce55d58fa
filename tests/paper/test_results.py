"""Results: every number once, with its interval, and nothing that is not a number."""

import math

from paper.paper_run import add_external, build, interval, numbers
from wetread.paper.facts import read_facts
from wetread.paper.methods_statistics import _sample_size
from wetread.paper.results import describe_results
from wetread.paper.results_table import list_numbers, results_csv, results_tables


def told(found):
    return {passage.key: passage.text for passage in describe_results(found)}


def test_the_main_number_and_its_baseline(facts):
    found = told(facts)
    assert found["main"] == (
        "The model reached an AUROC of 0.90 (95 % CI 0.70 to 0.97) on 9 images of 6 patients in cross-validation."
    )
    assert "The best baseline (only file properties) reached 0.55 (95 % CI 0.30 to 0.70)." in found["comparison"]
    assert "4 of 5 with effusion and 3 of 4 with no effusion" in found["confusion"]
    assert found["calibration"].startswith("The calibration slope was 1.20 and the intercept \N{MINUS SIGN}0.10; ")
    assert "2 of 9 tested images were misclassified" in found["failures"]
    assert "on no data of another place" in found["limits"]


def test_tables_hold_each_number_with_its_method(facts):
    tables = results_tables(facts)
    assert ("Sensitivity", "0.80", "0.40 to 0.96", "Wilson") in tables[0].rows
    names = [row[0].strip() for row in tables[1].rows]
    assert names[0] == "AUROC of models and baselines"
    assert "Only file properties" in names
    assert tables[-1].rows == (("effusion", "4", "1"), ("no effusion", "1", "3"))


def test_tables_count_different_pictures_where_patients_are_not_known(tmp_path):
    n = numbers()["n"] | {"patients": None, "pictures": 6, "pictures_per_class": {"effusion": 4, "no_effusion": 3}}
    del n["patients_per_class"]
    metrics = {"accuracy": interval(0.8, 0.4, 0.96, "Wilson, patients as units", 6)}
    stored = numbers(grouping="none", n=n, metrics=metrics)
    found = read_facts(build(tmp_path / "run", stored=stored))
    table = results_tables(found)[0]
    assert table.caption == "Table 2. Performance on 9 images of 6 different pictures (cross-validation)."
    assert ("Accuracy", "0.80", "0.40 to 0.96", "Wilson, different pictures as units") in table.rows
    assert "no effusion, had 3 different pictures in the test" in _sample_size(found)


def test_csv_is_unrounded(facts):
    columns, rows = results_csv(facts)
    assert columns[2:5] == ("value", "low", "high")
    assert ("Overall", "Sensitivity", "0.8", "0.4", "0.96", "0.95", "Wilson", "5") in rows


def test_what_is_no_number_is_left_out(tmp_path):
    metrics = {
        "auroc": interval(0.9, 0.7, 0.97),
        "kappa": interval(math.nan, 0, 1),
        "brier": None,
        "f1": {"undefined": "x"},
    }
    stored = numbers(metrics=metrics, calibration={}, confusion=None)
    found = read_facts(build(tmp_path / "run", stored=stored))
    assert [one.name for one in list_numbers(found) if one.group == "Overall"] == ["Area under the ROC curve (AUROC)"]
    assert not {"calibration", "confusion", "failures", "rates"} & told(found).keys()
    assert "nan" not in str(results_tables(found)).lower()


def test_several_findings_are_told_one_by_one(tmp_path):
    per_class = {"a": {"auroc": interval(0.8, 0.6, 0.9), "positive": 5}, "b": {"undefined": "one class only"}}
    stored = numbers(
        task="multilabel", positive=None, classes=["a", "b"], per_class=per_class, confusion=None,
        headline={"mean_over": ["a"], **interval(0.8, 0.6, 0.9)}, calibration={"a": {"slope": 1.0, "ece": 0.1}},
    )  # fmt: skip
    found = read_facts(build(tmp_path / "run", ("a", "b"), stored=stored))
    groups = {one.group for one in list_numbers(found)}
    assert {"By finding: a", "Calibration: a"} <= groups
    assert "By finding: b" not in groups
    assert "a mean AUROC over 1 finding of 0.80" in told(found)["main"]
    assert told(found)["calibration"] == "Calibration of each finding is given in Table 3."


def test_external_tests_are_numbered_not_named(folder):
    add_external(folder, change=interval(-0.2, -0.3, -0.1))
    found = read_facts(folder)
    text = told(found)["external"]
    assert "0.70 (95 % CI 0.50 to 0.80)" in text
    assert "\N{MINUS SIGN}0.20" in text
    assert "Mueller" not in text
    assert "another place" not in told(found)["limits"]


def test_calibration_before_and_after_and_of_each_class(tmp_path):
    stage = {"slope": interval(1.1, 0.9, 1.3), "brier": interval(0.1, 0.05, 0.2), "ece": 0.04, "curve": [{"p": 0.1}]}
    one = {"slope": 1.1, "ece": 0.04, "n": 60, "after": stage, "before": stage | {"ece": 0.2}}
    found = read_facts(build(tmp_path / "run", stored=numbers(calibration=one)))
    values = {(number.group, number.name): number.value["value"] for number in list_numbers(found)}
    assert values["Calibration", "Expected calibration error"] == 0.04
    assert values["Calibration, before correction", "Expected calibration error"] == 0.2
    assert told(found)["calibration"].startswith("The calibration slope was 1.10 (95 % CI 0.90 to 1.30)")
    many = numbers(calibration=one | {"per_class": {"effusion": one}})
    groups = [number.group for number in list_numbers(read_facts(build(tmp_path / "many", stored=many)))]
    assert groups.count("Calibration: effusion") == 3
    assert "Calibration: curve" not in groups


def test_subgroups_and_operating_points(tmp_path):
    gap = {"auroc": interval(-0.1, -0.2, 0.0) | {"p_holm": 0.04}}
    groups = [
        {"group": "site_1", "n": 30, "auroc": interval(0.8, 0.7, 0.9), "gap": gap},
        {"group": "b", "too_few": "x"},
    ]
    rates = {"threshold": 0.5, "sensitivity": interval(0.95, 0.8, 0.99)}
    points = [
        {"rule": "sensitivity", "title": "a sensitivity of at least 0.95", "main": False, "by": {"effusion": rates}}
    ]
    stored = numbers(subgroups=[{"column": "site", "missing": 0, "groups": groups}], operating_points=points)
    found = read_facts(build(tmp_path / "run", stored=stored))
    rows = [(number.group, number.name) for number in list_numbers(found)]
    assert ("AUROC in subgroups: site", "site 1 (30 images)") in rows
    assert ("AUROC in subgroups: site", "site 1 minus all others, P = 0.040 after Holm") in rows
    assert ("Operating point by a sensitivity of at least 0.95", "sensitivity") in rows
    assert sum(group.startswith("AUROC in subgroups") for group, _ in rows) == 2
    assert "subgroups" in told(found)


def test_a_learning_curve_says_why_its_auroc_is_another(folder):
    folder.write_json("learning_curve.json", {"sentence": "Now it is 0.77.", "now": interval(0.77, 0.7, 0.8)})
    text = told(read_facts(folder))["learning_curve"]
    assert text.startswith("Now it is 0.77. ") and "need not equal the AUROC above" in text


def test_the_caption_of_a_table_of_many_blocks_is_short(tmp_path):
    rates = {"threshold": 0.5, "sensitivity": interval(0.95, 0.8, 0.99)}
    points = [
        {"rule": f"r{n}", "title": f"a sensitivity of at least 0.{n}", "main": False, "by": {"effusion": rates}}
        for n in range(10)
    ]
    tables = results_tables(read_facts(build(tmp_path / "run", stored=numbers(operating_points=points))))
    caption = next(one.caption for one in tables if one.caption.startswith("Table 3"))
    assert caption == "Table 3. Further results: operating points, models and baselines and calibration."


def test_negative_controls_of_one_division_stand_beside_the_model_of_that_division(facts, tmp_path):
    assert "division" not in told(facts)["comparison"]
    found = read_facts(build(tmp_path / "two", stored=numbers(repeats={"auroc": [0.86, 0.91], "mean": 0.885})))
    assert (
        "(only file properties) reached 0.55 (95 % CI 0.30 to 0.70) in the first of 2 divisions, in which alone the "
        "model reached 0.86." in told(found)["comparison"]
    )


def test_the_permutation_test_is_told_of_the_model_that_was_tested(tmp_path):
    test = {"p": 0.001996, "statistic": 0.767778, "sees": "classical", "permutations": 500}
    found = told(read_facts(build(tmp_path / "run", stored=numbers(chance=test, chosen={"network": 3}))))
    assert (
        "another model was fitted anew to permuted labels: a ridge classifier on the classical features reaches an "
        "AUROC of 0.77 (P = 0.002 by 500 shufflings of the labels). This is not a test of the model above."
        in found["comparison"]
    )
