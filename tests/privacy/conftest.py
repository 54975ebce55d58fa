"""The file in which everything is planted, and what is left of it; made once, since cleaning it takes seconds."""

import numpy as np
import pytest

from tests.privacy.canaries import crowded_file
from wetread.privacy.dicom_output import deidentify_dicom
from wetread.privacy.options import Options
from wetread.privacy.pseudonyms import Pseudonyms

PIXELS = np.arange(64, dtype=np.uint16).reshape(8, 8) * 60
SECRET = Pseudonyms(bytes(range(32)))


def clean(path, options=None, pseudonyms=SECRET):
    with open(path, "rb") as handle:
        return deidentify_dicom(handle, pseudonyms, options or Options())


@pytest.fixture(scope="session")
def crowded(tmp_path_factory):
    return crowded_file(tmp_path_factory.mktemp("crowded") / "a.dcm", PIXELS)


@pytest.fixture(scope="session")
def crowded_clean(crowded):
    return clean(crowded)
