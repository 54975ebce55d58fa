"""The account of the files adds up, whatever became of them."""

from hypothesis import given
from hypothesis import strategies as st

from wetread.report.ledger import make_ledger

ROWS = st.lists(
    st.tuples(
        st.text(max_size=5),
        st.sampled_from(["", "a", "b"]),
        st.sampled_from(["used", "skipped"]),
        st.sampled_from(["", "the file has 0 bytes", "companion: a mask", "companion: the table of labels"]),
    )
)


@given(ROWS)
def test_counts_add_up(rows):
    ledger = make_ledger(rows)
    assert ledger.found == len(rows)
    assert ledger.found == ledger.labelled + ledger.unlabelled + len(ledger.skipped) + ledger.beside
    assert sum(count for _, count in ledger.reasons) == len(ledger.skipped)


def test_companions_are_told_from_losses():
    ledger = make_ledger(
        [("1.png", "a", "used", ""), ("m.png", "", "skipped", "companion: a mask"), ("x", "a", "skipped", "damaged")]
    )
    assert ledger.companions == (("a mask", 1),)
    assert ledger.skipped == (("x", "damaged"),)
