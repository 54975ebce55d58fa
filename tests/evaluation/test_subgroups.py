"""Groups: which columns make them, what is said of them, and that honest data raise no alarm."""

from pathlib import Path

import numpy as np
import pytest

from tests.evaluation.test_evaluate import predictions
from tests.evaluation.test_findings import predictions as finding_predictions
from wetread.dataset.table import Row
from wetread.errors import InputError
from wetread.evaluation.finding_predictions import FindingPredictions
from wetread.evaluation.predictions import Predictions
from wetread.evaluation.subgroup_cells import TOO_FEW, gap_of_few
from wetread.evaluation.subgroup_columns import find_columns
from wetread.evaluation.subgroups import subgroups
from wetread.images.facts import ImageFacts
from wetread.metrics.discrimination import auroc
from wetread.metrics.intervals import wilson

FAST = {"resamples": 200}


def rows_of(n, labels=None, facts=None, **columns):
    labels = ["a"] * n if labels is None else labels
    return [
        Row(f"{k}.png", Path(f"{k}.png"), label=labels[k], extra={c: v[k] for c, v in columns.items()}, facts=facts)
        for k in range(n)
    ]


def group_rows(found, column):
    return {group["group"]: group for one in found if one["column"] == column for group in one["groups"]}


def test_plausible_columns_are_taken_and_identifying_ones_are_not():
    n = 60
    random = np.random.default_rng(0)
    labels = ["yes" if k % 2 else "no" for k in range(n)]
    rows = rows_of(
        n,
        labels,
        ward=["A" if k < 30 else "B" for k in range(n)],
        Sex=["m" if k % 3 else "F" for k in range(n)],
        patient_age=[f"{20 + k:03d}Y" for k in range(n)],
        patient_name=["Ann" if k % 5 else "Bob" for k in range(n)],
        study_date=["2020" if k % 7 else "2021" for k in range(n)],
        case_id=["1" if k % 5 else "2" for k in range(n)],
        verdict=["ill" if k % 2 else "well" for k in range(n)],
        remark=[f"seen {random.integers(1e9)} times" for _ in range(n)],
        quality=["good" if k % 4 else "poor" for k in range(n)],
        side=["left" if k < 20 else "" for k in range(n)],
    )
    assert [column.name for column in find_columns(rows)] == ["Sex", "patient_age", "ward", "quality"]


def test_ages_become_thirds_whose_ends_are_open():
    rows = rows_of(9, age=["20", "25", "30", "41", "42", "43", "063Y", "70", "97"])
    (column,) = find_columns(rows)
    assert column.groups == ("up to 30", "41 to 43", "63 and more")
    assert column.members.tolist() == [0, 0, 0, 1, 1, 1, 2, 2, 2]


def test_spelling_does_not_make_groups_and_rare_values_go_together():
    rows = rows_of(40, site=[["Alpha", "alpha", "ALPHA"][k % 3] if k < 20 else f"site {k % 10}" for k in range(40)])
    (column,) = find_columns(rows, ["SITE"])
    assert column.groups[0] == "Alpha" and column.groups[-1] == "all others" and len(column.groups) == 8
    assert (column.members == 0).sum() == 20


def test_facts_of_headers_make_groups_too():
    facts = [ImageFacts("DICOM", 10, 10, 12, "grey", 100, header={"ViewPosition": view}) for view in ("AP", "PA")]
    rows = rows_of(40)
    for k, row in enumerate(rows):
        row.facts = facts[k % 2]
    (column,) = find_columns(rows)
    assert (column.name, set(column.groups)) == ("view (header)", {"AP", "PA"})


def test_a_column_that_was_asked_for_must_be_there_and_divide():
    rows = rows_of(20, sex=["F"] * 20, image_number=[str(k) + "x" for k in range(20)])
    with pytest.raises(InputError, match=r"no column colour.*sex, image_number"):
        find_columns(rows, ["colour"])
    for name in ("sex", "image_number"):
        with pytest.raises(InputError, match="does not divide"):
            find_columns(rows, [name])


def unfair(n=400, seed=0):
    """Two groups; in the second the model guesses."""
    random = np.random.default_rng(seed)
    truth, second = np.arange(n) % 2, np.arange(n) // 2 % 2
    z = random.normal(size=n) + np.where(second, 0, 2.5 * truth)
    p = 1 / (1 + np.exp(-(z - 1)))
    table, names = np.stack([1 - p, p], axis=1), [str(k) for k in range(n)]
    return Predictions(
        *(("no", "yes"), "yes", names, names, names, ["cv"] * n, ["1"] * n, truth, (p >= 0.5).astype(int)),
        *(table, np.full(n, 0.5)),
    ), ["second" if one else "first" for one in second]


def test_a_group_for_which_the_model_fails_is_found():
    one, group = unfair()
    found = subgroups(one, rows_of(400, site=group), **FAST)
    first, second = group_rows(found, "site").values()
    inside = np.array(group) == "first"
    wanted = auroc(one.truth[inside] == 1, one.probabilities[inside, 1])
    assert first["auroc"]["value"] == pytest.approx(wanted, abs=1e-6)
    gap = first["gap"]["auroc"]
    assert gap["value"] == pytest.approx(first["auroc"]["value"] - second["auroc"]["value"], abs=1e-5)
    assert gap["low"] > 0.2 and gap["p_holm"] < 0.001
    assert "gap" not in second  # the same comparison turned round
    assert {"sensitivity", "specificity"} <= set(second)


def test_honest_groups_raise_no_alarm_and_many_comparisons_are_adjusted():
    random = np.random.default_rng(3)
    alarms = 0
    for seed in range(8):
        one = predictions(n=240, seed=seed)
        rows = rows_of(240, **{name: random.choice(list("abc"), 240).tolist() for name in ("site", "device", "ward")})
        found = subgroups(one, rows, **FAST)
        gaps = [gap for column in found for group in column["groups"] for gap in group["gap"].values()]
        assert len(gaps) == 27
        assert all(gap["p_holm"] >= gap["p"] for gap in gaps)
        alarms += any(gap["p_holm"] < 0.05 for gap in gaps)
    assert alarms <= 2


def test_below_ten_and_ten_nothing_is_said():
    one = predictions(n=120)
    sites = ["small" if k < 18 else "large" for k in range(120)]  # nine of either class
    found = subgroups(one, rows_of(120, site=sites), **FAST)
    small = group_rows(found, "site")["small"]
    assert small["too_few"] == TOO_FEW and (small["positive"], small["negative"]) == (9, 9)
    assert "auroc" not in small and "gap" not in small
    assert "auroc" in group_rows(found, "site")["large"]
    assert "gap" not in group_rows(found, "site")["large"]  # nothing to compare with


def test_images_of_which_nothing_is_known_are_neither_group_nor_rest():
    one = predictions(n=200)
    found = subgroups(one, rows_of(200, site=["a"] * 90 + ["b"] * 80 + [""] * 30), ["site"], **FAST)
    assert found[0]["missing"] == 30
    assert [group["n"] for group in found[0]["groups"]] == [90, 80]


def test_several_classes_and_findings_have_means():
    three = predictions(n=240, classes=("a", "b", "c"), positive=None)
    found = subgroups(three, rows_of(240, site=["x", "y"] * 120), **FAST)
    assert {"auroc", "accuracy", "mean_over"} <= set(found[0]["groups"][0])
    assert set(found[0]["groups"][0]["gap"]) == {"auroc", "accuracy"}
    many = finding_predictions(n=300)
    found = subgroups(many, rows_of(300, site=["x", "y"] * 150), **FAST)
    assert found[0]["groups"][0]["mean_over"][:2] == ["Edema", "Mass"]
    assert "accuracy" not in found[0]["groups"][0]


def unfair_to_one(n=600, seed=0):
    """Three findings; in women the model guesses at the second, and hardly anyone has the third."""
    random = np.random.default_rng(seed)
    woman = np.arange(n) % 2 == 1
    truth = (random.random((n, 3)) < (0.4, 0.4, 0.5)).astype(float)
    truth[:, 2] = np.where(np.arange(n) < 18, np.arange(n) // 2 % 2, np.nan)
    z = random.normal(size=(n, 3)) + 2.5 * np.nan_to_num(truth)
    z[woman, 1] = random.normal(size=woman.sum())
    ids, p = [str(k) for k in range(n)], 1 / (1 + np.exp(-(z - 1)))
    names = ("Edema", "Mass", "Hernia")
    one = FindingPredictions(names, ids, ids, ids, ["cv"] * n, ["1"] * n, truth, p, np.full((n, 3), 0.5))
    return one, ["F" if one else "M" for one in woman]


def test_a_finding_that_is_missed_in_one_group_is_found_behind_the_mean():
    one, sex = unfair_to_one()
    found = group_rows(subgroups(one, rows_of(600, sex=sex), **FAST), "sex")
    women, men = found["F"], found["M"]
    inside = np.array(sex) == "F"
    for column, name in enumerate(("Edema", "Mass")):
        truth, p = one.truth[:, column], one.probabilities[:, column]
        row = women["by_finding"][name]
        assert (row["positive"], row["negative"]) == (int(truth[inside].sum()), int((1 - truth[inside]).sum()))
        assert row["auroc"]["value"] == pytest.approx(auroc(truth[inside] == 1, p[inside]), abs=1e-6)
        called = p[inside & (truth == 1)] >= 0.5
        assert row["sensitivity"]["value"] == pytest.approx(called.mean(), abs=1e-6)
        assert row["auroc"]["low"] < row["auroc"]["value"] < row["auroc"]["high"]
    compared = [row["by_finding"] for row in (women, men) if "gap" in row["by_finding"]["Mass"]]
    assert len(compared) == 1  # of two groups there is one comparison
    (row,) = compared
    gap = row["Mass"]["gap"]
    difference = women["by_finding"]["Mass"]["auroc"]["value"] - men["by_finding"]["Mass"]["auroc"]["value"]
    assert abs(gap["auroc"]["value"]) == pytest.approx(abs(difference), abs=1e-5)
    assert gap["auroc"]["p_holm"] < 0.001 and row["Edema"]["gap"]["auroc"]["p_holm"] > 0.05
    # Adjusted for two findings and three measures, and not for the mean beside them.
    p_values = sorted(one["p"] for name in ("Edema", "Mass") for one in row[name]["gap"].values())
    assert [list(row[name]["gap"]) for name in ("Edema", "Mass")] == [["auroc", "sensitivity", "specificity"]] * 2
    assert row["Edema"]["gap"]["auroc"]["p_holm"] == pytest.approx(
        _holm_by_hand(p_values)[p_values.index(row["Edema"]["gap"]["auroc"]["p"])], abs=1e-5
    )


def _holm_by_hand(rising):
    raised = [p * (len(rising) - k) for k, p in enumerate(rising)]
    return [min(1, max(raised[: k + 1])) for k in range(len(raised))]


def test_a_finding_with_nine_on_a_side_is_counted_and_not_spoken_of():
    one, sex = unfair_to_one()
    row = group_rows(subgroups(one, rows_of(600, sex=sex), **FAST), "sex")["F"]["by_finding"]["Hernia"]
    known = np.isfinite(one.truth[:, 2]) & (np.array(sex) == "F")
    assert row == {
        "positive": int((one.truth[known, 2] == 1).sum()),
        "negative": int((one.truth[known, 2] == 0).sum()),
        "too_few": TOO_FEW,
    }
    assert row["positive"] + row["negative"] == 9


def test_gaps_of_many_patients_are_drawn_and_those_of_few_are_not():
    one, sex = unfair_to_one(n=1200)
    few, many = (
        group_rows(subgroups(one, rows_of(1200, site=site), **FAST), "site")
        for site in ([["big", "small"][k % 10 == 0] for k in range(1200)], sex)
    )
    methods = [
        next(row["by_finding"]["Edema"]["gap"]["auroc"]["method"] for row in found.values() if "gap" in row)
        for found in (few, many)
    ]
    assert methods[0].startswith("square-and-add") and methods[1].startswith("patient bootstrap")


def test_false_alarms_of_one_group_are_found():
    """Both groups are ranked and found alike; in women the model alarms too often."""
    random = np.random.default_rng(1)
    n = 800
    woman, truth = np.arange(n) % 2 == 1, (np.arange(n) // 2) % 2
    p = np.where(truth == 1, random.uniform(0.7, 0.9, n), random.uniform(0.1, np.where(woman, 0.65, 0.5), n))
    names = [str(k) for k in range(n)]
    one = Predictions(
        *(("no", "yes"), "yes", names, names, names, ["cv"] * n, ["1"] * n, truth, (p >= 0.45).astype(int)),
        *(np.stack([1 - p, p], axis=1), np.full(n, 0.45)),
    )
    found = group_rows(subgroups(one, rows_of(n, sex=["F" if one else "M" for one in woman]), **FAST), "sex")
    (row,) = (row for row in found.values() if "gap" in row)
    gap = row["gap"]["specificity"]
    sign = 1 if row is found["M"] else -1
    difference = found["M"]["specificity"]["value"] - found["F"]["specificity"]["value"]
    assert gap["value"] * sign == pytest.approx(difference, abs=1e-5) and difference > 0.1
    assert gap["method"].startswith("patient bootstrap") and gap["p_holm"] < 0.05
    # Everybody ill was found in both: drawn patients would call that gap certain.
    assert row["gap"]["sensitivity"]["method"].startswith("square-and-add")
    assert row["gap"]["sensitivity"]["low"] < 0 < row["gap"]["sensitivity"]["high"]


def test_the_gap_of_few_is_that_of_newcombe():
    # His example: 56 of 70 against 48 of 80 (Statistics in Medicine 1998, 17:873, table II, method 10).
    gap = gap_of_few(wilson(56, 70), wilson(48, 80))
    assert (gap.value, gap.low, gap.high) == pytest.approx((0.2, 0.0524, 0.3339), abs=5e-5)
    # And where one side is perfect.
    gap = gap_of_few(wilson(10, 10), wilson(0, 10))
    assert (gap.low, gap.high) == pytest.approx((0.6075, 1.0), abs=5e-5)


def test_honest_findings_and_small_perfect_groups_raise_no_alarm():
    alarms = 0
    for seed in range(10):
        random = np.random.default_rng(seed)
        truth = (random.random((300, 6)) < np.linspace(0.1, 0.5, 6)).astype(float)
        p = 1 / (1 + np.exp(-(random.normal(size=truth.shape) + 3 * truth - 1.5)))
        names, ids = tuple("abcdef"), [str(k) for k in range(300)]
        one = FindingPredictions(names, ids, ids, ids, ["cv"] * 300, ["1"] * 300, truth, p, np.full((300, 6), 0.5))
        found = subgroups(one, rows_of(300, site=random.choice(list("abc"), 300).tolist()), **FAST)
        rows = [row for group in found[0]["groups"] for row in group["by_finding"].values()]
        gaps = [gap for row in rows for gap in row.get("gap", {}).values()]
        assert len(gaps) > 20
        alarms += any(gap["p_holm"] < 0.05 for gap in gaps)
    assert alarms <= 2


def test_perfect_groups_do_not_feign_certainty():
    n = 80
    one, _ = unfair(n)
    table = np.eye(2)[one.truth]
    perfect = Predictions(**{**one.__dict__, "probabilities": table, "predicted": one.truth})
    found = subgroups(perfect, rows_of(n, site=["x", "x", "y", "y"] * 20), **FAST)
    group = found[0]["groups"][0]
    assert group["auroc"]["value"] == 1.0 and group["auroc"]["low"] < 0.95
    assert group["gap"]["auroc"]["p_holm"] == 1.0
    assert subgroups(perfect, rows_of(n), **FAST) == []
