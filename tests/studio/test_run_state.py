"""What is read of a run while it grows: events after a number, how far it is, how long it takes."""

import json
import shutil
import time
from itertools import pairwise

import pytest

from wetread.progress import SETTLED, StepPace
from wetread.run_folder import EventLog, RunFolder
from wetread.studio import run_events
from wetread.studio.run_events import RUN_PARTS, Progress, ProgressOfRuns, read_events
from wetread.studio.run_state import progress_of, run_folders, run_summary, title_of
from wetread.writing import FolderLock


def line(seq, kind="epoch_done", **more):
    return json.dumps({"seq": seq, "time": 1000.0 + seq, "kind": kind, **more}) + "\n"


def advanced(seq, done, total=1000):
    return line(seq, "step_advanced", step="train", done=done, total=total, detail="", skipped=0)


def numbers(found):
    return [event["seq"] for event in found[0]]


def test_events_after_a_number_and_none_that_is_unfinished(tmp_path):
    path = tmp_path / "events.jsonl"
    assert read_events(path, 0) == ([], False)
    path.write_text(line(1) + line(2) + line(3)[:-1])
    assert numbers(read_events(path, 0)) == [1, 2]
    assert numbers(read_events(path, 1)) == [2]
    with open(path, "a") as handle:
        handle.write("\n")
    assert numbers(read_events(path, 2)) == [3]


def test_of_many_steps_the_last_stands_for_all(tmp_path):
    path = tmp_path / "events.jsonl"
    path.write_text(line(1) + advanced(2, 1) + advanced(3, 2) + line(4) + advanced(5, 3) + advanced(6, 4))
    assert numbers(read_events(path, 0)) == [1, 4, 6]


def test_every_number_is_found_in_a_long_file(tmp_path, monkeypatch):
    monkeypatch.setattr(run_events, "NEAR", 200)
    path = tmp_path / "events.jsonl"
    torn = ['{"seq": 301, "ti\n', "\n", "no event\n"]
    path.write_text("".join([*map(line, range(1, 301)), *torn, *map(line, range(302, 801))]))
    for after in (0, 1, 2, 150, 299, 300, 301, 302, 303, 600, 799, 800, 801, 5000):
        assert numbers(read_events(path, after)) == [n for n in range(1, 801) if n > after and n != 301], after


def test_at_most_so_many_at_a_time(tmp_path):
    path = tmp_path / "events.jsonl"
    path.write_text("".join(map(line, range(1, 11))))
    assert numbers(read_events(path, 0, most=4)) == [1, 2, 3, 4] and read_events(path, 0, most=4)[1]
    assert numbers(read_events(path, 4, most=20)) == [5, 6, 7, 8, 9, 10] and not read_events(path, 4, most=20)[1]


def test_a_poll_of_100_000_lines_reads_few_of_them(tmp_path, monkeypatch):
    path = tmp_path / "events.jsonl"
    start = line(1, "step_started", step="train", title="Training", total=50_000)
    body = [
        line(n, repeat=1, fold=1, train_loss=0.5) if n % 2 else advanced(n, n // 2, 50_000) for n in range(2, 100_001)
    ]
    path.write_text(start + "".join(body))
    runs = ProgressOfRuns()
    assert runs.look(path).pace.done == 50_000
    parsed, taken = [], []
    parse, whole_lines = run_events._parse, run_events._whole_lines

    def take(handle):
        taken.append(whole_lines(handle))
        return taken[-1]

    monkeypatch.setattr(run_events, "_parse", lambda line: parsed.append(line) or parse(line))
    monkeypatch.setattr(run_events, "_whole_lines", take)
    assert numbers(read_events(path, 99_990)) == [99_991, 99_993, 99_995, 99_997, 99_999, 100_000]
    assert runs.look(path).last == 100_000
    # Counted, since a clock says more about the machine: of nine million bytes, and of a hundred thousand lines.
    assert sum(map(len, taken)) <= 2 * run_events.NEAR
    assert 0 < len(parsed) < 500


def test_progress_follows_steps_and_starts_anew_with_the_file(tmp_path):
    path = tmp_path / "events.jsonl"
    progress = Progress(path)
    progress.update()
    assert progress.last == 0 and progress.fraction(RUN_PARTS) is None
    path.write_text(
        line(1, "step_started", step="read", title="Reading images", total=10)
        + line(2, "step_finished", step="read", seconds=1.0, summary="")
        + line(3, "step_started", step="train", title="Training and testing", total=1000)
        + advanced(4, 250)
    )
    progress.update()
    assert (progress.pace.title, progress.pace.done, progress.pace.total) == ("Training and testing", 250, 1000)
    assert progress.fraction(RUN_PARTS) == pytest.approx((3 + 62 / 4) / 100)
    assert progress.fraction({}) == 0.25
    path.write_text(line(1, "step_started", step="read", title="Reading images", total=10))
    progress.update()
    assert progress.pace.step == "read" and progress.last == 1 and progress.finished == {}


def test_a_step_taken_up_again_forgets_what_came_after_it(tmp_path):
    path = tmp_path / "events.jsonl"
    one = line(1, "step_started", step="read", title="R", total=1) + line(2, "step_finished", step="read", seconds=1)
    path.write_text(one + line(3, "step_started", step="train", title="T", total=1000) + advanced(4, 900))
    with open(path, "a") as handle:
        handle.write(line(5, "step_started", step="read", title="R", total=10))
    progress = Progress(path)
    progress.update()
    assert progress.fraction(RUN_PARTS) == 0.0 and progress.pace.done == 0


def test_pace_counts_only_what_was_done_now():
    pace = StepPace()
    assert pace.seconds_left(5.0) is None
    pace.begin("train", "Training", 100, now=10.0)
    pace.advance(60, 100, skipped=40)
    assert pace.seconds_left(10.0 + SETTLED) is None
    assert pace.seconds_left(20.0) == pytest.approx(10.0 * 40 / 20)
    pace.end()
    assert pace.seconds_left(20.0) is None


def test_an_estimate_counts_down_and_rises_slowly_where_an_item_takes_long():
    pace = StepPace()
    pace.begin("explain", "Explaining", 10, now=0.0)
    pace.advance(4, 10, now=20.0)
    assert [pace.seconds_left(now) for now in (20.0, 23.0)] == [30.0, 27.0]
    told = [pace.seconds_left(20.0 + waited) for waited in range(60)]
    assert max(abs(later - sooner) for sooner, later in pairwise(told)) <= 1.0  # no leap, no halt
    assert told[-1] == pytest.approx(79.0 * 5 / 5)  # five of ten, had it ended just now
    pace.advance(9, 10, now=90.0)
    assert pace.seconds_left(95.0) == pytest.approx(5.0) and pace.seconds_left(101.0) is None  # not "0 s" for long


def test_events_go_on_behind_half_a_line(tmp_path):
    path = tmp_path / "events.jsonl"
    path.write_text(line(1) + '{"seq": 2, "ti')
    with EventLog(path) as log:
        log(pytest.importorskip("wetread.progress").Notice("on"))
    assert [event["kind"] for event in read_events(path, 0)[0]] == ["epoch_done", "notice"]
    assert numbers(read_events(path, 0)) == [1, 3]


def test_a_run_from_the_terminal_is_seen_live(tmp_path):
    place = tmp_path / "wetread-runs" / "chests-1"
    folder = RunFolder.create(place)
    folder.write_status("running", preset="quick")
    folder.close()
    assert run_summary(place)["status"] == "interrupted"
    facts = {"status": "failed", "data": "chests", "error": {"code": "fault", "message": "KeyError"}}
    (place / "run.json").write_text(json.dumps(facts))
    told = run_summary(place)
    assert told["data"] == "chests"
    assert told["status"] == "failed" and told["error"]["code"] == "fault" and "KeyError" not in str(told["error"])
    assert run_folders(tmp_path / "wetread-runs") == [place] and title_of(place) == "chests-1"
    assert not told["ours"] and not told["resumable"]


def test_our_own_lock_is_not_taken_for_that_of_a_run(tmp_path):
    # The system never tells a process of its own locks; the server holds none in a run folder.
    lock = FolderLock(tmp_path / "lock")
    (tmp_path / "run.json").write_text('{"status": "running"}')
    assert run_summary(tmp_path)["status"] == "interrupted"
    lock.release()


def test_a_finished_run_in_a_few_words(finished_run, tmp_path):
    place = tmp_path / "runs" / "done"
    shutil.copytree(finished_run.folder, place, ignore=shutil.ignore_patterns("folds", "lock"))
    told = run_summary(place)
    assert told["status"] == "finished" and told["headline"]["text"] == finished_run.headline
    assert told["headline"]["low"] <= told["headline"]["value"] <= told["headline"]["high"]
    assert told["gate"] == finished_run.gate and told["n"]["images"] == 60 and told["task"] == "binary"
    assert told["lights"] == finished_run.lights and told["fraction"] is None and told["eta_s"] is None


def test_later_steps_are_those_of_the_last_run_beside_it(tmp_path):
    done, runs = tmp_path / "done", tmp_path / "now"
    for place in (done, runs):
        place.mkdir()
    seconds = {"total": 100.0, "read": 5.0, "train": 60.0, "evaluate": 3.0, "report": 2.0}
    (done / "run.json").write_text(json.dumps({"status": "finished", "seconds": seconds}))
    begun = {"seq": 1, "time": time.time() - 10, "kind": "step_started", "step": "train", "title": "T", "total": 1000}
    half = json.loads(advanced(2, 500)) | {"time": begun["time"] + 10}
    (runs / "events.jsonl").write_text(f"{json.dumps(begun)}\n{json.dumps(half)}\n")
    told = progress_of(runs, "running")
    # Half is done, so what it took until then it will take again, less what passed since.
    since = time.time() - begun["time"] - 10
    assert 10 + 5 - since <= told["eta_s"] <= time.time() - begun["time"] + 5 and told["eta_of"] == "run"
    (done / "run.json").unlink()
    told = progress_of(runs, "running")
    since = time.time() - begun["time"] - 10
    assert 10 - since <= told["eta_s"] <= time.time() - begun["time"] and told["eta_of"] == "step"
    assert progress_of(runs, "finished")["eta_s"] is None


@pytest.mark.parametrize("name", ["run.json", "numbers.json", "trust.json", "findings.json", "events.jsonl"])
@pytest.mark.parametrize("text", ["", "{", "[1]", "null", '{"status": 3}', "\x00\xff"])
def test_damaged_files_do_not_hide_the_others(tmp_path, name, text):
    (tmp_path / "run.json").write_text('{"status": "finished"}')
    (tmp_path / name).write_text(text)
    assert run_summary(tmp_path)["headline"] is None
