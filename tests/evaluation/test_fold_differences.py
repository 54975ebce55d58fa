"""Why two runs cannot be compared fold by fold: each reason is the true one."""

import json

import numpy as np
import pytest
from safetensors.numpy import save

from evaluation.fake_runs import predictions, two_models, write_run
from wetread.evaluation.fold_differences import fold_difference
from wetread.evaluation.tested_cases import read_tested
from wetread.run_folder import RunFolder


@pytest.fixture
def pair(tmp_path):
    """Two cross-validated runs of 40 cases in two folds, whose names begin like formulas."""
    truth, good, poor = two_models(40)
    images = [f"+{number}.png" for number in range(40)]
    runs = []
    for name, p in (("first", poor), ("second", good)):
        made = predictions(truth, p, images=images)
        folder = write_run(tmp_path / name, made, estimate="cross-validation")
        for number in range(2):
            test = np.flatnonzero(np.arange(40) // 2 % 2 == number)
            arrays = {
                "train": np.setdiff1d(np.arange(40), test),
                "test": test,
                "probabilities.x": made.probabilities[test],
            }
            place = folder / "folds" / f"1-{number}"
            place.mkdir(parents=True)
            (place / "fold.json").write_text(json.dumps({"chosen": "x"}))
            (place / "arrays.safetensors").write_bytes(save(arrays))
        runs.append(folder)
    return runs


def difference(pair):
    first, second = (read_tested(RunFolder(folder), folder.name) for folder in pair)
    return fold_difference(first, second)


def test_folds_are_joined_by_the_names_of_their_images(pair):
    found = difference(pair)
    assert found["folds"] == 2 and found["auroc"]["value"] > 0


def test_folds_that_were_not_kept(pair):
    (pair[0] / "folds").rename(pair[0] / "elsewhere")
    assert difference(pair) == {"reason": "the folds were not kept"}


@pytest.mark.parametrize("content", ["{", "{}", '{"chosen": "y"}', "[]"])
def test_a_damaged_fold(content, pair):
    (pair[1] / "folds" / "1-0" / "fold.json").write_text(content)
    assert difference(pair) == {"reason": "the files of the folds of second are damaged"}


@pytest.mark.parametrize("rows", [[0, 40], [0]])
def test_rows_that_are_no_rows_of_the_run(rows, pair):
    """Row 40 of 40 is none; and a table that lost a case numbers the others wrongly."""
    if len(rows) == 2:
        arrays = {"train": np.array(rows), "test": np.array([1]), "probabilities.x": np.array([[0.5, 0.5]])}
        (pair[0] / "folds" / "1-0" / "arrays.safetensors").write_bytes(save(arrays))
    else:
        lines = (pair[0] / "images.csv").read_text().splitlines()
        (pair[0] / "images.csv").write_text("\n".join([*lines, "new.png,x,P9,0,used"]))
    expected = "the folds of first do not fit its images.csv and predictions.csv"
    assert difference(pair) == {"reason": expected}
