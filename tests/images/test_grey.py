"""The grey pipeline by the choice of the user, and by what headers say wrongly; all numbers worked out by hand."""

import numpy as np
import pytest
from fake.dicoms import write_dicom
from imagecodecs import jpegls_encode
from pydicom import Dataset
from pydicom.sequence import Sequence
from pydicom.uid import JPEGLSLossless

from wetread.images.dicom import decode_dicom
from wetread.images.view import View

ROW = np.array([[0, 1, 2, 3, 4]], dtype=np.uint16)


def show(tmp_path, array, view="file", **options):
    path = write_dicom(tmp_path / "a", array, **options)
    with path.open("rb") as handle:
        pixels, facts = decode_dicom(handle, path.stat().st_size, View.parse(view))
    return pixels.tolist(), facts.intensity


def test_a_fixed_window_overrules_the_header(tmp_path):
    # PS3.3 C.11.2.1.2.1, 2/4: 255 * ((x - 1.5) / 3 + 0.5)
    options = {"window": (900, 9), "function": "SIGMOID"}
    assert show(tmp_path, ROW, "2/4", **options) == ([[0, 85, 170, 255, 255]], "window 2/4")
    lut = {"voi_lut": (0, 8, [255, 0])}
    assert show(tmp_path, ROW, "2/4", **lut) == ([[0, 85, 170, 255, 255]], "window 2/4")


def test_a_fixed_window_stands_behind_the_modality_transformation(tmp_path):
    # Stored 1024 is 0 HU, 1064 is 40 HU; brain 40/80: 255 * ((x - 39.5) / 79 + 0.5)
    array = np.array([[0, 1024, 1064, 1104]], dtype=np.uint16)
    assert show(tmp_path, array, "brain", rescale=(1, -1024)) == ([[0, 0, 129, 255]], "window brain 40/80")


def test_three_windows_are_three_channels(tmp_path):
    array = np.array([[0, 40, 80, 2000]], dtype=np.int16)
    pixels, said = show(tmp_path, array, "brain+subdural+bone")
    # brain 40/80 as above; subdural 80/200: 255 * ((x - 79.5) / 199 + 0.5);
    # bone 600/2800: 255 * ((x - 599.5) / 2799 + 0.5)
    assert pixels == [[[0, 26, 73], [129, 77, 77], [255, 128, 80], [255, 255, 255]]]
    assert said == "windows brain+subdural+bone"


def test_two_windows_leave_the_third_channel_black(tmp_path):
    pixels, said = show(tmp_path, ROW, "2/4+3/1", photometric="MONOCHROME1")
    # 3/1 is a threshold above 2.5; both are inverted, what is not there is not.
    assert pixels == [[[255, 255, 0], [170, 255, 0], [85, 255, 0], [0, 0, 0], [0, 0, 0]]] and said == "windows 2/4+3/1"


def test_ranges_of_values_are_painted(tmp_path):
    pixels, said = show(tmp_path, ROW, "4/9; red 4..8; blue 8..8", rescale=(4, 0), photometric="MONOCHROME1")
    # After the rescale 0, 4, 8, 12, 16; 255 - 255 * ((x - 3.5) / 8 + 0.5), both ends included, later on top.
    assert pixels == [[[239, 239, 239], [255, 0, 0], [0, 0, 255], [0, 0, 0], [0, 0, 0]]]
    assert said == "window 4/9; red 4..8; blue 8..8"


@pytest.mark.parametrize("view", ["2/4", "2/4+3/1", "2/4; red 0..4", "full", "percentiles"])
def test_padding_is_black_in_every_view(tmp_path, view):
    pixels, _ = show(tmp_path, ROW, view, photometric="MONOCHROME1", padding=2)
    assert np.max(pixels[0][2]) == 0


def test_full_is_the_whole_range_of_the_stored_bits(tmp_path):
    array = np.array([[0, 2048, 4095]], dtype=np.uint16)
    assert show(tmp_path, array, "full", bits_stored=12, window=(2, 4)) == ([[0, 128, 255]], "full range of 12 bits")
    # A negative slope turns it round: stored 0 is the largest value.
    assert show(tmp_path, array, "full", bits_stored=12, rescale=(-2, 7))[0] == [[255, 127, 0]]
    signed = np.array([[-128, 0, 127]], dtype=np.int8)
    assert show(tmp_path, signed, "full") == ([[0, 128, 255]], "full range of signed 8 bits")
    # Of a table: the range of its bits. 2000 / 4095 of white.
    assert show(tmp_path, ROW[:, :3], "full", modality_lut=(0, 12, [0, 2000, 4095]))[0] == [[0, 125, 255]]
    assert show(tmp_path, np.array([[1, 2, 3]], np.float32), "full") == ([[0, 128, 255]], "minimum to maximum")


def test_percentiles_overrule_a_window(tmp_path):
    assert show(tmp_path, ROW, "percentiles", window=(2, 4)) == ([[0, 64, 128, 191, 255]], "percentiles 0.5-99.5")


def test_colour_images_are_not_touched_by_a_view(tmp_path):
    colour = np.arange(12, dtype=np.uint8).reshape(2, 2, 3) * 9
    for view in ("full", "brain", "brain+bone", "40/80; red 1..2"):
        assert show(tmp_path, colour, view, photometric="RGB") == (colour.tolist(), "as stored")


@pytest.mark.parametrize(
    ("photometric", "shape", "inverted"),
    [
        ("MONOCHROME1", "INVERSE", True),
        ("MONOCHROME2", "IDENTITY", False),
        ("MONOCHROME2", "INVERSE", True),  # C.11.6.1.2, as pydicom and highdicom
        ("MONOCHROME1", "IDENTITY", True),  # a contradiction
        ("MONOCHROME1", "", True),
    ],
)
def test_presentation_lut_shape(tmp_path, photometric, shape, inverted):
    pixels, _ = show(tmp_path, ROW, "2/4", photometric=photometric, PresentationLUTShape=shape)
    assert pixels == ([[255, 170, 85, 0, 0]] if inverted else [[0, 85, 170, 255, 255]])


def test_padding_of_signed_values(tmp_path):
    array = np.array([[-2000, -1999, 0, 5]], dtype=np.int16)
    assert show(tmp_path, array, "3/4", photometric="MONOCHROME1", padding=-2000)[0] == [[0, 255, 255, 0]]
    assert show(tmp_path, array, "3/4", photometric="MONOCHROME1", padding=[-2000, -1999])[0] == [[0, 0, 255, 0]]
    assert show(tmp_path, array, "3/4", photometric="MONOCHROME1", padding=[-1999, -2000])[0] == [[0, 0, 255, 0]]


def test_padding_beyond_bits_stored_is_known_before_they_are_masked(tmp_path):
    # 63536 in 12 bits is 2096: a pixel that has this value is none.
    array = np.array([[63536, 2096, 0]], dtype=np.uint16)
    pixels, _ = show(tmp_path, array, "full", bits_stored=12, photometric="MONOCHROME1", padding=63536)
    assert pixels == [[0, 124, 255]]


@pytest.mark.parametrize(("dtype", "prefix"), [(np.float32, "Float"), (np.float64, "DoubleFloat")])
def test_float_padding(tmp_path, dtype, prefix):
    array = np.array([[-8.0, -9.5, 0, 1, 2]], dtype=dtype)
    padding = {f"{prefix}PixelPaddingValue": -8.0, f"{prefix}PixelPaddingRangeLimit": -10.0}
    pixels, _ = show(tmp_path, array, photometric="MONOCHROME1", **padding)
    assert pixels == [[0, 0, 255, 127, 0]]


def test_the_bits_stored_count_where_a_codestream_has_more(tmp_path):
    # A JPEG-LS of 16 bits around values of 12 and of 8.
    for bits, said in ((12, "full range of 12 bits"), (8, "full range of 8 bits")):
        array = np.array([[0, 2 ** (bits - 1), 2**bits - 1]], dtype=np.uint16)
        options = {"bits_stored": bits, "syntax": JPEGLSLossless, "encoded": [bytes(jpegls_encode(array))]}
        assert show(tmp_path, array, "full", **options) == ([[0, 128, 255]], said)
    assert show(tmp_path, array, **options) == ([[0, 128, 255]], "as stored")


@pytest.mark.parametrize("slope", ["0", "abc", "", "1,5"])
def test_a_senseless_slope_is_left_out(tmp_path, slope):
    path = write_dicom(tmp_path / "a", ROW, window=(2, 4), rescale=("3.00", 0))
    data = path.read_bytes()
    assert data.count(b"DS\x04\x003.00") == 1
    path.write_bytes(data.replace(b"DS\x04\x003.00", b"DS\x04\x00" + slope.encode().ljust(4)))
    with path.open("rb") as handle:
        assert decode_dicom(handle, len(data))[0].tolist() == [[0, 85, 170, 255, 255]]


def test_real_world_values_are_not_used(tmp_path):
    item = Dataset()
    item.RealWorldValueSlope, item.RealWorldValueIntercept = 100.0, 7.0
    item.RealWorldValueFirstValueMapped, item.RealWorldValueLastValueMapped = 0, 4
    mapping = Sequence([item])
    assert show(tmp_path, ROW, window=(2, 4), RealWorldValueMappingSequence=mapping)[0] == [[0, 85, 170, 255, 255]]


def test_the_group_of_a_frame_beats_the_shared_one(tmp_path):
    def group(center):
        voi, item = Dataset(), Dataset()
        voi.WindowCenter, voi.WindowWidth = center, 4
        item.FrameVOILUTSequence = Sequence([voi])
        return item

    groups = {
        "SharedFunctionalGroupsSequence": Sequence([group(90)]),
        "PerFrameFunctionalGroupsSequence": Sequence([group(80), group(2), group(70)]),
    }
    pixels, said = show(tmp_path, np.stack([ROW] * 3), frames=3, **groups)
    assert (pixels, said) == ([[0, 85, 170, 255, 255]], "VOI window 2/4")


def test_several_tables(tmp_path):
    first, second = Dataset(), Dataset()
    for item, entries in ((first, [0, 51, 255]), (second, [255, 0, 0])):
        item.add_new("LUTDescriptor", "US", [3, 0, 8])
        item.add_new("LUTData", "OW", np.array(entries, "<u2").tobytes())
    got = show(tmp_path, ROW[:, :3], VOILUTSequence=Sequence([first, second]))
    assert got == ([[0, 51, 255]], "VOI LUT (first of 2)")
