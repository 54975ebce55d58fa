"""The verbs of wetread on files full of names: what they write, print and cache holds none of them.

The names of files and folders are no secret here: whoever runs wetread chose them, and the outputs name images by them.
"""

import contextlib
import io

import numpy as np
import pytest
from pydicom.datadict import dictionary_VR, tag_for_keyword

import wetread
from tests.fake.dicoms import write_dicom
from tests.privacy.canaries import DATE, MARKS, NAME, PIXELS, TIME, UID, crowded_file, element, occurrences
from wetread.errors import WetreadError
from wetread.images.dicom_facts import HARMLESS
from wetread.images.read import decode_image

#: Everything about a person or a place that a header usually holds.
HEADER = {
    "StudyDate": DATE, "SeriesDate": DATE, "StudyTime": TIME, "AcquisitionDateTime": DATE + TIME,
    "StudyInstanceUID": f"1.2.{UID}.1", "SeriesInstanceUID": f"1.2.{UID}.2", "FrameOfReferenceUID": f"1.2.{UID}.3",
    "AccessionNumber": f"{NAME}-A1", "InstitutionName": f"{NAME} Clinic", "InstitutionAddress": f"{NAME} Street 1",
    "ReferringPhysicianName": f"{NAME}^Ref", "OperatorsName": f"{NAME}^Op", "StationName": f"{NAME}-1",
    "StudyDescription": f"{NAME} study", "SeriesDescription": f"{NAME} series", "ProtocolName": f"{NAME} protocol",
    "PatientAddress": f"{NAME} Lane", "PatientComments": f"{NAME} comment", "OtherPatientIDs": f"{NAME}-2",
    "PatientAge": "104Y", "ImageComments": f"{NAME} image", "StudyID": f"{NAME}7", "DeviceSerialNumber": f"{NAME}-99",
    "Manufacturer": f"{NAME}^Maker", "ManufacturerModelName": f"{NAME}^Model",
}  # fmt: skip
PER_CLASS = 12
PIXEL_ELEMENTS = {tag: element(tag, vr, value) for tag, (vr, value) in PIXELS.items()}


def plant(root):
    """Two classes of 12 images; a crowded one, a cut one and a table of notes beside them."""
    rng = np.random.default_rng(11)
    yy, xx = np.mgrid[:64, :64]
    for number in range(2 * PER_CLASS):
        label = ("bright", "dark")[number % 2]
        picture = rng.normal(600, 60, (64, 64)) + 500 * (number % 2) * (np.hypot(yy - 30, xx - 30) < 12) + 4 * yy
        place = root / label / f"{number:02d}.dcm"
        place.parent.mkdir(parents=True, exist_ok=True)
        write_dicom(
            place, picture.clip(0, 4095).astype(np.uint16), bits_stored=12, patient_id=f"{NAME}-{number // 2}",
            patient_name=f"{NAME}^Anna", birth_date=DATE, modality="DX", SOPInstanceUID=f"1.2.{UID}.9.{number}",
            **HEADER,
        )  # fmt: skip
    # In the elements whose words wetread passes on stand words; names in them are another test.
    crowded = np.arange(64, dtype=np.uint16).reshape(8, 8)
    words = {tag_for_keyword(keyword): b"OTHER" for keyword in HARMLESS}
    more = {tag: element(tag, "CS", word) for tag, word in words.items() if dictionary_VR(tag) in ("CS", "LO", "SH")}
    crowded_file(root / "bright" / "crowded.dcm", crowded, more={**more, **PIXEL_ELEMENTS})
    whole = (root / "dark" / "01.dcm").read_bytes()
    (root / "dark" / "cut.dcm").write_bytes(whole[: len(whole) // 2])
    (root / "dark" / "broken.dcm").write_bytes(whole[:132] + bytes(reversed(whole[132:])))
    return root


@pytest.fixture(scope="module")
def outputs(tmp_path_factory, short_plan):
    """Runs every verb; the folder of all outputs, caches and temporary files, and all that was printed."""
    root = tmp_path_factory.mktemp("leaks")
    data = plant(root / "data")
    place, scratch = root / "out", root / "scratch"
    for folder in (place, scratch):
        folder.mkdir()
    said = io.StringIO()

    def listen(event):
        said.write(repr(event) + "\n")

    with pytest.MonkeyPatch.context() as patch, contextlib.redirect_stdout(said), contextlib.redirect_stderr(said):
        patch.setenv("WETREAD_CACHE", str(place / "cache"))
        patch.setenv("TMPDIR", str(scratch))
        patch.chdir(place)
        said.write(repr(wetread.check(data, out=place / "check", listen=listen)))
        wetread.show(data, out=place / "show.html", listen=listen)
        wetread.show(data, out=place / "show.png", png=True, listen=listen)
        run = wetread.run(data, out=place / "run", plan=short_plan, preset="quick", device="cpu", listen=listen)
        said.write(repr(run) + run._repr_html_())
        said.write(repr(wetread.predict(run.folder, data, out=place / "predicted", listen=listen)))
        wetread.export(data, place / "set.tm", tm=True, listen=listen)
        wetread.write_report(run.folder)
        try:
            wetread.predict(run.folder, data / "dark" / "cut.dcm")
        except WetreadError as error:
            said.write(str(error))
    return root, place, said.getvalue()


def test_the_originals_hold_what_is_searched_for(outputs):
    found = set()
    for path in (outputs[0] / "data").rglob("*.dcm"):
        found |= set(occurrences(path.read_bytes()))
    assert {NAME, UID, DATE, "131415", "104Y"} <= found


def test_every_verb_left_something(outputs):
    _, place, said = outputs
    names = {path.name for path in place.rglob("*") if path.is_file()}
    assert {"report.html", "predictions.csv", "events.jsonl", "images.csv", "show.html", "show.png", "set.tm"} <= names
    assert len(list((place / "cache").rglob("*"))) > 20
    assert "StepFinished" in said


def test_no_output_holds_a_name_a_number_or_a_date(outputs):
    _, place, said = outputs
    leaks = []
    for path in sorted(place.rglob("*")):
        if path.is_file():
            leaks += [(path.relative_to(place).as_posix(), mark) for mark in occurrences(path.read_bytes(), MARKS)]
    leaks += [("printed", mark) for mark in occurrences(said.encode(), MARKS)]
    assert leaks == []


def test_no_temporary_file_stays(outputs):
    assert [path for path in (outputs[0] / "scratch").rglob("*") if path.is_file()] == []


@pytest.mark.parametrize(
    "keyword", ["Modality", "BodyPartExamined", "Manufacturer", "ViewPosition", "ConvolutionKernel"]
)
def test_a_name_typed_into_a_harmless_element_does_not_travel(keyword, tmp_path):
    """Elements whose values wetread passes on. A bare word in them cannot be told from a code, a name with ^ can."""
    name = keyword if keyword != "Modality" else "modality"
    path = write_dicom(tmp_path / "a.dcm", np.zeros((16, 16), np.uint16), **{name: f"{NAME}^Anna"})
    assert occurrences(repr(decode_image(path).facts).encode()) == []


def test_a_bare_name_typed_into_a_code_string_does_not_travel(tmp_path):
    path = write_dicom(tmp_path / "a.dcm", np.zeros((16, 16), np.uint16), modality=NAME.upper(), BodyPartExamined=NAME)
    assert occurrences(repr(decode_image(path).facts).encode()) == []
