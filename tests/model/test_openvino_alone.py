"""Nothing that wetread loads reports to anybody."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

import wetread

openvino = pytest.importorskip("openvino", reason="OpenVINO is not installed")

WATCHED = """
import socket, sys
def refuse(*args, **kwargs):
    raise AssertionError("something wants to reach the internet")
socket.socket.connect = socket.socket.connect_ex = socket.getaddrinfo = refuse
from wetread.model.openvino_alone import load_openvino
load_openvino()
import openvino.tools.ovc
import time; time.sleep(1)
print([name for name in sys.modules if name.startswith("openvino_telemetry") and sys.modules[name] is not None])
"""


def test_openvino_reports_nothing(tmp_path):
    """It would leave an identifier in the home folder, and open a connection in the background."""
    done = subprocess.run(
        [sys.executable, "-c", WATCHED], capture_output=True, text=True, env={**os.environ, "HOME": str(tmp_path)}
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip() == "[]"
    assert "AssertionError" not in done.stderr
    assert list(tmp_path.rglob("*ga_cid*")) == []


LATER = """
import sys
from wetread.model.openvino_alone import load_openvino
openvino = load_openvino()
print("openvino.tools.ovc" in sys.modules)
try:
    openvino.convert_model("no such file.onnx")
except Exception as error:
    print(type(error).__module__.partition(".")[0], "openvino.tools.ovc" in sys.modules)
import openvino.tools.ovc
print(callable(openvino.tools.ovc.convert_model))
"""


def test_the_converter_of_other_formats_comes_when_it_is_called():
    done = subprocess.run([sys.executable, "-c", LATER], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert done.stdout.split("\n")[:3] == ["False", "openvino True", "True"]


def test_openvino_is_imported_in_one_place_only():
    root = Path(wetread.__file__).parent
    found = [
        str(path.relative_to(root))
        for path in root.rglob("*.py")
        if re.search(r"^\s*(import openvino|from openvino)", path.read_text(), re.M)
    ]
    assert found == ["model/openvino_alone.py"]
