"""A GPU is held to float32 and to ways that repeat before its first work; a processor is left alone."""

import os
import warnings

import pytest
import torch
from training.small_fit import SETTINGS

from wetread.model import embedder
from wetread.model.exactness import INEXACT, compute_exactly, hear_of_inexact
from wetread.training import fit as fit_module
from wetread.training import pace
from wetread.training.fingerprint import KnownWeights

#: As torch words it where an operation has no way that repeats.
WARNING = (
    "upsample_bicubic2d_backward_out_cuda does not have a deterministic implementation, but you set "
    "'torch.use_deterministic_algorithms(True, warn_only=True)'."
)


def settings():
    return (
        torch.backends.cudnn.allow_tf32,
        torch.backends.cuda.matmul.allow_tf32,
        torch.backends.cudnn.deterministic,
        torch.backends.cudnn.benchmark,
        torch.get_deterministic_debug_mode(),
        os.environ.get("CUBLAS_WORKSPACE_CONFIG"),
    )


@pytest.fixture
def as_torch_comes(monkeypatch):
    """The settings of torch when it is loaded, and after the test."""
    monkeypatch.delenv("CUBLAS_WORKSPACE_CONFIG", raising=False)
    with warnings.catch_warnings():
        put_back()
        yield
        put_back()


def put_back():
    torch.backends.cuda.matmul.allow_tf32, torch.backends.cudnn.allow_tf32 = False, True
    torch.backends.cudnn.deterministic, torch.backends.cudnn.benchmark = False, False
    torch.set_deterministic_debug_mode("default")
    os.environ.pop("CUBLAS_WORKSPACE_CONFIG", None)


def test_a_gpu_computes_in_float32_and_repeats(as_torch_comes):
    torch.backends.cuda.matmul.allow_tf32 = torch.backends.cudnn.benchmark = True
    compute_exactly("cuda:1")
    assert settings() == (False, False, True, False, 1, ":4096:8")


def test_what_somebody_said_of_cublas_stays(as_torch_comes, monkeypatch):
    monkeypatch.setenv("CUBLAS_WORKSPACE_CONFIG", ":16:8")
    compute_exactly("cuda")
    assert os.environ["CUBLAS_WORKSPACE_CONFIG"] == ":16:8"


def test_a_processor_is_left_alone(as_torch_comes):
    before = settings()
    compute_exactly("cpu")
    assert settings() == before


def test_all_that_gives_work_to_a_gpu_asks_for_it_first(monkeypatch):
    """Where the network would be moved there, which a machine without one refuses, all is set."""
    asked = []

    def stop(device):
        asked.append(device)
        raise InterruptedError

    for module in (embedder, fit_module, pace):
        monkeypatch.setattr(module, "compute_exactly", stop)
    weights = KnownWeights("any", "small", 32, 1, 1.0)
    for work in (
        lambda: embedder.TorchEngine(None, "cuda:0"),
        lambda: fit_module.Fit(torch.nn.Linear(1, 1), (None, None), None, SETTINGS, 0, None, None, (), print),
        lambda: pace.images_per_second(weights, "cuda:0"),
    ):
        with pytest.raises(InterruptedError):
            work()
    assert asked == ["cuda:0", "cpu", "cuda:0"]


def test_what_does_not_repeat_is_told_once_and_other_warnings_pass(as_torch_comes):
    told = []
    with warnings.catch_warnings(record=True) as passed:
        warnings.simplefilter("always")
        compute_exactly("cuda:0")
        with hear_of_inexact("cuda:0", told.append):
            for _ in range(2):
                warnings.warn(WARNING, stacklevel=1)
            warnings.warn("of another kind", stacklevel=1)
        warnings.warn(WARNING, stacklevel=1)  # outside of training nobody is there to be told
    assert told == [INEXACT]
    assert [str(one.message) for one in passed] == ["of another kind"]
