"""Headers that lack something or cannot be true, and the bits of one stored value."""

import numpy as np
import pytest
from fake.dicoms import write_dicom
from imagecodecs import jpeg8_encode
from pydicom.uid import ExplicitVRBigEndian, JPEGBaseline8Bit

from wetread.images.dicom import decode_dicom
from wetread.images.gate import Refused
from wetread.images.layout import Cell
from wetread.images.view import View

ROW = np.array([[0, 85, 170, 255]], dtype=np.uint8)
WIDE = np.array([[0, 1365, 2730, 4095]], dtype=np.uint16)


def show(path):
    with path.open("rb") as handle:
        return decode_dicom(handle, path.stat().st_size)


def shown(tmp_path, array, **options):
    pixels, facts = show(write_dicom(tmp_path / "a", array, **options))
    return pixels.tolist(), facts.header.get("Assumed")


def code(tmp_path, array, **options):
    with pytest.raises(Refused) as caught:
        show(write_dicom(tmp_path / "a", array, **options))
    return caught.value.code


def test_cell_masks_and_extends_the_sign():
    raw = np.array([0xF001, 0x0FFF, 0x0800], np.uint16)
    assert Cell(12).interpret(raw).tolist() == [1, 4095, 2048]
    assert Cell(12, 0, True).interpret(raw).tolist() == [1, -1, -2048]
    assert Cell(12, 4).interpret(raw).tolist() == [0xF00, 0x0FF, 0x080]
    assert Cell(12, 0, True).interpret(raw.view(np.int16)).tolist() == [1, -1, -2048]
    assert Cell(32, 0, True).interpret(np.array([2**32 - 1], np.uint32)).tolist() == [-1]
    assert (Cell(12).limits, Cell(12, 0, True).limits) == ((0, 4095), (-2048, 2047))


@pytest.mark.parametrize("syntax", ["1.2.840.10008.1.2.1", ExplicitVRBigEndian])
@pytest.mark.parametrize("signed", [False, True])
@pytest.mark.parametrize(("dtype", "bits"), [("u1", 6), ("u1", 8), ("u2", 12), ("u2", 16), ("u4", 20), ("u4", 32)])
def test_the_bits_above_the_value_are_masked(tmp_path, dtype, bits, signed, syntax):
    if syntax == ExplicitVRBigEndian and dtype == "u1":
        return  # bytes have no order; the words they are in have, see test_frame
    top = 2**bits
    values = np.array([[0, top // 4, top // 2, top - 1]], dtype=np.int64)
    garbage = 0 if bits == 8 * int(dtype[1]) else (1 << bits)
    raw = (values | garbage).astype(dtype)
    options = {"bits_stored": bits, "PixelRepresentation": int(signed), "syntax": syntax}
    path = write_dicom(tmp_path / "a", raw, **options)
    with path.open("rb") as handle:
        got = decode_dicom(handle, path.stat().st_size, View(mode="full"))[0]
    # The upper half of the range is negative where there is a sign: a quarter up, then down to the lowest value.
    places = [top // 2, top * 3 // 4, 0, top // 2 - 1] if signed else [0, top // 4, top // 2, top - 1]
    assert got.tolist() == [[int(place / (top - 1) * 255 + 0.5) for place in places]]


def test_an_overlay_in_the_upper_bits_is_masked(tmp_path):
    # Overlay Bit Position 12 of 16, PS3.3 section C.9.2 of old.
    raw = WIDE | np.array([[0x1000, 0, 0x1000, 0]], np.uint16)
    options = {"bits_stored": 12, "window": (2048, 4096)}
    assert shown(tmp_path, raw, **options) == shown(tmp_path, WIDE, **options)


def test_values_at_the_top_of_their_cell(tmp_path):
    window = {"bits_stored": 12, "window": (2048, 4096)}
    assert shown(tmp_path, WIDE << 4, **window, HighBit=15) == shown(tmp_path, WIDE, **window)
    # An overlay below and values above, as PS3.5 annex D shows it.
    assert shown(tmp_path, WIDE << 4 | 5, **window, HighBit=15) == shown(tmp_path, WIDE, **window)
    # High Bit is wrong: nothing is where it points.
    assert shown(tmp_path, WIDE, **window, HighBit=15) == shown(tmp_path, WIDE, **window)
    for high in (3, 99):
        assert shown(tmp_path, WIDE, **window, HighBit=high) == shown(tmp_path, WIDE, **window)


@pytest.mark.parametrize(
    ("options", "assumed"),
    [
        ({"remove": ["PhotometricInterpretation"]}, ["Photometric Interpretation MONOCHROME2"]),
        ({"remove": ["PhotometricInterpretation", "SamplesPerPixel"]}, ["Photometric Interpretation MONOCHROME2"]),
        ({"photometric": "RGB"}, ["Photometric Interpretation MONOCHROME2"]),
        ({"photometric": "YBR_FULL", "SamplesPerPixel": 3}, ["Photometric Interpretation MONOCHROME2"]),
        ({"remove": ["BitsStored"]}, ["Bits Stored 8"]),
        ({"remove": ["BitsStored", "HighBit"]}, ["Bits Stored 8"]),
        ({"BitsStored": 0}, ["Bits Stored 8"]),
        ({"remove": ["HighBit"]}, None),
        ({"remove": ["PixelRepresentation"]}, ["Pixel Representation unsigned"]),
        ({"remove": ["BitsAllocated"]}, ["Bits Allocated 8"]),
        ({"remove": ["BitsAllocated", "BitsStored", "HighBit"]}, ["Bits Allocated 8", "Bits Stored 8"]),
        ({"BitsStored": 12, "HighBit": 11}, ["Bits Allocated 8", "Bits Stored 8"]),
        ({"NumberOfFrames": "0"}, None),
        ({"NumberOfFrames": ""}, None),
        ({"photometric": "monochrome2 "}, None),
    ],
)
def test_what_is_missing_or_wrong_is_assumed_and_said(tmp_path, options, assumed):
    assert shown(tmp_path, ROW, **options) == (ROW.tolist(), assumed)


def test_wide_values_without_their_bits(tmp_path):
    remove = ["BitsAllocated", "BitsStored", "HighBit"]
    got, assumed = shown(tmp_path, WIDE, window=(2048, 4096), remove=remove)
    assert got == [[0, 85, 170, 255]] and assumed == ["Bits Allocated 16", "Bits Stored 16"]
    got, assumed = shown(tmp_path, WIDE, window=(2048, 4096), BitsAllocated=8, BitsStored=12, HighBit=11)
    assert got == [[0, 85, 170, 255]] and assumed == ["Bits Allocated 16"]


def test_the_sign_that_other_elements_betray(tmp_path):
    array = np.array([[-2, -1, 0, 1]], dtype=np.int16)
    got, assumed = shown(tmp_path, array, window=(0, 4), padding=-9, remove=["PixelRepresentation"])
    assert got == [[0, 85, 170, 255]] and assumed == ["Pixel Representation signed"]


def test_colours_without_their_interpretation(tmp_path):
    colour = np.arange(12, dtype=np.uint8).reshape(2, 2, 3) * 20
    for options in ({"remove": ["PhotometricInterpretation"]}, {"photometric": "MONOCHROME2"}):
        got, assumed = shown(tmp_path, colour, **{"photometric": "RGB", **options})
        assert got == colour.tolist() and assumed == ["Photometric Interpretation RGB"]
    rgb = jpeg8_encode(colour, 95, colorspace="RGB", outcolorspace="RGB")
    options = {"syntax": JPEGBaseline8Bit, "encoded": [bytes(rgb)], "photometric": "YBR_FULL_422"}
    assert shown(tmp_path, colour, **options)[1] == ["Photometric Interpretation RGB"]
    ybr = jpeg8_encode(colour, 95, colorspace="RGB", outcolorspace="YCBCR", subsampling="422")
    options |= {"encoded": [bytes(ybr)], "photometric": "RGB"}
    assert shown(tmp_path, colour, **options)[1] == ["Photometric Interpretation YBR_FULL"]


def test_half_and_full_chroma_told_by_the_length(tmp_path):
    # Y 76, Cb 85, Cr 255 is (almost) red, PS3.3 C.7.6.3.1.2.
    full = np.full((2, 2, 3), [76, 85, 255], np.uint8)
    halved = bytes([76, 76, 85, 255]) * 2
    expected = shown(tmp_path, full, photometric="YBR_FULL")[0]
    assert np.abs(np.subtract(expected, [254, 0, 0])).max() <= 1
    assert shown(tmp_path, full, photometric="YBR_FULL_422", pixel_data=halved) == (expected, None)
    got = shown(tmp_path, full, photometric="YBR_FULL_422")
    assert got == (expected, ["Photometric Interpretation YBR_FULL"])
    got = shown(tmp_path, full, photometric="YBR_FULL", pixel_data=halved)
    assert got == (expected, ["Photometric Interpretation YBR_FULL_422"])


def test_halved_chroma_belongs_to_two_pixels(tmp_path):
    array = np.zeros((1, 4, 3), np.uint8)
    data = bytes([10, 20, 128, 128, 30, 40, 128, 128])  # Cb and Cr of 128 are no colour
    assert shown(tmp_path, array, photometric="YBR_FULL_422", pixel_data=data)[0] == [[10, 20, 30, 40]]


def test_partial_range(tmp_path):
    # Black is 16 and white 235: (126 - 16) * 255 / 219 = 128.1
    array = np.zeros((1, 4, 3), np.uint8)
    data = bytes([16, 235, 128, 128, 126, 126, 128, 128])
    assert shown(tmp_path, array, photometric="YBR_PARTIAL_422", pixel_data=data)[0] == [[0, 255, 128, 128]]


def test_what_cannot_be_completed(tmp_path):
    assert code(tmp_path, ROW, remove=["Rows"]) == "incomplete"
    assert code(tmp_path, ROW, remove=["Columns", "Rows"]) == "incomplete"
    assert code(tmp_path, ROW, BitsAllocated=12, BitsStored=8) == "unsupported"
    assert code(tmp_path, ROW, BitsAllocated=99, BitsStored=8) == "damaged"
    assert code(tmp_path, ROW, SamplesPerPixel=4) == "unsupported"
    assert code(tmp_path, ROW, photometric="ARGB") == "unsupported"
    assert code(tmp_path, ROW, NumberOfFrames=-3) == "damaged"
