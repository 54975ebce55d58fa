"""What leaves the studio: pages that run as nobody, a model whose hashes hold, and nothing that is code."""

import csv
import hashlib
import io
import json
import time
import zipfile
from urllib.parse import unquote

import pytest

from studio.dropping import Dropped, picture_bytes
from tests.studio.result_runs import two_classes, write_pictures, write_result
from wetread.archive import Archive
from wetread.dataset.table import unquote_formula
from wetread.dataset.teachable_machine import read_project
from wetread.studio.guard import REPORT_POLICY

URL = "/api/projects/terminal/runs/run/exports"


@pytest.fixture
def run(tmp_path):
    truth = [1] * 6 + [0] * 6
    made = two_classes(truth, [0.9, 0.6, 0.2, 0.8, 0.7, 0.9, 0.1, 0.2, 0.3, 0.4, 0.6, 0.2], 0.5)
    names = [f"{'ill' if one else 'well'}/{number}.png" for number, one in enumerate(truth)]
    made = made.__class__(**{**made.__dict__, "images": names})
    contents = write_pictures(tmp_path / "data", names)
    return write_result(
        tmp_path / "wetread-runs" / "run", made, contents=contents, command=["wetread", "run", str(tmp_path / "data")]
    )


def listed(client):
    return {one["name"]: one for one in client.get(URL).json()}


def prepare(client, name, seconds=300):
    """Asks for an export that is made, and waits for it as the page does; the last state."""
    answer = client.post(f"{URL}/{name}")
    assert answer.status_code == 200, answer.text
    state, end = answer.json(), time.monotonic() + seconds
    while state["state"] == "preparing":
        assert time.monotonic() < end
        time.sleep(0.05)
        state = listed(client)[name]
    return state


def test_each_thing_is_ready_or_says_why_not(studio, run):
    (run / "report.html").write_text("<p>hello")
    found = listed(studio)
    assert found["report.html"] == {
        "name": "report.html", "title": "The report, one page with everything in it", "kind": "page", "bytes": 8,
        "extra": "", "ready": True, "why_not": "",
    }  # fmt: skip
    assert found["predictions.csv"]["ready"]
    assert (found["model.zip"]["ready"], found["model.zip"]["why_not"]) == (False, "There is no model yet.")
    assert (found["paper.docx"]["ready"], found["paper.docx"]["extra"]) == (False, "paper")
    for name, one in found.items():
        if name == "teachable-machine.tm":
            continue
        answer = studio.get(f"{URL}/{name}")
        assert answer.status_code == (200 if one["ready"] else 409), name
        if not one["ready"]:
            assert answer.json()["message"] == one["why_not"]


def test_a_page_opens_in_a_sandbox_and_a_file_is_saved(studio, run):
    (run / "report.html").write_text("<script>alert(1)</script>")
    page = studio.get(f"{URL}/report.html")
    assert page.headers["content-security-policy"] == REPORT_POLICY
    assert page.headers["content-security-policy"].startswith("sandbox allow-scripts")
    assert "(self)" not in page.headers["permissions-policy"]  # neither camera nor clipboard
    assert "content-disposition" not in page.headers
    saved = studio.get(f"{URL}/predictions.csv")
    assert saved.headers["content-disposition"] == 'attachment; filename="run-predictions.csv"'
    assert saved.content == (run / "predictions.csv").read_bytes()
    for answer in (page, saved):
        assert answer.headers["cache-control"] == "no-store"
        assert answer.headers["x-content-type-options"] == "nosniff"


def test_the_model_goes_with_hashes_a_word_on_privacy_and_no_pickle(studio, run, tmp_path):
    model = run / "model"
    model.mkdir()
    parts = {"model.json": b"{}", "weights.safetensors": b"12345678" * 1000, "golden.json": b"[]"}
    for name, body in parts.items():
        (model / name).write_bytes(body)
    (model / "weights.pkl").write_bytes(b"\x80\x04.")
    secret = tmp_path / "secret.json"
    secret.write_text("secret")
    (model / "link.json").symlink_to(secret)
    before = sorted(run.rglob("*"))
    assert listed(studio)["model.zip"]["state"] == "open"
    assert studio.get(f"{URL}/model.zip").status_code == 409
    assert sorted(run.rglob("*")) == before, "to look and to ask for it changes nothing"
    assert prepare(studio, "model.zip")["state"] == "made"
    answer = studio.get(f"{URL}/model.zip")
    assert answer.status_code == 200
    assert int(answer.headers["content-length"]) == len(answer.content)
    with zipfile.ZipFile(io.BytesIO(answer.content)) as packed:
        assert set(packed.namelist()) == {*(f"model/{name}" for name in parts), "PRIVACY.txt", "SHA256SUMS"}
        lines = packed.read("SHA256SUMS").decode().splitlines()
        assert {line.split("  ")[1]: line.split("  ")[0] for line in lines} == {
            f"model/{name}": hashlib.sha256(body).hexdigest() for name, body in parts.items()
        }
        assert all(packed.read(f"model/{name}") == body for name, body in parts.items())
        assert b"made of patients" in packed.read("PRIVACY.txt")
    (model / "golden.json").write_bytes(b"[1]")
    assert listed(studio)["model.zip"]["state"] == "open", "that of another model is not handed over"
    assert prepare(studio, "model.zip")["state"] == "made"
    with zipfile.ZipFile(io.BytesIO(studio.get(f"{URL}/model.zip").content)) as packed:
        assert packed.read("model/golden.json") == b"[1]"
    assert len(list((run / "studio").glob("model-*.zip"))) == 1  # the older one is gone


@pytest.mark.parametrize("name", ["secret.txt", "..%2Fnumbers.json", "run.json", "lock", "REPORT.HTML", "%00", "model"])
def test_nothing_else_can_be_taken(studio, run, name):
    (run / "secret.txt").write_text("x")
    answer = studio.get(f"{URL}/{name}")
    assert answer.status_code in (400, 404)
    assert b"secret" not in answer.content


def test_the_data_as_a_project_of_teachable_machine(studio, run):
    assert studio.get(f"{URL}/teachable-machine.tm").status_code == 409
    assert prepare(studio, "teachable-machine.tm")["state"] == "made"
    assert studio.get(f"{URL}/teachable-machine.tm").status_code == 200
    place = run / "studio" / "teachable-machine.tm"
    archive = Archive(place)
    project = read_project(archive)
    archive.close()
    assert set(project.classes) == {"ill", "well"}
    assert len(project.members) == 12


def test_the_report_of_a_test_elsewhere_is_there_by_number(studio, run):
    (run / "external" / "Other hospital").mkdir(parents=True)
    (run / "external" / "Other hospital" / "report.html").write_text("elsewhere")
    found = listed(studio)["external-1.html"]
    assert (found["title"], found["kind"], found["ready"]) == ("The test on Other hospital", "page", True)
    page = studio.get(f"{URL}/external-1.html")
    assert (page.text, page.headers["content-security-policy"]) == ("elsewhere", REPORT_POLICY)
    assert studio.get(f"{URL}/external-2.html").status_code == 404


def test_where_the_pictures_are_gone_there_is_no_project(studio, run):
    facts = json.loads((run / "run.json").read_text())
    (run / "run.json").write_text(json.dumps(facts | {"multi": True}))
    found = listed(studio)["teachable-machine.tm"]
    assert (found["ready"], "several findings" in found["why_not"]) == (False, True)


def test_what_cannot_be_made_says_why_and_can_be_asked_for_again(studio, run, tmp_path, monkeypatch):
    monkeypatch.setenv("WETREAD_CACHE", str(tmp_path / "empty"))
    (tmp_path / "data").rename(tmp_path / "elsewhere")
    failed = prepare(studio, "teachable-machine.tm")
    assert failed["state"] == "failed"
    assert "no longer in the cache" in failed["message"]
    assert "wetread export" in failed["remedy"]
    (tmp_path / "elsewhere").rename(tmp_path / "data")
    assert prepare(studio, "teachable-machine.tm")["state"] == "made"


def test_only_what_is_made_is_prepared(studio, run):
    assert studio.post(f"{URL}/predictions.csv").json() == {}
    assert studio.post(f"{URL}/secret.txt").status_code == 404
    assert studio.post(f"{URL}/model.zip").status_code == 409
    assert "state" not in listed(studio)["predictions.csv"]


def test_the_tables_of_a_project_can_be_joined_to_the_users_files(studio):
    dropped = Dropped(studio)
    studio.post(f"/api/projects/{dropped.id}/rename", json={"name": "Thorax <i>: café"})
    for number, (name, label) in enumerate((("one.png", "ill"), ("=two.png", "ill"), ("three.png", "well"))):
        dropped.put(picture_bytes(number), name, label)
    made = two_classes([1, 1, 1, 0, 0, 0], [0.9, 0.6, 0.4, 0.3, 0.2, 0.1], 0.5)
    write_result(dropped.folder / "runs" / "r1", made)
    address = f"/api/projects/{dropped.id}/runs/r1/exports"
    told = next(one for one in studio.get(address).json() if one["name"] == "names.csv")
    table = studio.get(f"{address}/names.csv")
    assert (told["ready"], told["bytes"]) == (True, len(table.content))
    rows = list(csv.DictReader(io.StringIO(table.text)))
    assert sorted(unquote_formula(row["name"]) for row in rows) == ["=two.png", "one.png", "three.png"]
    assert all(row["image"].startswith("images/") for row in rows)
    assert (dropped.folder / rows[0]["image"]).is_file()
    for name in ("names.csv", "predictions.csv"):
        saved = unquote(studio.get(f"{address}/{name}").headers["content-disposition"])
        assert saved.endswith(f"Thorax-i-café-{name}"), saved
    assert studio.get(f"{URL}/names.csv").status_code == 404
