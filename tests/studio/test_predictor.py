"""The warm child: it answers, crashes, hangs, idles and goes, and nobody waits for ever."""

import json
import os
import signal
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest

from wetread.errors import InputError
from wetread.images.source import Source
from wetread.studio.answers import Refusal
from wetread.studio.predictor import MOST_WAITING, Predictors

#: Does what the name of the "picture" says, without any model.
FAKE = """
import json, os, sys, time
print(json.dumps({"failed": {"message": "No.", "remedy": "Other.", "code": "model"}} if "broken" in sys.argv[1]
                 else {"ready": {}}), flush=True)
for line in sys.stdin:
    asked = json.loads(line)
    name = asked.get("source", {}).get("path", "").rsplit("/", 1)[-1]
    if name == "crash":
        os._exit(3)
    if name == "hang":
        open(sys.argv[0] + ".hangs", "w").close()
        time.sleep(3600)
    while name == "held" and not os.path.exists(sys.argv[0] + ".go"):
        time.sleep(0.01)
    if name == "chatter":
        print("Traceback: DOE^JANE", flush=True)
    errors = {"refuse": ("Not a picture.", "Another.", "x"), "fault": ("Our own mistake.", "Report.", "fault")}
    if name in errors:
        error = dict(zip(("message", "remedy", "code"), errors[name]))
        print(json.dumps({"n": asked["n"], "error": error}), flush=True)
        continue
    print(json.dumps({"n": asked["n"], "answer": {"pid": os.getpid(), "name": name, "model": sys.argv[1]}}), flush=True)
"""


@pytest.fixture
def fake(tmp_path):
    """Predictors whose child only pretends."""
    script = tmp_path / "fake.py"
    script.write_text(FAKE)
    made = []

    def make(**options):
        made.append(Predictors(command=(sys.executable, str(script)), **options))
        return made[-1]

    yield make
    for one in made:
        one.close()


def ask(predictors, name, model="run"):
    return predictors.predict(Path(model), [Source(Path("/pictures") / name)])[0]


def is_alive(pid):
    try:
        os.kill(pid, 0)
    except OSError:
        return False
    stat = Path(f"/proc/{pid}/stat")
    return not stat.exists() or stat.read_text().rpartition(")")[2].split()[0] not in "ZX"


def await_end(pid, seconds=120):
    deadline = time.monotonic() + seconds
    while is_alive(pid) and time.monotonic() < deadline:
        time.sleep(0.02)
    return not is_alive(pid)


def refusal(predictors, name):
    with pytest.raises(Refusal) as caught:
        ask(predictors, name)
    assert caught.value.message
    assert caught.value.remedy
    assert "/pictures" not in caught.value.message
    return caught.value.status, caught.value.code


def test_one_child_answers_again_and_again(fake):
    predictors = fake()
    first, second = ask(predictors, "a"), ask(predictors, "b")
    assert first["pid"] == second["pid"] == predictors.process
    assert [first["name"], second["name"]] == ["a", "b"]


def test_another_run_gets_another_child_and_the_first_ends(fake):
    predictors = fake()
    first, second = ask(predictors, "a", "one"), ask(predictors, "a", "two")
    assert Path(second["model"]).name == "two"
    assert await_end(first["pid"])
    assert predictors.process == second["pid"]


def test_a_model_put_in_place_of_another_is_loaded(fake, tmp_path):
    run = tmp_path / "run"
    (run / "model").mkdir(parents=True)
    (run / "model" / "golden.json").write_text("{}")
    predictors = fake()
    first = ask(predictors, "a", run)
    assert ask(predictors, "a", run)["pid"] == first["pid"]
    os.utime(run / "model" / "golden.json", (1, 1))
    assert ask(predictors, "a", run)["pid"] != first["pid"]


def test_a_crash_costs_one_answer(fake):
    predictors = fake()
    before = ask(predictors, "a")["pid"]
    assert refusal(predictors, "crash") == (500, "predictor-crash")
    assert ask(predictors, "a")["pid"] != before


def test_a_child_that_died_between_two_questions_is_not_noticed(fake):
    predictors = fake()
    before = ask(predictors, "a")["pid"]
    os.kill(before, signal.SIGKILL)
    assert await_end(before)
    assert ask(predictors, "a")["pid"] != before


def test_a_hang_is_ended_at_its_limit(fake):
    predictors = fake(seconds=120.0)
    before = ask(predictors, "a")["pid"]
    predictors._seconds = 0.6  # for the answer; a busy machine may need longer to start a child
    started = time.monotonic()
    assert refusal(predictors, "hang") == (504, "predictor-timeout")
    assert time.monotonic() - started < 600  # of an hour
    assert await_end(before)
    predictors._seconds = 120.0
    assert ask(predictors, "a")["pid"] != before


def test_what_is_no_answer_is_a_crash_and_is_not_passed_on(fake):
    assert refusal(fake(), "chatter") == (500, "predictor-crash")


def test_why_it_cannot_answer_is_told(fake):
    predictors = fake()
    with pytest.raises(InputError) as caught:
        ask(predictors, "refuse")
    assert (caught.value.message, caught.value.remedy, caught.value.code) == ("Not a picture.", "Another.", "x")
    assert refusal(predictors, "fault") == (500, "fault")


def test_a_model_that_cannot_be_loaded_says_so_each_time(fake):
    predictors = fake()
    for _ in range(2):
        with pytest.raises(InputError, match="No"):
            ask(predictors, "a", "broken")
    assert predictors.process is None


def test_an_idle_child_ends_and_comes_back(fake):
    predictors = fake(idle=0.2)
    before = ask(predictors, "a")["pid"]
    assert await_end(before)
    assert ask(predictors, "a")["pid"] != before


def test_many_threads_each_get_their_own_answer(fake):
    predictors = fake()
    names = [f"picture-{number}" for number in range(20)]
    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(lambda name: ask(predictors, name), names))
    assert [one["name"] for one in found] == names
    assert len({one["pid"] for one in found}) == 1


def test_too_many_questions_are_refused_at_once(fake, tmp_path):
    predictors = fake()
    place = {"path": "/held", "member": "", "item": None, "frame": None}
    waiting = [predictors.submit(Path("run"), "predict", {"source": place}) for _ in range(MOST_WAITING)]
    assert refusal(predictors, "a") == (503, "predictor-busy")
    for one in waiting[1:]:
        one.cancel()
    (tmp_path / "fake.py.go").touch()
    waiting[0].result()
    assert ask(predictors, "a")["name"] == "a"


def test_closing_ends_the_child_and_wakes_who_waits(fake, tmp_path):
    predictors = fake()
    pid = ask(predictors, "a")["pid"]
    caught = []

    def wait():
        try:
            ask(predictors, "hang")
        except Refusal as error:
            caught.append(error.code)

    thread = threading.Thread(target=wait)
    thread.start()
    deadline = time.monotonic() + 120
    while not (tmp_path / "fake.py.hangs").exists():
        assert time.monotonic() < deadline
        time.sleep(0.02)
    predictors.close()
    thread.join(120)
    assert caught == ["predictor-crash"]
    assert await_end(pid)


# The real one --------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def warm():
    predictors = Predictors()
    yield predictors
    predictors.close()


def colourful(folder):
    """Nothing that a model of grey pictures may judge."""
    from PIL import Image

    red = np.zeros((96, 96, 3), dtype=np.uint8)
    red[..., 0], red[:48, :, 1] = 220, np.arange(96)
    Image.fromarray(red).save(folder / "holiday.png")
    return folder / "holiday.png"


def picture_of(chest_set, number=0):
    return Source(sorted((chest_set / "images").iterdir())[number])


def test_it_says_what_wetread_predict_says(warm, finished_run, chest_set):
    import wetread

    place = picture_of(chest_set)
    (found,) = warm.predict(finished_run.folder, [place])
    (row,) = wetread.predict(finished_run.folder, place.path)
    assert found["predicted"] == row["predicted"]
    assert found["p"] == {"effusion": row["p_effusion"], "no_effusion": row["p_no_effusion"]}
    assert found["status"] == row["status"]
    # One line of images.csv per file that was met, whatever became of it.
    images = [line.split(",")[0] for line in (finished_run.folder / "images.csv").read_text().splitlines()[1:]]
    assert found["seen"] == {"how": "file", "case": images.index(f"images/{place.path.name}"), "training": True}
    assert found["nearest"][0] == {"case": found["seen"]["case"], "likeness": pytest.approx(1, abs=1e-3)}


def test_a_picture_under_another_format_is_known_by_its_pixels(warm, finished_run, chest_set, tmp_path):
    from PIL import Image

    from wetread.images.read import decode_image

    place = picture_of(chest_set, 3)
    pixels = decode_image(place.path).pixels
    Image.fromarray(pixels).save(tmp_path / "copy.png")
    Image.fromarray(pixels).resize((90, 90)).save(tmp_path / "smaller.jpg", quality=70)
    original, copy, smaller = warm.predict(
        finished_run.folder, [place, Source(tmp_path / "copy.png"), Source(tmp_path / "smaller.jpg")]
    )
    assert copy["seen"] == {"how": "pixels", "case": original["seen"]["case"], "training": True}
    assert smaller["seen"] == {"how": "near", "case": original["seen"]["case"], "training": True}


def test_a_refused_picture_has_no_class_and_no_probability(warm, finished_run, tmp_path):
    colour_photograph = colourful(tmp_path)
    (found,) = warm.predict(finished_run.folder, [Source(colour_photograph)])
    assert found["status"] == "out"
    assert not {"predicted", "p", "unsure"} & found.keys()
    assert "effusion" not in json.dumps(found)
    assert found["reason"]
    assert warm.heatmap(finished_run.folder, Source(colour_photograph)) == {"refused": found["reason"]}


def test_a_held_out_case_is_explained_by_the_model_that_did_not_see_it(warm, finished_run, chest_set):
    place = picture_of(chest_set, 3)
    case = warm.predict(finished_run.folder, [place])[0]["seen"]["case"]
    elsewhere = warm.heatmap(finished_run.folder, place)
    as_case = warm.heatmap(finished_run.folder, place, "occlusion", "no_effusion", case=case)
    assert elsewhere["model"] == "shipped"
    assert as_case["model"].startswith("fold ")
    assert as_case["held_out"]
    assert (as_case["target"], as_case["method"]) == ("no_effusion", "occlusion")
    assert len(as_case["values"]) == as_case["rows"]
    assert {len(row) for row in as_case["values"]} == {as_case["cols"]}
    assert as_case["unit"] == "logits" and "blue where it rises" in as_case["meaning"]
    assert as_case["box"] == [0, 0, 1, 1]
    assert as_case["limit"] > 0
    values = [value for row in as_case["values"] for value in row]
    assert min(values) < 0 < max(values)  # signed: for and against


def test_two_methods_are_compared(warm, finished_run, chest_set):
    place = picture_of(chest_set, 3)
    first = warm.heatmap(finished_run.folder, place, "occlusion")
    second = warm.heatmap(finished_run.folder, place, "occlusion-blur", beside=first)
    assert second["agreement"]["with"] == "occlusion"
    assert second["agreement"]["title"] == "Occlusion (mean)"
    assert first["agreement"] is None
    # A map of another model, or for another class, is no second opinion.
    other = warm.heatmap(finished_run.folder, place, "occlusion-blur", beside=first | {"model": "fold 9"})
    assert other["agreement"] is None


def test_slips_get_the_names_that_there_are(warm, finished_run, chest_set):
    with pytest.raises(InputError, match="effusion, no_effusion") as caught:
        warm.heatmap(finished_run.folder, picture_of(chest_set), "", "efusion")
    assert caught.value.code == "unknown-class"
    with pytest.raises(InputError) as caught:
        warm.heatmap(finished_run.folder, picture_of(chest_set), "tea leaves")
    assert caught.value.code == "unknown-method"


def test_no_answer_and_no_error_names_a_file(warm, finished_run, chest_set, tmp_path):
    told = [
        warm.predict(finished_run.folder, [picture_of(chest_set)]),
        warm.heatmap(finished_run.folder, picture_of(chest_set)),
        warm.nearest(finished_run.folder, picture_of(chest_set)),
    ]
    assert "images" not in json.dumps(told)
    assert picture_of(chest_set).path.stem not in json.dumps(told)
    secret = tmp_path / "DOE_JANE.png"
    secret.write_text("no picture")
    with pytest.raises(InputError) as caught:
        warm.predict(finished_run.folder, [Source(secret)])
    assert caught.value.code == "not-an-image"
    assert "DOE" not in str(caught.value)


def test_a_run_without_a_model_is_refused(warm, tmp_path):
    with pytest.raises(InputError):
        warm.predict(tmp_path, [Source(tmp_path / "a.png")])


def test_the_child_ends_with_its_parent(finished_run, chest_set):
    code = (
        "import os, sys; from pathlib import Path; from wetread.studio.predictor import Predictors;"
        "from wetread.images.source import Source; p = Predictors();"
        "p.predict(Path(sys.argv[1]), [Source(Path(sys.argv[2]))]);"
        "print(p.process, *[name for name in ('torch', 'scipy', 'sklearn', 'openvino') if name in sys.modules]);"
        "sys.stdout.flush(); os.kill(os.getpid(), 9)"
    )
    told = subprocess.run(
        [sys.executable, "-c", code, str(finished_run.folder), str(picture_of(chest_set).path)],
        capture_output=True,
        text=True,
        timeout=400,
    )
    pid, *heavy = told.stdout.split()
    assert heavy == []
    assert await_end(int(pid))
