"""A method of the plan that did nothing is not claimed: too few cases, some folds, some findings."""

import pytest

from wetread.evaluation.recalibration import describe_recalibration, say_uncorrected, was_fitted


def stored(temperatures, final, cases=30, offsets=None):
    folds = [
        {"repeat": 1, "fold": n, "temperature": one, "offset": (offsets or {}).get(n, []), "cases": cases}
        for n, one in enumerate(temperatures, start=1)
    ]
    return describe_recalibration("temperature", folds, {"temperature": final, "offset": []}, 50)


@pytest.mark.parametrize(
    ("case", "said"),
    [
        (stored([1.2, 0.8], 1.1, cases=90), ""),
        (None, ""),
        (stored([1.0, 1.0], 1.0), "Too few cases to calibrate (fewer than 50): probabilities are those of the models."),
        (
            stored([1.0, 1.0], 1.3),
            "Too few cases to calibrate (fewer than 50): probabilities are those of the models. "
            "Only those of the model that is handed over were calibrated.",
        ),
        (
            stored([1.0, 1.3], 1.3, cases=49),
            "Too few cases to calibrate (fewer than 50) in 1 of 2 folds: there probabilities are those of the models.",
        ),
        (
            stored([1.0, 1.3], 1.0, cases=50),
            "No correction could be fitted in 1 of 2 folds: there probabilities are those of the models. "
            "Nothing could be fitted for the model that is handed over.",
        ),
        (
            stored([[1.0, 1.3], [1.1, 1.3]], [1.0, 1.2]),
            "Too few cases to calibrate (fewer than 50) in 1 of 4 findings, counted over all folds: there "
            "probabilities are those of the models. Nothing could be fitted for some findings of the model that is "
            "handed over.",
        ),
        (stored([1.0], 1.2, offsets={1: [0.0, 0.4]}), ""),
    ],
)
def test_what_was_not_corrected_is_said(case, said):
    assert say_uncorrected(case) == said


def test_a_plan_without_correction_claims_none():
    assert describe_recalibration("none", [], {"temperature": 1.0, "offset": []}, 50) is None


def test_an_offset_alone_is_a_correction_of_its_finding():
    assert was_fitted({"temperature": [1.0, 1.0], "offset": [0.0, 0.2]}) == [False, True]
