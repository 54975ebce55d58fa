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


@pytest.mark.parametrize(
    ("name", "patients", "common", "most"),
    [("Brier score", 200, 0.15, 1), ("F1", 200, 0.15, 4), ("PPV", 3000, 0.15, 4)],
)
def test_numbers_that_move_with_the_mix_cover_where_it_is_left_to_chance(
    bench, monkeypatch, name, patients, common, most
):
    monkeypatch.setattr(bench, "RESAMPLES", 300)
    cell = bench.mixed_cell(name, patients, common, most, (name,))
    found = bench.cover(cell, 250, 250 if patients < 1000 else 40)
    assert 0.9 <= found["reported"]["covered"] <= 0.985
    held = found["BCa of patients, mix held"]
    assert held["width"] < 0.95 * found["reported"]["width"]
    assert held["covered"] < found["reported"]["covered"] or patients > 1000


@pytest.mark.parametrize("part", ["slope", "intercept"])
def test_the_calibration_line_covers_and_that_of_images_does_not(bench, cells, part):
    found = bench.cover(
        cells[f"calibration {part}, mix left to chance | about 25 + 25 | {int(part == 'slope')} | 1 to 4"], 400, 400
    )
    assert 0.91 <= found["reported"]["covered"] <= 0.98
    assert found["from the likelihood, by image"]["covered"] < 0.88


def test_the_truth_of_numbers_that_move_is_that_of_a_large_study(bench):
    y, p, patient = bench.population(bench.np.random.default_rng(0), 100_000, 0.15, 4)
    one = bench.np.ones((1, len(y)))
    found = {name: float(make(y, p, 0.15)(one)[0]) for name, make in bench.MIXED.items()}
    assert found == pytest.approx(bench.mixed_truth(0.15), abs=0.025)
    assert len(set(patient.tolist())) == 100_000


def test_the_truth_of_a_simulated_study_is_what_it_says(bench):
    random = bench.np.random.default_rng(0)
    y, s, _ = bench.five_points(random, (20_000, 20_000), 0.85, 1)
    assert bench.auroc(y, s) == pytest.approx(bench.area_of_five_points(0.85), abs=0.006)
    y, s, patient = bench.binormal(random, (9000, 9000), 0.85, 4, wide=1.5)
    assert bench.auroc(y, s) == pytest.approx(0.85, abs=0.01)
    assert len(set(patient.tolist())) == 18_000
