"""A run folder is taken, kept apart, resumed or replaced; it is never overwritten by accident."""

import errno
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from wetread.dataset.table import quote_formula, unquote_formula
from wetread.errors import InputError, OutputError
from wetread.progress import EpochDone, StepFinished
from wetread.run_folder import FINISHED, RUNNING, RunFolder


def begin(path, **options):
    folder = RunFolder.create(path, **options)
    folder.write_status(RUNNING, seed=1)
    return folder


def refusal(path, **options):
    with pytest.raises(OutputError) as caught:
        RunFolder.create(path, **options)
    assert caught.value.file == str(path)
    assert "--out" in caught.value.remedy
    return caught.value


def epoch(fold, number, loss=0.5):
    return EpochDone(1, fold, 1, number, 10, 0.1, 0.001, loss, None, None)


def test_an_existing_run_is_refused_resumed_or_replaced(tmp_path):
    begin(tmp_path / "run").close()
    (tmp_path / "run" / "numbers.json").write_text("{}")
    error = refusal(tmp_path / "run")
    assert (error.code, "--overwrite" in error.remedy, "--resume" in error.remedy) == ("run-exists", True, True)
    begin(tmp_path / "run", resume=True).close()
    assert (tmp_path / "run" / "numbers.json").is_file()
    again = begin(tmp_path / "run", overwrite=True)
    again.write_text("plan.yaml", "epochs: 3")
    again.close()
    assert not (tmp_path / "run" / "numbers.json").exists()


def test_a_command_that_cannot_resume_does_not_tell_to(tmp_path):
    begin(tmp_path / "run").close()
    assert "--resume" not in refusal(tmp_path / "run", resumable=False).remedy


def contents(path):
    return {str(one.relative_to(path)): one.read_bytes() for one in path.rglob("*") if one.is_file()}


def finished(path):
    folder = begin(path)
    folder.record(epoch(1, 1))
    folder.write_history()
    folder.write_text("plan.yaml", "epochs: 3")
    folder.write_status(FINISHED)
    folder.close()
    return contents(path)


def test_an_earlier_run_gives_way_to_the_first_result_and_not_before(tmp_path):
    before = finished(tmp_path / "run")
    again = begin(tmp_path / "run", overwrite=True)
    again.record(StepFinished("read", 1.0))
    again.write_status("failed", error="no data")
    again.write_history()
    assert contents(tmp_path / "run") == before
    again.write_text("images.csv", "image")
    again.record(StepFinished("check", 1.0))
    again.close()
    assert contents(tmp_path / "run").keys() == {"lock", "run.json", "events.jsonl", "images.csv"}
    told = again.read_json("run.json")
    assert (told["status"], told["seed"], told["error"]) == (RUNNING, 1, "no data")
    lines = [json.loads(line) for line in (tmp_path / "run" / "events.jsonl").read_text().splitlines()]
    assert [(line["seq"], line["step"]) for line in lines] == [(1, "read"), (2, "check")]


def test_a_run_killed_while_it_replaces_another_is_known_as_a_run(tmp_path, monkeypatch):
    finished(tmp_path / "run")
    again = begin(tmp_path / "run", overwrite=True)

    def die(self):
        raise SystemExit

    monkeypatch.setattr(Path, "unlink", die)
    with pytest.raises(SystemExit):
        again.write_text("images.csv", "image")
    again.close()
    assert again.read_json("run.json")["status"] == RUNNING
    assert refusal(tmp_path / "run").code == "run-exists"


@pytest.mark.parametrize("status", [RUNNING, "stopped", "failed"])
def test_a_test_elsewhere_that_did_not_finish_is_in_nobodys_way(status, tmp_path):
    first = begin(tmp_path / "run")
    first.write_status(status, kind="external")
    first.write_text("overlap.csv", "image")
    first.close()
    begin(tmp_path / "run").close()
    assert not (tmp_path / "run" / "overlap.csv").exists()


def test_a_run_that_failed_before_it_had_a_plan_is_in_nobodys_way(tmp_path):
    first = begin(tmp_path / "run")
    first.write_status("failed")
    first.close()
    (tmp_path / "run" / "findings.json").write_text("[]")
    again = begin(tmp_path / "run")
    assert not (tmp_path / "run" / "findings.json").exists()
    (tmp_path / "run" / "plan.yaml").write_text("epochs: 3")
    again.write_status("failed")
    again.close()
    assert refusal(tmp_path / "run").code == "run-exists"
    (tmp_path / "run" / "plan.yaml").unlink()
    (tmp_path / "run" / "run.json").write_text("{")
    assert refusal(tmp_path / "run").code == "run-exists"


def test_a_folder_with_other_files_is_never_touched(tmp_path):
    (tmp_path / "thesis.doc").write_text("years of work")
    for options in ({}, {"overwrite": True}, {"resume": True}):
        assert refusal(tmp_path, **options).code == "not-a-run-folder"
    assert [entry.name for entry in tmp_path.iterdir()] == ["thesis.doc"]


def test_a_file_in_the_place_of_the_folder_is_refused(tmp_path):
    (tmp_path / "run").write_text("mine")
    assert refusal(tmp_path / "run", overwrite=True).code == "not-a-run-folder"
    with pytest.raises(OutputError, match="something else is in its place"):
        RunFolder.create(tmp_path / "run" / "deeper")


def test_replacing_a_run_does_not_follow_links(tmp_path):
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "scan.dcm").write_text("precious")
    begin(tmp_path / "run").close()
    (tmp_path / "run" / "link").symlink_to(tmp_path / "data", target_is_directory=True)
    again = begin(tmp_path / "run", overwrite=True)
    again.write_text("images.csv", "image")
    again.close()
    assert not (tmp_path / "run" / "link").exists()
    assert (tmp_path / "data" / "scan.dcm").is_file()


def test_a_folder_that_may_not_be_looked_into_is_an_error_with_a_way_out(tmp_path, monkeypatch):
    def refuse(*args):
        raise PermissionError(errno.EACCES, "Permission denied")

    (tmp_path / "run").mkdir()
    monkeypatch.setattr(Path, "iterdir", refuse)
    assert refusal(tmp_path / "run").code == "not-writable"


def test_rests_of_a_killed_run_are_swept(tmp_path):
    begin(tmp_path / "run").close()
    (tmp_path / "run" / ".numbers.json.1.tmp").write_text("{")
    begin(tmp_path / "run", resume=True).close()
    assert not list((tmp_path / "run").glob(".*.tmp"))


def test_run_json_keeps_what_was_said_before(tmp_path):
    folder = begin(tmp_path / "run")
    folder.record(StepFinished("read", 1.25))
    folder.write_status(FINISHED, device="cpu")
    stored = folder.read_json("run.json")
    assert (stored["status"], stored["seed"], stored["device"]) == ("finished", 1, "cpu")
    assert stored["seconds"]["read"] == 1.25
    assert stored["versions"]["numpy"]
    folder.close()


def test_the_seconds_of_a_run_are_those_of_all_its_starts(tmp_path):
    def begun(**told):
        place = tmp_path / "run" / "run.json"
        stored = json.loads(place.read_text())
        place.write_text(json.dumps(stored | told))

    def total():
        folder = begin(tmp_path / "run", resume=True)
        folder.close()
        return json.loads((tmp_path / "run" / "run.json").read_text())["seconds"]["total"]

    begin(tmp_path / "run").close()
    begun(status="stopped", seconds={"total": 90.0, "read": 4.0})
    assert 90 <= total() < 95
    # Killed: its last event came 20 seconds after it last wrote run.json, and half of another line after that.
    begun(status="running", seconds={"total": 90.0}, written="2026-01-01T00:00:00+00:00")
    lines = [json.dumps({"seq": 1, "time": 1767225620.0}), '{"seq": 2, "ti']
    (tmp_path / "run" / "events.jsonl").write_text("\n".join(lines))
    assert 110 <= total() < 115


def test_events_are_numbered_on_across_a_resume(tmp_path):
    for resume in (False, True):
        folder = begin(tmp_path / "run", resume=resume)
        folder.record(StepFinished("read", 1.0, "ä"))
        folder.record(epoch(1, 1))
        folder.close()
    lines = [json.loads(line) for line in (tmp_path / "run" / "events.jsonl").read_text(encoding="utf-8").splitlines()]
    assert [line["seq"] for line in lines] == [1, 2, 3, 4]
    assert [line["kind"] for line in lines] == ["step_finished", "epoch_done"] * 2


def test_history_of_a_fold_that_is_repeated_after_a_resume_stands_once(tmp_path):
    folder = begin(tmp_path / "run")
    for fold, number in ((1, 1), (1, 2), (2, 1)):
        folder.record(epoch(fold, number))
    folder.write_history()
    folder.close()
    folder = begin(tmp_path / "run", resume=True)
    folder.record(epoch(2, 1, loss=0.25))
    folder.record(epoch(2, 2, loss=0.125))
    folder.write_history()
    folder.write_history()
    rows = [(row["fold"], row["epoch"], row["train_loss"]) for row in folder.read_history()]
    assert rows == [("1", "1", "0.5"), ("1", "2", "0.5"), ("2", "1", "0.25"), ("2", "2", "0.125")]
    folder.close()


def test_what_is_no_run_or_a_damaged_one_says_so(tmp_path):
    with pytest.raises(InputError, match="not a run folder"):
        RunFolder.open(tmp_path)
    (tmp_path / "run.json").write_text("{half")
    with pytest.raises(InputError, match=r"run\.json is missing.*or damaged") as caught:
        RunFolder.open(tmp_path).read_json("run.json")
    assert caught.value.file == str(tmp_path / "run.json")
    assert RunFolder.open(tmp_path).read_table("nothing.csv") == []


@pytest.mark.skipif(os.name != "posix", reason="locks are POSIX locks")
def test_a_run_that_is_busy_is_left_alone(tmp_path):
    folder = begin(tmp_path / "run")
    code = "import sys, pathlib, wetread.run_folder as r; r.RunFolder.create(pathlib.Path(sys.argv[1]), overwrite=True)"
    command = [sys.executable, "-c", code, str(tmp_path / "run")]
    second = subprocess.run(command, capture_output=True, text=True, timeout=400)
    assert "Another wetread is working" in second.stderr
    assert (tmp_path / "run" / "run.json").is_file()
    folder.close()


@pytest.mark.parametrize("cell", ["=SUM(A1)", "+", "-", "-5", "@here", "\ttab", "plain", "'quoted'", "", "'", "-a"])
def test_a_cell_is_read_as_it_was_before_it_was_made_safe_for_spreadsheets(cell, tmp_path):
    folder = RunFolder(tmp_path)
    folder.write_table("some.csv", ("a", "b"), [(quote_formula(cell), "x")])
    assert folder.read_table("some.csv") == [{"a": cell, "b": "x"}]
    assert unquote_formula(quote_formula(cell)) == cell
