"""Sentences about one file or image are about one."""

import pytest
from checks.audits import audit, clean_rows

from wetread.checks import wr201_few_cases
from wetread.dataset.choose_view import choose_view
from wetread.images.facts import Survey


@pytest.mark.parametrize(
    ("files", "told"), [(1, "the one file of more than 8 bits does not say"), (2, "none of the 2")]
)
def test_files_without_a_window(files, told):
    surveys = [Survey("PNG", bits=16)] * files
    assert choose_view(surveys, None, "middle")[1].startswith(told)


def test_one_patient():
    found = wr201_few_cases.check(audit([*clean_rows(), *clean_rows(1, ("rare",))]))
    assert "has only 1 patient." in found.sentence
