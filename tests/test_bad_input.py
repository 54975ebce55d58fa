"""Bad input: each case ends in one message that names the file and the remedy, or in a skipped row with its reason.

Never a traceback, and never half a result presented as whole. All through the command line, as a person meets it.
"""

import csv
import errno
import json
import os

import numpy as np
import pytest
from cli.command import call, dry_run
from dataset.rows import write_images
from fake.dicoms import write_dicom
from fake.pictures import write_jpeg, write_png, write_png_bomb


def good(root, per_class=10, classes=("cat", "dog")):
    return write_images(root, *(f"{label}/{number}.png" for label in classes for number in range(per_class)))


def table_of(run):
    with (run / "images.csv").open(encoding="utf-8", newline="") as handle:
        return {row["image"]: row for row in csv.DictReader(handle)}


def refused(ending, *words):
    message = ending.message()
    for word in words:
        assert str(word) in message
    return message


def assert_nothing_half_done(run):
    """A run that failed is marked failed and holds no result."""
    if run.exists():
        assert json.loads((run / "run.json").read_text())["status"] == "failed"
        assert not {"numbers.json", "predictions.csv", "report.html", "model"} & {entry.name for entry in run.iterdir()}


# Data that cannot be used at all ----------------------------------------------------------------------------


def empty_folder(data):
    return "holds no files", "sub-folder named after the class"


def one_class(data):
    good(data, classes=("cat",))
    return "only the class cat", "second sub-folder"


def a_class_with_one_image(data):
    good(data, classes=("cat",))
    write_images(data, "dog/1.png")
    return "The class dog has 1 image", "Collect more cases"


def only_loose_images(data):
    write_images(data, "1.png", "2.png")
    return "no sub-folders", "sub-folder named after the class"


def missing_files_only(data):
    data.joinpath("labels.csv").write_text("image,label\ngone1.png,a\ngone2.png,b\n")
    return "labels.csv", "gone1.png", "Put the table beside its images"


def no_label_column(data):
    write_images(data, "1.png", "2.png")
    data.joinpath("labels.csv").write_text("image,age\n1.png,40\n2.png,50\n")
    return "labels.csv has no label column", "image, age", "Name one column label"


def no_image_column(data):
    write_images(data, "1.png", "2.png")
    data.joinpath("labels.csv").write_text("number,label\n1,a\n2,b\n")
    return "labels.csv has no image column", "Name one column image"


def an_empty_table(data):
    data.joinpath("labels.csv").write_text("image,label\n")
    return "labels.csv has no rows", "one row per image"


def nothing_readable(data):
    for label in "ab":
        (data / label).mkdir()
        (data / label / "note.dcm").write_text("this is a text")
    return "None of the 2 files", "Export the images as PNG"


def a_class_of_which_nothing_can_be_read(data):
    good(data, classes=("cat",))
    (data / "dog").mkdir()
    for number in range(6):
        (data / "dog" / f"{number}.png").write_bytes(b"")
    return "No image of the class dog", "0 bytes"


@pytest.mark.parametrize(
    "make",
    [
        empty_folder,
        one_class,
        a_class_with_one_image,
        only_loose_images,
        missing_files_only,
        no_label_column,
        no_image_column,
        an_empty_table,
        nothing_readable,
        a_class_of_which_nothing_can_be_read,
    ],
    ids=lambda make: make.__name__,
)
def test_data_that_cannot_be_used_is_refused_with_its_name_and_a_way_out(tmp_path, make):
    data, run = tmp_path / "my data", tmp_path / "run"
    data.mkdir()
    words = make(data)
    ending = dry_run(data, run, "--json")
    refused(ending, data, *words)
    error = ending.json["error"]
    assert error["code"]
    assert error["remedy"]
    assert error["file"].startswith(str(data))
    assert_nothing_half_done(run)


def test_data_that_is_not_there_or_is_one_image_is_refused(tmp_path):
    refused(dry_run(tmp_path / "nowhere", tmp_path / "run"), tmp_path / "nowhere", "Check the path")
    write_images(tmp_path, "scan.png")
    refused(dry_run(tmp_path / "scan.png", tmp_path / "run2"), "scan.png is one file", "Give a folder")


def test_a_damaged_zip_is_refused(tmp_path):
    (tmp_path / "scans.zip").write_bytes(b"PK\x03\x04 and no more")
    refused(dry_run(tmp_path / "scans.zip", tmp_path / "run"), "scans.zip", "Unpack it yourself")
    assert_nothing_half_done(tmp_path / "run")


# Files that cannot be used ----------------------------------------------------------------------------------

NAME = 'é à/o\'brien "x"; 100 %, ü.png'


@pytest.fixture(scope="module")
def mixed(tmp_path_factory):
    """A good data set with one file of every bad kind among it; where it ended, and its images.csv."""
    place = tmp_path_factory.mktemp("mixed")
    data, rng = good(place / "data", per_class=12), np.random.default_rng(1)
    cat = data / "cat"
    (cat / "report.dcm").write_text("The lungs are clear. " * 50)
    (cat / "empty.png").write_bytes(b"")
    write_png(cat / "whole.png", rng.integers(0, 256, (64, 64)))
    write_jpeg(cat / "whole.jpg", rng.integers(0, 256, (64, 64)))
    write_dicom(cat / "whole.dcm", rng.integers(0, 256, (64, 64)).astype(np.uint8))
    for kind in ("png", "jpg", "dcm"):
        content = (cat / f"whole.{kind}").read_bytes()
        (cat / f"cut.{kind}").write_bytes(content[: len(content) // 2])
        (cat / f"whole.{kind}").rename(cat / f"right content.{ {'png': 'tmp', 'jpg': 'png', 'dcm': 'jpg'}[kind] }")
    write_png_bomb(cat / "bomb.png", 30_000, 30_000)
    write_images(data / "cat", NAME, seed=3)
    if hasattr(os, "symlink"):
        (cat / "up").symlink_to(data, target_is_directory=True)
        (cat / "myself").symlink_to(cat / "myself")
        (cat / "gone.png").symlink_to(data / "nowhere.png")
    return dry_run(data, place / "run", "--json"), table_of(place / "run")


def test_bad_files_do_not_stop_the_rest(mixed):
    ending, rows = mixed
    assert ending.code in (0, 1)
    assert ending.err == ""
    assert {rows[f"{label}/{n}.png"]["status"] for label in ("cat", "dog") for n in range(12)} == {"used"}


@pytest.mark.parametrize(
    ("file", "reason"),
    [
        ("report.dcm", "its content is no image format that wetread reads"),
        ("empty.png", "the file has 0 bytes"),
        ("cut.png", "the file ends too early"),
        ("cut.jpg", "the file ends too early"),
        ("cut.dcm", "the file ends too early"),
        ("bomb.png", "the image is larger than the limit of 100 megapixels"),
        ("myself", "the file cannot be opened"),
        ("gone.png", "the file cannot be opened"),
    ],
)
def test_a_bad_file_is_a_skipped_row_with_its_reason_and_in_the_finding(mixed, file, reason):
    ending, rows = mixed
    row = rows[f"cat/{file}"]
    assert (row["status"], row["reason"], row["split"], row["sha256"]) == ("skipped", reason, "", "")
    finding = next(one for one in ending.json["findings"] if one["code"] == "WR401")
    assert f"cat/{file}" in finding["images"]
    assert finding["severity"] == "red"


def test_nothing_found_is_lost(mixed):
    ending, rows = mixed
    finding = next(one for one in ending.json["findings"] if one["code"] == "WR401")
    assert finding["numbers"]["lost"] == sum(row["status"] == "skipped" for row in rows.values()) == 8
    assert finding["remedy"]


def test_content_counts_and_not_the_ending(mixed):
    assert {mixed[1][f"cat/right content.{kind}"]["status"] for kind in ("tmp", "png", "jpg")} == {"used"}


def test_names_with_spaces_accents_and_quotes_are_used_and_written_as_they_are(mixed):
    assert mixed[1][f"cat/{NAME}"]["status"] == "used"


def test_a_loop_of_links_shows_each_file_once(mixed):
    assert not [image for image in mixed[1] if image.startswith("cat/up/")]


# Tables -----------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def tabled(tmp_path_factory):
    """A Windows-1252 table with missing files, duplicate rows and contradictions."""
    place = tmp_path_factory.mktemp("tabled")
    data = place / "data"
    names = [f"Ärzte {number}.png" for number in range(26)]
    write_images(data, *names)
    lines = ["Dateiname;image;label", *(f"x;{name};{('Häufig', 'selten')[n % 2]}" for n, name in enumerate(names[:24]))]
    lines += [
        f"x;{names[0]};Häufig",
        f"x;{names[24]};Häufig",
        f"x;{names[24]};selten",
        "x;gone.png;selten",
        "x;;selten",
    ]
    (data / "labels.csv").write_bytes("\r\n".join(lines).encode("cp1252"))
    return dry_run(data, place / "run", "--json"), table_of(place / "run")


def test_a_table_that_is_not_utf8_is_read_with_its_accents(tabled):
    ending, rows = tabled
    assert ending.code in (0, 1)
    assert {row["label"] for row in rows.values() if row["status"] == "used"} == {"Häufig", "selten"}


def test_a_row_written_twice_counts_once(tabled):
    assert sum(row["status"] == "used" for row in tabled[1].values()) == 24
    assert tabled[1]["Ärzte 0.png"]["label"] == "Häufig"


@pytest.mark.parametrize(
    ("image", "reason"),
    [
        ("gone.png", "named in the table, but there is no such file"),
        ("Ärzte 24.png", "listed under two labels: Häufig and selten"),
        ("Ärzte 25.png", "not named in labels.csv"),
    ],
)
def test_a_row_that_cannot_be_used_says_why(tabled, image, reason):
    assert tabled[1][image]["reason"] == reason


# The place for the results ----------------------------------------------------------------------------------


def test_an_existing_run_is_replaced_only_with_overwrite(tmp_path):
    data, run = good(tmp_path / "data"), tmp_path / "run"
    assert dry_run(data, run).code in (0, 1)
    (run / "note").write_text("from the first run")
    refused(dry_run(data, run), run, "already holds a run", "--overwrite")
    assert (run / "note").is_file()
    assert json.loads((run / "run.json").read_text())["status"] == "finished"
    assert dry_run(data, run, "--overwrite").code in (0, 1)
    assert not (run / "note").exists()


def test_a_folder_of_other_files_is_not_written_into_even_with_overwrite(tmp_path):
    data = good(tmp_path / "data")
    before = sorted(tmp_path.rglob("*"))
    for more in ((), ("--overwrite",), ("--resume",)):
        refused(dry_run(data, data, *more), data, "not a run folder", "--out")
    assert sorted(tmp_path.rglob("*")) == before


def test_a_file_in_the_place_of_the_output_folder_is_refused(tmp_path):
    data = good(tmp_path / "data")
    (tmp_path / "taken").write_text("mine")
    refused(dry_run(data, tmp_path / "taken"), tmp_path / "taken", "--out")
    refused(dry_run(data, tmp_path / "taken" / "run"), tmp_path / "taken", "something else is in its place", "--out")
    assert (tmp_path / "taken").read_text() == "mine"


@pytest.mark.parametrize("verb", ["run", "check"])
def test_a_read_only_output_folder_is_refused_before_anything_is_read(tmp_path, monkeypatch, verb):
    # Root may write into read-only folders, so the system's refusal is imitated.
    def refuse(*args, **kwargs):
        raise OSError(errno.EROFS, "Read-only file system")

    data, run = good(tmp_path / "data"), tmp_path / "run"
    run.mkdir()
    monkeypatch.setattr("wetread.writing.open", refuse, raising=False)
    refused(call(verb, data, "--out", run, "--quiet"), run, "No permission", "--out")
    assert not list(run.iterdir())


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root may write everywhere")
def test_a_folder_without_write_permission_is_refused(tmp_path):
    data, run = good(tmp_path / "data"), tmp_path / "run"
    run.mkdir(mode=0o500)
    refused(dry_run(data, run), run, "No permission", "--out")


def test_a_full_disk_ends_in_a_message_and_a_run_that_is_not_finished(tmp_path, monkeypatch):
    data, run = good(tmp_path / "data"), tmp_path / "run"
    real = os.fsync
    seen = []

    def fill(number):
        seen.append(number)
        if len(seen) == 5:
            raise OSError(errno.ENOSPC, "No space left on device")
        real(number)

    monkeypatch.setattr("wetread.writing.os.fsync", fill)
    refused(dry_run(data, run), "The disk is full", run, "Free some space")
    assert json.loads((run / "run.json").read_text())["status"] != "finished"
    assert not list(run.rglob("*.tmp"))


def test_a_run_inside_the_data_does_not_become_data(tmp_path):
    data = good(tmp_path / "data")
    for name in ("first", "second"):
        assert dry_run(data, data / name).code in (0, 1)
    assert len(table_of(data / "second")) == 20
