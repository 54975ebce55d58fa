"""Ctrl-C: what is said of what is kept, the command that goes on, and a run that ends with what is there."""

import json
import shlex

import pytest
from dataset.rows import write_images

import wetread
from wetread.errors import AskedToStop, Stopped
from wetread.main_job import refusing
from wetread.main_job.session import may_be_left_out, say_resume, working_in
from wetread.progress import Notice, silent
from wetread.request import Request
from wetread.run_folder import RunFolder


def typed(monkeypatch, words, program="/place/bin/wetread"):
    monkeypatch.setattr("sys.argv", [program, *words])


def test_the_command_that_goes_on_is_the_whole_command(monkeypatch, tmp_path):
    typed(monkeypatch, ["run", "my data", "--set", "choice=by gain", "--seed", "3", "--overwrite"])
    told = say_resume(tmp_path / "out")
    assert told == f"wetread run 'my data' --set 'choice=by gain' --seed 3 --out {tmp_path / 'out'} --resume"
    assert shlex.split(told)[2] == "my data"
    typed(monkeypatch, ["run", "pets", "--out=there", "--resume"])
    assert say_resume(tmp_path) == "wetread run pets --out=there --resume"
    typed(monkeypatch, ["demo", "--overwrite"])
    assert say_resume(tmp_path) == "wetread demo --resume"
    typed(monkeypatch, ["run", "pets", "--out", "there"], "/place/wetread/__main__.py")
    assert say_resume(tmp_path).endswith("-m wetread run pets --out there --resume")
    for other in ("/place/ipykernel_launcher.py", "/place/pytest/__main__.py"):
        typed(monkeypatch, ["-f", "kernel.json"], other)
        assert say_resume(tmp_path) == f"resume=True, out={str(tmp_path)!r}"


@pytest.mark.parametrize(
    ("there", "said"), [("", "before training"), ("folds", "There is no model yet"), ("model", "The model is finished")]
)
def test_what_is_kept_is_said(monkeypatch, tmp_path, there, said):
    typed(monkeypatch, ["run", "pets"])
    folder = RunFolder.create(tmp_path / "run")
    (tmp_path / "run" / there).mkdir(exist_ok=True)
    with pytest.raises(Stopped, match=said) as caught, working_in(folder, Request(tmp_path / "pets"), silent):
        raise KeyboardInterrupt
    assert caught.value.remedy == f"Go on with: wetread run pets --out {tmp_path / 'run'} --resume"


def test_a_stage_that_is_interrupted_leaves_no_half_files_and_a_second_interruption_stops(tmp_path):
    folder, told = RunFolder.create(tmp_path / "run"), []
    with pytest.raises(Stopped), working_in(folder, Request(tmp_path), told.append) as tell:
        for name in ("one", "two"):
            with may_be_left_out(folder, tell, name, ("half.json", "absent.json")):
                folder.write_json("half.json", {})
                raise KeyboardInterrupt
            assert not (tmp_path / "run" / "half.json").exists()
        raise KeyboardInterrupt
    described = json.loads((tmp_path / "run" / "run.json").read_text())
    assert (described["left_out"], described["status"]) == (["one", "two"], "stopped")
    assert ["one is left out" in event.text for event in told if isinstance(event, Notice)] == [True, False]


def test_a_scheduler_or_the_studio_stops_at_once(tmp_path):
    folder = RunFolder.create(tmp_path / "run")
    with (
        pytest.raises(Stopped),
        working_in(folder, Request(tmp_path), silent) as tell,
        may_be_left_out(folder, tell, "one", ()),
    ):
        raise AskedToStop
    assert json.loads((tmp_path / "run" / "run.json").read_text())["left_out"] is None


def test_an_interrupted_stage_is_made_up_for_by_resuming(tmp_path, monkeypatch):
    data = write_images(
        tmp_path / "data", *(f"{label}/{number:02}.png" for label in ("cat", "dog") for number in range(20))
    )

    def interrupted(*_):
        raise KeyboardInterrupt

    options = {"out": tmp_path / "run", "device": "cpu", "preset": "quick", "settings": ["rungs=classical", "folds=2"]}
    with monkeypatch.context() as patch:
        patch.setattr(refusing, "fit_refusal", interrupted)
        wetread.run(data, **options)
    described = json.loads((tmp_path / "run" / "run.json").read_text())
    assert (described["status"], described["left_out"]) == ("finished", ["learning what to refuse"])
    assert (tmp_path / "run" / "model" / "model.json").is_file()
    assert (tmp_path / "run" / "report.html").is_file()
    assert not (tmp_path / "run" / "refusal.json").exists()
    lights = {one["name"]: one for one in json.loads((tmp_path / "run" / "trust.json").read_text())}
    assert lights["refusal"]["evidence"].endswith("learning what to refuse was interrupted.")
    assert "Left out by hand: learning what to refuse." in (tmp_path / "run" / "report.html").read_text()
    again = []
    wetread.run(data, resume=True, listen=again.append, **options)
    described = json.loads((tmp_path / "run" / "run.json").read_text())
    assert (described["status"], described["left_out"]) == ("finished", None)
    assert (tmp_path / "run" / "refusal.json").is_file()
