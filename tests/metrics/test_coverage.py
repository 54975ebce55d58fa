"""The reported intervals hold the truth as often as they say: ``bench/coverage.py`` with few studies, seeds fixed.

The whole table is in docs/intervals.md. With 400 studies the share itself is known to about 0.02.
"""

import importlib.util
import sys
from dataclasses import replace
from pathlib import Path

import pytest

BENCH = Path(__file__).parents[2] / "bench" / "coverage.py"


@pytest.fixture(scope="module")
def bench():
    spec = importlib.util.spec_from_file_location("bench_coverage", BENCH)
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module  # its dataclass looks itself up
    spec.loader.exec_module(module)
    yield module
    del sys.modules[spec.name]


@pytest.fixture(scope="module")
def cells(bench):
    return {cell.name: replace(cell, drawn={}) for cell in bench.cells()}


@pytest.mark.parametrize(
    ("name", "naive"),
    [
        ("AUROC | 10 + 10 | 0.85 | 1", "DeLong, plain, by image"),
        ("AUROC | 10 + 90 | 0.95 | 1", "DeLong, plain, by image"),
        ("AUROC | 25 + 25 | 0.85 | 1 to 4", "DeLong, logit scale, by image"),
        ("proportion | 25 | 0.85 | 1 to 4", "Wilson, by image"),
    ],
)
def test_reported_intervals_cover_and_naive_ones_do_not(bench, cells, name, naive):
    found = bench.cover(cells[name], 400, 400)
    assert 0.92 <= found["reported"]["covered"] <= 0.98
    assert found[naive]["covered"] < 0.91


def test_the_mean_over_classes_covers(bench, cells):
    name = next(name for name in cells if name.startswith("mean AUROC") and name.endswith("1 to 4"))
    found = bench.cover(cells[name], 300, 300)
    assert 0.91 <= found["reported"]["covered"] <= 0.985


def test_the_interval_of_a_procedure_covers_and_folds_are_not_independent(bench, cells):
    name = next(name for name in cells if name.startswith("AUROC of a procedure"))
    found = bench.cover(cells[name], 120, 120)
    assert found["reported"]["covered"] > 0.88
    assert found["t, folds as independent"]["covered"] < 0.7


def test_the_truth_of_a_simulated_study_is_what_it_says(bench):
    random = bench.np.random.default_rng(0)
    y, s, _ = bench.five_points(random, (20_000, 20_000), 0.85, 1)
    assert bench.auroc(y, s) == pytest.approx(bench.area_of_five_points(0.85), abs=0.006)
    y, s, patient = bench.binormal(random, (9000, 9000), 0.85, 4, wide=1.5)
    assert bench.auroc(y, s) == pytest.approx(0.85, abs=0.01)
    assert len(set(patient.tolist())) == 18_000
