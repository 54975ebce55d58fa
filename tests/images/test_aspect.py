"""Pixels that are not square."""

import numpy as np
import pytest
from fake.dicoms import write_dicom
from pydicom import Dataset
from pydicom.sequence import Sequence

from wetread.images.aspect import make_square
from wetread.images.dicom import decode_dicom
from wetread.images.gate import Refused

ARRAY = np.arange(6, dtype=np.uint8).reshape(2, 3)


def show(tmp_path, **options):
    path = write_dicom(tmp_path / "a", ARRAY, **options)
    with path.open("rb") as handle:
        pixels, facts = decode_dicom(handle, path.stat().st_size)
    assert (facts.height, facts.width) == pixels.shape
    return pixels.shape, facts.header.get("Enlarged")


@pytest.mark.parametrize(
    ("spacing", "shape", "said"),
    [
        ({"PixelSpacing": [2, 1]}, (4, 3), "rows x 2"),  # row spacing first: pixels twice as high as wide
        ({"PixelSpacing": [0.5, 1]}, (2, 6), "columns x 2"),
        ({"ImagerPixelSpacing": [2, 1]}, (4, 3), "rows x 2"),
        ({"NominalScannedPixelSpacing": [2, 1]}, (4, 3), "rows x 2"),
        ({"PixelAspectRatio": [3, 2]}, (3, 3), "rows x 1.5"),  # vertical, then horizontal size
        ({"PixelSpacing": [1, 1], "PixelAspectRatio": [3, 2]}, (2, 3), None),  # a spacing beats a ratio
        ({"PixelSpacing": [1.009, 1]}, (2, 3), None),
        ({"PixelSpacing": [5, 1]}, (2, 3), None),
        ({"PixelSpacing": [0, 1]}, (2, 3), None),
        ({"PixelSpacing": [-1, 1]}, (2, 3), None),
        ({"PixelSpacing": None}, (2, 3), None),
        ({"PixelSpacing": [2]}, (2, 3), None),
    ],
)
def test_which_spacing_counts(tmp_path, spacing, shape, said):
    assert show(tmp_path, **spacing) == (shape, said)


def test_the_spacing_of_an_enhanced_frame(tmp_path):
    measures, group = Dataset(), Dataset()
    measures.PixelSpacing = [2, 1]
    group.PixelMeasuresSequence = Sequence([measures])
    got = show(tmp_path, SharedFunctionalGroupsSequence=Sequence([group]))
    assert got == ((4, 3), "rows x 2")


def test_values_between_rows_lie_between_theirs():
    # Twice as high: new rows lie at -1/4, 1/4, 3/4 and 5/4 of the old ones, the ends are held.
    got = make_square(np.array([[0, 100], [100, 200]], np.uint8), 2.0)
    assert got.tolist() == [[0, 100], [25, 125], [75, 175], [100, 200]]
    assert make_square(np.zeros((2, 3, 3), np.uint8), 0.5).shape == (2, 6, 3)


def test_enlarging_keeps_to_the_limit():
    with pytest.raises(Refused) as caught:
        make_square(np.zeros((9000, 9000), np.uint8), 2.0)
    assert caught.value.code == "too-large"
