"""The reported intervals hold the truth as often as they say: ``bench/coverage.py`` with few studies, seeds fixed.

The whole table is in docs/intervals.md. With 400 studies the share itself is known to about 0.02.
"""

import importlib.util
import sys
from dataclasses import replace
from functools import partial
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


@pytest.mark.parametrize(
    ("patients", "common", "area", "most"),
    [(20, 0.5, 0.7, 1), (50, 0.5, 0.85, 4), (100, 0.1, 0.7, 4), (200, 0.5, 0.85, 1)],
)
def test_average_precision_covers_and_a_formula_by_image_does_not(bench, patients, common, area, most):
    cell = replace(
        next(bench.ranked_cells()),
        name=f"{patients} {common} {area} {most}",
        truth=bench.precision_truth(common, area),
        make=partial(bench.ranked, patients=patients, common=common, area=area, most=most),
        drawn={},
    )
    by_image = {"by image": lambda study: bench.PRECISION["reported"]((*study[:2], range(len(study[0]))))}
    found = bench.cover(replace(cell, closed=cell.closed | by_image), 400, 400)
    assert 0.91 <= found["reported"]["covered"] <= 0.985
    assert most == 1 or found["by image"]["covered"] < 0.91


@pytest.mark.parametrize("mean", ["classes", "findings"])
def test_a_mean_average_precision_covers(bench, mean):
    make, statistic = {
        "classes": (
            partial(bench.classes_by_chance, patients=75, shares=(1 / 3,) * 3, apart=1.5, most=4),
            bench.mean_precision,
        ),
        "findings": (partial(bench.several_findings, patients=100, most=4), bench.mean_precision_of_findings),
    }[mean]
    truths = bench.mean_truths((1 / 3,) * 3, 1.5) if mean == "classes" else bench.mean_truths()
    cell = bench.Cell(f"mean of {mean}", truths[bench.PRECISION_NAME], make, {"reported": statistic})
    assert 0.9 <= bench.cover(cell, 250, 250)["reported"]["covered"] <= 0.985


@pytest.mark.parametrize(
    ("kind", "name", "settings"),
    [
        ("classes", "macro F1", (75, (1 / 3,) * 3, 1.5, 4)),
        ("findings", "share of right decisions", (100, 4)),
        ("benefit", "1", (200, 0.15, 1)),
    ],
)
def test_drawn_means_and_net_benefit_cover(bench, monkeypatch, kind, name, settings):
    monkeypatch.setattr(bench, "RESAMPLES", 300)
    truth = {
        "classes": lambda: bench.mean_truths(settings[1], settings[2])[name],
        "findings": lambda: bench.mean_truths()[name],
        "benefit": lambda: bench.benefit_truth(settings[1], bench.ACT_FROM[1])[0],
    }[kind]()
    cell = bench.cell_of_many(f"{kind} {name}", truth, name, kind, settings)
    assert 0.9 <= bench.cover(cell, 250, 250)["reported"]["covered"] <= 0.985


def test_the_gain_over_everybody_is_not_promised_where_nobody_happened_to_be_missed(bench, monkeypatch):
    monkeypatch.setattr(bench, "RESAMPLES", 200)
    cell = next(cell for cell in bench.benefit_cells() if cell.name.startswith("gain"))
    found = bench.cover(cell, 200, 200)
    assert found["reported"]["too_high"] < 0.05 < 0.15 < found["BCa of patients"]["too_high"]


def test_no_resamples_hold_the_calibration_error_of_a_calibrated_model(bench, monkeypatch):
    """Why it is shown without an interval, beside the error that luck alone would make."""
    monkeypatch.setattr(bench, "RESAMPLES", 200)
    cell = next(bench.error_cells())
    assert cell.truth < 1e-9
    assert bench.cover(cell, 40, 40)["BCa of patients"]["covered"] == 0


@pytest.mark.parametrize("most", [1, 4])
def test_the_average_of_readers_covers_and_readings_are_no_cases(bench, most):
    make = partial(bench.readings, patients=25, shares=(0.8, 0.85, 0.9), most=most, unread=0.3)
    found = bench.cover(bench.Cell(f"readers {most}", 0.85, make, bench.READERS), 400, 400)
    assert 0.92 <= found["reported"]["covered"] <= 0.985
    assert found["Wilson, every reading a case"]["covered"] < 0.93


def test_the_range_of_a_conformal_promise_is_that_of_calibrations(bench):
    by_patient, by_image = bench.promise_cells(), []
    for cell in by_patient:
        found = bench.cover(cell, 400, 400)
        assert 0.86 <= found["reported"]["covered"] <= 0.99
        if cell.name.endswith("1 to 4"):
            by_image.append(found["by image"]["covered"])
    assert max(by_image) < 0.86


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


def test_the_truth_of_new_studies_is_that_of_a_large_one(bench):
    random = bench.np.random.default_rng(1)
    y, s, _ = bench.ranked(random, 100_000, 0.15, 0.85, 1, 1.5)
    assert bench.precision_truth(0.15, 0.85, 1.5) == pytest.approx(
        bench.discrimination.average_precision(y, s), abs=0.012
    )
    y, s, _ = bench.coarse(bench.ranked(random, 100_000, 0.15, 0.85, 1))
    five = bench.precision_truth(0.15, 0.85, five=True)
    assert five == pytest.approx(bench.discrimination.average_precision(y, s), abs=0.012)
    y, p, _ = bench.too_sure(random, 100_000, 0.15, 1, 2.0)
    error = bench.error_statistic(y, p)(bench.np.ones((1, len(y))))[0]
    assert bench.error_truth(0.15, 2.0) == pytest.approx(error, abs=0.004)
    y, p, _ = bench.population(random, 100_000, 0.15, 1)
    one = bench.np.ones((1, len(y)))
    gains = bench.gain_over_everybody(y, p, bench.ACT_FROM, bench.np.arange(len(y)))
    for name, statistic in bench.benefit_statistics((y, p, None)).items():
        benefit, gain = bench.benefit_truth(0.15, bench.ACT_FROM[int(name)])
        assert benefit == pytest.approx(float(statistic(one)[0]), abs=0.006)
        assert gain == pytest.approx(gains[int(name)].value, abs=0.02)


def test_the_truth_of_a_simulated_study_is_what_it_says(bench):
    random = bench.np.random.default_rng(0)
    y, s, _ = bench.five_points(random, (20_000, 20_000), 0.85, 1)
    assert bench.auroc(y, s) == pytest.approx(bench.area_of_five_points(0.85), abs=0.006)
    y, s, patient = bench.binormal(random, (9000, 9000), 0.85, 4, wide=1.5)
    assert bench.auroc(y, s) == pytest.approx(0.85, abs=0.01)
    assert len(set(patient.tolist())) == 18_000
