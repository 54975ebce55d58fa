"""Pictures that are tried: in, judged or refused, explained, cleared; never part of the data."""

import hashlib
import json
import shutil
import time

import pytest

from tests.studio.test_predictor import colourful
from wetread.studio import tries as tries_module
from wetread.studio.tries import tell_prediction

TRIES = "/api/projects/terminal/tries"


@pytest.fixture
def ran(studio, finished_run):
    """The studio with a finished run that was made in the terminal."""
    shutil.copytree(finished_run.folder, studio.home.terminal / "run")
    return studio


def put(studio, data, name="a.dcm", run="run", project="terminal"):
    return studio.put(f"/api/projects/{project}/tries?run={run}", content=data, headers={"X-Name": name})


def picture(chest_set, number=0):
    return sorted((chest_set / "images").iterdir())[number]


def test_a_training_picture_is_judged_and_badged(ran, chest_set):
    data = picture(chest_set).read_bytes()
    told = put(ran, data, "D%C3%B6rte.dcm")
    assert told.status_code == 200
    found = told.json()
    assert found["try"] == hashlib.sha256(data).hexdigest()[:16]
    told = found["prediction"]
    assert set(told["p"]) == {"effusion", "no_effusion"}
    assert sum(told["p"].values()) == pytest.approx(1, abs=1e-5)
    assert told["seen"]["badge"] == "seen in training"
    assert "memory" in told["seen"]["text"]
    assert told["nearest"][0]["label"] in ("effusion", "no_effusion")
    assert told["nearest"][0]["case"] == told["seen"]["case"]
    listed = ran.get(TRIES).json()["tries"]
    assert listed == [{"try": found["try"], "name": "Dörte.dcm", "bytes": len(data)}]
    again = ran.get(f"{TRIES}/{found['try']}?run=run").json()
    assert again == found


def test_a_refused_picture_has_no_class_anywhere(ran, tmp_path):
    colour_photograph = colourful(tmp_path)
    told = put(ran, colour_photograph.read_bytes(), "holiday.png")
    found = told.json()["prediction"]
    assert found["status"] == "out"
    assert found["reason"]
    assert not {"predicted", "p", "unsure"} & found.keys()
    assert "effusion" not in told.text
    assert all(set(one) == {"case", "likeness"} for one in found["nearest"])
    heat = await_heat(ran, f"{TRIES}/{told.json()['try']}/heatmap?run=run")
    assert "values" not in heat


def test_what_is_no_picture_is_refused_and_not_kept(ran):
    for data, code in ((b"PK\x03\x04 no picture", "not-an-image"), (b"", "empty-file"), (b"\x89PNG\r\n\x1a\nx", None)):
        told = put(ran, data)
        assert told.status_code == 400
        assert told.json()["message"]
        assert told.json()["remedy"]
        assert code is None or told.json()["code"] == code
    assert ran.get(TRIES).json() == {"tries": []}
    place = ran.home.cache_folder("terminal") / "tries"
    assert not [path for path in place.rglob("*") if path.is_file()]


def test_a_run_is_needed(ran, chest_set):
    data = picture(chest_set).read_bytes()
    assert put(ran, data, run="").status_code == 400
    assert put(ran, data, run="other").status_code == 404
    (ran.home.terminal / "young").mkdir()
    told = put(ran, data, run="young")
    assert (told.status_code, told.json()["code"]) == (409, "no-model")


def test_a_try_is_shown_explained_and_cleared(ran, chest_set):
    number = put(ran, picture(chest_set, 2).read_bytes()).json()["try"]
    heat = await_heat(ran, f"{TRIES}/{number}/heatmap?run=run&method=occlusion&target=effusion")
    assert (heat["method"], heat["target"], heat["model"]) == ("occlusion", "effusion", "shipped")
    assert heat["held_out"] is False  # a training picture, dropped again
    assert set(heat["badge"]) >= {"passed", "tests", "verdict", "reason"}
    assert ran.delete(f"{TRIES}/{number}").status_code == 200
    assert ran.get(f"{TRIES}/{number}?run=run").status_code == 404
    put(ran, picture(chest_set, 2).read_bytes())
    assert ran.delete(TRIES).status_code == 200
    assert not (ran.home.cache_folder("terminal") / "tries").exists()


def await_heat(studio, address):
    deadline = time.monotonic() + 400
    while (found := studio.get(address).json()).get("state") == "working":
        assert time.monotonic() < deadline
    return found


def test_ids_are_ids(ran):
    for number in ("abc", "0" * 15, "g" * 16, "A" * 16, "0" * 16):
        assert ran.get(f"{TRIES}/{number}?run=run").status_code == 404
    assert ran.delete(f"{TRIES}/images").status_code == 200
    assert put(ran, b"x", project="p-00000000").status_code == 404


def test_there_is_an_end_to_tries(ran, chest_set, monkeypatch):
    monkeypatch.setattr(tries_module, "MOST", 1)
    assert put(ran, picture(chest_set).read_bytes()).status_code == 200
    told = put(ran, picture(chest_set, 1).read_bytes())
    assert (told.status_code, told.json()["code"]) == (409, "too-many-tries")


def test_refusal_replaces_whatever_the_predictor_says():
    told = tell_prediction(
        {
            "status": "out",
            "reason": "colour",
            "predicted": "effusion",
            "p": {"effusion": 0.99},
            "unsure": ["effusion"],
            "nearest": [{"case": 3, "likeness": 0.4}],
            "seen": None,
        },
        None,
    )
    assert told == {"status": "out", "reason": "colour", "nearest": [{"case": 3, "likeness": 0.4}], "seen": None}
    assert "effusion" not in json.dumps(told)


def test_a_held_out_test_picture_is_not_called_training():
    seen = {"how": "pixels", "case": 4, "training": False}
    told = tell_prediction({"status": "in", "nearest": [], "seen": seen}, None)["seen"]
    assert told["badge"] == "in the data of this run"
    assert "not trained" in told["text"]
