"""What one fit reaches, beside the averages of several."""

from wetread.evaluation.by_division import by_division


def test_divisions_have_a_mean_and_those_without_a_number_do_not_count():
    assert by_division([0.7, None, 0.8]) == {"auroc": [0.7, 0.8], "mean": 0.75}
    assert by_division([None]) == by_division([]) == {"auroc": [], "mean": None}
