import pytest

from wetread.dataset.review import REVIEW_FILE, Doubt, read_review, review_csv
from wetread.errors import InputError

DOUBTS = [Doubt("x/1.png", "a", "b", 0.91, "looks like b"), Doubt("=2.png", "a", "", 0.0, "the same as x/3.png")]


def write(folder, text, name=REVIEW_FILE):
    path = folder / name
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return path


def test_the_table_has_one_row_per_image_and_says_what_was_decided():
    text = review_csv([*DOUBTS, Doubt("x/1.png", "a", "c", 0.5, "again")], {"x/1.png": "keep"})
    assert text.splitlines() == [
        "image,label,suggested,confidence,reason,decision",
        "x/1.png,a,b,0.910,looks like b,keep",
        "./=2.png,a,,,the same as x/3.png,",
    ]


def test_what_was_decided_is_read_back_and_blank_is_nothing(tmp_path):
    path = write(tmp_path, review_csv(DOUBTS, {"x/1.png": "b", "=2.png": "drop"}))
    assert read_review(path, ["a", "b"]) == {"x/1.png": "b", "=2.png": "drop"}
    assert read_review(write(tmp_path, review_csv(DOUBTS, {})), ["a", "b"]) == {}


@pytest.mark.parametrize(
    "text",
    [
        "Image;Label;Decision\r\nx\\1.png;a;KEEP\r\n",
        "\ufeffimage\tdecision\nx/1.png\tKeep\n".encode("utf-16"),
        "image,label,suggested,confidence,reason,decision\nx/1.png,a,,,r,keep\n",
    ],
)
def test_what_spreadsheets_make_of_it_is_read_too(tmp_path, text):
    assert read_review(write(tmp_path, text), ["a", "b"]) == {"x/1.png": "keep"}


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("image,label,decision\nx.png,a,keeep\n", "line 2: the decision keeep"),
        ("image,label\nx.png,a\n", "no column decision"),
        ("label,decision\na,keep\n", "no column image"),
    ],
)
def test_what_means_nothing_is_refused_with_its_line(tmp_path, text, says):
    with pytest.raises(InputError, match=says) as error:
        read_review(write(tmp_path, text), ["a", "b"])
    assert (error.value.code, bool(error.value.remedy)) == ("bad-review", True)


def test_a_review_that_is_not_there_is_told(tmp_path):
    with pytest.raises(InputError, match="cannot be read"):
        read_review(tmp_path / "none.csv", ["a"])
