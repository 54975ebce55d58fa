"""Texts inside codestreams become zeros where they stand; what a decoder makes of them stays the same."""

import imagecodecs
import numpy as np
import pytest

from tests.privacy.canaries import NAME, occurrences
from tests.privacy.test_pictures import CASES, length
from wetread.images.gate import Refused
from wetread.privacy.segments import jpeg_segments, scrub_codestream

PICTURE = np.random.default_rng(7).integers(0, 255, (48, 40), np.uint8)
COMMENT = length(f"{NAME} comment".encode())


def j2k(codec="j2k"):
    data = imagecodecs.jpeg2k_encode(PICTURE, codecformat=codec, reversible=True)
    start = data.index(b"\xff\x4f\xff\x51")
    stop = start + 4 + int.from_bytes(data[start + 4 : start + 6], "big")
    comment = b"\xff\x64" + (len(NAME) + 4).to_bytes(2, "big") + b"\0\1" + NAME.encode()
    if codec == "jp2":
        # Into the box of the codestream no byte fits without a new length; a box of its own does.
        box = (len(NAME) + 8).to_bytes(4, "big") + b"xml " + NAME.encode()
        return data[: start - 8] + box + data[start - 8 :]
    return data[:stop] + comment + data[stop:]


@pytest.mark.parametrize("codec", ["j2k", "jp2"])
def test_jpeg_2000(codec):
    data = bytearray(j2k(codec))
    before = len(data)
    assert NAME in occurrences(bytes(data))
    assert scrub_codestream(data) >= 1
    assert len(data) == before
    assert occurrences(bytes(data)) == []
    assert b"OpenJPEG" not in data
    assert np.array_equal(imagecodecs.jpeg2k_decode(bytes(data)), PICTURE)


def test_jpeg_ls():
    data = imagecodecs.jpegls_encode(PICTURE)
    data = bytearray(data[:2] + b"\xff\xfe" + COMMENT + data[2:] + NAME.encode())
    assert scrub_codestream(data) >= 2  # the encoder has a comment of its own
    assert occurrences(bytes(data)) == []
    assert np.array_equal(imagecodecs.jpegls_decode(bytes(data)), PICTURE)


def test_a_comment_between_two_scans_is_found():
    data = CASES["jpeg-progressive"][1]
    scans = [start for marker, start, _ in jpeg_segments(data) if marker == 0xDA]
    assert len(scans) > 2
    planted = bytearray(data[: scans[2]] + b"\xff\xfe" + COMMENT + data[scans[2] :])
    scrub_codestream(planted)
    assert occurrences(bytes(planted)) == []
    # The application data of a camera is among what went, so only the pixels are compared.
    assert np.array_equal(imagecodecs.jpeg8_decode(bytes(planted)), imagecodecs.jpeg8_decode(data))


def test_other_bytes_are_left_alone():
    data = bytearray(NAME.encode() * 3)
    assert scrub_codestream(data) == 0
    assert data == NAME.encode() * 3


def test_a_table_that_is_none_is_refused():
    data = bytearray(b"\xff\xd8\xff\xdb" + COMMENT + CASES["jpeg"][1][2:])
    with pytest.raises(Refused, match="damaged"):
        scrub_codestream(data)
