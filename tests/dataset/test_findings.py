"""Labels of images with several findings: what is known, what is not, what can be learnt; through every file."""

import csv
import io
from collections import Counter
from pathlib import Path

import numpy as np
import pytest

from dataset.rows import row, write_images
from wetread.dataset.findings import choose_findings, count_findings, label_matrix
from wetread.dataset.fix import Fixes, fixed_csv, propose_fixes
from wetread.dataset.scan import scan
from wetread.dataset.table import Table
from wetread.errors import InputError

NAN = np.nan


def finding_row(image, findings=(), *, uncertain=(), missing=(), **fields):
    label = "|".join(findings) or "no finding"
    return row(image, label, findings=tuple(findings), uncertain=tuple(uncertain), missing=tuple(missing), **fields)


ROWS = [
    finding_row("1", ["Edema", "Mass"], group="G1"),
    finding_row("2", [], uncertain=["Mass"], group="G1"),
    finding_row("3", ["Mass"], missing=["Edema"], group="G2"),
    finding_row("4", [], group="G3"),
]


def multi_table(rows, **fields):
    return Table(Path(), "table", rows, multi=True, **fields)


@pytest.mark.parametrize(("uncertain", "value"), [("leave out", NAN), ("positive", 1), ("negative", 0)])
def test_labels_are_1_0_or_nan_and_what_is_uncertain_follows_the_plan(uncertain, value):
    labels = label_matrix(ROWS, ["Edema", "Mass"], uncertain)
    assert labels.dtype == np.float32
    np.testing.assert_array_equal(labels, np.array([[1, 1], [0, value], [NAN, 1], [0, 0]], dtype=np.float32))


def test_findings_that_are_not_asked_for_have_no_column():
    assert label_matrix(ROWS, ["Mass"]).shape == (4, 1)
    with pytest.raises(InputError, match="sometimes"):
        label_matrix(ROWS, ["Mass"], "sometimes")


def test_counts_tell_images_from_cases_and_uncertain_from_missing():
    counts = count_findings(ROWS, ["Edema", "Mass"])
    assert counts["Mass"].as_dict() == {
        **{"positive": 2, "negative": 1, "uncertain": 1, "missing": 0},
        **{"positive_cases": 2, "negative_cases": 1},
    }
    assert (counts["Edema"].missing, counts["Edema"].negative_cases, counts["Edema"].fewest) == (1, 2, 1)


def many(shares, n=60):
    """``n`` cases; finding f is in the first ``shares[f]`` of them."""
    return [finding_row(f"{i}", [f for f, k in shares.items() if i < k], group=f"G{i}") for i in range(n)]


def test_rare_findings_are_set_aside_and_their_images_stay():
    table = multi_table(many({"common": 30, "rare": 9, "usual": 10, "always": 51}))
    kept, aside = choose_findings(table, table.rows)
    assert (kept, aside) == (["common", "usual"], ["always", "rare"])
    assert "always (9 without it), rare (9 with it)" in table.notes[-1]
    assert all(one.status == "used" for one in table.rows)


def test_a_finding_of_a_single_patient_is_not_learnt():
    rows = many({"a": 20, "b": 30})
    rows += [finding_row(f"m{i}", ["one"], group="G0") for i in range(40)]
    assert choose_findings(multi_table(rows), rows)[1] == ["one"]


def test_without_two_findings_there_is_nothing_to_learn_together():
    table = multi_table(many({"a": 20, "b": 3}))
    with pytest.raises(InputError, match="Only a has 10") as caught:
        choose_findings(table, table.rows)
    assert '--finding "a"' in caught.value.remedy
    table = multi_table(many({"a": 2, "b": 3}))
    with pytest.raises(InputError, match=r"nearest is b \(3 with it\)"):
        choose_findings(table, table.rows)


CHEXPERT = """Path,Sex,No Finding,Edema,Mass
a.png,F,1,,
b.png,F,,1,-1
c.png,M,,,1
d.png,M,,0,1
"""
GENERAL = """image,patient,Edema,Mass
a.png,P1,0,0
b.png,P2,1,?
c.png,P3,,1
d.png,P3,1,1
"""
NIH = """Image Index,Finding Labels,Patient ID
a.png,No Finding,1
b.png,Edema|Mass,2
c.png,Mass,3
d.png,Edema,3
"""


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (CHEXPERT, [[0, 0], [1, NAN], [0, 1], [0, 1]]),
        (GENERAL, [[0, 0], [1, NAN], [NAN, 1], [1, 1]]),
        (NIH, [[0, 0], [1, 1], [0, 1], [1, 0]]),
    ],
)
def test_tables_as_people_write_them(tmp_path, text, expected):
    write_images(tmp_path, "a.png", "b.png", "c.png", "d.png")
    (tmp_path / "labels.csv").write_text(text)
    table = scan(tmp_path)
    assert table.multi and table.findings == ["Edema", "Mass"]
    np.testing.assert_array_equal(label_matrix(table.used, table.findings), np.array(expected, dtype=np.float32))


def read_csv(text):
    return {cells["image"]: cells for cells in csv.DictReader(io.StringIO(text))}


def test_images_csv_holds_what_is_not_known_and_only_then(tmp_path):
    write_images(tmp_path, "a.png", "b.png", "c.png", "d.png")
    (tmp_path / "labels.csv").write_text(GENERAL)
    cells = read_csv(scan(tmp_path).to_csv())
    assert (cells["b.png"]["uncertain"], cells["b.png"]["missing"]) == ("Mass", "")
    assert (cells["c.png"]["uncertain"], cells["c.png"]["missing"]) == ("", "Edema")
    (tmp_path / "labels.csv").write_text(NIH)
    assert "uncertain" not in read_csv(scan(tmp_path).to_csv())["b.png"]


def test_a_question_about_one_finding_leaves_out_where_nobody_knows(tmp_path):
    write_images(tmp_path, "a.png", "b.png", "c.png", "d.png")
    (tmp_path / "labels.csv").write_text(GENERAL)
    table = scan(tmp_path, finding="Mass")
    assert {one.image: one.label for one in table.used} == {"a.png": "no Mass", "c.png": "Mass", "d.png": "Mass"}
    assert [one.reason for one in table.unreadable] == ["whether it shows that is uncertain or not said"]
    assert not any(one.unknown for one in table.rows)


def test_a_mended_table_says_again_what_is_not_known(tmp_path):
    write_images(tmp_path, "a.png", "b.png", "c.png", "d.png")
    (tmp_path / "labels.csv").write_text(GENERAL)
    table = scan(tmp_path)
    table.grouping = "column"
    fixes = propose_fixes(table, table.used, [])
    assert isinstance(fixes, Fixes) and len(fixes.rows) == 4
    (tmp_path / "labels.csv").write_text(fixed_csv(table, fixes))
    again = scan(tmp_path)
    np.testing.assert_array_equal(label_matrix(again.used, again.findings), label_matrix(table.used, table.findings))
    assert Counter(one.uncertain for one in again.used) == Counter(one.uncertain for one in table.used)


def test_several_rows_of_one_image_add_up():
    from wetread.dataset.labels_file import read_labels
    from wetread.dataset.readings import gather

    text = "image,reader,Edema,Mass\na,r1,1,?\na,r2,1,?\na,r3,0,1\nb,r1,0,\nb,r2,0,\nb,r3,0,\nc,r1,1,1\nd,r1,0,0\n"
    read = {one.image: one for one in gather(read_labels("t.csv", text.encode()))}
    assert (read["a"].labels, read["a"].uncertain) == (("Edema",), ("Mass",))
    assert (read["b"].labels, read["b"].missing) == ((), ("Mass",))
