"""What is dropped: told by its bytes, kept once, refused with a reason; DICOM without what identifies."""

import hashlib
import io
import json
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from fake.dicoms import write_dicom
from PIL import Image, PngImagePlugin
from pydicom import dcmread

from studio.dropping import Dropped, picture_bytes
from wetread.images.read import decode_image
from wetread.studio import receiving
from wetread.studio.items import MOST_COLUMNS
from wetread.studio.names import table_keys
from wetread.studio.project import Project


@pytest.fixture
def dropped(studio):
    return Dropped(studio)


def dicom_bytes(tmp_path, number=0, **options):
    pixels = np.random.default_rng(number).integers(0, 2000, (32, 32)).astype(np.uint16)
    options = {"patient_id": "K4711X", "patient_name": "Doe^Jane", "modality": "CT", "rescale": (1, -1024), **options}
    return write_dicom(tmp_path / f"{number}.dcm", pixels, SOPInstanceUID=f"1.2.{number}", **options).read_bytes()


@pytest.mark.parametrize(("kind", "suffix"), [("PNG", ".png"), ("JPEG", ".jpg"), ("TIFF", ".tif"), ("BMP", ".bmp")])
def test_a_picture_is_known_by_its_bytes_whatever_its_name_says(dropped, kind, suffix):
    data = picture_bytes(1, kind)
    received = dropped.put(data, "scan.dcm", "Lung/left")
    item = hashlib.sha256(data).hexdigest()[:16]
    assert (received["status"], received["items"]) == ("added", [item])
    assert (dropped.folder / "images" / f"{item}{suffix}").read_bytes() == data
    shown = dropped.items[0]
    assert (shown["kind"], shown["name"], shown["width"], shown["height"]) == (kind, "scan.dcm", 48, 40)
    assert dropped.counts == {"Lung/left": 1}


def test_the_same_bytes_are_kept_once(dropped):
    first = dropped.put(picture_bytes(1), "a.png", "A")
    second = dropped.put(picture_bytes(1), "b.png", "B")
    assert (second["status"], second["items"]) == ("duplicate", first["items"])
    assert "in A" in second["reason"]
    assert [one["name"] for one in dropped.items] == ["a.png"]


def test_the_same_bytes_at_the_same_time_are_kept_once(dropped):
    data = [picture_bytes(number % 3) for number in range(12)]
    with ThreadPoolExecutor(6) as threads:
        states = [one["status"] for one in threads.map(dropped.put, data)]
    assert sorted(states) == ["added"] * 3 + ["duplicate"] * 9
    assert len(dropped.items) == 3


BAD = {
    "empty-file": b"",
    "not-an-image": b"<script>alert(1)</script>" * 20,
    "truncated": picture_bytes(1)[:400],
    "damaged": picture_bytes(1)[:60] + bytes(800) + picture_bytes(1)[860:],
    "volume": bytes(344) + b"n+1\0" + bytes(700),
}


@pytest.mark.parametrize("code", BAD)
def test_one_bad_file_is_listed_with_its_reason_and_stops_no_other(dropped, code):
    received = dropped.put(BAD[code], "bad.png", "A")
    assert (received["status"], received["items"]) == ("rejected", [])
    if code != "damaged":  # libpng may say either
        assert received["code"] == code
    listed = dropped.summary["rejected"]
    assert [(one["name"], one["reason"], one["remedy"]) for one in listed] == [
        ("bad.png", received["reason"], received["remedy"])
    ]
    assert dropped.put(picture_bytes(2), "good.png", "A")["status"] == "added"
    assert dropped.counts == {"A": 1}
    assert not list((dropped.folder / "cache" / "uploads").iterdir())
    assert len(list((dropped.folder / "images").iterdir())) == 1


def test_a_file_that_comes_again_whole_is_no_longer_listed_as_bad(dropped):
    dropped.put(picture_bytes(1)[:300], "a.png")
    assert dropped.summary["counts"]["rejected"] == 1
    dropped.put(picture_bytes(1), "a.png")
    assert dropped.summary["counts"]["rejected"] == 0


@pytest.mark.parametrize(
    ("written", "shown"),
    [
        ("Grüße ☕.png", "Grüße ☕.png"),
        ("../../etc/passwd", "passwd"),
        ("..\\..\\boot.ini", "boot.ini"),
        ("/", "unnamed"),
        ("", "unnamed"),
        ("a\x00b\u202egnp.exe", "abgnp.exe"),
        ("<img src=x onerror=alert(1)>.png", "<img src=x onerror=alert(1)>.png"),
        ("x" * 5000, "x" * 200),
    ],
)
def test_a_name_is_text_and_never_a_place(dropped, written, shown):
    before = {path for path in dropped.folder.parent.rglob("*") if path.is_file()}
    dropped.put(picture_bytes(1), written)
    assert dropped.items[0]["name"] == shown
    new = {path for path in dropped.folder.parent.rglob("*") if path.is_file()} - before
    assert all(dropped.folder in path.parents or path.parent.name == ".secrets" for path in new)
    assert not any("passwd" in path.name or "boot" in path.name for path in new)


def test_a_class_that_no_table_could_hold_is_refused(dropped):
    answer = dropped.put(picture_bytes(1), "a.png", "a|b", status=400)
    assert answer["code"] == "class-name"
    assert dropped.items == []


def test_a_file_that_is_too_large_is_refused_and_nothing_stays(dropped, monkeypatch):
    monkeypatch.setattr(receiving, "MOST_BYTES", 1000)
    assert dropped.put(picture_bytes(1), status=413)["code"] == "file-too-large"
    assert not list((dropped.folder / "cache" / "uploads").iterdir())
    assert dropped.items == []


def test_a_disk_that_is_nearly_full_is_said_before_anything_is_written(dropped, monkeypatch):
    monkeypatch.setattr(receiving, "_SPARE", 1 << 60)
    assert dropped.put(picture_bytes(1), status=507)["code"] == "disk-full"


def test_dicom_is_stored_without_what_identifies(dropped, tmp_path):
    data = dicom_bytes(tmp_path, birth_date="19600101", InstitutionName="St. Elsewhere")
    item = dropped.put(data, "Doe_Jane_K4711X/CT0001.dcm", "A")["items"][0]
    stored = dcmread(dropped.folder / "images" / f"{item}.dcm")
    shown = dropped.items[0]
    assert item == hashlib.sha256(data).hexdigest()[:16]
    assert stored.PatientIdentityRemoved == "YES"
    assert stored.PatientID == dropped.project.item_of(item).subject
    written = b"".join(path.read_bytes() for path in dropped.folder.rglob("*") if path.is_file())
    for secret in (b"K4711X", b"Doe", b"Jane", b"Elsewhere", b"CT0001"):
        assert secret not in written, secret
    assert shown["name"].startswith("I")
    assert shown["name"].endswith(".dcm")
    full = dropped.client.get(f"{dropped.base}/items/{item}").json()
    assert full["modality"] == full["facts"]["header"]["Modality"] == "CT"


def test_one_patient_stays_one_patient_and_two_stay_two(dropped, tmp_path):
    for number, patient in enumerate(["K4711X", "K4711X", "L0815Y"]):
        dropped.put(dicom_bytes(tmp_path, number, patient_id=patient), f"{number}.dcm", "AB"[number % 2])
    patients = [one["patient"] for one in dropped.items]
    assert patients[0] == patients[1] != patients[2]
    assert all(patient.startswith("P") and len(patient) == 9 for patient in patients)
    assert dropped.summary["patients_from"] == "dicom"
    assert dropped.summary["counts"]["patients"] == 2
    # The same patient in a later session, and the same file once more.
    dropped.client.studio.forget(dropped.id)
    dropped.put(dicom_bytes(tmp_path, 7), "7.dcm", "A")
    assert dropped.put(dicom_bytes(tmp_path, 1), "again.dcm", "A")["status"] == "duplicate"
    assert dropped.items[3]["patient"] == patients[0]
    table = dropped.client.studio.project(dropped.id).snapshot().read_text()
    assert table.count(patients[0]) == 3


def test_dicom_is_kept_as_it_is_where_the_user_says_so(dropped, tmp_path):
    dropped.change(op="settings", settings={"deidentify": False})
    data = dicom_bytes(tmp_path)
    item = dropped.put(data, "CT0001.dcm")["items"][0]
    assert (dropped.folder / "images" / f"{item}.dcm").read_bytes() == data
    assert dropped.items[0]["name"] == "CT0001.dcm"


def crowded_picture(kind):
    """A picture of 40 rows and 48 columns as stored, on its side, with a name wherever there is place for one."""
    block = Image.Exif()
    block[0x010E], block[0x0112] = "Doe^Jane K4711X", 6
    block.get_ifd(0x8825)[29] = "1960:01:01"
    texts = PngImagePlugin.PngInfo()
    texts.add_text("Patient", "Doe^Jane")
    more = {
        "PNG": {"exif": block, "pnginfo": texts},
        "JPEG": {"exif": block, "comment": "Doe^Jane"},
        "TIFF": {"tiffinfo": {270: "Doe^Jane", 315: "K4711X", 274: 6}},
    }
    buffer = io.BytesIO()
    pixels = np.random.default_rng(9).integers(0, 255, (40, 48, 3), dtype=np.uint8)
    Image.fromarray(pixels).save(buffer, kind, **more[kind])
    return buffer.getvalue()


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "TIFF"])
def test_a_picture_is_stored_without_its_metadata_and_with_the_very_pixels(dropped, tmp_path, kind):
    data = crowded_picture(kind)
    assert b"Doe^Jane" in data
    item = dropped.put(data, "a.bin", "A")["items"][0]
    place = dropped.project.source(item).path
    assert item == hashlib.sha256(data).hexdigest()[:16]
    written = b"".join(path.read_bytes() for path in dropped.folder.rglob("*") if path.is_file())
    for secret in (b"Doe", b"Jane", b"K4711X", b"1960"):
        assert secret not in written, secret
    (tmp_path / "before").write_bytes(data)
    assert decode_image(place).pixel_sha256 == decode_image(tmp_path / "before").pixel_sha256
    shown = dropped.items[0]
    assert (shown["width"], shown["height"]) == (40, 48)
    assert dropped.project.item(item)["facts"]["bytes"] == place.stat().st_size
    assert dropped.put(data)["status"] == "duplicate"


def test_a_picture_keeps_its_metadata_where_the_user_says_so(dropped):
    dropped.change(op="settings", settings={"deidentify": False})
    data = crowded_picture("JPEG")
    assert dropped.project.source(dropped.put(data)["items"][0]).path.read_bytes() == data


def test_a_picture_whose_metadata_cannot_be_told_apart_is_not_lost(dropped):
    data = crowded_picture("PNG")[:-8]  # IEND is cut: every decoder shows it, nobody knows where it ends
    received = dropped.put(data)
    assert received["status"] == "added"
    assert dropped.project.source(received["items"][0]).path.read_bytes() == data


def test_a_damaged_dicom_file_is_listed(dropped, tmp_path):
    received = dropped.put(dicom_bytes(tmp_path)[:-600], "cut.dcm")
    assert (received["status"], received["code"]) == ("rejected", "truncated")
    assert not list((dropped.folder / "images").iterdir())


def test_a_table_gives_classes_and_patients_to_what_is_here_and_to_what_comes(dropped):
    for number in range(3):
        dropped.put(picture_bytes(number), f"images/{number}.png", "images")
    table = "image,label,patient\n0.png,sick,Jane\nimages/1.png,well,Joe\n2,sick,Jane\n3.png,well,Ann\n"
    received = dropped.put(table.encode(), "labels.csv")
    assert (received["status"], len(received["items"])) == ("table", 3)
    assert dropped.counts == {"sick": 2, "well": 1}  # the class images was none: it is empty and gone
    shown = dropped.by_name
    assert shown["0.png"]["patient"] == shown["2.png"]["patient"] != shown["1.png"]["patient"]
    assert "Jane" not in str(dropped.items)
    assert dropped.summary["undo"] == "Labels from labels.csv"
    dropped.put(picture_bytes(3), "images/3.png")
    assert dropped.counts == {"sick": 2, "well": 2}
    dropped.change(op="undo")
    assert dropped.counts == {"images": 3, "well": 1}
    assert dropped.by_name["0.png"]["patient"] == ""
    written = b"".join(path.read_bytes() for path in dropped.folder.rglob("*") if path.is_file())
    assert b"Jane" not in written


def test_a_table_finds_dicom_files_by_the_names_that_were_not_kept(dropped, tmp_path):
    dropped.put(dicom_bytes(tmp_path, 1, patient_id="K4711X"), "export/IM1.dcm")
    dropped.put(dicom_bytes(tmp_path, 2, patient_id="L0815Y"), "export/IM2.dcm")
    before = [one["patient"] for one in dropped.items]
    dropped.put(b"file,diagnosis,patient_id\nIM1,sick,K4711X\nIM2.dcm,well,L0815Y\n", "t.csv")
    assert dropped.counts == {"sick": 1, "well": 1}
    # The pseudonym of the header and that of the table are one.
    assert [one["patient"] for one in dropped.items] == before


TABLE = (
    "file,diagnosis,patient_id,PatientName,Age,sex,hospital,birth_date,remark\n"
    "0.png,sick,K1,Doe^Jane,93,F,North,1931-02-03,called her son on Monday\n"
    "1.png,well,K2,Doe^Joe,40,M,South,1985-02-03,nothing\n"
    "2.png,sick,K1,Doe^Jane,93,F,,1931-02-03,came back\n"
    "3.png,well,K3,Roe^Ann,58,F,North,1967-02-03,with her sister\n"
)


def test_a_table_gives_columns_that_tell_no_patient_to_what_is_here_and_to_what_comes(dropped):
    for number in range(3):
        dropped.put(picture_bytes(number), f"{number}.png")
    received = dropped.put(TABLE.encode(), "labels.csv")
    assert received["reason"] == (
        "labels.csv: 3 images labelled by it. Columns kept: sex, Age, hospital. Not kept, since they may tell whose "
        "image it is or make no groups: PatientName, birth_date, remark."
    )
    assert dropped.summary["columns"] == ["Age", "hospital", "sex"]
    dropped.put(picture_bytes(3), "3.png")
    shown = {name: one["columns"] for name, one in dropped.by_name.items()}
    assert shown == {
        "0.png": {"sex": "F", "Age": "90", "hospital": "North"},
        "1.png": {"sex": "M", "Age": "40", "hospital": "South"},
        "2.png": {"sex": "F", "Age": "90"},
        "3.png": {"sex": "F", "Age": "58", "hospital": "North"},
    }
    written = b"".join(path.read_bytes() for path in dropped.folder.rglob("*") if path.is_file())
    assert not [word for word in (b"Doe", b"1931", b"93,", b"Monday", b"K1") if word in written]


COHORT = "file,patient_id,PatientName,Age,sex\n0.png,K1,Doe^Jane,93,F\n1.png,K2,Doe^Joe,40,M\n2.png,K1,Doe^Jane,93,F\n"


def test_a_table_without_labels_gives_columns_and_patients_and_leaves_the_classes(dropped):
    for number in range(2):
        dropped.put(picture_bytes(number), f"sick/{number}.png", "sick")
    received = dropped.put(COHORT.encode(), "cohort.csv")
    assert received["status"] == "table" and len(received["items"]) == 2
    assert received["reason"] == (
        "cohort.csv: no label column, so the classes stay as they are; 2 images found in it. Columns kept: sex, Age. "
        "Not kept, since they may tell whose image it is or make no groups: PatientName."
    )
    assert dropped.counts == {"sick": 2} and dropped.summary["undo"] == "Columns from cohort.csv"
    dropped.put(picture_bytes(2), "well/2.png", "well")  # what comes later keeps the class of its folder
    assert dropped.counts == {"sick": 2, "well": 1} and dropped.summary["rejected"] == []
    shown = dropped.by_name
    assert {name: one["columns"] for name, one in shown.items()} == {
        "0.png": {"sex": "F", "Age": "90"},
        "1.png": {"sex": "M", "Age": "40"},
        "2.png": {"sex": "F", "Age": "90"},
    }
    assert shown["0.png"]["patient"] == shown["2.png"]["patient"] != shown["1.png"]["patient"]
    written = b"".join(path.read_bytes() for path in dropped.folder.rglob("*") if path.is_file())
    assert not [word for word in (b"Doe", b"93,", b"K1") if word in written]
    dropped.change(op="undo")
    assert dropped.by_name["1.png"]["columns"] == {} and dropped.counts == {"sick": 2, "well": 1}


def test_a_table_without_labels_waits_for_its_images(dropped):
    received = dropped.put(COHORT.encode(), "cohort.csv")
    assert received["items"] == [] and received["reason"].startswith(
        "It has no label column and names no image that is here yet; those that come later get its columns. Columns"
    )
    dropped.put(picture_bytes(1), "well/1.png", "well")
    assert dropped.by_name["1.png"]["columns"] == {"sex": "M", "Age": "40"} and dropped.counts == {"well": 1}


def test_names_without_endings_are_known_by_the_images_that_are_here(dropped):
    table = b"image,sex,age\n0,F,50\n1,M,60\n"
    assert dropped.put(table, "early.csv")["status"] == "rejected"  # any list of numbers looks like this
    dropped.put(picture_bytes(0), "0.png", "sick")
    assert dropped.put(table, "late.csv")["status"] == "table"
    assert dropped.by_name["0.png"]["columns"] == {"sex": "F", "age": "50"}


def test_a_table_of_which_nothing_may_be_kept_says_so(dropped):
    dropped.put(picture_bytes(0), "0.png", "sick")
    received = dropped.put(b"file,PatientName\n0.png,Doe^Jane\n1.png,Doe^Joe\n", "names.csv")
    assert (received["status"], received["code"]) == ("rejected", "no-label-column")
    assert "no other column that may be kept" in received["reason"] and "PatientName" in received["remedy"]


def test_columns_without_labels_and_labels_without_columns_meet(dropped):
    dropped.put(picture_bytes(0), "all/0.png", "all")
    dropped.put(b"image,label,ward\n0.png,sick,A\n1.png,well,B\n", "labels.csv")
    dropped.put(COHORT.encode(), "cohort.csv")
    dropped.put(picture_bytes(1), "1.png")
    assert dropped.counts == {"sick": 1, "well": 1}
    assert dropped.by_name["1.png"]["columns"] == {"ward": "B", "sex": "M", "Age": "40"}


def test_columns_of_a_table_are_taken_back_and_made_again_also_after_a_restart(dropped):
    for number in range(3):
        dropped.put(picture_bytes(number), f"{number}.png", "images")
    dropped.put(TABLE.encode(), "labels.csv")
    dropped.change(op="undo")
    assert dropped.summary["columns"] == [] and dropped.counts == {"images": 3}
    assert [one["columns"] for one in dropped.items] == [{}, {}, {}]
    dropped.change(op="redo")
    again = Project(dropped.folder, dropped.project.decoder)
    assert again.summary()["columns"] == ["Age", "hospital", "sex"]
    assert again.items()["items"] == dropped.items


def test_a_second_table_adds_and_corrects_and_blanks_nothing(dropped):
    dropped.put(picture_bytes(0), "0.png")
    dropped.put(b"image,label,sex,ward\n0.png,sick,F,A\n1.png,well,M,B\n", "first.csv")
    dropped.put(b"image,label,Sex,ward,view\n0.png,sick,M,,PA\n1.png,,F,C,AP\n", "second.csv")
    dropped.put(picture_bytes(1), "1.png")
    assert dropped.by_name["0.png"]["columns"] == {"sex": "M", "ward": "A", "view": "PA"}
    assert dropped.by_name["1.png"]["columns"] == {"sex": "F", "ward": "C", "view": "AP"}
    assert dropped.counts == {"sick": 1, "well": 1}
    assert dropped.summary["columns"] == ["sex", "view", "ward"]


def test_tables_add_no_more_columns_than_a_journal_should_carry(dropped):
    dropped.put(picture_bytes(0), "0.png")
    for number in range(4):
        names = [f"mark{chr(97 + number)}{letter}" for letter in "abcdefgh"]
        dropped.put(f"image,label,{','.join(names)}\n0.png,sick{',1' * 8}\n9.png,well{',2' * 8}\n".encode(), "t.csv")
    assert len(dropped.items[0]["columns"]) == MOST_COLUMNS == len(dropped.summary["columns"])


def test_the_same_bare_name_in_two_folders_says_only_what_both_say(dropped):
    dropped.put(picture_bytes(0), "1.png")
    dropped.put(b"image,label,sex,view\na/1.png,sick,F,PA\nb/1.png,sick,M,PA\n", "t.csv")
    assert dropped.by_name["1.png"]["columns"] == {"view": "PA"} and dropped.counts == {"sick": 1}


def test_tables_of_older_versions_still_count(dropped):
    keys = table_keys("", "0.png", dropped.project.pseudonyms)
    with (dropped.folder / "items.jsonl").open("a") as journal:
        journal.write(json.dumps({"table": {key: ["sick", "P1"] for key in keys}}) + "\n")
    dropped.put(picture_bytes(0), "0.png")
    (item,) = dropped.items
    assert (item["columns"], item["patient"], dropped.counts) == ({}, "P1", {"sick": 1})


@pytest.mark.parametrize(
    ("name", "data"),
    [("notes.txt", b"to do: buy milk\n"), ("x.csv", b"a,b\n1,2\n"), ("x.csv", b""), ("x.xlsx", b"PK\x03\x04 no sheet")],
)
def test_what_is_no_table_of_labels_is_listed(dropped, name, data):
    assert dropped.put(data, name)["status"] == "rejected"
    assert dropped.summary["rejected"][0]["name"] == name


def test_addresses_answer_404_for_what_is_not_there(dropped):
    for path in ("/items/0000000000000000", "/thumbs/x", "/pixels/-", "/tasks/1", "/items/a.png"):
        assert dropped.client.get(dropped.base + path).status_code == 404, path
    assert dropped.client.get("/api/projects/p-ffffffff").status_code == 404
    assert dropped.client.get("/api/projects/p-ffffffff/items").status_code == 404


@pytest.mark.parametrize("query", ["limit=0", "limit=x", "offset=-1", "limit=999999"])
def test_a_page_of_items_has_bounds(dropped, query):
    assert dropped.client.get(f"{dropped.base}/items?{query}").status_code == 400


def test_a_change_by_http_answers_the_summary_or_the_reason(dropped):
    summary = dropped.change(op="add-class", name="Edema")
    assert [one["name"] for one in summary["classes"]] == ["Edema"]
    refused = dropped.change(400, op="add-class", name="edema")
    assert refused["remedy"]
    assert dropped.client.post(f"{dropped.base}/changes", content=b"[" * 5000).status_code == 400


def test_a_stream_that_breaks_off_leaves_nothing(dropped):
    def pieces():
        yield picture_bytes(1)[:100]
        raise OSError

    with pytest.raises(OSError):
        dropped.project.add_file(pieces(), "A", "a.png")
    assert not list((dropped.folder / "cache" / "uploads").iterdir())
    assert dropped.project.add_file(io.BytesIO(picture_bytes(1)), "A", "a.png").status == "added"
