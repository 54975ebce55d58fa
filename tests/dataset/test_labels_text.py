"""Text tables as programs write them: any encoding, any separator, quotes that go wrong."""

import csv
import io

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from wetread.dataset.labels_text import MAX_LINES, find_encoding, find_separator, read_head, read_text
from wetread.errors import InputError

TEXT = "image,label\nä.png,größer\nb.png,kleiner\n"
ROWS = [["image", "label"], ["ä.png", "größer"], ["b.png", "kleiner"]]


def rows_of(text, encoding="utf-8"):
    return read_text("labels.csv", text if isinstance(text, bytes) else text.encode(encoding)).rows


def problems_of(text):
    return [(problem.line, problem.what) for problem in read_text("labels.csv", text.encode()).problems]


# Encodings -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "cp1252", "latin-1"])
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"], ids=["unix", "windows", "old-mac"])
def test_encodings_and_line_ends_read_alike(encoding, end):
    raw = read_text("labels.csv", TEXT.replace("\n", end).encode(encoding))
    assert (raw.rows, raw.lines) == (ROWS, [1, 2, 3])


@pytest.mark.parametrize(
    ("data", "encoding"),
    [
        (TEXT.encode(), "utf-8"),
        (TEXT.encode("utf-8-sig"), "utf-8-sig"),
        (TEXT.encode("utf-16-le"), "utf-16-le"),
        (TEXT.encode("utf-16-be"), "utf-16-be"),
        (b"\xfe\xff" + TEXT.encode("utf-16-be"), "utf-16"),
        (TEXT.encode("cp1252"), "cp1252"),
        (b"image,label\na.png,\x81\xff\n", "latin-1"),
    ],
)
def test_the_encoding_is_found_and_said(data, encoding):
    assert find_encoding("t", data) == encoding


def test_a_head_that_ends_inside_a_character_is_still_utf_8():
    data = ("image,label\n" + "ä,x\n" * 100_000).encode()
    cut = data.index("ä".encode(), 200_000) + 1
    assert find_encoding("t", data[:cut], cut=True) == "utf-8"
    assert find_encoding("t", data[:cut]) == "cp1252"


@pytest.mark.parametrize("data", [bytes(range(256)) * 4, b"\x89PNG\r\n\x1a\n" + bytes(400), b"\x7fELF\x02\x01\x01" * 9])
def test_what_is_no_text_is_refused(data):
    with pytest.raises(InputError) as caught:
        read_text("labels.csv", data)
    assert (caught.value.code, caught.value.file) == ("bad-table", "labels.csv")


def test_control_characters_leave_and_are_said():
    raw = read_text("t", b"image,label\n" + b"a.png,x\n" * 50 + b"b\x00.png,y\x07\nc.png,z\n\x1a")
    assert raw.rows[-2:] == [["b.png", "y"], ["c.png", "z"]]
    assert [(problem.line, problem.what) for problem in raw.problems] == [(52, "control characters were taken out")]


def test_half_a_character_of_utf_16_at_the_end_does_no_harm():
    assert rows_of(TEXT.encode("utf-16")[:-1])[:2] == ROWS[:2]


# Separators ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("separator", [",", ";", "\t", "|"])
def test_separators_read_alike(separator):
    raw = read_text("t", TEXT.replace(",", separator).encode())
    assert (raw.rows, raw.separator) == (ROWS, separator)


@pytest.mark.parametrize(
    ("text", "separator"),
    [
        ("image;label;age\na.png;x;3,5\nb.png;y;4,25\n", ";"),
        ("image,label\na.png,Mass|Edema|Hernia\n", ","),
        ("image;label,coarse\na.png;x,1\n", ";"),
        ("image\tlabel\nx, y, z.png\ta;b;c\n", "\t"),
        ('"image";"label"\n"a,b,c,d.png";"x"\n', ";"),
        ("Study of 2024, second part, all sites\nimage;label\na.png;x\n", ";"),
        ("image|label\na, b.png|x\n", "|"),
        ("image\na.png\n", ","),
    ],
)
def test_the_separator_is_the_one_under_which_a_table_of_labels_appears(text, separator):
    assert find_separator(text.split("\n")) == separator


@pytest.mark.parametrize("first", ["sep=;", "SEP=;", "\ufeffsep=;"])
def test_the_line_by_which_spreadsheet_programs_name_the_separator_is_obeyed(first):
    raw = read_text("t", f"{first}\nimage;label\na.png;x\n".encode())
    assert (raw.rows, raw.separator, raw.lines) == ([["image", "label"], ["a.png", "x"]], ";", [2, 3])


def test_comments_and_blank_lines_above_the_header_are_left_out_and_said():
    raw = read_text("t", b"# exported 2024\n\n# by X, Y\nimage,label\na.png,x\n#b.png,y\n")
    assert raw.rows == [["image", "label"], ["a.png", "x"], ["#b.png", "y"]]
    assert raw.lines == [4, 5, 6]
    assert raw.notes == ["3 lines above the header (comments or blank) were left out."]


# Quotes --------------------------------------------------------------------------------------------------------------


def test_quotes_keep_separators_and_line_ends():
    raw = read_text("t", b'image,label,note\n"a, b.png",x,"two\nlines"\nc.png, "say ""y""",\n')
    assert raw.rows[1:] == [["a, b.png", "x", "two\nlines"], ["c.png", 'say "y"', ""]]
    assert raw.lines == [1, 2, 4]


def test_a_quote_that_is_never_closed_costs_no_other_row():
    text = "image,label\n" + 'a.png,"x\n' + "".join(f"{n}.png,y\n" for n in range(3 * MAX_LINES))
    assert len(rows_of(text)) == 2 + 3 * MAX_LINES
    assert rows_of(text)[1] == ["a.png", '"x']
    assert problems_of(text) == [(2, "a quotation mark is never closed; it was taken as it stands")]


def test_a_quote_that_a_later_row_seems_to_close_swallows_nothing():
    text = 'image,label,note\na.png,x,"open\nb.png,y,ok\nc.png,"y","two\nlines"\nd.png,5" mass,z\n'
    assert rows_of(text)[1:] == [
        ["a.png", "x", '"open'],
        ["b.png", "y", "ok"],
        ["c.png", "y", "two\nlines"],
        ["d.png", '5" mass', "z"],
    ]
    assert [line for line, _ in problems_of(text)] == [2]


def test_a_cell_of_any_length_is_read():
    assert rows_of("image,label\na.png," + "x" * 300_000 + "\n")[1][1] == "x" * 300_000


# Heads ---------------------------------------------------------------------------------------------------------------


def test_the_head_of_a_large_table_is_read_without_its_last_broken_row():
    text = "image,label\n" + "".join(f"{n:09}.png,ä\n" for n in range(50_000))
    raw = read_head("t", text.encode())
    assert 1000 < len(raw.rows) < 50_000
    assert all(len(row) == 2 and row[1] in ("label", "ä") for row in raw.rows)


# Round trips ---------------------------------------------------------------------------------------------------------

CELLS = st.text(st.characters(codec="cp1252", exclude_categories=["C", "Z"]) | st.sampled_from(' ,;|"\n'), max_size=12)
TABLES = st.lists(st.lists(CELLS.map(str.strip), min_size=2, max_size=2).filter(any), min_size=1, max_size=6)


def is_utf8(data):
    try:
        data.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return True


@settings(max_examples=50, deadline=None)
@given(
    rows=TABLES,
    separator=st.sampled_from([",", ";", "\t"]),
    encoding=st.sampled_from(["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "cp1252"]),
    end=st.sampled_from(["\n", "\r\n"]),
)
def test_what_a_program_writes_is_read_back(rows, separator, encoding, end):
    buffer = io.StringIO()
    writer = csv.writer(buffer, delimiter=separator, lineterminator=end, quoting=csv.QUOTE_ALL)
    writer.writerows([["image", "label"], *rows])
    data = buffer.getvalue().encode(encoding)
    # Bytes of one encoding may be those of another: nobody can tell Â¡ in cp1252 from ¡ in UTF-8.
    assume(encoding != "cp1252" or data.isascii() or not is_utf8(data))
    raw = read_text("t", data)
    expected = [[cell.strip() for cell in row] for row in rows]
    assert raw.rows == [["image", "label"], *[row for row in expected if any(row)]]
    assert raw.problems == []


@settings(max_examples=100, deadline=None)
@given(st.binary(max_size=400) | st.text(st.sampled_from('image,label;\t|"\n\r\x00#=a1'), max_size=200).map(str.encode))
def test_anything_is_read_or_refused(data):
    try:
        raw = read_text("t", data)
    except InputError:
        return
    assert len(raw.rows) == len(raw.lines)
    assert raw.lines == sorted(set(raw.lines))
    assert all(any(row) for row in raw.rows)
