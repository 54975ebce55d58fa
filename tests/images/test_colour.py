"""Colours of other depths than 8 bits."""

import numpy as np
import pytest
from fake.dicoms import write_dicom
from imagecodecs import jpeg2k_encode, jpegls_encode
from pydicom.uid import JPEG2000Lossless, JPEGLSLossless

from wetread.images.colour import reduce_to_bytes, widen_range
from wetread.images.dicom import decode_dicom
from wetread.images.gate import Refused

COLOURS = np.array([[[0, 64, 128], [255, 17, 200]]], dtype=np.uint8)


def show(path):
    with path.open("rb") as handle:
        pixels, facts = decode_dicom(handle, path.stat().st_size)
    return pixels.tolist(), facts.intensity


def test_fewer_and_more_bits():
    assert reduce_to_bytes(np.array([0, 1, 3]), 2).tolist() == [0, 85, 255]
    assert reduce_to_bytes(np.array([0, 16, 4095]), 12).tolist() == [0, 1, 255]
    assert reduce_to_bytes(np.array([300, 200]), 8).tolist() == [255, 200]


def test_partial_range():
    # (126 - 16) * 255 / 219 = 128.1; (240 - 128) * 255 / 224 + 128 = 255.5
    pixels = np.array([[[16, 128, 240], [235, 16, 128], [126, 128, 128]]], np.uint8)
    assert widen_range(pixels).tolist() == [[[0, 128, 255], [255, 0, 128], [128, 128, 128]]]


def test_stored_bits_of_native_colours(tmp_path):
    wide = COLOURS.astype(np.uint16) << 4 | 0xF00F
    path = write_dicom(tmp_path / "a", wide, photometric="RGB", bits_stored=12)
    assert show(path) == (COLOURS.tolist(), "upper 8 of 12 bits")


@pytest.mark.parametrize("stored", [8, 12, 16])
def test_a_codestream_of_other_bits_than_the_header(tmp_path, stored):
    array = np.zeros((1, 2, 3), np.uint16)
    options = {"photometric": "RGB", "bits_stored": stored}
    # Eight bits are eight bits whatever the header makes room for.
    stream = [bytes(jpeg2k_encode(COLOURS, reversible=True, codecformat="J2K", mct=False))]
    path = write_dicom(tmp_path / "a", array, **options, syntax=JPEG2000Lossless, encoded=stream)
    assert show(path) == (COLOURS.tolist(), "as stored")
    # Sixteen hold what is stored.
    deep = COLOURS.astype(np.uint16) << stored - 8
    path = write_dicom(tmp_path / "a", array, **options, syntax=JPEGLSLossless, encoded=[bytes(jpegls_encode(deep))])
    assert show(path)[0] == COLOURS.tolist()


def test_floats_have_no_colours(tmp_path):
    path = write_dicom(tmp_path / "a", np.zeros((2, 2, 3), np.float32), photometric="RGB")
    with pytest.raises(Refused) as caught:
        show(path)
    assert caught.value.code == "unsupported"
