"""Closed lists let codes through and names not."""

import pytest

from wetread.privacy import kept


@pytest.mark.parametrize(
    "code", ["ORIGINAL", "SCREEN SAVE", "T2_STAR", "CHEST", "YBR_FULL_422", "A", "LPH", "NONE", "0001"]
)
def test_known_codes(code):
    assert kept.is_known_code(code)


@pytest.mark.parametrize(
    "code", ["SMITH", "JOHN_SMITH", "19230417", "MÜLLER", "Chest", "ORIGINAL^JOHN", "DR SMITH", "47110815"]
)
def test_names_and_numbers_are_no_codes(code):
    assert not kept.is_known_code(code)


def test_numbers_that_could_be_identifiers_are_none():
    assert all(kept.is_plain_number("SeriesNumber", text) for text in ("1", "-3.5", "1e-3", "1234567", " 12 "))
    assert not any(kept.is_plain_number("SeriesNumber", text) for text in ("19230417", "Karny", "", "1\\2", "nan"))
    assert kept.is_plain_number("RadionuclideTotalDose", "370000000")


def test_makers_are_written_anew():
    assert kept.keep_text("Manufacturer", "SIEMENS, owned by Karny") == "Siemens"
    assert kept.keep_text("Manufacturer", "GE MEDICAL SYSTEMS") == "GE"
    assert kept.keep_text("Manufacturer", "Dr. Karny") is None
    assert kept.keep_text("Manufacturer", "George") is None


def test_kernels_and_units():
    assert kept.keep_text("ConvolutionKernel", "B30f") == "B30f"
    assert kept.keep_text("ConvolutionKernel", "Karny") is None
    assert kept.keep_text("RescaleType", "HU") == "HU"
    assert kept.keep_text("PatientComments", "HU") is None


def test_codes_are_looked_up_and_their_meaning_is_that_of_the_dictionary():
    assert kept.known_meaning("DCM", "113100") == "Basic Application Confidentiality Profile"
    assert kept.known_meaning("SRT", "T-D3000") == kept.known_meaning("SCT", "51185008")
    assert kept.known_meaning("DCM", "Karny") is None
    assert kept.known_meaning("99KARNY", "1") is None


def test_only_registered_uids_are_known():
    assert kept.is_known_uid("1.2.840.10008.1.2.1")
    assert not kept.is_known_uid("1.2.840.10008.99887766")
