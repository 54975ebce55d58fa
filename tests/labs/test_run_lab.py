"""A lab that is interrupted goes on; a folder that holds something else is left alone."""

import json

import pytest

from labs.page import check_page
from wetread import steps
from wetread.errors import InputError, OutputError, Stopped
from wetread.labs.run_lab import run_lab
from wetread.labs.workbench import Workbench, _command


def test_a_stopped_lab_goes_on_where_it_was(tmp_path, shared_phantoms, plain_runs, monkeypatch):
    done, told = [], []
    ordinary = steps.run

    def stop_at_the_second(data, **options):
        if len(done) == 1:
            raise KeyboardInterrupt
        done.append(options["out"].name)
        return ordinary(data, **options)

    monkeypatch.setattr(steps, "run", stop_at_the_second)
    with pytest.raises(Stopped, match="same command goes on"):
        run_lab("imbalance", tmp_path / "lab", small=True)
    assert not (tmp_path / "lab" / "lab.json").exists()

    monkeypatch.setattr(
        steps, "run", lambda data, **options: done.append(options["out"].name) or ordinary(data, **options)
    )
    first = run_lab(
        "imbalance", tmp_path / "lab", small=True, listen=lambda event: told.append(getattr(event, "text", ""))
    )
    assert done == ["22-with-effusion", "8-with-effusion"]
    assert first["stages_done_now"] == 1  # neither the films nor the first run were made again
    assert any(text.startswith("1 of 3") and "8 with, 22 without" in text for text in told)

    monkeypatch.setattr(steps, "run", lambda *_, **__: pytest.fail("a finished run was repeated"))
    again = run_lab("imbalance", tmp_path / "lab", small=True)
    assert (again["stages_done_now"], again["parts"]) == (0, first["parts"])
    stored = json.loads((tmp_path / "lab" / "lab.json").read_text())
    assert stored["parts"] == again["parts"]
    check_page(tmp_path / "lab", again)


def test_half_a_set_of_phantoms_is_made_anew(tmp_path):
    place = tmp_path / "data" / "heads"
    place.mkdir(parents=True)
    (place / "left over").write_text("from an interruption")
    Workbench(tmp_path).phantoms("head-ct", "heads", 4, slices=2)
    assert (place / "labels.csv").is_file()
    assert not (place / "left over").exists()


def test_a_folder_of_another_lab_or_form_is_left_alone(tmp_path):
    (tmp_path / "wish.json").write_text('{"lab": "leak", "seed": 0, "small": true, "data": null}')
    with pytest.raises(OutputError, match="holds the lab leak"):
        run_lab("leak", tmp_path, seed=1, small=True)
    (tmp_path / "thesis").mkdir()
    (tmp_path / "thesis" / "chapter-1.txt").write_text("mine")
    with pytest.raises(OutputError, match="holds other files"):
        run_lab("leak", tmp_path / "thesis")


def test_data_where_none_is_taken_or_none_is_there(tmp_path):
    with pytest.raises(InputError, match="makes its own data"):
        run_lab("leak", tmp_path / "a", data=tmp_path)
    with pytest.raises(InputError, match="There is no"):
        run_lab("hemorrhage-1", tmp_path / "b", data=tmp_path / "nowhere")
    with pytest.raises(InputError, match=r"no experiment1.tm"):
        run_lab("hemorrhage-1", tmp_path / "c", data=tmp_path, small=True)


def test_a_command_as_it_is_typed(tmp_path):
    options = {
        "out": tmp_path / "run",
        "settings": ("cases=0", "epochs=2"),
        "colour": ("red 50..95",),
        "allow_leak": True,
    }
    assert _command("run", [tmp_path / "data" / "heads"], {**options, "resume": False}, tmp_path) == (
        "wetread run data/heads --out run --set cases=0 --set epochs=2 --colour 'red 50..95' --allow-leak"
    )
    assert _command("run", [tmp_path.parent / "secret" / "x.tm"], {}, tmp_path) == "wetread run x.tm"
