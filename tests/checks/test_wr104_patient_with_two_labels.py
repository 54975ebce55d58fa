from checks.audits import audit, clean_rows
from wetread.checks.wr104_patient_with_two_labels import check


def test_a_patient_with_two_labels_is_for_information():
    rows = clean_rows()
    rows[41].patient = rows[0].patient
    found = check(audit(rows))
    assert (found.severity, found.images) == ("info", ("a0.png", "b1.png"))
    assert found.numbers == {"patients": 1, "images": 2}
    assert "one side of every division" in found.sentence
    elsewhere = check(audit(rows, estimate="external test")).sentence  # which divides nothing
    assert "division" not in elsewhere and "one case each" in elsewhere


def test_a_patient_with_one_label_is_silent_and_so_is_nobody():
    rows = clean_rows()
    rows[1].patient = rows[0].patient
    rows[2].patient = rows[42].patient = ""
    assert check(audit(rows)) is None
