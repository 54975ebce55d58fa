"""Compressed frames in DICOM: what a codec gives back is what an uncompressed file would show."""

import numpy as np
import pytest
from fake.dicoms import write_dicom
from fake.effort import least_seconds
from imagecodecs import htj2k_encode, jpeg2k_encode, jpeg8_encode, jpegls_encode
from pydicom.pixels.encoders import RLELosslessEncoder
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
from wetread.images.read import decode_image


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
    one, three = jpeg8_encode(grey, 100, bitspersample=8), jpeg8_encode(colour, 100, outcolorspace="RGB")
    # The codestream is believed: one sample or three, more bits than the header allocates, another kind of stream.
    assert shown(tmp_path, colour, one, JPEGBaseline8Bit, photometric="RGB").shape == (48, 64)
    assert shown(tmp_path, grey, three, JPEGBaseline8Bit).shape == (48, 64, 3)
    assert np.abs(shown(tmp_path, grey, one, JPEGLSLossless).astype(int) - grey).max() <= 2
    assert (shown(tmp_path, grey, jpegls_encode(grey), JPEGBaseline8Bit) == grey).all()
    wide = expected(tmp_path, deep)
    assert (shown(tmp_path, grey, jpegls_encode(deep), JPEGLSLossless) == wide).all()


def test_a_frame_that_is_no_such_frame_behind_its_head(tmp_path):
    grey = waves(48, 64, 255)
    for stream, syntax in (
        (jpeg8_encode(grey, 90, bitspersample=8), JPEGBaseline8Bit),
        (jpegls_encode(grey), JPEGLSLossless),
        (jpeg2k_encode(grey, codecformat="J2K"), JPEG2000Lossless),
        (htj2k_encode(grey, reversible=True), HTJ2KLossless),
    ):
        assert code(tmp_path, grey, bytes(stream)[:110] + bytes(200), syntax) in ("damaged", "truncated")


@pytest.mark.parametrize("name", ["u1", "i1", "u2", "i2"])
@pytest.mark.parametrize("size", [(48, 64), (37, 51), (5, 3)])
def test_jpeg_2000_and_htj2k_are_without_loss(tmp_path, name, size):
    top = 2 ** (8 * int(name[1]))
    array = waves(*size, top - 1)
    array = array.view(array.dtype.str.replace("u", "i")) if name[0] == "i" else array
    options = {"window": (0 if name[0] == "i" else top // 2, top)}
    right = expected(tmp_path, array, **options)
    for syntax, stream in (
        (JPEG2000Lossless, jpeg2k_encode(array, reversible=True, codecformat="J2K")),
        (JPEG2000Lossless, jpeg2k_encode(array, reversible=True, codecformat="JP2")),
        (HTJ2KLossless, htj2k_encode(array, reversible=True)),
        (HTJ2KLosslessRPCL, htj2k_encode(array, reversible=True)),
        (HTJ2K, htj2k_encode(array, reversible=True)),
    ):
        assert (shown(tmp_path, array, stream, syntax, **options) == right).all(), syntax


@pytest.mark.parametrize("bits", [10, 12])
def test_jpeg_2000_of_fewer_bits_signed_or_not(tmp_path, bits):
    array = waves(37, 51, 2**bits - 1)
    options = {"bits_stored": bits, "window": (2 ** (bits - 1), 2**bits)}
    stream = jpeg2k_encode(array, reversible=True, codecformat="J2K", bitspersample=bits)
    assert (shown(tmp_path, array, stream, JPEG2000, **options) == expected(tmp_path, array, **options)).all()
    # A codestream that lost the sign: the header has it, as bits of two's complement.
    signed = (array.astype(np.int32) << (32 - bits) >> (32 - bits)).astype(np.int16)
    options["window"] = (0, 2**bits)
    assert (shown(tmp_path, signed, stream, JPEG2000, **options) == expected(tmp_path, signed, **options)).all()
    # And one that has it.
    stream = jpeg2k_encode(signed, reversible=True, codecformat="J2K", bitspersample=bits)
    assert (shown(tmp_path, signed, stream, JPEG2000, **options) == expected(tmp_path, signed, **options)).all()


def test_colours_of_jpeg_2000_and_htj2k(tmp_path):
    array = waves(37, 51, 255, (3,))
    for syntax, stream in (
        (JPEG2000Lossless, jpeg2k_encode(array, reversible=True, codecformat="J2K")),
        (HTJ2KLossless, htj2k_encode(array, reversible=True)),
    ):
        for photometric in ("RGB", "YBR_RCT"):
            assert (shown(tmp_path, array, stream, syntax, photometric=photometric) == array).all()


def test_lossy_htj2k_does_not_turn_white_into_black(tmp_path):
    # OpenJPH in imagecodecs 2026.3.6 wraps round where hard edges overshoot: 255 became 0.
    array = np.kron(np.random.default_rng(1).random((32, 32)) > 0.5, np.ones((8, 8))).astype(np.uint8) * 255
    for syntax in (HTJ2K, HTJ2KLossless):
        got = shown(tmp_path, array, htj2k_encode(array, 0.05, reversible=False), syntax)
        assert abs(got.astype(int) - array).max() < 30


def test_lossy_values_beyond_bits_stored_are_not_wrapped(tmp_path):
    # Nine bits in a file that stores eight: 300 is white, not 44.
    array = np.full((16, 16), 300, np.uint16)
    stream = jpeg2k_encode(array, reversible=True, codecformat="J2K", bitspersample=9)
    options = {"bits_stored": 8, "window": (128, 256)}
    assert (shown(tmp_path, array, stream, JPEG2000, **options) == 255).all()


def test_lossless_jpeg_with_an_overlay_in_the_upper_bits(tmp_path):
    array = waves(37, 51, 4095)
    marked = array | 0x1000
    stream = jpeg8_encode(marked, lossless=True, predictor=1, bitspersample=16)
    options = {"bits_stored": 12, "window": (2048, 4096)}
    assert (shown(tmp_path, marked, stream, JPEGLosslessSV1, **options) == expected(tmp_path, array, **options)).all()


@pytest.mark.parametrize("name", ["u1", "u2", "i2"])
def test_rle(tmp_path, name):
    array = waves(37, 51, 2 ** min(16, 8 * int(name[1])) - 1).astype(name)
    stream = encode_rle(array, 1, "MONOCHROME2")
    options = {"window": (2000, 65536)}
    assert (shown(tmp_path, array, stream, RLELossless, **options) == expected(tmp_path, array, **options)).all()
    # The first offset and the number of segments tell it from anything else.
    assert (shown(tmp_path, array, stream, JPEGBaseline8Bit, **options) == expected(tmp_path, array, **options)).all()


@pytest.mark.parametrize("name", ["u1", "u2"])
@pytest.mark.parametrize("planar", [0, 1])
def test_rle_of_colours(tmp_path, name, planar):
    array = waves(37, 51, 255, (3,)).astype(name) * (257 if name == "u2" else 1)
    stream = encode_rle(array, 3, "RGB")
    got = shown(tmp_path, array, stream, RLELossless, photometric="RGB", planar=planar)
    assert (got == waves(37, 51, 255, (3,))).all()


def test_damaged_rle(tmp_path):
    array = waves(37, 51, 255)
    stream = encode_rle(array, 1, "MONOCHROME2")
    assert code(tmp_path, array, stream[:40], RLELossless) == "truncated"
    assert code(tmp_path, array, stream[:200], RLELossless) == "damaged"
    assert code(tmp_path, array, b"\x02" + stream[1:], RLELossless) == "damaged"
    assert code(tmp_path, array, stream[:4] + b"\xff\xff\xff\x7f" + stream[8:], RLELossless) == "damaged"
    assert code(tmp_path, waves(90, 51, 255), stream, RLELossless) == "truncated"
    # What pads a segment may read like a run of its own.
    assert (shown(tmp_path, array, stream + bytes(4), RLELossless) == array).all()


def encode_rle(array, samples, photometric):
    bits = 8 * array.dtype.itemsize
    return RLELosslessEncoder.encode(
        array.tobytes(), rows=array.shape[0], columns=array.shape[1], samples_per_pixel=samples, number_of_frames=1,
        bits_allocated=bits, bits_stored=bits, pixel_representation=int(array.dtype.kind == "i"),
        photometric_interpretation=photometric, planar_configuration=0, encoding_plugin="pydicom",
    )  # fmt: skip


@pytest.mark.parametrize("zeros", [1, 2, 5])
def test_zeros_before_and_after_the_end_marker_of_jpeg_ls(tmp_path, zeros):
    array = waves(48, 64, 255)
    stream = bytes(jpegls_encode(array))
    assert stream.endswith(b"\xff\xd9")
    padded = stream[:-2] + bytes(zeros) + stream[-2:] + bytes(zeros)
    assert (shown(tmp_path, array, padded, JPEGLSLossless) == array).all()


@pytest.mark.parametrize("share", [0.3, 0.9])
def test_a_cut_jpeg_ls_stream_is_refused_at_once(tmp_path, share):
    # CharLS 2.4.3 alone takes half a minute to find out.
    array = waves(48, 64, 255)
    stream = jpegls_encode(array)

    def work():
        assert code(tmp_path, array, stream[: int(len(stream) * share)], JPEGLSLossless) == "damaged"

    assert least_seconds(work, enough=1) < 1
