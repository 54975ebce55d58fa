"""The account of the files adds up, whatever became of them."""

from hypothesis import given
from hypothesis import strategies as st

from wetread.dataset.table import NO_FILE
from wetread.report.ledger import make_ledger
from wetread.report.page import page_environment

ROWS = st.lists(
    st.tuples(
        st.text(max_size=5),
        st.sampled_from(["", "a", "b"]),
        st.sampled_from(["used", "skipped"]),
        st.sampled_from(["", "the file has 0 bytes", NO_FILE, "companion: a mask", "companion: the table of labels"]),
    )
)


@given(ROWS)
def test_counts_add_up(rows):
    rows = [row for row in rows if row[2:] != ("used", NO_FILE)]
    ledger = make_ledger(rows)
    assert ledger.found + ledger.missing == len(rows)
    assert ledger.found + ledger.missing == ledger.labelled + ledger.unlabelled + len(ledger.skipped) + ledger.beside
    assert ledger.missing == sum(row[3] == NO_FILE for row in rows)
    assert sum(count for _, count in ledger.reasons) == len(ledger.skipped)


def test_companions_are_told_from_losses():
    ledger = make_ledger(
        [("1.png", "a", "used", ""), ("m.png", "", "skipped", "companion: a mask"), ("x", "a", "skipped", "damaged")]
    )
    assert ledger.companions == (("a mask", 1),)
    assert ledger.skipped == (("x", "damaged"),)


def test_what_a_table_names_and_is_not_there_was_not_found():
    rows = [("1.png", "a", "used", ""), ("x", "a", "skipped", "damaged"), ("gone.png", "a", "skipped", NO_FILE)]
    source = '{% from "parts.html.j2" import left_out %}{{ left_out(ledger, [], 9) }}'
    page = page_environment().from_string(source).render(ledger=make_ledger(rows))
    assert "2 files found = 1 used + 1 skipped. 1 more is named in the table, but is not there." in page
    assert "gone.png" in page
