"""Only held-out cases count; filters, counts and neighbours agree with each other and with the slider."""

import hashlib
import json
import time
import zipfile

import numpy as np
import pytest
from fake.effort import least_seconds

from tests.studio.result_runs import (
    findings,
    many,
    numbers_of,
    three_classes,
    two_classes,
    write_pictures,
    write_result,
)
from wetread.dataset.table import WORKING_SIDE
from wetread.errors import InputError
from wetread.images.cache import default_cache, entry_key
from wetread.images.facts import DecodedImage, ImageFacts
from wetread.images.view import View
from wetread.metrics.conformal import prediction_sets
from wetread.studio.case_list import Found, Wish
from wetread.studio.cases import read_cases
from wetread.studio.operating import classes_to_test
from wetread.studio.threshold_table import count_thresholds

#: ill, ill, ill, well, well, well; called ill from 0.5.
SIX = two_classes([1, 1, 1, 0, 0, 0], [0.9, 0.6, 0.2, 0.7, 0.4, 0.1], 0.5)
URL = "/api/projects/terminal/runs/run"


@pytest.fixture(autouse=True)
def no_cache(monkeypatch):
    """Other tests make the same pictures, and the cache knows them by content."""
    monkeypatch.setenv("WETREAD_CACHE", "off")


@pytest.fixture
def run(tmp_path):
    return write_result(
        tmp_path / "wetread-runs" / "run",
        SIX,
        trained={"train-1.png": "ill", "train-2.png": "well"},
        unlabelled=["who.png"],
    )


def cases(client, query="", url=URL):
    found = client.get(f"{url}/cases?{query}")
    assert found.status_code == 200, found.text
    return found.json()


def ids(found):
    return [case["id"] for case in found["cases"]]


def test_training_pictures_are_listed_with_a_badge_and_counted_nowhere(studio, run):
    found = cases(studio)
    # Row 0 of images.csv is a text file, so the first case is 1.
    assert ids(found) == [1, 2, 3, 4, 5, 6, 7, 8, 9]
    assert (found["total"], found["counted"], found["asked"], found["stored"]) == (9, 6, "ill", 0.5)
    assert [case["split"] for case in found["cases"]] == ["test"] * 6 + ["train"] * 2 + ["unlabelled"]
    assert [case["outcome"] for case in found["cases"]] == ["tp", "tp", "fn", "fp", "tn", "tn", "", "", ""]
    facets = found["facets"]
    assert facets["split"] == {"test": 6, "train": 2, "unlabelled": 1}
    assert facets["truth"] == {"ill": 3, "well": 3}
    assert facets["predicted"] == {"ill": 3, "well": 3}
    assert facets["outcome"] == {"tp": 2, "fp": 1, "fn": 1, "tn": 2, "right": 4, "wrong": 2, "unknown": 0}
    trained = studio.get(f"{URL}/cases/7").json()
    assert (trained["truth"], trained["predicted"], trained["p"]) == ("ill", "", {})
    assert "no test" in trained["badge"]
    assert studio.get(f"{URL}/cases/1").json()["badge"] == ""
    assert ids(cases(studio, "split=train")) == [7, 8]
    # A training picture of the class is no false negative, whatever is asked.
    assert ids(cases(studio, "outcome=fn")) == [3]
    assert ids(cases(studio, "truth=ill&split=test")) == [1, 2, 3]


def test_a_cell_of_the_confusion_matrix_opens_its_pictures(studio, run):
    matrix = json.loads((run / "numbers.json").read_text())["confusion"]["matrix"]
    for row, truth in enumerate(("ill", "well")):
        for column, called in enumerate(("ill", "well")):
            assert cases(studio, f"truth={truth}&predicted={called}")["total"] == matrix[row][column]


def test_filters_count_what_is_left_under_the_others(studio, run):
    found = cases(studio, "truth=ill&outcome=tp")
    assert ids(found) == [1, 2]
    assert found["facets"]["truth"] == {"ill": 2, "well": 0}
    assert found["facets"]["outcome"] == {"tp": 2, "fp": 0, "fn": 1, "tn": 0, "right": 2, "wrong": 1, "unknown": 0}
    assert ids(cases(studio, "outcome=wrong")) == [3, 4]


def test_sorting_and_pages(studio, run):
    # From the threshold 0.5: 0.4, 0.1, 0.3, 0.2, 0.1, 0.4.
    assert ids(cases(studio, "sort=confidence&split=test")) == [1, 6, 3, 4, 2, 5]
    doubtful = ids(cases(studio, "sort=doubt"))
    assert set(doubtful[:2]) == {2, 5}
    assert doubtful[-3:] == [7, 8, 9]  # what was not predicted comes last
    assert ids(cases(studio, "sort=confidence&split=test&offset=2&limit=2")) == [3, 4]
    assert ids(cases(studio, "offset=50")) == []


def test_a_case_knows_its_neighbours_under_the_filter(studio, run):
    middle = studio.get(f"{URL}/cases/3?sort=confidence&split=test").json()
    assert (middle["prev"], middle["next"], middle["position"], middle["total"]) == (6, 4, 2, 6)
    alone = studio.get(f"{URL}/cases/3?outcome=fn").json()
    assert (alone["prev"], alone["next"], alone["position"]) == (None, None, 0)
    outside = studio.get(f"{URL}/cases/1?outcome=fn").json()
    assert (outside["position"], outside["total"]) == (None, 1)
    assert middle["facts"] == {"site": "east"}


def test_another_threshold_changes_calls_outcomes_and_counts_together(studio, run):
    found = cases(studio, "threshold=0.3&split=test")
    assert [case["predicted"] for case in found["cases"]] == ["ill", "ill", "well", "ill", "ill", "well"]
    assert [case["outcome"] for case in found["cases"]] == ["tp", "tp", "fn", "fp", "fp", "tn"]
    assert found["facets"]["predicted"] == {"ill": 4, "well": 2}
    assert {case["cut"] for case in found["cases"]} == {0.3}
    assert cases(studio, "threshold=0.3&predicted=ill")["total"] == 4
    assert cases(studio, "threshold=0.5") == cases(studio)


@pytest.mark.parametrize("made", [many(), three_classes(), findings()], ids=["two classes", "three", "findings"])
def test_the_list_counts_what_the_slider_says_at_every_threshold(tmp_path, made):
    run = write_result(tmp_path / "run", made)
    found, numbers = read_cases(run), json.loads((run / "numbers.json").read_text())
    for name in classes_to_test(found):
        table = count_thresholds(run, name)
        for row in table["rows"][::7]:
            counts = Found(found, numbers, Wish(finding=name, threshold=row["threshold"]), {}).facets()["outcome"]
            assert {key: counts[key] for key in ("tp", "fp", "fn", "tn")} == {
                key: row[key] for key in ("tp", "fp", "fn", "tn")
            }
        own = Found(found, numbers, Wish(finding=name), {}).facets()["outcome"]
        assert own["tp"] == table["chosen"]["tp"]
        assert own["wrong"] == table["chosen"]["fp"] + table["chosen"]["fn"]


def test_the_cut_of_a_case_is_where_it_turns(tmp_path):
    run = write_result(tmp_path / "run", many())
    found, numbers = read_cases(run), json.loads((run / "numbers.json").read_text())
    for threshold in (None, 0.2, 0.63):
        listed = Found(found, numbers, Wish(threshold=threshold), {}).page(0, 500)["cases"]
        assert len({case["cut"] for case in listed}) == 5  # one for each fold
        assert all((case["p"]["ill"] >= case["cut"]) == (case["predicted"] == "ill") for case in listed)


def test_several_classes_are_right_or_wrong_until_one_is_asked_for(studio, tmp_path):
    made = three_classes()
    write_result(tmp_path / "wetread-runs" / "run", made)
    found = cases(studio)
    right = int((made.truth == made.predicted).sum())
    assert found["asked"] is None
    assert (found["facets"]["outcome"]["right"], found["facets"]["outcome"]["wrong"]) == (right, 90 - right)
    asked = cases(studio, "finding=b")
    assert asked["facets"]["outcome"]["tp"] == int(((made.truth == 1) & (made.predicted == 1)).sum())
    assert asked["facets"]["outcome"]["fp"] == int(((made.truth != 1) & (made.predicted == 1)).sum())
    gaps = np.sort(made.probabilities, axis=1)
    surest = int(np.argmax(gaps[:, 2] - gaps[:, 1])) + 1
    assert ids(cases(studio, "sort=confidence&limit=1")) == [surest]


def test_findings_whose_truth_is_not_known_count_for_nothing(studio, tmp_path):
    made = findings()
    write_result(tmp_path / "wetread-runs" / "run", made)
    known = np.isfinite(made.truth[:, 0])
    asked = cases(studio, "finding=edema&limit=500")
    counts = asked["facets"]["outcome"]
    assert counts["right"] + counts["wrong"] == int(known.sum()) < 100
    blank = [case for case in asked["cases"] if case["findings"]["edema"]["truth"] is None]
    assert len(blank) == int((~known).sum())
    assert all(case["outcome"] == "" for case in blank)
    assert counts["tp"] + counts["fp"] + counts["fn"] + counts["tn"] + counts["unknown"] == asked["counted"] == 100
    unknown = cases(studio, "finding=edema&outcome=unknown&limit=500")
    assert ids(unknown) == [case["id"] for case in blank]
    every = cases(studio)
    wrong = ((made.truth == 1) != made.called) & np.isfinite(made.truth)
    assert every["facets"]["outcome"]["wrong"] == int(wrong.any(axis=1).sum())
    assert every["facets"]["truth"]["mass"] == int((made.truth[:, 1] == 1).sum())


def test_refused_cases_tell_why_and_unsure_ones_between_what(studio, run):
    lines = [
        "row,image,status,score,reason,note",
        "0,000.png,out,1.0,unlike the training pictures,",
        "1,001.png,in,0.2,,",
    ]
    (run / "refusal.csv").write_text("\n".join(lines) + "\n")
    quantiles = [0.45, 0.65]
    (run / "refusal.json").write_text(json.dumps({"quantiles": quantiles}))
    text = (run / "predictions.csv").read_text().splitlines()
    statuses = ["out", "in", "edge", "in", "in", "in"]
    (run / "predictions.csv").write_text(
        "\n".join([text[0], *(line + status for line, status in zip(text[1:], statuses, strict=True))]) + "\n"
    )
    found = cases(studio, "split=test")
    assert found["facets"]["status"] == {"in": 4, "edge": 1, "out": 1}
    assert ids(cases(studio, "status=out")) == [1]
    # Refused, and in its cell all the same: numbers.json counts it there.
    assert found["facets"]["outcome"]["right"] + found["facets"]["outcome"]["wrong"] == found["counted"] == 6
    assert cases(studio, "status=out")["facets"]["outcome"]["right"] == 1
    assert studio.get(f"{URL}/cases/1").json()["reason"] == "unlike the training pictures"
    sets = prediction_sets(SIX.probabilities, quantiles)
    for case, row in zip(found["cases"], sets, strict=True):
        names = [name for name, inside in zip(SIX.classes, row, strict=True) if inside]
        assert case["unsure"] == ([] if len(names) == 1 or case["status"] == "out" else names)
    assert any(case["unsure"] for case in found["cases"])


def test_what_is_no_filter_is_refused(studio, run):
    for query in ("outcome=maybe", "split=all", "sort=random", "status=x", "threshold=2", "threshold=nan", "limit=0",
                  "limit=501", "offset=-1", "truth=nobody", "finding=nobody", "doubt=2"):  # fmt: skip
        assert studio.get(f"{URL}/cases?{query}").status_code == 400, query
    for case in ("0", "99"):  # 0 is the text file
        assert studio.get(f"{URL}/cases/{case}").status_code == 404
    assert studio.get(f"{URL}/cases/-1").status_code == 404
    assert studio.get("/api/projects/terminal/runs/no-such-run/cases").status_code == 404


def test_files_that_do_not_fit_together_are_told_in_one_sentence(run):
    (run / "images.csv").write_text("nothing\nhere\n")
    with pytest.raises(InputError, match="do not fit together"):
        read_cases(run)


def test_ten_thousand_cases_come_at_once(tmp_path):
    made = many(10_000)
    run = write_result(tmp_path / "run", made, numbers={**numbers_of(many()), "n": {"images": 10_000}})
    numbers = json.loads((run / "numbers.json").read_text())
    started = time.process_time()
    found = read_cases(run)
    first = time.process_time() - started
    wish, pages = Wish(outcome="wrong", sort="confidence", threshold=0.4), []
    later = least_seconds(lambda: pages.append(Found(found, numbers, wish, {}).page(100, 100)), enough=0.05)
    assert len(pages[0]["cases"]) == 100
    assert first < 15  # 0.3 s on a quiet machine
    assert later < first  # what was read is there
    assert later < 3
    assert read_cases(run) is found  # nothing is read again until a file changes


# Notes ---------------------------------------------------------------------------------------------------------------


def test_notes_of_a_run_from_the_terminal_stay_in_its_folder_and_are_only_added(studio, run):
    for text, doubt in (("rotated", True), ("rotated, left arm", True), ("", True)):
        assert studio.post(f"{URL}/cases/2/note", json={"text": text, "doubt": doubt}).status_code == 200
    lines = (run / "studio" / "notes.jsonl").read_text().splitlines()
    assert [json.loads(line)["text"] for line in lines] == ["rotated", "rotated, left arm", ""]
    found = cases(studio, "doubt=1")
    assert ids(found) == [2]
    assert found["facets"]["doubt"] == {"1": 1}
    studio.post(f"{URL}/cases/2/note", json={"text": "", "doubt": False})
    assert ids(cases(studio, "doubt=1")) == []
    for body in ({"text": 3}, {"text": "x" * 2001}, {"doubt": "yes"}):
        assert studio.post(f"{URL}/cases/2/note", json=body).status_code == 400
    assert studio.post(f"{URL}/cases/0/note", json={"text": "x"}).status_code == 404
    assert len((run / "studio" / "notes.jsonl").read_text().splitlines()) == 4


# Pictures ------------------------------------------------------------------------------------------------------------


@pytest.fixture
def with_pictures(tmp_path):
    """A run of a folder of class folders that is named in its command, as seen from where the studio was started."""
    made = SIX.__class__(**{**SIX.__dict__, "images": [f"{'ill' if n < 3 else 'well'}/{n}.png" for n in range(6)]})
    contents = write_pictures(tmp_path / "data", made.images)
    return write_result(
        tmp_path / "wetread-runs" / "run",
        made,
        contents=contents,
        command=["wetread", "run", "--preset", "quick", "data", "--out", "wetread-runs/run", "-q"],
    )


def test_a_picture_is_found_by_the_command_line_and_shown(studio, with_pictures):
    small = studio.get(f"{URL}/cases/1/thumb")
    assert (small.status_code, small.headers["content-type"]) == (200, "image/jpeg")
    assert small.content[:2] == b"\xff\xd8"
    seen = studio.get(f"{URL}/cases/2/pixels?size=64")
    assert seen.headers["x-shape"] == "20,24"
    assert len(seen.content) == 2 * 20 * 24
    assert np.frombuffer(seen.content, "<i2").reshape(20, 24)[0, :4].tolist() == [0, 2, 4, 6]
    assert studio.get(f"{URL}/cases/2").json()["picture"] is True


def test_a_file_that_changed_since_is_not_passed_off_as_the_case(studio, with_pictures, tmp_path):
    place = tmp_path / "data" / "ill" / "1.png"
    place.write_bytes((tmp_path / "data" / "ill" / "0.png").read_bytes())
    gone = studio.get(f"{URL}/cases/2/pixels")
    assert (gone.status_code, gone.json()["code"]) == (404, "no-picture")
    assert studio.get(f"{URL}/cases/2").json()["picture"] is False
    # The run kept a thumbnail of its own.
    (with_pictures / "thumbnails").mkdir()
    (with_pictures / "thumbnails" / "0001.jpg").write_bytes(b"\xff\xd8kept")
    (with_pictures / "thumbnails" / "index.json").write_text(
        json.dumps({"ill/1.png": "0001.jpg", "ill/2.png": "../x.jpg"})
    )
    assert studio.get(f"{URL}/cases/2/thumb").content == b"\xff\xd8kept"


def test_where_the_file_is_gone_the_cache_may_know_what_the_model_saw(studio, with_pictures, tmp_path, monkeypatch):
    body = (tmp_path / "data" / "ill" / "1.png").read_bytes()
    (tmp_path / "data" / "ill" / "1.png").unlink()
    assert studio.get(f"{URL}/cases/2/pixels").status_code == 404
    monkeypatch.setenv("WETREAD_CACHE", str(tmp_path / "cache"))
    key = entry_key(hashlib.sha256(body).hexdigest(), View(), None, WORKING_SIDE)
    seen = np.full((20, 24), 7, dtype=np.uint8)
    default_cache().put(
        key, DecodedImage(seen, ImageFacts("PNG", 24, 20, 8, "grey", len(body)), file_sha256="", pixel_sha256="")
    )
    found = studio.get(f"{URL}/cases/2/pixels")
    assert (found.headers["x-shape"], found.headers["x-reduced"]) == ("20,24", "1")
    assert set(np.frombuffer(found.content, "<i2").tolist()) == {7}
    assert studio.get(f"{URL}/cases/2/thumb").headers["content-type"] == "image/jpeg"
    told = studio.get(f"{URL}/cases/2").json()
    assert (told["picture"], "smaller picture" in told["picture_reason"]) == (True, True)


def test_pictures_in_an_archive_are_found_too(studio, with_pictures, tmp_path):
    with zipfile.ZipFile(tmp_path / "data.zip", "w") as packed:
        for name in ("ill/0.png", "ill/1.png", "well/3.png"):
            packed.write(tmp_path / "data" / name, name)
    facts = json.loads((with_pictures / "run.json").read_text())
    facts["command"] = ["wetread", "run", "data.zip"]
    (with_pictures / "run.json").write_text(json.dumps(facts))
    assert studio.get(f"{URL}/cases/2/pixels").headers["x-shape"] == "20,24"
    assert studio.get(f"{URL}/cases/3/pixels").status_code == 404  # not packed


@pytest.mark.parametrize("name", ["../secret.png", "/etc/passwd", "ill/../../secret.png", "ill\\..\\..\\secret.png"])
def test_no_name_of_a_case_leads_out_of_the_data(studio, tmp_path, name):
    (tmp_path / "data").mkdir()
    secret = write_pictures(tmp_path, ["secret.png"])["secret.png"]
    made = two_classes([1, 0], [0.9, 0.1], 0.5)
    made.images[0] = name
    write_result(
        tmp_path / "wetread-runs" / "run", made, contents={name: secret}, command=["wetread", "run", "data"],
        numbers={**numbers_of(SIX)},
    )  # fmt: skip
    assert studio.get(f"{URL}/cases/1/pixels").status_code == 404
    assert studio.get(f"{URL}/cases/1/thumb").status_code == 404


def test_cases_of_a_project_bear_its_names_and_write_into_it(studio, tmp_path):
    made = studio.post("/api/projects", json={"name": "Chests"}).json()["id"]
    folder = studio.home.project_folder(made)
    for label in ("ill", "well"):
        studio.post(f"/api/projects/{made}/changes", json={"op": "add-class", "name": label})
    classes = {one["name"]: one["id"] for one in studio.get(f"/api/projects/{made}").json()["classes"]}
    items = []
    for number, body in enumerate(write_pictures(tmp_path / "in", [f"{n}.png" for n in range(6)]).values()):
        headers = {"X-Name": f"patient{number}.png", "X-Class": classes["ill" if number < 3 else "well"]}
        put = studio.put(f"/api/projects/{made}/items", content=body, headers=headers)
        assert put.status_code == 200, put.text
        items += put.json()["items"]
    project = studio.studio.project(made)
    six = SIX.__class__(**{**SIX.__dict__, "images": [f"images/{item}.png" for item in items]})
    contents = {image: (folder / image).read_bytes() for image in six.images}
    write_result(folder / "runs" / "20260101-000000-abcd", six, contents=contents)
    url = f"/api/projects/{made}/runs/20260101-000000-abcd"
    found = cases(studio, url=url)
    assert [case["name"] for case in found["cases"]] == [f"patient{number}.png" for number in range(6)]
    assert [case["item"] for case in found["cases"]] == items
    assert studio.get(f"{url}/cases/2/pixels").headers["x-shape"] == "20,24"
    assert studio.get(f"{url}/cases/2/thumb").status_code == 200
    studio.post(f"{url}/cases/2/note", json={"text": "look again", "doubt": True})
    told = studio.get(f"/api/projects/{made}/items/{items[1]}").json()
    assert (told["note"], told["doubt"]) == ("look again", True)
    assert ids(cases(studio, "doubt=1", url=url)) == [2]
    assert project.item_of(six.images[1]).doubt
    assert not (folder / "runs" / "20260101-000000-abcd" / "studio" / "notes.jsonl").exists()
