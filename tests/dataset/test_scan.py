"""Every layout of DATA becomes one table, and nothing that was found gets lost on the way."""

import os
import unicodedata

import pytest
from fake.effort import least_seconds

from dataset.rows import write_images
from wetread.dataset.finder import Finder
from wetread.dataset.labels_file import SPLIT_NAMES, SYNONYMS
from wetread.dataset.listing import Entry, walk
from wetread.dataset.reading import read_images
from wetread.dataset.scan import scan
from wetread.errors import InputError
from wetread.images.source import Source


def labels_of(table):
    return {row.image: row.label for row in table.used}


def reasons_of(table):
    return {row.image: row.reason for row in table.unreadable}


def companions_of(table):
    return {row.image: row.reason.removeprefix("companion: ") for row in table.skipped if row.companion}


def write_table(root, text, name="labels.csv"):
    (root / name).write_text(text, encoding="utf-8")
    return root


# Folders -------------------------------------------------------------------------------------------------------------


def test_class_folders_name_the_classes(tmp_path):
    table = scan(write_images(tmp_path, "cat/1.png", "dog/1.png", "dog/2.png"))
    assert labels_of(table) == {"cat/1.png": "cat", "dog/1.png": "dog", "dog/2.png": "dog"}
    assert (table.source, table.grouping) == ("folder", "none")


def test_a_folder_inside_a_class_is_remembered_as_the_patient(tmp_path):
    table = scan(write_images(tmp_path, "a/p1/1.png", "a/p1/deep/2.png", "b/p2/1.png", "b/3.png"))
    assert [row.extra.get("folder", "") for row in table.rows] == ["p1", "p1", "", "p2"]
    assert table.classes == ["a", "b"]


@pytest.mark.parametrize(("name", "meaning"), sorted(SPLIT_NAMES.items()))
def test_given_splits_are_known_by_every_synonym_in_any_case(tmp_path, name, meaning):
    folder, other = name.upper(), "test" if meaning == "train" else "Train"
    table = scan(
        write_images(tmp_path, f"{folder}/a/1.png", f"{folder}/b/1.png", f"{other}/a/1.png", f"{other}/b/1.png")
    )
    assert table.source == "splits"
    assert {row.given_split for row in table.rows if row.image.startswith(folder)} == {meaning}
    assert table.classes == ["a", "b"]


def test_unlabelled_images_of_a_test_folder_are_predicted_only(tmp_path):
    table = scan(write_images(tmp_path, "train/a/1.png", "train/b/1.png", "TEST/x.png", "TEST/y.png"))
    assert [row.image for row in table.unlabelled] == ["TEST/x.png", "TEST/y.png"]
    assert table.classes == ["a", "b"]


def test_folders_beside_given_splits_are_left_out_and_said(tmp_path):
    table = scan(write_images(tmp_path, "train/a/1.png", "train/b/1.png", "sketches/1.png"))
    assert len(table.used) == 2
    assert reasons_of(table) == {"sketches/1.png": "lies outside the class folders"}
    assert "sketches" in table.notes[0]


def test_stray_images_are_skipped_and_other_files_are_companions(tmp_path):
    write_images(tmp_path, "a/1.png", "b/1.png", "stray.png")
    (tmp_path / "README.txt").write_text("hello")
    table = scan(tmp_path)
    assert reasons_of(table) == {"stray.png": "lies outside the class folders"}
    assert companions_of(table) == {"README.txt": "no image by its content"}
    assert table.ledger() == {"found": 4, "used": 2, "skipped": 1, "companions": 1}


def test_hidden_and_system_files_are_not_images(tmp_path):
    write_images(tmp_path, "a/1.png", "b/1.png", "a/._1.png", "a/Thumbs.db", "__MACOSX/a/1.png", "a/DICOMDIR")
    assert len(scan(tmp_path).rows) == 2


def test_a_run_folder_inside_the_data_is_no_class(tmp_path):
    # `cd scans && wetread run .` writes wetread-runs/ into the data, and its thumbnails are pictures.
    write_images(tmp_path, "a/1.png", "b/1.png", "wetread-runs/scans-1/thumbnails/t.png", "results/heatmaps/h.png")
    for run in ("wetread-runs/scans-1", "results"):
        (tmp_path / run / "run.json").write_text("{}")
        (tmp_path / run / "events.jsonl").write_text("")
    assert labels_of(scan(tmp_path)) == {"a/1.png": "a", "b/1.png": "b"}


@pytest.mark.skipif(not hasattr(os, "symlink"), reason="no symbolic links here")
def test_loops_of_links_end_and_show_each_file_once(tmp_path):
    write_images(tmp_path, "a/1.png", "b/1.png")
    (tmp_path / "a" / "up").symlink_to(tmp_path, target_is_directory=True)
    (tmp_path / "a" / "self").symlink_to(tmp_path / "a" / "self")
    (tmp_path / "b" / "there").symlink_to(tmp_path / "b" / "back", target_is_directory=True)
    (tmp_path / "b" / "back").symlink_to(tmp_path / "b" / "there", target_is_directory=True)
    found = [path for path in walk(tmp_path) if path.is_file()]
    assert len(found) == len({path.resolve() for path in found}) == 2
    assert [row.image for row in scan(tmp_path).rows if row.source.path.is_file()] == ["a/1.png", "b/1.png"]


def test_names_with_spaces_accents_and_quotes_are_kept(tmp_path):
    names = ["é à/ö 'x'.png", 'b "q"/1;2, 3.png']
    assert sorted(labels_of(scan(write_images(tmp_path, *names)))) == sorted(names)


def test_a_class_folder_in_two_unicode_forms_is_one_class(tmp_path):
    table = scan(write_images(tmp_path, unicodedata.normalize("NFD", "é") + "/1.png", "b/1.png"))
    assert table.classes == ["b", unicodedata.normalize("NFC", "é")]


def test_classes_can_be_chosen_and_the_rest_is_skipped(tmp_path):
    write_images(tmp_path, "a/1.png", "b/1.png", "c/1.png")
    assert reasons_of(scan(tmp_path, classes=["c", "a"])) == {"b/1.png": "its class was not asked for"}
    with pytest.raises(InputError, match=r"no class z.*a, b, c"):
        scan(tmp_path, classes=["a", "z"])


# Tables --------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("image", SYNONYMS["image"])
def test_every_synonym_of_the_image_column_serves(tmp_path, image):
    write_images(tmp_path, "1.png", "2.png")
    assert labels_of(scan(write_table(tmp_path, f"{image},label\n1.png,a\n2.png,b\n"))) == {"1.png": "a", "2.png": "b"}


def test_patient_split_and_other_columns_are_taken_over(tmp_path):
    write_images(tmp_path, "1.png", "2.png")
    text = "Path;Diagnosis;Subject ID;Partition;Age\n1.png;a;S1;Training;40\n2.png;b;S2;holdout;50\n"
    table = scan(write_table(tmp_path, text))
    assert [(row.patient, row.given_split, row.extra) for row in table.used] == [
        ("S1", "train", {"Age": "40"}),
        ("S2", "test", {"Age": "50"}),
    ]
    assert table.grouping == "column"
    assert "semicolon" in table.notes[0]


NFC, NFD = (unicodedata.normalize(form, "bär.png") for form in ("NFC", "NFD"))


@pytest.mark.parametrize(
    ("written", "file"),
    [
        ("images/1.png", "images/1.png"),
        ("1.png", "deep/er/1.png"),
        ("1", "images/1.png"),
        ("images\\1.png", "images/1.png"),
        (r"C:\scans\old\1.PNG", "images/1.png"),
        ("./images/1.png", "images/1.png"),
        (NFC, f"images/{NFD}"),
        (NFD, f"images/{NFC}"),
        (NFC, NFD),
    ],
)
def test_a_table_finds_its_files_however_it_writes_them(tmp_path, written, file):
    write_images(tmp_path, file, "2.png")
    table = scan(write_table(tmp_path, f"image,label\n{written},a\n2.png,b\n"))
    assert [row.source.path.samefile(tmp_path / file) for row in table.used if row.label == "a"] == [True]
    assert not table.unreadable


@pytest.mark.parametrize("forms", [(NFC, NFD), (NFD, NFC)], ids=["nfc", "nfd"])
def test_a_path_is_followed_in_either_unicode_form_also_where_its_bare_name_is_not_unique(tmp_path, forms):
    written, file = forms
    write_images(tmp_path, f"x/{file}", f"y/{file}")
    table = scan(write_table(tmp_path, f"image,label\nx/{written},a\ny/{written},b\n"))
    assert [(row.image.split("/")[0], row.label) for row in table.used] == [("x", "a"), ("y", "b")]


def test_a_bare_name_that_two_files_bear_is_not_guessed(tmp_path):
    write_images(tmp_path, "x/1.png", "y/1.png", "2.png", "3.png")
    table = scan(write_table(tmp_path, "image,label\n1.png,a\n2.png,b\n3.png,a\n"))
    assert labels_of(table) == {"2.png": "b", "3.png": "a"}


def test_the_table_may_be_named_and_lie_elsewhere(tmp_path):
    images = write_images(tmp_path / "images", "1.png", "2.png")
    write_table(tmp_path, "image,label\n1.png,a\n2.png,b\n", "mine.tsv")
    assert len(scan(images, labels=tmp_path / "mine.tsv").used) == 2
    assert len(scan(tmp_path / "mine.tsv").used) == 2


def test_a_mask_is_not_an_image(tmp_path):
    write_images(tmp_path, "1.png", "2.png", "masks/1.png", "masks/2.png", "stray.png")
    table = scan(write_table(tmp_path, "image,label,mask\n1.png,a,masks/1.png\n2.png,b,masks/2.png\n"))
    assert labels_of(table) == {"1.png": "a", "2.png": "b"}
    assert reasons_of(table) == {"stray.png": "not named in labels.csv"}
    assert set(companions_of(table).values()) == {"a mask named in the table", "the table of labels"}
    assert [row.extra["mask"] for row in table.used] == ["masks/1.png", "masks/2.png"]


def test_a_row_written_twice_counts_once_and_one_with_two_labels_not_at_all(tmp_path):
    write_images(tmp_path, "1.png", "2.png", "3.png")
    text = "image,label\n1.png,a\n1.png,a\n2.png,b\n3.png,a\n3.png,b\n3.png,a\n"
    table = scan(write_table(tmp_path, text))
    assert labels_of(table) == {"1.png": "a", "2.png": "b"}
    assert reasons_of(table) == {"3.png": "listed under two labels: a and b"}


@pytest.mark.parametrize(("column", "what"), [("split", "parts of the split: train and test"), ("patient", "patients")])
def test_one_image_in_two_parts_of_the_split_or_of_two_patients_is_not_used(tmp_path, column, what):
    write_images(tmp_path, "1.png", "2.png", "3.png")
    text = f"image,label,{column}\n1.png,a,train\n2.png,b,test\n3.png,a,train\n3.png,a,test\n"
    assert what in reasons_of(scan(write_table(tmp_path, text)))["3.png"]


def test_missing_files_and_empty_names_are_skipped_rows_with_a_reason(tmp_path):
    write_images(tmp_path, "1.png", "2.png")
    table = scan(write_table(tmp_path, "image,label\n1.png,a\n2.png,b\ngone.png,a\n,b\n"))
    assert reasons_of(table) == {"gone.png": "named in the table, but there is no such file"}
    assert table.ledger() == {"found": 3, "used": 2, "skipped": 0, "companions": 1}
    assert "no image" in table.files["label_problems.csv"]
    assert any("no image" in note for note in table.notes)


def test_a_blank_label_means_predict_only(tmp_path):
    write_images(tmp_path, "1.png", "2.png", "3.png")
    table = scan(write_table(tmp_path, "image,label\n1.png,a\n2.png,b\n3.png,\n"))
    assert [row.image for row in table.unlabelled] == ["3.png"]


# Refusals ------------------------------------------------------------------------------------------------------------


def refusal(data, **options):
    with pytest.raises(InputError) as caught:
        scan(data, **options)
    assert caught.value.remedy
    return caught.value


def test_what_cannot_be_a_data_set_is_refused_with_a_way_out(tmp_path):
    assert refusal(tmp_path / "nowhere").code == "no-data"
    assert refusal(tmp_path).code == "empty-folder"
    write_images(tmp_path, "1.png")
    assert refusal(tmp_path / "1.png").code == "no-data"
    assert refusal(tmp_path).code == "no-classes"
    write_images(tmp_path, "a/1.png")
    assert "only the class a" in refusal(tmp_path).message
    (tmp_path / "a" / "1.png").unlink()
    (tmp_path / "1.png").unlink()
    assert refusal(tmp_path).code == "empty-folder"


def test_a_volume_is_out_of_scope_and_says_what_to_do(tmp_path):
    volume = bytes(344) + b"n+1\0" + bytes(700)
    (tmp_path / "scan.nii").write_bytes(volume)
    assert refusal(tmp_path / "scan.nii").code == "volume"
    write_images(tmp_path, "a/1.png", "b/1.png")
    (tmp_path / "a" / "scan.nii").write_bytes(volume)
    table = scan(tmp_path)
    read_images(table)
    assert reasons_of(table) == {"a/scan.nii": "it is a NIfTI volume, which wetread does not read"}


def test_several_tables_are_not_guessed(tmp_path):
    write_images(tmp_path, "1.png", "2.png")
    for name in ("one.csv", "two.csv"):
        write_table(tmp_path, "image,label\n1.png,a\n2.png,b\n", name)
    error = refusal(tmp_path)
    assert error.code == "several-tables"
    assert "one.csv, two.csv" in error.message
    assert "--labels" in error.remedy
    assert len(scan(tmp_path, labels=tmp_path / "two.csv").used) == 2


@pytest.mark.parametrize("folder", ["", "images/"], ids=["beside", "in-a-sub-folder"])
def test_a_table_without_a_label_column_is_named(tmp_path, folder):
    write_images(tmp_path, f"{folder}1.png", f"{folder}2.png")
    error = refusal(write_table(tmp_path, f"image,age\n{folder}1.png,40\n{folder}2.png,50\n"))
    assert (error.code, error.file) == ("no-label-column", str(tmp_path / "labels.csv"))


def test_a_table_none_of_whose_files_is_there_names_the_first_and_counts_its_own_rows(tmp_path):
    write_images(tmp_path, "x.png", "y.png", "z.png")
    error = refusal(write_table(tmp_path, "image,label\ngone1.png,a\ngone2.png,b\n"))
    assert error.code == "missing-images"
    assert "None of the 2 images" in error.message
    assert "gone1.png" in error.message


def test_several_findings_of_one_image_are_kept_and_one_can_be_asked_for(tmp_path):
    write_images(tmp_path, "1.png", "2.png", "3.png")
    write_table(tmp_path, "image,label\n1.png,Mass|Effusion\n2.png,Mass\n3.png,No Finding\n")
    table = scan(tmp_path)
    assert table.multi and table.classes == ["Effusion", "Mass", "no finding"]
    assert labels_of(table) == {"1.png": "Effusion|Mass", "2.png": "Mass", "3.png": "no finding"}
    asked = scan(tmp_path, finding="effusion")
    assert not asked.multi
    assert labels_of(asked) == {"1.png": "Effusion", "2.png": "no Effusion", "3.png": "no Effusion"}
    assert labels_of(scan(tmp_path, finding="normal")) == {
        "1.png": "any finding",
        "2.png": "any finding",
        "3.png": "no finding",
    }
    assert "Effusion, Mass" in refusal(tmp_path, finding="Hernia").message


def test_a_long_table_without_endings_is_matched_in_no_time(tmp_path):
    # Comparing every name with every file took minutes for a hospital's ten thousand.
    files = [Entry(f"{number:05}.png", Source(tmp_path / f"{number:05}.png")) for number in range(4000)]
    find = Finder(files, "labels.csv", (tmp_path, tmp_path))
    found = []
    spent = least_seconds(lambda: found.append([find(entry.name.removesuffix(".png")) for entry in files]), enough=1.5)
    assert found[0] == files and spent < 1.5
