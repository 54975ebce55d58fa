import pytest

from checks.audits import audit, clean_rows
from wetread.checks.run_checks import gate
from wetread.checks.wr101_patient_in_two_splits import check
from wetread.dataset.split import set_leaking_rows_aside


def rows_with_split():
    rows = clean_rows()
    for number, one in enumerate(rows):
        one.given_split = "test" if number % 4 == 0 else "train"
    return rows


def test_a_patient_in_train_and_test_is_red_and_all_his_images_are_named():
    rows = rows_with_split()
    for one in rows[:3]:
        one.patient = "P"
    found = check(audit(rows))
    assert (found.severity, found.images) == ("red", ("a0.png", "a1.png", "a2.png"))
    assert found.numbers == {"patients": 1, "images": 3}
    assert "1 patient with 3 images" in found.sentence


@pytest.mark.parametrize(
    ("parts", "severity"),
    [
        (("tune", "test"), "red"),
        (("", "test"), "red"),  # what stands in no part is learnt from
        (("train", "tune"), "red"),  # no test part: the validation part is the test
        (("train", "tune", "test of another"), "info"),
        (("train", ""), None),
    ],
)
def test_only_the_tested_part_has_another_side(parts, severity):
    rows = clean_rows()
    for one, part in zip(rows, parts, strict=False):
        one.given_split = part.split()[0] if part else ""
        one.patient = "P" if "another" not in part else "Q"
    found = check(audit(rows))
    assert (found and found.severity) == severity


def test_train_and_validation_may_share_patients_and_the_number_is_not_doubted():
    rows = rows_with_split()
    rows[1].given_split = "tune"
    rows[1].patient = rows[2].patient
    found = check(audit(rows, estimate="given test"))
    assert (found.severity, found.images, found.numbers) == ("info", ("a1.png", "a2.png"), {"patients": 1, "images": 2})
    assert "is not touched" in found.sentence and "too good" not in found.sentence
    assert gate([found]) == "green"


def test_a_validation_part_that_serves_as_the_test_is_called_so():
    rows = clean_rows()
    rows[0].given_split, rows[1].given_split = "train", "tune"
    rows[1].patient = rows[0].patient
    assert "validation part, which has to serve as the test" in check(audit(rows)).sentence


def leaking_split(*, use):
    """One patient on both sides of the given split; ``use``: what the run makes of that split."""
    rows = rows_with_split()
    rows[1].patient = rows[0].patient
    for one in rows:
        one.split, one.folds = ("cv", (2,)) if use == "none" else (one.given_split, ())
    leaking = [rows[1]] if use == "mended" else []
    set_leaking_rows_aside(leaking)
    estimate = "cross-validation" if use == "none" else "given test"
    return {"rows": rows, "leaking": leaking, "estimate": estimate}


@pytest.mark.parametrize(
    ("use", "told"),
    [("mended", "1 training image of tested patients, or with copies of tested pictures, was set"), ("none", "anew")],
)
def test_a_split_that_a_run_has_mended_is_amber_and_the_number_is_not_doubted(use, told):
    found = check(audit(**leaking_split(use=use), run=True))
    assert (found.severity, found.numbers) == ("amber", {"patients": 1, "images": 2})
    assert "1 patient with 2 images stands both in the tested part" in found.sentence
    assert "does not suffer" in found.sentence and told in found.sentence and "too good" not in found.sentence


@pytest.mark.parametrize(
    ("use", "run"),
    [
        ("as it is", True),  # --allow-leak
        ("mended", False),  # a mere check: nothing is learnt, and the split leaks
        ("none", False),
    ],
)
def test_a_split_that_no_run_has_mended_stays_red(use, run):
    found = check(audit(**leaking_split(use=use), run=run))
    assert found.severity == "red" and "too good" in found.sentence and "suffer" not in found.sentence


def test_a_patient_in_one_part_is_silent_and_so_are_patients_nobody_knows():
    rows = rows_with_split()
    assert check(audit(rows)) is None
    for one in rows:
        one.patient = ""
    assert check(audit(rows)) is None


def test_without_a_given_split_a_patient_with_many_images_is_silent():
    rows = clean_rows()
    for one in rows:
        one.patient = "P"
    assert check(audit(rows)) is None
