"""Cases are the worst errors and random ones, and never twice the same."""

import numpy as np
from evaluation.test_evaluate import predictions

from wetread.explanation.cases import choose_cases


def test_errors_come_worst_first_and_random_cases_do_not_repeat_them():
    one = predictions()
    cases = choose_cases(one, 12, seed=0)
    errors = [case.number for case in cases if case.why == "error"]
    sure = [one.probabilities[number, one.truth[number]] for number in errors]
    assert len(cases) == 12 and len({case.number for case in cases}) == 12
    assert len(errors) == 6 and sure == sorted(sure)
    wrong = np.flatnonzero(one.predicted != one.truth)
    assert sure[0] == min(one.probabilities[number, one.truth[number]] for number in wrong)


def test_without_errors_all_are_random_and_of_every_class():
    one = predictions()
    perfect = type(one)(**{**one.__dict__, "predicted": one.truth})
    cases = choose_cases(perfect, 6, seed=0)
    assert {case.why for case in cases} == {"random"}
    assert sorted(one.truth[case.number] for case in cases) == [0, 0, 0, 1, 1, 1]
