import pytest

from checks.audits import audit, clean_rows
from wetread.checks.wr106_split_not_stratified import check


def divided(in_test_of_a, in_test_of_b, per_class=60):
    rows = clean_rows(per_class)
    for one in rows:
        part = {"a": in_test_of_a, "b": in_test_of_b}[one.label]
        one.given_split = "test" if int(one.image[1:-4]) < part else "train"
    return rows


@pytest.mark.parametrize(("estimate", "severity"), [("given test", "amber"), ("cross-validation", "info")])
def test_classes_in_other_proportions_are_told(estimate, severity):
    found = check(audit(divided(10, 40), estimate=estimate))
    assert found.severity == severity
    worst = found.numbers["classes"][0]
    # 10 of 50 test cases are a; 50 of 70 training cases are.
    assert (worst["class"], worst["test"], worst["train"]) == ("a", 0.2, 0.7143)


def test_the_tuning_part_counts_as_training():
    rows = divided(10, 40)
    for one in rows[::3]:
        one.given_split = one.given_split.replace("train", "tune")
    assert check(audit(rows)).numbers["classes"][0]["train"] == 0.7143


def test_one_patient_with_many_images_is_one_case():
    rows = divided(10, 40)
    for one in rows:
        one.group = f"G{one.label}{one.given_split}{int(one.image[1:-4]) % 3}"
    assert check(audit(rows)) is None


@pytest.mark.parametrize("parts", [(20, 20), (20, 24), (0, 0), (60, 60)])
def test_even_parts_small_differences_and_one_part_only_are_silent(parts):
    assert check(audit(divided(*parts))) is None


def test_of_a_split_that_could_not_be_used_nothing_is_said():
    one = audit(divided(10, 40))
    assert check(one) is not None
    one.table.split_unused = "The given test set has only 3 separate cases in its smallest class"
    assert check(one) is None


def test_no_split_no_finding():
    assert check(audit()) is None
