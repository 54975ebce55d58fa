"""Windows, tables and percentiles against numbers worked out by hand."""

import numpy as np
import pytest

from wetread.images.intensity import full_range, look_up, map_levels, spread, stretch, to_byte, valid_window, window


def test_linear_window_of_the_standard():
    # PS3.3 C.11.2.1.2.1 with c = 2, w = 4: 0 up to 2 - 0.5 - 1.5 = 0, 255 above 3, ((x - 1.5) / 3 + 0.5) * 255 between.
    assert window(np.array([-5, 0, 1, 2, 3, 4]), 2, 4).tolist() == [0, 0, 85, 170, 255, 255]


def test_linear_window_of_2048_4096_maps_12_bits_end_to_end():
    # The example in the note of C.11.2.1.2.1: every value 0..4095 lies inside.
    values = window(np.array([0, 2047, 2048, 4095]), 2048, 4096)
    assert values.tolist() == [0, 127, 128, 255]


def test_linear_window_of_width_1_is_a_threshold():
    # Note of C.11.2.1.2.1: c = 1, w = 1 is 0 up to 0.5.
    assert window(np.array([0, 0.5, 0.6, 1]), 1, 1).tolist() == [0, 0, 255, 255]


def test_linear_exact_window():
    # C.11.2.1.3.2 with c = 2, w = 4: (x - 2) / 4 + 0.5.
    assert window(np.array([-1, 0, 1, 2, 3, 4]), 2, 4, "LINEAR_EXACT").tolist() == [0, 0, 64, 128, 191, 255]


def test_sigmoid_window():
    # C.11.2.1.3.1: 255 / (1 + exp(-4 (x - c) / w)); at c it is half, at c + w/4 it is 255 / (1 + 1/e) = 186.4.
    assert window(np.array([10, 11, 9, 10_000, -10_000]), 10, 4, "SIGMOID").tolist() == [128, 186, 69, 255, 0]


@pytest.mark.parametrize(
    ("width", "function", "valid"),
    [
        (1, "LINEAR", True),
        (0.5, "LINEAR", False),
        (0.5, "LINEAR_EXACT", True),
        (0, "SIGMOID", False),
        (np.nan, "LINEAR", False),
    ],
)
def test_valid_window(width, function, valid):
    assert valid_window(width, function) is valid


def test_look_up_clamps_at_both_ends():
    table = np.array([10, 20, 30], dtype=np.uint16)
    assert look_up(np.array([-100, -2, -1, 0, 7]), table, -2).tolist() == [10, 10, 20, 30, 30]


def test_look_up_rounds_what_a_rescale_made():
    assert look_up(np.array([0.4, 0.6]), np.array([5, 9], dtype=np.uint16), 0).tolist() == [5, 9]


def test_full_range():
    assert full_range(np.array([0, 2048, 4095]), 12).tolist() == [0, 128, 255]


def test_to_byte_rounds_halves_up_and_clips():
    assert to_byte(np.array([-1, 0.5 / 255, 0.4 / 255, 2, np.nan, np.inf])).tolist() == [0, 1, 0, 255, 0, 255]


def test_stretch_uses_percentiles():
    # 1000 values 0..999: 0.5 % do not exceed 4, 99.5 % do not exceed 994.
    out = stretch(np.arange(1000))
    assert out[4] == 0 and out[5] == 0 and out[994] == 255 and out[999] == 255
    assert out[499] == round((499 - 4) / 990 * 255)


def test_stretch_with_counts_equals_stretch_of_pixels():
    random = np.random.default_rng(3)
    pixels = random.integers(0, 40, 500)
    counts = np.bincount(pixels, minlength=40)
    assert (stretch(np.arange(40), counts)[pixels] == stretch(pixels)).all()


def test_stretch_keeps_a_few_bright_pixels():
    pixels = np.zeros(10_000)
    pixels[7] = 9.0
    assert stretch(pixels)[7] == 255 and stretch(pixels)[0] == 0


def test_stretch_of_one_value_or_of_nothing_is_black():
    assert stretch(np.full(9, 7.0)).max() == 0
    assert stretch(np.full(9, np.nan)).max() == 0


def test_stretch_leaves_out_padding():
    values = np.array([-2000.0, 0, 10])
    assert stretch(values, leave_out=values < -1000).tolist() == [0, 0, 255]


@pytest.mark.parametrize("dtype", ["uint8", "int16", "uint16", "int32", "uint32", "int64", "float32"])
def test_map_levels_equals_pixel_by_pixel(dtype):
    random = np.random.default_rng(0)
    low = 0 if dtype.startswith("u") else -90
    stored = random.integers(low, 200, (7, 5)).astype(dtype)

    def convert(values, counts):
        return window(values, 40, 80)

    assert (map_levels(stored, convert) == window(stored, 40, 80)).all()


def test_map_levels_of_a_range_too_wide_for_a_table():
    stored = np.array([[0, 2**31 - 1], [5, 2**30]], dtype=np.uint32)
    assert map_levels(stored, lambda values, counts: full_range(values, 31)).tolist() == [[0, 255], [0, 128]]


def test_map_levels_to_colours():
    stored = np.array([[-3, 0], [5, -3]], dtype=np.int16)

    def convert(values, counts):
        assert counts is None
        return np.stack([values + 3, values + 4, values + 5], axis=-1).astype(np.uint8)

    expected = [[[0, 1, 2], [3, 4, 5]], [[8, 9, 10], [0, 1, 2]]]
    for array in (stored, stored.astype(np.int32), stored.astype(np.float32)):
        assert map_levels(array, convert, counted=False).tolist() == expected


@pytest.mark.parametrize("dtype", ["int8", "int16", "uint16", "int32"])
def test_map_levels_counts_the_pixels_of_each_value(dtype):
    stored = np.array([[2, 2, 5], [2, 7, 5]]).astype(dtype) - np.dtype(dtype).type(0 if dtype == "uint16" else 4)
    seen = {}

    def convert(values, counts):
        seen.update(zip(values.tolist(), counts.tolist(), strict=True))
        return values.astype(np.uint8)

    map_levels(stored, convert)
    values, counts = np.unique(stored, return_counts=True)
    assert {value: count for value, count in seen.items() if count} == dict(zip(values.tolist(), counts, strict=True))


def test_map_levels_of_other_orders_in_memory():
    stored = np.arange(12, dtype=">u2").reshape(3, 4)
    for array in (stored, stored.T, stored[::-1, ::2], np.asfortranarray(stored)):
        assert (map_levels(array, lambda values, counts: values.astype(np.uint8)) == array).all()


def test_spread():
    assert spread(np.array([-5, 0, 5, 9]), -5, 5).tolist() == [0, 128, 255, 255]
    assert spread(np.array([1, 2]), 3, 3).tolist() == [0, 0]
