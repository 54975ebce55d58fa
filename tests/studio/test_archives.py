"""Archives, Teachable Machine projects and folders: read as a run reads them, member by member, nothing extracted."""

import csv
import json
import os
import zipfile
from pathlib import Path

import numpy as np
import pytest
from fake.dicoms import write_dicom

from studio.dropping import Dropped, picture_bytes, zip_bytes
from wetread.dataset.scan import scan
from wetread.dataset.teachable_machine import write_project
from wetread.errors import InputError
from wetread.images.decoder import Decoder
from wetread.progress import StepAdvanced
from wetread.steps.main import check
from wetread.studio import archives
from wetread.studio.archives import import_folder
from wetread.studio.project import Project


@pytest.fixture
def dropped(studio):
    return Dropped(studio)


def members(*names, start=0):
    return {name: picture_bytes(start + number) for number, name in enumerate(names)}


def test_the_class_is_the_folder(dropped):
    end = dropped.put_archive(zip_bytes(members("set/A/1.png", "set/A/2.png", "set/B/1.png") | {"set/readme.txt": "x"}))
    assert (end["state"], end["total"], end["done"], end["added"], end["rejected"]) == ("done", 3, 3, 3, [])
    assert dropped.counts == {"A": 2, "B": 1}
    assert not list((dropped.folder / "cache" / "uploads").iterdir())


def test_one_class_is_enough_for_a_set_that_is_growing(dropped):
    dropped.put_archive(zip_bytes(members("A/1.png", "A/2.png")))
    dropped.put_archive(zip_bytes(members("3.png", "4.png", start=5)), label="B")
    dropped.put_archive(zip_bytes(members("5.png", start=9)))
    assert dropped.counts == {"A": 2, "B": 1 + 1}
    assert dropped.summary["unlabelled"] == 1


def test_a_folder_per_patient_below_the_classes(dropped):
    names = [f"{label}/{who}/{number}.png" for label in "AB" for who in ("Ann", "Joe") for number in range(2)]
    dropped.put_archive(zip_bytes(members(*names)))
    assert dropped.counts == {"A": 4, "B": 4}
    summary = dropped.summary
    assert (summary["patients_from"], summary["counts"]["patients"]) == ("folder", 2)
    assert {one["patient"] for one in dropped.items} == {"F0001", "F0002"}


def test_given_parts_are_read_as_classes_below_them(dropped):
    names = [f"{part}/{label}/{number}.png" for part in ("train", "test") for label in "AB" for number in range(2)]
    end = dropped.put_archive(zip_bytes(members(*names)))
    assert dropped.counts == {"A": 4, "B": 4}
    assert any("training and test" in note for note in end["notes"])


def test_a_table_in_the_archive_gives_classes_and_patients(dropped):
    table = "image,label,patient\na.png,sick,Jane\nb.png,well,Joe\n"
    end = dropped.put_archive(
        zip_bytes({"x/labels.csv": table, **members("x/all/a.png", "x/all/b.png", "x/all/c.png")})
    )
    assert (end["added"], dropped.counts, dropped.summary["unlabelled"]) == (3, {"sick": 1, "well": 1}, 1)
    assert dropped.by_name["a.png"]["patient"].startswith("P")
    assert dropped.summary["patients_from"] == "column"


def test_a_table_in_the_archive_gives_further_columns_and_says_which(dropped):
    table = "image,label,sex,MRN\na.png,sick,F,K1\nb.png,well,M,K2\n"
    end = dropped.put_archive(zip_bytes({"labels.csv": table, **members("all/a.png", "all/b.png")}))
    assert dropped.by_name["a.png"]["columns"] == {"sex": "F"} and dropped.by_name["b.png"]["columns"] == {"sex": "M"}
    assert [note for note in end["notes"] if "Columns kept: sex." in note and "MRN" in note]


def test_a_bad_member_is_listed_and_stops_no_other(dropped):
    inner = zip_bytes(members("x.png"))
    bad = {"A/bad.png": b"no picture", "A/cut.png": picture_bytes(8)[:200], "A/empty.png": b"", "A/inner.zip": inner}
    end = dropped.put_archive(zip_bytes(members("A/1.png", "B/1.png") | bad | {"B/same.png": picture_bytes(0)}))
    assert (end["state"], end["added"], end["duplicates"], end["done"]) == ("done", 2, 1, 7)
    codes = {one["name"]: one["code"] for one in end["rejected"]}
    assert codes == {
        "bad.png": "not-an-image",
        "cut.png": "truncated",
        "empty.png": "empty-file",
        "inner.zip": "nested-archive",
    }
    assert {one["name"] for one in dropped.summary["rejected"]} == set(codes)


def test_a_teachable_machine_project(dropped, tmp_path):
    pictures = [(label, np.full((224, 224), value, np.uint8)) for value, label in enumerate(["Sick", "Well"] * 3)]
    project = write_project(tmp_path / "x.tm", pictures)
    end = dropped.put_archive(project.read_bytes(), "x.tm")
    assert (end["state"], dropped.counts) == ("done", {"Sick": 3, "Well": 3})
    one_class = write_project(tmp_path / "y.tm", [("Only", np.full((224, 224), 99, np.uint8))])
    dropped.put_archive(one_class.read_bytes(), "y.tm")
    assert dropped.counts["Only"] == 1


def bomb():
    return zip_bytes({"A/x.png": bytes(60 << 20)}, compression=zipfile.ZIP_DEFLATED)


HOSTILE = {
    "outside": zip_bytes({"../../x.png": b"x"}),
    "absolute": zip_bytes({"/etc/x.png": b"x"}),
    "drive": zip_bytes({"C:/x.png": b"x"}),
    "backslash": zip_bytes({"a\\..\\x.png": b"x"}),
    "bomb": bomb(),
    "damaged": zip_bytes({"A/x.png": b"x" * 100})[:-10],
    "no end": b"PK\x03\x04" + bytes(200),
}


@pytest.mark.parametrize("what", HOSTILE)
def test_a_hostile_archive_is_refused_as_a_whole(dropped, what):
    received = dropped.put(HOSTILE[what], "x.zip")
    assert (received["status"], received["items"]) == ("rejected", [])
    assert received["reason"]
    assert dropped.items == []
    assert not list((dropped.folder / "cache" / "uploads").iterdir())


def test_an_archive_of_too_many_files_is_refused(dropped, monkeypatch):
    monkeypatch.setattr(archives, "LIMITS", archives.ArchiveLimits(entries=3))
    received = dropped.put(zip_bytes(members(*(f"A/{number}.png" for number in range(4)))), "x.zip")
    assert (received["status"], received["code"]) == ("rejected", "archive")


def test_arrays_are_sent_to_the_terminal(dropped):
    assert dropped.put(zip_bytes({"train_images.npy": b"x"}), "x.npz")["code"] == "arrays"


def test_an_archive_without_images_says_so(dropped):
    end = dropped.put_archive(zip_bytes({"a/readme.txt": "x"}))
    assert (end["state"], end["error"]["code"]) == ("failed", "no-images")


def test_folders_of_a_dicom_export_are_no_classes_where_they_look_like_people(dropped, tmp_path):
    packed = {}
    for number, folder in enumerate(["Doe^Jane", "Roe^Rick"]):
        pixels = np.full((16, 16), 100 + number, np.uint16)
        path = write_dicom(tmp_path / f"{number}.dcm", pixels, patient_id=folder, SOPInstanceUID=f"1.{number}")
        packed[f"{folder}/{number}.dcm"] = path.read_bytes()
    dropped.put_archive(zip_bytes(packed))
    assert (dropped.counts, dropped.summary["unlabelled"], dropped.summary["counts"]["patients"]) == ({}, 2, 2)
    written = b"".join(path.read_bytes() for path in dropped.folder.rglob("*") if path.is_file())
    assert b"Doe" not in written


@pytest.fixture
def project(tmp_path):
    with Decoder(2) as decoder:
        yield Project.create(tmp_path / "home" / "p-00000001", "x", decoder)


def write_folder(root, labels="AB", each=6):
    for place, label in enumerate(labels):
        for number in range(each):
            path = root / label / f"{place * 100 + number // 2:08d}_{number % 2:03d}.png"
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(picture_bytes(place * 100 + number, side=64))
    return root


def test_a_folder_is_taken_in_without_the_browser_and_left_as_it_was(project, tmp_path):
    root = write_folder(tmp_path / "data")
    (root / "A" / "bad.png").write_bytes(b"no picture")
    before = {path: path.read_bytes() for path in root.rglob("*.png")}
    heard = []
    counts = import_folder(project, root, heard.append)
    assert counts == {"added": 12, "duplicate": 0, "rejected": 1, "ignored": 0}
    assert {path: path.read_bytes() for path in root.rglob("*.png")} == before
    assert max(one.done for one in heard if isinstance(one, StepAdvanced)) == 13
    assert import_folder(project, root)["duplicate"] == 12
    summary = project.summary()
    assert (summary["patients_from"], summary["counts"]["patients"]) == ("filename", 6)


def test_an_empty_folder_is_refused(project, tmp_path):
    (tmp_path / "empty").mkdir()
    with pytest.raises(InputError, match="no files"):
        import_folder(project, tmp_path / "empty")


def test_a_run_uses_these_images_with_their_patients_and_finds_nothing_else(project, tmp_path):
    import_folder(project, write_folder(tmp_path / "data"))
    items = project.items()["items"]
    project.change({"op": "exclude", "items": [items[0]["id"]]})
    project.change({"op": "move", "items": [items[1]["id"]], "class": None})
    for place in ("tries/t1.png", "readings/r/case.png", "cache/px/x.png"):  # pictures that are no items
        path = project.folder / place
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(picture_bytes(999))
    project.snapshot()
    project.change({"op": "rename-class", "class": items[-1]["class"], "name": "Z"})
    table = scan(project.snapshot())
    shown = {project.item_of(row.image).id: row for row in table.rows}
    assert set(shown) == {one["id"] for one in items[2:]}
    assert table.ledger() == {"found": 10, "used": 10, "skipped": 0, "companions": 0}
    assert (table.grouping, table.classes) == ("column", sorted({"Z", *"AB"} - {"AB"[items[-1]["class"] == "c-2"]}))
    for one in items[2:]:
        assert shown[one["id"]].patient == one["patient"]
        assert shown[one["id"]].source.path.is_file()


def test_a_run_reads_the_columns_that_it_would_read_of_the_table_itself(project, tmp_path):
    """But for those that tell whose image it is, and with ages that are capped."""
    folder = write_folder(tmp_path / "data")
    files = sorted(path for path in folder.rglob("*.png"))
    lines = [
        f"{path.relative_to(folder)},{'AB'[k % 2]},{k // 2},{k + 30},{'FM'[k % 2]},{'North' if k % 3 else ''},Doe^{k}"
        for k, path in enumerate(files)
    ]
    (folder / "labels.csv").write_text("\n".join(["image,label,patient,age,sex,hospital,PatientName", *lines]) + "\n")
    before = {row.sha256 or row.source.path.read_bytes(): row for row in scan(folder).rows if not row.companion}
    import_folder(project, folder)
    after = {row.sha256 or row.source.path.read_bytes(): row for row in scan(project.snapshot()).rows}
    assert set(after) == set(before) and len(after) == len(files)
    for key, row in after.items():
        told = {name: cell for name, cell in before[key].extra.items() if name != "PatientName"}
        assert {name: cell for name, cell in row.extra.items() if cell} == {n: c for n, c in told.items() if c}
        assert row.label == before[key].label


@pytest.mark.skipif("WETREAD_REAL_DATA" not in os.environ, reason="WETREAD_REAL_DATA is not set")
def test_a_check_of_real_images_finds_what_the_project_holds(project):
    import_folder(project, Path(os.environ["WETREAD_REAL_DATA"]) / "cxr-nih-effusion")
    left_out = [one["id"] for one in project.items()["items"][:5]]
    summary = project.change({"op": "exclude", "items": left_out})
    folder = project.folder / "runs" / "audit"
    check(project.snapshot(), out=folder)
    count = summary["counts"]["items"] - 5
    ledger = json.loads((folder / "run.json").read_text())["ledger"]
    assert ledger == {"found": count, "used": count, "skipped": 0, "companions": 0}
    with open(folder / "images.csv", encoding="utf-8", newline="") as handle:
        patients = {row["patient"] for row in csv.DictReader(handle)}
    assert len(patients) == summary["counts"]["patients"]


COHORT = b"file,patient_id,sex,site\n0.png,K1,F,North\n1.png,K2,M,South\n2.png,K1,F,North\n"


def test_a_table_without_labels_in_an_archive_gives_columns_as_one_that_is_dropped_alone(dropped):
    pictures = {f"{label}/{number}.png": picture_bytes(number) for number, label in enumerate(["sick", "well", "sick"])}
    sums = "file,md5\n" + "".join(f"{number}.png,{number * 7919**6 + 7919**5:032x}\n" for number in range(3))
    others = {"sums.csv": sums.encode(), "weather.csv": b"day,rain\n1,2\n", "note.txt": b"hello"}
    end = dropped.put_archive(zip_bytes({**pictures, "cohort.csv": COHORT, **others}))
    assert dropped.counts == {"sick": 2, "well": 1}
    assert {one["name"]: one["columns"] for one in dropped.items} == {
        "0.png": {"sex": "F", "site": "North"},
        "1.png": {"sex": "M", "site": "South"},
        "2.png": {"sex": "F", "site": "North"},
    }
    assert dropped.summary["counts"]["patients"] == 2
    assert [note for note in end["notes"] if "cohort.csv" in note] == [
        "cohort.csv: no label column, so the classes stay as they are; 3 images found in it. Columns kept: sex, site."
    ]
    assert (end["state"], end["added"], end["rejected"]) == ("done", 3, [])
    assert not dropped.summary["rejected"]


def test_a_table_without_labels_stands_beside_one_with_them_and_in_an_archive_of_one_class(dropped):
    pictures = {f"{number}.png": picture_bytes(number) for number in range(2)}
    labels = b"file,label\n0.png,sick\n1.png,well\n"
    dropped.put_archive(zip_bytes({**pictures, "labels.csv": labels, "cohort.csv": COHORT}))
    assert dropped.counts == {"sick": 1, "well": 1}
    dropped.put_archive(zip_bytes({"2.png": picture_bytes(2), "cohort.csv": COHORT}), label="sick")
    assert dropped.counts == {"sick": 2, "well": 1}
    sites = {name: one["columns"]["site"] for name, one in dropped.by_name.items()}
    assert sites == {"0.png": "North", "1.png": "South", "2.png": "North"}
