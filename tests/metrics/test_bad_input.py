"""Awkward data and every public metric: a defined number, ``None`` where there is none, or a clear ValueError."""

import math
import warnings
from dataclasses import asdict, is_dataclass

import numpy as np
import pytest

from wetread.metrics import calibration, confusion, counted, counted_calibration, discrimination, operating_point
from wetread.metrics.average_precision import Question, interval_for_average_precision, interval_for_mean_precision
from wetread.metrics.bootstrap import patient_bootstrap
from wetread.metrics.choice import interval_for_auroc, interval_for_mean_proportion, interval_for_proportion
from wetread.metrics.delong import delong, delong_macro, delong_paired
from wetread.metrics.intervals import nadeau_bengio, procedure_interval, wilson_by_patient
from wetread.metrics.newcombe import newcombe
from wetread.metrics.table_auroc import auroc_of_table
from wetread.metrics.temperature import fit_temperature


def table(p):
    return np.stack([1 - p, p], axis=1)


def counted_once(build):
    """A counted statistic asked about the data themselves; NaN is its way to say None."""

    def ask(y, p, keys):
        (value,) = build(y, p)(np.ones((1, len(y))))
        return None if np.isnan(value) else value

    return ask


def resampled(build):
    return lambda y, p, keys: patient_bootstrap(build(y, p), keys, y, resamples=40)


STATISTICS = {
    "auroc": counted.auroc,
    "auroc_by_components": counted.auroc_by_components,
    "average_precision": counted.average_precision,
    "f1": lambda y, p: counted.f1(y, p >= 0.5),
    "macro_f1": lambda y, p: counted.macro_f1(as_numbers(y), as_numbers(p >= 0.5), 2),
    "balanced_accuracy": lambda y, p: counted.balanced_accuracy(as_numbers(y), as_numbers(p >= 0.5), 2),
    "cohen_kappa": lambda y, p: counted.cohen_kappa(as_numbers(y), as_numbers(p >= 0.5), 2),
    "macro_auroc": lambda y, p: counted.macro_auroc(as_numbers(y), table(p)),
    "micro_auroc": lambda y, p: counted.micro_auroc(as_numbers(y), table(p)),
    "mean_of_columns": lambda y, p: counted.mean_of_columns(np.where(y, p, np.nan)[:, None]),
    "rate": lambda y, p: counted.rate(y & (p >= 0.5), y),
    "brier": counted_calibration.brier,
    "brier_skill": counted_calibration.brier_skill,
    "slope": lambda y, p: counted_calibration.calibration_line(y, p, "slope"),
}


def as_numbers(y):
    return np.asarray(y).astype(int)


FUNCTIONS = {
    "auroc": lambda y, p, keys: discrimination.auroc(y, p),
    "average_precision": lambda y, p, keys: discrimination.average_precision(y, p),
    "roc_curve": lambda y, p, keys: discrimination.roc_curve(y, p),
    "precision_recall_curve": lambda y, p, keys: discrimination.precision_recall_curve(y, p),
    "macro_auroc": lambda y, p, keys: discrimination.macro_auroc(as_numbers(y), table(p)),
    "macro_average_precision": lambda y, p, keys: discrimination.macro_average_precision(as_numbers(y), table(p)),
    "micro_auroc": lambda y, p, keys: discrimination.micro_auroc(as_numbers(y), table(p)),
    "micro_average_precision": lambda y, p, keys: discrimination.micro_average_precision(as_numbers(y), table(p)),
    "brier": lambda y, p, keys: calibration.brier(y, p),
    "brier_skill": lambda y, p, keys: calibration.brier_skill(y, p),
    "ece": lambda y, p, keys: calibration.expected_calibration_error(y, p),
    "calibration line": lambda y, p, keys: calibration.calibration_slope_intercept(y, p),
    "reliability": lambda y, p, keys: calibration.reliability_bins(y, p),
    "youden": lambda y, p, keys: operating_point.youden_threshold(y, p),
    "sensitivity threshold": lambda y, p, keys: operating_point.sensitivity_threshold(y, p),
    "specificity threshold": lambda y, p, keys: operating_point.specificity_threshold(y, p),
    "temperature": lambda y, p, keys: fit_temperature(table(p), as_numbers(y)),
    "delong": lambda y, p, keys: delong(y, p),
    "delong_paired": lambda y, p, keys: delong_paired(y, p, p[::-1], patients=keys),
    "delong_macro": lambda y, p, keys: auroc_of_table(as_numbers(y) + 1, np.c_[p * 0, table(p)], keys, resamples=40),
    "newcombe": lambda y, p, keys: newcombe(y, p, keys),
    "interval_for_auroc": lambda y, p, keys: interval_for_auroc(y, p, keys, resamples=40),
    "auroc_of_table": lambda y, p, keys: auroc_of_table(as_numbers(y), table(p), keys, resamples=40),
    "interval_for_average_precision": lambda y, p, keys: interval_for_average_precision(y, p, keys),
    "interval_for_mean_precision": lambda y, p, keys: interval_for_mean_precision(
        [Question(y, p, keys), Question(~y, -p, keys)]
    ),
    "interval_for_mean_proportion": lambda y, p, keys: interval_for_mean_proportion(
        [(y & (p >= 0.5), y), (p >= 0.5, p >= 0.2)], keys, resamples=40
    ),
    "interval_for_proportion": lambda y, p, keys: interval_for_proportion(y & (p >= 0.5), y, keys, resamples=40),
    "wilson_by_patient": lambda y, p, keys: wilson_by_patient(y, keys),
    **{f"counted {name}": counted_once(build) for name, build in STATISTICS.items()},
    **{f"resampled {name}": resampled(build) for name, build in STATISTICS.items()},
}

EIGHT = np.array([0.1, 0.4, 0.35, 0.8, 0.2, 0.6, 0.7, 0.9])
ODD = np.arange(8) % 2 == 1
AWKWARD = {
    "constant scores": (ODD, np.full(8, 0.5), np.arange(8)),
    "certain scores": (ODD, np.array([0.0, 1, 1, 0, 0, 1, 0, 1]), np.arange(8)),
    "ties": (ODD, np.array([0.5, 0.5, 0.2, 0.2, 0.5, 0.9, 0.9, 0.5]), np.arange(8)),
    "one patient": (ODD, EIGHT, np.zeros(8)),
    "one patient of a class": (np.arange(8) < 2, EIGHT, np.array([0, 0, 1, 2, 3, 4, 5, 6])),
    "one positive": (np.arange(8) == 3, EIGHT, np.arange(8)),
    "only positives": (np.ones(8, dtype=bool), EIGHT, np.arange(8)),
    "only negatives": (np.zeros(8, dtype=bool), EIGHT, np.arange(8)),
    "a perfect ranking": (EIGHT > 0.5, EIGHT, np.arange(8) // 2),
    "one image": (np.array([True]), np.array([0.7]), np.array([1])),
    "two images": (np.array([True, False]), np.array([0.7, 0.3]), np.array([1, 2])),
}


def numbers_in(result):
    """Every number of a result, whatever it is made of."""
    if result is None or isinstance(result, str):
        return []
    if is_dataclass(result):
        return [number for one in asdict(result).values() for number in numbers_in(one)]
    if isinstance(result, (list, tuple)):
        return [number for one in result for number in numbers_in(one)]
    return np.ravel(np.asarray(result, dtype=float)).tolist()


@pytest.mark.parametrize("case", AWKWARD)
@pytest.mark.parametrize("name", FUNCTIONS)
def test_awkward_data_give_a_number_or_none_and_no_warning(name, case):
    truth, p, keys = AWKWARD[case]
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        result = FUNCTIONS[name](truth, p, keys)
    assert not any(math.isnan(number) for number in numbers_in(result))
    if hasattr(result, "low"):
        assert result.low <= result.value <= result.high
        assert math.isfinite(result.low + result.high)


#: Of called classes, or passing over what is not known: NaN never reaches them.
WITHOUT_SCORES = ("f1", "balanced", "kappa", "rate", "proportion", "mean_of_columns", "wilson")


@pytest.mark.parametrize("name", [name for name in FUNCTIONS if not any(word in name for word in WITHOUT_SCORES)])
def test_a_score_that_is_no_number_is_refused(name):
    p = EIGHT.copy()
    p[3] = np.nan
    with pytest.raises(ValueError, match=r"finite|\[0, 1\]"):
        FUNCTIONS[name](ODD, p, np.arange(8))


@pytest.mark.parametrize("name", FUNCTIONS)
def test_no_rows_are_refused(name):
    with pytest.raises(ValueError, match=r"at least one|not of shape|not |one shape"):
        FUNCTIONS[name](np.zeros(0, dtype=bool), np.zeros(0), np.zeros(0))


@pytest.mark.parametrize("bad", [np.array([0, 1, 2]), np.array([0.5, 1, 0]), np.array(["a", "b", "c"])])
def test_a_truth_that_is_neither_yes_nor_no_is_refused(bad):
    for metric in (discrimination.auroc, discrimination.average_precision, calibration.brier, delong, newcombe):
        with pytest.raises(ValueError, match="True and False"):
            metric(bad, np.array([0.1, 0.2, 0.3]))


def test_rows_that_do_not_add_up_to_one_are_refused():
    for probabilities in ([[0.5, 0.6], [0.2, 0.8]], [[1.2, -0.2], [0.2, 0.8]]):
        with pytest.raises(ValueError, match="add up to 1"):
            auroc_of_table([0, 1], probabilities, [1, 2])
    with pytest.raises(ValueError, match="class numbers"):
        auroc_of_table([0, 2], [[0.5, 0.5], [0.2, 0.8]], [1, 2])


def test_columns_of_different_lengths_are_refused():
    two, three = np.array([True, False]), np.array([0.1, 0.2, 0.3])
    for call in (
        lambda: discrimination.auroc(two, three),
        lambda: confusion.confusion_matrix([0, 1], [0, 1, 1], 2),
        lambda: newcombe(two, three[:2], [1]),
        lambda: delong_paired(two, three[:2], three[:2], patients=[1]),
        lambda: interval_for_proportion(two, np.ones(2), [1]),
        lambda: wilson_by_patient(two, [1]),
        lambda: auroc_of_table([0, 1], [[0.5, 0.5]], [1, 2]),
        lambda: auroc_of_table([0, 1, 2], np.eye(3), [1, 2]),
        lambda: discrimination.micro_auroc(np.ones((2, 2)), np.ones((3, 2))),
    ):
        with pytest.raises(ValueError, match=r"one per row|rows|one length|table|shape|entries"):
            call()


def test_closed_formulas_refuse_what_is_no_number():
    with pytest.raises(ValueError, match="finite"):
        nadeau_bengio([0.7, np.nan], 10, 10)
    with pytest.raises(ValueError, match="finite"):
        procedure_interval([0.7, np.nan], 1, 2, 10, 10)
    assert procedure_interval([None, None], 1, 2, 10, 10) is None
    assert delong_macro(np.array([0, 0, 1]), np.eye(2)[[0, 0, 1]]) is None
