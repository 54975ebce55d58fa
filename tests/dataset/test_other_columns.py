"""Names of columns: traits and sources are told from what says whose picture it is."""

import pytest

from wetread.dataset.other_columns import tells_source, tells_trait, tells_who


@pytest.mark.parametrize("name", ["sex", "Patient Age", "BMI", "ethnicity"])
def test_traits(name):
    assert tells_trait(name) and not tells_source(name) and not tells_who(name)


@pytest.mark.parametrize("name", ["hospital", "Site ID", "scanner_id", "ManufacturerModelName", "View Position"])
def test_sources_are_no_identifiers_whatever_is_in_their_names(name):
    assert tells_source(name) and not tells_trait(name) and not tells_who(name)


@pytest.mark.parametrize(
    "name",
    ["PatientName", "birth_date", "MRN", "StudyInstanceUID", "case", "reader", "fold", "mask_effusion", "initials"],
)
def test_names_that_say_whose_picture_it_is_or_when_or_what_is_on_it(name):
    assert tells_who(name) and not tells_trait(name) and not tells_source(name)


@pytest.mark.parametrize("name", ["stage", "side", "tumour size", "quality"])
def test_all_others_are_none_of_these(name):
    assert not tells_who(name) and not tells_trait(name) and not tells_source(name)
