"""The export for iMRMC: rows, names without separators, the sizes that its program looks for."""

import numpy as np

from wetread.readers.imrmc import as_input_file, as_table, imrmc_rows

NAN = np.nan


def rows(**other):
    given = {
        "names": ["Dr A", "Dr,A", "-1"],
        "images": ["a 1.png", "b.png", "c.png"],
        "truth": np.array([1.0, 0, NAN]),
        "marks": np.array([[1.0, 0, 1], [1, NAN, 0], [0, 0, 0]]),
        "scores": None,
        "model_scores": np.array([0.75, 0.25, 0.5]),
    }
    return imrmc_rows(**(given | other))


def test_truth_first_then_readings_then_the_model():
    assert as_table(rows()).splitlines() == [
        "readerID,caseID,modalityID,score",
        "-1,a_1.png,truth,1",
        "-1,b.png,truth,0",
        "Dr_A,a_1.png,readers,1",
        "Dr_A,b.png,readers,0",
        "Dr_A_2,a_1.png,readers,1",
        "reader_-1,a_1.png,readers,0",
        "reader_-1,b.png,readers,0",
        "model,a_1.png,model,0.75",
        "model,b.png,model,0.25",
    ]


def test_confidences_only_where_every_reading_has_one():
    scores = np.array([[80.0, 10, 60], [90, NAN, 5], [20, 30, 1]])
    assert rows(scores=scores)[2][3] == "80"
    scores[2, 0] = NAN
    assert rows(scores=scores)[2][3] == "1"


def test_the_programs_file():
    text = as_input_file(rows(), "a study\nof three")
    lines = text.splitlines()
    assert lines[0] == "a study of three"
    assert lines[2:6] == ["N0: 1", "N1: 1", "NR: 4", "NM: 2"]
    begin = lines.index("BEGIN DATA:")
    assert all(len(line.split(",")) == 4 and " " not in line for line in lines[begin + 1 :])


def test_a_reader_called_model_keeps_his_name():
    found = rows(names=["model", "b", "c"])
    assert {row[0] for row in found if row[2] == "readers"} == {"model", "b", "c"}
    assert {row[0] for row in found if row[2] == "model"} == {"model_2"}
