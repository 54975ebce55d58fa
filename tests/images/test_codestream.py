"""What compressed frames say about their size, and boxes that would be walked for ever."""

import io

import numpy as np
import pytest
from fake.dicoms import write_dicom
from fake.effort import least_seconds
from imagecodecs import htj2k_encode, jpeg2k_encode, jpeg8_encode, jpegls_encode
from PIL import Image
from pydicom.uid import JPEG2000Lossless, JPEGBaseline8Bit

from wetread.errors import ImageRejected
from wetread.images.codestream import begins_codestream, read_codestream
from wetread.images.gate import Refused
from wetread.images.read import decode_image

#: 36 bytes that keep pydicom 3.0.2 busy for ever (it is not asked any more): a signature box, then a box of length 0.
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
def test_size(frame):
    head = read_codestream(frame)
    assert (head.rows, head.columns, head.samples, head.bits, head.signed) == (20, 30, 3, 8, False)
    assert begins_codestream(frame)


def test_what_begins_no_codestream():
    for frame in (b"\x01\x00\x00\x00" + bytes(60), b""):
        assert read_codestream(frame) is None and not begins_codestream(frame)


def test_kind_bits_and_loss():
    deep = np.arange(600, dtype=np.uint16).reshape(20, 30) * 6
    for stream, kind, bits, exact in (
        (jpeg8_encode(deep, 90, bitspersample=12), "jpeg", 12, False),
        (jpeg8_encode(deep, lossless=True, predictor=1, bitspersample=12), "jpeg", 12, True),
        (jpegls_encode(deep), "jpeg-ls", 16, False),
        (jpeg2k_encode(deep, reversible=True, codecformat="J2K", bitspersample=12), "jpeg2000", 12, True),
        (jpeg2k_encode(deep, 30, codecformat="J2K"), "jpeg2000", 16, False),
        (htj2k_encode(deep, reversible=True), "htj2k", 16, True),
        (htj2k_encode(deep, 0.01, reversible=False), "htj2k", 16, False),
    ):
        head = read_codestream(bytes(stream))
        assert (head.kind, head.bits, head.exact, head.signed) == (kind, bits, exact, False)
    assert read_codestream(bytes(htj2k_encode(deep.astype(np.int16), reversible=True))).signed


def test_what_a_jpeg_says_about_its_colours():
    colour = np.zeros((20, 30, 3), np.uint8)
    bare = jpeg8_encode(colour, colorspace="RGB", outcolorspace="YCBCR", subsampling="444")
    bare = bytes(bare).replace(b"JFIF", b"NONE")
    halved = bytes(jpeg8_encode(colour, colorspace="RGB", outcolorspace="YCBCR", subsampling="422"))
    for stream, ybr in (
        (bytes(jpeg8_encode(colour, colorspace="RGB", outcolorspace="RGB")), False),
        (encode("JPEG"), True),  # JFIF
        (bare, None),
        (halved.replace(b"JFIF", b"NONE"), True),  # RGB is never subsampled
        (bytes(jpegls_encode(colour)), None),
    ):
        assert read_codestream(stream).ybr is ybr


@pytest.mark.parametrize("frame", [encode("JPEG"), encode("JPEG2000")])
def test_every_cut_ends(frame):
    for length in range(2, 120):
        try:
            read_codestream(frame[:length])
        except Refused as refusal:
            assert refusal.code in ("truncated", "damaged")


def spent_on_damaged(path):
    """Processor seconds until a file is refused as damaged."""

    def work():
        with pytest.raises(ImageRejected) as caught:
            decode_image(path)
        assert caught.value.code == "damaged"

    return least_seconds(work, enough=1)


def test_a_box_of_length_0_does_not_hang(tmp_path):
    path = write_dicom(tmp_path / "a", np.zeros((16, 16), np.uint8), syntax=JPEG2000Lossless, encoded=[ENDLESS])
    assert spent_on_damaged(path) < 1


def test_a_frame_that_is_larger_than_its_header_says(tmp_path):
    frame = encode("JPEG").replace(b"\x08\x00\x14\x00\x1e", b"\x08\xff\xff\xff\xff")
    path = write_dicom(
        tmp_path / "a", np.zeros((20, 30, 3), np.uint8), photometric="RGB", syntax=JPEGBaseline8Bit, encoded=[frame]
    )
    with pytest.raises(ImageRejected) as caught:
        decode_image(path)
    assert caught.value.code == "damaged"
    # Where the header says nothing, or the same, it is an image that is too large.
    options = {"photometric": "RGB", "syntax": JPEGBaseline8Bit, "encoded": [frame]}
    for more in ({"remove": ["Rows", "Columns"]}, {"Rows": 65535, "Columns": 65535}):
        path = write_dicom(tmp_path / "b", np.zeros((20, 30, 3), np.uint8), **options, **more)
        with pytest.raises(ImageRejected) as caught:
            decode_image(path)
        assert caught.value.code == "too-large"


@pytest.mark.parametrize("at", [36, 35, 28, 16])
def test_tiles_that_do_not_hold_the_picture(tmp_path, at):
    # Tile offset, tile size and image offset of the SIZ marker; with the first OpenJPH 0.26.3 counts for ever.
    grey = np.zeros((48, 64), np.uint8)
    stream = bytearray(htj2k_encode(grey, reversible=True))
    stream[at : at + 4] = (150).to_bytes(4, "big") if at != 28 else bytes(4)
    path = write_dicom(tmp_path / "a", grey, syntax="1.2.840.10008.1.2.4.201", encoded=[bytes(stream)])
    assert spent_on_damaged(path) < 1
