"""predictions.csv in and out: names that begin like formulas, and images that the model refuses to judge."""

from dataclasses import replace

import numpy as np
import pytest

from evaluation.fake_runs import finding_predictions, predictions
from wetread.errors import InputError
from wetread.evaluation.finding_predictions import read_finding_predictions
from wetread.evaluation.predictions import UNLABELLED, read_predictions

NAMES = ["=1+1.png", "+a.png", "-b/c.png", "@d.png", "plain.png", "-5"]


def stored(made, tmp_path):
    path = tmp_path / "predictions.csv"
    path.write_text(made.to_csv())
    return path


@pytest.mark.parametrize("classes", [("+", "-"), ("=yes", "@no"), ("ill", "well")])
def test_names_and_labels_come_back_as_they_were(classes, tmp_path):
    made = predictions([1, 0] * 3, np.linspace(0.1, 0.9, 6), images=NAMES, patients=[f"-{name}" for name in NAMES])
    made = replace(made, classes=classes, positive=classes[0])
    again = read_predictions(stored(made, tmp_path), classes, classes[0])
    assert (again.images, again.patients) == (made.images, made.patients)
    assert again.truth.tolist() == made.truth.tolist() and again.predicted.tolist() == made.predicted.tolist()


def withheld(made):
    """The same with its last image unlabelled and refused."""
    p = made.probabilities.copy()
    p[-1] = np.nan
    splits, statuses = [*made.splits[:-1], UNLABELLED], ["in"] * (len(made.images) - 1) + ["out"]
    changed = {"splits": splits, "statuses": statuses, "probabilities": p}
    if hasattr(made, "predicted"):
        changed |= {
            "truth": np.append(made.truth[:-1], -1),
            "predicted": np.append(made.predicted[:-1], -1),
        }
    else:
        changed["truth"] = np.where(np.arange(len(p))[:, None] == len(p) - 1, np.nan, made.truth)
    return replace(made, **changed)


def test_an_image_that_is_refused_has_neither_class_nor_probability(tmp_path):
    made = withheld(predictions([1, 0, 1], [0.9, 0.2, 0.7]))
    path = stored(made, tmp_path)
    assert path.read_text().splitlines()[-1] == "image-002.png,P002,unlabelled,,,,,,0.5,P002,out"
    again = read_predictions(path, made.classes, made.positive)
    assert again.predicted.tolist() == [0, 1, -1] and np.isnan(again.probabilities[-1]).all()
    assert len(again.labelled.images) == 2


def test_a_finding_is_not_called_in_an_image_that_is_refused(tmp_path):
    made = withheld(finding_predictions([[1, 0], [0, 1], [1, 1]], [[0.9, 0.1], [0.2, 0.8], [0.6, 0.6]]))
    path = stored(made, tmp_path)
    assert path.read_text().splitlines()[-1] == "image-002.png,P002,unlabelled,,,,,0.5,,,,0.5,P002,out"
    again = read_finding_predictions(path, made.findings)
    assert np.isnan(again.probabilities[-1]).all() and not again.called[-1].any()
    assert len(again.labelled.images) == 2


@pytest.mark.parametrize("line", [1, 2])
def test_a_tested_image_without_a_probability_is_no_table_of_predictions(line, tmp_path):
    made = predictions([1, 0], [0.9, 0.2])
    path = stored(made, tmp_path)
    lines = path.read_text().splitlines()
    cells = lines[line].split(",")
    cells[5:8] = ["", "", ""]
    lines[line] = ",".join(cells)
    path.write_text("\n".join(lines))
    with pytest.raises(InputError, match=rf"Line {line + 1} of predictions\.csv holds no probability of ill"):
        read_predictions(path, made.classes, made.positive)
    found = stored(finding_predictions([[1, 0], [0, 1]], [[0.9, 0.1], [0.2, 0.8]]), tmp_path)
    found.write_text(found.read_text().replace("0.9,", ",").replace("0.2,", ","))
    with pytest.raises(InputError, match=r"Line 2 of predictions\.csv holds no probability of a"):
        read_finding_predictions(found, ("a", "b"))
