"""Jobs: one after the other, alive after the server, stopped in good order, nothing left behind."""

import json
import os
import signal
import sys
import time
from pathlib import Path

import pytest

from wetread.errors import OutputError
from wetread.studio.answers import Refusal
from wetread.studio.jobs import Jobs
from wetread.studio.places import Home
from wetread.studio.processes import born, lock_holder
from wetread.studio.queue import ENDED, WAITING, WORKING, extras_of, jobs_of, read_job
from wetread.studio.run_state import extras_state, run_summary
from wetread.writing import FolderLock

FAKE = (sys.executable, str(Path(__file__).with_name("fake_wetread.py")))
P = "p-0000000a"


@pytest.fixture
def home(tmp_path):
    home = Home(tmp_path / "home", tmp_path / "wetread-runs")
    for name in (P, "p-0000000b"):
        (home.path / name).mkdir()
        (home.path / name / "project.json").write_text('{"format": 1, "name": "Chests", "created": ""}')
    return home


@pytest.fixture
def make(home):
    """Makes a server's jobs; what still works at the end of the test is ended."""
    made = []

    def make(patience=10.0, **more):
        made.append(Jobs(home, FAKE, patience, **more))
        return made[-1]

    yield make
    for one in made:
        one.close()
    for place in home.projects():
        for job in jobs_of(place):
            if job.pid and born(job.pid) == job.born:
                os.killpg(job.pid, signal.SIGKILL)


#: Items of a run that a test ends itself, or has ended: it would take half an hour.
ENDLESS = "60000"


def wait(what, seconds=180):
    until = time.monotonic() + seconds
    while not (found := what()):
        assert time.monotonic() < until, "it did not happen in time"
        time.sleep(0.02)
    return found


def start(jobs, home, run="r1", project=P, **more):
    folder = home.run_folder(project, run, exists=False)
    return jobs.start(project, run, ["run", "labels-1.csv", "--out", str(folder), "--quiet"], **more)


def status(home, run="r1", project=P):
    return run_summary(home.run_folder(project, run, exists=False))["status"]


@pytest.fixture
def gate(tmp_path, monkeypatch):
    """Runs do not end before ``gate.touch()``."""
    monkeypatch.setenv("FAKE_GATE", str(tmp_path / "gate"))
    return tmp_path / "gate"


def test_a_run_starts_at_once_and_ends_by_itself(make, home, gate):
    jobs = make()
    job = start(jobs, home, labels="labels-1.csv")
    assert job.state == WORKING and job.born == born(job.pid) != ""
    assert status(home) == "running"
    gate.touch()
    wait(lambda: status(home) == "finished")
    ended = wait(lambda: (one := read_job(job.path)) and one.state == ENDED and one)
    assert ended.code == 0 and ended.ended >= ended.started >= ended.created
    with pytest.raises(ChildProcessError):  # reaped: no zombie is left
        os.waitpid(job.pid, os.WNOHANG)


def test_a_run_has_a_session_of_its_own_and_its_words_are_beside_the_run(make, home, gate):
    job = start(make(), home)
    assert os.getsid(job.pid) == job.pid != os.getsid(0)
    assert job.log == home.path / P / "jobs" / "r1.log" and job.log.is_file()


def test_one_at_a_time_over_all_projects_in_the_order_of_asking(make, home, monkeypatch, gate):
    monkeypatch.setenv("FAKE_ITEMS", "6")
    jobs = make()
    first = start(jobs, home)
    second, third = start(jobs, home, "r1", "p-0000000b"), start(jobs, home, "r2")
    assert [one.state for one in (first, second, third)] == [WORKING, WAITING, WAITING]
    assert status(home, "r1", "p-0000000b") == "queued"
    gate.touch()
    wait(lambda: status(home, "r2") == "finished")
    a, b, c = (read_job(one.path) for one in (first, second, third))
    assert a.ended <= b.started and b.ended <= c.started


def test_a_check_does_not_wait_for_a_training(make, home, monkeypatch):
    monkeypatch.setenv("FAKE_ITEMS", ENDLESS)
    jobs = make()
    start(jobs, home)
    audit = jobs.start(P, "audit", ["check", "l.csv", "--out", str(home.path / P / "runs" / "audit")], kind="audit")
    assert audit.state == WORKING


def test_the_same_run_is_not_started_twice(make, home):
    jobs = make()
    start(jobs, home)
    with pytest.raises(Refusal) as refused:
        start(jobs, home)
    assert refused.value.status == 409


def test_stop_keeps_what_is_finished_and_resume_goes_on(make, home, monkeypatch):
    monkeypatch.setenv("FAKE_ITEMS", ENDLESS)
    jobs = make()
    job = start(jobs, home)
    events = home.path / P / "runs" / "r1" / "events.jsonl"
    wait(lambda: events.is_file() and b"epoch_done" in events.read_bytes())
    jobs.stop(P, "r1")
    wait(lambda: status(home) == "stopped")
    told = run_summary(home.run_folder(P, "r1"))
    assert told["resumable"] and told["error"] is None
    wait(lambda: read_job(job.path).state == ENDED)
    monkeypatch.setenv("FAKE_ITEMS", "3")
    again = jobs.resume(P, "r1")
    assert again.argv[-1] == "--resume"
    wait(lambda: status(home) == "finished")
    numbers = [json.loads(line)["seq"] for line in events.read_text().splitlines()]
    assert numbers == list(range(1, len(numbers) + 1))
    with pytest.raises(Refusal):
        jobs.resume(P, "r1")


def test_who_does_not_hear_is_killed_with_all_it_started(make, home, monkeypatch):
    monkeypatch.setenv("FAKE_ITEMS", ENDLESS)
    monkeypatch.setenv("FAKE_END", "deaf")
    jobs = make(patience=3600.0)
    job = start(jobs, home)
    wait(lambda: lock_holder(job.run_folder / "lock"))
    jobs.stop(P, "r1")
    assert run_summary(job.run_folder)["stopping"]
    jobs._patience = 0.5  # which is over now
    wait(lambda: read_job(job.path).state == ENDED)
    assert not born(job.pid) and read_job(job.path).code == -signal.SIGKILL
    assert status(home) == "stopped"


def test_nothing_that_a_run_started_outlives_it(make, home, monkeypatch):
    monkeypatch.setenv("FAKE_END", "orphan")
    job = start(make(), home)
    wait(lambda: read_job(job.path).state == ENDED)
    with pytest.raises(ProcessLookupError):
        wait(lambda: os.killpg(job.pid, 0), seconds=60)


def test_a_waiting_run_is_taken_out_of_the_queue(make, home, monkeypatch):
    monkeypatch.setenv("FAKE_ITEMS", ENDLESS)
    jobs = make()
    start(jobs, home)
    waiting = start(jobs, home, "r2")
    jobs.stop(P, "r2")
    assert status(home, "r2") == "stopped" and read_job(waiting.path).pid == 0
    with pytest.raises(Refusal):
        jobs.stop(P, "r2")


def test_a_new_server_takes_up_what_works_and_what_waits(make, home, gate):
    first = make()
    job, waiting = start(first, home), start(first, home, "r2")
    wait(lambda: lock_holder(job.run_folder / "lock") == job.pid)
    first._children.clear()  # it dies: nobody reaps, nobody looks
    first.close()
    second = make()
    assert status(home) == "running" and status(home, "r2") == "queued"
    with pytest.raises(Refusal):
        second.resume(P, "r1")
    gate.touch()
    wait(lambda: status(home) == "finished")
    wait(lambda: status(home, "r2") == "finished")
    assert read_job(job.path).code is None and read_job(waiting.path).code == 0


def test_a_process_that_only_bears_the_same_number_is_not_taken_for_the_run(make, home):
    jobs = make()
    job = start(jobs, home)
    wait(lambda: read_job(job.path).state == ENDED)
    jobs.close()
    (job.run_folder / "run.json").write_text('{"status": "running"}')
    read_job(job.path).write(state=WORKING, pid=os.getpid(), born="another boot/1")
    make()
    assert wait(lambda: read_job(job.path).state == ENDED) and status(home) == "interrupted"


def test_kill_9_is_an_interruption_and_the_run_goes_on(make, home, monkeypatch):
    monkeypatch.setenv("FAKE_ITEMS", ENDLESS)
    jobs = make()
    job = start(jobs, home)
    wait(lambda: lock_holder(job.run_folder / "lock"))
    wait(lambda: (job.run_folder / "run.json").is_file())
    os.kill(job.pid, signal.SIGKILL)
    wait(lambda: status(home) == "interrupted")
    assert "ended from outside" in run_summary(job.run_folder)["error"]["message"]
    wait(lambda: read_job(job.path).state == ENDED)
    monkeypatch.setenv("FAKE_ITEMS", "2")
    jobs.resume(P, "r1")
    wait(lambda: status(home) == "finished")


def test_a_refusal_before_there_is_a_run_folder_is_told(make, home, monkeypatch):
    monkeypatch.setenv("FAKE_END", "refuse")
    job = start(make(), home)
    wait(lambda: read_job(job.path).state == ENDED)
    told = run_summary(job.run_folder)
    assert told["status"] == "failed" and told["error"]["message"] == "The table has no label. Add one."


def test_what_a_killed_run_left_without_a_word_does_not_stand_in_the_way(make, home):
    folder = home.run_folder(P, "r1", exists=False)
    folder.mkdir(parents=True)
    (folder / "events.jsonl").write_text("")
    start(make(), home)
    wait(lambda: status(home) == "finished")


def test_extras_tell_their_progress_and_end(make, home, monkeypatch):
    over = []
    jobs = make(ended=over.append)
    start(jobs, home)
    wait(lambda: status(home) == "finished")
    folder = home.run_folder(P, "r1")
    monkeypatch.setenv("FAKE_ITEMS", ENDLESS)
    job = jobs.start(P, "r1", ["learning-curve", str(folder), "--quiet"], kind="learning-curve", again=True)
    told = wait(lambda: [one for one in extras_state(folder) if one["fraction"]])
    assert told[0]["state"] == "running" and told[0]["step"]["title"] == "Training and testing"
    assert status(home) == "finished"
    jobs.stop(P, "r1", "learning-curve")
    wait(lambda: read_job(job.path).state == ENDED)
    assert over == [folder], "told of the run, and not of what was added to it"
    assert extras_state(folder)[0]["state"] == "stopped" and len(extras_of(home.path / P, "r1")) == 1


def test_a_run_under_way_is_not_forgotten(make, home, monkeypatch):
    monkeypatch.setenv("FAKE_ITEMS", ENDLESS)
    jobs = make()
    start(jobs, home)
    assert jobs.busy(P) and not jobs.busy("p-0000000b")
    with pytest.raises(Refusal):
        jobs.forget(P, "r1")


def test_the_lock_is_seen_without_being_taken(tmp_path):
    assert lock_holder(tmp_path / "lock") is None
    (tmp_path / "lock").write_text("")
    assert lock_holder(tmp_path / "lock") is None
    child = os.fork()
    if child == 0:
        held = FolderLock(tmp_path / "lock")
        time.sleep(3600)
        held.release()
        os._exit(0)
    try:
        assert wait(lambda: lock_holder(tmp_path / "lock")) == child
        with pytest.raises(OutputError):
            FolderLock(tmp_path / "lock")
    finally:
        os.kill(child, signal.SIGKILL)
        assert wait(lambda: not born(child))  # a zombie works no more
        os.waitpid(child, 0)
    assert lock_holder(tmp_path / "lock") is None and not born(child)


@pytest.mark.parametrize(
    "text", ["", "{", "[]", '{"format": 2}', '{"format": 1, "kind": "rm"}', '{"format": 1, "kind": "run"}']
)
def test_a_file_that_is_no_job_is_none(tmp_path, text):
    (tmp_path / "r.json").write_text(text)
    assert read_job(tmp_path / "r.json") is None and read_job(tmp_path / "missing.json") is None
