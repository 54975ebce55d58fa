"""Cases are the worst errors and random ones, and never twice the same."""

import numpy as np
from evaluation.test_evaluate import predictions
from evaluation.test_findings import predictions as finding_predictions

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


def finding_cases(cases, seed=0):
    one = finding_predictions(n=200, unknown=0.1)
    return one, choose_cases(one, cases, seed)


def test_of_several_findings_the_worst_error_of_each_comes_first():
    one, cases = finding_cases(12)
    errors = [case for case in cases if case.why == "error"]
    assert len(cases) == 12 and len({case.number for case in cases}) == 12
    assert [case.column for case in errors[:3]] != [case.column for case in errors[:1]] * 3
    assert {case.column for case in errors[:3]} == {0, 1, 2}
    for case in errors:
        assert one.known[case.number, case.column]
        assert one.called[case.number, case.column] != (one.truth[case.number, case.column] == 1)
    worst = errors[0]
    has = one.truth == 1
    sure = np.where(has, one.probabilities, 1 - one.probabilities)
    wrong = one.known & (one.called != has)
    assert sure[worst.number, worst.column] == sure[wrong].min()


def test_a_random_image_is_explained_for_a_finding_that_it_has():
    one, cases = finding_cases(40)
    for case in cases:
        if case.why == "random" and (one.truth[case.number] == 1).any():
            assert one.truth[case.number, case.column] == 1
    assert finding_cases(40)[1] == cases
