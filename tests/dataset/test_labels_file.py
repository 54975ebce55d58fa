"""Tables of labels as people and public data sets write them, from bytes to records."""

import csv
import io

import pytest
from fake.effort import least_seconds
from hypothesis import given, settings
from hypothesis import strategies as st

from dataset.workbooks import ods, xls, xlsx
from wetread.dataset.labels_file import (
    MAX_OTHERS,
    SPLIT_NAMES,
    explain,
    gather,
    looks_like_labels,
    read_labels,
    read_labels_file,
)
from wetread.errors import InputError


def read(text, name="labels.csv", **options):
    return read_labels(name, text if isinstance(text, bytes) else text.encode(), **options)


def labels_of(table):
    return {record.image: record.labels for record in table.records}


def problems_of(table):
    return [(problem.line, problem.what) for problem in table.problems]


# Records -------------------------------------------------------------------------------------------------------------


def test_every_column_with_a_meaning_goes_to_its_place_and_the_rest_is_kept():
    table = read(
        "Path;Diagnosis;Subject ID;Partition;Hospital;Rater;Mask path;Age\n"
        "1.png;a;007;Training;H1;R1;m/1.png;40\n2.png;b;1e5;holdout;H2;;;3,5\n"
    )
    first, second = table.records
    assert (first.line, first.image, first.labels, first.known) == (2, "1.png", ("a",), True)
    assert (first.patient, first.split, first.site, first.reader, first.mask) == ("007", "train", "H1", "R1", "m/1.png")
    assert (second.patient, second.split, second.extra) == ("1e5", "test", {"Age": "3,5"})
    assert table.columns == {
        **{"image": "Path", "label": "Diagnosis", "patient": "Subject ID", "split": "Partition"},
        **{"site": "Hospital", "reader": "Rater", "mask": "Mask path"},
    }
    assert (table.others, table.multi, table.findings) == (["Age"], False, ("a", "b"))
    assert table.notes[0].startswith("Read labels.csv as utf-8, separated by semicolon; columns: Path = image,")


@pytest.mark.parametrize(("name", "meaning"), sorted(SPLIT_NAMES.items()))
def test_parts_of_the_split_are_known_by_every_synonym_in_any_case(name, meaning):
    assert read(f"image,label,split\n1.png,a,{name.upper()}\n").records[0].split == meaning


def test_a_blank_label_means_predict_only():
    table = read("image,label\n1.png,a\n2.png,\n3.png,nan\n")
    assert [record.known for record in table.records] == [True, False, False]
    assert table.notes[1:] == ["1 cells of label say nan; they were read as blank."]


def test_a_missing_value_is_no_patient_and_initials_are_a_reader():
    table = read("image,label,patient,reader\n1.png,a,NaN,NA\n2.png,b,,nan\n3.png,b,P,R\n")
    assert [record.patient for record in table.records] == ["", "", "P"]
    assert [record.reader for record in table.records] == ["NA", "", "R"]


def test_what_is_wrong_with_rows_is_collected_and_the_rest_is_read():
    table = read(
        "image,label,split\n1.png,a,train\n,b,test\n3.png,b,monday\n4.png,b,test,left\n5.png,\x07b,test\n6.png\n"
    )
    assert problems_of(table) == [
        (3, "no image is named; the row was left out"),
        (4, 'the split "monday" is not known; read as blank'),
        (5, "4 cells where the header names 3; the row was left out"),
        (6, "control characters were taken out"),
    ]
    assert [(record.line, record.image, record.split) for record in table.records] == [
        (2, "1.png", "train"),
        (4, "3.png", ""),
        (6, "5.png", "test"),
        (7, "6.png", ""),
    ]


def test_a_table_without_one_usable_row_tells_the_first_problems():
    with pytest.raises(InputError, match=r"no row that can be used: line 2: 3 cells .* and 15 more") as caught:
        read("image,label\n" + "a,b,c\n" * 25)
    assert (caught.value.code, caught.value.file) == ("empty-table", "labels.csv")


def test_the_label_column_may_be_chosen():
    text = "image,label,dx,Effusion\n1.png,a,c,1\n2.png,b,d,0\n"
    assert labels_of(read(text)) == {"1.png": ("a",), "2.png": ("b",)}
    assert "label was taken as the label, not dx." in read(text).notes
    table = read(text, label="DX")
    assert labels_of(table) == {"1.png": ("c",), "2.png": ("d",)}
    assert table.others == ["label", "Effusion"]
    assert labels_of(read(text, label="Effusion")) == {"1.png": ("Effusion",), "2.png": ("no Effusion",)}


def test_names_of_labels_that_differ_in_case_are_joined_and_formulas_stay_text():
    table = read("image,label\n1.png,Mass\n2.png,mass \n3.png,Mass\n4.png,=cmd|'/C calc'!A0\n")
    assert table.findings == ("=cmd|'/C calc'!A0", "Mass")
    assert not table.multi
    assert "Read as Mass: mass (1)" in table.notes[1]


# Public data sets ----------------------------------------------------------------------------------------------------

NIH = (
    "Image Index,Finding Labels,Follow-up #,Patient ID,Patient Age,Patient Gender,View Position,"
    "OriginalImage[Width,Height],OriginalImagePixelSpacing[x,y],\n"
    "00000001_000.png,Cardiomegaly,0,1,058Y,M,PA,2682,2749,0.143,0.143,\n"
    "00000001_001.png,Cardiomegaly|Emphysema,1,1,006M,M,AP,2894,2729,0.143,0.143,\n"
    "00000002_000.png,No Finding,0,2,081Y,F,PA,2500,2048,0.171,0.171,\n"
)


def test_chest_x_ray_14():
    table = read(NIH, "Data_Entry_2017.csv")
    assert table.columns == {"image": "Image Index", "label": "Finding Labels", "patient": "Patient ID"}
    assert (table.multi, table.findings, table.problems) == (True, ("Cardiomegaly", "Emphysema"), [])
    assert labels_of(table) == {
        "00000001_000.png": ("Cardiomegaly",),
        "00000001_001.png": ("Cardiomegaly", "Emphysema"),
        "00000002_000.png": (),
    }
    assert table.records[2].known
    assert table.records[1].extra == {
        **{"Follow-up #": "1", "Patient Age": "0.5", "Patient Gender": "M", "View Position": "AP"},
        **{"OriginalImage[Width]": "2894", "OriginalImage[Height]": "2729"},
        **{"OriginalImagePixelSpacing[x]": "0.143", "OriginalImagePixelSpacing[y]": "0.143"},
    }
    assert [record.extra["Patient Age"] for record in table.records] == ["58", "0.5", "81"]


def test_chexpert():
    table = read(
        "Path,Sex,Age,Frontal/Lateral,AP/PA,No Finding,Cardiomegaly,Edema,Support Devices\n"
        "a/1.jpg,Female,68,Frontal,AP,1.0,,,1.0\n"
        "a/2.jpg,Female,68,Frontal,AP,,-1.0,1.0,\n"
        "a/3.jpg,Female,68,Lateral,,,,,\n"
        "a/4.jpg,Male,70,Lateral,,,0.0,1.0,1.0\n"
    )
    assert labels_of(table) == {
        "a/1.jpg": ("Support Devices",),
        "a/2.jpg": ("Edema",),
        "a/3.jpg": (),
        "a/4.jpg": ("Edema", "Support Devices"),
    }
    assert [record.known for record in table.records] == [True, True, False, True]
    assert table.columns == {"image": "Path", "one-hot": "No Finding, Cardiomegaly, Edema, Support Devices"}
    assert table.one_hot == ("No Finding", "Cardiomegaly", "Edema", "Support Devices")
    assert table.findings == ("Cardiomegaly", "Edema", "Support Devices")
    assert table.others == ["Sex", "Age", "Frontal/Lateral", "AP/PA"]
    assert "Uncertain labels, which are neither present nor absent: Cardiomegaly 1." in table.notes
    # What a report does not mention counts as absent, as in the data set's own baselines.
    assert [(record.uncertain, record.missing) for record in table.records] == [
        ((), ()),
        (("Cardiomegaly",), ()),
        ((), ()),
        ((), ()),
    ]
    assert problems_of(table) == [(2, "No Finding beside Support Devices; the finding counts")]


def test_isic_has_one_class_per_row():
    table = read("image,MEL,NV,BCC\nISIC_1,0.0,1.0,0.0\nISIC_2,1.0,0.0,0.0\n")
    assert labels_of(table) == {"ISIC_1": ("NV",), "ISIC_2": ("MEL",)}
    assert (table.multi, table.findings) == (False, ("BCC", "MEL", "NV"))


def test_one_hot_columns_that_repeat_the_label_column_are_no_subgroups():
    table = read("image,label,mass,edema\n1.png,Mass,1,0\n2.png,Edema,0,1\n")
    assert (labels_of(table), table.others) == ({"1.png": ("Mass",), "2.png": ("Edema",)}, [])
    assert "2 columns with 0 and 1 repeat label; they were left out." in table.notes
    table = read("image,label,treated,died\n1.png,Mass,1,0\n2.png,Edema,1,1\n")
    assert table.others == ["treated", "died"]


def test_padchest_writes_lists():
    table = read("ImageID\tPatientID\tLabels\n1.png\t7\t['pleural effusion', 'mass']\n2.png\t8\t['normal']\n")
    assert labels_of(table) == {"1.png": ("mass", "pleural effusion"), "2.png": ()}
    assert (table.multi, table.findings) == (True, ("mass", "pleural effusion"))


def vindr(images):
    rows = [
        f"{n},{name},{reader},{n}"
        for n in range(images)
        for reader, names in (("R1", "Edema Mass"), ("R2", "Mass"), ("R3", "No_finding" if n else "Mass"))
        for name in names.split()
    ]
    return "image_id,class_name,rad_id,x_min\n" + "\n".join(rows) + "\n"


def test_vindr_has_one_row_per_finding_and_reader():
    table = read(vindr(20))
    assert (table.multi, table.findings) == (True, ("Edema", "Mass"))
    entries = gather(table)
    assert [entry.labels for entry in entries] == [("Mass",)] * 20
    assert entries[1].readings == {"R1": ("Edema", "Mass"), "R2": ("Mass",), "R3": ()}
    assert entries[0].lines == (2, 3, 4, 5)
    assert any("each row was read as one finding" in note for note in table.notes)


def test_below_20_such_images_several_labels_are_a_contradiction():
    table = read(vindr(19))
    assert not table.multi
    assert {entry.reason for entry in gather(table)} == {"reader R1 gave two labels: Edema and Mass"}


# Shapes --------------------------------------------------------------------------------------------------------------


def test_the_first_unnamed_column_of_pandas_and_r_does_no_harm():
    for text in (",image,label\n0,1.png,a\n1,2.png,b\n", "image,label\n0,1.png,a\n1,2.png,b\n"):
        assert labels_of(read(text)) == {"1.png": ("a",), "2.png": ("b",)}


def test_of_many_further_columns_the_first_are_kept():
    names = ",".join(f"c{n}" for n in range(10_000))
    table = read(f"image,label,{names}\n" + "".join(f"{n}.png,x{n % 2}{',7' * 10_000}\n" for n in range(3)))
    assert len(table.others) == len(table.records[0].extra) == MAX_OTHERS
    assert f"Of 10000 further columns the first {MAX_OTHERS} were kept." in table.notes


def test_ten_thousand_findings_are_read():
    names = [f"f{n}" for n in range(10_000)]
    table = read(
        "image," + ",".join(names) + "\n" + "".join(f"{n}.png{',1' * n}{',0' * (10_000 - n)}\n" for n in (1, 2))
    )
    assert labels_of(table) == {"1.png": ("f0",), "2.png": ("f0", "f1")}
    assert len(table.findings) == 10_000


def test_many_rows_take_seconds():
    text = "image,label,patient,sex\n" + "".join(f"{n:06}.png,c{n % 3},p{n // 4},F\n" for n in range(30_000))
    gathered = []
    spent = least_seconds(lambda: gathered.append(len(gather(read(text)))), enough=10, times=3)
    assert gathered[0] == 30_000 and spent < 10  # work that grows with the square of the rows takes minutes


@pytest.mark.parametrize("make", [lambda rows: xlsx({"S": rows}), lambda rows: ods({"S": rows}), xls])
def test_workbooks_read_as_tables_do(make):
    data = make([["Image", "Label", "Patient"], ["1.png", 1.0, 7.0], ["2.png", 0.0, 7.0]])
    assert looks_like_labels("t.xlsx", data)
    table = read_labels("t.xlsx", data)
    assert labels_of(table) == {"1.png": ("1",), "2.png": ("0",)}
    assert table.records[0].patient == "7"
    assert table.notes[0].startswith("Read the sheet ")
    assert "Image = image, Label = label, Patient = patient" in table.notes[0]


# Recognition ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("image,label\na.png,x\n", True),
        ("# c\n\nfile;diagnosis\na.png;x\n", True),
        ("image,Mass,Edema\na.png,1,0\n", True),
        ("image,label\n", False),
        ("image,age\na.png,60\n", False),
        ("image,signed,planar,has_pixels\na.dcm,0,0,True\n", False),
        ("label,site\nx,y\n", False),
        ("a.png,x\nb.png,y\n", False),
        ("a.png\nb.png\n", False),
        ("The images were taken in 2024, the labels later.\nThank you.\n", False),
        ("", False),
        (b"\x89PNG\r\n\x1a\n" + bytes(300), False),
        (b"PK\x03\x04" + bytes(300), False),
        (xlsx({"S": [["image", "age"], ["a.png", 1]]}), False),
    ],
)
def test_tables_of_labels_are_told_from_other_files(text, expected):
    assert looks_like_labels("t.csv", text if isinstance(text, bytes) else text.encode()) is expected


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"", "empty-table"),
        (b"image,label\n", "empty-table"),
        (b"image,site\na.png,x\n", "no-label-column"),
        (b"label,site\nx,y\n", "no-image-column"),
        (b"a.png,x\nb.png,y\n", "no-header"),
        (b"PK\x03\x04\x00\x00\x00xlsx" * 9, "bad-table"),
    ],
)
def test_what_is_no_table_of_labels_says_so_names_the_file_and_the_way_out(tmp_path, content, code):
    path = tmp_path / "labels.csv"
    path.write_bytes(content)
    assert not looks_like_labels(path.name, content)
    with pytest.raises(InputError) as caught:
        read_labels_file(path)
    assert (caught.value.code, caught.value.file) == (code, str(path))
    assert caught.value.remedy
    assert "labels.csv" in caught.value.message


def test_a_missing_table_says_so(tmp_path):
    with pytest.raises(InputError, match=r"nowhere\.csv") as caught:
        read_labels_file(tmp_path / "nowhere.csv")
    assert caught.value.code == "no-file"


def test_the_table_of_the_real_chest_set(real_data):
    table = read_labels_file(real_data / "cxr-nih-effusion" / "labels.csv")
    assert len(table.records) == len(gather(table)) == 200
    assert table.findings == ("effusion", "no_finding", "pneumonia")
    assert len({record.patient for record in table.records}) == 152
    assert table.records[0].patient == "00000061"
    assert (table.problems, explain(table.problems)) == ([], "")


# Round trips ---------------------------------------------------------------------------------------------------------

WORDS = st.text(st.sampled_from("abcäöß, ;'\"-=é1"), min_size=1, max_size=8).map(lambda text: f"w{text}w")
ROWS = st.lists(
    st.tuples(WORDS, WORDS, st.sampled_from(["", "007", "1e5"]), st.sampled_from(["", "train", "Test"]), WORDS),
    min_size=1,
    max_size=6,
)


@settings(max_examples=30, deadline=None)
@given(
    rows=ROWS,
    separator=st.sampled_from([",", ";", "\t"]),
    encoding=st.sampled_from(["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "cp1252"]),
    quoting=st.sampled_from([csv.QUOTE_ALL, csv.QUOTE_MINIMAL]),
    end=st.sampled_from(["\n", "\r\n"]),
)
def test_a_table_says_the_same_in_every_encoding_and_with_every_separator(rows, separator, encoding, quoting, end):
    buffer = io.StringIO()
    writer = csv.writer(buffer, delimiter=separator, lineterminator=end, quoting=quoting)
    writer.writerow(["image", "label", "patient", "split", "note"])
    writer.writerows(rows)
    table = read(buffer.getvalue().encode(encoding))
    plain = io.StringIO()
    csv.writer(plain).writerows([["image", "label", "patient", "split", "note"], *rows])
    assert table.records == read(plain.getvalue()).records
    assert [record.image for record in table.records] == [row[0] for row in rows]
    assert [record.patient for record in table.records] == [row[2] for row in rows]
    assert [record.split for record in table.records] == [row[3].lower() for row in rows]
    assert [record.extra for record in table.records] == [{"note": row[4]} for row in rows]
    assert [record.labels[0].casefold() for record in table.records] == [
        " ".join(row[1].split()).casefold() for row in rows
    ] or any("differ only in case" in note for note in table.notes)


@settings(max_examples=60, deadline=None)
@given(st.text(st.sampled_from('01|,;\n"- ax=['), max_size=200))
def test_anything_below_a_header_is_read_or_refused(text):
    try:
        table = read(f"image,label,reader,Mass,Edema\n{text}")
    except InputError as error:
        assert error.remedy
        return
    for entry in gather(table):
        assert entry.image
        assert table.multi or len(entry.labels) <= 1
        assert set(entry.labels) <= set(table.findings)
        assert not entry.labels or entry.known
