"""JPEG, lossless JPEG and JPEG-LS in DICOM: what a codec gives back is what an uncompressed file would show."""

import numpy as np
import pytest
from fake.dicoms import write_dicom
from imagecodecs import jpeg8_encode, jpegls_encode
from pydicom.pixels.decoders.base import get_decoder
from pydicom.uid import (
    HTJ2K,
    JPEG2000,
    HTJ2KLossless,
    HTJ2KLosslessRPCL,
    JPEG2000Lossless,
    JPEGBaseline8Bit,
    JPEGExtended12Bit,
    JPEGLossless,
    JPEGLosslessSV1,
    JPEGLSLossless,
    JPEGLSNearLossless,
    RLELossless,
)

from wetread.errors import ImageRejected
from wetread.images.codecs import choose_plugin, register
from wetread.images.read import decode_image

OURS = (
    JPEGBaseline8Bit, JPEGExtended12Bit, JPEGLossless, JPEGLosslessSV1, JPEGLSLossless, JPEGLSNearLossless,
)  # fmt: skip
OTHERS = (JPEG2000, JPEG2000Lossless, HTJ2K, HTJ2KLossless, HTJ2KLosslessRPCL, RLELossless)


def waves(rows, columns, top, channels=()):
    """Smooth values from 0 to ``top`` with a little noise, so that every predictor has work to do."""
    rng = np.random.default_rng(rows * columns + top)
    y, x = np.mgrid[:rows, :columns]
    phase = np.arange(*channels) if channels else 0
    wave = np.sin((x[..., None] / 9) + phase) + np.cos(y[..., None] / 7 - phase) if channels else np.sin(x / 9)
    values = (wave - wave.min()) / max(np.ptp(wave), 1) * top + rng.normal(0, top / 100, wave.shape)
    return np.clip(np.round(values), 0, top).astype(np.uint8 if top < 256 else np.uint16)


def shown(tmp_path, array, stream, syntax, **options):
    path = write_dicom(tmp_path / "a", array, syntax=syntax, encoded=[bytes(stream)], **options)
    return decode_image(path).pixels


def expected(tmp_path, array, **options):
    return decode_image(write_dicom(tmp_path / "b", array, **options)).pixels


def code(tmp_path, array, stream, syntax, **options):
    with pytest.raises(ImageRejected) as caught:
        shown(tmp_path, array, stream, syntax, **options)
    return caught.value.code


@pytest.mark.parametrize("bits", [8, 10, 12, 16])
@pytest.mark.parametrize("size", [(48, 64), (37, 51), (1, 1)])
@pytest.mark.parametrize("signed", [False, True])
def test_lossless_is_without_loss(tmp_path, bits, size, signed):
    array = waves(*size, 2**bits - 1)
    options = {"bits_stored": bits, "window": (0 if signed else 2 ** (bits - 1), 2**bits)}
    streams = {JPEGLosslessSV1: jpeg8_encode(array, lossless=True, predictor=1, bitspersample=bits)}
    streams[JPEGLossless] = jpeg8_encode(array, lossless=True, predictor=5, bitspersample=bits)
    if bits in (8, 16):  # the encoder of imagecodecs writes no others
        streams[JPEGLSLossless] = jpegls_encode(array)
    # The sign is the highest stored bit; it fills the bits above it only in an uncompressed file.
    array = (array.astype(np.int32) << (32 - bits) >> (32 - bits)) if signed else array
    array = array.astype({8: np.int8}.get(bits, np.int16) if signed else array.dtype)
    for syntax, stream in streams.items():
        assert (shown(tmp_path, array, stream, syntax, **options) == expected(tmp_path, array, **options)).all()


@pytest.mark.parametrize("predictor", range(1, 8))
def test_every_predictor(tmp_path, predictor):
    array = waves(37, 51, 255)
    stream = jpeg8_encode(array, lossless=True, predictor=predictor, bitspersample=8)
    assert (shown(tmp_path, array, stream, JPEGLossless) == array).all()


def test_near_lossless_stays_near(tmp_path):
    array = waves(37, 51, 255)
    got = shown(tmp_path, array, jpegls_encode(array, 2), JPEGLSNearLossless)
    assert 0 < abs(got.astype(int) - array).max() <= 2


def test_extended_with_8_and_12_bits(tmp_path):
    for bits in (8, 12):
        array = waves(48, 64, 2**bits - 1)
        options = {"bits_stored": bits, "window": (2 ** (bits - 1), 2**bits)}
        got = shown(tmp_path, array, jpeg8_encode(array, 98, bitspersample=bits), JPEGExtended12Bit, **options)
        assert abs(got.astype(int) - expected(tmp_path, array, **options)).max() <= 3


def test_bytes_in_a_file_that_allocates_16_bits(tmp_path):
    array = waves(37, 51, 255)
    wide = array.astype(np.uint16)
    streams = {
        JPEGLosslessSV1: jpeg8_encode(array, lossless=True, predictor=1, bitspersample=8),
        JPEGLSLossless: jpegls_encode(array),
    }
    for syntax, stream in streams.items():
        options = {"bits_stored": 12, "window": (128, 256)}
        assert (shown(tmp_path, wide, stream, syntax, **options) == expected(tmp_path, wide, **options)).all()


def without_markers(stream):
    """The stream without its JFIF and Adobe markers, in which decoders look for the colour space."""
    kept, position = stream[:2], 2
    while stream[position + 1] != 0xDA:
        end = position + 2 + int.from_bytes(stream[position + 2 : position + 4], "big")
        kept += stream[position:end] if stream[position + 1] not in (0xE0, 0xEE) else b""
        position = end
    return kept + stream[position:]


def with_adobe_marker(stream, transform):
    marker = b"\xff\xee\x00\x0eAdobe\x00\x64\x00\x00\x00\x00" + bytes([transform])
    return stream[:2] + marker + without_markers(stream)[2:]


@pytest.mark.parametrize("size", [(48, 64), (37, 51)])
@pytest.mark.parametrize("subsampling", ["444", "422", "420"])
def test_ybr_is_converted_once_whatever_the_markers_say(tmp_path, size, subsampling):
    array = waves(*size, 255, (3,)) // 2 + 60
    stream = bytes(jpeg8_encode(array, 95, colorspace="RGB", outcolorspace="YCBCR", subsampling=subsampling))
    variants = [stream, without_markers(stream), with_adobe_marker(stream, 0), with_adobe_marker(stream, 1)]
    for photometric in ("YBR_FULL", "YBR_FULL_422"):
        pictures = [shown(tmp_path, array, one, JPEGBaseline8Bit, photometric=photometric) for one in variants]
        assert all((one == pictures[0]).all() for one in pictures)
        assert np.percentile(abs(pictures[0].astype(int) - array), 95) <= 6


def test_rgb_is_not_converted(tmp_path):
    array = waves(37, 51, 255, (3,))
    stream = bytes(jpeg8_encode(array, 95, colorspace="RGB", outcolorspace="RGB"))
    lossless = bytes(jpeg8_encode(array, lossless=True, predictor=1, colorspace="RGB", outcolorspace="RGB"))
    for one in (stream, without_markers(stream)):
        got = shown(tmp_path, array, one, JPEGBaseline8Bit, photometric="RGB")
        assert np.percentile(abs(got.astype(int) - array), 95) <= 6
    for syntax, one in {JPEGLosslessSV1: lossless, JPEGLSLossless: jpegls_encode(array)}.items():
        assert (shown(tmp_path, array, one, syntax, photometric="RGB") == array).all()


def test_planar_configuration_has_no_meaning_in_a_compressed_file(tmp_path):
    array = waves(37, 51, 255, (3,))
    for planar in (0, 1):
        got = shown(tmp_path, array, jpegls_encode(array), JPEGLSLossless, photometric="RGB", planar=planar)
        assert (got == array).all()


def test_streams_that_contradict_the_header(tmp_path):
    grey, colour, deep = waves(48, 64, 255), waves(48, 64, 255, (3,)), waves(48, 64, 4095)
    one, three = jpeg8_encode(grey, 90, bitspersample=8), jpeg8_encode(colour, 90)
    assert code(tmp_path, colour, one, JPEGBaseline8Bit, photometric="RGB") == "damaged"
    assert code(tmp_path, grey, three, JPEGBaseline8Bit) == "damaged"
    assert code(tmp_path, grey, jpeg8_encode(deep, 90, bitspersample=12), JPEGExtended12Bit) == "damaged"
    assert code(tmp_path, grey, jpegls_encode(deep), JPEGLSLossless) == "damaged"
    assert code(tmp_path, grey[:, :-1], jpegls_encode(grey), JPEGLSLossless) == "damaged"
    # Both formats begin alike; the syntax decides which codec sees them.
    assert code(tmp_path, grey, one, JPEGLSLossless) == "damaged"
    assert code(tmp_path, grey, jpegls_encode(grey), JPEGBaseline8Bit) == "damaged"


@pytest.mark.parametrize("zeros", [1, 2, 5])
def test_zeros_before_and_after_the_end_marker_of_jpeg_ls(tmp_path, zeros):
    array = waves(48, 64, 255)
    stream = bytes(jpegls_encode(array))
    assert stream.endswith(b"\xff\xd9")
    padded = stream[:-2] + bytes(zeros) + stream[-2:] + bytes(zeros)
    assert (shown(tmp_path, array, padded, JPEGLSLossless) == array).all()


@pytest.mark.parametrize("share", [0.3, 0.9])
def test_a_cut_jpeg_ls_stream_is_refused(tmp_path, share):
    array = waves(48, 64, 255)
    stream = jpegls_encode(array)
    assert code(tmp_path, array, stream[: int(len(stream) * share)], JPEGLSLossless) == "damaged"


def test_one_plugin_for_each_syntax_and_it_is_there():
    register()  # a second time
    for syntaxes, plugin in ((OURS, "imagecodecs"), (OTHERS, "pylibjpeg")):
        for syntax in syntaxes:
            assert choose_plugin(syntax) == plugin and plugin in get_decoder(syntax).available_plugins
