"""What public sets are known for is seen, and a fixed table is without it."""

from wetread.checks import wr102_duplicates, wr403_odd_pictures, wr404_mixed_files
from wetread.checks.finding import Audit
from wetread.dataset.duplicates import find_duplicates
from wetread.dataset.fix import fixed_csv, propose_fixes
from wetread.dataset.groups import assign_groups, assign_patients
from wetread.dataset.reading import read_images, rows_with_pictures
from wetread.dataset.scan import scan


def read(data, labels=None):
    table = scan(data, labels=labels)
    read_images(table)
    assign_patients(table)
    rows = rows_with_pictures(table)
    pairs = find_duplicates(rows)
    assign_groups(rows, pairs)
    return Audit(table, rows, table.classes, pairs, "cross-validation", [], [], [], None)


def test_colour_and_size_follow_the_class_in_chest_against_abdomen(real_data):
    audit = read(real_data / "chest-vs-abdomen-openi")
    odd, mixed = wr403_odd_pictures.check(audit), wr404_mixed_files.check(audit)
    assert (odd.severity, odd.numbers["kinds"]) == ("amber", {"in colour among grey ones": 19})
    assert (mixed.severity, "size" in mixed.numbers["by_class"]) == ("amber", True)


def test_a_fixed_table_of_the_brain_set_has_no_exact_copy_and_none_across_the_split(real_data, tmp_path):
    data = real_data / "brain-mri-tumor-4class"
    audit = read(data)
    before = wr102_duplicates.check(audit)
    assert before.numbers["across_splits"] > 30
    labels = tmp_path / "labels_fixed.csv"
    labels.write_text(fixed_csv(audit.table, propose_fixes(audit.table, audit.rows, audit.pairs)))
    again = read(data, labels)
    assert {pair.kind for pair in again.pairs} <= {"near"}
    after = wr102_duplicates.check(again)
    assert after is None or after.numbers["across_splits"] == 0
    assert {row.given_split for row in again.rows} == {"train", "test"}
