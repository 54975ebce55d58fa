import numpy as np
import pytest
from dataset.rows import facts

from checks.audits import PICTURE, audit, clean_rows
from wetread.checks.wr403_odd_pictures import check


def noisy_rows():
    rng = np.random.default_rng(0)
    rows = clean_rows()
    for one in rows:
        one.picture = np.clip(PICTURE + rng.normal(0, 5, PICTURE.shape), 0, 255).astype(np.uint8)
    return rows


def spotted(share):
    picture = np.zeros((100, 100), np.uint8)
    picture.ravel()[: round(share * 10_000)] = 255
    return picture


@pytest.mark.parametrize(
    ("picture", "kind"),
    [
        (np.full((24, 24), 90, np.uint8), "empty"),
        (spotted(0.015), "nearly black"),
        (255 - PICTURE, "inverted"),
        (np.stack([PICTURE] * 3, axis=2), "in colour"),
    ],
)
def test_a_picture_unlike_the_others_is_named_with_its_kind(picture, kind):
    rows = noisy_rows()
    rows[7].picture = picture
    found = check(audit(rows))
    assert (found.severity, found.images) == ("info", ("a7.png",))
    assert next(iter(found.numbers["kinds"])).startswith(kind)


@pytest.mark.parametrize(("size", "kind"), [((640, 63), "smaller than 64"), ((1000, 300), "more than 3 times")])
def test_tiny_and_very_long_files_are_named(size, kind):
    rows = noisy_rows()
    rows[3].facts = facts(width=size[0], height=size[1])
    assert next(iter(check(audit(rows)).numbers["kinds"])).startswith(kind)


@pytest.mark.parametrize("size", [(64, 64), (900, 300)])
def test_the_limits_themselves_are_not_odd(size):
    rows = noisy_rows()
    rows[3].facts = facts(width=size[0], height=size[1])
    assert check(audit(rows)) is None


def test_odd_pictures_of_one_class_are_amber():
    rows = noisy_rows()
    for one in rows[:12]:
        one.picture = 255 - one.picture
    found = check(audit(rows))
    assert (found.severity, len(found.images)) == ("amber", 12)
    assert "30 %" in found.sentence


def test_another_part_of_the_body_is_not_inverted():
    rows = noisy_rows()
    for one in rows[40:50]:
        one.picture = np.ascontiguousarray(255 - one.picture)
        one.label = "c"
    assert check(audit(rows)) is None


def test_pictures_without_a_common_look_are_never_inverted():
    rng = np.random.default_rng(1)
    rows = clean_rows()
    for one in rows:
        one.picture = rng.integers(0, 256, (24, 24)).astype(np.uint8)
    assert check(audit(rows)) is None


def test_a_set_in_colour_has_no_odd_colours():
    rows = noisy_rows()
    for one in rows:
        one.picture = np.stack([one.picture] * 3, axis=2)
    assert check(audit(rows)) is None
