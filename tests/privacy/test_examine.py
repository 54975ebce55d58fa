"""What a file exposes is named by kind; what it says is named nowhere."""

import json

import pydicom
import pytest

from tests.fake.dicoms import write_dicom
from tests.privacy.canaries import crowded_file, occurrences
from tests.privacy.conftest import PIXELS
from tests.privacy.test_pictures import CASES
from wetread.errors import ImageRejected
from wetread.privacy.cleaner import Cleaner, examine_file
from wetread.privacy.examine import Exposure, PhiReport, examine_bytes, examine_header, summarise


@pytest.fixture(scope="module")
def exposed(crowded):
    return examine_bytes(crowded.read_bytes())


def test_every_kind_is_found_and_no_value_is_told(exposed):
    report = exposed
    expected = "name identifier place date text private overlay curve icon preamble meta uid device characteristic"
    assert set(report.kinds) == set(expected.split())
    assert report.identifies
    assert occurrences(repr(report).encode()) == []
    assert Exposure("(0010,0010)", "PatientName", "name", "Z") in report.exposures
    assert PhiReport.from_dict(report.as_dict()) == report


def test_what_was_cleaned_exposes_nothing_that_identifies(crowded_clean):
    report = examine_bytes(crowded_clean.data)
    assert report.deidentified
    assert set(report.kinds) <= {"characteristic", "device", "uid"}
    assert not report.identifies


def test_items_are_looked_into(tmp_path):
    item = pydicom.Dataset()
    item.add_new(0x00111001, "LO", "x")
    item.ReferencedSOPInstanceUID = "1.2.3"
    path = write_dicom(tmp_path / "a.dcm", PIXELS, ReferencedImageSequence=[item], BurnedInAnnotation="YES")
    report = examine_bytes(path.read_bytes())
    assert Exposure("(0008,1140)/(0011,1001)", "", "private", "X") in report.exposures
    assert Exposure("(0008,1140)/(0008,1155)", "ReferencedSOPInstanceUID", "uid", "U") in report.exposures
    assert report.burned_in == "YES"
    assert "burned-in" in report.kinds


def test_a_bare_header_exposes_nothing():
    dataset = pydicom.Dataset()
    dataset.SOPClassUID, dataset.Modality, dataset.Rows = "1.2.840.10008.5.1.4.1.1.2", "CT", 8
    dataset.PatientName = dataset.PatientID = ""
    assert examine_header(dataset) == []


def test_pictures_and_counts():
    reports = [examine_bytes(data) for _, data in CASES.values()]
    counts = summarise(reports)
    assert counts["exif"] == 6
    assert counts["trailer"] >= 6
    assert summarise([PhiReport("PNG")]) == {}


def test_a_child_examines_and_outlives_bad_files(tmp_path):
    path = crowded_file(tmp_path / "a.dcm", PIXELS, every=False)
    (tmp_path / "a.txt").write_text("Karny")
    (tmp_path / "cut.dcm").write_bytes(path.read_bytes()[:5000])
    with Cleaner() as cleaner:
        assert cleaner.examine(path) == examine_bytes(path.read_bytes())
        for name, code in (("a.txt", "not-an-image"), ("none", "unreadable")):
            with pytest.raises(ImageRejected) as caught:
                cleaner.examine(tmp_path / name)
            assert caught.value.code == code
        assert "name" in cleaner.examine(tmp_path / "cut.dcm").kinds  # a header that breaks off still exposes
        assert cleaner.examine(path).identifies
    assert examine_file(path).format == "DICOM"


def test_a_report_is_small_enough_for_the_wire(exposed):
    assert len(exposed.exposures) > 1000
    assert len(json.dumps(exposed.as_dict())) < 1 << 20
