"""The reading room: blind, in random order, nothing lost, nothing counted twice, and then beside the model."""

import csv
import io
import json
import shutil
import time

import pytest

from wetread.studio.answers import Refusal
from wetread.studio.reading import NOTHING, Readings
from wetread.studio.reading_order import ReadingCase, draw_cases, draw_names, draw_order, say_few
from wetread.studio.reading_results import ReadingResults, table_of
from wetread.studio.reading_routes import blind_headers

BASE = "/api/projects/terminal/readings"


def pool(count=6, held_out=True):
    labels = ("effusion", "no effusion")
    return [
        ReadingCase(f"images/P{n}.dcm", labels[n % 2], f"SYN-{n}", case=n, held_out=held_out and n < 4)
        for n in range(count)
    ]


@pytest.fixture
def readings(studio):
    return Readings(studio.home, "terminal")


@pytest.fixture
def reading(readings):
    return readings.create("Thursday", "", pool(), ["effusion", "no effusion"], seed=3)


def read_all(reader, classes=("effusion", "no effusion"), confidence=80):
    count = 0
    while not (following := reader.next())["done"]:
        reader.answer(following["case"], classes[count % len(classes)], confidence, 1500)
        count += 1
    return count


def refusal(work, *args, **options):
    with pytest.raises(Refusal) as caught:
        work(*args, **options)
    assert caught.value.message
    return caught.value.status, caught.value.code


# Cases and order -----------------------------------------------------------------------------------------------------


def test_held_out_cases_all_cases_or_some():
    assert [case.case for case in draw_cases(pool(), "test", 0)] == [0, 1, 2, 3]
    assert len(draw_cases(pool(), "all", 0)) == 6
    drawn = draw_cases(pool(), 3, 5)
    assert drawn == draw_cases(pool(), 3, 5)
    assert {case.case for case in drawn} < {0, 1, 2, 3}
    assert len({tuple(case.case for case in draw_cases(pool(), 2, seed)) for seed in range(20)}) > 3
    assert len(draw_cases(pool(held_out=False), "test", 0)) == 6  # a project without a run: nothing was trained on
    assert refusal(draw_cases, pool(1), "all", 0) == (409, "too-few-cases")
    assert refusal(draw_cases, pool() * 400, "all", 0) == (400, "too-many")


def test_every_reader_has_an_order_of_its_own_and_it_is_repeatable():
    orders = [draw_order(50, 1, reader) for reader in (1, 2, 3)]
    assert [sorted(order) for order in orders] == [list(range(50))] * 3
    assert orders[0] != orders[1] != orders[2] != orders[0]
    assert draw_order(50, 1, 2) == orders[1]
    assert draw_order(50, 2, 1) != orders[0]


def test_names_of_cases_have_no_meaning():
    names = draw_names(100)
    assert len(set(names)) == 100
    assert names != sorted(names)
    assert not set(names) & set(draw_names(100))


def test_too_few_is_said():
    assert say_few(["a"] * 5 + ["b"] * 5, ["a", "b"]) == ""
    assert "b (4)" in say_few(["a"] * 5 + ["b"] * 4, ["a", "b"])
    assert say_few(["a|b"] * 5, ["a", "b"]) == ""


# Reading -------------------------------------------------------------------------------------------------------------


def test_a_reader_reads_all_and_is_finished(reading):
    reader = reading.join("Anna", "resident")
    assert reader.next()["position"] == 1
    assert read_all(reader) == 6
    assert reader.next() == {"done": True, "total": 6}
    assert reader.tell() == {
        "nickname": "Anna",
        "experience": "resident",
        "done": 6,
        "total": 6,
        "finished": True,
    }


def test_who_comes_again_goes_on(reading):
    reader = reading.join("Anna", "resident")
    first = reader.next()["case"]
    reader.answer(first, "effusion", 50, 10)
    again = Readings.get.__get__(_of(reading))(reading.id).join(" anna ", "consultant")
    assert again.id == reader.id
    assert again.next()["position"] == 2
    assert again.about["experience"] == "resident"
    assert reading.join("Ben", "").next()["case"] not in dict(reader.about["order"])


def _of(reading):
    """The sessions that hold one, as another process would open them."""
    found = Readings.__new__(Readings)
    found.folder = reading.folder.parent
    return found


def test_one_step_back_corrects_and_both_lines_stay(reading):
    reader = reading.join("Anna", "")
    assert refusal(reader.back) == (409, "no-answer")
    first = reader.next()["case"]
    reader.answer(first, "effusion", 90, 1000)
    told = reader.back()
    assert (told["case"], told["class"], told["confidence"], told["position"]) == (first, "effusion", 90, 1)
    assert reader.next()["position"] == 2  # asking changes nothing
    following = reader.answer(first, "no effusion", 60, 500, correction=True)
    assert following["position"] == 2
    assert [line["class"] for line in reader.lines] == ["effusion", "no effusion"]
    counted = reader.answers()[first]
    assert (counted["class"], counted["confidence"], counted["ms"]) == ("no effusion", 60, 1500)
    second = reader.answer(following["case"], "effusion", 70, 10)
    assert second["position"] == 3
    assert refusal(reader.answer, first, "effusion", 1, 1, correction=True) == (409, "not-last")


def test_what_is_no_answer_is_refused_and_leaves_no_line(reading):
    reader, other = reading.join("Anna", ""), reading.join("Ben", "")
    case, later = reader.next()["case"], [name for name, _ in reader.about["order"]][3]
    for said, expected in (
        ((case, "maybe", 50, 1), (400, "unknown-class")),
        ((case, ["effusion"], 50, 1), (400, "unknown-class")),
        ((case, 3, 50, 1), (400, "unknown-class")),
        ((case, "effusion", 101, 1), (400, "bad-confidence")),
        ((case, "effusion", -1, 1), (400, "bad-confidence")),
        ((case, "effusion", 50.5, 1), (400, "bad-confidence")),
        ((case, "effusion", True, 1), (400, "bad-confidence")),
        ((case, "effusion", None, 1), (400, "bad-confidence")),
        ((case, "effusion", 50, -1), (400, "bad-time")),
        ((case, "effusion", 50, 10**9), (400, "bad-time")),
        (("0" * 16, "effusion", 50, 1), (404, "no-case")),
        ((other.next()["case"], "effusion", 50, 1), (404, "no-case")),
        ((later, "effusion", 50, 1), (409, "not-next")),
    ):
        assert refusal(reader.answer, *said) == expected
    assert reader.lines == []
    reader.answer(case, "effusion", 50, 1)
    assert refusal(reader.answer, case, "effusion", 50, 1) == (409, "answered")
    assert len(reader.lines) == 1


def test_a_line_that_broke_off_is_read_over(reading):
    reader = reading.join("Anna", "")
    case = reader.next()["case"]
    reader.answer(case, "effusion", 50, 1)
    log = reading.folder / "readers" / f"{reader.id}.jsonl"
    log.write_text(log.read_text() + '{"case": "' + case[:4])
    again = reading.reader(reader.id)
    assert again.next()["position"] == 2


@pytest.mark.parametrize("name", ["", "  ", "truth", "Model", "=1+1", "-x", "anna@example.org"])
def test_names_that_would_mean_something_else_are_refused(reading, name):
    assert refusal(reading.join, name, "") == (400, "bad-nickname")


def test_several_findings_in_one_answer(readings):
    cases = [ReadingCase(f"{n}.png", "edema|nodule" if n else "no finding", case=n, held_out=True) for n in range(2)]
    reading = readings.create("x", "", cases, ["edema", "nodule"], several=True)
    assert reading.tell()["classes"] == ["edema", "nodule", NOTHING]
    reader = reading.join("Anna", "")
    first = reader.next()["case"]
    assert refusal(reader.answer, first, ["edema", NOTHING], 50, 1) == (400, "unknown-class")
    assert refusal(reader.answer, first, [], 50, 1) == (400, "unknown-class")
    second = reader.answer(first, ["nodule", "edema"], 50, 1)["case"]
    reader.answer(second, [NOTHING], 50, 1)
    assert [line["class"] for line in reader.lines] == ["edema|nodule", NOTHING]
    rows = list(csv.DictReader(io.StringIO(table_of(reading, [reader]))))
    assert sorted(row["truth"] for row in rows) == [NOTHING, "edema|nodule"]


def test_the_table_holds_what_counts(reading):
    reader = reading.join("Anna", "resident")
    case = reader.next()["case"]
    reader.answer(case, "effusion", 90, 1000)
    reader.answer(case, "no effusion", 60, 500, correction=True)
    reader.answer(reader.next()["case"], None, 0, 200)
    rows = list(csv.DictReader(io.StringIO(table_of(reading, [reader]))))
    of_case = reading.cases[reader.number_of(case)]
    assert rows[0] == {
        "image": of_case.image,
        "patient": of_case.patient,
        "reader": "Anna",
        "label": "no effusion",
        "certainty": "60",
        "seconds": "1.5",
        "experience": "resident",
        "truth": of_case.truth,
    }
    assert (rows[1]["label"], rows[1]["certainty"]) == ("", "")  # cannot be judged: not read


def test_headers_of_a_file_do_not_reach_a_reader():
    told = blind_headers(
        {
            "X-Shape": "2,2",
            "X-Window": "40,80",
            "X-Presets": json.dumps([["EFFUSION DOE", 1, 2], ["Lung", -600, 1500], ["Min-max", 0, 1]]),
            "X-Name": "DOE.dcm",
        }
    )
    assert told == {
        "X-Shape": "2,2",
        "X-Window": "40,80",
        "X-Presets": json.dumps([["Window 1", 1, 2], ["Lung", -600, 1500], ["Min-max", 0, 1]]),
    }


# Over the wire -------------------------------------------------------------------------------------------------------


@pytest.fixture
def ran(studio, finished_run, chest_set):
    """The studio with a run made in the terminal, and its data beside it."""
    shutil.copytree(finished_run.folder, studio.home.terminal / "run")
    shutil.copytree(chest_set, studio.home.terminal.parent / chest_set.name)
    told = json.loads((studio.home.terminal / "run" / "run.json").read_text())
    told["command"] = ["wetread", "run", chest_set.name, "--out", "wetread-runs/run"]
    (studio.home.terminal / "run" / "run.json").write_text(json.dumps(told))
    return studio


def post(studio, address, body, status=200):
    told = studio.post(address, json=body)
    assert told.status_code == status, told.text
    return told


def truths(run):
    with open(run / "predictions.csv", newline="") as handle:
        return {row["image"]: row["truth"] for row in csv.DictReader(handle)}


def test_nothing_that_a_reader_is_sent_tells_the_truth(ran):
    """Every byte of every answer of a session is searched for names of files, patients and classes."""
    made = post(ran, BASE, {"name": "Thursday", "run": "run", "items": 8, "seed": 4}).json()
    one = f"{BASE}/{made['id']}"
    anna = post(ran, f"{one}/readers", {"nickname": "Anna", "experience": "resident"})
    told = [anna.text]
    reader = f"{one}/readers/{anna.json()['reader']}"
    session = ran.get(one)
    assert session.json()["classes"] == ["effusion", "no_effusion"]
    pixels = []
    while not (following := ran.get(f"{reader}/next")).json()["done"]:
        told.append(following.text)
        case = following.json()["case"]
        shown = ran.get(f"{one}/cases/{case}/pixels?size=64")
        assert shown.status_code == 200
        pixels.append(shown.content)
        told.append(str(dict(shown.headers)))
        told.append(post(ran, f"{reader}/answers", {"case": case, "class": "effusion", "confidence": 7, "ms": 9}).text)
    # What a reader says comes back when he or she goes back one step, and only that.
    assert ran.get(f"{reader}/back").json()["class"] == "effusion"
    told += [session.text.replace('"classes":["effusion","no_effusion"]', ""), ran.get(BASE).text]
    run = ran.home.terminal / "run"
    everything = "\n".join(told).replace('"classes":["effusion","no_effusion"]', "")
    assert len(set(pixels)) == 8
    for secret in ("effusion", "images/", ".dcm", "SYN-", "P0", "held_out", "truth", "patient", "sha256"):
        assert secret not in everything, secret
    for image in truths(run):
        assert image.rsplit("/", 1)[-1].split(".")[0] not in everything
    hidden = json.loads((ran.home.cache_folder("terminal") / "readings" / made["id"] / "session.json").read_text())
    assert {case["truth"] for case in hidden["cases"]} <= {"effusion", "no_effusion"}
    for row in hidden["cases"]:
        assert f'"case":{row["case"]}' not in everything


def test_a_picture_that_is_gone_does_not_name_itself(ran, chest_set):
    made = post(ran, BASE, {"run": "run", "items": 4}).json()
    anna = post(ran, f"{BASE}/{made['id']}/readers", {"nickname": "Anna"}).json()["reader"]
    case = ran.get(f"{BASE}/{made['id']}/readers/{anna}/next").json()["case"]
    shutil.rmtree(ran.home.terminal.parent / chest_set.name)
    told = ran.get(f"{BASE}/{made['id']}/cases/{case}/pixels")
    assert (told.status_code, told.json()["code"]) == (404, "no-picture")
    assert ".dcm" not in told.text
    following = post(
        ran, f"{BASE}/{made['id']}/readers/{anna}/answers", {"case": case, "class": None, "confidence": 0, "ms": 5}
    )
    assert following.json()["position"] == 2


def test_results_are_locked_then_stand_beside_the_model(ran):
    made = post(ran, BASE, {"name": "Thursday", "run": "run", "items": 30, "seed": 1}).json()
    assert made["few"] == ""
    one, run = f"{BASE}/{made['id']}", ran.home.terminal / "run"
    reading = Readings(ran.home, "terminal").get(made["id"])
    assert ran.get(f"{one}/results").json()["state"] == "locked"
    assert ran.get(f"{one}/results/page").status_code == 404
    known = truths(run)
    for name, wrong in (("Anna", 5), ("Ben", 9)):
        reader = reading.join(name, "resident")
        for position, (case, number) in enumerate(reader.about["order"]):
            truth = known[reading.cases[number].image]
            other = "effusion" if truth == "no_effusion" else "no_effusion"
            reader.answer(case, other if position % wrong == 0 else truth, 50 + position, 2000)
    last = list(reader.answers())[-1]
    reader.answer(last, reader.answers()[last]["class"], 99, 2000, correction=True)
    deadline = time.monotonic() + 400
    while (told := ran.get(f"{one}/results").json())["state"] == "working" and time.monotonic() < deadline:
        time.sleep(0.2)
    assert told["state"] == "done", told
    assert told["beside_model"]
    with pytest.raises(Refusal, match="have been seen"):
        reader.answer(last, "effusion", 1, 2000, correction=True)
    assert reader.answers()[last]["confidence"] == 99
    study = told["study"]
    assert [row["name"] for row in study["truth"]["effusion"]["rows"]] == ["Anna", "Ben", "model"]
    assert (study["n"]["images"], study["n"]["readers"], study["model"]["matched"]) == (30, 2, 30)
    assert study["model"]["without"] == 0
    assert set(study["model"]["splits"]) == {"predicted in the fold that held them out"}
    # Of Anna's 30 answers those at 0, 5, 10, 15, 20, 25 are wrong: 24 are right.
    anna = study["truth"]["effusion"]["rows"][0]
    sick = sum(case.truth == "effusion" for case in reading.cases)
    right = anna["sensitivity"]["value"] * sick + anna["specificity"]["value"] * (30 - sick)
    assert right == pytest.approx(24)
    assert ".dcm" not in json.dumps(told)
    page = ran.get(f"{one}/results/page")
    assert page.status_code == 200
    assert "sandbox" in page.headers["content-security-policy"]


def test_too_few_cases_are_said_and_bad_wishes_refused(ran):
    made = post(ran, BASE, {"run": "run", "items": 4}).json()
    assert "Too few cases" in made["few"]
    for body, status in (
        ({"run": "run", "items": 0}, 400),
        ({"run": "run", "items": "some"}, 400),
        ({"run": "run", "items": True}, 400),
        ({"run": "run", "seed": -1}, 400),
        ({"run": "run", "classes": ["cat", "dog"]}, 400),
        ({"run": "run", "classes": ["effusion"]}, 400),
        ({"run": "other"}, 404),
        ({"run": 3}, 400),
        ({}, 404),  # without a run the pictures of the project are read, and these runs have none
    ):
        assert ran.post(BASE, json=body).status_code == status, body
    listed = ran.get(BASE).json()["readings"]
    assert [one["id"] for one in listed] == [made["id"]]
    for address in ("abc", "0" * 16, f"{made['id']}/readers/{'0' * 16}/next", f"{made['id']}/cases/{'0' * 16}/pixels"):
        assert ran.get(f"{BASE}/{address}").status_code == 404


def test_a_comparison_that_fails_says_why_and_can_be_repeated(reading, monkeypatch):
    read_all(reading.join("Anna", ""))
    results = ReadingResults(seconds=0.01)
    assert results.tell(reading, None)["state"] == "working"
    deadline = time.monotonic() + 300
    while (told := results.tell(reading, None))["state"] == "working" and time.monotonic() < deadline:
        time.sleep(0.02)
    assert (told["state"], told["code"]) == ("failed", "timeout")
    assert told["message"]
    results.again(reading)
    assert results.tell(reading, None)["state"] == "working"
