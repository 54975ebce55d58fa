"""What is imported in the background is what is needed, and nothing else."""

import subprocess
import sys
import threading

import pytest

from wetread.main_job.ahead import import_ahead

HEAVY = "print(sorted({'sklearn', 'openvino', 'torch'} & set(sys.modules)))"


def loaded(code, monkeypatch, home):
    """Which heavy packages a process has loaded after some code."""
    monkeypatch.setenv("WETREAD_WEIGHTS", str(home))
    done = subprocess.run([sys.executable, "-c", f"import sys\n{code}\n{HEAVY}"], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def test_a_module_is_there_when_the_thread_has_ended_and_a_missing_one_is_left_to_its_user():
    switching = sys.getswitchinterval()
    thread = import_ahead("there_is_no_such_module", "wave")
    thread.join()
    assert "wave" in sys.modules
    assert sys.getswitchinterval() == pytest.approx(switching)


def test_linear_fits_need_neither_scikit_learn_nor_torch(monkeypatch, tmp_path):
    code = """
import numpy as np
from wetread.dataset.split import group_folds
from wetread.main_job.ahead import NEEDED_BY_FITS, import_ahead
from wetread.metrics.temperature import apply_temperature
from wetread.model.linear import LinearFit
import_ahead(*NEEDED_BY_FITS).join()
labels = np.arange(30) % 3
features = np.random.default_rng(0).normal(size=(30, 40))
for part in group_folds(labels, np.arange(30), 3, 0):
    apply_temperature(LinearFit("classical", features, labels, 3).at(0.1).logits_of_features(features[part]), 1.0)
"""
    assert loaded(code, monkeypatch, tmp_path) == "[]"


def test_openvino_is_loaded_only_where_weights_lie(monkeypatch, tmp_path):
    pytest.importorskip("openvino", reason="OpenVINO is not installed")
    code = "from wetread.main_job.ahead import import_ahead\nimport_ahead('openvino').join()"
    assert loaded(code, monkeypatch, tmp_path) == "[]"
    there = "import wetread.weights.stored as stored\nstored.list_stored = lambda: ['something']\n"
    assert loaded(there + code, monkeypatch, tmp_path) == "['openvino']"


def test_a_module_that_fails_is_left_to_its_user_without_a_word(monkeypatch, tmp_path):
    told = []
    monkeypatch.setattr(threading, "excepthook", told.append)
    (tmp_path / "fails_at_the_end.py").write_text('raise RuntimeError("cannot start threads at interpreter shutdown")')
    monkeypatch.syspath_prepend(tmp_path)
    import_ahead("fails_at_the_end", "wave").join()
    assert told == []
    assert "wave" in sys.modules and "fails_at_the_end" not in sys.modules
