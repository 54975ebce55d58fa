"""Numbers of several findings can be recomputed, by scikit-learn as well; what cannot be known is left blank."""

import numpy as np
import pytest
from scipy.special import expit, logit
from sklearn import metrics as reference

from wetread.dataset.table import Table
from wetread.errors import InputError
from wetread.evaluation.finding_numbers import numbers_of_findings, prevalence_predictions
from wetread.evaluation.finding_predictions import FindingPredictions, read_finding_predictions
from wetread.evaluation.findings import (
    evaluate_findings,
    ladder_row_of_findings,
    log_losses,
    macro_auroc_of_findings,
    paired_gain_of_findings,
)

NAMES = ("Edema", "Mass", "Hernia")
SHARES = np.array([0.4, 0.2, 0.1])


def predictions(n=150, per_patient=1, skill=1.5, unknown=0.1, seed=0, names=NAMES):
    """Three findings of known prevalence, a tenth of whose labels is not known."""
    random = np.random.default_rng(seed)
    truth = (random.random((n, len(names))) < SHARES[: len(names)]).astype(float)
    p = expit(logit(SHARES[: len(names)]) + skill * (truth - 0.3) + random.normal(size=truth.shape))
    truth[random.random(truth.shape) < unknown] = np.nan
    people = [f"P{number // per_patient:03d}" for number in range(n)]
    cut = np.tile(SHARES[: len(names)], (n, 1))
    images = [f"{number}.png" for number in range(n)]
    return FindingPredictions(names, images, people, people, ["cv"] * n, ["1"] * n, truth, p, cut)


def changed(one, **fields):
    return FindingPredictions(**{**one.__dict__, **fields})


@pytest.mark.parametrize("per_patient", [1, 3])
def test_values_are_those_of_scikit_learn_where_the_truth_is_known(per_patient):
    one = predictions(per_patient=per_patient)
    found = evaluate_findings(one, resamples=200)
    areas = []
    for column, name in enumerate(NAMES):
        known = np.isfinite(one.truth[:, column])
        truth, p = one.truth[known, column], one.probabilities[known, column]
        called = p >= SHARES[column]
        wanted = {
            "auroc": reference.roc_auc_score(truth, p),
            "auprc": reference.average_precision_score(truth, p),
            "sensitivity": reference.recall_score(truth, called),
            "specificity": reference.recall_score(truth, called, pos_label=0),
            "ppv": reference.precision_score(truth, called),
            "npv": reference.precision_score(truth, called, pos_label=0),
            "brier": reference.brier_score_loss(truth, p),
        }
        row = found["per_class"][name]
        assert {key: row[key]["value"] for key in wanted} == pytest.approx(wanted, abs=1e-6)
        assert all(row[key]["low"] <= row[key]["value"] <= row[key]["high"] for key in wanted)
        assert (row["positive"], row["negative"], row["unknown"]) == (
            *(int(truth.sum()), int((1 - truth).sum())),
            int((~known).sum()),
        )
        areas.append(wanted["auroc"])
    assert found["metrics"]["auroc"]["value"] == pytest.approx(np.mean(areas), abs=1e-6)
    assert macro_auroc_of_findings(one.truth, one.probabilities) == pytest.approx(np.mean(areas))
    known = np.isfinite(one.truth)
    pooled = reference.roc_auc_score(one.truth[known], one.probabilities[known])
    assert found["metrics"]["auroc_micro"]["value"] == pytest.approx(pooled, abs=1e-6)
    assert found["metrics"]["log_loss"]["value"] == pytest.approx(np.nanmean(log_losses(one), axis=0).mean(), abs=1e-6)


def test_the_interval_follows_the_design_of_the_study():
    alone = evaluate_findings(predictions(), resamples=200)
    assert "DeLong" in alone["per_class"]["Mass"]["auroc"]["method"]
    assert alone["per_class"]["Mass"]["sensitivity"]["method"] == "Wilson"
    several = evaluate_findings(predictions(per_patient=3), resamples=200)
    for name in ("auroc", "sensitivity"):
        assert "patients as units" in several["per_class"]["Edema"][name]["method"]
    assert "influence of patients" in several["per_class"]["Edema"]["auprc"]["method"]
    assert several["metrics"]["auprc_micro"]["n"] == 50
    many = evaluate_findings(predictions(n=1200, per_patient=2), resamples=100)["per_class"]["Edema"]
    assert "patient bootstrap" in many["auroc"]["method"]
    assert several["metrics"]["auroc"]["n"] == 50


def test_findings_that_go_together_do_not_narrow_the_mean():
    one = predictions(names=("Edema",), unknown=0.0, n=120)
    twice = FindingPredictions(
        ("Edema", "Oedema"),
        *(one.images, one.patients, one.groups, one.splits, one.folds),
        *(np.repeat(table, 2, axis=1) for table in (one.truth, one.probabilities, one.thresholds)),
    )
    single, double = (evaluate_findings(each, resamples=500)["metrics"]["auroc"] for each in (one, twice))
    assert (double["low"], double["high"]) == pytest.approx((single["low"], single["high"]), abs=1e-9)


@pytest.mark.parametrize(
    ("value", "reason"),
    [(0.0, "no tested image has it"), (1.0, "every tested image has it"), (np.nan, "not known of any tested image")],
)
def test_a_finding_that_cannot_be_tested_is_blank_with_its_reason(value, reason):
    one = predictions()
    truth = one.truth.copy()
    truth[:, 2] = value
    found = evaluate_findings(changed(one, truth=truth), resamples=100)
    assert found["per_class"]["Hernia"]["undefined"] == reason
    assert "auroc" not in found["per_class"]["Hernia"]
    assert "undefined" not in found["per_class"]["Mass"]
    assert [curve["class"] for curve in found["curves"]] == ["Edema", "Mass"]
    two = [found["per_class"][name]["auroc"]["value"] for name in ("Edema", "Mass")]
    assert found["metrics"]["auroc"]["value"] == pytest.approx(np.mean(two), abs=1e-6)
    assert ladder_row_of_findings(changed(one, truth=truth), None, resamples=100)["auroc"]["value"] == pytest.approx(
        np.mean(two), abs=1e-6
    )


def test_nothing_is_certain_because_all_were_right():
    one = predictions(unknown=0.0, n=80)
    sure = np.where(one.truth == 1, 0.9, 0.1)
    found = evaluate_findings(changed(one, probabilities=sure, thresholds=None), resamples=100)
    for number in (found["metrics"]["auroc"], *(found["per_class"]["Mass"][key] for key in ("auroc", "auprc", "ppv"))):
        assert number["value"] == 1.0 and number["low"] < 0.95


def test_constant_scores_are_chance():
    one = predictions(n=80)
    found = evaluate_findings(changed(one, probabilities=np.full(one.truth.shape, 0.3)), resamples=100)
    assert found["metrics"]["auroc"]["value"] == 0.5
    assert found["per_class"]["Edema"]["called"] == 0
    assert "ppv" not in found["per_class"]["Edema"]


def test_every_image_right_counts_images_of_which_everything_is_known():
    one = predictions(n=40, unknown=0.0)
    truth = one.truth.copy()
    truth[0, 1] = np.nan
    found = evaluate_findings(changed(one, truth=truth), resamples=100)["metrics"]
    right = (one.called == (one.truth == 1))[1:].all(axis=1)
    assert found["all_right"]["value"] == pytest.approx(right.mean(), abs=1e-6)


def test_a_model_gains_nothing_over_itself_and_much_over_chance():
    one = predictions()
    gain = paired_gain_of_findings(one, one, resamples=100)
    assert gain is None or (gain["value"], gain["high"]) == (0, 0)
    guess = prevalence_predictions(one, SHARES)
    gain = paired_gain_of_findings(one, guess, resamples=200)
    assert gain["low"] > 0.1
    losses = np.nanmean(log_losses(guess) - log_losses(one), axis=0).mean()
    assert gain["log_loss"]["value"] == pytest.approx(losses, abs=1e-6)
    with pytest.raises(ValueError, match="same images"):
        paired_gain_of_findings(one, predictions(n=90))


def test_calibration_only_where_there_is_enough_to_tell():
    found = evaluate_findings(predictions(n=300), resamples=100)["calibration"]
    assert set(found["Edema"]) == {"slope", "intercept", "brier_skill", "ece", "ece_if_perfect", "n", "after"}
    assert evaluate_findings(predictions(n=45), resamples=100)["calibration"] == {}


def test_the_table_reads_back_to_the_last_digit(tmp_path):
    one = predictions(n=30)
    one.images[0] = "=cmd|' /C calc'!A0"
    (tmp_path / "predictions.csv").write_text(one.to_csv())
    again = read_finding_predictions(tmp_path / "predictions.csv", NAMES)
    np.testing.assert_array_equal(again.truth, one.truth)
    np.testing.assert_array_equal(again.probabilities, one.probabilities)
    np.testing.assert_array_equal(again.called, one.called)
    assert (again.images, again.groups) == (one.images, one.groups)
    assert "'=cmd" in (tmp_path / "predictions.csv").read_text()
    with pytest.raises(InputError, match="not a table"):
        read_finding_predictions(tmp_path / "predictions.csv", (*NAMES, "Gout"))


def test_images_without_a_label_follow_and_are_not_tested():
    one = predictions(n=20)
    more = changed(one, splits=["unlabelled"] * 20, truth=np.full(one.truth.shape, np.nan))
    both = one.followed_by(more)
    assert len(both.images) == 40 and len(both.labelled.images) == 20
    np.testing.assert_array_equal(both.labelled.truth, one.truth)


def test_tables_of_the_wrong_shape_are_refused():
    with pytest.raises(ValueError, match="findings"):
        changed(predictions(n=10), probabilities=np.zeros((10, 2)))


def numbers(one, files=None, **fields):
    usual = {
        "table": Table(None, "table", [], multi=True, grouping="column"),
        **{"estimate": "cross-validation", "trained_on": 150, "gate": "green", "rule": "youden"},
        **{"thresholds": [0.4, None, 0.1], "chosen": {"classical": 5}, "shipped": "classical", "resamples": 100},
    }
    made = {"prevalence": prevalence_predictions(one, SHARES), "classical": one, "selected": one}
    made |= {} if files is None else {"file properties": files}
    return numbers_of_findings(made, **{**usual, **fields})


def test_numbers_have_the_keys_that_pages_and_history_look_for():
    found = numbers(predictions(per_patient=3), by_repeat=[predictions(per_patient=3).probabilities])
    assert found["task"] == "multilabel" and found["positive"] is None
    mean = found["metrics"]["auroc"]["value"]
    assert found["headline"]["value"] == mean == found["models"]["selected"]["auroc"]["value"]
    assert found["headline"]["mean_over"] == list(NAMES)
    assert found["operating_point"]["thresholds"] == {"Edema": 0.4, "Mass": None, "Hernia": 0.1}
    assert (found["n"]["images"], found["n"]["patients"]) == (150, 50)
    assert found["models"]["prevalence"]["auroc"]["method"] == "by definition"
    assert found["repeats"]["auroc"] == pytest.approx([found["headline"]["value"]], abs=1e-6)
    assert found["gain_over_file_properties"] is None


def test_numbers_without_any_finding_to_test_are_refused():
    one = predictions(n=20)
    with pytest.raises(InputError, match="Not one finding"):
        numbers(changed(one, truth=np.zeros(one.truth.shape)))


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        (np.nan, "Line 5 of predictions.csv holds no probability of"),
        (-0.1, "not a table of predictions"),
        (1.1, "not a table of predictions"),
    ],
)
def test_probabilities_that_are_none_are_refused(wrong, said, tmp_path):
    one = predictions(n=20)
    table = one.probabilities.copy()
    table[3, 0] = wrong
    (tmp_path / "predictions.csv").write_text(changed(one, probabilities=table).to_csv(), encoding="utf-8")
    with pytest.raises(InputError, match=said):
        read_finding_predictions(tmp_path / "predictions.csv", NAMES)


def test_the_gain_over_files_is_that_of_the_first_of_several_divisions():
    first, averaged, files = predictions(skill=0.3), predictions(skill=1.5), predictions(skill=0.1)
    tables = [first.probabilities, averaged.probabilities]
    several = numbers(averaged, files, by_repeat=tables)["gain_over_file_properties"]
    alone = numbers(first, files, by_repeat=tables[:1])["gain_over_file_properties"]
    assert several["division"] == 1 and several["method"].endswith("; first division alone")
    assert {name: one for name, one in several.items() if name not in ("division", "method")} == {
        name: one for name, one in alone.items() if name != "method"
    }
