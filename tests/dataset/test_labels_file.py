"""Tables as people save them: any encoding, any separator, any name for a column."""

import pytest

from wetread.dataset.labels_file import SYNONYMS, looks_like_labels, read_labels_file, recognise_columns
from wetread.errors import InputError

TEXT = "image,label\nä.png,größer\nb.png,kleiner\n"
ROWS = [{"image": "ä.png", "label": "größer"}, {"image": "b.png", "label": "kleiner"}]


def write(tmp_path, content, encoding="utf-8"):
    path = tmp_path / "labels.csv"
    path.write_bytes(content if isinstance(content, bytes) else content.encode(encoding))
    return path


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp1252"])
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"], ids=["unix", "windows", "old-mac"])
def test_encodings_and_line_ends_read_alike(tmp_path, encoding, end):
    assert read_labels_file(write(tmp_path, TEXT.replace("\n", end), encoding)).rows == ROWS


@pytest.mark.parametrize("separator", [",", ";", "\t"])
def test_separators_read_alike(tmp_path, separator):
    listing = read_labels_file(write(tmp_path, TEXT.replace(",", separator)))
    assert (listing.rows, listing.separator) == (ROWS, separator)


def test_bytes_that_are_undefined_in_windows_1252_still_read(tmp_path):
    assert read_labels_file(write(tmp_path, b"image,label\na.png,\x81\xff\n")).encoding == "latin-1"


def test_quotes_keep_separators_and_line_ends(tmp_path):
    listing = read_labels_file(write(tmp_path, 'image,label,note\n"a, b.png",x,"two\nlines"\nc.png,"say ""y""",\n'))
    assert listing.rows[0] == {"image": "a, b.png", "label": "x", "note": "two\nlines"}
    assert listing.rows[1]["label"] == 'say "y"'


def test_blank_rows_do_not_count_and_short_rows_are_filled(tmp_path):
    listing = read_labels_file(write(tmp_path, "\nimage,label,site\n\na.png,x\n,,\n  ,\nb.png,y,Z\n"))
    assert listing.rows == [{"image": "a.png", "label": "x", "site": ""}, {"image": "b.png", "label": "y", "site": "Z"}]
    assert listing.others == ["site"]


@pytest.mark.parametrize(
    ("meaning", "name"), [(meaning, name) for meaning, names in SYNONYMS.items() for name in names]
)
def test_every_synonym_is_known_in_any_spelling(meaning, name):
    for spelt in (name, name.upper(), name.replace("_", " ").title(), name.replace("_", "-")):
        assert recognise_columns(["x", spelt]) == {meaning: spelt}


def test_the_earlier_synonym_wins():
    assert recognise_columns(["finding", "label", "file", "image"]) == {"image": "image", "label": "label"}


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"", "empty-table"),
        (b"image,label\n", "empty-table"),
        (b"image,site\na.png,x\n", "no-label-column"),
        (b"label,site\nx,y\n", "no-image-column"),
        (b"PK\x03\x04\x00\x00\x00xlsx", "bad-table"),
        (b'image,label\n"' + b"x" * 200_000 + b'",y\n', "bad-table"),
    ],
)
def test_what_is_no_table_of_labels_says_so_names_the_file_and_the_way_out(tmp_path, content, code):
    path = write(tmp_path, content)
    assert not looks_like_labels(path)
    with pytest.raises(InputError) as caught:
        read_labels_file(path)
    assert (caught.value.code, caught.value.file) == (code, str(path))
    assert caught.value.remedy
    assert "labels.csv" in caught.value.message


def test_a_missing_table_says_so(tmp_path):
    with pytest.raises(InputError, match=r"nowhere\.csv") as caught:
        read_labels_file(tmp_path / "nowhere.csv")
    assert caught.value.code == "no-file"
