import numpy as np
import pytest
from dataset.rows import row

from probes.test_text import film, ring, write
from wetread.probes.markers import KINDS, describe
from wetread.probes.probe import Sight


def told(picture):
    seen = describe(Sight([row("0", picture=picture)]))
    return dict(zip(seen.names, seen.values[0], strict=True))


@pytest.mark.parametrize(
    ("picture", "kinds"),
    [
        (film(), (0, 0, 0)),
        (write(film(), "PORTABLE", (20, 280), 14), (1, 0, 0)),
        (write(film(), "R", (20, 20), 18), (0, 1, 0)),
        (ring(write(film(), "R", (24, 22), 14), (29, 31), 13), (0, 1, 1)),
    ],
)
def test_each_kind_of_writing_is_told(picture, kinds):
    assert tuple(told(picture)[kind] for kind in KINDS) == kinds


def test_a_picture_that_is_kept_larger_for_a_network_is_looked_at_as_any_other():
    picture = write(film(), "PORTABLE", (20, 280), 14)
    assert told(picture.repeat(2, axis=0).repeat(2, axis=1)) == told(picture)


def test_places_and_sizes_are_told():
    seen = told(write(film(), "L", (285, 24), 18))
    assert (seen["writing upper right"], seen["writing upper left"], seen["marks"]) == (1, 0, 1)
    assert seen["mark height"] == pytest.approx(18 * 0.72 / 320, abs=0.01)
    assert np.isfinite(list(seen.values())).all()
