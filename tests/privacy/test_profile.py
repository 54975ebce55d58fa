"""Rows of PS3.15 Table E.1-1 that everybody knows by heart, and the shape of the whole."""

from collections import Counter

import pytest
from pydicom.datadict import dictionary_has_tag, dictionary_VR, keyword_for_tag, tag_for_keyword

from wetread.privacy.profile import CHARACTERISTICS, DEVICE, UNSHIFTED, basic_action, rows


@pytest.mark.parametrize(
    ("keyword", "action"),
    [
        ("PatientName", "Z"),
        ("PatientID", "Z/D"),
        ("PatientBirthDate", "Z"),
        ("AccessionNumber", "Z"),
        ("StudyDate", "Z"),
        ("StudyInstanceUID", "U"),
        ("SOPInstanceUID", "U"),
        ("InstitutionName", "X/Z/D"),
        ("SeriesDescription", "X"),
        ("PatientAddress", "X"),
        ("OtherPatientIDs", "X"),
        ("ImageComments", "X"),
        ("IconImageSequence", "X"),
        ("ReferencedImageSequence", "X/Z/U*"),
        ("DeviceSerialNumber", "X/Z/D"),
        ("Rows", None),
        ("Manufacturer", None),
    ],
)
def test_known_rows(keyword, action):
    assert basic_action(tag_for_keyword(keyword)) == action


def test_patterns():
    assert basic_action(0x00091001) == "X"
    assert basic_action(0x50010010) == basic_action(0x50040010) == "X"
    assert basic_action(0x60003000) == basic_action(0x60124000) == "X"
    assert basic_action(0x60000010) is None


def test_the_table_is_whole():
    # 2026c: 655 rows, three of which are patterns.
    assert Counter(rows().values()) == {
        "X": 412, "D": 93, "U": 55, "Z": 42, "X/D": 23, "X/Z": 11, "X/Z/D": 8, "Z/D": 6, "X/Z/U*": 2,
    }  # fmt: skip


def test_every_name_birth_date_and_uid_of_the_dictionary_that_it_names_is_of_the_right_kind():
    for tag, action in rows().items():
        if dictionary_has_tag(tag) and action == "U":
            assert dictionary_VR(tag) == "UI", keyword_for_tag(tag)
    for keyword in UNSHIFTED | DEVICE | CHARACTERISTICS:
        assert basic_action(tag_for_keyword(keyword)) is not None, keyword
