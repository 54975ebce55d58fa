"""One view for a whole data set, chosen from headers by rules that can be read here."""

import pytest

from wetread.dataset.choose_view import choose_view
from wetread.errors import InputError
from wetread.images.facts import Survey
from wetread.images.view import View, Window

PNG = Survey("PNG")
DEEP_PNG = Survey("PNG", bits=16)
RGB = Survey("JPEG", grey=False)


def dicom(modality="CR", *windows, **fields):
    usual = {"bits": 12, "modality": modality, "windows": windows, "physical": modality == "CT"}
    return Survey("DICOM", **{**usual, **fields})


def chosen(*surveys, asked=None, frame="middle"):
    return choose_view(surveys, asked, frame)[0]


def test_plain_pictures_are_shown_as_stored():
    assert chosen(PNG, RGB) == View()
    assert chosen() == View()


def test_windows_of_the_files_hold_where_every_file_has_one():
    assert chosen(dicom("CR", (2048, 4096)), dicom("CR", (1000, 2000)), dicom("DX", table=True)) == View()


@pytest.mark.parametrize(
    "files", [(PNG, RGB), (dicom("MR"),), (dicom("CT", (40.5, 80)),) * 20, (dicom("CT", body_part="HEAD"),) * 2]
)
def test_a_view_that_would_be_chosen_anyway_keeps_its_reason_and_another_one_is_asked_for(files):
    view, reason = choose_view(files, None, "middle")
    assert choose_view(files, str(view), "middle") == (view, reason)
    assert choose_view(files, "full", "middle")[1] == "asked for"


def test_files_without_a_window_are_stretched_all_alike():
    assert chosen(dicom(), dicom()).mode == "percentiles"
    assert chosen(DEEP_PNG, DEEP_PNG).mode == "percentiles"


def test_a_set_half_of_whose_files_have_windows_is_not_shown_in_two_ways():
    view, reason = choose_view([dicom("CR", (2048, 4096)), dicom("CR")], None, "middle")
    assert view.mode == "percentiles"
    assert "1 of 2" in reason


def test_magnetic_resonance_has_no_unit():
    assert chosen(dicom("MR", (500, 1000)), dicom("MR", (300, 700))).mode == "percentiles"


def test_computed_tomography_takes_the_window_of_nearly_all_files():
    files = [dicom("CT", (40, 80), (600, 2800))] * 19 + [dicom("CT", (50, 350))]
    assert chosen(*files) == View("window", (Window("", 40, 80),))


@pytest.mark.parametrize(
    ("part", "window"), [("HEAD", "brain"), ("CHEST", "mediastinum"), ("PELVIS", "abdomen"), (None, "abdomen")]
)
def test_computed_tomography_without_agreement_goes_by_the_body_part(part, window):
    files = [dicom("CT", (40, 80), body_part=part), dicom("CT", (40, 400), body_part=part), dicom("CT", body_part=part)]
    assert str(chosen(*files)) == window


def test_computed_tomography_without_a_rescale_has_no_hounsfield_units():
    assert chosen(dicom("CT", physical=False), dicom("CT", physical=False)).mode == "percentiles"


def test_what_is_asked_for_is_done():
    assert str(chosen(dicom("CT"), asked="brain+bone", frame="all")) == "brain+bone"
    assert chosen(dicom("CT"), asked="brain", frame="3").frame == "3"
    assert str(chosen(DEEP_PNG, asked="full")) == "full"


def test_a_window_needs_values_to_be_applied_to():
    with pytest.raises(InputError, match="256 grey values"):
        chosen(PNG, RGB, asked="brain")
    assert str(chosen(PNG, asked="percentiles")) == "percentiles"
