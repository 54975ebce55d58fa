"""Frames in whatever wrapping: what the bytes are decides, not what the header calls them."""

import numpy as np
import pytest
from fake.dicoms import write_dicom
from fake.effort import least_seconds
from imagecodecs import jpegls_encode
from pydicom.encaps import encapsulate
from pydicom.uid import (
    ExplicitVRBigEndian,
    ExplicitVRLittleEndian,
    ImplicitVRLittleEndian,
    JPEG2000Lossless,
    JPEGBaseline8Bit,
    JPEGLSLossless,
    RLELossless,
)

from wetread.images.dicom import decode_dicom, survey_dicom
from wetread.images.facts import Survey
from wetread.images.gate import Refused
from wetread.images.view import View

GREY = (np.arange(48 * 50) % 251).reshape(48, 50).astype(np.uint8)
STREAM = bytes(jpegls_encode(GREY))


def show(path, view="file", frame=None, choice="middle"):
    with path.open("rb") as handle:
        return decode_dicom(handle, path.stat().st_size, View.parse(view, frame=choice), frame)


def code(path, **options):
    with pytest.raises(Refused) as caught:
        show(path, **options)
    return caught.value.code


def survey(path):
    with path.open("rb") as handle:
        return survey_dicom(handle, path.stat().st_size)


def stack(count):
    return np.stack([np.full((3, 5), 10 * number, np.uint8) for number in range(1, count + 1)])


def test_frames_are_counted_from_1(tmp_path):
    path = write_dicom(tmp_path / "a", stack(4), frames=4)
    for frame, value in ((1, 10), (3, 30), (4, 40), (None, 30)):
        pixels, facts = show(path, frame=frame)
        assert (pixels == value).all() and facts.frame_used == (frame or 3)
    for choice, value in (("middle", 30), ("all", 30), ("2", 20)):
        assert (show(path, choice=choice)[0] == value).all()
    assert (show(path, frame=1, choice="2")[0] == 10).all()
    for options in ({"frame": 0}, {"frame": 5}, {"choice": "5"}):
        assert code(path, **options) == "no-frame"


@pytest.mark.parametrize("size", [(3, 5), (4, 6)])
def test_bytes_in_words_of_a_big_endian_file(tmp_path, size):
    # PS3.5 section 7.3: OW is swapped as words, so that frames of an odd length begin in the middle of one.
    frames = np.arange(2 * size[0] * size[1], dtype=np.uint8).reshape(2, *size)
    data = frames.tobytes() + bytes(frames.size % 2)
    swapped = np.frombuffer(data, "u2").byteswap().tobytes()
    path = write_dicom(tmp_path / "a", frames, frames=2, syntax=ExplicitVRBigEndian, pixel_data=swapped)
    raw = path.read_bytes()
    assert raw.count(b"\x7f\xe0\x00\x10OB") == 1
    path.write_bytes(raw.replace(b"\x7f\xe0\x00\x10OB", b"\x7f\xe0\x00\x10OW"))
    for number in (1, 2):
        assert (show(path, frame=number)[0] == frames[number - 1]).all()


def test_single_bits_without_a_gap_between_frames(tmp_path):
    masks = np.random.default_rng(0).random((3, 3, 5)) < 0.5
    path = write_dicom(tmp_path / "a", masks, frames=3)
    for number in (1, 2, 3):
        assert (show(path, frame=number)[0] == masks[number - 1] * 255).all()


def test_data_longer_or_odd(tmp_path):
    plain = GREY.tobytes()
    assert (show(write_dicom(tmp_path / "a", GREY, pixel_data=plain + bytes(600)))[0] == GREY).all()
    odd = GREY[:3, :5]
    for tail in (b"", b"\0", b"\0\0"):
        path = write_dicom(tmp_path / "b", odd, pixel_data=odd.tobytes() + tail)
        assert (show(path)[0] == odd).all()
    assert code(write_dicom(tmp_path / "c", GREY, pixel_data=plain[:-2])) == "truncated"


def test_plain_pixels_that_are_called_compressed(tmp_path):
    for label in (JPEGBaseline8Bit, JPEG2000Lossless, RLELossless):
        path = write_dicom(tmp_path / "a", GREY, label=label)
        pixels, facts = show(path)
        assert (pixels == GREY).all() and facts.transfer_syntax == label


def test_elements_that_are_called_implicit_or_explicit_and_are_not(tmp_path):
    for syntax, label in ((ExplicitVRLittleEndian, ImplicitVRLittleEndian), (ImplicitVRLittleEndian, JPEGBaseline8Bit),
                          (ImplicitVRLittleEndian, ExplicitVRLittleEndian)):  # fmt: skip
        path = write_dicom(tmp_path / "a", GREY, syntax=syntax, label=label, voi_lut=(0, 8, list(range(256))))
        pixels, facts = show(path)
        assert (pixels == GREY).all() and facts.intensity == "VOI LUT"


def test_plain_pixels_in_fragments(tmp_path):
    # By the standard (PS3.6 table A-1), and under a wrong name.
    for label in ("1.2.840.10008.1.2.1.98", JPEGBaseline8Bit):
        path = write_dicom(tmp_path / "a", GREY, syntax=JPEGLSLossless, encoded=[GREY.tobytes()], label=label)
        assert (show(path)[0] == GREY).all()


def test_compressed_frames_that_are_called_plain_or_otherwise(tmp_path):
    for label in (ExplicitVRLittleEndian, JPEGBaseline8Bit, JPEG2000Lossless, RLELossless):
        path = write_dicom(tmp_path / "a", GREY, syntax=JPEGLSLossless, encoded=[STREAM], label=label)
        assert (show(path)[0] == GREY).all()


@pytest.mark.parametrize("label", [JPEGLSLossless, ExplicitVRLittleEndian])
def test_fragments_and_codestreams_of_a_stated_length(tmp_path, label):
    for data in (encapsulate([STREAM]), STREAM + bytes(len(STREAM) % 2)):
        path = write_dicom(tmp_path / "a", GREY, pixel_data=data, label=label)
        assert (show(path)[0] == GREY).all()


def test_the_size_of_the_codestream_counts(tmp_path):
    wrong = np.zeros((64, 49), np.uint8)
    pixels, facts = show(write_dicom(tmp_path / "a", wrong, syntax=JPEGLSLossless, encoded=[STREAM]))
    assert (pixels == GREY).all() and facts.header["Assumed"] == ["size taken from the compressed frame"]
    path = write_dicom(tmp_path / "b", wrong, syntax=JPEGLSLossless, encoded=[STREAM], remove=["Rows", "Columns"])
    assert (show(path)[0] == GREY).all()
    # 48 x 50 around 4 x 4 is no slip of the pen.
    assert code(write_dicom(tmp_path / "c", wrong[:4, :4], syntax=JPEGLSLossless, encoded=[STREAM])) == "damaged"


def test_a_deflated_frame(tmp_path):
    import zlib

    masks = np.random.default_rng(1).random((2, 9, 7)) < 0.5
    packed = []
    for mask in masks:
        packer = zlib.compressobj(9, zlib.DEFLATED, -zlib.MAX_WBITS)
        packed.append(packer.compress(np.packbits(mask, bitorder="little").tobytes()) + packer.flush())
    options = {"frames": 2, "syntax": JPEGLSLossless, "label": "1.2.840.10008.1.2.8.1"}
    path = write_dicom(tmp_path / "a", masks, encoded=packed, **options)
    for number in (1, 2):
        assert (show(path, frame=number)[0] == masks[number - 1] * 255).all()
    assert code(write_dicom(tmp_path / "b", masks, encoded=[b"abcd", b"abcd"], **options)) in ("damaged", "truncated")


def test_what_no_codec_knows(tmp_path):
    for label, reason in (("1.2.840.10008.1.2.4.102", "unsupported"), ("1.2.3", "unsupported"),
                          (JPEGBaseline8Bit, "damaged"), ("1.2.840.10008.1.2.4.203", "damaged")):  # fmt: skip
        path = write_dicom(tmp_path / "a", GREY, syntax=JPEGLSLossless, encoded=[b"abcdef"], label=label)
        assert code(path) == reason, label


def test_survey_reads_the_header_only(tmp_path):
    options = {"modality": "CT", "window": ([40, 400], [80, 2000]), "rescale": (1, -1024), "BodyPartExamined": "Head"}
    path = write_dicom(tmp_path / "a", GREY.astype(np.uint16), bits_stored=12, **options)
    expected = Survey("DICOM", 1, 12, True, "CT", "HEAD", ((40.0, 80.0), (400.0, 2000.0)), False, True)
    assert survey(path) == expected
    # Damaged pixels do not matter.
    broken = write_dicom(tmp_path / "b", GREY, syntax=JPEGLSLossless, encoded=[b"abcdef"], NumberOfFrames=7)
    assert survey(broken) == Survey("DICOM", 7, 8, True, "OT")
    colour = write_dicom(tmp_path / "c", np.zeros((2, 2, 3), np.uint8), photometric="RGB", modality="US")
    assert survey(colour) == Survey("DICOM", 1, 8, False, "US")
    tables = write_dicom(tmp_path / "d", GREY, voi_lut=(0, 8, [0, 255]), modality_lut=(0, 8, [0, 255]))
    assert survey(tables) == Survey("DICOM", 1, 8, True, "OT", table=True, physical=True)
    floats = write_dicom(tmp_path / "e", GREY.astype(np.float32), BodyPartExamined="Doe^Jane")
    assert survey(floats) == Survey("DICOM", 1, 32, True, "OT")


def test_survey_inflates_the_header_only(tmp_path):
    from fake.dicoms import deflate_bomb
    from pydicom.uid import DeflatedExplicitVRLittleEndian

    path = write_dicom(tmp_path / "a", GREY, window=(2, 4), syntax=DeflatedExplicitVRLittleEndian)
    assert survey(path).windows == ((2.0, 4.0),)
    bomb = deflate_bomb(tmp_path / "b", 200 << 20)

    def work():
        with pytest.raises(Refused):
            survey(bomb)

    assert least_seconds(work, enough=1) < 1


def test_nested_sequences_and_bombs_are_refused_at_once(tmp_path):
    from fake.dicoms import deflate_bomb, nested_sequences

    for path in (
        nested_sequences(tmp_path / "a", 5000),
        nested_sequences(tmp_path / "b", 100_000),
        deflate_bomb(tmp_path / "c", 200 << 20),
    ):
        told = []
        assert least_seconds(lambda told=told, path=path: told.append(code(path)), enough=1) < 1, path
        assert set(told) <= {"damaged", "truncated", "too-large"}
