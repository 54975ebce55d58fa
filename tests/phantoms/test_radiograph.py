"""The files against an independent checker of the standard, where one is installed."""

from __future__ import annotations

import shutil
import subprocess

import numpy as np
import pytest

from wetread.phantoms.radiograph import Caption, dicom_bytes

CHECKER = shutil.which("dciodvfy")
CAPTIONS = {
    "chest": Caption(1, 2, 3, "F", 45, 0.12, False),
    "inverted": Caption(1, 2, 3, "M", 45, 0.12, True, model="Phantom A", collection="findings"),
    "no region": Caption(1, 2, 3, "F", 45, 0.12, False, region="", view="", collection="regions"),
}


@pytest.mark.skipif(CHECKER is None, reason="dciodvfy (dicom3tools) is not installed")
@pytest.mark.parametrize("kind", CAPTIONS)
def test_conforms_to_the_standard(kind, tmp_path):
    path = tmp_path / "image.dcm"
    path.write_bytes(dicom_bytes(np.linspace(0, 1, 64 * 64, dtype=np.float32).reshape(64, 64), CAPTIONS[kind]))
    done = subprocess.run([CHECKER, str(path)], capture_output=True, text=True, check=False)
    said = done.stdout + done.stderr
    assert "CRImage" in said
    assert not [line for line in said.splitlines() if line.startswith(("Error", "Abort"))]


def test_collections_never_share_identifiers():
    uids = {caption.uid(kind) for caption in CAPTIONS.values() for kind in ("image", "series", "study")}
    assert len(uids) == 9
