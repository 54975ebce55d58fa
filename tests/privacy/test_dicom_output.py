"""Everything planted is gone, the pixels are the same, and the files are as valid as before."""

import io
import os
import shutil
import subprocess
from datetime import datetime
from pathlib import Path

import numpy as np
import pydicom
import pytest
from pydicom.uid import (
    DeflatedExplicitVRLittleEndian,
    ExplicitVRBigEndian,
    ExplicitVRLittleEndian,
    ImplicitVRLittleEndian,
    JPEGBaseline8Bit,
    RLELossless,
)

from tests.fake.dicoms import write_dicom, write_report
from tests.privacy.canaries import DATE, NAME, crowded_file, element, every_element, occurrences
from tests.privacy.conftest import PIXELS, clean
from wetread.images.gate import Refused
from wetread.images.read import decode_image
from wetread.privacy.options import Options
from wetread.privacy.pseudonyms import Pseudonyms


def reread(data):
    return pydicom.dcmread(io.BytesIO(data))


def test_the_search_finds_what_was_planted(crowded):
    assert len(every_element()) > 3000
    assert {NAME, DATE, "99887766", "131415", "104Y", "7654321"} <= set(occurrences(crowded.read_bytes()))


def test_nothing_that_was_planted_in_any_element_is_left(crowded_clean):
    assert occurrences(crowded_clean.data) == []
    dataset = reread(crowded_clean.data)
    assert dataset.PatientID == dataset.PatientName == crowded_clean.subject.patient
    assert dataset.PatientIdentityRemoved == "YES"
    assert crowded_clean.data[:128] == bytes(128)


@pytest.mark.parametrize(
    "options",
    [
        Options(dates="remove", characteristics=False),
        Options(times=True, device=True, characteristics=False),
        Options(blank=((0, 0, 2, 2),)),
    ],
    ids=["least", "most", "blanked"],
)
def test_other_options_keep_what_they_say_and_no_more(tmp_path, options):
    result = clean(crowded_file(tmp_path / "a.dcm", PIXELS, every=False), options)
    # Who keeps times or devices keeps what stands there.
    assert set(occurrences(result.data)) <= ({"131415", NAME} if options.device else set())


def test_pixels_stay_bit_for_bit(crowded_clean):
    dataset = reread(crowded_clean.data)
    assert np.array_equal(dataset.pixel_array, PIXELS)
    # What stood behind the last pixel is zeros.
    assert dataset.PixelData[128:] == bytes(len(dataset.PixelData) - 128)


SYNTAXES = [ImplicitVRLittleEndian, ExplicitVRLittleEndian, ExplicitVRBigEndian, DeflatedExplicitVRLittleEndian]


@pytest.mark.parametrize("syntax", SYNTAXES)
def test_every_plain_syntax_keeps_its_pixels_and_is_read_by_wetread(tmp_path, syntax):
    path = write_dicom(
        tmp_path / "a.dcm", PIXELS, syntax=syntax, patient_name=f"{NAME}^A", padding=4000, window=([900], [800]),
        rescale=(2, -1000), voi_lut=(0, 8, list(range(256))), StudyDate=DATE,
    )  # fmt: skip
    result = clean(path)
    assert occurrences(result.data) == []
    (tmp_path / "b.dcm").write_bytes(result.data)
    before, after = decode_image(path), decode_image(tmp_path / "b.dcm")
    assert after.pixel_sha256 == before.pixel_sha256
    assert np.array_equal(reread(result.data).pixel_array, PIXELS)


def test_a_palette_and_a_bare_file_pass(tmp_path):
    colours = np.stack([np.arange(256)] * 3, axis=-1) // (1, 2, 3)
    path = write_dicom(
        tmp_path / "a.dcm", PIXELS.astype(np.uint8), photometric="PALETTE COLOR", palette=colours, meta=False,
        preamble=False,
    )  # fmt: skip
    (tmp_path / "b.dcm").write_bytes(clean(path).data)
    assert decode_image(path).pixel_sha256 == decode_image(tmp_path / "b.dcm").pixel_sha256


def jpeg(picture, comment=b""):
    from PIL import Image

    buffer = io.BytesIO()
    Image.fromarray(picture).save(buffer, "JPEG", quality=90, comment=comment or None)
    return buffer.getvalue()


def test_compressed_pixels_stay_compressed_and_lose_their_comments(tmp_path):
    rng = np.random.default_rng(1)
    frames = [jpeg(rng.integers(0, 255, (32, 32), np.uint8), f"{NAME} frame {n}".encode()) for n in range(3)]
    frames = [frame + b"\0" * (len(frame) % 2) for frame in frames]
    path = write_dicom(
        tmp_path / "a.dcm", np.zeros((3, 32, 32), np.uint8), frames=3, syntax=JPEGBaseline8Bit, encoded=frames
    )
    assert occurrences(path.read_bytes()) == [NAME]
    result = clean(path)
    assert occurrences(result.data) == []
    assert reread(result.data).file_meta.TransferSyntaxUID == JPEGBaseline8Bit
    (tmp_path / "b.dcm").write_bytes(result.data)
    for number in (1, 2, 3):
        from wetread.images.source import Source

        old, new = (decode_image(Source(tmp_path / name, frame=number)) for name in ("a.dcm", "b.dcm"))
        assert old.pixel_sha256 == new.pixel_sha256


def test_rle_passes(tmp_path):
    plain = write_dicom(tmp_path / "a.dcm", PIXELS)
    dataset = pydicom.dcmread(plain)
    dataset.compress(RLELossless, encoding_plugin="pydicom")
    dataset.save_as(tmp_path / "rle.dcm")
    assert np.array_equal(reread(clean(tmp_path / "rle.dcm").data).pixel_array, PIXELS)


def test_an_overlay_in_the_upper_bits_is_cleared(tmp_path):
    stored = PIXELS | 0x8000
    more = {tag: element(tag, "US", value) for tag, value in ((0x60000100, 16), (0x60000102, 15))}
    path = crowded_file(tmp_path / "a.dcm", stored, more=more, every=False)
    data = path.read_bytes()
    start = data.index(b"\x00\x60\x00\x30OW")  # without data of its own, the overlay is the one in the pixels
    stop = start + 12 + int.from_bytes(data[start + 8 : start + 12], "little")
    path.write_bytes(data[:start] + data[stop:])
    assert np.array_equal(reread(clean(path).data).pixel_array & 0xFFFF, PIXELS)


def test_blanking_touches_the_rectangles_and_nothing_else(tmp_path):
    path = write_dicom(tmp_path / "a.dcm", PIXELS + 1)
    result = reread(clean(path, Options(blank=((1, 2, 3, 4),), no_text_left=True)).data)
    expected = PIXELS + 1
    expected[2:6, 1:4] = 0
    assert np.array_equal(result.pixel_array, expected)
    assert result.BurnedInAnnotation == "NO"
    assert "113101" in [item.CodeValue for item in result.DeidentificationMethodCodeSequence]


def test_blanking_decodes_compressed_colour(tmp_path):
    rng = np.random.default_rng(2)
    picture = rng.integers(0, 255, (16, 16, 3), np.uint8).repeat(4, 0).repeat(4, 1)
    path = write_dicom(
        tmp_path / "a.dcm", picture, photometric="YBR_FULL_422", syntax=JPEGBaseline8Bit, encoded=[jpeg(picture)]
    )
    (tmp_path / "b.dcm").write_bytes(clean(path, Options(blank=((0, 0, 64, 20),))).data)
    before, after = decode_image(path).pixels, decode_image(tmp_path / "b.dcm").pixels
    assert after[:20].max() <= 2
    assert np.array_equal(before[20:], after[20:])


def test_what_holds_no_picture_or_cannot_be_looked_into_is_refused(tmp_path):
    with pytest.raises(Refused, match="no-pixels"):
        clean(write_report(tmp_path / "sr.dcm"))
    video = write_dicom(tmp_path / "v.dcm", PIXELS, label="1.2.840.10008.1.2.4.102")
    with pytest.raises(Refused, match="unsupported"):
        clean(video)
    path = write_dicom(tmp_path / "short.dcm", PIXELS, pixel_data=b"\0" * 20)
    with pytest.raises(Refused, match="truncated"):
        clean(path)


def test_burned_in_text_is_pointed_out_and_asserted_only_by_the_user(tmp_path):
    path = write_dicom(tmp_path / "a.dcm", PIXELS, BurnedInAnnotation="YES", ImageType=["DERIVED", "SECONDARY"])
    result = clean(path)
    assert result.warnings == ["burned-in-flag"]
    assert reread(result.data).BurnedInAnnotation == "YES"
    assert clean(path, Options(no_text_left=True)).warnings == []
    path = write_dicom(tmp_path / "b.dcm", PIXELS, ImageType=["DERIVED", "SECONDARY", "SCREEN SAVE"])
    assert clean(path).warnings == ["screen"]


def test_files_of_one_patient_fit_together(tmp_path):
    common = {"patient_id": " 4711 ", "StudyInstanceUID": "1.2.3.9", "FrameOfReferenceUID": "1.2.3.8"}
    days = ["20200131", "20200302"]
    results = []
    for number, day in enumerate(days):
        path = write_dicom(
            tmp_path / f"{number}.dcm", PIXELS, SOPInstanceUID=f"1.2.3.{number}", StudyDate=day, **common
        )
        results.append(reread(clean(path).data))
    first, second = results
    assert first.PatientID == second.PatientID != "4711"
    assert first.StudyInstanceUID == second.StudyInstanceUID
    assert first.SOPInstanceUID != second.SOPInstanceUID
    old, new = ([datetime.strptime(day, "%Y%m%d") for day in pair] for pair in (days, [r.StudyDate for r in results]))
    assert new[1] - new[0] == old[1] - old[0]
    assert new[0] < old[0]
    stranger = reread(clean(write_dicom(tmp_path / "c.dcm", PIXELS, patient_id="4712")).data)
    assert stranger.PatientID != first.PatientID
    other = reread(clean(tmp_path / "0.dcm", pseudonyms=Pseudonyms(bytes(32))).data)
    assert (other.PatientID, other.StudyInstanceUID) != (first.PatientID, first.StudyInstanceUID)


def complaints(path):
    said = subprocess.run(["dciodvfy", str(path)], capture_output=True, text=True, timeout=60, check=False)
    lines = (said.stdout + said.stderr).splitlines()
    return {line for line in lines if line.startswith("Error")}


VALID = [
    "CT_small.dcm", "MR_small.dcm", "JPEG2000.dcm", "JPEG-lossy.dcm", "SC_rgb_rle.dcm", "US1_J2KR.dcm",
    "color3d_jpeg_baseline.dcm", "MR_small_bigendian.dcm", "eCT_Supplemental.dcm", "693_J2KI.dcm", "emri_small.dcm",
    "badVR.dcm", "OBXXXX1A.dcm", "examples_overlay.dcm", "examples_palette.dcm", "JPGExtended.dcm",
]  # fmt: skip


def sample(name):
    """A file that comes with pydicom, or lies among the public images; None where there is none."""
    import pydicom.data

    places = [Path(pydicom.data.__file__).parent / "test_files" / name]
    places += [Path(os.environ.get("WETREAD_REAL_DATA", "none")) / "dicom-assorted" / "files" / name]
    return next((place for place in places if place.is_file()), None)


@pytest.mark.skipif(shutil.which("dciodvfy") is None, reason="dicom3tools is not installed")
@pytest.mark.parametrize("name", VALID)
def test_a_valid_file_stays_valid(name, tmp_path):
    path = sample(name)
    if path is None:
        pytest.skip(f"{name} comes neither with this pydicom nor with WETREAD_REAL_DATA")
    result = clean(path)
    after = tmp_path / "after.dcm"
    after.write_bytes(result.data)
    assert complaints(after) <= complaints(path)
    assert decode_image(after).pixel_sha256 == decode_image(path).pixel_sha256
