"""What is measured of this machine is asked of the device that will train, and of the weights all that builds them."""

from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
import torch

from wetread.dataset.table import Row, Table
from wetread.training import measure as module
from wetread.training.measure import known_weights, measure


def measured(device):
    rows = [Row(f"{n}.png", f"{n}.png", label="ab"[n % 2], group=str(n)) for n in range(4)]
    return measure(Table(Path(), "folder", rows), rows, ["a", "b"], [], device=device)


@pytest.mark.parametrize(("capability", "expected"), [((7, 5), False), ((9, 0), True)])
def test_bfloat16_is_planned_only_for_a_gpu_that_has_it(monkeypatch, capability, expected):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch.cuda, "get_device_capability", lambda device: capability)
    assert measured("cuda:0").bf16 is expected


def test_the_balance_of_findings_compares_the_two_sides_of_one():
    labels = np.zeros((40, 3), dtype=np.float32)
    labels[:20, 0], labels[:4, 1], labels[:38, 2] = 1, 1, 1  # 20, 4 and 38 of 40
    labels[38:, 1] = np.nan
    rows = [Row(f"{n}.png", f"{n}.png", label="a", group=str(n)) for n in range(40)]
    found = measure(Table(Path(), "folder", rows), rows, ["a", "b", "c"], [], labels=labels)
    assert (found.imbalance, found.smallest_class) == (19.0, 2)  # 38 with the third to 2 without
    del rows[38:]
    found = measure(Table(Path(), "folder", rows), rows, ["a", "b"], [], labels=labels[:38, :2])
    assert found.imbalance == 8.5  # 34 without the second to 4 with it; 20 to 4 would be commonest to rarest


@pytest.mark.parametrize("unit", [True, False])
def test_bfloat16_of_a_processor_is_that_of_its_unit(monkeypatch, unit):
    monkeypatch.setattr("wetread.hardware.has_bf16_unit", lambda: unit)
    assert measured("cpu").bf16 is unit


def test_what_else_shapes_a_network_is_known_with_its_weights(monkeypatch):
    stored = SimpleNamespace(
        name="mine", network="resnet18", side=96, channels=1, size=2_000_000, options={"bn_eps": 1e-3}
    )
    monkeypatch.setattr(module, "list_stored", lambda: [stored])
    (known,) = known_weights()
    assert (known.side, known.options) == (96, {"bn_eps": 1e-3})
