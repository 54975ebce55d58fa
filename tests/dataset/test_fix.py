"""What is dropped, joined and left to decide; and there and back: a faulty set, its fixed table, a clean set."""

import csv
import io
from pathlib import Path

import numpy as np
import pytest
from fake.pictures import write_png

from dataset.rows import facts, row
from wetread.checks.finding import Audit
from wetread.checks.run_checks import run_checks
from wetread.dataset.duplicates import Pair, find_duplicates
from wetread.dataset.fix import changes_csv, fixed_csv, propose_fixes, write_fixed
from wetread.dataset.groups import assign_groups, assign_patients
from wetread.dataset.header_patients import divided_patients
from wetread.dataset.reading import read_images, rows_with_pictures
from wetread.dataset.review import Doubt, read_review
from wetread.dataset.scan import scan
from wetread.dataset.table import Table
from wetread.errors import InputError
from wetread.images.source import Source
from wetread.run_folder import RunFolder


def table_of(rows, grouping="column"):
    return Table(Path(), "table", rows, grouping=grouping)


def fix(rows, pairs=(), doubts=(), decisions=None, grouping="column"):
    return propose_fixes(table_of(rows, grouping), rows, list(pairs), doubts, decisions)


def left(fixes):
    return [one.row.image for one in fixes.rows]


def said(fixes):
    return {change.image: (change.what, change.reason) for change in fixes.changes}


def test_of_exact_copies_one_stays_and_of_near_ones_all():
    rows = [row(f"{name}.png", "x", patient="P1") for name in "abcde"]
    fixes = fix(rows, [Pair(0, 1, "file"), Pair(0, 2, "pixels"), Pair(3, 4, "near", 0.98)])
    assert left(fixes) == ["a.png", "d.png", "e.png"]
    assert said(fixes) == dict.fromkeys(("b.png", "c.png"), ("dropped", "the same picture as a.png"))
    assert fixes.doubts == []


def test_a_copy_in_the_test_part_is_the_one_that_stays():
    rows = [row("a.png", "x", given_split="train"), row("b.png", "x", given_split="test")]
    assert left(fix(rows, [Pair(0, 1, "file")])) == ["b.png"]


def test_one_picture_under_two_labels_is_dropped_until_somebody_decides():
    rows = [row("a.png", "x"), row("b.png", "y"), row("c.png", "y")]
    pairs = [Pair(0, 1, "file")]
    fixes = fix(rows, pairs)
    assert left(fixes) == ["c.png"]
    assert [(one.image, one.label, one.suggested) for one in fixes.doubts] == [("a.png", "x", "y"), ("b.png", "y", "x")]
    assert "dropped until decided" in fixes.doubts[0].reason
    decided = fix(rows, pairs, decisions={"b.png": "keep"})
    assert left(decided) == ["b.png", "c.png"]
    assert said(decided) == {"a.png": ("dropped", "the same picture as b.png")}
    agreed = fix(rows, pairs, decisions={"a.png": "y"})
    assert [(one.row.image, one.label) for one in agreed.rows] == [("a.png", "y"), ("c.png", "y")]


def test_two_decisions_that_contradict_each_other_leave_the_picture_out():
    rows = [row("a.png", "x"), row("b.png", "y")]
    fixes = fix(rows, [Pair(0, 1, "file")], decisions={"a.png": "keep", "b.png": "keep"})
    assert left(fixes) == []
    assert len(fixes.doubts) >= 2


def test_nearly_the_same_picture_under_two_labels_stays_and_is_put_to_review():
    rows = [row("a.png", "x"), row("b.png", "y")]
    pairs = [Pair(0, 1, "near", 0.98)]
    fixes = fix(rows, pairs)
    assert left(fixes) == ["a.png", "b.png"]
    assert [one.image for one in fixes.doubts] == ["a.png", "b.png"]
    assert [one.reason for one in fix(rows, pairs, decisions={"a.png": "y"}).doubts] == ["decided before"]


def test_patients_who_share_a_picture_become_one_and_unknown_patients_stay_unknown():
    rows = [row(f"{number}.png", "x", patient=patient) for number, patient in enumerate(("P1", "P2", "P2", "P3"))]
    fixes = fix(rows, [Pair(0, 1, "near", 0.98)])
    assert [one.patient for one in fixes.rows] == ["P1", "P1", "P1", "P3"]
    assert said(fixes)["2.png"] == ("patient: P2 -> P1", "copies of pictures join them")
    unknown = fix([row("a.png", "x"), row("b.png", "x")], [Pair(0, 1, "near", 0.98)], grouping="none")
    assert [one.patient for one in unknown.rows] == ["", ""]
    assert "patient" not in fixed_csv(table_of([], "none"), unknown)


def test_patients_whom_the_headers_know_as_one_become_one_and_take_those_along_whom_the_table_joins():
    keys = {"0.png": "k1", "1.png": "k1", "2.png": "k2", "3.png": "k3", "4.png": "k4", "5.png": "k4"}
    names = ("P1", "P2", "P2", "P3", "", "")
    rows = [
        row(image, "x", patient=patient, facts=facts(patient_key=key))
        for (image, key), patient in zip(keys.items(), names, strict=True)
    ]
    fixes = fix(rows)
    assert [one.patient for one in fixes.rows] == ["P1", "P1", "P1", "P3", "joined 1", "joined 1"]
    assert said(fixes)["1.png"] == ("patient: P2 -> P1", "the DICOM headers know one patient")
    assert not set(keys.values()) & set(fixed_csv(table_of([]), fixes).replace("\n", ",").split(","))
    for one in fixes.rows:
        one.row.patient = one.patient
    assert divided_patients(table_of(rows), rows) == []


def test_training_images_of_tested_patients_are_dropped_and_tuning_joins_training():
    parts = [("P1", "train"), ("P1", "test"), ("P2", "train"), ("P3", "train"), ("P3", "tune"), ("P4", "test")]
    rows = [
        row(f"{number}.png", "x", patient=patient, given_split=part) for number, (patient, part) in enumerate(parts)
    ]
    fixes = fix(rows)
    assert left(fixes) == ["1.png", "2.png", "3.png", "4.png", "5.png"]
    assert said(fixes)["0.png"][1].startswith("its patient")
    assert [one.split for one in fixes.rows] == ["test", "train", "train", "train", "test"]


def test_sites_that_are_kept_together_are_no_patients():
    rows = [row(f"{n}.png", "x", patient=f"P{n}", group="G1", given_split=("train", "test")[n]) for n in range(2)]
    assert left(fix(rows)) == ["0.png", "1.png"]


def test_decisions_are_carried_out_and_stay_in_the_review():
    rows = [row(f"{name}.png", "x") for name in "abc"]
    decisions = {"a.png": "drop", "b.png": "y", "c.png": "keep", "z.png": "keep"}
    fixes = fix(rows, doubts=[Doubt("c.png", "x", "y", 0.9, "looks like y")], decisions=decisions)
    assert [(one.row.image, one.label) for one in fixes.rows] == [("b.png", "y"), ("c.png", "x")]
    assert said(fixes)["b.png"] == ("label: x -> y", "so decided in the review")
    assert said(fixes)["z.png"][0] == "nothing"
    assert fixes.decisions == {"a.png": "drop", "b.png": "y", "c.png": "keep"}
    assert {one.image for one in fixes.doubts} == {"a.png", "b.png", "c.png"}


def test_files_that_could_not_be_read_are_listed_and_those_never_meant_are_not():
    lost, other = row("l.png", "x"), row("o.png", "x")
    lost.skip("the file ends too early")
    other.skip("not named in labels.csv")
    rows = [row("a.png", "x")]
    fixes = propose_fixes(table_of([*rows, lost, other]), rows, [])
    assert said(fixes) == {"l.png": ("dropped", "the file ends too early")}


def test_tables_keep_other_columns_and_hold_no_formula():
    rows = [row("=a.png", "=x", patient="P1", extra={"age": "7", "group": "g"}), row("b.png", "x", patient="=P2")]
    cells = list(csv.reader(io.StringIO(fixed_csv(table_of(rows), fix(rows)))))
    assert cells == [
        ["image", "label", "patient", "age"],
        ["./=a.png", "'=x", "P1", "7"],
        ["b.png", "x", "'=P2", ""],
    ]
    assert changes_csv(fix([rows[0]], decisions={"=a.png": "drop"}).changes).splitlines()[1].startswith("./=a.png,")


@pytest.mark.parametrize(("source", "frame"), [("arrays", None), ("folder", 2)])
def test_images_that_a_table_cannot_name_are_refused(source, frame):
    rows = [row("a.dcm#2", "x")]
    rows[0].source = Source(Path("a.dcm"), frame=frame)
    with pytest.raises(InputError) as error:
        propose_fixes(Table(Path(), source, rows), rows, [])
    assert error.value.code == "no-fix"


def faulty(folder):
    """Twelve pictures of each class; z0 is a copy of a0, z1 of b1 under another label; a5 is wrong, one is cut."""
    folder.mkdir()
    rng = np.random.default_rng(0)
    lines = ["image,label,patient,sex"]
    for label in "ab":
        for number in range(12):
            picture = rng.integers(0, 256, (16, 16))
            write_png(folder / f"{label}{number}.png", picture)
            told = "b" if (label, number) == ("a", 5) else label
            lines.append(f"{label}{number}.png,{told},{label}{number},F")
    for copy, of, label in (("z0", "a0", "a"), ("z1", "b1", "a")):
        (folder / f"{copy}.png").write_bytes((folder / f"{of}.png").read_bytes())
        lines.append(f"{copy}.png,{label},{copy},M")
    (folder / "broken.png").write_bytes((folder / "a1.png").read_bytes()[:60])
    lines.append("broken.png,a,p,F")
    (folder / "labels.csv").write_text("\n".join(lines) + "\n")
    return folder


def read(data, labels=None):
    table = scan(data, labels=labels)
    read_images(table)
    assign_patients(table)
    rows = rows_with_pictures(table)
    pairs = find_duplicates(rows)
    assign_groups(rows, pairs)
    return table, rows, pairs


def codes(table, rows, pairs):
    found = run_checks(Audit(table, rows, table.classes, pairs, "cross-validation", [], [], [], 1))
    return {one.code: one.severity for one in found}


def test_there_and_back(tmp_path):
    data, out = faulty(tmp_path / "data"), RunFolder(tmp_path / "out")
    before = {path.name: path.read_bytes() for path in data.iterdir()}
    table, rows, pairs = read(data)
    assert {pair.kind for pair in pairs} == {"file"}
    assert codes(table, rows, pairs) == {
        "WR102": "amber",
        "WR103": "red",
        "WR201": "amber",
        "WR401": "amber",
        "WR403": "info",
    }
    write_fixed(out, table, propose_fixes(table, rows, pairs, [Doubt("a5.png", "b", "a", 0.99, "looks like a")]))
    review = out.path / "label_review.csv"
    cells = list(csv.DictReader(review.open()))
    assert [one["image"] for one in cells] == ["b1.png", "z1.png", "a5.png"]

    # A person fills the column decision in, and hands the table back.
    decided = {"a5.png": "a", "b1.png": "keep"}
    with review.open("w", newline="") as handle:
        writer = csv.DictWriter(handle, cells[0].keys())
        writer.writeheader()
        writer.writerows({**one, "decision": decided.get(one["image"], "")} for one in cells)
    decisions = read_review(review, table.classes)
    assert decisions == decided
    write_fixed(out, table, propose_fixes(table, rows, pairs, (), decisions))

    again, rows, pairs = read(data, out.path / "labels_fixed.csv")
    assert pairs == []
    assert codes(again, rows, pairs) == {"WR201": "amber", "WR401": "info", "WR403": "info"}
    assert again.grouping == "column"
    labels = {one.image: one.label for one in rows}
    assert labels == {f"{label}{number}.png": label for label in "ab" for number in range(12)}
    assert {one.extra["sex"] for one in rows} == {"F"}
    assert {one.image: one.reason for one in again.unreadable} == dict.fromkeys(
        ("broken.png", "z0.png", "z1.png"), "not named in labels_fixed.csv"
    )
    assert {path.name: path.read_bytes() for path in data.iterdir()} == before
    changes = {one["image"]: one["what"] for one in csv.DictReader((out.path / "changes.csv").open())}
    assert changes["a5.png"] == "label: b -> a"
    assert {changes[name] for name in ("z0.png", "z1.png", "broken.png")} == {"dropped"}
