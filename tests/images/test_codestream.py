"""What compressed frames say about their size, and boxes that would be walked for ever."""

import io
import time

import numpy as np
import pytest
from fake.dicoms import write_dicom
from PIL import Image
from pydicom.uid import JPEG2000Lossless, JPEGBaseline8Bit

from wetread.errors import ImageRejected
from wetread.images.codestream import FrameSize, frame_size
from wetread.images.gate import Refused
from wetread.images.read import decode_image

#: 36 bytes that keep pydicom 3.0.2 busy for ever: a signature box, then a box of length 0.
ENDLESS = b"\x00\x00\x00\x0cjP  \r\n\x87\n" + b"\x00\x00\x00\x00ftyp" + bytes(16)


def encode(kind, **options):
    buffer = io.BytesIO()
    Image.fromarray(np.zeros((20, 30, 3), np.uint8)).save(buffer, kind, **options)
    return buffer.getvalue()


@pytest.mark.parametrize(
    "frame",
    [
        encode("JPEG"),
        encode("JPEG", progressive=True),
        b"\xff\xd8\xff" + encode("JPEG")[2:],  # fill byte
        encode("JPEG2000"),
        encode("JPEG2000", no_jp2=True),
    ],
)
def test_frame_size(frame):
    assert frame_size(frame) == FrameSize(rows=20, columns=30, samples=3)


def test_what_begins_no_codestream():
    assert frame_size(b"\x01\x00\x00\x00" + bytes(60)) is None
    assert frame_size(b"") is None


@pytest.mark.parametrize("frame", [encode("JPEG"), encode("JPEG2000")])
def test_every_cut_ends(frame):
    for length in range(2, 120):
        try:
            frame_size(frame[:length])
        except Refused as refusal:
            assert refusal.code in ("truncated", "damaged")


def test_a_box_of_length_0_does_not_hang(tmp_path):
    path = write_dicom(tmp_path / "a", np.zeros((16, 16), np.uint8), syntax=JPEG2000Lossless, encoded=[ENDLESS])
    start = time.monotonic()
    with pytest.raises(ImageRejected) as caught:
        decode_image(path)
    assert caught.value.code == "damaged" and time.monotonic() - start < 1


def test_a_frame_that_is_larger_than_its_header_says(tmp_path):
    frame = encode("JPEG").replace(b"\x08\x00\x14\x00\x1e", b"\x08\xff\xff\xff\xff")
    path = write_dicom(
        tmp_path / "a", np.zeros((20, 30, 3), np.uint8), photometric="RGB", syntax=JPEGBaseline8Bit, encoded=[frame]
    )
    with pytest.raises(ImageRejected) as caught:
        decode_image(path)
    assert caught.value.code == "too-large"
