"""What may be said about a DICOM file: how it was made, never whose it is."""

import json

import numpy as np
from fake.dicoms import write_dicom
from pydicom import dcmread

from wetread.images.dicom_facts import harmless_word
from wetread.images.facts import ImageFacts
from wetread.images.read import decode_image

ARRAY = np.arange(6, dtype=np.uint8).reshape(2, 3)


def facts(tmp_path, **options):
    return decode_image(write_dicom(tmp_path / "a", ARRAY, **options)).facts


def test_header_says_how_the_picture_was_made(tmp_path):
    got = facts(
        tmp_path,
        modality="CR",
        Manufacturer="SIEMENS Healthineers",
        ViewPosition="PA",
        KVP=120,
        PixelSpacing=[0.5, 0.25],
    )
    assert got.modality == "CR" and got.photometric == "MONOCHROME2" and got.transfer_syntax == "1.2.840.10008.1.2.1"
    assert got.header["Manufacturer"] == "Siemens" and got.header["ViewPosition"] == "PA"
    assert got.header["KVP"] == 120 and got.header["PixelSpacing"] == [0.5, 0.25]
    assert (got.header["Rows"], got.header["Columns"], got.header["BitsStored"]) == (2, 3, 8)


def test_unknown_makers_and_models_are_told_apart_without_being_named(tmp_path):
    headers = [
        facts(tmp_path, Manufacturer=maker, ManufacturerModelName=model).header
        for maker, model in (("ACME", "Karny"), ("ACME", "Karny"), ("Other", "Optima XR200"))
    ]
    assert headers[0]["Manufacturer"] == headers[1]["Manufacturer"] != headers[2]["Manufacturer"]
    assert headers[0]["ManufacturerModelName"].startswith("other ") and "Karny" not in str(headers)
    assert headers[2]["ManufacturerModelName"] == "Optima XR200"


def test_facts_survive_json(tmp_path):
    got = facts(tmp_path, Manufacturer="ACME")
    assert ImageFacts.from_dict(json.loads(json.dumps(got.as_dict()))) == got


def test_no_canary_leaves_the_file(tmp_path):
    got = facts(
        tmp_path,
        patient_id="CANARY-1",
        patient_name="Canary^Two",
        birth_date="19510203",
        Manufacturer="Canary^Three",
        ManufacturerModelName="19510203",
        StationName="CANARY4",
        InstitutionName="Canary Five",
        StudyDescription="Canary six",
        ImageComments="canary seven",
        AccessionNumber="CANARY8",
        StudyDate="19510203",
        BodyPartExamined="CHEST\nCANARY",
    )
    text = json.dumps(got.as_dict()).lower()
    assert "canary" not in text and "19510203" not in text and "1.2.3.4" not in text


def test_patient_key_groups_files_of_one_patient(tmp_path):
    one = facts(tmp_path, patient_id="4711").patient_key
    assert one == facts(tmp_path, patient_id=" 4711 ", patient_name="Other^Name").patient_key
    assert one != facts(tmp_path, patient_id="4712").patient_key
    assert len(one) == 16 and "4711" not in one


def test_patient_key_without_an_identifier(tmp_path):
    named = facts(tmp_path, patient_id="", patient_name="Doe^Jane", birth_date="19600101").patient_key
    assert named == facts(tmp_path, patient_id="", patient_name="DOE^JANE^^", birth_date="19600101").patient_key
    assert named != facts(tmp_path, patient_id="", patient_name="Doe^Jane", birth_date="19600102").patient_key
    assert facts(tmp_path, patient_id="", patient_name="Doe^Jane", birth_date="").patient_key is None
    assert facts(tmp_path, patient_id="", patient_name="", birth_date="").patient_key is None


def test_a_word_that_may_leave_the_file(tmp_path):
    path = write_dicom(tmp_path / "a", ARRAY, BodyPartExamined="Chest", ViewPosition="Doe^Jane", Manufacturer="")
    dataset = dcmread(path)
    words = [harmless_word(dataset, name) for name in ("BodyPartExamined", "ViewPosition", "Manufacturer", "KVP")]
    assert words == ["Chest", None, None, None]
