"""PNG, JPEG, TIFF and BMP: every bit depth, palette, alpha and rotation."""

import io

import numpy as np
import pytest
from fake.pictures import write_bare_tiff, write_bmp, write_jpeg, write_png, write_tiff
from PIL import Image

from wetread.errors import ImageRejected
from wetread.images.facts import hash_pixels
from wetread.images.pictures import drop_alpha, merge_equal_channels, turn
from wetread.images.read import decode_image
from wetread.images.shrink import shrink
from wetread.images.view import View

RAMP = np.arange(12, dtype=np.uint8).reshape(3, 4) * 20
COLOUR = np.stack([RAMP, RAMP[::-1], 255 - RAMP], axis=-1)


def facts_of(image):
    return image.facts.format, image.facts.mode, image.facts.bit_depth, image.facts.intensity


@pytest.mark.parametrize("interlaced", [False, True])
def test_png_grey_8_bit(tmp_path, interlaced):
    image = decode_image(write_png(tmp_path / "a.png", RAMP, interlaced=interlaced))
    assert (image.pixels == RAMP).all() and image.pixels.dtype == np.uint8
    assert facts_of(image) == ("PNG", "grey", 8, "as stored")
    assert (image.facts.width, image.facts.height, image.facts.bytes) == (4, 3, (tmp_path / "a.png").stat().st_size)


@pytest.mark.parametrize("bits", [1, 2, 4])
def test_png_grey_of_few_bits_spans_black_to_white(tmp_path, bits):
    levels = np.arange(12).reshape(3, 4) % 2**bits
    image = decode_image(write_png(tmp_path / "a.png", levels, bit_depth=bits))
    assert (image.pixels == levels * (255 // (2**bits - 1))).all()
    assert image.facts.bit_depth == bits and image.facts.intensity == "as stored"


def test_png_grey_16_bit_uses_percentiles(tmp_path):
    values = np.arange(1000).reshape(25, 40) * 60
    image = decode_image(write_png(tmp_path / "a.png", values, bit_depth=16))
    expected = np.floor(np.clip((values / 60 - 4) / 990, 0, 1) * 255 + 0.5)
    assert (image.pixels == expected).all()
    assert facts_of(image) == ("PNG", "grey", 16, "percentiles 0.5-99.5")


def test_png_rgb(tmp_path):
    image = decode_image(write_png(tmp_path / "a.png", COLOUR))
    assert (image.pixels == COLOUR).all() and facts_of(image) == ("PNG", "rgb", 8, "as stored")


def test_png_rgb_16_bit_keeps_the_upper_byte(tmp_path):
    image = decode_image(write_png(tmp_path / "a.png", COLOUR.astype(int) * 256 + 99, bit_depth=16))
    assert (image.pixels == COLOUR).all() and facts_of(image) == ("PNG", "rgb", 16, "upper 8 of 16 bits")


@pytest.mark.parametrize("writer", [write_png, write_bmp, write_tiff])
def test_three_equal_channels_become_one(tmp_path, writer):
    image = decode_image(writer(tmp_path / "a", np.stack([RAMP] * 3, axis=-1)))
    assert image.pixels.shape == (3, 4) and (image.pixels == RAMP).all() and image.facts.mode == "rgb"


@pytest.mark.parametrize("bits", [1, 2, 4, 8])
def test_png_palette(tmp_path, bits):
    numbers = np.arange(12).reshape(3, 4) % 2**bits
    palette = np.array([[i * 9 % 256, 255 - i, i] for i in range(2**bits)], dtype=np.uint8)
    image = decode_image(write_png(tmp_path / "a.png", numbers, bit_depth=bits, palette=palette))
    assert (image.pixels == palette[numbers]).all() and image.facts.mode == "palette" and image.facts.bit_depth == bits


def test_png_grey_palette_becomes_grey(tmp_path):
    palette = np.repeat(np.arange(256, dtype=np.uint8)[::-1, None], 3, axis=1)
    image = decode_image(write_png(tmp_path / "a.png", RAMP, palette=palette))
    assert (image.pixels == 255 - RAMP).all()


def test_png_palette_with_alpha_lies_on_black(tmp_path):
    palette = np.array([[200, 100, 50], [10, 20, 30]], dtype=np.uint8)
    image = decode_image(write_png(tmp_path / "a.png", [[0, 1]], palette=palette, transparency=[0, 255]))
    assert image.pixels.tolist() == [[[0, 0, 0], [10, 20, 30]]]


def test_png_with_a_transparent_colour(tmp_path):
    image = decode_image(write_png(tmp_path / "a.png", [[7, 9]], transparency=[0, 9]))
    assert image.pixels.tolist() == [[7, 0]]


@pytest.mark.parametrize("alpha", [0, 90, 255])
@pytest.mark.parametrize("channels", [1, 3])
def test_constant_alpha_is_dropped(tmp_path, alpha, channels):
    colour = COLOUR[..., :channels]
    array = np.concatenate([colour, np.full((3, 4, 1), alpha)], axis=-1)
    image = decode_image(write_png(tmp_path / "a.png", array))
    assert (image.pixels == colour.squeeze()).all()
    assert image.facts.mode == ("grey+alpha" if channels == 1 else "rgba")


def test_alpha_lies_on_black():
    pixels = np.array([[[200, 0], [200, 128], [200, 255]]], dtype=np.uint8)
    assert drop_alpha(pixels).tolist() == [[0, 100, 200]]


def test_merge_equal_channels_looks_at_every_pixel():
    pixels = np.zeros((200, 200, 3), dtype=np.uint8)
    assert merge_equal_channels(pixels).ndim == 2
    pixels[3, 5, 1] = 1
    assert merge_equal_channels(pixels).ndim == 3


def test_jpeg_grey_and_colour(tmp_path):
    flat = np.full((16, 16), 90, dtype=np.uint8)
    image = decode_image(write_jpeg(tmp_path / "a.jpg", flat))
    assert image.pixels.shape == (16, 16) and abs(image.pixels.astype(int) - 90).max() <= 1
    assert facts_of(image) == ("JPEG", "grey", 8, "as stored")
    red = np.zeros((16, 16, 3), dtype=np.uint8)
    red[..., 0] = 200
    assert abs(decode_image(write_jpeg(tmp_path / "b.jpg", red)).pixels.astype(int) - red).max() <= 3


def test_jpeg_progressive_and_equal_channels(tmp_path):
    image = decode_image(write_jpeg(tmp_path / "a.jpg", np.stack([RAMP] * 3, axis=-1), progressive=True))
    assert image.pixels.ndim == 2 and image.facts.mode == "rgb"


def test_jpeg_cmyk(tmp_path):
    ink = np.zeros((16, 16, 4), dtype=np.uint8)
    ink[..., 1] = 255  # magenta
    image = decode_image(write_jpeg(tmp_path / "a.jpg", ink))
    assert image.facts.mode == "cmyk" and abs(image.pixels.astype(int) - [255, 0, 255]).max() <= 4


@pytest.mark.parametrize("orientation", range(1, 9))
def test_exif_rotation(tmp_path, orientation):
    stored = np.zeros((16, 24), dtype=np.uint8)
    stored[:8, :8] = 250  # the corner that tells all eight apart together with the next
    stored[:8, 8:16] = 120
    upright = {
        1: stored, 2: stored[:, ::-1], 3: stored[::-1, ::-1], 4: stored[::-1], 5: stored.T,
        6: np.rot90(stored, -1), 7: stored[::-1, ::-1].T, 8: np.rot90(stored),
    }[orientation]  # fmt: skip
    assert (turn(stored, orientation) == upright).all()
    image = decode_image(write_png(tmp_path / "a.png", stored, orientation=orientation))
    assert (image.pixels == upright).all() and (image.facts.height, image.facts.width) == upright.shape
    image = decode_image(write_jpeg(tmp_path / "a.jpg", stored, orientation=orientation))
    assert image.pixels.shape == upright.shape and abs(image.pixels.astype(int) - upright).max() < 9
    for dtype in (np.uint8, np.uint16):
        bare = write_bare_tiff(
            tmp_path / "a.tif", stored.astype(dtype), bits=8 * dtype().itemsize, orientation=orientation
        )
        image = decode_image(bare)
        assert image.pixels.shape == upright.shape and (image.pixels.astype(int) >= upright).all()
        assert (image.facts.height, image.facts.width) == upright.shape


def test_damaged_exif_does_not_cost_the_picture(tmp_path):
    path = write_jpeg(tmp_path / "a.jpg", RAMP, orientation=6)
    data = path.read_bytes()
    path.write_bytes(data.replace(b"MM\x00*\x00\x00\x00\x08", b"MM\x00*\xff\xff\xff\xff"))
    assert decode_image(path).pixels.shape == (3, 4)


@pytest.mark.parametrize("compression", [None, "tiff_lzw", "tiff_adobe_deflate", "packbits"])
def test_tiff_8_bit(tmp_path, compression):
    for array in (RAMP, COLOUR):
        image = decode_image(write_tiff(tmp_path / "a.tif", array, compression=compression))
        assert (image.pixels == array).all() and image.facts.format == "TIFF" and image.facts.bit_depth == 8


def test_tiff_bilevel(tmp_path):
    path = tmp_path / "a.tif"
    Image.fromarray(RAMP).point(lambda value: 255 * (value > 100), "1").save(path, "TIFF", compression="group4")
    image = decode_image(path)
    assert (image.pixels == 255 * (RAMP > 100)).all() and facts_of(image) == ("TIFF", "bilevel", 1, "as stored")


@pytest.mark.parametrize("dtype", [np.uint16, np.int32, np.float32])
def test_tiff_of_wide_values(tmp_path, dtype):
    values = (np.arange(1000).reshape(25, 40) * 30).astype(dtype)
    image = decode_image(write_tiff(tmp_path / "a.tif", values))
    assert (image.pixels == np.floor(np.clip((values / 30 - 4) / 990, 0, 1) * 255 + 0.5)).all()
    assert image.facts.intensity == "percentiles 0.5-99.5"
    assert image.facts.bit_depth == 8 * np.dtype(dtype).itemsize
    assert image.facts.mode == ("float" if dtype == np.float32 else "grey")


def test_tiff_12_bit(tmp_path):
    values = np.arange(1000).reshape(25, 40) * 4
    image = decode_image(write_bare_tiff(tmp_path / "a.tif", values, bits=12))
    assert image.facts.bit_depth == 12 and image.pixels[0, 0] == 0 and image.pixels[-1, -1] == 255
    assert image.pixels[12, 19] == round((499 - 4) / 990 * 255)


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
def test_tiff_white_is_zero(tmp_path, dtype):
    values = (RAMP.astype(int) * (1 if dtype == np.uint8 else 200)).astype(dtype)
    path = write_bare_tiff(tmp_path / "a.tif", values, bits=8 * dtype().itemsize, photometric=0)
    pixels = decode_image(path).pixels
    assert pixels[0, 0] == 255 and (np.diff(pixels.ravel().astype(int)) < 0).all()


def test_tiff_float_with_missing_values(tmp_path):
    values = np.array([[0, 1, np.nan], [np.inf, 0.5, -np.inf]], dtype=np.float32)
    assert decode_image(write_tiff(tmp_path / "a.tif", values)).pixels.tolist() == [[0, 255, 0], [255, 128, 0]]


def test_tiff_of_several_pages_takes_the_first(tmp_path):
    image = decode_image(write_tiff(tmp_path / "a.tif", RAMP, pages=[255 - RAMP, RAMP]))
    assert (image.pixels == RAMP).all() and (image.facts.frames, image.facts.frame_used) == (3, 1)


def test_full_range(tmp_path):
    def shown(path):
        image = decode_image(path, view=View.parse("full"))
        return image.pixels.tolist(), image.facts.intensity

    wide = [[0, 257, 514, 65535]]
    assert shown(write_png(tmp_path / "a.png", wide, bit_depth=16)) == ([[0, 1, 2, 255]], "full range 0..65535")
    # 12 bits are 4095 steps: 16 / 4095 * 255 = 0.996
    path = write_bare_tiff(tmp_path / "b.tif", np.array([[0, 16, 2048, 4095]]), bits=12)
    assert shown(path) == ([[0, 1, 128, 255]], "full range 0..4095")
    for dtype in (np.int32, np.float32):
        assert shown(write_tiff(tmp_path / "c.tif", np.array(wide, dtype))) == ([[0, 1, 2, 255]], "full range 0..65535")
        # Beyond 16 bits nobody knows the range.
        path = write_tiff(tmp_path / "c.tif", np.array([[-1000, 0, 1000, 3000]], dtype))
        assert shown(path) == ([[0, 64, 128, 255]], "percentiles 0.5-99.5")
    assert shown(write_tiff(tmp_path / "d.tif", np.array([[np.nan, 7, 9]], np.float32)))[1] == "percentiles 0.5-99.5"
    assert shown(write_png(tmp_path / "e.png", [[3, 200]])) == ([[3, 200]], "as stored")
    path = write_bare_tiff(tmp_path / "f.tif", np.array(wide, np.uint16), bits=16, photometric=0)
    assert shown(path)[0] == [[255, 254, 253, 0]]


def test_a_window_is_applied_to_stored_values(tmp_path):
    def shown(text, **options):
        path = write_bare_tiff(tmp_path / "a.tif", np.array([[0, 10, 15, 20, 30]], np.uint16), bits=16, **options)
        image = decode_image(path, view=View.parse(text))
        return image.pixels.tolist(), image.facts.intensity

    # Window 16/11: 255 * ((x - 15.5) / 10 + 0.5)
    assert shown("16/11") == ([[0, 0, 115, 242, 255]], "window 16/11 of stored values")
    assert shown("16/11", photometric=0)[0] == [[255, 255, 140, 13, 0]]
    grey, _ = shown("16/11; red 15..20")
    assert grey == [[[0, 0, 0], [0, 0, 0], [255, 0, 0], [255, 0, 0], [255, 255, 255]]]
    three, how = shown("16/11+1/2+31/2")
    assert (
        np.array(three)[0, :, 0].tolist() == [0, 0, 115, 242, 255] and how == "windows 16/11+1/2+31/2 of stored values"
    )
    assert np.array(three)[0, :, 1].tolist() == [0, 255, 255, 255, 255]
    assert np.array(three)[0, :, 2].tolist() == [0, 0, 0, 0, 0]  # 255 * ((30 - 30.5) / 1 + 0.5)


def test_windows_leave_bytes_alone(tmp_path):
    image = decode_image(write_png(tmp_path / "a.png", RAMP), view=View.parse("brain+subdural+bone"))
    assert (image.pixels == RAMP).all() and image.facts.intensity == "as stored"


def smooth(rows, columns):
    y, x = np.mgrid[:rows, :columns]
    return (127 + 60 * np.sin(x / 37) + 60 * np.cos(y / 53)).astype(np.uint8)


@pytest.mark.parametrize(
    ("size", "scale"), [((640, 480), 8), ((641, 97), 2), ((639, 301), 4), ((159, 80), 1), ((50, 800), 1)]
)
@pytest.mark.parametrize("colour", [False, True])
def test_a_large_jpeg_is_decoded_at_a_part_of_its_size(tmp_path, size, scale, colour):
    pixels = smooth(*size)
    pixels = np.stack([pixels, pixels[::-1], pixels[:, ::-1]], axis=-1) if colour else pixels
    path = write_jpeg(tmp_path / "a.jpg", pixels)
    image, whole = decode_image(path, max_side=80), decode_image(path)
    assert image.pixels.shape == shrink(pixels, 80).shape and image.pixels.ndim == pixels.ndim
    assert (image.facts.height, image.facts.width) == size and image.facts == whole.facts
    # Sides are rounded up to whole eighths, which stretches the picture by up to a pixel.
    assert np.abs(image.pixels.astype(int) - shrink(whole.pixels, 80)).mean() < (2 if scale > 1 else 1e-9)
    assert (image.pixel_sha256 == whole.pixel_sha256) == (scale == 1)
    assert whole.pixel_sha256 == hash_pixels(whole.pixels)


def test_a_reduced_jpeg_is_turned_too(tmp_path):
    pixels = smooth(640, 320)
    image = decode_image(write_jpeg(tmp_path / "a.jpg", pixels, orientation=6), max_side=80)
    assert image.pixels.shape == (40, 80) and (image.facts.width, image.facts.height) == (640, 320)
    assert np.abs(image.pixels.astype(int) - shrink(np.rot90(pixels, -1), 80)).mean() < 1.5


def test_an_animated_png_counts_as_its_still_picture(tmp_path):
    frames = [Image.fromarray(RAMP), Image.fromarray(255 - RAMP)]
    frames[0].save(tmp_path / "a.png", save_all=True, append_images=frames[1:])
    image = decode_image(tmp_path / "a.png")
    assert (image.pixels == RAMP).all() and image.facts.frames == 1


def test_bmp(tmp_path):
    assert (decode_image(write_bmp(tmp_path / "a.bmp", COLOUR)).pixels == COLOUR).all()
    image = decode_image(write_bmp(tmp_path / "b.bmp", RAMP))
    assert (image.pixels == RAMP).all() and image.facts.format == "BMP"
    image = decode_image(write_bmp(tmp_path / "c.bmp", RAMP, mode="1"))
    assert set(np.unique(image.pixels)) <= {0, 255} and image.facts.bit_depth == 1


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "TIFF", "BMP"])
def test_truncated_or_damaged_is_refused(tmp_path, kind):
    buffer = io.BytesIO()
    noise = np.random.default_rng(0).integers(0, 256, (64, 64, 3), dtype=np.uint8)
    Image.fromarray(noise).save(buffer, kind)
    path = tmp_path / "a"
    for share in (0.3, 0.6, 0.9):
        path.write_bytes(buffer.getvalue()[: int(len(buffer.getvalue()) * share)])
        with pytest.raises(ImageRejected) as caught:
            decode_image(path)
        assert caught.value.code in ("truncated", "damaged"), kind


def test_truncated_is_told_from_damaged(tmp_path):
    path = write_png(tmp_path / "a.png", np.random.default_rng(0).integers(0, 256, (64, 64)))
    whole = path.read_bytes()
    path.write_bytes(whole[:2000])
    with pytest.raises(ImageRejected) as caught:
        decode_image(path)
    assert caught.value.code == "truncated"
    path.write_bytes(whole[:60] + bytes(200) + whole[260:])
    with pytest.raises(ImageRejected) as caught:
        decode_image(path)
    assert caught.value.code == "damaged"
