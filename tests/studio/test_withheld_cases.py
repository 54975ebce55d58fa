"""Images without a label that the model refuses: they are listed, and nothing is said of them."""

import csv

import pytest

from tests.studio.result_runs import findings, two_classes, write_result

URL = "/api/projects/terminal/runs/run/cases"


def classes():
    return two_classes([1] * 6 + [0] * 6, [0.9, 0.6, 0.2, 0.8, 0.7, 0.9, 0.1, 0.2, 0.3, 0.4, 0.6, 0.2], 0.5)


def add_refused(folder):
    """A row as a run writes it: split and status, but no class and no number."""
    for name in ("predictions.csv", "images.csv"):
        with (folder / name).open(newline="") as file:
            header = next(csv.reader(file))
        row = {"image": "cat.png", "split": "unlabelled", "status": "out" if name[0] == "p" else "used"}
        row |= {column: "0.5" for column in header if column.startswith("threshold")}
        with (folder / name).open("a", newline="") as file:
            csv.DictWriter(file, header, restval="").writerow(row)


@pytest.mark.parametrize("made", [classes(), findings()], ids=["two classes", "findings"])
def test_a_refused_image_without_a_label_has_no_numbers(studio, tmp_path, made):
    folder = write_result(tmp_path / "wetread-runs" / "run", made)
    if "status" not in (folder / "predictions.csv").read_text().split("\n")[0]:
        pytest.fail("the table has no status")
    add_refused(folder)
    found = studio.get(f"{URL}?split=unlabelled").json()
    assert found.get("total") == 1, found
    (case,) = found["cases"]
    assert (case["name"], case["status"]) == ("cat.png", "out")
    assert not case.get("predicted") and not case.get("p")
    assert studio.get(f"{URL}/{case['id']}").status_code == 200
