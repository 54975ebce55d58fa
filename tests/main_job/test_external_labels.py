"""Names of a data set from elsewhere, in the model's words."""

import pytest

from wetread.errors import InputError
from wetread.main_job.external_labels import _translate

OURS = ("effusion", "no_effusion")


@pytest.mark.parametrize("theirs", ["Free Fluid", "free fluid", "free-fluid", "FREE_FLUID", "freefluid"])
@pytest.mark.parametrize("known", ["effusion", "Effusion"])
def test_case_spaces_hyphens_and_underscores_do_not_count_in_what_is_said(theirs, known):
    found = _translate(["Free Fluid", "clear"], OURS, {theirs: known, "Clear": "No Effusion"})
    assert found == {"Free Fluid": "effusion", "clear": "no_effusion"}


def test_a_name_written_just_so_is_meant_alone():
    here = ["Fluid", "fluid"]
    assert _translate(here, OURS, {"fluid": "effusion"}) == {"fluid": "effusion"}
    assert _translate(here, OURS, {"FLUID": "effusion"}) == {"Fluid": "effusion", "fluid": "effusion"}


@pytest.mark.parametrize(
    ("names", "said"),
    [
        ({"healthy": "effusion"}, 'There is no "healthy" in the data set; there are: clear, fluid.'),
        ({"clear": "no pneumonia"}, 'The model does not know "no pneumonia"; it knows: effusion, no_effusion.'),
    ],
)
def test_a_name_that_is_nowhere_is_quoted(names, said):
    with pytest.raises(InputError) as caught:
        _translate(["clear", "fluid"], OURS, names)
    assert caught.value.message == said and "--map" in caught.value.remedy
