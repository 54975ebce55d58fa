"""Numbers can be recomputed from predictions.csv, by scikit-learn as well."""

import csv

import numpy as np
import pytest
from sklearn import metrics as reference

from wetread.errors import InputError
from wetread.evaluation.evaluate import evaluate, paired_gain
from wetread.evaluation.predictions import Predictions, read_predictions


def predictions(n=120, classes=("no", "yes"), positive="yes", per_patient=1, seed=0):
    random = np.random.default_rng(seed)
    truth = np.arange(n) % len(classes)
    logits = random.normal(size=(n, len(classes)))
    logits[np.arange(n), truth] += 1.2
    table = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    predicted = table.argmax(axis=1)
    people = [f"P{number // per_patient:03d}" for number in range(n)]
    thresholds = np.full(n, 0.5) if positive else None
    images = [f"{number}.png" for number in range(n)]
    return Predictions(
        classes, positive, images, people, people, ["cv"] * n, ["1"] * n, truth, predicted, table, thresholds
    )


def test_values_are_those_of_scikit_learn():
    one = predictions()
    found = evaluate(one, resamples=200)["metrics"]
    truth, p, called = one.truth, one.probabilities[:, 1], one.predicted
    wanted = {
        "auroc": reference.roc_auc_score(truth, p),
        "auprc": reference.average_precision_score(truth, p),
        "accuracy": reference.accuracy_score(truth, called),
        "balanced_accuracy": reference.balanced_accuracy_score(truth, called),
        "sensitivity": reference.recall_score(truth, called),
        "specificity": reference.recall_score(truth, called, pos_label=0),
        "ppv": reference.precision_score(truth, called),
        "npv": reference.precision_score(truth, called, pos_label=0),
        "f1": reference.f1_score(truth, called),
        "macro_f1": reference.f1_score(truth, called, average="macro"),
        "brier": reference.brier_score_loss(truth, p),
        "kappa": reference.cohen_kappa_score(truth, called),
    }
    assert {name: found[name]["value"] for name in wanted} == pytest.approx(wanted, abs=1e-6)
    assert all(one["low"] <= one["value"] <= one["high"] for one in found.values())


@pytest.mark.parametrize("per_patient", [1, 3])
def test_a_number_has_one_interval_wherever_it_stands(per_patient):
    """Both leave the mix of classes to chance; the bootstrap of the metrics held it once."""
    found = evaluate(predictions(per_patient=per_patient), resamples=200)
    there = found["calibration"]["after"]["brier"]
    for name, value in found["metrics"]["brier"].items():
        assert there[name] == (value if isinstance(value, str) else pytest.approx(value, abs=2e-6))


def test_calibration_error_stands_beside_luck_and_without_an_interval():
    """Resamples of an error that is never 0 lie above it: of a calibrated model none of them holds the truth."""
    found = evaluate(predictions(), resamples=50)
    assert "ece" not in found["metrics"]
    assert isinstance(found["calibration"]["ece"], float) and isinstance(found["calibration"]["ece_if_perfect"], float)


def test_the_interval_follows_the_design_of_the_study():
    assert "DeLong" in evaluate(predictions(), resamples=200)["metrics"]["auroc"]["method"]
    assert "Wilson" in evaluate(predictions(), resamples=200)["metrics"]["sensitivity"]["method"]
    several = evaluate(predictions(per_patient=3), resamples=200)["metrics"]
    assert "patients as units" in several["auroc"]["method"]
    assert "patients as units" in several["accuracy"]["method"]
    assert "influence of patients" in several["auprc"]["method"]
    many = evaluate(predictions(n=500, per_patient=2), resamples=200)["metrics"]
    assert "patient bootstrap" in many["auroc"]["method"]


def test_three_classes_have_averages_and_each_class_its_own_numbers():
    one = predictions(classes=("a", "b", "c"), positive=None)
    found = evaluate(one, resamples=200)
    wanted = reference.roc_auc_score(one.truth, one.probabilities, multi_class="ovr", average="macro")
    assert found["metrics"]["auroc"]["value"] == pytest.approx(wanted, abs=1e-6)
    assert "sensitivity" not in found["metrics"]
    assert found["per_class"]["b"]["sensitivity"]["value"] == pytest.approx(
        reference.recall_score(one.truth, one.predicted, labels=[1], average="macro"), abs=1e-6
    )
    assert np.array(found["confusion"]["matrix"]).sum() == len(one.images)
    assert len(found["curves"]) == 3


def test_what_is_not_defined_is_absent():
    one = predictions(n=40)
    never = Predictions(**{**one.__dict__, "predicted": np.zeros(40, dtype=int)})
    assert "ppv" not in evaluate(never, resamples=100)["metrics"]
    assert evaluate(predictions(n=40), resamples=100)["calibration"] == {}


def test_the_table_reads_back_to_the_last_digit(tmp_path):
    one = predictions(n=30)
    (tmp_path / "predictions.csv").write_text(one.to_csv())
    again = read_predictions(tmp_path / "predictions.csv", one.classes, one.positive)
    np.testing.assert_array_equal(again.probabilities, one.probabilities)
    np.testing.assert_array_equal(again.predicted, one.predicted)
    assert again.groups == one.groups


def test_formulas_in_names_are_defused(tmp_path):
    one = predictions(n=30)
    one.images[0] = "=cmd|' /C calc'!A0"
    (tmp_path / "p.csv").write_text(one.to_csv())
    with open(tmp_path / "p.csv", newline="") as handle:
        assert next(csv.DictReader(handle))["image"].startswith("'=")


def test_a_model_gains_nothing_over_itself():
    gain = paired_gain(predictions(), predictions(), resamples=100, seed=0)
    assert gain is None or gain["value"] == 0
    better = paired_gain(
        predictions(),
        Predictions(**{**predictions().__dict__, "probabilities": np.full((120, 2), 0.5)}),
        resamples=200,
        seed=0,
    )
    assert better["low"] > 0.1


@pytest.mark.parametrize("classes", [("no", "yes"), ("a", "b", "c")])
def test_nothing_is_certain_because_all_were_right(classes):
    one = predictions(n=60, classes=classes, positive="yes" if len(classes) == 2 else None)
    sure = np.full((60, len(classes)), 0.1 / (len(classes) - 1))
    sure[np.arange(60), one.truth] = 0.9
    found = evaluate(Predictions(**{**one.__dict__, "probabilities": sure, "predicted": one.truth}), resamples=200)
    for name in ("auroc", "accuracy", "balanced_accuracy", "macro_f1", "auprc"):
        assert found["metrics"][name]["value"] == 1.0
        assert found["metrics"][name]["low"] < 0.95, name


@pytest.mark.parametrize(
    ("cells", "said"),
    [
        (("0.9", "0.9"), "add up to 1"),
        (("-0.2", "1.2"), "add up to 1"),
        (("nan", "0.5"), "Line 2 of predictions.csv holds no probability of no"),
        (("inf", "0"), "Line 2 of predictions.csv holds no probability of no"),
        (("much", "0.5"), "Line 2 of predictions.csv holds no probability of no"),
    ],
)
def test_a_table_of_predictions_that_somebody_spoilt_is_refused(cells, said, tmp_path):
    path = tmp_path / "predictions.csv"
    text = predictions(n=20).to_csv().splitlines()
    row = next(csv.reader([text[1]]))
    row[6:8] = cells
    text[1] = ",".join(row)
    path.write_text("\n".join(text) + "\n", encoding="utf-8")
    with pytest.raises(InputError, match=said):
        read_predictions(path, ("no", "yes"), "yes")
