import pytest

from checks.audits import audit, clean_rows
from wetread.checks.wr102_duplicates import check
from wetread.dataset.duplicates import Pair
from wetread.dataset.split import set_leaking_rows_aside

PAIRS = [Pair(0, 1, "file"), Pair(0, 2, "pixels"), Pair(3, 4, "near", 0.98)]


def test_a_few_copies_are_for_information_and_counted_by_kind():
    found = check(audit(pairs=PAIRS))
    assert (found.severity, found.images) == ("info", ("a0.png", "a1.png", "a2.png", "a3.png", "a4.png"))
    assert found.numbers == {"file": 1, "pixels": 1, "near": 1, "across_splits": 0, "copies": 3}
    assert "1 identical file, 1 file with identical pixels, 1 nearly identical pair." in found.sentence


@pytest.mark.parametrize(("copies", "severity"), [(4, "info"), (5, "amber")])
def test_many_copies_are_amber(copies, severity):
    assert check(audit(pairs=[Pair(0, n, "file") for n in range(1, copies + 1)])).severity == severity


def test_a_copy_on_the_other_side_of_a_given_split_is_red_and_only_such_pairs_are_shown():
    rows = clean_rows()
    for number, one in enumerate(rows):
        one.given_split = "test" if number in (2, 3, 4) else "train"
    found = check(audit(rows, pairs=PAIRS))
    assert (found.severity, found.images, found.numbers["across_splits"]) == ("red", ("a0.png", "a2.png"), 1)


@pytest.mark.parametrize(
    ("parts", "severity", "across"),
    [
        (("train", "tune", "tune", "test", "test"), "info", 0),
        (("train", "tune", "tune", "train", "tune"), "red", 3),  # no test part: the validation part is the test
        (("", "", "test", "", ""), "red", 1),  # what stands in no part is learnt from
        (("train", "", "", "", ""), "info", 0),
    ],
)
def test_copies_in_training_and_validation_do_no_harm_beside_a_test_part(parts, severity, across):
    rows = clean_rows()
    for one, part in zip(rows, parts, strict=False):
        one.given_split = part
    found = check(audit(rows, pairs=PAIRS))
    assert (found.severity, found.numbers["across_splits"]) == (severity, across)
    assert ("the test is not a test" in found.sentence) == bool(across)


@pytest.mark.parametrize(
    ("use", "run", "severity"),
    [
        ("mended", True, "amber"),
        ("not used", True, "amber"),
        ("as it is", True, "red"),  # --allow-leak
        ("mended", False, "red"),  # a mere check
    ],
)
def test_copies_across_the_given_split_are_amber_once_a_run_has_mended_that(use, run, severity):
    rows = clean_rows()
    for number, one in enumerate(rows):
        one.given_split = "test" if number == 2 else "train"
        one.split, one.folds = ("cv", (1,)) if use == "not used" else (one.given_split, ())
    leaking = rows[:2] if use == "mended" else []
    set_leaking_rows_aside(leaking)
    found = check(audit(rows, pairs=PAIRS, leaking=leaking, run=run))
    assert (found.severity, found.numbers["across_splits"]) == (severity, 1)
    assert "1 pair stands on both sides" in found.sentence
    assert ("the test is not a test" in found.sentence) == (severity == "red")
    assert ("does not suffer" in found.sentence) == (severity == "amber")
    assert ("2 training images" in found.sentence) == (severity == "amber" and use == "mended")


def test_an_external_test_divides_nothing():
    told = check(audit(pairs=PAIRS, estimate="external test")).sentence
    assert "for one case" in told and "division" not in told
    assert "same side of every division" in check(audit(pairs=PAIRS)).sentence


def test_no_copies_no_finding():
    assert check(audit()) is None
