"""DICOM pictures as displayed, against numbers worked out by hand."""

import numpy as np
import pytest
from fake.dicoms import write_dicom, write_report
from pydicom import Dataset
from pydicom.sequence import Sequence
from pydicom.uid import (
    DeflatedExplicitVRLittleEndian,
    ExplicitVRBigEndian,
    ExplicitVRLittleEndian,
    ImplicitVRLittleEndian,
    JPEG2000Lossless,
    JPEGBaseline8Bit,
    RLELossless,
)

from wetread.errors import ImageRejected
from wetread.images.read import decode_image

ROW = np.array([[0, 1, 2, 3, 4]], dtype=np.uint16)


def show(tmp_path, array, **options):
    return decode_image(write_dicom(tmp_path / "a", array, **options))


def pixels(tmp_path, array, **options):
    return show(tmp_path, array, **options).pixels.tolist()


def code(path):
    with pytest.raises(ImageRejected) as caught:
        decode_image(path)
    return caught.value.code


def test_window_linear(tmp_path):
    image = show(tmp_path, ROW, window=(2, 4))
    assert image.pixels.tolist() == [[0, 85, 170, 255, 255]]
    assert image.facts.intensity == "VOI window 2/4"


def test_window_linear_exact_and_sigmoid(tmp_path):
    image = show(tmp_path, ROW, window=(2, 4), function="LINEAR_EXACT")
    assert image.pixels.tolist() == [[0, 64, 128, 191, 255]] and image.facts.intensity == "VOI window 2/4 linear exact"
    image = show(tmp_path, ROW, window=(2, 4), function="SIGMOID")
    # 255 / (1 + exp(2 - x))
    assert image.pixels.tolist() == [[30, 69, 128, 186, 225]] and image.facts.intensity == "VOI window 2/4 sigmoid"


def test_first_of_several_windows(tmp_path):
    image = show(tmp_path, ROW, window=([2, 500], [4, 9]), WindowCenterWidthExplanation=["Mr Doe", "b"])
    assert image.facts.intensity == "VOI window 2/4 (first of 2)" and image.pixels.tolist() == [[0, 85, 170, 255, 255]]
    assert show(tmp_path, ROW, window=([9, 2], [0, 4])).facts.intensity == "VOI window 2/4 (second of 2)"


@pytest.mark.parametrize("window", [(2, 0), (2, -5), ("", ""), (None, None)])
def test_invalid_window_counts_as_none(tmp_path, window):
    assert show(tmp_path, ROW, window=window).facts.intensity == "percentiles 0.5-99.5"


def test_rescale_comes_before_the_window(tmp_path):
    # 0..4 -> -4..12 in steps of 4; window 4/9: ramp of 8 around 3.5: 255 * ((x - 3.5) / 8 + 0.5)
    assert pixels(tmp_path, ROW, rescale=(4, -4), window=(4, 9)) == [[0, 16, 143, 255, 255]]


def test_negative_slope(tmp_path):
    assert pixels(tmp_path, ROW, rescale=(-1, 4), window=(2, 4)) == [[255, 255, 170, 85, 0]]


def test_zero_slope_is_ignored(tmp_path):
    assert pixels(tmp_path, ROW, rescale=(0, 0), window=(2, 4)) == [[0, 85, 170, 255, 255]]


def test_modality_lut(tmp_path):
    # Inputs 1, 2, 3 -> 100, 200, 300, the ends repeated. Window 200/201: 255 * ((x - 199.5) / 200 + 0.5).
    lut = (1, 16, [100, 200, 300])
    assert pixels(tmp_path, ROW, modality_lut=lut, window=(200, 201)) == [[1, 1, 128, 255, 255]]


def test_modality_lut_beats_rescale(tmp_path):
    lut = (0, 16, [0, 1, 2, 3, 4])
    assert pixels(tmp_path, ROW, modality_lut=lut, rescale=(50, 0), window=(2, 4)) == [[0, 85, 170, 255, 255]]


def test_voi_lut(tmp_path):
    image = show(tmp_path, ROW, voi_lut=(1, 12, [0, 2048, 4095]))
    assert image.pixels.tolist() == [[0, 0, 128, 255, 255]] and image.facts.intensity == "VOI LUT"


def test_voi_lut_beats_window(tmp_path):
    assert show(tmp_path, ROW, voi_lut=(0, 8, [0, 255]), window=(2, 4)).facts.intensity == "VOI LUT"


def test_voi_lut_of_8_bit_entries_with_more_than_256_inputs(tmp_path):
    # pydicom 3.0.2 indexes this table modulo 256.
    array = np.array([[0, 300, 511]], dtype=np.uint16)
    assert pixels(tmp_path, array, voi_lut=(0, 8, [n // 2 for n in range(512)])) == [[0, 150, 255]]


def test_voi_lut_after_a_rescale_to_negative_values(tmp_path):
    array = np.array([[0, 1024, 2048]], dtype=np.uint16)
    lut = (-1024, 8, [0] * 1024 + [100] * 1024 + [255])
    assert pixels(tmp_path, array, rescale=(1, -1024), voi_lut=lut) == [[0, 100, 255]]


def test_voi_lut_with_packed_bytes(tmp_path):
    item = Dataset()
    item.add_new("LUTDescriptor", "US", [4, 0, 8])
    item.add_new("LUTData", "OW", bytes([0, 10, 20, 255]))
    assert pixels(tmp_path, ROW, VOILUTSequence=Sequence([item])) == [[0, 10, 20, 255, 255]]


def test_monochrome1_is_inverted(tmp_path):
    assert pixels(tmp_path, ROW, photometric="MONOCHROME1", window=(2, 4)) == [[255, 170, 85, 0, 0]]


def test_the_order_is_modality_then_voi_then_inversion(tmp_path):
    # Rescale doubles, the table maps 4 to a third of white, the inversion comes last.
    got = pixels(tmp_path, ROW, photometric="MONOCHROME1", rescale=(2, 0), voi_lut=(0, 8, [0, 0, 0, 0, 85, 85, 255]))
    assert got == [[255, 255, 170, 0, 0]]


def test_without_window_wide_values_are_stretched(tmp_path):
    values = np.arange(1000, dtype=np.uint16).reshape(25, 40)
    image = show(tmp_path, values)
    assert (image.pixels == np.floor(np.clip((values.astype(float) - 4) / 990, 0, 1) * 255 + 0.5)).all()
    assert image.facts.intensity == "percentiles 0.5-99.5"


def test_without_window_bytes_stay_as_stored(tmp_path):
    array = np.array([[3, 70, 200]], dtype=np.uint8)
    image = show(tmp_path, array)
    assert image.pixels.tolist() == array.tolist() and image.facts.intensity == "as stored"
    assert pixels(tmp_path, array, photometric="MONOCHROME1") == [[252, 185, 55]]


@pytest.mark.parametrize("photometric", ["MONOCHROME1", "MONOCHROME2"])
def test_padding_is_black_and_no_part_of_the_range(tmp_path, photometric):
    values = np.arange(1000, dtype=np.int16).reshape(25, 40)
    padded = np.concatenate([values, np.full((25, 40), -2000, np.int16)])
    image = show(tmp_path, padded, photometric=photometric, padding=-2000)
    plain = show(tmp_path, values, photometric=photometric)
    assert (image.pixels[:25] == plain.pixels).all() and image.pixels[25:].max() == 0


def test_padding_range(tmp_path):
    array = np.array([[0, 1, 2, 100, 200]], dtype=np.int16)
    assert pixels(tmp_path, array, photometric="MONOCHROME1", padding=[0, 2]) == [[0, 0, 0, 255, 0]]


def test_signed_values(tmp_path):
    array = np.array([[-2, -1, 0, 1]], dtype=np.int16)
    assert pixels(tmp_path, array, window=(0, 4)) == [[0, 85, 170, 255]]
    assert pixels(tmp_path, array.astype(np.int8), window=(0, 4)) == [[0, 85, 170, 255]]


def test_12_bits_and_32_bits(tmp_path):
    image = show(tmp_path, ROW, bits_stored=12, window=(2, 4))
    assert image.facts.bit_depth == 12 and image.pixels.tolist() == [[0, 85, 170, 255, 255]]
    assert pixels(tmp_path, np.array([[0, 2**31, 2**32 - 1]], dtype=np.uint32)) == [[0, 128, 255]]


def test_1_bit(tmp_path):
    mask = np.arange(64).reshape(8, 8) % 3 == 0
    image = show(tmp_path, mask, modality="SEG")
    assert (image.pixels == mask * 255).all() and image.facts.bit_depth == 1


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_float_pixels(tmp_path, dtype):
    array = np.array([[0, 0.25, 0.5, 1]], dtype=dtype)
    image = show(tmp_path, array)
    assert image.pixels.tolist() == [[0, 64, 128, 255]] and image.facts.mode == "float"
    # A LINEAR window of 0.5/1 would be a threshold at 0 by the letter.
    assert pixels(tmp_path, array, window=(0.5, 1)) == [[0, 64, 128, 255]]


def test_middle_frame_is_used_and_said(tmp_path):
    frames = np.stack([np.full((4, 4), value, np.uint8) for value in (10, 20, 30, 40, 50)])
    image = show(tmp_path, frames, frames=5)
    assert (image.pixels == 30).all() and (image.facts.frames, image.facts.frame_used) == (5, 3)


def test_windows_of_an_enhanced_frame(tmp_path):
    def group(center, slope):
        voi, rescale, item = Dataset(), Dataset(), Dataset()
        voi.WindowCenter, voi.WindowWidth = center, 4
        rescale.RescaleSlope, rescale.RescaleIntercept = slope, 0
        item.FrameVOILUTSequence, item.PixelValueTransformationSequence = Sequence([voi]), Sequence([rescale])
        return item

    frames = np.stack([ROW, ROW])
    own = Sequence([group(900, 9), group(2, 1)])
    image = show(tmp_path, frames, frames=2, PerFrameFunctionalGroupsSequence=own)
    assert image.pixels.tolist() == [[0, 85, 170, 255, 255]] and image.facts.intensity == "VOI window 2/4"
    image = show(tmp_path, frames, frames=2, SharedFunctionalGroupsSequence=Sequence([group(4, 2)]))
    assert image.pixels.tolist() == [[0, 0, 170, 255, 255]]


@pytest.mark.parametrize("planar", [0, 1])
def test_rgb(tmp_path, planar):
    colour = np.arange(2 * 4 * 3, dtype=np.uint8).reshape(2, 4, 3) * 9
    image = show(tmp_path, colour, photometric="RGB", planar=planar)
    assert (image.pixels == colour).all() and image.facts.mode == "rgb"
    image = show(tmp_path, colour.astype(np.uint16) * 256 + 77, photometric="RGB", planar=planar)
    assert (image.pixels == colour).all() and image.facts.intensity == "upper 8 of 16 bits"


def test_grey_rgb_becomes_grey(tmp_path):
    assert show(tmp_path, np.full((2, 2, 3), 70, np.uint8), photometric="RGB").pixels.tolist() == [[70, 70], [70, 70]]


def test_ybr_full(tmp_path):
    # PS3.3 C.7.6.3.1.2: Y 76, Cb 85, Cr 255 is (almost) red.
    got = show(tmp_path, np.full((2, 2, 3), [76, 85, 255], np.uint8), photometric="YBR_FULL").pixels
    assert abs(got.astype(int) - [254, 0, 0]).max() <= 1


def test_palette(tmp_path):
    palette = np.array([[0, 0, 0], [255, 0, 0], [10, 200, 30]])
    image = show(tmp_path, np.array([[0, 1, 2, 9]], np.uint8), photometric="PALETTE COLOR", palette=palette)
    assert image.pixels.tolist() == [[[0, 0, 0], [255, 0, 0], [10, 200, 30], [10, 200, 30]]]
    assert image.facts.mode == "palette"


@pytest.mark.parametrize(
    "syntax",
    [ExplicitVRLittleEndian, ImplicitVRLittleEndian, ExplicitVRBigEndian, DeflatedExplicitVRLittleEndian],
)
def test_transfer_syntaxes_and_missing_headers(tmp_path, syntax):
    lut = (0, 12, [0, 1000, 2000, 3000, 4095])
    options = {"syntax": syntax, "voi_lut": lut if syntax != ExplicitVRBigEndian else None, "window": (2, 4)}
    expected = [[0, 62, 125, 187, 255]] if options["voi_lut"] else [[0, 85, 170, 255, 255]]
    image = show(tmp_path, ROW, **options)
    assert image.pixels.tolist() == expected and image.facts.transfer_syntax == syntax
    assert pixels(tmp_path, ROW, **options, preamble=False) == expected
    if syntax != DeflatedExplicitVRLittleEndian:
        assert pixels(tmp_path, ROW, **options, meta=False) == expected


def test_compressed_frames(tmp_path):
    import io

    from PIL import Image
    from pydicom.encoders import RLELosslessEncoder

    grey = np.arange(64 * 48, dtype=np.uint8).reshape(64, 48)
    streams = {}
    for kind, options, syntax in (("JPEG", {"quality": 95}, JPEGBaseline8Bit), ("JPEG2000", {}, JPEG2000Lossless)):
        buffer = io.BytesIO()
        Image.fromarray(grey).save(buffer, kind, **options)
        streams[syntax] = buffer.getvalue()
    streams[RLELossless] = RLELosslessEncoder.encode(
        grey.tobytes(), rows=64, columns=48, samples_per_pixel=1, number_of_frames=1, bits_allocated=8, bits_stored=8,
        pixel_representation=0, photometric_interpretation="MONOCHROME2", encoding_plugin="pydicom",
    )  # fmt: skip
    for syntax, stream in streams.items():
        got = show(tmp_path, grey, syntax=syntax, encoded=[stream]).pixels
        assert abs(got.astype(int) - grey).max() <= (40 if syntax == JPEGBaseline8Bit else 0), syntax
        short = write_dicom(tmp_path / "c", grey, syntax=syntax, encoded=[stream[:16]])
        assert code(short) in ("damaged", "truncated")


def test_what_is_refused(tmp_path):
    assert code(write_report(tmp_path / "sr")) == "no-pixels"
    assert code(write_dicom(tmp_path / "a", ROW, photometric="CMYK")) == "unsupported"
    video = write_dicom(tmp_path / "b", ROW, syntax="1.2.840.10008.1.2.4.102", encoded=[b"abcd"])
    assert code(video) == "unsupported"
    assert code(write_dicom(tmp_path / "c", ROW, Rows=0)) == "damaged"
    assert code(write_dicom(tmp_path / "d", ROW, bits_stored=16, Columns=6)) == "truncated"
    assert code(write_dicom(tmp_path / "e", ROW, Rows=65535, Columns=65535)) == "too-large"
    assert code(write_dicom(tmp_path / "f", ROW, NumberOfFrames=2**31 - 1)) == "too-large"


@pytest.mark.parametrize("share", [0.2, 0.5, 0.8, 0.99])
def test_truncated(tmp_path, share):
    path = write_dicom(tmp_path / "a", np.zeros((64, 64), np.uint16))
    data = path.read_bytes()
    path.write_bytes(data[: int(len(data) * share)])
    assert code(path) == "truncated"


def test_a_header_that_was_stored_without_its_pixels(tmp_path):
    path = write_dicom(tmp_path / "a", np.zeros((64, 64), np.uint16), remove=["PixelData"])
    assert code(path) == "no-pixels"
    data = path.read_bytes()
    for cut in (1, 2, 7, 9):
        path.write_bytes(data[:-cut])
        assert code(path) == "truncated", cut
