"""Borders, corners, masked centre, histogram and blur see what they should, and nothing else."""

import numpy as np
import pytest
from dataset.rows import row

from wetread.probes import borders, corners, low_information, masked_centre
from wetread.probes.probe import Sight


def see(describe, *pictures):
    return describe(Sight([row(f"{n}", picture=picture) for n, picture in enumerate(pictures)]))


def grey(side=192, value=100):
    return np.full((side, side), value, np.uint8)


def with_square(top, left, size, value=200):
    picture = grey()
    picture[top : top + size, left : left + size] = value
    return picture


@pytest.mark.parametrize(
    ("describe", "blind_to"),
    [
        (borders.describe, with_square(16, 16, 160)),
        (corners.describe, with_square(24, 24, 144)),
        (masked_centre.describe, with_square(40, 40, 112)),
    ],
)
def test_what_lies_further_in_is_not_seen(describe, blind_to):
    seen = see(describe, grey(), blind_to)
    assert np.array_equal(seen.values[0], seen.values[1])


@pytest.mark.parametrize(
    ("describe", "place", "name"),
    [
        (borders.describe, (176, 96, 8), "brightness of the bottom edge, part 5 of 8"),
        (corners.describe, (0, 174, 4), "brightest in the upper right corner"),
        (masked_centre.describe, (32, 96, 8), "brightness 19 % from the top, 52 % from the left"),
        (low_information.describe_blur, (24, 48, 24), "brightness in row 2 of 8, column 3 of 8"),
    ],
)
def test_what_lies_there_is_seen_and_named(describe, place, name):
    seen = see(describe, grey(), with_square(*place))
    changed = seen.values[1] - seen.values[0]
    assert changed[seen.names.index(name)] == changed.max() > 5


def test_a_white_frame_is_white_at_every_edge():
    picture = grey()
    picture[:8], picture[-8:], picture[:, :8], picture[:, -8:] = (255,) * 4
    seen = see(borders.describe, picture)
    told = dict(zip(seen.names, seen.values[0], strict=True))
    # Half of the strip, and the corners of the two edges that cross it.
    assert told["white of the top edge"] == pytest.approx(0.5 + 0.5 * 8 / 96)
    assert told["outermost brightness of the left edge"] == 255
    assert told["black of the right edge"] == 0


def test_a_histogram_holds_shares_and_does_not_know_where():
    half = grey(value=0)
    half[:96] = 255
    seen = see(low_information.describe_histogram, half, half[::-1])
    assert np.array_equal(seen.values[0], seen.values[1])
    assert seen.values[0, [0, 31]] ** 2 == pytest.approx([0.5, 0.5])
    assert (seen.values[0] ** 2).sum() == pytest.approx(1)


def test_size_and_colour_of_a_picture_do_not_matter():
    colour = np.repeat(grey(384)[:, :, None], 3, axis=2)
    for describe in (borders.describe, corners.describe, masked_centre.describe, low_information.describe_histogram):
        seen = see(describe, grey(), colour, grey(64))
        assert np.array_equal(seen.values[0], seen.values[1])
        assert np.array_equal(seen.values[0], seen.values[2])
