from checks.audits import audit, skipped_row
from wetread.checks.wr402_classes_left_out import check


def test_a_class_left_out_is_amber_and_its_images_are_named():
    left = skipped_row("r.png", "its class has 1 cases, fewer than 5", "rare")
    found = check(audit(skipped=[left, skipped_row("x.png", "the file has 0 bytes")], small_classes=["rare"]))
    assert (found.severity, found.images, found.numbers) == ("amber", ("r.png",), {"classes": ["rare"]})
    assert "rare" in found.sentence


def test_no_class_left_out_is_silent():
    assert check(audit()) is None
