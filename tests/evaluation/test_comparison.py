"""Two models on the same cases."""

import numpy as np
import pytest
from sklearn.metrics import roc_auc_score

from evaluation.fake_runs import finding_predictions, predictions, two_models
from wetread.evaluation.comparison import compare_all, order_by_auroc
from wetread.metrics.delong import delong_paired
from wetread.metrics.holm import holm


def compare(first, second, **options):
    found = compare_all({"A": first, "B": second}, **({"resamples": 400} | options))
    return found, found["pairs"][0]


def test_the_better_model_is_named_with_its_sign():
    truth, good, poor = two_models()
    found, pair = compare(predictions(truth, poor), predictions(truth, good))
    area = pair["differences"]["auroc"]
    assert area["value"] == pytest.approx(roc_auc_score(truth, good) - roc_auc_score(truth, poor), abs=1e-6)
    assert area["low"] > 0
    assert pair["verdict"].startswith("B is better by 0.")
    assert area["better_by_margin"]["second"] > 0.95 and area["better_by_margin"]["first"] == 0
    assert order_by_auroc(found["models"]) == ["B", "A"]
    turned = compare(predictions(truth, good), predictions(truth, poor))[1]
    assert turned["verdict"].startswith("A is better by 0.")
    assert turned["differences"]["auroc"]["value"] == pytest.approx(-area["value"], abs=1e-6)
    assert turned["differences"]["brier"]["better_by_margin"]["first"] > 0.5  # less is better there


def test_one_image_per_patient_is_compared_by_delong_and_mcnemar():
    truth, good, poor = two_models(60)
    _, pair = compare(predictions(truth, poor), predictions(truth, good))
    area, accuracy = (pair["differences"][name] for name in ("auroc", "accuracy"))
    told = delong_paired(truth, good, poor)
    assert (area["method"], area["p"]) == ("DeLong, paired", round(told.p_value, 6))
    right = [(p >= 0.5) == truth for p in (poor, good)]
    assert accuracy["mcnemar"]["only_first"] == int((right[0] & ~right[1]).sum())
    assert accuracy["mcnemar"]["only_second"] == int((right[1] & ~right[0]).sum())
    assert accuracy["p"] == accuracy["mcnemar"]["p_exact"]


def test_mcnemar_by_hand():
    """The second model mends 7 of the first one's mistakes and makes one of its own: 18 / 256."""
    truth = np.array([1] * 10 + [0] * 10)
    first, second = truth.copy(), truth.copy()
    first[:4], first[10:13] = 0, 1
    second[4] = 0
    _, pair = compare(predictions(truth, 0.1 + 0.8 * first), predictions(truth, 0.1 + 0.8 * second))
    told = pair["differences"]["accuracy"]
    assert (told["mcnemar"]["only_first"], told["mcnemar"]["only_second"]) == (1, 7)
    assert told["p"] == pytest.approx(18 / 256, abs=1e-6)
    assert told["value"] == pytest.approx(6 / 20)


def test_several_images_of_a_patient_are_no_independent_trials():
    truth, good, poor = two_models(80)
    patients = [f"P{number // 4}" for number in range(80)]
    _, pair = compare(predictions(truth, poor, patients=patients), predictions(truth, good, patients=patients))
    for name in ("auroc", "accuracy"):
        told = pair["differences"][name]
        assert "patient bootstrap" in told["method"] and told["n"] == 20
        assert "mcnemar" not in told and "independent" in told["why"]


def test_a_model_beside_itself_cannot_be_told_apart():
    truth, good, _ = two_models(60)
    _, pair = compare(predictions(truth, good), predictions(truth, good))
    assert "cannot be told apart with these 60 patients" in pair["verdict"]
    assert all(one["value"] == 0 and one["p"] == 1 for one in pair["differences"].values())
    assert pair["differences"]["auroc"]["better_by_margin"] == {"first": 0.0, "second": 0.0}


def test_all_pairs_and_numbers_count_for_holm():
    truth, good, poor = two_models(60)
    middle = np.clip((good + poor) / 2, 0, 1)
    found = compare_all(
        {"A": predictions(truth, poor), "B": predictions(truth, good), "C": predictions(truth, middle)}, resamples=200
    )
    told = [one for pair in found["pairs"] for one in pair["differences"].values()]
    assert len(found["pairs"]) == 3 and found["tests"] == len(told) == 15
    assert [one["p_holm"] for one in told] == pytest.approx(holm([one["p"] for one in told]), abs=2e-6)


def test_what_only_one_comparison_would_show_is_said_so():
    pair = {
        "first": "A",
        "second": "B",
        "differences": {"auroc": {"value": 0.05, "low": 0.01, "high": 0.09, "p": 0.02, "p_holm": 0.3}},
    }
    from wetread.evaluation.comparison import say_verdict

    assert "not enough once all comparisons" in say_verdict(pair, {"patients": 90})
    pair["differences"]["auroc"]["p_holm"] = 0.02
    assert say_verdict(pair, {"patients": 90}) == "B is better by 0.05 AUROC (0.01 to 0.09)"


def test_findings_are_compared_by_their_mean():
    truth, good, poor = two_models(60)
    both = np.stack([truth, np.roll(truth, 1)], axis=1).astype(float)
    both[:5, 0] = np.nan
    first = finding_predictions(both, np.stack([poor, np.roll(poor, 1)], axis=1))
    second = finding_predictions(both, np.stack([good, np.roll(poor, 1)], axis=1))
    _, pair = compare(first, second)
    known = slice(5, None)
    gain = roc_auc_score(truth[known], good[known]) - roc_auc_score(truth[known], poor[known])
    assert pair["differences"]["auroc"]["value"] == pytest.approx(gain / 2, abs=1e-6)
    assert set(pair["differences"]) == {"auroc", "accuracy", "brier"}


def test_constant_scores_and_ties_are_compared():
    truth, good, _ = two_models(40)
    _, pair = compare(predictions(truth, np.full(40, 0.5)), predictions(truth, good.round(1)))
    assert pair["differences"]["auroc"]["value"] > 0
    assert all(np.isfinite(one["low"]) and np.isfinite(one["high"]) for one in pair["differences"].values())


def test_other_images_are_refused():
    truth, good, poor = two_models(20)
    with pytest.raises(ValueError, match="same images"):
        compare(predictions(truth, good), predictions(truth, poor, images=[f"other {n}" for n in range(20)]))
