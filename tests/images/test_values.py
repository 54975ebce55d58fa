"""Values before any window: exact where they can be, in their unit, with the range a viewer begins with."""

import numpy as np
import pytest
from fake.dicoms import write_dicom
from fake.pictures import write_png
from PIL import Image

from wetread.errors import ImageRejected
from wetread.images.decoder import Decoder
from wetread.images.read import decode_image, read_values
from wetread.images.values import pack_values, shrink_values, usual_window


def physical(image):
    return image.pixels.astype(float) * image.slope + image.intercept


@pytest.mark.parametrize(
    "values",
    [
        np.array([[-32768, 0, 32767]]),
        np.array([[0, 65535]], np.uint16),
        np.array([[100_000, 165_535]]),
        np.array([[-70_000, -10_000]], np.int64),
        np.array([[7]], np.uint8),
    ],
)
def test_integers_that_span_65535_stay_exact(values):
    packed, slope, intercept = pack_values(values, 2.0, 5.0)
    assert packed.dtype == np.int16
    assert slope == 2.0
    assert np.array_equal(packed.astype(float) * slope + intercept, values.astype(float) * 2 + 5)


@pytest.mark.parametrize("values", [np.array([[0, 1 << 30]]), np.array([[-0.5, 0.25, 0.5]]), np.array([[1e30, -1e30]])])
def test_others_are_rounded_to_65535_steps(values):
    packed, slope, intercept = pack_values(values)
    step = (float(values.max()) - float(values.min())) / 65535
    error = np.abs(packed.astype(float) * slope + intercept - values)
    assert error.max() <= step / 2 * 1.001
    assert (packed.min(), packed.max()) == (-32768, 32767)


def test_what_is_no_number_becomes_the_least_value():
    packed, slope, intercept = pack_values(np.array([[1.0, np.nan, np.inf, 3.0]]))
    assert np.allclose(packed * slope + intercept, [[1, 1, 1, 3]], atol=1e-4)
    packed, slope, intercept = pack_values(np.full((2, 2), np.nan))
    assert np.array_equal(packed * slope + intercept, np.zeros((2, 2)))


def test_the_usual_window_leaves_the_tails_out():
    pixels = np.zeros((100, 100), np.int16)
    pixels[:50] = 1000
    pixels[0, :40] = 30000  # markers: 0.4 %
    pixels[99, :40] = -30000
    assert usual_window(pixels, 2.0, -10.0) == (990.0, 2000.0)
    assert usual_window(np.full((3, 3), 5, np.int16), 2.0, 0.0) == (10.0, 2.0)


def test_shrinking_is_the_mean_of_what_lies_below():
    pixels = np.array([[0, 100, -100, -300], [200, 300, -100, -300]], np.int16)
    assert np.array_equal(shrink_values(pixels, 2), [[150, -200]])
    assert shrink_values(pixels, 4) is pixels


def test_stored_bits_sign_and_rescale(tmp_path):
    stored = np.array([[-1000, -1], [0, 3000]], np.int16)
    path = write_dicom(tmp_path / "a.dcm", stored, modality="CT", rescale=(0.5, 10))
    image = read_values(path)
    assert np.array_equal(physical(image), stored * 0.5 + 10)
    assert (image.unit, image.modality, image.rows, image.columns) == ("HU", "CT", 2, 2)
    assert image.limits == (-490.0, 1510.0)


def test_a_modality_table_is_followed(tmp_path):
    stored = np.array([[0, 1, 2, 3]], np.uint8)
    path = write_dicom(tmp_path / "a.dcm", stored, modality_lut=(0, 16, [5, 50, 500, 50000]))
    assert np.array_equal(physical(read_values(path)), [[5, 50, 500, 50000]])


def test_padding_is_the_darkest_value_and_stretches_nothing(tmp_path):
    stored = np.array([[-2000, 0, 10], [-2000, 20, 30]], np.int16)
    path = write_dicom(tmp_path / "a.dcm", stored, modality="CT", padding=-2000)
    assert np.array_equal(physical(read_values(path)), [[0, 0, 10], [0, 20, 30]])
    path = write_dicom(tmp_path / "b.dcm", stored, modality="CT", padding=-2000, photometric="MONOCHROME1")
    image = read_values(path)
    assert image.inverted
    assert np.array_equal(physical(image), [[30, 0, 10], [30, 20, 30]])  # its highest value is black


def test_eight_plain_bits_have_their_full_range_and_a_table_its_input_range(tmp_path):
    stored = np.array([[7, 9]], np.uint8)
    assert read_values(write_dicom(tmp_path / "a.dcm", stored)).window == (127.5, 255.0)
    path = write_dicom(tmp_path / "b.dcm", stored.astype(np.uint16), voi_lut=(100, 8, list(range(201))))
    assert read_values(path).window == (200.0, 200.0)


def test_the_same_window_gives_what_is_displayed(tmp_path):
    stored = np.random.default_rng(1).integers(0, 3000, (20, 30)).astype(np.uint16)
    path = write_dicom(tmp_path / "a.dcm", stored, modality="CT", rescale=(1, -1024), window=(40, 400))
    image, shown = read_values(path), decode_image(path).pixels
    centre, width = image.window
    # PS3.3 section C.11.2.1.2.1 shifts by half a unit; beyond that the two agree within one grey level.
    mine = np.clip((physical(image) - (centre - 0.5)) / (width - 1) + 0.5, 0, 1) * 255
    assert np.abs(mine - shown).max() <= 1.0


def test_pixels_that_are_not_square_are_enlarged(tmp_path):
    stored = np.array([[0, 100], [0, 100]], np.uint16)
    path = write_dicom(tmp_path / "a.dcm", stored, PixelAspectRatio=["2", "1"])
    image = read_values(path)
    assert (image.rows, image.columns, image.pixels.shape) == (4, 2, (4, 2))
    assert np.array_equal(physical(image)[:, 1], [100] * 4)


def test_pictures_keep_16_bits_and_their_rotation(tmp_path):
    values = np.array([[0, 1000, 65535], [7, 8, 9]], np.uint16)
    image = read_values(write_png(tmp_path / "a.png", values, bit_depth=16, orientation=6))
    assert np.array_equal(physical(image), np.rot90(values, -1))
    assert (image.rows, image.columns) == (3, 2)


def test_a_white_is_zero_tiff_is_inverted(tmp_path):
    Image.fromarray(np.array([[0, 40000]], np.uint16)).save(tmp_path / "a.tif", tiffinfo={262: 0})
    image = read_values(tmp_path / "a.tif")
    assert image.inverted
    assert np.array_equal(physical(image), [[0, 40000]])


def test_by_a_child_process_the_same_comes_back_and_bad_files_are_refused(tmp_path):
    stored = np.arange(64, dtype=np.uint16).reshape(8, 8)
    path = write_dicom(tmp_path / "a.dcm", stored, modality="CT", rescale=(1, -1024), window=([1, 2], [3, 4]))
    (tmp_path / "bad.png").write_bytes(b"no picture")
    with Decoder(1) as decoder:
        image, here = decoder.values(path), read_values(path)
        assert np.array_equal(image.pixels, here.pixels)
        assert image.as_dict() == here.as_dict()
        with pytest.raises(ImageRejected, match="no image format"):
            decoder.values(tmp_path / "bad.png")
        assert decoder.values(path, max_side=4).pixels.shape == (4, 4)
