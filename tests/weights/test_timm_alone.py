"""timm comes without the compiler of torch, works, and leaves nothing behind."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

import wetread

pytest.importorskip("timm", reason="timm is not installed")

LOOK = """
import sys
from wetread.weights.timm_alone import load_timm
timm = load_timm()
assert load_timm() is timm
print("torch._dynamo" in sys.modules)
import torch
torch.manual_seed(0)
network = timm.create_model("mobilenetv2_035", pretrained=False, num_classes=3).eval()
print(network(torch.ones(1, 3, 64, 64)).sum().item())
print(timm.layers.create_feature_extractor is not None, "torch._dynamo" in sys.modules)
import torch._dynamo
from torch._dynamo.utils import is_compile_supported
print(torch._dynamo.__file__ is not None, torch._dynamo.is_compiling(), is_compile_supported.__module__)
"""

PLAIN = """
import timm, torch
torch.manual_seed(0)
network = timm.create_model("mobilenetv2_035", pretrained=False, num_classes=3).eval()
print(network(torch.ones(1, 3, 64, 64)).sum().item())
"""

WANTS_MORE = """
import sys
from wetread.weights import timm_alone
def refuse(self, name):
    raise TypeError(name)
timm_alone._Stand.__getattr__ = refuse
timm = timm_alone.load_timm()
print("torch._dynamo" in sys.modules, timm.is_model("resnet18"), sys.modules["torch._dynamo"].__file__ is not None)
"""


def say(code):
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=400)
    assert done.returncode == 0, done.stderr[-2000:]
    return done.stdout.split("\n")


def test_it_works_as_ever_and_the_compiler_can_come_later():
    compiled, logit, extractor, later, _ = say(LOOK)
    assert compiled == "False"
    assert float(logit) == pytest.approx(float(say(PLAIN)[0]), abs=1e-6)
    assert extractor == "True False"
    assert later == "True False torch._dynamo.utils"


def test_a_version_that_wants_more_of_the_compiler_gets_all_of_it():
    assert say(WANTS_MORE)[0] == "True True True"


def test_timm_is_imported_in_one_place_only():
    root = Path(wetread.__file__).parent
    importing = {
        path.name
        for path in root.rglob("*.py")
        if "texts" not in path.parts and re.search(r"^\s*(import timm\b|from timm\b)", path.read_text("utf-8"), re.M)
    }
    assert importing == set()
