import pytest

from checks.audits import audit, skipped_row
from wetread.checks.wr401_skipped_images import check


def lost(number, reason="the file ends too early"):
    return [skipped_row(f"x{n}.png", reason) for n in range(number)]


@pytest.mark.parametrize(("number", "severity"), [(1, "amber"), (8, "amber"), (9, "red")])
def test_lost_files_are_amber_and_more_than_a_tenth_red(number, severity):
    found = check(audit(skipped=lost(number)))
    assert found.severity == severity
    assert found.images == tuple(f"x{n}.png" for n in range(number))
    assert found.numbers == {"lost": number, "left_out": 0, "reasons": {"the file ends too early": number}}


@pytest.mark.parametrize("reason", ["lies outside the class folders", "not named in labels.csv"])
def test_files_left_out_are_for_information(reason):
    found = check(audit(skipped=lost(2, reason)))
    assert (found.severity, found.numbers["left_out"]) == ("info", 2)


def test_many_files_left_out_do_not_make_few_lost_ones_grave():
    found = check(audit(skipped=[*lost(1), *(skipped_row(f"s{n}", "not named in labels.csv") for n in range(50))]))
    assert (found.severity, found.images) == ("amber", ("x0.png",))


@pytest.mark.parametrize(
    "reason",
    [
        "its class was not asked for",
        "same patient or same picture as in the given test set; not trained on",
        "its class is not one that the model knows",
        "the model knows it or its patient",
    ],
)
def test_what_was_chosen_is_silent(reason):
    assert check(audit(skipped=lost(20, reason))) is None
    assert check(audit()) is None
