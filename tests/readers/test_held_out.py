"""The model's side: joined by name, at its threshold, from held-out predictions only."""

import json

import numpy as np
import pytest

from wetread.errors import InputError
from wetread.readers.held_out import match, read_held_out


@pytest.fixture
def run(write_run):
    return write_run(
        [
            ("a/one.png", "effusion", "effusion", 0.9),
            ("a/two.png", "normal", "effusion", 0.6),
            ("b/two.png", "normal", "normal", 0.2),
            ("a/three.v2.dcm", "normal", "normal", 0.1),
        ]
    )


def test_paths_then_names_then_bare_names(run):
    found = match(read_held_out(run), ["a/one.png", "one.jpg", "b\\two.png", "three.v2"], ["Effusion"])
    assert found.marks[:, 0] == pytest.approx([1, np.nan, 0, 0], nan_ok=True)
    assert found.scores[:, 0] == pytest.approx([0.9, np.nan, 0.2, 0.1], nan_ok=True)
    assert found.without == ["one.jpg"]  # one.png already has its reading
    assert found.groups == ["G0", None, "G2", "G3"]


def test_a_name_that_two_images_share_joins_nothing(run):
    found = match(read_held_out(run), ["two.png", "one.png"], ["effusion"])
    assert found.without == ["two.png"]
    assert found.facts["matched"] == 1


def test_the_call_is_the_stored_one_not_half(run):
    """0.6 was called although half would do; the column predicted decides, which the run's threshold made."""
    text = (run / "predictions.csv").read_text().replace("normal,effusion,0.6", "normal,normal,0.6")
    (run / "predictions.csv").write_text(text)
    assert match(read_held_out(run), ["a/two.png"], ["effusion"]).marks[0, 0] == 0


def test_several_findings_are_called_at_their_thresholds(write_findings_run):
    run = write_findings_run([("a.png", {"Edema": 0.7, "Pleural_Thickening": 0.1})], ["Edema", "Pleural_Thickening"])
    found = match(read_held_out(run), ["a.png"], ["edema", "pleural thickening", "Hernia"])
    assert found.marks[0] == pytest.approx([1, 0, np.nan], nan_ok=True)
    assert found.findings == ["edema", "pleural thickening"]
    assert found.facts["splits"] == {"of the test set": 1}


def test_a_run_without_patients_says_so(run):
    assert read_held_out(run).patients_known
    lines = (run / "predictions.csv").read_text().splitlines()
    blank = [lines[0], *(",".join([line.split(",")[0], "", *line.split(",")[2:]]) for line in lines[1:])]
    (run / "predictions.csv").write_text("\n".join(blank))
    assert not read_held_out(run).patients_known


def test_runs_that_cannot_be_used(run, tmp_path):
    (run / "predictions.csv").write_text((run / "predictions.csv").read_text().splitlines()[0] + "\n")
    with pytest.raises(InputError, match="holds no predictions"):
        read_held_out(run)
    (run / "predictions.csv").unlink()
    with pytest.raises(InputError, match=r"predictions\.csv is missing"):
        read_held_out(run)
    (run / "numbers.json").write_text(json.dumps([]))
    with pytest.raises(InputError, match="damaged"):
        read_held_out(run)
    with pytest.raises(InputError, match="not a run folder"):
        read_held_out(tmp_path / "nothing")


def test_an_image_that_the_model_refuses_has_no_reading_of_it(run):
    """Without a label and out: no class and no probability stand in the table."""
    text = (run / "predictions.csv").read_text()
    (run / "predictions.csv").write_text(text + "c/four.png,P9,unlabelled,,,,,,0.5,G9,out\n")
    found = match(read_held_out(run), ["a/one.png", "four.png"], ["effusion"])
    assert found.without == ["four.png"] and found.marks[0, 0] == 1
    (run / "predictions.csv").write_text(text + "c/four.png,P9,unlabelled,,,effusion,0.7,0.3,0.5,G9,edge\n")
    assert match(read_held_out(run), ["four.png"], ["effusion"]).without == []


def test_findings_of_an_image_that_the_model_refuses(write_findings_run):
    run = write_findings_run([("a.png", {"Edema": 0.7, "Mass": 0.1})], ["Edema", "Mass"])
    table = run / "predictions.csv"
    table.write_text(table.read_text() + "b.png,P9,unlabelled,,,,,0.5,,,,0.5,G9,out\n")
    assert match(read_held_out(run), ["a.png", "b.png"], ["Edema"]).without == ["b.png"]
