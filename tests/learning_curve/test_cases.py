import numpy as np
import pytest
from dataset.rows import row

from wetread.dataset.table import Table
from wetread.learning_curve import cases
from wetread.learning_curve.cases import cases_of, choose_sight
from wetread.run_folder import RunFolder

LINEAR = ("classical", "frozen", "combined", "network")


def numbers(shipped, **areas):
    return {"shipped": shipped, "models": {name: {"auroc": {"value": value}} for name, value in areas.items()}}


@pytest.mark.parametrize(
    ("rungs", "found", "sees"),
    [
        (LINEAR, numbers("frozen", classical=0.9, frozen=0.8), "frozen"),
        (LINEAR, numbers("network", classical=0.8, frozen=0.9, combined=0.85), "frozen"),
        (LINEAR, numbers("ensemble", classical=0.8), "classical"),
        (("network",), numbers("network"), "classical"),
    ],
)
def test_the_head_sees_what_the_model_or_the_best_linear_one_saw(rungs, found, sees):
    assert choose_sight(found, {"rungs": rungs}) == sees


def test_a_run_of_a_head_on_weights_is_looked_through_them():
    plan = {"rungs": ["network"], "tuning": "head", "weights": "teachable-machine"}
    assert choose_sight(numbers("network"), plan) == "frozen"


def test_several_findings_keep_what_is_not_known(tmp_path, monkeypatch):
    random = np.random.default_rng(0)
    given = [("a",), ("a", "b"), (), ("b",)] * 3
    rows = [
        row(f"{n}.png", "|".join(names) or "no finding", findings=names, group=f"G{n // 2}",
            uncertain=("b",) if n == 0 else (), picture=random.integers(0, 256, (32, 32)).astype(np.uint8))
        for n, names in enumerate(given)
    ]  # fmt: skip
    table = Table(tmp_path, "run", rows, grouping="none", multi=True)
    monkeypatch.setattr(cases, "rebuild_table", lambda folder: table)
    (tmp_path / "run.json").write_text("{}")
    (tmp_path / "numbers.json").write_text('{"shipped": "classical"}')
    (tmp_path / "images.csv").write_text("image,split\n" + "".join(f"{n}.png,cv\n" for n in range(12)))
    plan = {"task": "multilabel", "classes": ["a", "b"], "rungs": ["classical"], "seed": 7, "inner_folds": 1}
    plan["uncertain"] = "leave out"
    (tmp_path / "plan.yaml").write_text("".join(f"{name}: {{value: {value}}}\n" for name, value in plan.items()))
    found = cases_of(RunFolder.open(tmp_path))
    assert found.labels[:, 0].tolist() == [1, 1, 0, 0] * 3
    assert np.isnan(found.labels[0, 1]) and found.labels[1:4, 1].tolist() == [1, 0, 1]
    assert found.groups.tolist() == [0, 0, 1, 1, 2, 2, 3, 3, 4, 4, 5, 5]
    assert found.features.shape[0] == 12 and found.embedded == 0
    assert (found.task, found.unit, found.seed, found.inner_folds) == ("multilabel", "cases", 7, 3)
